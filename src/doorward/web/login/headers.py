"""Security headers of the pages: one policy per kind of page (Content Security Policy Level 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from doorward.web.login.page_template import Allowed
from doorward.web.wire.http import Headers

_HTTP = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?(?=[/?#]|$)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=:)", re.IGNORECASE)
_PERMISSIONS = ", ".join(
    (
        "publickey-credentials-get=(self)",
        "publickey-credentials-create=(self)",
        *(f"{name}=()" for name in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")),
    )
)


# Scripts of a tenant's own that draw a page load what they like: they could send it anywhere by a link as well.
_DRAWN = {
    "style-src": "'unsafe-inline' https:",
    "img-src": "data: blob: https:",
    "font-src": "data: https:",
    "connect-src": "https:",
}


def source(url: str) -> str | None:
    """What a policy must list to allow ``url``: its origin, or its scheme where an origin cannot be
    written (an IPv6 address, an application's own scheme); ``None`` for no URL."""
    if found := _HTTP.match(url):
        scheme, host, port = found[1].lower(), found[2].lower(), found[3] or ""
        return f"{scheme}:" if host.startswith("[") else f"{scheme}://{host}{port}"
    found = _SCHEME.match(url)
    if found is None or found[0].lower() in ("http", "https", "javascript", "data", "blob", "filesystem"):
        return None
    return f"{found[0].lower()}:"


def is_origin(value: str) -> bool:
    """Whether this is an http or https origin and nothing more (RFC 6454 §6.2)."""
    found = _HTTP.match(value)
    return found is not None and found.end() == len(value)


def for_page(
    *,
    nonce: str,
    form: bool,
    redirect_uri: str = "",
    pictures: tuple[str, ...] = (),
    own: Allowed | None = None,
    drawn: bool = False,
    sources: Mapping[str, str] = MappingProxyType({}),
    framable: bool = False,
    frames: bool = False,
) -> Headers:
    """A page of ours, with or without a ``form``, in the tenant's template if that needs its ``own`` and shows
    ``pictures``, and with more ``sources`` by directive; ``frames`` of ours may be in it; one that is
    ``drawn`` is by scripts of the tenant's own.

    Browsers hold redirects after a form against ``form-action`` too, and a login ends at the
    application or at an identity provider: any https target is allowed, and of the others exactly
    this transaction's ``redirect_uri``.
    """
    targets = ["'self'", "https:"] if form else ["'none'"]
    target = source(redirect_uri)
    if form and target is not None and not target.startswith("https:"):
        targets.append(target)
    policy = {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}' 'strict-dynamic'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": " ".join(targets),
    }
    if frames:
        policy["frame-src"] = "'self'"
    if own is not None:
        policy |= {
            "script-src": _attributes(policy["script-src"], own.handlers),
            "style-src": _attributes(_loaded(f"'self' 'nonce-{nonce}'", *own.origins), own.styles),
            "img-src": _loaded("'self' data:", *pictures, *own.origins),
            "font-src": _loaded("'self' data:", *own.origins),
            "connect-src": _loaded("'self'", *own.origins),
            "media-src": _loaded("'self'", *own.origins),
            "frame-src": _loaded("'self'", *own.origins),
        }
    if drawn:
        loaded = ("media-src", "frame-src", "worker-src")
        policy |= {name: f"'self' {more}" for name, more in _DRAWN.items()} | dict.fromkeys(
            loaded, "'self' https: blob:"
        )
    policy |= {name: f"{policy.get(name, '')} {more}".lstrip() for name, more in sources.items()}
    if not framable:
        policy["frame-ancestors"] = "'none'"
    return _headers(policy, "same-origin" if form else "no-referrer", framable=framable)


def framed_by_us(given: Headers) -> Headers:
    """The headers of a page, which a page of the same origin may have in a frame."""
    known = {"x-frame-options": "SAMEORIGIN"}
    return tuple(
        (name, value.replace("frame-ancestors 'none'", "frame-ancestors 'self'"))
        if name == "content-security-policy"
        else (name, known.get(name, value))
        for name, value in given
    )


def for_form_post(*, nonce: str, redirect_uri: str) -> Headers:
    """The form that posts itself to ``redirect_uri``: its own script, and nowhere else to go."""
    policy = {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "base-uri": "'none'",
        "form-action": source(redirect_uri) or "'none'",
        "frame-ancestors": "'none'",
    }
    return _headers(policy, "same-origin")


def for_mail() -> Headers:
    """Somebody else's HTML, in a frame of ours: it runs nothing and sends nothing, and its links open elsewhere."""
    policy = {
        "sandbox": "allow-popups allow-popups-to-escape-sandbox",
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "https: data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
    }
    return _headers(policy, "no-referrer", framable=True)


def for_web_message(*, nonce: str) -> Headers:
    """The page that posts a message to its opener or parent. It may be framed by anyone: the
    message reaches one origin only, and that origin's page may itself be framed."""
    policy = {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return _headers(policy, "no-referrer", framable=True)


def for_asset() -> Headers:
    """A file that somebody else made, opened on its own: nothing in it runs, nothing in it loads anything."""
    policy = {"default-src": "'none'", "style-src": "'unsafe-inline'", "img-src": "data:", "sandbox": ""}
    return (("content-security-policy", "; ".join(f"{name} {value}".rstrip() for name, value in policy.items())),)


def _loaded(always: str, *urls: str) -> str:
    """``always`` and the https origins of what a tenant has elsewhere."""
    origins = {found for found in map(source, urls) if found and found.startswith("https://")}
    return " ".join(filter(None, (always, *sorted(origins))))


def _attributes(sources: str, hashes: tuple[str, ...]) -> str:
    """``sources``, and what may stand in attributes."""
    return " ".join((sources, "'unsafe-hashes'", *hashes)) if hashes else sources


def _headers(policy: dict[str, str], referrer: str, *, framable: bool = False) -> Headers:
    headers: Headers = (
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
        ("content-security-policy", "; ".join(f"{name} {value}" for name, value in policy.items() if value)),
        ("referrer-policy", referrer),
        ("permissions-policy", _PERMISSIONS),
    )
    return headers if framable else (*headers, ("x-frame-options", "DENY"))
