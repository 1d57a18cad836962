"""Matching redirect URIs, logout URIs and origins against what a client registered.

Redirect URIs are compared as raw strings (RFC 9700 §2.1); the one exception is Auth0's ``*`` for a
single left-most label.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

FORBIDDEN_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_LENGTH = 2048
MIN_LABELS_AFTER_WILDCARD = 2


def refusal(uri: str) -> str | None:
    """Why a redirect URI may neither be registered nor used, or ``None`` for a usable one.

    RFC 6749 §3.1.2 (no fragment), RFC 9700 §4.1; a wildcard is judged by ``matches``.
    """
    if not uri or len(uri) > MAX_LENGTH:
        return "it is empty or too long"
    return _refusal(uri)


@lru_cache(512)  # clients send the same few again and again; nothing long is kept
def _refusal(uri: str) -> str | None:
    if not uri.isascii() or any(c <= " " or c == "\x7f" for c in uri):
        return "it has a blank, a control character or one outside ASCII"
    if "#" in uri:
        return "it has a fragment"
    if "\\" in uri:
        return "it has a backslash"
    scheme, separator, rest = uri.partition(":")
    if not separator or not scheme or not scheme[0].isalpha() or not all(c.isalnum() or c in "+-." for c in scheme):
        return "it has no scheme"
    if scheme.lower() in FORBIDDEN_SCHEMES:
        return f"its scheme {scheme.lower()} is not allowed"
    path = rest
    if scheme.lower() in ("http", "https"):
        if not rest.startswith("//"):
            return "it has no host"
        authority = rest[2:].partition("/")[0].partition("?")[0]
        if "@" in authority:
            return "it carries user information"
        if not authority or authority.startswith(":"):
            return "it has no host"
        path = rest[2 + len(authority) :]
    segments = path.partition("?")[0].split("/")
    if any(segment.lower().replace("%2e", ".") == ".." for segment in segments):
        return "its path climbs with .."
    return None


def matches(uri: str, registered: Iterable[str], *, exact: bool = False) -> bool:
    """Whether ``uri`` is one of the registered ones, character for character.

    ``exact`` switches the subdomain wildcard off (strict third-party clients).
    """
    entries = tuple(registered)
    if uri in entries and "*" not in uri:
        return True
    return not exact and any(_matches_wildcard(uri, entry) for entry in entries if "*" in entry)


def _matches_wildcard(uri: str, pattern: str) -> bool:
    """``https://pre-*-suf.example.com/path``: one ``*``, in the left-most label, for one label or a
    part of it; never directly under a top-level domain, never for http or https look-alikes."""
    if pattern.count("*") != 1:
        return False
    scheme, separator, rest = pattern.partition("://")
    if not separator or scheme not in ("http", "https"):
        return False
    label, dot, parent = rest.partition(".")
    if "*" not in label or "/" in label or not dot:
        return False
    parent_host = parent.partition("/")[0].partition("?")[0].partition(":")[0]
    if len([part for part in parent_host.split(".") if part]) < MIN_LABELS_AFTER_WILDCARD:
        return False
    prefix, suffix = pattern.split("*")
    if len(uri) <= len(prefix) + len(suffix) or not uri.startswith(prefix) or not uri.endswith(suffix):
        return False
    star = uri[len(prefix) : len(uri) - len(suffix)]
    return bool(star) and all(c.isascii() and (c.isalnum() or c == "-") for c in star)


@lru_cache(512)
def is_non_verifiable(uri: str) -> bool:
    """A callback anybody on the device could answer: loopback, or a custom scheme. Names under
    ``localhost`` count as verifiable."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        return True
    return (parts.hostname or "").lower() in LOOPBACK_HOSTS


def origin(uri: str) -> str | None:
    """Scheme and authority of an http(s) URI, in lower case, or ``None``."""
    try:
        parts = urlsplit(uri)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = parts.port
    except ValueError:
        return None
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None and port != default else "")


def origin_allowed(asked: str, entries: Iterable[str]) -> bool:
    """Whether an origin is among the registered ones; path, query and fragment of an entry are
    ignored, and an entry may have Auth0's subdomain wildcard."""
    for entry in entries:
        if "*" in entry:
            scheme, _, rest = entry.partition("://")
            if _matches_wildcard(asked, f"{scheme}://{rest.partition('/')[0]}"):
                return True
        elif origin(entry) == asked:
            return True
    return False


def logout_matches(uri: str, registered: Iterable[str], *, ignore_query: bool) -> bool:
    """Post-logout URIs: scheme and host compare case-insensitively; ``/v2/logout`` ignores query and
    fragment, ``/oidc/logout`` compares everything (OpenID Connect RP-Initiated Logout §3)."""
    # A fragment may be there, but nothing in it that could never stand in a URI: it goes into a header.
    if refusal(uri.replace("#", "?") if ignore_query else uri) is not None:
        return False
    wanted = _logout_form(uri, ignore_query)
    for entry in registered:
        form = _logout_form(entry, ignore_query)
        if wanted == form or ("*" in form and _matches_wildcard(wanted, form)):
            return True
    return False


def _logout_form(uri: str, ignore_query: bool) -> str:
    if ignore_query:
        uri = uri.partition("#")[0].partition("?")[0]
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return uri
    end = min((i for i in (rest.find("/"), rest.find("?"), rest.find("#")) if i >= 0), default=len(rest))
    return f"{scheme.lower()}://{rest[:end].lower()}{rest[end:]}"
