"""What a Management API handler is given: the caller, the tenant, the request, the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from doorward.identity.people import People
from doorward.management.kit.form import ReadForm
from doorward.model.credential import PublicKey
from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.ports import Ports, Spool

MACHINE = "@clients"
PREFIX, OWN_PREFIX = "/api/v2", "/_doorward/api/v1"
LARGEST_UPLOAD = 512_000


class Claims(Protocol):
    """What is read of a verified token (``oauth.bearer.BearerToken`` has it)."""

    @property
    def token_hash(self) -> bytes: ...

    @property
    def subject(self) -> str: ...

    @property
    def client_id(self) -> str: ...

    @property
    def scopes(self) -> frozenset[str]: ...

    @property
    def sealed(self) -> bool: ...

    @property
    def authenticated_at(self) -> float: ...


Verify = Callable[[str, str, Issuer, TenantDirectory], Claims]
LookUpTxt = Callable[[str], Awaitable[list[str]]]
ReadPublicKey = Callable[[str], PublicKey]
CheckTemplate = Callable[[str], str | None]

REQUEST_BURST = 50


class Services(Struct, frozen=True, kw_only=True):
    """What this floor needs beside the ports. ``people`` is what is done for users.

    ``verify`` checks a bearer token against an audience and raises ``oauth.errors.InvalidTokenError``
    (``oauth.bearer.BearerTokens.verify``). ``read_public_key`` reads a PEM public key or certificate
    and raises ``ValueError`` for what is not one. ``lookup_txt`` asks DNS for the TXT records of a
    name and never raises; without it the operator's word verifies a custom domain.
    ``check_template`` says what is wrong with a Liquid template, if anything is.
    ``password_change_revokes_refresh_tokens``: Auth0 ends the sessions only. ``largest_upload`` bounds a form
    with files, in bytes. Of the requests of one client, ``request_burst`` are answered at once and
    ``requests_per_second`` more each second; 0 sets no limit.
    """

    ports: Ports
    people: People
    verify: Verify
    read_public_key: ReadPublicKey
    check_template: CheckTemplate
    lookup_txt: LookUpTxt | None = None
    password_change_revokes_refresh_tokens: bool = False
    largest_upload: int = LARGEST_UPLOAD
    requests_per_second: float = 0.0
    request_burst: int = REQUEST_BURST


class Actor(Struct, frozen=True, kw_only=True):
    """Who calls. ``scopes`` are those that count: a person's token only has the ``current_user`` ones."""

    client_id: str
    subject: str
    scopes: frozenset[str]

    @property
    def is_machine(self) -> bool:
        return self.subject == self.client_id + MACHINE

    def may(self, *scopes: str) -> bool:
        """Whether any of the scopes was granted."""
        return not self.scopes.isdisjoint(scopes)


class ManagementRequest(Struct, frozen=True, kw_only=True):
    """A request as it came. ``path`` is percent-encoded and begins after the ``prefix``. Where bodies are not read
    beforehand, ``form`` reads one."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    content_type: str = ""
    form: ReadForm | None = None
    token: str | None = None
    issuer: Issuer
    context: RequestContext = RequestContext()
    prefix: str = PREFIX


class Answer(Struct, frozen=True, kw_only=True):
    """``body`` is encoded as JSON, unless it is ``NOTHING``."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = {}


class Nothing:
    """Marks an answer without a body."""


NOTHING = Nothing()


class Call(Struct, kw_only=True):
    """One authorised request. ``arguments`` are the decoded path parameters, ``query`` and ``body``
    are checked. ``files`` came with a form; a handler that goes on with one takes it out, the others are closed.
    ``directory`` is the snapshot the request began with. ``secrets`` are the paths
    in the body whose values no log may hold, ``disclosed`` names the secrets the answer holds."""

    request: ManagementRequest
    directory: TenantDirectory
    actor: Actor
    services: Services
    summary: str
    arguments: dict[str, str] = {}
    query: dict[str, Any] = {}
    body: Any = None
    secrets: tuple[str, ...] = ()
    files: dict[str, Spool] = {}
    disclosed: set[str] = set()

    @property
    def ports(self) -> Ports:
        return self.services.ports

    @property
    def tenant(self) -> str:
        return self.directory.tenant.id

    @property
    def id(self) -> str:
        """The first path parameter."""
        return next(iter(self.arguments.values()))
