"""The error dialect of the My Account API: problem details (RFC 9457) of Auth0's types."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from doorward.management.kit.errors import ApiError
from doorward.management.kit.schema import Unfit
from doorward.model.printable import printable

TYPES = "https://auth0.com/api-errors#A0E-"


class Problem(Exception):
    """A refusal. ``number`` tells problems of one status apart, ``errors`` are the ``validation_errors``."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str = "",
        number: int = 1,
        errors: tuple[Mapping[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = printable(detail)
        self.title = title or HTTPStatus(status).phrase
        self.type = f"{TYPES}{status}-{number:04}"
        self.errors = errors
        self.headers = dict(headers or {})

    @property
    def told(self) -> dict[str, Any]:
        """The same for the tenant log."""
        return {"type": self.type, "status": self.status, "title": self.title, "detail": self.detail}

    @property
    def body(self) -> dict[str, Any]:
        """What is answered (JSON)."""
        return {**self.told, **({"validation_errors": list(self.errors)} if self.errors else {})}


def unauthorized(detail: str) -> Problem:
    """An access token that is not good here."""
    challenge = {"www-authenticate": 'Bearer realm="My Account API", error="invalid_token"'}
    return Problem(401, detail, title="Invalid Token", number=3, headers=challenge)


def missing_token() -> Problem:
    """No access token at all."""
    return Problem(401, "Missing or invalid token.", headers={"www-authenticate": 'Bearer realm="My Account API"'})


def login_needed(seconds: int) -> Problem:
    """The login is too long ago for a change; the application has to send the person to one (RFC 9470 §3)."""
    challenge = (
        'Bearer realm="My Account API", error="insufficient_user_authentication", '
        f'error_description="A more recent login is needed", max_age="{seconds}"'
    )
    return Problem(
        401,
        f"The user has to log in again: this takes a login of the last {seconds // 60} minutes",
        title="insufficient_user_authentication",
        number=4,
        headers={"www-authenticate": challenge},
    )


def insufficient_scope(scope: str) -> Problem:
    """An access token without the ``scope`` that is needed."""
    return Problem(403, f"Insufficient scope, expected: {scope}", title="insufficient_scope", number=2)


def unfit(error: Unfit, source: str) -> Problem:
    """What is wrong with a body or a query."""
    named = error.path.rpartition(".")[2]
    told = {"detail": printable(error.what), "source": source}
    if error.path:
        told |= {"field": named, "pointer": "/" + error.path.replace(".", "/")}
    return Problem(400, f"Validation of the {source} failed", title="Invalid Request", number=3, errors=(told,))


def unreadable(error: ApiError) -> Problem:
    """A body or a query that could not even be read, or too many requests."""
    detail = "Rate limit exceeded." if error.status == 429 else error.message
    return Problem(error.status, detail, headers=error.headers)


def not_found() -> Problem:
    """No method of the person has this id."""
    return Problem(404, "The authentication method does not exist")


def refused(detail: str) -> Problem:
    """Well asked, and nothing comes of it."""
    return Problem(400, detail)


def not_enabled(type_: str) -> Problem:
    """The tenant does not offer such a factor."""
    return Problem(403, f"The factor {type_} is not enabled")


def not_built(what: str) -> Problem:
    """Something that is Auth0's, and not to be had from this server."""
    return Problem(501, f"{what} are not available on this server")


def overloaded(retry_after: int) -> Problem:
    """Hashing is full; ``retry_after`` in seconds."""
    return Problem(429, "The server is busy", headers={"retry-after": str(retry_after)})


def too_many(detail: str) -> Problem:
    """The same was tried too often."""
    return Problem(429, detail)
