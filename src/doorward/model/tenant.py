"""The tenant, its settings, its domains, and the issuer one request is served as."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from doorward.model.phone_country import CountryCodes

HOUR = 3600.0
SERVER = ""  # in the place of a tenant, for what belongs to none


class ResourceParameterProfile(StrEnum):
    """Whether ``resource`` (RFC 8707) may name the API: Auth0 ``resource_parameter_profile``."""

    AUDIENCE = "audience"
    COMPATIBILITY = "compatibility"


class SessionCookie(Struct, frozen=True):
    """``persistent`` cookies carry an expiry, ``non-persistent`` ones end with the browser."""

    mode: str = "persistent"


class TenantFlags(Struct, frozen=True):
    """The tenant flags that change what the protocol does."""

    revoke_refresh_token_grant: bool = False
    enable_public_signup_user_exists_error: bool = False
    disable_clickjack_protection_headers: bool = False
    remove_alg_from_jwks: bool = False
    use_scope_descriptions_for_consent: bool = False
    enforce_client_authentication_on_passwordless_start: bool = True
    mfa_show_factor_list_on_enrollment: bool = False


class OidcLogout(Struct, frozen=True):
    rp_logout_end_session_endpoint_discovery: bool = True


class Sessions(Struct, frozen=True):
    oidc_logout_prompt_enabled: bool = True


class TenantSettings(Struct, frozen=True):
    """The settings of ``GET /api/v2/tenants/settings`` that the protocol reads.

    Session lifetimes are in hours, as on the wire, and may be fractional.
    """

    friendly_name: str = ""
    picture_url: str = ""
    support_email: str = ""
    support_url: str = ""
    default_audience: str = ""
    default_directory: str = ""
    resource_parameter_profile: ResourceParameterProfile = ResourceParameterProfile.AUDIENCE
    session_lifetime: float = 168
    idle_session_lifetime: float = 72
    ephemeral_session_lifetime: float = 72
    idle_ephemeral_session_lifetime: float = 24
    enabled_locales: tuple[str, ...] = ("en",)
    allowed_logout_urls: tuple[str, ...] = ()
    pushed_authorization_requests_supported: bool = False
    skip_non_verifiable_callback_uri_confirmation_prompt: bool | None = None
    authorization_response_iss_parameter_supported: bool = True
    session_cookie: SessionCookie | None = None
    flags: TenantFlags = TenantFlags()
    oidc_logout: OidcLogout = OidcLogout()
    sessions: Sessions = Sessions()
    acr_values_supported: tuple[str, ...] | None = None
    error_page: dict[str, Any] | None = None
    default_redirection_uri: str = ""
    universal_login: dict[str, Any] | None = None
    country_codes: CountryCodes | None = None

    def reaches(self, number: str) -> bool:
        """Whether messages and calls go to a phone number (E.164)."""
        return self.country_codes is None or self.country_codes.reaches(number)

    def sends_to(self, country: str) -> bool:
        """Whether messages and calls go to a country (ISO 3166-1)."""
        return self.country_codes is None or self.country_codes.sends_to(country)

    @property
    def links_work_in_any_browser(self) -> bool:
        """Whether a link that signs in may be followed in another browser than the one that asked for it."""
        passwordless = (self.universal_login or {}).get("passwordless")
        return isinstance(passwordless, dict) and passwordless.get("allow_magiclink_verify_without_session") is True

    @property
    def cookies_persist(self) -> bool:
        """Whether a new session outlives its browser."""
        return self.session_cookie is None or self.session_cookie.mode == "persistent"

    def session_limits(self, *, persistent: bool) -> tuple[float, float]:
        """How long a session may be idle, and how long it may last (seconds); an ephemeral one has limits of its
        own."""
        if persistent:
            return self.idle_session_lifetime * HOUR, self.session_lifetime * HOUR
        return self.idle_ephemeral_session_lifetime * HOUR, self.ephemeral_session_lifetime * HOUR


class Tenant(Struct, frozen=True, kw_only=True):
    """One tenant: a stable id and the canonical domain its system identifiers are built from.

    ``domain`` is the host a client is configured with; it holds the port where the address needs
    one (``localhost:8443``).
    """

    id: str
    domain: str
    revision: int = 0

    @property
    def userinfo_audience(self) -> str:
        return f"https://{self.domain}/userinfo"

    @property
    def mfa_audience(self) -> str:
        return f"https://{self.domain}/mfa/"

    @property
    def management_audience(self) -> str:
        return f"https://{self.domain}/api/v2/"

    @property
    def my_account_audience(self) -> str:
        return f"https://{self.domain}/me/"

    @property
    def system_audiences(self) -> tuple[str, ...]:
        """What the APIs of the system are called, whatever the domain, in one order."""
        return self.management_audience, self.userinfo_audience, self.mfa_audience, self.my_account_audience


class CustomDomain(Struct, frozen=True, kw_only=True):
    """A custom domain: ``GET /api/v2/custom-domains``. Only a ``ready`` one is served."""

    custom_domain_id: str
    domain: str
    status: str = "pending_verification"
    primary: bool = False
    domain_metadata: dict[str, str] = {}


class DomainKind(StrEnum):
    CANONICAL = "canonical"
    CUSTOM = "custom"


class Issuer(Struct, frozen=True, kw_only=True):
    """What one request is served as: the tenant, and the host it was asked by.

    ``host`` is the stored domain, with the listener's port where the request named it; ``url``
    (the ``iss`` of what is issued) always ends with a slash.
    """

    tenant: str
    host: str
    kind: DomainKind = DomainKind.CANONICAL

    @property
    def url(self) -> str:
        return f"https://{self.host}/"

    def endpoint(self, path: str) -> str:
        """The absolute URL of ``path`` (no leading slash) on this issuer's host."""
        return f"https://{self.host}/{path}"
