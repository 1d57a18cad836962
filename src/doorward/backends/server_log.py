"""The server's own log on standard error: one line an event, without secrets.

Nothing is logged that holds a secret by intention; what looks like one is taken out all the same.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRETS = (
    (re.compile(r"eyJ[A-Za-z0-9_-]{5,}[A-Za-z0-9_.-]*"), "[token]"),
    (re.compile(r"dwr_[A-Za-z0-9_-]{20,}"), "[credential]"),
    (re.compile(r"v1\.[A-Za-z0-9_-]{20,}"), "[token]"),
    (re.compile(r"(?i)\b(authorization|cookie|set-cookie)(\s*[:=]\s*)[^\r\n]+"), r"\1\2[redacted]"),
    (
        re.compile(
            r"(?i)\b(password|passwd|secret|client_secret|signing_secret|code|code_verifier|state|token|access_token|"
            r"refresh_token|id_token|id_token_hint|client_assertion|master_key)"
            r"(['\"]?\s*[:=]\s*['\"]?)[^\s'\"&,;]+"
        ),
        r"\1\2[redacted]",
    ),
    (re.compile(r"://[^/\s@:]*:[^/\s@]+@"), "://[redacted]@"),
)
# What JSON lets stand and terminals or line readers act on.
_BEYOND_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029]")


def log_to_stderr(level: str, format_: str) -> None:
    """Log from ``level`` (``debug``, ``info``, ``warning``, ``error``) on, as ``json`` or ``text``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if format_ == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # A database that is gone is told of once per request; where asyncpg noticed it says nothing more.
    logging.getLogger("asyncpg.pool").addFilter(_without_traceback)


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True


def without_secrets(text: str) -> str:
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class JsonLines(logging.Formatter):
    """``{"time", "level", "logger", "message", …}``; control characters are escaped by the encoding."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD:
                line[name] = value if isinstance(value, int | float | None) else without_secrets(str(value))
        if record.exc_info:
            line["exception"] = without_secrets(self.formatException(record.exc_info))
        return _BEYOND_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(line, ensure_ascii=False))


class TextLines(logging.Formatter):
    """``time LEVEL message``; what would begin another line or move the cursor is escaped."""

    def format(self, record: logging.LogRecord) -> str:
        text = without_secrets(record.getMessage())
        more = "".join(
            f" {name}={without_secrets(str(value))}" for name, value in vars(record).items() if name not in _STANDARD
        )
        line = f"{_time(record)} {record.levelname:<7} {_escaped(text + more)}"
        if record.exc_info:
            trace = without_secrets(self.formatException(record.exc_info))
            line += "".join(f"\n    {_escaped(part)}" for part in trace.splitlines())
        return line


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _escaped(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
