"""Sessions, the login transaction a browser is in, and remembered consent."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Session(Struct, frozen=True, kw_only=True):
    """An SSO session on one host. Times are epoch seconds.

    ``sid`` is public (the ID token carries it); the cookie value is another secret, stored as
    ``cookie_hash`` only.
    """

    sid: str
    cookie_hash: bytes
    host: str
    user_id: str
    connection: str
    authenticated_at: float
    created_at: float
    last_interacted_at: float
    idle_expires_at: float
    expires_at: float
    persistent: bool = True
    clients: tuple[str, ...] = ()
    ip: str = ""
    user_agent: str = ""


class Step(StrEnum):
    """What an authorization transaction is waiting for."""

    LOGIN = "login"
    SIGNUP = "signup"
    CONSENT = "consent"
    CONFIRMATION = "confirmation"
    DONE = "done"


class LoginTransaction(Struct, frozen=True, kw_only=True):
    """An authorization request that waits for a person, kept on the server.

    ``id_hash`` is the digest of the ``state`` the pages carry, ``browser_hash`` of the cookie the
    transaction is bound to. ``parameters`` is the validated request as it came. ``username`` is
    the identifier entered so far; ``session_sid`` the session made or chosen in this transaction;
    ``authenticated_at`` is set once the person proved themselves **in this transaction**.
    ``interacted`` is true once any page was answered.
    """

    id_hash: bytes
    browser_hash: bytes
    host: str
    client_id: str
    parameters: dict[str, str]
    created_at: float
    expires_at: float
    step: Step = Step.LOGIN
    username: str | None = None
    connection: str | None = None
    session_sid: str | None = None
    authenticated_at: float | None = None
    interacted: bool = False
    consented: tuple[str, ...] | None = None
    confirmed: bool = False
    version: int = 0
    finished: bool = False


class ConsentGrant(Struct, frozen=True, kw_only=True):
    """Consent a user gave one client for one audience: ``/api/v2/grants``."""

    id: str
    user_id: str
    client_id: str
    audience: str
    scope: tuple[str, ...] = ()
