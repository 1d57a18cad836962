"""Clients (applications) and client grants, as the protocol reads them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct


class RotationType(StrEnum):
    ROTATING = "rotating"
    NON_ROTATING = "non-rotating"


class ExpirationType(StrEnum):
    EXPIRING = "expiring"
    NON_EXPIRING = "non-expiring"


class ThirdPartySecurityMode(StrEnum):
    STRICT = "strict"
    PERMISSIVE = "permissive"


class RefreshTokenPolicy(Struct, frozen=True):
    """One entry of ``refresh_token.policies``: an API a refresh may be exchanged for."""

    audience: str
    scope: tuple[str, ...] = ()


class RefreshTokenSettings(Struct, frozen=True):
    """The client's ``refresh_token`` object; lifetimes and leeway in seconds."""

    rotation_type: RotationType = RotationType.NON_ROTATING
    expiration_type: ExpirationType = ExpirationType.NON_EXPIRING
    leeway: int = 0
    token_lifetime: int = 2592000
    idle_token_lifetime: int = 1296000
    infinite_token_lifetime: bool = True
    infinite_idle_token_lifetime: bool = True
    policies: tuple[RefreshTokenPolicy, ...] = ()


class JwtConfiguration(Struct, frozen=True):
    """The client's ID token settings; ``lifetime_in_seconds`` absent means the default."""

    alg: str = "RS256"
    lifetime_in_seconds: int | None = None


class LogoutInitiators(Struct, frozen=True):
    """Of which ends of sessions a client is told: ``all``, or those selected (``custom``)."""

    mode: str = "custom"
    selected_initiators: tuple[str, ...] | None = None


class LogoutMetadata(Struct, frozen=True):
    include: bool = False


class BackchannelLogout(Struct, frozen=True):
    """The client's ``oidc_logout`` object. Of the URLs the first one is told."""

    backchannel_logout_urls: tuple[str, ...] = ()
    backchannel_logout_initiators: LogoutInitiators | None = None
    backchannel_logout_session_metadata: LogoutMetadata | None = None

    @property
    def url(self) -> str:
        return self.backchannel_logout_urls[0] if self.backchannel_logout_urls else ""

    @property
    def includes_metadata(self) -> bool:
        metadata = self.backchannel_logout_session_metadata
        return metadata is not None and metadata.include


class CredentialReference(Struct, frozen=True):
    id: str


class PrivateKeyJwt(Struct, frozen=True):
    credentials: tuple[CredentialReference, ...] = ()


class ClientAuthenticationMethods(Struct, frozen=True):
    private_key_jwt: PrivateKeyJwt | None = None
    tls_client_auth: dict[str, Any] | None = None
    self_signed_tls_client_auth: dict[str, Any] | None = None


class ClientCredential(Struct, frozen=True, kw_only=True):
    """A public key a client proves itself with: ``/api/v2/clients/{id}/credentials``."""

    id: str
    kid: str
    alg: str = "RS256"
    pem: str
    credential_type: str = "public_key"
    expires_at: str | None = None


DEFAULT_GRANT_TYPES = ("authorization_code", "implicit", "refresh_token", "client_credentials")


class Client(Struct, frozen=True, kw_only=True):
    """An application: the properties of ``/api/v2/clients`` that decide what it may do.

    Defaults are those of a client created with nothing but a name.
    """

    client_id: str
    name: str = ""
    client_secret: str = ""
    app_type: str | None = None
    is_first_party: bool = True
    third_party_security_mode: ThirdPartySecurityMode | None = None
    redirection_policy: str = "open_redirect_protection"
    logo_uri: str = ""
    is_global: bool = False
    sso_disabled: bool = False
    token_endpoint_auth_method: str | None = None
    client_authentication_methods: ClientAuthenticationMethods | None = None
    grant_types: tuple[str, ...] = DEFAULT_GRANT_TYPES
    callbacks: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    web_origins: tuple[str, ...] = ()
    allowed_logout_urls: tuple[str, ...] = ()
    initiate_login_uri: str = ""
    jwt_configuration: JwtConfiguration = JwtConfiguration()
    refresh_token: RefreshTokenSettings = RefreshTokenSettings()
    oidc_logout: BackchannelLogout | None = None
    oidc_backchannel_logout: BackchannelLogout | None = None
    organization_usage: str | None = None
    require_pushed_authorization_requests: bool = False
    require_proof_of_possession: bool = False
    is_token_endpoint_ip_header_trusted: bool = False
    par_request_expiry: int | None = None
    skip_non_verifiable_callback_uri_confirmation_prompt: bool | None = None
    credentials: tuple[ClientCredential, ...] = ()

    @property
    def backchannel_logout(self) -> BackchannelLogout:
        """How the client hears that sessions ended; ``oidc_backchannel_logout`` is the older name of the same."""
        return self.oidc_logout or self.oidc_backchannel_logout or BackchannelLogout()

    @property
    def called(self) -> str:
        """What it is called where a developer reads it."""
        return f"{self.name} ({self.client_id})" if self.name else self.client_id

    @property
    def is_public(self) -> bool:
        """A client that cannot keep a secret: ``token_endpoint_auth_method`` is ``none``."""
        return self.token_endpoint_auth_method == "none"

    @property
    def is_strict_third_party(self) -> bool:
        """A third-party client is strict unless ``permissive`` was stated when it was made."""
        return not self.is_first_party and self.third_party_security_mode is not ThirdPartySecurityMode.PERMISSIVE

    @property
    def uses_assertion(self) -> bool:
        """The client authenticates with ``private_key_jwt`` and with nothing else."""
        methods = self.client_authentication_methods
        return methods is not None and methods.private_key_jwt is not None


class SubjectType(StrEnum):
    CLIENT = "client"
    USER = "user"

    # Part of a key that is looked up for every token; the one of Enum is a Python function.
    __hash__ = str.__hash__


class ClientGrant(Struct, frozen=True, kw_only=True):
    """What one client may ask of one API: ``/api/v2/client-grants``.

    ``default_for`` (``third_party_clients``) stands in for ``client_id``. ``allow_all_scopes``
    makes the whole API the ceiling.
    """

    id: str
    audience: str
    client_id: str | None = None
    default_for: str | None = None
    scope: tuple[str, ...] = ()
    subject_type: SubjectType = SubjectType.CLIENT
    allow_all_scopes: bool = False
    organization_usage: str | None = None

    @property
    def key(self) -> tuple[str | None, str, SubjectType]:
        """What it is found by: the client (``None`` for the default of third parties), the API, and for whom."""
        return (None if self.default_for else self.client_id, self.audience, self.subject_type)
