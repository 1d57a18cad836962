"""Protocol errors: one class per registered error code, three audiences each.

``error`` and ``description`` go to the client, in Auth0's wording; ``hint`` tells the developer
what to change (tenant log, explain, error page); ``detail`` is for the operator alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from doorward.model.pace import Pace

if TYPE_CHECKING:
    from doorward.oauth.token_rules import Reason

MAX_TEXT = 2048  # characters


class OAuthError(Exception):
    """An error of the OAuth endpoints (RFC 6749 §4.1.2.1, §5.2; OpenID Connect Core §3.1.2.6).

    ``reasons`` are the decisions taken up to the refusal, the refusing one last; ``extra`` holds
    further members of the JSON body.
    """

    error: ClassVar[str] = "server_error"
    status: int = 400

    def __init__(
        self,
        description: str,
        *,
        status: int | None = None,
        hint: str | None = None,
        detail: str | None = None,
        extra: dict[str, Any] | None = None,
        reasons: tuple[Reason, ...] = (),
    ) -> None:
        self.description = _bounded(description)
        super().__init__(self.description)
        if status is not None:
            self.status = status
        self.hint = _bounded(hint) if hint else hint
        self.detail = detail
        self.extra = extra or {}
        self.reasons = reasons


def _bounded(text: str) -> str:
    """What came in a request is told back and logged, but not by the megabyte."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}..."


class InvalidRequest(OAuthError):
    error = "invalid_request"


class InvalidClient(OAuthError):
    error = "invalid_client"
    status = 401


class InvalidGrant(OAuthError):
    error = "invalid_grant"
    status = 403


class UnauthorizedClient(OAuthError):
    error = "unauthorized_client"
    status = 403


class UserBlocked(UnauthorizedClient):
    """Auth0 answers ``unauthorized`` where an administrator blocked the user."""

    error = "unauthorized"


class AccessDenied(OAuthError):
    error = "access_denied"
    status = 403


class UnsupportedGrantType(OAuthError):
    error = "unsupported_grant_type"
    status = 403


class UnsupportedResponseType(OAuthError):
    error = "unsupported_response_type"


class InvalidScope(OAuthError):
    error = "invalid_scope"


class InvalidTokenError(OAuthError):
    """RFC 6750 §3.1: the bearer token is missing, malformed, expired or not for this endpoint."""

    error = "invalid_token"
    status = 401


class InsufficientScope(OAuthError):
    """RFC 6750 §3.1."""

    error = "insufficient_scope"
    status = 403


class LoginRequired(OAuthError):
    error = "login_required"


class ConsentRequired(OAuthError):
    error = "consent_required"


class InteractionRequired(OAuthError):
    error = "interaction_required"


class UnmetAuthenticationRequirements(OAuthError):
    """OpenID Connect Core Error Code unmet_authentication_requirements: only another login can give what is wanted."""

    error = "unmet_authentication_requirements"
    status = 403


class RequestNotSupported(OAuthError):
    """A request object (RFC 9101) is refused, never ignored."""

    error = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    error = "request_uri_not_supported"


class TooManyAttempts(OAuthError):
    """Attack protection stopped the attempt."""

    error = "too_many_attempts"
    status = 429


class PasswordLeaked(OAuthError):
    """The right password, and the tenant lets nobody in with one that leaked elsewhere."""

    error = "password_leaked"
    status = 401


class RequiresVerification(OAuthError):
    """Bot detection wants a challenge solved, which only a page can show."""

    error = "requires_verification"
    status = 401
    text = "Suspicious request requires verification"

    def __init__(self) -> None:
        super().__init__(self.text, hint="Bot detection asks for a challenge: log in on a page.")


class TooManyRequests(OAuthError):
    """More than the ``pace`` something is let through at, ``at`` that time (epoch seconds)."""

    error = "too_many_requests"
    status = 429

    def __init__(self, description: str, pace: Pace | None = None, at: float = 0.0, *, hint: str | None = None) -> None:
        super().__init__(description, hint=hint)
        self.pace = pace
        self.at = at


class ServerError(OAuthError):
    error = "server_error"
    status = 500


def missing_parameter(name: str) -> InvalidRequest:
    return InvalidRequest(f"Missing required parameter: {name}", hint=f"Send the parameter '{name}'.")
