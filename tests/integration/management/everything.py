"""One of everything a tenant can hold, for tests that walk all operations."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.integration.management.conftest import Api

MARK = "kept-apart"
_parameter = re.compile(r"{(\w+)}")
# Where it is made, the property that names it, and a body that is accepted. ``$x`` stands for the id of what was
# made at ``x`` before.
ONE_OF_EACH: tuple[tuple[str, str, Any], ...] = (
    ("/resource-servers", "id", {"identifier": f"https://{MARK}.test", "scopes": [{"value": MARK}]}),
    ("/clients", "client_id", {"name": MARK, "initiate_login_uri": f"https://{MARK}.test/login"}),
    ("/client-grants", "id", {"client_id": "$/clients", "audience": f"https://{MARK}.test", "scope": [MARK]}),
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
    ("/custom-domains", "custom_domain_id", {"domain": f"{MARK}.test", "type": "self_managed_certs"}),
    ("/organizations", "id", {"name": MARK, "display_name": MARK}),
    (
        "/actions/actions",
        "id",
        {"name": MARK, "code": "", "supported_triggers": [{"id": "post-login", "version": "v3"}]},
    ),
    ("/actions/modules", "id", {"name": MARK, "code": "1"}),
    ("/flows", "id", {"name": MARK}),
    ("/forms", "id", {"name": MARK}),
    ("/self-service-profiles", "id", {"name": MARK}),
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
        {"type": "http", "name": MARK, "sink": {"httpEndpoint": "https://sink.test", "httpAuthorization": "x"}},
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
        response = await api.call("POST", path, filled(marked, made))
        assert response.status_code in (200, 201), f"{path}: {response.text}"
        made[path] = str(response.json()[name])
    return made


def parameters(path: str, made: Mapping[str, str]) -> dict[str, str]:
    """Values for the parameters of ``path``, as far as there is something of that kind."""
    found: dict[str, str] = {}
    for match in _parameter.finditer(path):
        collection = path[: match.start() - 1]
        value = made.get(collection) or (BY_NAME.get(match[1]) and made.get(BY_NAME[match[1]]))
        if value:
            found[match[1]] = value
    return found


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
