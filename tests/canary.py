"""A canary in every test that runs a server: no secret that went over the wire is kept or told in clear.

While tests run, it listens to what goes in and out of the application and learns the secrets by the names they go by;
and to every statement that is sent to a database, and every line that is logged. At the end of a test no secret may be
in a line or a parameter of a statement, as it is or encoded. What may be kept, and where, is said in ``KEPT``.

Not sought are words shorter than eight characters; those of lower-case letters, with ``_``, ``.`` or ``:`` between
them, for they are names of things; what also went over the wire as an identifier; and codes of fewer than six digits.
A code of digits is found where it stands alone.

``python -m tests.canary dev …`` runs the command line of Doorward with a canary: what it finds is told on standard
error, and the process ends with 86.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import logging
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.needles import FEWEST_DIGITS, SHORTEST, Needles

from doorward.backends.storage.database import Query, Verb
from doorward.backends.storage.outbox import StoredOutbox
from doorward.backends.storage.postgresql import PostgresqlDatabase
from doorward.backends.storage.sqlite import SqliteDatabase
from doorward.web.asgi import Application

FOUND = 86  # the exit code of a process that kept or told a secret
LARGEST = 256 * 1024  # bytes of a body that is read: what is larger is a file of users, or of a tenant

SECRET = re.compile(
    r"passw|passphrase|secret|token|ticket|assertion|recovery|private|authorization$|api_?key|write_?key|access_?key$"
    r"|server_?key|^skey$|^p12$|_pass$|verifier$|(authn?|login)_session$|(^|_)hash$|(^|_)code$|^otp$|^request_uri$|^invitation$",
    re.IGNORECASE,
)
NOT_SECRET = re.compile(r"_id$|_type$|_dialect$|_expires|_lifetime|_method|^change_password$", re.IGNORECASE)
IDENTIFIER = re.compile(r"^(email|username|phone_number|phone|name|nickname|login_hint|client_id|connection|realm)$")
ORDINARY = re.compile(r"[a-z]+([_.:][a-z]+)*|[A-Z]+(_[A-Z]+)+|urn:.*|\d{4}-\d\d-\d\dT.*|https?://.*|\*+")
LOGIN_PAGE = re.compile(r"/(u/|authorize/resume|continue)")
SHOWN = re.compile(r'data-copy="([A-Z2-7]{16,})"')
TABLE = re.compile(r"(?i)\b(?:INSERT INTO|UPDATE|DELETE FROM|FROM)\s+(\w+)")

# What is kept as it is: of what, where, and why.
KEPT: Sequence[tuple[str, str, str]] = (
    ("invitation", "organization_invitation.ticket_id", "the Management API shows it for as long as it is good"),
    ("client_secret|secret of Basic", "stdout", "a development server greets whoever started it with a command to try"),
)


class Canary:
    """Secrets by what they go by, and what was written where."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.identifiers: set[str] = set()
        self.written: dict[str, set[bytes]] = defaultdict(set)

    # ── learning ──

    def secret(self, name: str, value: str) -> None:
        if value.isdecimal():
            unique = FEWEST_DIGITS <= len(value) != 10  # ten digits are a time
        else:
            unique = len(value) >= SHORTEST and not ORDINARY.fullmatch(value)
        if name.endswith("code"):  # and not a program
            unique = unique and re.fullmatch(r"[\w.~-]+", value) is not None
        if unique:
            self.secrets.setdefault(value, name)

    def told(self, name: str, value: Any, within: str = "") -> None:
        """One member of a request or an answer, and what is in it."""
        if isinstance(value, Mapping):
            for inner, item in value.items():
                self.told(str(inner), item, name)
        elif isinstance(value, list | tuple):
            for item in value:
                self.told(name, item, within)
        elif isinstance(value, str):
            if value.startswith(("http://", "https://", "otpauth://")):
                self.address(value)
            elif SECRET.search(kind := within if name == "value" else name) and not NOT_SECRET.search(kind):
                self.secret(kind, value)
            elif IDENTIFIER.match(name):
                self.identifiers.add(value)

    def address(self, url: str) -> None:
        """A URL, with what is in its query and fragment."""
        parts = urlsplit(url)
        self.pairs(parts.path, parts.query)
        self.pairs(parts.path, parts.fragment)

    def pairs(self, path: str, text: str) -> None:
        for name, value in parse_qsl(text, errors="replace"):
            if name == "state" and LOGIN_PAGE.match(path):
                self.secret("state of a login", value)
            else:
                self.told(name, value)

    def body(self, path: str, type_: str, body: bytes) -> None:
        if not body or len(body) > LARGEST:
            return
        if "json" in type_:
            with contextlib.suppress(ValueError, RecursionError):
                self.told("", json.loads(body))
        elif "form-urlencoded" in type_:
            self.pairs(path, body.decode("latin-1"))
        elif "html" in type_:
            for key in SHOWN.findall(body.decode(errors="replace")):
                self.secret("shown key", key)

    def headers(self, path: str, headers: Sequence[tuple[bytes, bytes]]) -> str:
        """What is in headers of either direction; the type of the body."""
        type_ = ""
        for name, raw in headers:
            value = raw.decode("latin-1")
            match name.lower():
                case b"content-type":
                    type_ = value
                case b"authorization":
                    self._authorization(value)
                case b"cookie":
                    for pair in value.split(";"):
                        self.secret("cookie", pair.partition("=")[2].strip())
                case b"set-cookie":
                    self.secret("cookie", value.partition(";")[0].partition("=")[2])
                case b"location":
                    self.address(value)
        return type_

    def _authorization(self, value: str) -> None:
        scheme, _, credentials = value.partition(" ")
        if scheme.lower() == "basic":
            with contextlib.suppress(binascii.Error, UnicodeDecodeError):
                self.secret("secret of Basic", unquote(base64.b64decode(credentials).decode().partition(":")[2]))
        self.secret("authorization", credentials)

    # ── what was written ──

    def statement(self, query: Query) -> None:
        for parameters in (query.parameters, *query.rows):
            for name, value in parameters.items():
                for item in value if isinstance(value, list | tuple) else (value,):
                    if isinstance(item, str | bytes) and len(item) >= FEWEST_DIGITS:
                        kept = item.encode() if isinstance(item, str) else item
                        self.written[f"{table(query.sql)}.{name}"].add(kept)

    def line(self, place: str, text: str) -> None:
        self.written[place].add(text.encode(errors="replace"))

    def files(self, folder: Path) -> None:
        """The files of databases in a folder, and what jobs keep beside them."""
        for found in (*folder.glob("*.sqlite*"), folder / "jobs"):
            for file in (found, *found.rglob("*")):
                if file.is_file():
                    self.written[file.name].add(file.read_bytes())

    def found(self) -> list[str]:
        """Where which secrets are that must not be there, without them."""
        kinds = {word: kind for word, kind in self.secrets.items() if word not in self.identifiers}
        needles = Needles(kinds)
        everything = b"\n".join(value for values in self.written.values() for value in values)
        return sorted(
            f"{place}: {kinds[word]} ({word[:3]}…, {len(word)} characters)"
            for word in needles.found(everything)
            for place, values in self.written.items()
            if Needles([word]).found(b"\n".join(values)) and not may_be_kept(place, kinds[word])
        )


