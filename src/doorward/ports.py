"""The sockets in the wall: everything the protocol needs from the world, on one page.

``backends`` holds the plugs. Storage verbs are atomic: what must happen together is one call, and
whether a thing was still unspent is decided inside it. Every storage verb takes the tenant id
first. Times are epoch seconds, digests are SHA-256 bytes (see ``model.digest``).

Storage verbs raise ``StorageUnavailable`` when the database cannot answer in time; the edge turns
it into 503 with ``Retry-After``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, BinaryIO, Protocol, TypeVar

from msgspec import Struct

from doorward.model.authentication import PasswordOutcome
from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.challenge import Challenge, Verdict
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.counter import Counter
from doorward.model.credential import (
    AuthorizationCode,
    DeviceCredential,
    OneTimeValue,
    PushedRequest,
    RefreshToken,
    SigningKey,
)
from doorward.model.directory import TenantDirectory
from doorward.model.document import Change, Document, Put
from doorward.model.job import ImportBatch, Job, JobError, KnownUser
from doorward.model.log_event import LogEvent
from doorward.model.login_assessment import AssessedLogin, Confidence
from doorward.model.message import Message, Received
from doorward.model.mfa import Factor, MfaSubject, OtpEnrollment, Outcome, Standing
from doorward.model.organization import Invitation, Member
from doorward.model.passkey import Enrollment, Newcomer, PasskeyLogin, PasskeyState
from doorward.model.request_context import RequestContext
from doorward.model.resource_server import EncryptionKey
from doorward.model.role import Permission
from doorward.model.search import EVERYTHING, Search, Sort
from doorward.model.session import ConsentGrant, LoginTransaction, Renewal, Session, SignIn
from doorward.model.session_end import Cause
from doorward.model.tenant import Issuer, Tenant
from doorward.model.tenant_snapshot import TenantSnapshot
from doorward.model.ticket import Ticket, TicketState, TicketType
from doorward.model.user import AccountChange, Identifiers, Password, User
from doorward.model.webauthn import Assertion, RegisteredKey, RelyingParty

T = TypeVar("T")

# ── errors a plug may raise ────────────────────────────────────────────────────────────────────


class StorageUnavailable(Exception):
    """The database is lost, locked or too slow; nothing was half-written."""


class TooCostly(Exception):
    """A search that cannot be answered in the time it may take."""


class TooMuch(Exception):
    """What is asked for at once is more than one answer may hold."""


class Conflict(Exception):
    """A unique value is taken (``field``, ``value``), or a document changed since it was read."""

    def __init__(self, field: str, value: str = "") -> None:
        super().__init__(f"{field}: {value}")
        self.field = field
        self.value = value


class UnknownTenant(LookupError):
    """There is no such tenant, or there is none any more."""


class UnusableSnapshot(Exception):
    """A tenant cannot be restored from this; says why, as a sentence about "it". ``other_key``: another master key
    opens it."""

    def __init__(self, why: str, *, other_key: bool = False) -> None:
        super().__init__(why)
        self.other_key = other_key


class SignupImpossible(Exception):
    """Nobody is signed up with this: ``code`` is Auth0's text key. ``taken``: there is such an account."""

    def __init__(self, code: str, *, taken: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.taken = taken


class InvalidToken(Exception):
    """A JWT or JWE that is malformed, wrongly signed, or not for us; ``reason`` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreachable(Exception):
    """Somebody else's server did not answer, or must not be asked. ``reason`` is for the operator: to anybody else
    it would tell of a network they are not in."""

    def __init__(self, reason: str) -> None:
        super().__init__("the address cannot be reached")
        self.reason = reason


class Overloaded(Exception):
    """A bounded pool is full; ``retry_after`` in seconds."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__("overloaded")
        self.retry_after = retry_after


# ── time and chance ────────────────────────────────────────────────────────────────────────────


class Clock(Protocol):
    def now(self) -> float:
        """Wall-clock time, epoch seconds."""


class Entropy(Protocol):
    def token(self, nbytes: int = 32) -> str:
        """``nbytes`` random bytes as unpadded base64url (32 bytes give 43 characters)."""

    def alphanumeric(self, length: int) -> str:
        """Random characters of ``A-Za-z0-9``."""

    def hexadecimal(self, length: int) -> str:
        """Random lower-case hexadecimal digits."""

    def digits(self, length: int) -> str:
        """Random decimal digits."""


# ── configuration ──────────────────────────────────────────────────────────────────────────────


class Directory(Protocol):
    """Configuration in memory: immutable snapshots, replaced whole when a tenant changes."""

    def issuer(self, host: str) -> Issuer | None:
        """Whom the ``Host`` header names (lower case, with its port if it has one), or ``None``."""

    def tenant(self, tenant: str) -> TenantDirectory:
        """The current snapshot of a tenant. Raises ``UnknownTenant``."""

    def tenants(self) -> Sequence[Tenant]:
        """All tenants, in order of creation."""

    async def change(
        self,
        tenant: str,
        changes: Sequence[Change],
        events: Sequence[LogEvent] = (),
        *,
        at_revision: int | None = None,
    ) -> TenantDirectory:
        """Write documents and log events in one transaction, and return the new snapshot.

        ``at_revision`` demands that nothing of the tenant was changed since it was at that revision. Raises
        ``Conflict`` (field ``unique_key`` or ``revision``, or ``host`` for a domain that another tenant serves) or
        ``UnknownTenant``, and then writes nothing.
        """

    async def create_tenant(
        self, tenant: Tenant, changes: Sequence[Change], events: Sequence[LogEvent] = ()
    ) -> TenantDirectory:
        """Make a tenant with its first documents; raises ``Conflict`` (``tenant`` or ``host``)."""

    async def delete_tenant(self, tenant: str) -> None:
        """Remove a tenant with everything it has, its log and its snapshots too. Raises ``UnknownTenant``."""

    async def move_tenant(self, tenant: str, domain: str, changes: Sequence[Change]) -> TenantDirectory:
        """Give a tenant another canonical domain."""

    async def refresh(self, tenant: str | None = None) -> None:
        """Read again what other nodes may have written."""

    def turn(self, tenant: str) -> AbstractAsyncContextManager[object]:
        """Held by one at a time of those whose change of a tenant lost against another: many together would only
        lose to each other."""


class Snapshots(Protocol):
    """Tenants as they were: in files, or kept in the database. Sealed under the master key."""

    async def take(self, tenant: str, file: BinaryIO, events: Sequence[LogEvent] = ()) -> TenantSnapshot:
        """Write what a tenant is at one moment to ``file``. Raises ``UnknownTenant``, ``OSError``."""

    def read_head(self, file: BinaryIO, sealed_under: bytes | None = None) -> TenantSnapshot:
        """What a snapshot says of itself. Raises ``UnusableSnapshot``."""

    async def restore(
        self,
        file: BinaryIO,
        *,
        domain: str | None = None,
        kept: str | None = None,
        sealed_under: bytes | None = None,
        events: Sequence[LogEvent] = (),
    ) -> TenantDirectory:
        """Make the tenant what it was, or make it anew where it is gone: all of it, or nothing.

        A tenant that exists stays at its domain and signs with its keys of today, another one gets its old ones, unless
        ``domain`` says otherwise. With ``kept``, the id it is kept under, only a tenant that is there and keeps it
        still: raises ``UnknownTenant``.
        ``sealed_under`` is the master key (32 bytes) of the server it was taken on, if that is another one.
        Raises ``UnusableSnapshot``, ``Conflict`` (``host``).
        """

    async def clone(
        self,
        file: BinaryIO,
        tenant: Tenant,
        *,
        without: Collection[str],
        changes: Sequence[Put],
        sealed_under: bytes | None = None,
        events: Sequence[LogEvent] = (),
    ) -> TenantDirectory:
        """Make another tenant of a snapshot, ``without`` these kinds of documents and with ``changes`` instead.

        Raises ``UnusableSnapshot``, ``Conflict`` (``tenant`` or ``host``).
        """

    async def keep(self, tenant: str, id_: str, events: Sequence[LogEvent] = ()) -> TenantSnapshot:
        """Take a snapshot and keep it in the database, with the tenant. Raises ``UnknownTenant``."""

    async def kept(self, tenant: str) -> list[TenantSnapshot]:
        """The snapshots kept of a tenant, the oldest first."""

    async def open(self, tenant: str, id_: str) -> BinaryIO | None:
        """The content of a kept snapshot, to be closed after use."""

    async def drop(self, tenant: str, id_: str) -> bool:
        """Keep it no longer; ``False`` where there is none."""


class RootCredential(Protocol):
    """What opens the door to all tenants of a server: one for all its nodes, derived from the master key."""

    async def matches(self, given: str) -> bool:
        """Whether ``given`` is the credential; takes as long for every other."""


# ── credentials ────────────────────────────────────────────────────────────────────────────────


class AuthorizationCodes(Protocol):
    async def issue(
        self,
        tenant: str,
        code: AuthorizationCode | None,
        *,
        session: Session | None,
        consent: ConsentGrant | None,
        transaction: bytes | None,
        events: Sequence[LogEvent],
    ) -> bool:
        """Store a code (if the response has one) with the session as it is after the interaction and the
        consent (scopes are added to those remembered); the transaction ``id_hash`` is finished with it.
        ``False``, and nothing written, when that transaction had been finished or the session ended before."""

    async def find(self, tenant: str, code_hash: bytes) -> AuthorizationCode | None:
        """The code, spent or not, expired or not."""

    async def spend(
        self,
        tenant: str,
        code_hash: bytes,
        *,
        at: float,
        access_token_hash: bytes | None,
        access_token_expires_at: float,
        refresh_token: RefreshToken | None,
        keep: int,
        events: Sequence[LogEvent],
    ) -> bool:
        """Use the code up: mark it, store the refresh token and the events, in one step; of the live
        refresh tokens of its user and client only the ``keep`` newest stay valid. ``False``, and nothing
        written, if it was used before or is gone. ``access_token_hash`` is ``None`` when a failed check
        burns the code."""

    async def revoke_issued(self, tenant: str, code_hash: bytes, *, at: float, events: Sequence[LogEvent]) -> None:
        """A code came twice: revoke the access token and the refresh family it gave."""


# Something with the metadata an administrator gave it, which nothing else touches.
Described = tuple[T, dict[str, Any]]


class RefreshTokens(Protocol):
    async def issue(self, tenant: str, token: RefreshToken, *, keep: int, events: Sequence[LogEvent]) -> None:
        """Store a first token of a family (grants without a code); of the live tokens of the same
        user and client only the ``keep`` newest stay valid."""

    async def find(self, tenant: str, token_hash: bytes) -> RefreshToken | None:
        """The token in whatever state."""

    async def rotate(
        self,
        tenant: str,
        token_hash: bytes,
        successor: RefreshToken,
        *,
        at: float,
        leeway: int,
        access_token_hash: bytes,
        access_token_expires_at: float,
        events: Sequence[LogEvent],
        mfa_token: OneTimeValue | None = None,
    ) -> bool:
        """Spend ``token_hash`` and store its successor in one step. A token spent less than
        ``leeway`` seconds ago may be exchanged again while it is the immediate predecessor of the
        newest generation. ``False``, and nothing written, otherwise, or if it was revoked.

        ``mfa_token`` is used up in the same step, here and below; ``False`` if it was before. It is used up where the
        refresh token is not good any more, too."""

    async def replace(
        self,
        tenant: str,
        token_hash: bytes,
        successor: RefreshToken,
        *,
        at: float,
        access_token_hash: bytes,
        access_token_expires_at: float,
        events: Sequence[LogEvent],
        mfa_token: OneTimeValue | None = None,
    ) -> bool:
        """Revoke ``token_hash`` and store the first token of another family in one step, for a client that
        changed between rotating and not. With it are revoked, when the successor rotates, all tokens of its
        user, client and audience that do not; else the rest of the old family. ``False``, and nothing
        written, if it was used or revoked."""

    async def exchange(
        self,
        tenant: str,
        token_hash: bytes,
        *,
        at: float,
        ip: str | None,
        user_agent: str | None,
        idle_expires_at: float | None,
        expires_at: float | None,
        access_token_hash: bytes,
        access_token_expires_at: float,
        events: Sequence[LogEvent],
        mfa_token: OneTimeValue | None = None,
        renewed: RefreshToken | None = None,
    ) -> bool:
        """Use a token that does not rotate; ``False`` if it was revoked meanwhile. ``renewed`` is what is kept of it
        from now on, where that is not what was."""

    async def revoke_family(self, tenant: str, family: str, *, at: float, events: Sequence[LogEvent]) -> None:
        """Revoke every token of a family, and the access tokens they gave."""

    async def get(self, tenant: str, family: str, *, at: float) -> Described[RefreshToken] | None:
        """The token of a family that can be used at ``at``."""

    async def page(
        self,
        tenant: str,
        user_id: str,
        *,
        client_id: str | None = None,
        at: float,
        after: str = "",
        limit: int,
    ) -> tuple[list[Described[RefreshToken]], int]:
        """Tokens that can be used at ``at``, one of each family, by family from ``after`` on; and how many
        there are in all."""

    async def describe(
        self, tenant: str, family: str, metadata: Mapping[str, Any] | None, *, at: float, events: Sequence[LogEvent]
    ) -> bool:
        """Set the metadata of a family; ``False`` when none of its tokens can be used any more."""

    async def revoke(
        self,
        tenant: str,
        *,
        families: Sequence[str] = (),
        user_id: str | None = None,
        client_id: str | None = None,
        audience: str | None = None,
        at: float,
        events: Sequence[LogEvent],
    ) -> None:
        """Revoke families, or those of a user (of one client, for one audience), and the access tokens they
        gave. One that is gone is no error."""

    async def revoke_grant(
        self, tenant: str, user_id: str, client_id: str, audience: str, *, at: float, events: Sequence[LogEvent]
    ) -> None:
        """Delete the consent of (user, client, audience) and revoke every refresh token of it."""


class DeviceCredentials(Protocol):
    async def create(self, tenant: str, credential: DeviceCredential, *, at: float, events: Sequence[LogEvent]) -> None:
        """Raises ``Conflict`` when the user has a key for this client and device already."""

    async def page(
        self,
        tenant: str,
        *,
        at: float,
        offset: int,
        limit: int,
        id_: str | None = None,
        type_: str | None = None,
        user_id: str | None = None,
        client_id: str | None = None,
    ) -> tuple[list[DeviceCredential], int]:
        """Public keys, and refresh tokens that can be used at ``at``, by id; and how many there are in all.
        The ``value`` is left out."""

    async def delete(self, tenant: str, id_: str, *, at: float, events: Sequence[LogEvent]) -> None:
        """Delete a key, or revoke the refresh token. One that is gone is no error."""


class PushedRequests(Protocol):
    async def push(self, tenant: str, request: PushedRequest) -> None: ...

    async def find(self, tenant: str, uri_hash: bytes) -> PushedRequest | None:
        """The request, or ``None`` when it was used or never existed."""

    async def spend(self, tenant: str, uri_hash: bytes, *, at: float) -> bool:
        """Use it up; ``False`` if it was used before."""


class OneTimeValues(Protocol):
    async def use(self, tenant: str, value_hash: bytes, *, at: float, expires_at: float) -> bool:
        """Remember a value that may come once (``jti`` of an assertion); ``False`` on a replay."""

    async def used(self, tenant: str, value_hash: bytes, *, at: float) -> bool:
        """Whether it is remembered at ``at``."""


# ── the person ─────────────────────────────────────────────────────────────────────────────────


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


class RememberedBrowsers(Protocol):
    """Browsers in which somebody proved a second factor and wants to be believed for a while."""

    async def remember(self, tenant: str, user_id: str, browser_hash: bytes, *, until: float) -> None: ...

    async def knows(self, tenant: str, user_id: str, browser_hash: bytes, *, at: float) -> bool: ...

    async def forget(self, tenant: str, user_id: str, *, events: Sequence[LogEvent]) -> None:
        """Forget all browsers of a user; so does removing an authentication method of theirs."""


class Sessions(Protocol):
    """Sessions. Whoever ends one, here or anywhere else, puts what its applications are to be told into the outbox, in
    the same transaction."""

    async def find(self, tenant: str, cookie_hash: bytes) -> Session | None: ...

    async def get(self, tenant: str, sid: str, *, at: float) -> Described[Session] | None:
        """A session that is live at ``at``."""

    async def page(
        self, tenant: str, user_id: str, *, at: float, after: str = "", limit: int
    ) -> tuple[list[Described[Session]], int]:
        """Sessions of a user that are live at ``at``, by ``sid`` from ``after`` on; and how many there are."""

    async def describe(
        self, tenant: str, sid: str, metadata: Mapping[str, Any] | None, *, at: float, events: Sequence[LogEvent]
    ) -> bool:
        """Set the metadata of a session; ``False`` when it is not live."""

    async def revoke(
        self,
        tenant: str,
        user_id: str,
        cause: Cause,
        *,
        sid: str | None = None,
        refresh_tokens: bool = False,
        at: float,
        events: Sequence[LogEvent],
    ) -> bool:
        """End the session ``sid`` of a user, or all of them, with what ends with ``cause``; ``refresh_tokens`` is
        said where that leaves it open. ``False``, and nothing written, when there is no such session."""

    async def end(self, tenant: str, sid: str, cause: Cause, *, at: float, events: Sequence[LogEvent]) -> bool:
        """End a session with what ends with ``cause``. ``False`` when there is none; the events are written."""


class LoginTransactions(Protocol):
    async def start(self, tenant: str, transaction: LoginTransaction) -> None: ...

    async def find(self, tenant: str, id_hash: bytes) -> LoginTransaction | None: ...

    async def advance(
        self,
        tenant: str,
        transaction: LoginTransaction,
        *,
        sign_in: SignIn | None = None,
        renewal: Renewal | None = None,
        events: Sequence[LogEvent] = (),
    ) -> bool:
        """Write the next state if ``version`` is still the stored one (it is then raised by one),
        together with the sign-in of this step (session, last login) or the ``renewal`` of the session, unless that
        one was ended or got another cookie meanwhile; ``False``, and nothing written, when
        another request was first or the transaction is finished."""


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


class Attempts(Protocol):
    """Counters of failed attempts; atomic across nodes."""

    async def count(self, tenant: str, key: str) -> int:
        """Failures counted so far."""

    async def look(self, tenant: str, keys: Sequence[str]) -> Mapping[str, Counter]:
        """The counters under these keys, in one read; a key nothing is counted under is left out."""

    async def fail(self, tenant: str, key: str, *, at: float, window: float) -> int:
        """Count one failure and return the new number; a counter untouched for ``window`` seconds starts again."""

    async def admit(self, tenant: str, key: str, *, at: float, interval: float, burst: int) -> bool:
        """Let one through of those who come under a key: ``burst`` at once, and one more every ``interval`` seconds.
        ``False`` for one too many, which does not count."""

    async def clear(self, tenant: str, prefix: str) -> int:
        """Forget all counters whose key starts with ``prefix``; returns how many there were."""

    async def matching(self, tenant: str, prefix: str, suffix: str = "") -> list[tuple[str, int]]:
        """Keys that start with ``prefix`` and end in ``suffix``, and their counts."""


class Log(Protocol):
    def write(self, tenant: str, event: LogEvent) -> None:
        """Collect an event of an answer that writes nothing else; stored within a second."""

    async def flush(self) -> None: ...

    async def page(
        self,
        tenant: str,
        *,
        offset: int,
        limit: int,
        count: int = 1000,
        after: str | None = None,
        where: Search = EVERYTHING,
        sort: Sort | None = None,
        newest_first: bool = True,
    ) -> tuple[list[LogEvent], int]:
        """Events by ``log_id``, or by ``sort`` first, and how many there are, counted up to ``count``; ``after`` is a
        checkpoint (oldest first; where others write to the same log, up to where nobody can still be
        writing something earlier). ``where`` and ``sort`` know the fields of an event but ``details``. Raises
        ``TooCostly``."""

    async def find(self, tenant: str, log_id: str) -> LogEvent | None: ...

    async def daily(self, tenant: str, first: str, last: str) -> Mapping[str, Mapping[str, int]]:
        """Of the days (``YYYYMMDD``, UTC) from ``first`` to ``last`` on which any of them happened, how often each
        of the ``COUNTED`` did; also of days whose events are gone. Raises ``TooCostly``."""


# ── what goes on after an answer ───────────────────────────────────────────────────────────────


class Jobs(Protocol):
    async def create(self, tenant: str, job: Job, *, at_most: int | None = None, events: Sequence[LogEvent]) -> bool:
        """Store a new job. ``False``, and nothing written, when ``at_most`` of its type are under way already."""

    async def find(self, tenant: str, job_id: str, *, at: float) -> Job | None:
        """The job as it is at ``at``: a pending one without a sign of life is failed from now on."""

    async def errors(self, tenant: str, job_id: str) -> list[JobError]:
        """The rows that failed, in the order of the file."""

    async def fail(self, tenant: str, job_id: str, details: str, *, events: Sequence[LogEvent] = ()) -> bool:
        """End a pending job as failed, with what it has come to so far, whoever wrote that; ``False`` when it is not
        pending any more."""

    async def advance(self, tenant: str, job: Job, *, events: Sequence[LogEvent] = ()) -> bool:
        """Write the next state of a pending job; ``False``, and nothing written, when it is not pending any more."""

    async def import_users(
        self,
        tenant: str,
        job: Job,
        connection: Connection,
        identifiers: Mapping[str, Sequence[str]],
        decide: Callable[[Sequence[KnownUser]], ImportBatch],
    ) -> Job | None:
        """Write some rows of an import and the state of its job in one transaction.

        ``identifiers`` are what the rows name, normalised, by the ``field`` of ``KnownUser``. ``decide`` is told
        who has one of them, and says what is to be written; it may be asked again. The new state of the job, or
        ``None``, and nothing written, when it is not pending any more. Raises ``Conflict`` when somebody was changed
        meanwhile (``revision``), or the connection is gone (``connection``).
        """


class Tickets(Protocol):
    async def create(
        self,
        tenant: str,
        ticket: Ticket,
        *,
        events: Sequence[LogEvent],
        messages: Sequence[Message] = (),
        otherwise: Sequence[LogEvent] = (),
    ) -> bool:
        """Those for the same purpose and address are void then. ``False``, and nothing written but ``otherwise``, for
        a user who is gone or never was: after the same work."""

    async def find(self, tenant: str, ticket_hash: bytes, type_: TicketType, *, at: float) -> Ticket | None:
        """A ticket that could be redeemed at ``at``."""

    async def look(
        self, tenant: str, ticket_hash: bytes, type_: TicketType, *, at: float
    ) -> tuple[Ticket, TicketState] | None:
        """A ticket that was made, and how it stands at ``at``; those that are over are known for a month."""

    async def redeem(
        self,
        tenant: str,
        ticket_hash: bytes,
        type_: TicketType,
        *,
        at: float,
        events: Sequence[LogEvent] = (),
        messages: Sequence[Message] = (),
        change: AccountChange | None = None,
        unblock: Sequence[str] = (),
    ) -> Ticket | None:
        """Use it up, write the change it is good for, and forget the counters whose keys begin with ``unblock``,
        all in one step. ``None``, and nothing written, if it was used, is over, or never was. Raises ``Conflict``
        (``revision``), and writes nothing, when somebody else changed the user first."""


class Challenges(Protocol):
    async def begin(
        self, tenant: str, challenge: Challenge, *, messages: Sequence[Message], events: Sequence[LogEvent]
    ) -> None:
        """Store a code together with the messages that bring it; the one before it of the same subject is void."""

    async def find(self, tenant: str, id_hash: bytes, *, at: float) -> Challenge | None:
        """One that can still be solved at ``at``; reading costs no try."""

    async def check(
        self, tenant: str, id_hash: bytes, code_hash: bytes, *, at: float
    ) -> tuple[Verdict, Challenge | None]:
        """Try a code, and what it was tried against: the right one is spent with that, a wrong one costs a try."""


class Background(Protocol):
    """What happens beside the requests, in the same process."""

    async def start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Begin ``work``; return when it is done, or after a moment while it goes on. It is cancelled when the
        server stops and it does not end by itself within a few seconds."""

    async def pause(self, seconds: float = 0) -> None:
        """Let the requests have their turn, for so long at least."""


class Spool(Protocol):
    """A temporary file without a name: written from the beginning, then read from the beginning.

    ``write`` raises ``StorageUnavailable`` when the disk is full. It is gone when it is closed, or the process ends.
    """

    @property
    def size(self) -> int: ...

    def write(self, data: bytes) -> None: ...

    def pieces(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class FileBody(Protocol):
    """The content of a file, to be handed out piece by piece."""

    @property
    def size(self) -> int: ...

    def pieces(self) -> AsyncIterator[bytes]: ...

    def close(self) -> None: ...


class ExportFile(Protocol):
    """A compressed file (gzip) in the making; nobody finds it before it is finished."""

    async def write(self, data: bytes) -> None: ...

    async def finish(self) -> None: ...

    def discard(self) -> None:
        """Throw away what was written, unless it is finished."""


class Files(Protocol):
    """The files of jobs. What was exported is kept for a day."""

    def spool(self) -> Spool: ...

    def export(self, name: str) -> ExportFile: ...

    def open(self, name: str) -> FileBody | None: ...


class Inbox(Protocol):
    """Where a development server's messages end up, instead of with people; gone when the server is."""

    def messages(self, tenant: str, to: str | None = None) -> list[Received]:
        """Those of a tenant (to this address or number), the newest first."""

    def find(self, tenant: str, id_: str) -> Received | None: ...

    def take(self, tenant: str, to: str | None = None) -> Received | None:
        """The newest that nobody has taken, if there is one; those before it count as taken too."""

    def clear(self, tenant: str) -> None: ...


class HttpAnswer(Struct, frozen=True):
    """What somebody else's server answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpOut(Protocol):
    """Requests to where somebody else said. The one way out: it reaches public addresses only, by https, follows no
    redirect, and knows no proxy and no cookie."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        seconds: float = 5.0,
        largest: int = 65_536,
    ) -> HttpAnswer:
        """One request and its whole answer, of ``largest`` bytes at most, within ``seconds``.

        Raises ``Unreachable``, also where that address is not to be reached.
        """


