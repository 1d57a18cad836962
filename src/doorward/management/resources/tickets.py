"""``/tickets``: links that verify an e-mail address or let a password be set."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from doorward.identity.tickets import LIFETIME, new_ticket
from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import ApiError, invalid_body, not_supported
from doorward.management.kit.schema import BOOLEAN, Rule, choice, integer, record, text
from doorward.management.kit.shapes import Command, Shape
from doorward.management.kit.writing import api_event
from doorward.management.resources.connection_body import CONNECTION_ID
from doorward.management.resources.users import no_such_user
from doorward.model.connection import DATABASE_STRATEGY, Connection
from doorward.model.identifiers import new_ticket_value, normalise_email
from doorward.model.ticket import TicketType
from doorward.model.user import User

LONGEST_SECONDS = 365 * 24 * 3600
USER_ID = text(min=1, max=255)
IDENTITY = record(
    {"user_id": text(min=1, max=255), "provider": text(min=1, max=128), "connection_id": CONNECTION_ID},
    required=("user_id", "provider"),
)
_shared: dict[str, Rule] = {
    "result_url": text(format="url"),
    "user_id": USER_ID,
    "client_id": text(format="client-id"),
    "organization_id": text(format="organization-id"),
    "ttl_sec": integer(min=0, max=LONGEST_SECONDS),
    "includeEmailInRedirect": BOOLEAN,
}
EMAIL_VERIFICATION = record({**_shared, "identity": IDENTITY}, required=("user_id",))
PASSWORD_CHANGE = record(
    {
        **_shared,
        "connection_id": CONNECTION_ID,
        "email": text(format="email"),
        "mark_email_as_verified": BOOLEAN,
        "identity": record(
            {**IDENTITY.properties, "provider": choice(DATABASE_STRATEGY)}, required=("user_id", "provider")
        ),
    }
)
VERIFICATION_EMAIL = record(
    {
        "user_id": USER_ID,
        "client_id": text(format="client-id"),
        "organization_id": text(format="organization-id"),
        "identity": IDENTITY,
    },
    required=("user_id",),
)


class Account(Struct, frozen=True):
    """Which account of a user a ticket is about: provider, id, address."""

    provider: str
    identity_id: str
    email: str


async def _give(call: Call, type_: TicketType, user: User, about: Account) -> Answer:
    given = call.body
    link, ticket = new_ticket(
        new_ticket_value(call.ports.entropy),
        call.request.issuer.url,
        type_,
        user,
        expires_at=call.ports.clock.now() + (given.get("ttl_sec") or LIFETIME),
        identity=(about.provider, about.identity_id),
        email=about.email,
        result_url=given.get("result_url"),
        client_id=given.get("client_id"),
        organization_id=given.get("organization_id"),
        mark_email_as_verified=given.get("mark_email_as_verified", False),
        include_email_in_redirect=given.get("includeEmailInRedirect", False),
    )
    if not await call.ports.tickets.create(call.tenant, ticket, events=(api_event(call, status=201),)):
        raise no_such_user()
    return Answer(status=201, body={"ticket": link})


async def verifiable(call: Call) -> tuple[User, Account]:
    """The user of the body, and the account whose address is to be verified. Raises ``ApiError``."""
    user = await _user(call, call.body["user_id"])
    _check_client(call)
    return user, _account(call, user)


async def _verify_email(call: Call) -> Answer:
    if "result_url" in call.body and not call.body.keys().isdisjoint(("client_id", "organization_id")):
        raise invalid_body("result_url cannot be used with client_id or organization_id")
    user, about = await verifiable(call)
    return await _give(call, TicketType.EMAIL_VERIFICATION, user, about)


async def _change_password(call: Call) -> Answer:
    given = call.body
    if "result_url" in given and "organization_id" in given:
        raise invalid_body("result_url cannot be used with organization_id")
    place = 0
    if "user_id" in given:
        if not given.keys().isdisjoint(("connection_id", "email")):
            raise invalid_body("user_id cannot be used with connection_id or email")
        user = await _user(call, given["user_id"])
    elif "email" not in given or "connection_id" not in given:
        raise invalid_body("Either user_id, or email and connection_id are needed")
    elif "identity" in given:
        raise invalid_body("identity needs user_id")
    else:
        connection = _database(call, given["connection_id"])
        found = await call.ports.users.find_by_identifier(
            call.tenant, connection.name, "email", normalise_email(given["email"])
        )
        if found is None:
            raise no_such_user()
        user = found[0]
        place = user.place_of(connection.name, "email", given["email"]) or 0
    _check_client(call)
    about = _account(call, user, place)
    if about.provider != DATABASE_STRATEGY:
        raise not_supported("The user's main connection does not support this operation.")
    return await _give(call, TicketType.PASSWORD_CHANGE, user, about)


async def _user(call: Call, user_id: str) -> User:
    found = await call.ports.users.find(call.tenant, user_id)
    if found is None:
        raise no_such_user()
    return found


def _account(call: Call, user: User, place: int = 0) -> Account:
    """The account the body names, or the one at ``place``. Raises ``ApiError`` (400)."""
    named = call.body.get("identity")
    provider, identity_id = (named["provider"], named["user_id"]) if named else user.identity_at(place)
    for identity in user.identities:
        if (identity.get("provider"), identity.get("user_id")) == (provider, identity_id):
            if named and "connection_id" in named and _named(call, named["connection_id"]) != identity["connection"]:
                break
            is_first = (provider, identity_id) == user.primary_identity
            profile: Any = user.profile if is_first else identity.get("profileData", {})
            if not profile.get("email"):
                raise invalid_body("The user does not have an email address.")
            return Account(provider, identity_id, profile["email"])
    raise invalid_body("The user exists, but does not contain the given identity.")


def _named(call: Call, connection_id: str) -> str:
    connection = call.directory.connection_of(connection_id)
    if connection is None:
        raise ApiError(400, "Identity connection does not exist.", "inexistent_connection")
    return connection.name


def _database(call: Call, connection_id: str) -> Connection:
    connection = call.directory.connection_of(connection_id)
    if connection is None:
        raise ApiError(400, f"The connection with id {connection_id} does not exist.", "inexistent_connection")
    if not connection.is_database:
        raise not_supported("Connection must be a database connection")
    return connection


def _check_client(call: Call) -> None:
    """Raises ``ApiError`` (400)."""
    if "client_id" in call.body and call.body["client_id"] not in call.directory.clients:
        raise ApiError(400, "The client does not exist", "inexistent_client")
    organization = call.body.get("organization_id")
    if organization is not None and organization not in call.directory.documents["organization"]:
        raise ApiError(400, "The organization does not exist", "inexistent_organization")


RESOURCES: tuple[Shape, ...] = (
    Command(
        method="POST",
        path="/tickets/email-verification",
        scopes=("create:user_tickets",),
        summary="Create an email verification ticket",
        run=_verify_email,
        body=EMAIL_VERIFICATION,
    ),
    Command(
        method="POST",
        path="/tickets/password-change",
        scopes=("create:user_tickets",),
        summary="Create a password change ticket",
        run=_change_password,
        body=PASSWORD_CHANGE,
    ),
)