@cache
def table(sql: str) -> str:
    found = TABLE.search(sql)
    return found[1] if found else ""


def may_be_kept(place: str, kind: str) -> bool:
    """Whether a kind of secret may be in a place, or in a column of what is in the file of a database."""
    places = [where for what, where, _ in KEPT if re.fullmatch(what, kind)]
    return place in places or (".sqlite" in place and any("." in where for where in places))


class Lines(logging.Handler):
    """The server's log as it is before anything is taken out of it."""

    def __init__(self, canary: Canary) -> None:
        super().__init__()
        self._canary = canary

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("doorward"):
            extras = {name: value for name, value in vars(record).items() if name not in _PLAIN}
            self._canary.line("the server's log", f"{self.format(record)} {extras}")


_PLAIN = frozenset(vars(logging.makeLogRecord({})))
_listening: list[Canary] = []


@contextlib.contextmanager
def listening(*, log: bool = True) -> Iterator[Canary]:
    """A canary for what happens in this process meanwhile, and unless told otherwise for its log. Others wait until it
    is gone."""
    _install()
    _listening.append(canary := Canary())
    lines = Lines(canary)
    if log:
        logging.getLogger().addHandler(lines)
    try:
        yield canary
    finally:
        logging.getLogger().removeHandler(lines)
        _listening.pop()


