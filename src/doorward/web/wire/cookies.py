"""The cookies a browser carries: Auth0's session pair, the pair that remembers a second factor, and the one login
transactions are bound to.

Every one is host-only, ``Secure`` and ``HttpOnly``; where the name is ours to choose, a prefix of it has browsers hold
others to that. The session's ``SameSite=None`` is what silent authentication in an iframe needs; ``auth0_compat`` is
the same cookie for browsers that do not know that value.
"""

from __future__ import annotations

from email.utils import formatdate
from functools import lru_cache

from doorward.model.session import Session
from doorward.oauth.authorization import Browser
from doorward.web.wire.http import Headers, Request

SESSION = "auth0"
SESSION_COMPAT = "auth0_compat"
REMEMBERED = "__Host-auth0-mf"
REMEMBERED_COMPAT = "__Host-auth0-mf_compat"
TRANSACTION = "__Host-doorward_transaction"
MAX_VALUE = 128
_ATTRIBUTES = "; Path=/; Secure; HttpOnly"
_CROSS_SITE = "; SameSite=None"
_GONE = "; Expires=Thu, 01 Jan 1970 00:00:00 GMT"


def browser(request: Request) -> Browser:
    """What the browser of this request carries."""
    cookies = request.cookies
    return Browser(
        session=_value(cookies.get(SESSION) or cookies.get(SESSION_COMPAT)),
        transaction=_value(cookies.get(TRANSACTION)),
        remembered=_value(cookies.get(REMEMBERED) or cookies.get(REMEMBERED_COMPAT)),
    )


def _value(value: str | None) -> str | None:
    return value if value and len(value) <= MAX_VALUE else None


def session_cookies(session: Session, value: str) -> Headers:
    """Set or renew the session cookie; a persistent one lasts until the session's absolute end."""
    end = _until(int(session.expires_at)) if session.persistent else ""
    return (
        ("set-cookie", f"{SESSION}={value}{_ATTRIBUTES}{_CROSS_SITE}{end}"),
        ("set-cookie", f"{SESSION_COMPAT}={value}{_ATTRIBUTES}{end}"),
    )


def remembered_cookies(value: str, until: float) -> Headers:
    """Believe this browser to have proved a second factor, until then (epoch seconds)."""
    end = _until(int(until))
    return (
        ("set-cookie", f"{REMEMBERED}={value}{_ATTRIBUTES}{_CROSS_SITE}{end}"),
        ("set-cookie", f"{REMEMBERED_COMPAT}={value}{_ATTRIBUTES}{end}"),
    )


@lru_cache(256)  # sessions that began in the same second end in the same
def _until(second: int) -> str:
    return f"; Expires={formatdate(second, usegmt=True)}"


def transaction_cookie(value: str) -> Headers:
    """Bind transactions to this browser until it closes."""
    return (("set-cookie", f"{TRANSACTION}={value}{_ATTRIBUTES}; SameSite=Lax"),)


CLEARED_SESSION: Headers = (
    ("set-cookie", f"{SESSION}={_ATTRIBUTES}{_CROSS_SITE}{_GONE}"),
    ("set-cookie", f"{SESSION_COMPAT}={_ATTRIBUTES}{_GONE}"),
)
