"""``/organizations/{id}/invitations``: tickets that let somebody join an organization."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from doorward.management.kit.answers import entity, page_of
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import ApiError, invalid_body, not_found
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.projection import RULES as PROJECTION
from doorward.management.kit.projection import project
from doorward.management.kit.schema import BOOLEAN, OBJECT, integer, items, record, text
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import api_event
from doorward.management.resources import client_credentials
from doorward.management.resources.organization_members import MOST_ROLES
from doorward.management.resources.organization_parts import CONNECTIONS, organization
from doorward.management.resources.roles import assignable, in_order
from doorward.management.resources.user_body import check_app_metadata
from doorward.model.document import Document, Kind
from doorward.model.identifiers import new_id, new_ticket_value
from doorward.model.organization import Invitation

LIFETIME = 7 * 24 * 3600
LONGEST_LIFETIME = 30 * 24 * 3600
PAGING = Paging(key="invitations", counted=False)
CREATE = record(
    {
        "inviter": record({"name": text(min=1, max=300)}, required=("name",)),
        "invitee": record({"email": text(format="email")}, required=("email",)),
        "client_id": text(min=1, max=255),
        "connection_id": text(min=1, max=50),
        "app_metadata": OBJECT,
        "user_metadata": OBJECT,
        "ttl_sec": integer(min=0, max=LONGEST_LIFETIME),
        "roles": items(text(min=1, max=64), min=1, max=MOST_ROLES),
        "send_invitation_email": BOOLEAN,
    },
    required=("inviter", "invitee", "client_id"),
)
KEPT = ("inviter", "invitee", "app_metadata", "user_metadata", "roles")
SHOWN = entity(
    CREATE,
    shows=dict.fromkeys(("id", "organization_id", "invitation_url", "ticket_id", "created_at", "expires_at"), text()),
)


def _check(call: Call, document: Document, given: dict[str, Any]) -> None:
    """Raises ``ApiError`` for what the organization does not have."""
    connection = given.get("connection_id")
    if connection is not None and connection not in document.body.get(CONNECTIONS, {}):
        raise invalid_body("The connection is not enabled for the organization")
    assignable(call, given.get("roles", ()), document.id)
    check_app_metadata(given.get("app_metadata", {}))


def _login_route(call: Call, client_id: str) -> str | None:
    """Where logging in to the application begins."""
    client = call.directory.documents[Kind.CLIENT].get(client_id)
    settings = call.directory.documents[Kind.SETTINGS].get("tenant")
    own = client.body.get("initiate_login_uri") if client is not None else None
    return own or (settings.body.get("default_redirection_uri") if settings is not None else None) or None


def _url(call: Call, document: Document, invitation: Invitation) -> str:
    """The address the invited person follows: the application's login, told of the invitation."""
    route = urlsplit(_login_route(call, invitation.client_id) or f"https://{call.directory.tenant.domain}/")
    added = {
        "invitation": invitation.ticket_id,
        "organization": document.id,
        "organization_name": document.body["name"],
    }
    return route._replace(query="&".join(filter(None, (route.query, urlencode(added))))).geturl()


def _show(call: Call, document: Document, invitation: Invitation) -> dict[str, Any]:
    shown = {
        **invitation.details,
        "id": invitation.id,
        "organization_id": document.id,
        "client_id": invitation.client_id,
        "ticket_id": invitation.ticket_id,
        "invitation_url": _url(call, document, invitation),
        "created_at": timestamp(invitation.created_at),
        "expires_at": timestamp(invitation.expires_at),
    }
    if invitation.connection_id is not None:
        shown["connection_id"] = invitation.connection_id
    if "roles" in shown:
        shown["roles"] = [role.id for role in in_order(call, shown["roles"])]
    return project(shown, call.query)


def _no_such_invitation() -> ApiError:
    return not_found("The invitation does not exist.", "inexistent_invitation")


async def _invitations(call: Call) -> Any:
    document = organization(call)
    offset, limit = PAGING.window(call.query)
    newest_first = call.query.get("sort", "created_at:-1") == "created_at:-1"
    invitations, total = await call.ports.organizations.invitations(
        call.tenant, document.id, offset=offset, limit=limit, newest_first=newest_first
    )
    shown = [_show(call, document, invitation) for invitation in invitations]
    return PAGING.answer(shown, call.query, total=total)


async def _invitation(call: Call) -> Any:
    document = organization(call)
    found = await call.ports.organizations.invitation(call.tenant, document.id, call.arguments["invitation_id"])
    if found is None:
        raise _no_such_invitation()
    return _show(call, document, found)


async def _invite(call: Call) -> Answer:
    document, given = organization(call), call.body
    client = client_credentials.client(call, given["client_id"])
    _check(call, document, given)
    if _login_route(call, client.id) is None:
        raise invalid_body(
            "A default login route is required to generate the invitation url: set initiate_login_uri of the client "
            "or default_redirection_uri of the tenant"
        )
    now = call.ports.clock.now()
    invitation = Invitation(
        id=new_id(call.ports.entropy, "uinv_"),
        organization_id=document.id,
        ticket_id=new_ticket_value(call.ports.entropy),
        client_id=client.id,
        connection_id=given.get("connection_id"),
        created_at=now,
        expires_at=now + (given.get("ttl_sec") or LIFETIME),
        details={name: given[name] for name in KEPT if name in given},
    )
    await call.ports.organizations.invite(call.tenant, invitation, events=(api_event(call, status=201),))
    return Answer(status=201, body=_show(call, document, invitation))


async def _withdraw(call: Call) -> Answer:
    document, event = organization(call), api_event(call, status=204)
    if not await call.ports.organizations.withdraw(
        call.tenant, document.id, call.arguments["invitation_id"], events=(event,)
    ):
        raise _no_such_invitation()
    return Answer(status=204, body=NOTHING)


_path = "/organizations/{id}/invitations"
RESOURCES: tuple[Shape, ...] = (
    View(
        path=_path,
        scopes=("read:organization_invitations",),
        summary="Get invitations to an organization",
        answer=_invitations,
        shows=page_of(SHOWN, PAGING),
        query={**PAGING.rules, **PROJECTION, "sort": text(pattern="created_at:-?1")},
        effect=Effect.STORED,
    ),
    Command(
        method="POST",
        path=_path,
        scopes=("create:organization_invitations",),
        summary="Invite somebody to an organization",
        run=_invite,
        body=CREATE,
        answers={201: SHOWN},
        effect=Effect.STORED,
    ),
    View(
        path=f"{_path}/{{invitation_id}}",
        scopes=("read:organization_invitations",),
        summary="Get an invitation to an organization",
        answer=_invitation,
        shows=SHOWN,
        query=PROJECTION,
        effect=Effect.STORED,
    ),
    Command(
        method="DELETE",
        path=f"{_path}/{{invitation_id}}",
        scopes=("delete:organization_invitations",),
        summary="Withdraw an invitation to an organization",
        run=_withdraw,
        effect=Effect.STORED,
    ),
)
