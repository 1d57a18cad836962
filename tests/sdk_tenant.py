"""The tenant the official SDKs are tried on: three kinds of application, three APIs, one person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

AUDIENCE = "https://api.sdk.test"
SECOND_AUDIENCE = "https://orders.sdk.test"
HS256_AUDIENCE = "https://symmetric.sdk.test"
HS256_SECRET = "a-signing-secret-of-more-than-32-bytes"
CONNECTION = "Username-Password-Authentication"
EMAIL = "ada@example.test"
PASSWORD = "Analytical-Engine-1843"

SINGLE_PAGE, WEB, SERVICE, PORTAL = "Single page", "Web", "Service", "Portal"
PASSWORDLESS = "Passwordless"
PASSWORDLESS_OTP = "http://auth0.com/oauth/grant-type/passwordless/otp"
NEVER_CALLED = "http://localhost:1/callback"  # where scripted logins are sent; nobody listens there


def sdk_tenant(
    *, single_page: Sequence[str] = (), web: Sequence[str] = (), portal: Sequence[str] = ()
) -> dict[str, Any]:
    """A tenant document; ``single_page``, ``web`` and ``portal``, which is there if it has some and hears of logouts,
    are origins (``http://localhost:4000``) of applications."""
    scopes = [{"value": "read:items", "description": "See items"}, {"value": "write:items", "description": "Add items"}]
    return {
        "tenant": {
            "friendly_name": "SDK",
            "default_directory": CONNECTION,
            "pushed_authorization_requests_supported": True,
        },
        "resourceServers": [
            {
                "name": "Items",
                "identifier": AUDIENCE,
                "signing_alg": "RS256",
                "allow_offline_access": True,
                "skip_consent_for_verifiable_first_party_clients": True,
                "enforce_policies": False,
                "scopes": scopes,
            },
            {"name": "Orders", "identifier": SECOND_AUDIENCE, "signing_alg": "RS256", "scopes": scopes},
            {
                "name": "Symmetric",
                "identifier": HS256_AUDIENCE,
                "signing_alg": "HS256",
                "signing_secret": HS256_SECRET,
                "scopes": scopes,
            },
        ],
        "clients": [
            {
                "name": SINGLE_PAGE,
                "app_type": "spa",
                "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token"],
                "callbacks": [NEVER_CALLED, *single_page],
                "allowed_logout_urls": list(single_page),
                "web_origins": list(single_page),
                "oidc_conformant": True,
                "refresh_token": {
                    "rotation_type": "rotating",
                    "expiration_type": "expiring",
                    "leeway": 0,
                    "token_lifetime": 2592000,
                    "idle_token_lifetime": 1296000,
                    "infinite_token_lifetime": False,
                    "infinite_idle_token_lifetime": False,
                },
            },
            {
                "name": WEB,
                "app_type": "regular_web",
                "token_endpoint_auth_method": "client_secret_post",
                "grant_types": [
                    "authorization_code",
                    "implicit",
                    "refresh_token",
                    "password",
                    "http://auth0.com/oauth/grant-type/password-realm",
                ],
                "callbacks": [NEVER_CALLED, *(f"{origin}/callback" for origin in web)],
                "allowed_logout_urls": [NEVER_CALLED, *web],
                "oidc_conformant": True,
            },
            *(
                {
                    "name": PORTAL,
                    "app_type": "regular_web",
                    "callbacks": [f"{origin}/callback"],
                    "allowed_logout_urls": [origin],
                    "oidc_conformant": True,
                    "oidc_logout": {"backchannel_logout_urls": [f"{origin}/backchannel-logout"]},
                }
                for origin in portal
            ),
            {
                "name": SERVICE,
                "app_type": "non_interactive",
                "token_endpoint_auth_method": "client_secret_post",
                "grant_types": ["client_credentials"],
                "oidc_conformant": True,
            },
            {
                "name": PASSWORDLESS,
                "app_type": "regular_web",
                "token_endpoint_auth_method": "client_secret_post",
                "grant_types": [PASSWORDLESS_OTP, "authorization_code", "implicit"],
                "callbacks": [NEVER_CALLED],
                "oidc_conformant": True,
            },
        ],
        "clientGrants": [
            {"client_id": SERVICE, "audience": AUDIENCE, "scope": ["read:items", "write:items"]},
            {"client_id": SERVICE, "audience": SECOND_AUDIENCE, "scope": ["read:items"]},
            {"client_id": SERVICE, "audience": HS256_AUDIENCE, "scope": ["read:items"]},
        ],
        "databases": [
            {
                "name": CONNECTION,
                "strategy": "auth0",
                "enabled_clients": [SINGLE_PAGE, WEB, *([PORTAL] if portal else ())],
            }
        ],
        "connections": [
            {"name": strategy, "strategy": strategy, "enabled_clients": [PASSWORDLESS]} for strategy in ("email", "sms")
        ],
        "users": [
            {
                "email": EMAIL,
                "password": PASSWORD,
                "connection": CONNECTION,
                "email_verified": True,
                "given_name": "Ada",
                "family_name": "Lovelace",
                "name": "Ada Lovelace",
            }
        ],
    }
