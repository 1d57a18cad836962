"""The tenants people log in to: one asks for everything on one page, one for the identifier first, and one for a
challenge too."""

from __future__ import annotations

from typing import Any

CONNECTION = "Username-Password-Authentication"
EMAIL = "ada@example.test"
LOCKED = "locked@example.test"  # wrong passwords are tried on this one
CAREFUL = {scripts: f"careful-{scripts}@example.test".lower() for scripts in (True, False)}  # take a second factor on
KEY_HOLDERS = tuple(f"{name}@example.test" for name in ("button", "autofill", "without", "elsewhere"))
ASKING_PEOPLE = {(w, scripts): f"{w}-{scripts}@example.test".lower() for w in "pak" for scripts in (True, False)}
UNVERIFIED = {scripts: f"unverified-{scripts}@example.test".lower() for scripts in (True, False)}
PASSWORD = "Analytical-Engine-1843"
AUDIENCE = "https://api.pages.test"

IDENTIFIER_FIRST = "first.pages.test"  # the domain of the second tenant
CHALLENGING = "challenging.pages.test"  # of the third, which asks everybody for a challenge
WITH_KEYS = "keys.localhost"  # of a fourth, with passkeys; of bad certificates only local names may have them
ELSEWHERE = "https://app.elsewhere.test/callback"  # an application at another https origin
CUSTOM_SCHEME = "com.example.pages://callback"

WEB, SINGLE_PAGE, NATIVE, PARTNER, DESKTOP = "web", "single-page", "native", "partner", "desktop"  # client ids
CODES, LINKS = "codes", "links"  # client ids of applications without a password
FLEXIBLE = "flexible"  # the client id of an application whose people have codes or passwords
SECRET = "the-secret-of-every-confidential-client"


def tenant(origin: str, *, identifier_first: bool, challenges: bool = False) -> dict[str, Any]:
    """A tenant document; ``origin`` is the application's."""
    callback = f"{origin}/callback"
    policy = "always" if challenges else "never"
    return {
        "attackProtection": {"botDetection": {"challenge_password_policy": policy}},
        "tenant": {"friendly_name": "Pages", "default_directory": CONNECTION, "allowed_logout_urls": [f"{origin}/bye"]},
        "prompts": {"identifier_first": identifier_first},
        "guardianFactors": [{"name": "otp", "enabled": True}, {"name": "recovery-code", "enabled": True}],
        "resourceServers": [
            {
                "name": "Items",
                "identifier": AUDIENCE,
                "scopes": [{"value": "read:items", "description": "See items"}, {"value": "write:items"}],
            }
        ],
        "clients": [
            {
                "name": "Web",
                "client_id": WEB,
                "client_secret": SECRET,
                "app_type": "regular_web",
                "grant_types": ["authorization_code", "implicit", "password"],
                "callbacks": [callback, ELSEWHERE],
                "allowed_logout_urls": [f"{origin}/bye"],
            },
            {
                "name": "Single page",
                "client_id": SINGLE_PAGE,
                "app_type": "spa",
                "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code"],
                "callbacks": [callback],
                "web_origins": [origin],
            },
            {
                "name": "Native",
                "client_id": NATIVE,
                "app_type": "native",
                "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code"],
                "callbacks": [CUSTOM_SCHEME],
            },
            {
                "name": "Partner",
                "client_id": PARTNER,
                "client_secret": SECRET,
                "app_type": "regular_web",
                "is_first_party": False,
                "third_party_security_mode": "permissive",
                "grant_types": ["authorization_code"],
                "callbacks": [callback],
            },
            {
                "name": "Desktop",
                "client_id": DESKTOP,
                "app_type": "native",
                "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code"],
                "callbacks": [callback],
                "skip_non_verifiable_callback_uri_confirmation_prompt": False,
            },
            *(
                {
                    "name": client_id,
                    "client_id": client_id,
                    "app_type": "spa",
                    "token_endpoint_auth_method": "none",
                    "grant_types": ["authorization_code"],
                    "callbacks": [callback],
                }
                for client_id in (CODES, LINKS, FLEXIBLE)
            ),
        ],
        "connections": [
            {"name": "email", "strategy": "email", "enabled_clients": [CODES]},
            {"name": "sms", "strategy": "sms", "enabled_clients": [CODES]},
            {"name": "links", "strategy": "email", "enabled_clients": [LINKS], "options": {"send": "link"}},
        ],
        "databases": [
            {
                "name": CONNECTION,
                "strategy": "auth0",
                "is_domain_connection": True,
                "enabled_clients": ["Web", "Single page", "Native", "Desktop"],
                "options": {"passwordPolicy": "good", "brute_force_protection": True},
            },
            {
                "name": "flexible",
                "strategy": "auth0",
                "enabled_clients": [FLEXIBLE],
                "options": {
                    "attributes": {
                        "email": {
                            "identifier": {"active": True, "default_method": "email_otp"},
                            "verification_method": "otp",
                            "signup": {"status": "optional", "verification": {"active": True}},
                        },
                        "phone_number": {
                            "identifier": {"active": True, "default_method": "phone_otp"},
                            "signup": {"status": "optional", "verification": {"active": True}},
                        },
                    },
                    "authentication_methods": {
                        name: {"enabled": True} for name in ("password", "email_otp", "phone_otp")
                    },
                },
            },
        ],
        "users": [
            {
                "email": email,
                "password": PASSWORD,
                "connection": CONNECTION,
                "email_verified": True,
                "name": "Ada Lovelace",
            }
            for email in (EMAIL, LOCKED, *CAREFUL.values())
        ],
    }


def tenant_with_keys(origin: str) -> dict[str, Any]:
    """A tenant whose people have passkeys."""
    return {
        "tenant": {"friendly_name": "Keys", "default_directory": CONNECTION},
        "prompts": {"identifier_first": True},
        "clients": [
            {
                "name": "Web",
                "client_id": WEB,
                "client_secret": SECRET,
                "app_type": "regular_web",
                "grant_types": ["authorization_code"],
                "callbacks": [f"{origin}/callback"],
            }
        ],
        "databases": [
            {
                "name": CONNECTION,
                "strategy": "auth0",
                "enabled_clients": ["Web"],
                "options": {"authentication_methods": {"passkey": {"enabled": True}}},
            }
        ],
        "users": [
            {"email": email, "password": PASSWORD, "connection": CONNECTION, "email_verified": True}
            for email in (EMAIL, *KEY_HOLDERS)
        ],
    }
