"""Values to store: everything a test does not care about has a default."""

from __future__ import annotations

import itertools
from typing import Any

from doorward.backends.storage.store import Storage
from doorward.model.credential import AuthorizationCode, RefreshToken
from doorward.model.digest import digest
from doorward.model.log_event import LogEvent
from doorward.model.session import LoginTransaction, Session, SignIn
from doorward.model.user import Identifiers, User

T = "tenant.test"
_numbers = itertools.count()


def code(name: str = "code", **more: Any) -> AuthorizationCode:
    given = {
        "code_hash": digest(name), "client_id": "web", "user_id": "auth0|ada", "host": "tenant.test",
        "redirect_uri": "https://app.test/", "expires_at": 2e6, "created_at": 1e6, "granted": {"sid": "s"}, **more,
    }  # fmt: skip
    return AuthorizationCode(**given)


def refresh_token(name: str = "first", **more: Any) -> RefreshToken:
    given = {
        "token_hash": digest(name), "family": "family", "generation": 0, "client_id": "web",
        "user_id": "auth0|ada", "host": "tenant.test", "audience": "https://api.test", "scope": ("r", "offline_access"),
        "granted": {}, "issued_at": 1e6, "rotating": True, **more,
    }  # fmt: skip
    return RefreshToken(**given)


def session(sid: str = "sid", **more: Any) -> Session:
    given = {
        "sid": sid, "cookie_hash": digest(f"cookie {sid}"), "host": "tenant.test", "user_id": "auth0|ada",
        "connection": "people", "authenticated_at": 1e6, "created_at": 1e6, "last_interacted_at": 1e6,
        "idle_expires_at": 2e6, "expires_at": 3e6, "idle_lifetime": 1e6, **more,
    }  # fmt: skip
    return Session(**given)


def transaction(name: str = "state", **more: Any) -> LoginTransaction:
    given = {
        "id_hash": digest(name), "browser_hash": digest("browser"), "host": "tenant.test", "client_id": "web",
        "parameters": {"client_id": "web"}, "created_at": 1e6, "expires_at": 2e6, **more,
    }  # fmt: skip
    return LoginTransaction(**given)


def user(name: str = "ada", **more: Any) -> User:
    given = {
        "user_id": f"auth0|{name}", "connection": "people", "profile": {"email": f"{name}@example.test"},
        "created_at": 1e6, "updated_at": 1e6, **more,
    }  # fmt: skip
    return User(**given)


def known_as(name: str = "ada") -> Identifiers:
    return Identifiers(email=f"{name}@example.test")


def event(type_: str = "s", **more: Any) -> LogEvent:
    return LogEvent(type=type_, date=1e6, **more)


async def sign_in(storage: Storage, session: Session, replaces: str | None = None) -> None:
    """The session as a login makes it."""
    waiting = transaction(f"login {session.sid} {next(_numbers)}")
    await storage.transactions.start(T, waiting)
    assert await storage.transactions.advance(T, waiting, sign_in=SignIn(session=session, replaces=replaces))
