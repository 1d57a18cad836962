"""node-auth0's ManagementClient: create, read, change, list and delete, family by family."""

from __future__ import annotations

from typing import Any

import pytest
from tests.dev_server import DevServer
from tests.sdk.conftest import Management, SdkError
from tests.sdk.keys import key_pair
from tests.sdk_tenant import AUDIENCE, SERVICE


def names(items: list[dict[str, Any]]) -> set[str]:
    return {item["name"] for item in items}


def assert_gone(management: Management, path: str, *arguments: Any) -> None:
    with pytest.raises(SdkError) as refused:
        management(path, *arguments)
    assert refused.value.status == 404


def test_clients(management: Management) -> None:
    asked = {"name": "Made by node", "app_type": "regular_web", "callbacks": ["https://app.test/cb"]}
    made = management("clients.create", asked)
    id_ = made["client_id"]
    assert made["client_secret"]
    assert management("clients.get", id_)["callbacks"] == ["https://app.test/cb"]
    assert "callbacks" not in management("clients.get", id_, {"fields": "name", "include_fields": True})
    changed = management("clients.update", id_, {"name": "Changed by node", "callbacks": []})
    assert (changed["name"], changed["callbacks"]) == ("Changed by node", [])
    rotated = management("clients.rotateSecret", id_)
    assert rotated["client_secret"] not in ("", made["client_secret"])
    assert "Changed by node" in names(management("clients.list", {"per_page": 2}))  # through every page
    management("clients.delete", id_)
    assert_gone(management, "clients.get", id_)


def test_credentials_of_a_client(management: Management) -> None:
    _, public = key_pair()
    client = management("clients.create", {"name": "With keys", "app_type": "non_interactive"})["client_id"]
    made = management(
        "clients.credentials.create", client, {"credential_type": "public_key", "name": "first", "pem": public}
    )
    assert [c["id"] for c in management("clients.credentials.list", client)] == [made["id"]]
    assert management("clients.credentials.get", client, made["id"])["name"] == "first"
    management("clients.credentials.delete", client, made["id"])
    assert management("clients.credentials.list", client) == []
    management("clients.delete", client)


def test_resource_servers(management: Management) -> None:
    scopes = [{"value": "read:things", "description": "See things"}]
    made = management(
        "resourceServers.create", {"identifier": "https://things.test", "name": "Things", "scopes": scopes}
    )
    id_ = made["id"]
    assert management("resourceServers.get", id_)["scopes"] == scopes
    changed = management("resourceServers.update", id_, {"name": "More things", "token_lifetime": 600})
    assert (changed["name"], changed["token_lifetime"]) == ("More things", 600)
    assert "More things" in names(management("resourceServers.list", {"per_page": 2}))
    management("resourceServers.delete", id_)
    assert_gone(management, "resourceServers.get", id_)


def test_client_grants(management: Management, door: DevServer) -> None:
    client = management("clients.create", {"name": "Granted", "app_type": "non_interactive"})["client_id"]
    asked = {"client_id": client, "audience": AUDIENCE, "scope": ["read:items"]}
    made = management("clientGrants.create", asked)
    assert management("clientGrants.get", made["id"])["scope"] == ["read:items"]
    changed = management("clientGrants.update", made["id"], {"scope": ["read:items", "write:items"]})
    assert changed["scope"] == ["read:items", "write:items"]
    assert [g["id"] for g in management("clientGrants.list", {"client_id": client})] == [made["id"]]
    service = door.clients[SERVICE].client_id
    assert len(management("clientGrants.list", {"client_id": service, "take": 1})) == 3  # by checkpoint
    with pytest.raises(SdkError) as refused:
        management("clientGrants.create", asked)
    assert refused.value.status == 409
    management("clientGrants.delete", made["id"])
    assert management("clientGrants.list", {"client_id": client}) == []
    management("clients.delete", client)


def test_roles(management: Management) -> None:
    made = management("roles.create", {"name": "Editor", "description": "Edits"})
    id_ = made["id"]
    assert management("roles.get", id_)["description"] == "Edits"
    assert management("roles.update", id_, {"description": "Edits things"})["description"] == "Edits things"
    permission = {"resource_server_identifier": AUDIENCE, "permission_name": "read:items"}
    management("roles.permissions.add", id_, {"permissions": [permission]})
    (held,) = management("roles.permissions.list", id_)
    assert held["permission_name"] == "read:items"
    management("roles.permissions.delete", id_, {"permissions": [permission]})
    assert management("roles.permissions.list", id_) == []
    assert "Editor" in names(management("roles.list", {"name_filter": "edit"}))
    management("roles.delete", id_)
    assert_gone(management, "roles.get", id_)


def test_connections(management: Management, door: DevServer) -> None:
    made = management("connections.create", {"name": "more-people", "strategy": "auth0"})
    id_ = made["id"]
    assert management("connections.get", id_)["strategy"] == "auth0"
    changed = management("connections.update", id_, {"options": {"disable_signup": True}})
    assert changed["options"]["disable_signup"] is True
    client = door.clients[SERVICE].client_id
    management("connections.clients.update", id_, [{"client_id": client, "status": True}])
    assert [c["client_id"] for c in management("connections.clients.get", id_)] == [client]
    assert "more-people" in names(management("connections.list", {"strategy": ["auth0"]}))
    management("connections.delete", id_)
    assert_gone(management, "connections.get", id_)


def test_tenant_settings(management: Management) -> None:
    before = management("tenants.settings.get")
    changed = management("tenants.settings.update", {"support_email": "help@sdk.test", "session_lifetime": 24})
    assert (changed["support_email"], changed["session_lifetime"]) == ("help@sdk.test", 24)
    assert management("tenants.settings.get", {"fields": "support_email"}) == {"support_email": "help@sdk.test"}
    restored = management("tenants.settings.update", {"session_lifetime": before["session_lifetime"]})
    assert restored["session_lifetime"] == before["session_lifetime"]


def test_custom_domains(management: Management) -> None:
    made = management(
        "customDomains.create", {"domain": "login.sdk.test", "type": "self_managed_certs", "tls_policy": "recommended"}
    )
    id_ = made["custom_domain_id"]
    assert management("customDomains.get", id_)["domain"] == "login.sdk.test"
    assert id_ in [domain["custom_domain_id"] for domain in management("customDomains.list")]
    management("customDomains.delete", id_)
    assert_gone(management, "customDomains.get", id_)


def test_signing_keys(management: Management) -> None:
    keys = management("keys.signing.list")
    (current,) = [key for key in keys if key.get("current")]
    assert management("keys.signing.get", current["kid"])["cert"].startswith("-----BEGIN CERTIFICATE-----")
    rotated = management("keys.signing.rotate")
    (new,) = [key for key in management("keys.signing.list") if key.get("current")]
    assert new["kid"] == rotated["kid"] != current["kid"]
    (previous,) = [key for key in management("keys.signing.list") if key.get("previous")]
    assert previous["kid"] == current["kid"]  # not revoked: it signed the token this client holds on to


def test_the_error_of_a_bad_body(management: Management) -> None:
    with pytest.raises(SdkError) as refused:
        management("clients.create", {"name": ""})
    assert refused.value.status == 400
    assert refused.value.told["body"]["errorCode"] == "invalid_body"
