"""What a brand-new tenant contains: system API, global client, first database, two signing keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from doorward.management.resources import connection_defaults
from doorward.management.system_scopes import EVERY_SCOPE, SYSTEM_SCOPES, describe
from doorward.model.connection import DATABASE_STRATEGY
from doorward.model.credential import KeyState, SigningKey
from doorward.model.document import Document, Kind, Put
from doorward.model.identifiers import new_client_id, new_client_secret, new_id, new_object_id
from doorward.model.tenant import Tenant
from doorward.ports import Entropy

SETTINGS_ID = "tenant"
SYSTEM_API_NAME = "Auth0 Management API"
MANAGEMENT_CLIENT = "Doorward management"
DEFAULT_CONNECTION = "Username-Password-Authentication"
DEFAULT_GRANT_TYPES = ["authorization_code", "implicit", "refresh_token", "client_credentials"]

CLIENT_DEFAULTS: dict[str, Any] = {
    "is_first_party": True,
    "oidc_conformant": False,
    "sso_disabled": False,
    "cross_origin_authentication": False,
    "is_token_endpoint_ip_header_trusted": False,
    "custom_login_page_on": True,
    "global": False,
    "callbacks": [],
    "grant_types": DEFAULT_GRANT_TYPES,
    "jwt_configuration": {"secret_encoded": False, "lifetime_in_seconds": 36000},
    "refresh_token": {
        "rotation_type": "non-rotating",
        "expiration_type": "non-expiring",
        "leeway": 0,
        "token_lifetime": 2592000,
        "idle_token_lifetime": 1296000,
        "infinite_token_lifetime": True,
        "infinite_idle_token_lifetime": True,
    },
}
RESOURCE_SERVER_DEFAULTS: dict[str, Any] = {
    "signing_alg": "RS256",
    "token_lifetime": 86400,
    "token_lifetime_for_web": 7200,
    "allow_offline_access": False,
    "skip_consent_for_verifiable_first_party_clients": False,
    "subject_type_authorization": {"user": {"policy": "allow_all"}, "client": {"policy": "require_client_grant"}},
}
CONNECTION_DEFAULTS: dict[str, Any] = {
    "is_domain_connection": False,
    "authentication": {"active": True},
    "connected_accounts": {"active": False},
}
SETTINGS_DEFAULTS: dict[str, Any] = {
    "session_lifetime": 168,
    "idle_session_lifetime": 72,
    "enabled_locales": ["en"],
    "resource_parameter_profile": "compatibility",
    "flags": {
        "enable_sso": True,
        "universal_login": True,
        "disable_impersonation": True,
        "allow_changing_enable_sso": False,
        "revoke_refresh_token_grant": False,
        "disable_clickjack_protection_headers": False,
    },
    "oidc_logout": {"rp_logout_end_session_endpoint_discovery": True},
}


def new_document(kind: str, id_: str, body: dict[str, Any], *, unique_key: str | None = None, **secrets: Any) -> Put:
    """A change that creates a document."""
    return Put(document=Document(kind=kind, id=id_, body=body, unique_key=unique_key, secrets=secrets))


def first_documents(tenant: Tenant, keys: tuple[SigningKey, SigningKey], entropy: Entropy, now: float) -> list[Put]:
    """The documents every tenant starts with; ``keys`` become current and next."""
    global_id = new_client_id(entropy)
    connection_id = new_id(entropy, "con_")
    return [
        new_document(Kind.SETTINGS, SETTINGS_ID, dict(SETTINGS_DEFAULTS)),
        system_api(tenant, entropy),
        new_document(
            Kind.CLIENT,
            global_id,
            {
                **CLIENT_DEFAULTS,
                "client_id": global_id,
                "name": "All Applications",
                "global": True,
                "is_global": True,
                "jwt_configuration": {"alg": "RS256", "lifetime_in_seconds": 36000, "secret_encoded": False},
            },
            client_secret=new_client_secret(entropy),
        ),
        new_document(
            Kind.CONNECTION,
            connection_id,
            {
                "id": connection_id,
                "name": DEFAULT_CONNECTION,
                "strategy": "auth0",
                "enabled_clients": [],
                **CONNECTION_DEFAULTS,
                "realms": [DEFAULT_CONNECTION],
                "options": connection_defaults.completed(DATABASE_STRATEGY, {}, new=True),
            },
            unique_key=DEFAULT_CONNECTION,
        ),
        *first_keys(keys, now),
    ]


def first_keys(keys: tuple[SigningKey, SigningKey], now: float) -> list[Put]:
    """The two signing keys a tenant begins with: they become current and next."""
    return [
        key_document(msgspec.structs.replace(keys[0], state=KeyState.CURRENT, current_since=now)),
        key_document(keys[1]),
    ]


def system_api(tenant: Tenant, entropy: Entropy) -> Put:
    """The Management API as a resource server; its identifier keeps the canonical domain."""
    id_ = new_object_id(entropy)
    body = {
        **RESOURCE_SERVER_DEFAULTS,
        "id": id_,
        "name": SYSTEM_API_NAME,
        "identifier": tenant.management_audience,
        "is_system": True,
        "scopes": [{"value": scope, "description": describe(scope)} for scope in SYSTEM_SCOPES],
    }
    return new_document(Kind.RESOURCE_SERVER, id_, body, unique_key=tenant.management_audience)


def key_document(key: SigningKey) -> Put:
    body = msgspec.to_builtins(key)
    private_pem = body.pop("private_pem")
    return new_document(Kind.SIGNING_KEY, key.kid, body, private_pem=private_pem)


def management_client(tenant: Tenant, name: str, entropy: Entropy) -> list[Put]:
    """A machine that may do everything the Management API offers."""
    client_id = new_client_id(entropy)
    grant_id = new_id(entropy, "cgr_")
    client = {
        **CLIENT_DEFAULTS,
        "client_id": client_id,
        "name": name,
        "app_type": "non_interactive",
        "oidc_conformant": True,
        "jwt_configuration": {**CLIENT_DEFAULTS["jwt_configuration"], "alg": "RS256"},
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["client_credentials"],
    }
    grant = {
        "id": grant_id,
        "client_id": client_id,
        "audience": tenant.management_audience,
        "scope": list(EVERY_SCOPE),
        "subject_type": "client",
    }
    return [
        new_document(Kind.CLIENT, client_id, client, client_secret=new_client_secret(entropy)),
        new_document(Kind.CLIENT_GRANT, grant_id, grant, unique_key=f"{client_id} {grant['audience']} client"),
    ]


def renamed_audience(document: Document, names: Mapping[str, str]) -> Put:
    """The same document after audiences got other ``names`` (by what they were called before)."""
    body = {name: names.get(value, value) if isinstance(value, str) else value for name, value in document.body.items()}
    unique_key = document.unique_key
    for old, new in names.items():
        unique_key = unique_key.replace(old, new) if unique_key is not None else None
    changed = msgspec.structs.replace(document, body=body, unique_key=unique_key)
    return Put(document=changed, expected_revision=document.revision)
