"""A token request, parsed once: one frozen value per grant type (RFC 6749 §4)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from doorward.oauth.errors import InvalidRequest, UnsupportedGrantType, missing_parameter
from doorward.oauth.scopes import parse_scope

PASSWORD_REALM = "http://auth0.com/oauth/grant-type/password-realm"
PASSWORDLESS_OTP = "http://auth0.com/oauth/grant-type/passwordless/otp"
MFA_OTP = "http://auth0.com/oauth/grant-type/mfa-otp"
MFA_OOB = "http://auth0.com/oauth/grant-type/mfa-oob"
MFA_RECOVERY_CODE = "http://auth0.com/oauth/grant-type/mfa-recovery-code"

PASSKEY = "urn:okta:params:oauth:grant-type:webauthn"


class AuthorizationCodeRequest(Struct, frozen=True, kw_only=True, tag="authorization_code"):
    """RFC 6749 §4.1.3, RFC 7636 §4.5."""

    code: str
    redirect_uri: str | None = None
    code_verifier: str | None = None


class ClientCredentialsRequest(Struct, frozen=True, kw_only=True, tag="client_credentials"):
    """RFC 6749 §4.4.2."""

    audience: str | None = None
    resource: str | None = None
    scope: tuple[str, ...] = ()


class RefreshTokenRequest(Struct, frozen=True, kw_only=True, tag="refresh_token"):
    """RFC 6749 §6."""

    refresh_token: str
    audience: str | None = None
    resource: str | None = None
    scope: tuple[str, ...] = ()


class PasswordRequest(Struct, frozen=True, kw_only=True, tag="password"):
    """RFC 6749 §4.3.2, and Auth0's password-realm with its ``realm``."""

    grant_type: str
    username: str
    password: str
    realm: str | None = None
    audience: str | None = None
    resource: str | None = None
    scope: tuple[str, ...] = ()


class PasswordlessOtpRequest(Struct, frozen=True, kw_only=True, tag="passwordless_otp"):
    """A code that was sent to ``username``, an address of the passwordless connection ``realm``."""

    username: str
    otp: str
    realm: str
    audience: str | None = None
    resource: str | None = None
    scope: tuple[str, ...] = ()


class MfaOtpRequest(Struct, frozen=True, kw_only=True, tag="mfa_otp"):
    """Auth0's mfa-otp: a request that waits, and the code of an authenticator app."""

    mfa_token: str
    otp: str


class MfaOobRequest(Struct, frozen=True, kw_only=True, tag="mfa_oob"):
    """Auth0's mfa-oob: a request that waits, and the code that was sent (``binding_code``) for a challenge."""

    mfa_token: str
    oob_code: str
    binding_code: str


class MfaRecoveryCodeRequest(Struct, frozen=True, kw_only=True, tag="mfa_recovery_code"):
    """Auth0's mfa-recovery-code: a request that waits, and a recovery code."""

    mfa_token: str
    recovery_code: str


class PasskeyRequest(Struct, frozen=True, kw_only=True, tag="passkey"):
    """Auth0's native passkeys: what an authenticator answered (``authn_response``, JSON) to a challenge."""

    auth_session: str
    authn_response: str
    realm: str | None = None
    audience: str | None = None
    resource: str | None = None
    scope: tuple[str, ...] = ()


TokenRequest = (
    AuthorizationCodeRequest
    | ClientCredentialsRequest
    | RefreshTokenRequest
    | PasswordRequest
    | PasswordlessOtpRequest
    | PasskeyRequest
    | MfaOtpRequest
    | MfaOobRequest
    | MfaRecoveryCodeRequest
)


def parse(parameters: Mapping[str, str]) -> TokenRequest:
    """The typed request. Raises ``InvalidRequest`` for a missing parameter or one that is not
    supported, ``UnsupportedGrantType``, ``InvalidScope``."""
    grant_type = _required(parameters, "grant_type")
    if "organization" in parameters:
        raise InvalidRequest(
            "parameter organization is not supported", hint="Organizations do not exist here; leave the parameter out."
        )
    audience, resource = parameters.get("audience"), parameters.get("resource")
    scope = parse_scope(parameters.get("scope"))
    if grant_type == "client_credentials":
        return ClientCredentialsRequest(audience=audience, resource=resource, scope=scope)
    if grant_type == "authorization_code":
        return AuthorizationCodeRequest(
            code=_required(parameters, "code"),
            redirect_uri=parameters.get("redirect_uri"),
            code_verifier=parameters.get("code_verifier"),
        )
    if grant_type == "refresh_token":
        token = _required(parameters, "refresh_token")
        return RefreshTokenRequest(refresh_token=token, audience=audience, resource=resource, scope=scope)
    if grant_type in ("password", PASSWORD_REALM):
        realm = _required(parameters, "realm") if grant_type == PASSWORD_REALM else None
        return PasswordRequest(
            grant_type=grant_type,
            username=_required(parameters, "username"),
            password=_required(parameters, "password"),
            realm=realm,
            audience=audience,
            resource=resource,
            scope=scope,
        )
    if grant_type == PASSWORDLESS_OTP:
        return PasswordlessOtpRequest(
            username=_required(parameters, "username"),
            otp=_required(parameters, "otp"),
            realm=_required(parameters, "realm"),
            audience=audience,
            resource=resource,
            scope=scope,
        )
    if grant_type == PASSKEY:
        return PasskeyRequest(
            auth_session=_required(parameters, "auth_session"),
            authn_response=_required(parameters, "authn_response"),
            realm=parameters.get("realm"),
            audience=audience,
            resource=resource,
            scope=scope,
        )
    if grant_type == MFA_OTP:
        return MfaOtpRequest(mfa_token=_required(parameters, "mfa_token"), otp=_required(parameters, "otp"))
    if grant_type == MFA_OOB:
        return MfaOobRequest(
            mfa_token=_required(parameters, "mfa_token"),
            oob_code=_required(parameters, "oob_code"),
            binding_code=_required(parameters, "binding_code"),
        )
    if grant_type == MFA_RECOVERY_CODE:
        code = _required(parameters, "recovery_code")
        return MfaRecoveryCodeRequest(mfa_token=_required(parameters, "mfa_token"), recovery_code=code)
    raise UnsupportedGrantType(f"Unsupported grant type: {grant_type}")


def _required(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name)
    if not value:
        raise missing_parameter(name)
    return value