class Outbox(Protocol):
    """Messages on their way. A verb that makes what a message tells of takes ``messages`` itself and stores them with
    it: either both happen or nothing. A moment later they are sent; what cannot be sent is an event ``fn``."""

    async def put(self, tenant: str, messages: Sequence[Message], *, events: Sequence[LogEvent] = ()) -> None:
        """Store messages that tell of nothing that has to be written with them."""


class Assets(Protocol):
    """Pictures and fonts of the login pages, by a digest of what they hold."""

    async def keep(self, tenant: str, digest: str, content: bytes) -> None:
        """Have it; it may be there already."""

    async def find(self, tenant: str, digest: str) -> bytes | None: ...

    async def drop(self, tenant: str, digests: Sequence[str]) -> None:
        """Remove those that are there, but for what a document of the tenant's says it is kept."""


# ── cryptography ───────────────────────────────────────────────────────────────────────────────


class Jose(Protocol):
    """JWS and JWE (RFC 7515, 7516). Algorithms are always the caller's choice, never the token's."""

    async def sign(self, key: SigningKey, alg: str, typ: str, claims: Mapping[str, Any]) -> str:
        """A compact JWS with header ``{alg, typ, kid}``; ``alg`` is RS256, RS384, RS512 or PS256."""

    def sign_symmetric(self, secret: str, alg: str, typ: str, claims: Mapping[str, Any]) -> str:
        """A compact JWS with header ``{alg, typ}``; ``alg`` is HS256, HS384 or HS512."""

    def verify(
        self, token: str, keys: Callable[[str | None], SigningKey | None], algs: frozenset[str]
    ) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """Header and claims of a token signed by one of our keys (found by ``kid``); raises ``InvalidToken``."""

    def verify_symmetric(
        self, token: str, secret: str, algs: frozenset[str]
    ) -> tuple[Mapping[str, Any], dict[str, Any]]: ...

    def verify_pem(self, token: str, pem: str, algs: frozenset[str]) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """As ``verify``, with somebody else's public key (a client assertion)."""

    def peek(self, token: str) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """Header and claims **unverified**, parsed strictly: to find whose key to verify with."""

    def seal(self, key: bytes, issuer: str, claims: Mapping[str, Any]) -> str:
        """A compact JWE ``dir``/``A256GCM`` with header ``{alg, enc, iss}``."""

    def open(self, key: bytes, token: str) -> dict[str, Any]:
        """The claims of a sealed token; raises ``InvalidToken``."""

    def encrypt(self, key: EncryptionKey, token: str) -> str:
        """A nested JWE (``cty`` JWT) around a signed token, ``A256GCM``."""


