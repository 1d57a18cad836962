"""One of everything a tenant can hold, for tests that walk all operations.

What is made is known by the path of its collection, as the operations have it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tests.integration.management.conftest import START, Api, House
from tests.integration.management.test_branding import theme

from doorward.model.credential import RefreshToken
from doorward.model.digest import digest
from doorward.model.session import ConsentGrant, Session

MARK = "kept-apart"
_parameter = re.compile(r"{(\w+)}")
# Where it is made, the property that names it, and a body that is accepted. ``$x`` stands for the id of what was
# made at ``x`` before, and so do parameters in a path; of two of a kind the last one counts from there on.
WEBHOOK = {
    "type": "webhook",
    "configuration": {
        "webhook_endpoint": f"https://{MARK}.test",
        "webhook_authorization": {"method": "bearer", "token": "t0ken-4711"},
    },
}
ATTRIBUTE = {"description": MARK, "label": "Email", "profile_required": True, "auth0_mapping": "email"}
ONE_OF_EACH: tuple[tuple[str, str, Any], ...] = (
    ("/resource-servers", "id", {"identifier": f"https://{MARK}.test", "scopes": [{"value": MARK}]}),
    ("/clients", "client_id", {"name": MARK, "initiate_login_uri": f"https://{MARK}.test/login"}),
    ("/client-grants", "id", {"client_id": "$/clients", "audience": f"https://{MARK}.test", "scope": [MARK]}),
    ("/clients/{client_id}/credentials", "id", {"credential_type": "cert_subject_dn", "subject_dn": f"CN={MARK}"}),
    ("/connections", "id", {"name": f"{MARK}-okta", "strategy": "okta", "options": {"client_id": "x"}}),
    ("/connections/{id}/scim-configuration", "connection_id", {}),
    ("/connections/{id}/scim-configuration/tokens", "token_id", {}),
    ("/connections", "id", {"name": MARK, "strategy": "auth0", "enabled_clients": ["$/clients"]}),
    ("/roles", "id", {"name": MARK}),
    (
        "/users",
        "user_id",
        {
            "connection": MARK,
            "email": f"{MARK}@example.test",
            "password": "Analytical-Engine-1843",
            "app_metadata": {"mark": MARK},
        },
    ),
    ("/users/{id}/authentication-methods", "id", {"type": "totp", "name": MARK, "totp_secret": "A" * 16}),
    ("/device-credentials", "id", {"device_name": MARK, "device_id": "1", "type": "public_key", "value": "AQAB"}),
    ("/jobs/verification-email", "id", {"user_id": "$/users"}),
    ("/custom-domains", "custom_domain_id", {"domain": f"{MARK}.test", "type": "self_managed_certs"}),
    ("/organizations", "id", {"name": MARK, "display_name": MARK}),
    ("/organizations/{id}/connections", "connection_id", {"connection_id": "$/connections"}),
    ("/organizations/{id}/discovery-domains", "id", {"domain": f"{MARK}.example"}),
    (
        "/organizations/{id}/invitations",
        "id",
        {"inviter": {"name": MARK}, "invitee": {"email": f"{MARK}@example.test"}, "client_id": "$/clients"},
    ),
    (
        "/actions/actions",
        "id",
        {"name": f"{MARK}-exchange", "code": "", "supported_triggers": [{"id": "custom-token-exchange"}]},
    ),
    (
        "/token-exchange-profiles",
        "id",
        {
            "name": MARK,
            "subject_token_type": f"urn:{MARK}:token",
            "action_id": "$/actions/actions",
            "type": "custom_authentication",
        },
    ),
    (
        "/actions/actions",
        "id",
        {"name": MARK, "code": "", "supported_triggers": [{"id": "post-login", "version": "v3"}]},
    ),
    ("/actions/actions/{id}/deploy", "id", None),
    ("/actions/modules", "id", {"name": MARK, "code": "1"}),
    ("/actions/modules/{id}/versions", "id", {}),
    ("/event-streams", "id", {"name": MARK, "destination": WEBHOOK}),
    ("/flows", "id", {"name": MARK}),
    ("/flows/vault/connections", "id", {"name": MARK, "app_id": "HTTP"}),
    ("/forms", "id", {"name": MARK}),
    ("/self-service-profiles", "id", {"name": MARK}),
    ("/user-attribute-profiles", "id", {"name": MARK, "user_attributes": {"email": ATTRIBUTE}}),
    ("/branding/themes", "themeId", {**theme(), "displayName": MARK}),
    (
        "/branding/phone/providers",
        "id",
        {"name": "custom", "configuration": {"delivery_methods": ["voice"]}, "credentials": {}},
    ),
    ("/branding/phone/templates", "id", {"type": "otp_verify"}),
    ("/connection-profiles", "id", {"name": MARK}),
    (
        "/network-acls",
        "id",
        {
            "description": MARK,
            "active": True,
            "priority": 1,
            "rule": {
                "action": {"block": True},
                "scope": "tenant",
                "match": {"ipv4_cidrs": ["192.0.2.0/24"]},
            },
        },
    ),
    (
        "/rate-limit-policies",
        "id",
        {
            "resource": "oauth_authentication_api",
            "consumer": "client",
            "consumer_selector": MARK,
            "configuration": {"action": "allow"},
        },
    ),
    (
        "/log-streams",
        "id",
        {
            "type": "http",
            "name": MARK,
            "sink": {"httpEndpoint": "https://sink.test", "httpAuthorization": "Bearer sink-4711"},
        },
    ),
)


def filled(value: Any, made: Mapping[str, str]) -> Any:
    """``value`` with ids in the place of ``$path``."""
    if isinstance(value, dict):
        return {name: filled(item, made) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, made) for item in value]
    return made[value[1:]] if isinstance(value, str) and value.startswith("$") else value


async def one_of_each(api: Api, mark: str = MARK) -> dict[str, str]:
    """Make one of each, with names that hold ``mark``; ids by the path of their collection."""
    made: dict[str, str] = {}
    for path, name, body in ONE_OF_EACH:
        marked = json.loads(json.dumps(body).replace(MARK, mark))
        response = await api.call("POST", placed(path, made), filled(marked, made))
        assert response.status_code in (200, 201), f"{path}: {response.text}"
        made[path] = str(response.json()[name])
    made["/keys/signing"] = (await api.get("/keys/signing"))[0]["kid"]
    made["/logs"] = (await api.get("/logs"))[0]["log_id"]
    return {**made, **{path: mark_of.replace(MARK, mark) for path, mark_of in NAMED.items()}}


async def signed_in(house: House, tenant: str, made: Mapping[str, str]) -> dict[str, str]:
    """What a person leaves who signed in: a session, a refresh token, a grant; by the path of their collection."""
    ids = {path: f"{tenant}-{path[1:]}" for path in ("/sessions", "/refresh-tokens", "/grants")}
    user, client = made["/users"], made["/clients"]
    later = START + 3600
    session = Session(
        sid=ids["/sessions"], cookie_hash=digest(ids["/sessions"]), host=tenant, user_id=user, connection=MARK,
        authenticated_at=START, created_at=START, last_interacted_at=START, idle_expires_at=later, expires_at=later,
        idle_lifetime=3600, clients=(client,), user_agent=MARK,
    )  # fmt: skip
    consent = ConsentGrant(
        id=ids["/grants"], user_id=user, client_id=client, audience=f"https://{MARK}.test", scope=(MARK,)
    )
    token = RefreshToken(
        token_hash=digest(ids["/refresh-tokens"]), family=ids["/refresh-tokens"], generation=0, client_id=client,
        user_id=user, host=tenant, audience=f"https://{MARK}.test", scope=("offline_access",), granted={},
        issued_at=START, rotating=False, user_agent=MARK,
    )  # fmt: skip
    await house.ports.codes.issue(tenant, None, session=session, consent=consent, transaction=None, events=())
    await house.ports.refresh_tokens.issue(tenant, token, keep=200, events=())
    return ids


def placed(path: str, made: Mapping[str, str]) -> str:
    """``path`` with ids in the place of its parameters."""
    return path.format_map({name: quote(value, safe="") for name, value in parameters(path, made).items()})


def parameters(path: str, made: Mapping[str, str]) -> dict[str, str]:
    """Values for the parameters of ``path``, as far as there is something of that kind."""
    found: dict[str, str] = {}
    for match in _parameter.finditer(path):
        collection = path[: match.start() - 1]
        known = (collection, ELSEWHERE.get(collection), BY_NAME.get(match[1]))
        value = next((made[one] for one in known if one in made), None)
        if value:
            found[match[1]] = value
    return found


# Parameters that are a name, and what that is of those that were made.
NAMED = {
    "/organizations/name": MARK,
    "/organizations/{id}/discovery-domains/name": f"{MARK}.example",
    "/users/{id}/identities": "auth0",
}
# Collections of what is made at another path.
ELSEWHERE = {
    "/actions/actions/{actionId}/versions": "/actions/actions/{id}/deploy",
    "/guardian/enrollments": "/users/{id}/authentication-methods",
    "/jobs": "/jobs/verification-email",
    "/organizations/{id}/client-grants": "/client-grants",
    "/organizations/{id}/clients": "/clients",
    "/organizations/{id}/enabled_connections": "/connections",
    "/user-blocks": "/users",
}
# Parameters that name something which is made elsewhere.
BY_NAME = {
    "user_id": "/users",
    "client_id": "/clients",
    "connection_id": "/connections",
    "connectionId": "/connections",
    "role_id": "/roles",
    "grant_id": "/client-grants",
    "actionId": "/actions/actions",
}
