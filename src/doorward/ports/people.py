"""Users, what they belong to and what they sign in with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.document import Document
from doorward.model.log_event import LogEvent
from doorward.model.message import Message
from doorward.model.organization import Invitation, Member
from doorward.model.role import Permission
from doorward.model.search import EVERYTHING, Search, Sort
from doorward.model.session import ConsentGrant
from doorward.model.session_end import Cause
from doorward.model.ticket import Ticket
from doorward.model.user import AccountChange, Identifiers, Password, User


class Users(Protocol):
    async def create(
        self,
        tenant: str,
        user: User,
        identifiers: Identifiers,
        password: Password | None,
        *,
        methods: Sequence[AuthenticationMethod] = (),
        events: Sequence[LogEvent],
        messages: Sequence[Message] = (),
        tickets: Sequence[Ticket] = (),
        within: str | None = None,
    ) -> None:
        """``within`` is the id of a connection, which then is still there when the user is. Raises ``Conflict`` with
        field ``connection`` where it is not, ``email``, ``username``, ``phone_number``, ``user_id`` or, for
        ``methods``, ``key_id``."""

    async def find(self, tenant: str, user_id: str) -> User | None: ...

    async def find_by_identifier(
        self, tenant: str, connection: str, field: str, value: str
    ) -> tuple[User, Password | None] | None:
        """``field`` is ``email``, ``username`` or ``phone_number``; ``value`` is normalised."""

    async def find_by_identity(self, tenant: str, provider: str, identity_id: str) -> User | None:
        """Whose an account at a provider is, linked to another one or not."""

    async def passwords(self, tenant: str, provider: str, identity_id: str) -> list[Password]:
        """The password of an identity, then those it had before that are remembered, the newest first."""

    async def access(self, tenant: str, user_id: str, access_token_hash: bytes) -> tuple[User | None, bool]:
        """In one read: the user, and whether the access token was revoked."""

    async def replace(
        self,
        tenant: str,
        user: User,
        identifiers: Identifiers,
        *,
        expected_revision: int,
        password: Password | None = None,
        remembered: int = 0,
        place: int = 0,
        cause: Cause | None = None,
        revoke_refresh_tokens: bool = False,
        unblock: Sequence[str] = (),
        events: Sequence[LogEvent],
        messages: Sequence[Message] = (),
    ) -> bool:
        """Write a changed user (roles and permissions apart); ``False`` when somebody else changed
        it first. Raises ``Conflict`` as ``create`` does. ``identifiers`` and ``password`` are those of the
        identity at ``place``. The rest is as in
        ``model.user.AccountChange``."""

    async def change(
        self, tenant: str, change: AccountChange, *, events: Sequence[LogEvent], messages: Sequence[Message] = ()
    ) -> bool:
        """Write a changed user who goes on signing in with the same; ``False``, and nothing written, when somebody
        else changed it first."""

    async def rehash(self, tenant: str, user_id: str, *, old_hash: str, password: Password) -> None:
        """Replace a stored hash unless it changed meanwhile."""

    async def record_login(
        self, tenant: str, user_id: str, *, at: float, ip: str, events: Sequence[LogEvent]
    ) -> None: ...

    async def link(self, tenant: str, user: User, linked: User, *, at: float, events: Sequence[LogEvent]) -> None:
        """Write ``user`` with the identities of ``linked`` among its own. ``linked`` is no user any more: its
        sessions, refresh tokens and consents end, what it signs in with finds ``user``. Raises ``Conflict``
        (``revision``) when one of them changed since it was read."""

    async def unlink(self, tenant: str, user: User, restored: User, *, events: Sequence[LogEvent]) -> None:
        """Write ``user`` without an identity, and ``restored``, whose first identity it is again, with what it
        signs in with. Raises ``Conflict`` (``revision`` when the user changed since it was read, ``user_id``)."""

    async def delete(self, tenant: str, user_id: str, *, at: float, events: Sequence[LogEvent]) -> bool:
        """Remove a user with sessions, refresh tokens and consents; ``False`` when absent."""

    async def assign_roles(
        self,
        tenant: str,
        user_id: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        decided_by: Sequence[Document] = (),
        events: Sequence[LogEvent],
    ) -> bool:
        """``False`` when the user does not exist; assigning twice is no error. Raises ``Conflict`` (field
        ``revision``) when a document this was ``decided_by`` changed or went meanwhile, as the next two do."""

    async def assign_role(
        self,
        tenant: str,
        role_id: str,
        user_ids: Sequence[str],
        *,
        decided_by: Sequence[Document] = (),
        events: Sequence[LogEvent],
    ) -> str | None:
        """Assign one role to many users; the first user that does not exist, and then nothing is written."""

    async def assign_permissions(
        self,
        tenant: str,
        user_id: str,
        *,
        add: Sequence[Permission] = (),
        remove: Sequence[Permission] = (),
        decided_by: Sequence[Document] = (),
        events: Sequence[LogEvent],
    ) -> bool: ...

    async def page(
        self,
        tenant: str,
        *,
        offset: int,
        limit: int,
        connection: str | None = None,
        email: str | None = None,
        role: str | None = None,
    ) -> tuple[list[User], int]:
        """Users in order of creation, and how many there are in all."""

    async def active(self, tenant: str, since: float) -> int:
        """How many users logged in since then (epoch seconds). Raises ``TooCostly``."""

    async def search(
        self,
        tenant: str,
        where: Search = EVERYTHING,
        *,
        offset: int,
        limit: int,
        count: int = 0,
        sort: Sort | None = None,
    ) -> tuple[list[User], int]:
        """The users that ``where`` finds, in an order that stays the same, and how many there are, counted up to
        ``count``.

        ``where`` knows every attribute of a user, ``email.domain``, ``identities.connection``, ``.provider`` and
        ``.user_id``, and what is below ``user_metadata``, ``app_metadata`` and ``identities.profileData``; ``sort``
        knows the root attributes. E-mail address and names compare without case. Raises ``TooCostly``, ``TooMuch``,
        and ``KeyError`` for a ``sort`` by anything else.
        """

    async def count(self, tenant: str, *, connection: str | None = None) -> int: ...

    async def walk(
        self, tenant: str, *, after: tuple[int, str] | None, limit: int, connection: str | None = None
    ) -> tuple[list[User], tuple[int, str] | None]:
        """The next users in order of creation, and where to go on; ``None`` begins."""


class Organizations(Protocol):
    """Members and invitations; the organizations themselves are documents. What adds to one raises ``Conflict``
    (field ``revision``) when it is gone."""

    async def add_members(
        self, tenant: str, organization_id: str, user_ids: Sequence[str], *, events: Sequence[LogEvent]
    ) -> str | None:
        """Let users join; being a member already is no error. The first user that does not exist, and then
        nothing is written."""

    async def remove_members(
        self, tenant: str, organization_id: str, user_ids: Sequence[str], *, events: Sequence[LogEvent]
    ) -> None:
        """Let users leave, with the roles they had there; who is no member is passed over."""

    async def member(self, tenant: str, organization_id: str, user_id: str) -> Member | None: ...

    async def members(
        self,
        tenant: str,
        organization_id: str,
        *,
        limit: int,
        offset: int = 0,
        after: int = 0,
        role: str | None = None,
    ) -> tuple[list[Member], int]:
        """Members in the order they joined, and how many there are in all; ``after`` a ``position``, or only
        those with a ``role`` (id) in this organization."""

    async def of_user(self, tenant: str, user_id: str) -> frozenset[str]:
        """The ids of the organizations somebody belongs to."""

    async def assign_roles(
        self,
        tenant: str,
        organization_id: str,
        user_id: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        decided_by: Sequence[Document] = (),
        events: Sequence[LogEvent],
    ) -> bool:
        """``False`` when the user is no member; assigning twice is no error. ``decided_by`` as for the roles of
        ``Users``."""

    async def invite(self, tenant: str, invitation: Invitation, *, events: Sequence[LogEvent]) -> None: ...

    async def invitation(self, tenant: str, organization_id: str, invitation_id: str) -> Invitation | None: ...

    async def invitations(
        self, tenant: str, organization_id: str, *, offset: int, limit: int, newest_first: bool = True
    ) -> tuple[list[Invitation], int]:
        """Invitations, expired or not, by their time, and how many there are in all."""

    async def withdraw(
        self, tenant: str, organization_id: str, invitation_id: str, *, events: Sequence[LogEvent]
    ) -> bool:
        """Delete an invitation; ``False`` when there is none."""


class AuthenticationMethods(Protocol):
    async def of_user(self, tenant: str, user_id: str) -> list[AuthenticationMethod]:
        """In the order they were added."""

    async def find(self, tenant: str, id_: str) -> AuthenticationMethod | None: ...

    async def by_key(self, tenant: str, key_id: str) -> AuthenticationMethod | None:
        """The one whose authenticator has the key of this id."""

    async def use_key(self, tenant: str, id_: str, sign_count: int) -> bool:
        """Note how often the key of an authenticator was used, as that counts. ``False``, and nothing written, when
        it should have counted more by now: somebody else may have a copy of it."""

    async def secrets(self, tenant: str, id_: str) -> dict[str, Any]:
        """What it is checked with; empty where there is nothing."""

    async def add(
        self,
        tenant: str,
        user_id: str,
        methods: Sequence[AuthenticationMethod],
        *,
        replacing: Collection[MethodType] = (),
        unless: Collection[MethodType] = (),
        redeems: tuple[bytes, float] | None = None,
        events: Sequence[LogEvent],
    ) -> bool:
        """Give a user methods, in the place of those of the types ``replacing``, and use an enrolment link up
        (``redeems``: its digest, and what time it is). ``False`` when there is no such user; raises ``Conflict`` for
        one the user has already, or who has any of the types ``unless``, for a link that is no good any more, and
        (``key_id``) for the key of an authenticator that anybody has."""

    async def update(self, tenant: str, method: AuthenticationMethod, *, events: Sequence[LogEvent]) -> bool:
        """Write its properties; ``False`` when it is gone."""

    async def remove(
        self, tenant: str, ids: Sequence[str], *, leaving: MethodType | None = None, events: Sequence[LogEvent]
    ) -> None:
        """Those that are gone are no error. Raises ``Conflict`` (``leaving``), and removes nothing, where none of that
        type would be left to a user."""


class Consents(Protocol):
    async def find(self, tenant: str, user_id: str, client_id: str, audience: str) -> ConsentGrant | None: ...

    async def page(
        self,
        tenant: str,
        *,
        offset: int,
        limit: int,
        user_id: str | None = None,
        client_id: str | None = None,
        audience: str | None = None,
    ) -> tuple[list[ConsentGrant], int]: ...

    async def delete(
        self,
        tenant: str,
        *,
        grant_id: str | None = None,
        user_id: str | None = None,
        at: float,
        events: Sequence[LogEvent],
    ) -> int:
        """Delete one grant or all of a user, and revoke the refresh tokens issued under them."""
