"""Logout: ``/v2/logout`` as Auth0 has it, and OpenID Connect RP-Initiated Logout 1.0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from doorward.model.client import Client
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.printable import quotable
from doorward.model.request_context import RequestContext
from doorward.model.session import Session
from doorward.model.session_end import Cause
from doorward.model.tenant import Issuer
from doorward.oauth import redirect_uri
from doorward.oauth.domain_placeholders import resolved
from doorward.oauth.errors import InvalidRequest
from doorward.oauth.log_events import protocol_event
from doorward.oauth.own_id_token import own_id_token
from doorward.ports import InvalidToken, Ports


class LogoutRequest(Struct, frozen=True, kw_only=True):
    """A checked logout: where to go (``None``: a page), and whether the person has to confirm it."""

    session: Session | None
    client: Client | None
    location: str | None
    confirm: bool = False


async def auth0_logout(
    parameters: Mapping[str, str], cookie: str | None, issuer: Issuer, ports: Ports
) -> LogoutRequest:
    """``GET /v2/logout``: never asks. Raises ``InvalidRequest`` for a ``returnTo`` that is not allowed."""
    directory = ports.directory.tenant(issuer.tenant)
    session = await _session(cookie, issuer, ports)
    client = _client(parameters.get("client_id"), directory)
    allowed = _allowed(client, issuer, directory)
    location = parameters.get("returnTo")
    if location is None:
        location = allowed[0] if client is not None and allowed else None
    elif not redirect_uri.logout_matches(location, allowed, ignore_query=True):
        raise _not_allowed("returnTo", location, client)
    return LogoutRequest(session=session, client=client, location=location)


async def rp_initiated_logout(
    parameters: Mapping[str, str], cookie: str | None, issuer: Issuer, ports: Ports
) -> LogoutRequest:
    """``/oidc/logout`` (RP-Initiated Logout §2, §3): asks unless a hint names the very session.

    Raises ``InvalidRequest`` for a bad hint or a ``post_logout_redirect_uri`` that is not allowed.
    """
    directory = ports.directory.tenant(issuer.tenant)
    session = await _session(cookie, issuer, ports)
    hint, logout_hint = parameters.get("id_token_hint"), parameters.get("logout_hint")
    named = parameters.get("client_id")
    sid = logout_hint
    if hint is not None:
        claims = _hinted(hint, issuer, directory, ports)
        audience = claims.get("aud")
        if named is not None and named != audience:
            raise InvalidRequest("client_id is not the audience of id_token_hint")
        if logout_hint is not None and logout_hint != claims.get("sid"):
            raise InvalidRequest("logout_hint is not the session of id_token_hint")
        named = audience if isinstance(audience, str) else None
        sid = str(claims.get("sid") or "")
    client = _client(named, directory) if hint is not None or logout_hint is not None else None
    allowed = _allowed(client, issuer, directory)
    location = parameters.get("post_logout_redirect_uri")
    if location is None:
        location = allowed[0] if client is not None and allowed else None
    else:
        if not redirect_uri.logout_matches(location, allowed, ignore_query=False):
            raise _not_allowed("post_logout_redirect_uri", location, client)
        if "state" in parameters:
            location += ("&" if "?" in location else "?") + urlencode({"state": parameters["state"]})
    confirm = session is not None and directory.settings.sessions.oidc_logout_prompt_enabled and sid != session.sid
    return LogoutRequest(session=session, client=client, location=location, confirm=confirm)


async def end_session(logout: LogoutRequest, context: RequestContext, issuer: Issuer, ports: Ports) -> None:
    """End the whole session on this host, and log it; without a session there is nothing to write but the log."""
    now = ports.clock.now()
    details = {"session_id": logout.session.sid} if logout.session is not None else {}
    event = protocol_event("slo", context, now, client=logout.client, details=details)
    if logout.session is None:
        ports.log.write(issuer.tenant, event)
        return
    user = await ports.users.find(issuer.tenant, logout.session.user_id)
    directory = ports.directory.tenant(issuer.tenant)
    event = protocol_event("slo", context, now, client=logout.client, user=user, directory=directory, details=details)
    await ports.sessions.end(issuer.tenant, logout.session.sid, Cause.LOGOUT, at=now, events=(event,))


async def refuse(
    error: InvalidRequest, cookie: str | None, context: RequestContext, issuer: Issuer, ports: Ports, *, ends: bool
) -> None:
    """Log a refused logout. ``ends``: the session is over all the same, only the redirect does not happen."""
    now = ports.clock.now()
    event = protocol_event("flo", context, now, error=error)
    session = await _session(cookie, issuer, ports) if ends else None
    if session is None:
        ports.log.write(issuer.tenant, event)
    else:
        await ports.sessions.end(issuer.tenant, session.sid, Cause.LOGOUT, at=now, events=(event,))


async def _session(cookie: str | None, issuer: Issuer, ports: Ports) -> Session | None:
    if cookie is None:
        return None
    session = await ports.sessions.find(issuer.tenant, digest(cookie))
    return session if session is not None and session.host == issuer.host else None


def _client(client_id: str | None, directory: TenantDirectory) -> Client | None:
    if client_id is None:
        return None
    client = directory.clients.get(client_id)
    if client is None or client.is_global:
        raise InvalidRequest("Unknown client", hint="No client of this tenant has this client_id.")
    return client


def _allowed(client: Client | None, issuer: Issuer, directory: TenantDirectory) -> tuple[str, ...]:
    entries = client.allowed_logout_urls if client is not None else directory.settings.allowed_logout_urls
    return resolved(entries, issuer, directory)


def _hinted(token: str, issuer: Issuer, directory: TenantDirectory, ports: Ports) -> Mapping[str, Any]:
    """Claims of an ID token of ours, expired or not; nothing else is a hint."""
    try:
        return own_id_token(token, issuer, directory, ports.jose, symmetric=True)
    except InvalidToken as error:
        raise InvalidRequest("id_token_hint is invalid", hint=f"The token was refused: {error}.") from None


def _not_allowed(parameter: str, value: str, client: Client | None) -> InvalidRequest:
    shown = quotable(value[:500])
    where = f"allowed_logout_urls of {client.called}" if client is not None else "the tenant's allowed_logout_urls"
    return InvalidRequest(
        f'The "{parameter}" querystring parameter "{shown}" is not defined as a valid URL in "Allowed Logout URLs"',
        hint=f"Add it to {where}.",
    )
