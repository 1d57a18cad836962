"""OpenID Connect Back-Channel Logout 1.0: which applications are told that a session ended, where, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import new_uuid
from doorward.model.logout_notice import LogoutNotice
from doorward.model.session import Session
from doorward.model.session_end import Initiator
from doorward.model.tenant import Issuer
from doorward.oauth.domain_placeholders import resolved
from doorward.oauth.token_issue import sign_for_client
from doorward.ports import Entropy, Jose

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME = 120  # seconds
# What is told where nobody chose.
DEFAULT = frozenset({Initiator.RP_LOGOUT, Initiator.IDP_LOGOUT})


def notices(
    session: Session,
    metadata: Mapping[str, str],
    initiator: Initiator,
    directory: TenantDirectory,
    entropy: Entropy,
) -> list[LogoutNotice]:
    """One for every client that logged in within the session and wants to hear of such an end."""
    clients = (directory.clients.get(client_id) for client_id in session.clients)
    trace_id = entropy.hexadecimal(16)
    return [
        LogoutNotice(
            client_id=client.client_id,
            host=session.host,
            user_id=session.user_id,
            sid=session.sid,
            initiator=initiator,
            id=new_uuid(entropy),
            trace_id=trace_id,
            session_metadata=metadata if client.backchannel_logout.includes_metadata else {},
        )
        for client in clients
        if client is not None and wants(client, initiator)
    ]


def wants(client: Client, initiator: Initiator) -> bool:
    """Whether a client is told of ends for this reason. Without a choice of its own that is logout alone."""
    settings = client.backchannel_logout
    if not settings.url:
        return False
    chosen = settings.backchannel_logout_initiators
    if chosen is None:
        return initiator in DEFAULT
    if chosen.mode == "all":
        return True
    return initiator in (DEFAULT if chosen.selected_initiators is None else chosen.selected_initiators)


def logout_url(notice: LogoutNotice, client: Client, directory: TenantDirectory) -> str | None:
    """Where a client is told: one URL, as it is on the domain of the session."""
    issuer = Issuer(tenant=directory.tenant.id, host=notice.host)
    return next(iter(resolved((client.backchannel_logout.url,), issuer, directory)), "") or None


async def logout_token(
    notice: LogoutNotice, client: Client, directory: TenantDirectory, jose: Jose, *, now: int
) -> str:
    """The logout token (Back-Channel Logout §2.4), signed as the client's ID tokens are."""
    claims: dict[str, Any] = {
        "iss": Issuer(tenant=directory.tenant.id, host=notice.host).url,
        "sub": notice.user_id,
        "aud": client.client_id,
        "iat": now,
        "exp": now + LIFETIME,
        "jti": notice.id,
        "events": {EVENT: {}},
        "trace_id": notice.trace_id,
        "sid": notice.sid,
    }
    if notice.session_metadata:
        claims["session_metadata"] = dict(notice.session_metadata)
    return await sign_for_client(claims, client, directory, jose)