def told(document: Any) -> None:
    """What a server is given otherwise than over the wire: the document of a tenant."""
    if _listening:
        _listening[-1].told("", document)


@cache
def _install() -> None:
    Application.respond = _heard(Application.respond)  # type: ignore[method-assign]
    StoredOutbox.inserts = _sent(StoredOutbox.inserts)  # type: ignore[method-assign]
    for driver in (SqliteDatabase, PostgresqlDatabase):
        for name, wrapped in (("read", _read), ("search", _read), ("once", _once), ("write", _verb), ("apart", _verb)):
            setattr(driver, name, wrapped(getattr(driver, name)))


def _heard(respond: Callable[..., Any]) -> Callable[..., Any]:
    async def heard(self: Application, scope: Any, receive: Any) -> Any:
        if not _listening:
            return await respond(self, scope, receive)
        canary, body = _listening[-1], bytearray()

        async def listened() -> Any:
            message = await receive()
            if len(body) <= LARGEST:
                body.extend(message.get("body", b""))
            return message

        path = scope["raw_path"].partition(b"?")[0].decode("latin-1")
        try:
            reply = await respond(self, scope, listened)
        finally:
            canary.pairs(path, scope["query_string"].decode("latin-1"))
            canary.body(path, canary.headers(path, scope["headers"]), bytes(body))
        if reply is not None:
            type_ = canary.headers(path, reply[1])
            if isinstance(reply[2], bytes):
                canary.body(path, type_, reply[2])
        return reply

    return heard


def _sent(inserts: Callable[..., Any]) -> Callable[..., Any]:
    def sent(self: StoredOutbox, tenant: str, messages: Sequence[Any]) -> Any:
        if _listening:
            for message in messages:
                _listening[-1].told("", getattr(message, "values", {}))
        return inserts(self, tenant, messages)

    return sent


def _note(query: Query) -> None:
    if _listening:
        _listening[-1].statement(query)


def _read(read: Callable[..., Any]) -> Callable[..., Any]:
    def noted(self: Any, sql: str, parameters: Mapping[str, Any], *more: Any) -> Any:
        _note(Query(sql, parameters))
        return read(self, sql, parameters, *more)

    return noted


def _once(once: Callable[..., Any]) -> Callable[..., Any]:
    def noted(self: Any, guard: Query, then: Sequence[Query] = ()) -> Any:
        for query in (guard, *then):
            _note(query)
        return once(self, guard, then)

    return noted


def _verb(write: Callable[..., Any]) -> Callable[..., Any]:
    def noted(self: Any, verb: Callable[[], Verb[Any]], **more: Any) -> Any:
        def told() -> Generator[Query, Any, Any]:
            inner = verb()
            try:
                query = next(inner)
                while True:
                    _note(query)
                    query = inner.send((yield query))
            except StopIteration as done:
                return done.value

        return write(self, told, **more)

    return noted


class _Tee:
    """A stream that is listened to."""

    def __init__(self, stream: Any, place: str, canary: Canary) -> None:
        self._stream = stream
        self._place = place
        self._canary = canary

    def write(self, text: str) -> Any:
        self._canary.line(self._place, text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def main() -> int:
    """The command line with a canary; the exit code."""
    from doorward.cli import main as command_line

    # What the server does with its log is to be as it is without a canary, and ends in these streams.
    with listening(log=False) as canary:
        for place in ("stdout", "stderr"):
            setattr(sys, place, _Tee(getattr(sys, place), place, canary))
        try:
            command_line()
            code: Any = 0
        except SystemExit as ended:
            code = ended.code
        found = canary.found()
    if found:
        print("kept or told in clear:", *found, sep="\n", file=sys.stderr)
        return FOUND
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    sys.exit(main())
