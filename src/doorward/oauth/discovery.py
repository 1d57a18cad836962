"""Discovery metadata and key set, per domain (OpenID Connect Discovery §3, RFC 8414, RFC 7517)."""

from __future__ import annotations

from typing import Any

from doorward.model.credential import KeyState
from doorward.model.directory import TenantDirectory
from doorward.model.tenant import Issuer
from doorward.oauth.authorize_request import RESPONSE_TYPES
from doorward.oauth.client_authentication import ASSERTION_ALGORITHMS
from doorward.oauth.scopes import OFFLINE_ACCESS
from doorward.oauth.token_request import MFA_OOB, MFA_OTP, MFA_RECOVERY_CODE, PASSKEY

SCOPES_SUPPORTED = (
    "openid", "profile", OFFLINE_ACCESS, "name", "given_name", "family_name", "nickname", "email", "email_verified",
    "picture", "created_at", "identities", "phone", "address",
)  # fmt: skip
CLAIMS_SUPPORTED = (
    "acr", "amr", "aud", "auth_time", "created_at", "email", "email_verified", "exp", "family_name", "given_name",
    "iat", "identities", "iss", "name", "nickname", "phone_number", "picture", "sub",
)  # fmt: skip
# Seconds readers may keep what is published before they ask again.
KEY_SET_MAX_AGE = 15
PUBLISHED = (KeyState.CURRENT, KeyState.NEXT, KeyState.PREVIOUS)


def metadata(issuer: Issuer, directory: TenantDirectory) -> dict[str, Any]:
    """The discovery document; every URL is on the host that was asked."""
    settings = directory.settings
    document: dict[str, Any] = {
        "issuer": issuer.url,
        "authorization_endpoint": issuer.endpoint("authorize"),
        "token_endpoint": issuer.endpoint("oauth/token"),
        "userinfo_endpoint": issuer.endpoint("userinfo"),
        "mfa_challenge_endpoint": issuer.endpoint("mfa/challenge"),
        "jwks_uri": issuer.endpoint(".well-known/jwks.json"),
        "revocation_endpoint": issuer.endpoint("oauth/revoke"),
        "scopes_supported": SCOPES_SUPPORTED,
        "response_types_supported": tuple(RESPONSE_TYPES.values()),
        "code_challenge_methods_supported": ("S256", "plain"),
        "response_modes_supported": ("query", "fragment", "form_post"),
        "subject_types_supported": ("public",),
        "id_token_signing_alg_values_supported": ("HS256", "RS256", "PS256"),
        "token_endpoint_auth_methods_supported": ("client_secret_basic", "client_secret_post", "private_key_jwt"),
        "token_endpoint_auth_signing_alg_values_supported": tuple(sorted(ASSERTION_ALGORITHMS)),
        "grant_types_supported": (
            "authorization_code", "implicit", "client_credentials", "refresh_token", "password",
            "http://auth0.com/oauth/grant-type/password-realm",
            "http://auth0.com/oauth/grant-type/passwordless/otp", PASSKEY,
            MFA_OTP, MFA_OOB, MFA_RECOVERY_CODE,
        ),
        "claims_supported": CLAIMS_SUPPORTED,
        "request_uri_parameter_supported": False,
        "request_parameter_supported": False,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "authorization_response_iss_parameter_supported": (
            settings.authorization_response_iss_parameter_supported
        ),
    }  # fmt: skip
    if settings.acr_values_supported:
        document["acr_values_supported"] = settings.acr_values_supported
    if settings.oidc_logout.rp_logout_end_session_endpoint_discovery:
        document["end_session_endpoint"] = issuer.endpoint("oidc/logout")
    if settings.pushed_authorization_requests_supported:
        document["pushed_authorization_request_endpoint"] = issuer.endpoint("oauth/par")
    return document


def key_set(directory: TenantDirectory) -> dict[str, Any]:
    """The JWK set: current, next and, until it is revoked, previous key."""
    keys = []
    for state in PUBLISHED:
        for key in directory.signing_keys:
            if key.state is state:
                jwk = dict(key.public_jwk)
                if directory.settings.flags.remove_alg_from_jwks:
                    jwk.pop("alg", None)
                keys.append(jwk)
    return {"keys": keys}
