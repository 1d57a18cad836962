"""auth0-python's Management API client: what a tenant is made of, read and written unchanged."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from auth0.authentication import GetToken
from auth0.authentication.exceptions import Auth0Error
from auth0.management import ManagementClient
from auth0.management.core.api_error import ApiError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.dev_server import DevServer
from tests.integration.sdk_python.conftest import managing
from tests.scripted_login import ScriptedLogin, authorize_url
from tests.sdk_tenant import AUDIENCE, CONNECTION, SECOND_AUDIENCE, SERVICE, WEB

pytestmark = pytest.mark.xdist_group("sdk-python")
_numbers = itertools.count(1)


@pytest.fixture
def client(api: ManagementClient) -> Iterator[Any]:
    """An application of its own, gone after the test."""
    made = api.clients.create(name=f"SDK {next(_numbers)}", app_type="non_interactive")
    yield made
    api.clients.delete(made.client_id)


def machine_token(door: DevServer, client_id: str, client_secret: str) -> str:
    token: str = GetToken(door.domain, client_id, client_secret=client_secret).client_credentials(AUDIENCE)[
        "access_token"
    ]
    return token


def test_tenant_settings_are_read_and_changed(api: ManagementClient) -> None:
    settings = api.tenants.settings.get()
    assert (settings.friendly_name, settings.default_directory) == ("SDK", CONNECTION)
    changed = api.tenants.settings.update(
        support_email="help@sdk.test",
        session_lifetime_in_minutes=90,
        flags={"enable_apis_section": True},
        error_page={"show_log_link": True, "url": "https://sdk.test/error"},
    )
    assert (changed.support_email, changed.session_lifetime) == ("help@sdk.test", 1.5)
    assert changed.flags is not None
    assert (changed.flags.enable_apis_section, changed.flags.enable_sso) == (True, True)
    assert api.tenants.settings.update(error_page=None, session_lifetime=168).error_page is None
    assert api.tenants.settings.get(fields="support_email").support_email == "help@sdk.test"
    with pytest.raises(ApiError) as refusal:
        api.tenants.settings.update(default_audience="https://nowhere.sdk.test")
    assert refusal.value.status_code == 400


def test_a_custom_domain_is_claimed_verified_and_served(api: ManagementClient, door: DevServer) -> None:
    made = api.custom_domains.create(
        domain="login.sdk.test", type="self_managed_certs", domain_metadata={"public_brand": "sdk"}
    )
    assert (made.status, made.primary) == ("pending_verification", True)
    verified = api.custom_domains.verify(made.custom_domain_id)
    assert verified.status == "ready"
    assert verified.cname_api_key
    assert api.custom_domains.test(made.custom_domain_id).success is True
    assert [domain.domain for domain in api.custom_domains.list()] == ["login.sdk.test"]
    assert api.custom_domains.get_default().domain == "login.sdk.test"
    assert api.custom_domains.set_default(domain=door.domain).domain == door.domain
    changed = api.custom_domains.update(made.custom_domain_id, custom_client_ip_header="cf-connecting-ip")
    assert changed.custom_client_ip_header == "cf-connecting-ip"
    api.custom_domains.delete(made.custom_domain_id)
    with pytest.raises(ApiError) as refusal:
        api.custom_domains.get(made.custom_domain_id)
    assert refusal.value.status_code == 404


def test_signing_keys_rotate_and_the_previous_one_is_revoked(
    api: ManagementClient, door: DevServer, http: httpx.Client
) -> None:
    current, following = api.keys.signing.list()[:2]
    assert (current.current, following.next) == (True, True)
    assert api.keys.signing.rotate().kid == following.kid
    assert api.keys.signing.get(current.kid).previous is True
    machine_token(door, door.clients[SERVICE].client_id, door.clients[SERVICE].client_secret)
    assert api.keys.signing.revoke(current.kid).kid == current.kid
    with pytest.raises(ApiError) as refusal:
        api.keys.signing.list()  # the client still holds the token of the revoked key
    assert refusal.value.status_code == 401
    assert managing(door, http).keys.signing.get(current.kid).revoked is True


def test_a_client_is_made_changed_and_found(api: ManagementClient, client: Any) -> None:
    assert (client.is_first_party, client.jwt_configuration.lifetime_in_seconds) == (True, 36000)
    changed = api.clients.update(
        client.client_id, callbacks=["https://sdk.test/cb"], jwt_configuration={"alg": "RS256"}
    )
    assert changed.callbacks == ["https://sdk.test/cb"]
    assert changed.jwt_configuration is not None
    assert changed.jwt_configuration.lifetime_in_seconds == 36000
    names = [found.name for found in api.clients.list(is_global=False, per_page=2)]
    assert client.name in names
    assert len(names) == len(set(names)) > 2
    assert api.clients.rotate_secret(client.client_id).client_secret != client.client_secret
    assert api.clients.get(client.client_id, fields="name", include_fields=True).app_type is None


def test_a_client_may_sign_its_assertions(api: ManagementClient, client: Any) -> None:
    public = rsa.generate_private_key(65537, 2048).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    made = api.clients.credentials.create(client.client_id, credential_type="public_key", pem=pem, name="first")
    assert [credential.id for credential in api.clients.credentials.list(client.client_id)] == [made.id]
    assert made.id is not None
    api.clients.credentials.delete(client.client_id, made.id)
    assert list(api.clients.credentials.list(client.client_id)) == []


def test_an_api_and_a_grant_decide_what_a_machine_may_ask(api: ManagementClient, door: DevServer, client: Any) -> None:
    identifier = f"https://{next(_numbers)}.sdk.test/"
    made = api.resource_servers.create(
        identifier=identifier, name="Parcels", scopes=[{"value": "read:parcels"}, {"value": "send:parcels"}]
    )
    assert made.id is not None
    machine = GetToken(door.domain, client.client_id, client_secret=client.client_secret)
    with pytest.raises(Exception, match=r"access_denied|not authorized"):
        machine.client_credentials(identifier)
    grant = api.client_grants.create(client_id=client.client_id, audience=identifier, scope=["read:parcels"])
    assert machine.client_credentials(identifier)["scope"] == "read:parcels"
    assert grant.id is not None
    api.client_grants.update(grant.id, scope=["read:parcels", "send:parcels"])
    assert machine.client_credentials(identifier)["scope"] == "read:parcels send:parcels"
    assert [found.id for found in api.client_grants.list(audience=identifier)] == [grant.id]
    changed = api.resource_servers.update(made.id, token_lifetime=60)
    assert changed.token_lifetime == 60
    assert machine.client_credentials(identifier)["expires_in"] == 60
    assert identifier in [found.identifier for found in api.resource_servers.list()]
    api.client_grants.delete(grant.id)
    api.resource_servers.delete(made.id)
    with pytest.raises(ApiError) as refusal:
        api.resource_servers.get(made.id)
    assert refusal.value.status_code == 404


def test_a_connection_is_made_and_enabled_for_a_client(api: ManagementClient, client: Any) -> None:
    made = api.connections.create(name=f"people-{next(_numbers)}", strategy="auth0")
    assert made.id is not None
    api.connections.clients.update(made.id, request=[{"client_id": client.client_id, "status": True}])
    assert [enabled.client_id for enabled in api.connections.clients.get(made.id)] == [client.client_id]
    changed = api.connections.update(made.id, options={"passwordPolicy": "excellent"}, is_domain_connection=True)
    assert changed.is_domain_connection is True
    assert [found.id for found in api.connections.list(name=made.name)] == [made.id]
    api.connections.delete(made.id)
    with pytest.raises(ApiError) as refusal:
        api.connections.get(made.id)
    assert refusal.value.status_code == 404


# ── people ──


@pytest.fixture
def user(api: ManagementClient) -> Iterator[Any]:
    """A person of their own, gone after the test."""
    number = next(_numbers)
    made = api.users.create(
        connection=CONNECTION,
        email=f"person{number}@sdk.test",
        password="Tabulating-Machine-90",
        given_name="Herman",
        user_metadata={"theme": "dark", "size": {"w": 1}},
    )
    yield made
    api.users.delete(made.user_id)


def test_a_user_is_made_changed_found_and_deleted(api: ManagementClient, user: Any) -> None:
    assert (user.email_verified, user.identities[0].connection) == (False, CONNECTION)
    changed = api.users.update(user.user_id, family_name="Hollerith", user_metadata={"theme": None, "size": {"h": 2}})
    assert (changed.family_name, changed.user_metadata) == ("Hollerith", {"size": {"h": 2}})
    assert api.users.get(user.user_id, fields="email").email == user.email
    assert [found.user_id for found in api.users.list_users_by_email(email=user.email)] == [user.user_id]
    assert [found.user_id for found in api.users.list(q=f'email:"{user.email}"')] == [user.user_id]
    others = [api.users.create(connection=CONNECTION, email=f"o{n}@sdk.test", password="Tab-1-Tab") for n in range(3)]
    listed = [found.user_id for found in api.users.list(per_page=2)]
    assert len(listed) == len(set(listed)) >= 5
    for other in others:
        api.users.delete(other.user_id)
    with pytest.raises(ApiError) as refusal:
        api.users.get(others[0].user_id)
    assert (refusal.value.status_code, refusal.value.body["errorCode"]) == (404, "inexistent_user")
    with pytest.raises(ApiError) as taken:
        api.users.create(connection=CONNECTION, email=user.email, password="Tab-1-Tab")
    assert taken.value.status_code == 409


def test_roles_and_permissions_of_a_user(api: ManagementClient, user: Any) -> None:
    role = api.roles.create(name=f"SDK {next(_numbers)}")
    permission = {"resource_server_identifier": AUDIENCE, "permission_name": "read:items"}
    api.roles.permissions.add(role.id, permissions=[permission])
    api.users.roles.assign(user.user_id, roles=[role.id])
    assert [held.id for held in api.users.roles.list(user.user_id)] == [role.id]
    assert [member.user_id for member in api.roles.users.list(role.id)] == [user.user_id]
    api.users.permissions.create(user.user_id, permissions=[permission])
    (held,) = api.users.permissions.list(user.user_id)
    assert [source["source_type"] for source in held.sources] == ["DIRECT", "ROLE"]
    api.users.permissions.delete(user.user_id, permissions=[permission])
    api.users.roles.delete(user.user_id, roles=[role.id])
    assert list(api.users.permissions.list(user.user_id)) == list(api.users.roles.list(user.user_id)) == []
    api.roles.delete(role.id)


def test_logs_of_a_login_and_of_a_user(api: ManagementClient, door: DevServer, user: Any) -> None:
    with ScriptedLogin(door, user.email, "Tabulating-Machine-90") as person:
        person.answer(authorize_url(door, WEB))
    (login,) = api.users.logs.list(user.user_id)
    assert (login.type, login.user_name, login.strategy_type) == ("s", user.email, "database")
    assert api.logs.get(login.log_id).log_id == login.log_id
    assert login.log_id in [event.log_id for event in api.logs.list(search=f'type:s AND user_id:"{user.user_id}"')]
    assert len([event.log_id for event in api.logs.list(per_page=5)]) >= 6


def test_grants_and_blocks_of_a_user(api: ManagementClient, door: DevServer, user: Any) -> None:
    with ScriptedLogin(door, user.email, "Tabulating-Machine-90") as person:
        person.answer(authorize_url(door, WEB, audience=SECOND_AUDIENCE, scope="openid read:items"))
    (grant,) = api.user_grants.list(user_id=user.user_id, audience=SECOND_AUDIENCE)
    assert (grant.client_id, grant.scope) == (door.clients[WEB].client_id, ["openid", "read:items"])
    api.user_grants.delete(grant.id)
    assert list(api.user_grants.list(user_id=user.user_id, audience=SECOND_AUDIENCE)) == []
    api.user_grants.delete_by_user_id(user_id=user.user_id)
    login = GetToken(door.domain, door.clients[WEB].client_id, client_secret=door.clients[WEB].client_secret)
    for _ in range(10):
        with pytest.raises(Auth0Error):
            login.login(user.email, "wrong", realm=CONNECTION)
    (block,) = api.user_blocks.list(user.user_id).blocked_for
    assert (block.identifier, block.connection) == (user.email, CONNECTION)
    api.user_blocks.delete_by_identifier(identifier=user.email)
    assert api.user_blocks.list_by_identifier(identifier=user.email).blocked_for == []
    assert "access_token" in login.login(user.email, "Tabulating-Machine-90", realm=CONNECTION)


def test_users_are_imported_and_exported(api: ManagementClient, http: httpx.Client) -> None:
    connection = next(one for one in api.connections.list(name=CONNECTION))
    given = [{"email": "imported@example.test", "name": "Imported"}, {"email": "broken"}]
    made = api.jobs.users_imports.create(
        users=("users.json", json.dumps(given).encode()), connection_id=connection.id, external_id="sdk"
    )
    job = api.jobs.get(made.id)
    assert (job.status, job.summary.inserted, job.summary.failed) == ("completed", 1, 1)
    (error,) = api.jobs.errors.get(made.id)
    assert error.errors[0].code == "INVALID_FORMAT"
    exported = api.jobs.users_exports.create(connection_id=connection.id, format="json", fields=[{"name": "email"}])
    content = http.get(api.jobs.get(exported.id).location).content
    assert b'{"email":"imported@example.test"}' in gzip.decompress(content)
    (user,) = api.users.list_users_by_email(email="imported@example.test")
    ticket = api.tickets.change_password(user_id=user.user_id, ttl_sec=60)
    assert "/u/reset-password?ticket=" in ticket.ticket
    api.users.delete(user.user_id)