class WebAuthn(Protocol):
    """What authenticators answer (W3C Web Authentication §7): challenge, origin, relying party, presence, signature.

    ``answer`` is the JSON of a ``PublicKeyCredential``. ``verified``: the authenticator has to know the person.
    """

    def registered(
        self, answer: Mapping[str, Any], party: RelyingParty, *, challenge: bytes, verified: bool
    ) -> RegisteredKey:
        """The key that was made, of one of ``model.webauthn.ALGORITHMS``. Raises ``InvalidAnswer``."""

    def asserted(
        self, answer: Mapping[str, Any], party: RelyingParty, *, challenge: bytes, public_key: str, verified: bool
    ) -> Assertion:
        """What was proved with a key that is known (a COSE key in base64). Raises ``InvalidAnswer``. How often it was
        used before is the caller's to compare."""


class KeyMaker(Protocol):
    async def signing_key(self, tenant: Tenant) -> SigningKey:
        """A new RSA 2048 key with a self-signed certificate, in state ``next``."""


class BreachedPasswords(Protocol):
    """A list of passwords that leaked somewhere."""

    async def is_breached(self, password: str) -> bool:
        """``False`` also where nobody could be asked: nobody is kept out because a service is down."""


class Passwords(Protocol):
    """Password hashing in a bounded pool of its own; raises ``Overloaded`` when that is full."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, stored: str | None) -> tuple[bool, bool]:
        """(right, needs rehash). ``None`` verifies against a dummy, so an unknown user costs the same."""


class Authenticator(Protocol):
    """The person, as the protocol asks for them; ``identity`` answers."""

    async def password(
        self,
        directory: TenantDirectory,
        connection: Connection,
        username: str,
        password: str,
        context: RequestContext,
        *,
        verified: bool = False,
    ) -> PasswordOutcome:
        """Check an identifier and a password against one database connection: counts failures,
        logs them, and upgrades old hashes. ``verified`` says that a page asked for a challenge where bot detection
        wants one. Raises ``Overloaded`` when hashing is full."""

    async def identify(self, directory: TenantDirectory, connection: Connection, username: str) -> User | None:
        """Whom an identifier names in one database connection; no password is checked, nothing is counted."""


class CodeAuthenticator(Protocol):
    """The person who gives back a code they were sent, as the protocol asks for them; ``identity`` answers."""

    async def code(
        self,
        directory: TenantDirectory,
        connection: Connection,
        client: Client,
        username: str,
        code: str,
        context: RequestContext,
    ) -> PasswordOutcome:
        """Check an address and the code ``client`` had sent to it over a passwordless connection: spends it, counts
        and logs failures, and makes a user of somebody who is new."""


class LoginAssessor(Protocol):
    """What is thought of logins; asked only where the policy of a tenant is ``confidence-score``."""

    async def assess(self, directory: TenantDirectory, login: AssessedLogin) -> Confidence:
        """Whether a login is believed without a second factor. Asked again for each request of a session until a
        factor is proved in it. What it raises ends the login; nothing waits longer than it does."""


class SecondFactors(Protocol):
    """A second factor of a person; ``identity`` answers. Every code that is tried counts against the factor until a
    right one comes, and is logged."""

    async def standing(self, directory: TenantDirectory, user: User) -> Standing:
        """What somebody can be challenged with, or enrol in."""

    def otp_enrollment(self, subject: MfaSubject) -> OtpEnrollment:
        """What an authenticator app is set up with: the same as long as the binding is."""

    async def enroll_otp(self, subject: MfaSubject, code: str, *, first: bool = True) -> Outcome:
        """Keep the authenticator app that shows ``code``; with a first factor comes a recovery code, where the tenant
        has them. ``first``: nobody who has a factor already may add one this way."""

    async def prove_otp(self, subject: MfaSubject, code: str) -> Outcome: ...

    async def send_code(
        self, subject: MfaSubject, factor: Factor, address: str, handle: str, *, enrolls: bool
    ) -> Outcome:
        """Send a code to be given back under ``handle``: to prove the factor, or to enrol in it. ``RIGHT`` when it is
        under way, ``TOO_MANY`` when too many were sent already."""

    async def prove_code(self, subject: MfaSubject, factor: Factor, handle: str, code: str) -> Outcome:
        """Give back the code that was sent for ``handle``."""

    async def enroll_address(
        self, subject: MfaSubject, factor: Factor, handle: str, code: str, *, first: bool = True
    ) -> Outcome:
        """Keep the number or the e-mail address the code of ``handle`` was sent to, as ``enroll_otp`` keeps an app."""

    async def prove_recovery_code(self, subject: MfaSubject, code: str) -> Outcome:
        """A right one is spent, and another takes its place."""

    def coming_recovery_code(self, subject: MfaSubject) -> str | None:
        """The recovery code that will come with a first factor; ``None`` where the tenant has them switched off."""

    async def new_recovery_code(self, subject: MfaSubject) -> str:
        """Put another recovery code in the place of the one there was."""

    async def key_enrollment(self, subject: MfaSubject, factor: str) -> dict[str, Any]:
        """``PublicKeyCredentialCreationOptions`` (JSON) for a key as second factor, ``webauthn-roaming`` or
        ``webauthn-platform``."""

    async def enroll_key(
        self, subject: MfaSubject, factor: str, answer: str, *, first: bool = True
    ) -> tuple[Outcome, str]:
        """Keep the key an authenticator made; with what came of it, the id of the method."""

    async def key_challenge(self, subject: MfaSubject, factor: str) -> dict[str, Any]:
        """``PublicKeyCredentialRequestOptions`` (JSON) for the keys somebody has."""

    async def prove_key(self, subject: MfaSubject, factor: str, answer: str) -> Outcome: ...

    async def name_key(self, subject: MfaSubject, method: str, name: str) -> bool:
        """Call a key of the person something; ``False`` when it is gone."""

    def key_failed(self, subject: MfaSubject, factor: str, why: str, *, enrolls: bool) -> None:
        """Note what a browser says went wrong."""

    async def keeps_recovery_code(self, subject: MfaSubject) -> None:
        """The person says that they keep the one that was shown."""

    async def renewed_recovery_code(self, subject: MfaSubject) -> str | None:
        """Another one in the place of one that nobody says they keep, to be shown; ``None`` where there is no such."""

    async def recovery_code(self, subject: MfaSubject) -> str | None:
        """The recovery code this binding gave, to be shown; ``None`` when it gave none, or it is not good any more."""


class Passkeys(Protocol):
    """A key in the place of a password; ``identity`` answers. ``binding`` is the digest of the login it happens in.
    An answer is the JSON of a ``PublicKeyCredential``, as text or read."""

    def request(
        self, directory: TenantDirectory, hostname: str, binding: bytes, *, seconds: float | None = None
    ) -> dict[str, Any]:
        """``PublicKeyCredentialRequestOptions`` (JSON) for whichever passkey somebody has for a host (with its
        port). ``seconds`` is how long it may be answered, where that is not as long as a login."""

    async def prove(
        self,
        directory: TenantDirectory,
        connections: Sequence[Connection],
        given: str | dict[str, Any],
        binding: bytes,
        context: RequestContext,
        client: Client,
        *,
        embedded: bool = False,
    ) -> PasskeyLogin:
        """Whose passkey answered, in one of ``connections``. ``embedded``: in the client's own pages or applications.
        A refusal is logged."""

    async def state(
        self, directory: TenantDirectory, connection: Connection, user: User, hostname: str
    ) -> PasskeyState: ...

    async def creation(self, subject: MfaSubject, *, local: bool = False) -> dict[str, Any]:
        """``PublicKeyCredentialCreationOptions`` (JSON) for a new passkey; ``local``: on this device."""

    async def enroll(self, subject: MfaSubject, place: int, given: str | dict[str, Any]) -> Enrollment:
        """Keep the passkey an authenticator made, for the identity at ``place``."""

    async def new_account(self, newcomer: Newcomer, *, seconds: float) -> dict[str, Any]:
        """``PublicKeyCredentialCreationOptions`` (JSON) for somebody who has no account yet, good for so many
        ``seconds``. Raises ``SignupImpossible``."""

    def first(self, newcomer: Newcomer) -> dict[str, Any]:
        """The same on a login page, where whether there is an account is told after the passkey was made."""

    async def sign_up(self, newcomer: Newcomer, given: str | dict[str, Any]) -> User | None:
        """The new account, with the passkey an authenticator made; ``None`` where that proves nothing. Raises
        ``SignupImpossible``, and ``AnsweredBefore`` where the same made it already, or is about to."""

    def failed(self, subject: MfaSubject, why: str) -> None:
        """Note what a browser says went wrong with a new passkey."""

    async def postpone(self, directory: TenantDirectory, user: User, *, for_good: bool) -> None:
        """Somebody wants no passkey now; nobody asks again for a month, or ever."""


# ── all of them ────────────────────────────────────────────────────────────────────────────────


class Ports(Struct, frozen=True, kw_only=True):
    """What one server runs on; built once in ``app.py`` and handed down."""

    clock: Clock
    entropy: Entropy
    directory: Directory
    snapshots: Snapshots
    root_credential: RootCredential
    codes: AuthorizationCodes
    refresh_tokens: RefreshTokens
    device_credentials: DeviceCredentials
    pushed_requests: PushedRequests
    one_time_values: OneTimeValues
    users: Users
    organizations: Organizations
    authentication_methods: AuthenticationMethods
    remembered_browsers: RememberedBrowsers
    sessions: Sessions
    transactions: LoginTransactions
    consents: Consents
    attempts: Attempts
    jobs: Jobs
    tickets: Tickets
    challenges: Challenges
    background: Background
    files: Files
    outbox: Outbox
    inbox: Inbox | None
    http: HttpOut
    assets: Assets
    log: Log
    jose: Jose
    keys: KeyMaker
    passwords: Passwords
    breached_passwords: BreachedPasswords
    authenticator: Authenticator
    passwordless: CodeAuthenticator
    login_assessor: LoginAssessor
    second_factors: SecondFactors
    passkeys: Passkeys
