"""The tags a tenant has in the head of the screens it draws itself (``head_tags``), filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

# What may be in the head of a page, and those of it that have no end.
TAGS = frozenset(("link", "meta", "noscript", "script", "style", "title"))
EMPTY = frozenset(("link", "meta"))
WITH_NONCE = frozenset(("link", "script", "style"))
URLS = frozenset(("href", "src"))
MOST_TAGS = 25
_ATTRIBUTE = re.compile(r"(?!on)[a-z][a-z0-9:._-]*", re.IGNORECASE)
_SEGMENT = re.compile(r"\{\{\s*([\w.:-]+)\s*\}\}")


def head_of(tags: Sequence[Mapping[str, Any]], context: Mapping[str, Any], nonce: str) -> Markup:
    """The tags (``tag``, ``attributes``, ``content``), with what the ``context`` of the page tells in its places;
    nothing of what anybody can write into a link or a form."""
    person = {**context["user"], "metadata": context["user"].get("user_metadata")}
    told = {**context, "user": person, "locale": context["transaction"]["locale"], "untrusted_data": {}}
    return Markup("\n").join(filter(None, (_tag(tag, told, nonce) for tag in tags)))


def _tag(given: Mapping[str, Any], told: Mapping[str, Any], nonce: str) -> Markup | None:
    name = str(given.get("tag", "")).lower()
    if name not in TAGS:
        return None
    attributes = Markup("")
    for key, value in (given.get("attributes") or {}).items():
        if not _ATTRIBUTE.fullmatch(key) or key.lower() == "nonce" or value is False or value is None:
            continue
        if value is True:
            attributes += Markup(" {}").format(key)
            continue
        text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        attributes += Markup(' {}="{}"').format(key, _filled(text, told, _in_url if key.lower() in URLS else str))
    if name in WITH_NONCE:
        attributes += Markup(' nonce="{}"').format(nonce)
    if name in EMPTY:
        return Markup("<{}{}>").format(name, attributes)
    content = _filled(str(given.get("content") or ""), told, _INSIDE[name])
    if name in ("script", "style"):  # which end with the first thing that looks like their end
        content = content.replace("</", "<\\/")
    # What the tenant wrote is the tenant's; what was put into it cannot leave its place.
    return Markup("<{0}{1}>{2}</{0}>").format(name, attributes, Markup(content))  # noqa: S704


def _in_url(value: str) -> str:
    return quote(value, safe="")


def _in_script(value: str) -> str:
    """As it may stand in a string of a script."""
    return re.sub(r"[^\w .,:@-]", lambda found: f"\\u{ord(found[0]):04x}" if ord(found[0]) < 0x10000 else "", value)


def _in_style(value: str) -> str:
    """As it may stand in a name or a string of a stylesheet (CSS Syntax 3, 4.3.7)."""
    return re.sub(r"[^\w.-]", lambda found: f"\\{ord(found[0]):x} ", value)


def _in_text(value: str) -> str:
    return str(escape(value))


_INSIDE: Mapping[str, Callable[[str], str]] = {
    "script": _in_script, "style": _in_style, "title": _in_text, "noscript": _in_text,
}  # fmt: skip


def _filled(text: str, told: Mapping[str, Any], placed: Callable[[str], str]) -> str:
    def value(found: re.Match[str]) -> str:
        known: Any = told
        for part in found[1].split("."):
            known = known.get(part) if isinstance(known, Mapping) else None
        return "" if known is None or isinstance(known, Mapping | list) else placed(str(known))

    return _SEGMENT.sub(value, text)
