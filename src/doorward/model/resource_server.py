"""Resource servers (APIs), as the protocol reads them."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class TokenDialect(StrEnum):
    """Which claims an access token carries: Auth0 ``token_dialect``."""

    ACCESS_TOKEN = "access_token"
    ACCESS_TOKEN_AUTHZ = "access_token_authz"
    RFC9068_PROFILE = "rfc9068_profile"
    RFC9068_PROFILE_AUTHZ = "rfc9068_profile_authz"

    @property
    def is_rfc9068(self) -> bool:
        return self in (TokenDialect.RFC9068_PROFILE, TokenDialect.RFC9068_PROFILE_AUTHZ)

    @property
    def carries_permissions(self) -> bool:
        return self in (TokenDialect.ACCESS_TOKEN_AUTHZ, TokenDialect.RFC9068_PROFILE_AUTHZ)


class Scope(Struct, frozen=True):
    value: str
    description: str = ""


class SubjectPolicy(Struct, frozen=True):
    policy: str


class SubjectTypeAuthorization(Struct, frozen=True):
    """Who may be given tokens: ``allow_all``, ``require_client_grant`` or ``deny_all``."""

    user: SubjectPolicy = SubjectPolicy("allow_all")
    client: SubjectPolicy = SubjectPolicy("require_client_grant")


class EncryptionKey(Struct, frozen=True, kw_only=True):
    """The API's public key (PEM) that its access tokens are encrypted to."""

    pem: str
    alg: str
    name: str = ""
    kid: str | None = None


class TokenEncryption(Struct, frozen=True):
    format: str
    encryption_key: EncryptionKey


class AuthorizationPolicy(Struct, frozen=True):
    policy_id: str


class ResourceServer(Struct, frozen=True, kw_only=True):
    """An API: ``/api/v2/resource-servers``. Lifetimes in seconds.

    Defaults are those of an API created with nothing but its identifier.
    """

    id: str
    identifier: str
    name: str = ""
    is_system: bool = False
    scopes: tuple[Scope, ...] = ()
    signing_alg: str = "RS256"
    signing_secret: str = ""
    token_dialect: TokenDialect = TokenDialect.ACCESS_TOKEN
    enforce_policies: bool = False
    token_lifetime: int = 86400
    token_lifetime_for_web: int = 7200
    allow_offline_access: bool = False
    skip_consent_for_verifiable_first_party_clients: bool = False
    subject_type_authorization: SubjectTypeAuthorization = SubjectTypeAuthorization()
    token_encryption: TokenEncryption | None = None
    authorization_policy: AuthorizationPolicy | None = None

    @property
    def is_management(self) -> bool:
        """Whether this is the Management API, and not another API of the system."""
        return self.is_system and self.id != MFA

    @property
    def is_symmetric(self) -> bool:
        """Tokens are signed with the API's own secret, so no other audience may share them."""
        return self.signing_alg.startswith("HS")

    @property
    def scope_values(self) -> frozenset[str]:
        return frozenset(scope.value for scope in self.scopes)


MFA = "mfa"


def mfa_api(identifier: str) -> ResourceServer:
    """The API by which somebody's own second factors are managed; every tenant has it, and its tokens live for ten
    minutes."""
    return ResourceServer(
        id=MFA,
        identifier=identifier,
        name="MFA API",
        is_system=True,
        scopes=(Scope("enroll"), Scope("read:authenticators"), Scope("remove:authenticators")),
        token_lifetime=600,
        token_lifetime_for_web=600,
        skip_consent_for_verifiable_first_party_clients=True,
    )
