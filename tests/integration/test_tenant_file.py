"""Loading a tenant file: what it makes, what it changes, what it refuses, and that twice is once."""

from __future__ import annotations

import copy
import os
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.integration.door import CALLBACK, Door

from doorward.management.tenant_file.loading import Loaded, load
from doorward.management.tenant_file.sections import TenantFileError
from doorward.management.tenant_file.users import LoadedUsers
from doorward.model.directory import TenantDirectory
from doorward.model.document import Document, Kind

pytestmark = pytest.mark.anyio
ACME, OTHER = "acme.test", "other.test"
REALM = "http://auth0.com/oauth/grant-type/password-realm"
HASHED = {"email": "hashed@acme.test", "connection": "people"}
SHARED = os.environ.get("DOORWARD_SHARED")
DOCUMENT: dict[str, Any] = {
    "tenant": {
        "friendly_name": "Acme",
        "default_audience": "https://api.acme.test/",
        "default_directory": "people",
        "session_lifetime": 3.5,
        "idle_session_lifetime_in_minutes": 90,
        "pushed_authorization_requests_supported": True,
        "flags": {"revoke_refresh_token_grant": True},
    },
    "prompts": {"identifier_first": False},
    "resourceServers": [
        {
            "name": "API",
            "identifier": "https://api.acme.test/",
            "scopes": [{"value": "read:a"}, {"value": "write:a", "description": "Change a"}],
        },
        {
            "name": "HS", "identifier": "https://hs.acme.test/", "signing_alg": "HS256",
            "signing_secret": "a-secret-of-the-file-with-32-or-more",
        },
    ],
    "clients": [
        {"name": "Web", "app_type": "regular_web", "callbacks": [CALLBACK], "client_metadata": {"team": "a"}},
        {"name": "Machine", "client_id": "machine", "client_secret": "the-secret-of-the-file"},
        {"name": "Third", "is_first_party": False},
        {"name": "Old third", "is_first_party": False, "third_party_security_mode": "permissive"},
    ],
    "clientGrants": [
        {"client_id": "Machine", "audience": "https://api.acme.test/", "scope": ["read:a"]},
        {"client_id": "Web", "audience": "https://api.acme.test/", "scope": ["read:a"], "subject_type": "user"},
    ],
    "roles": [
        {
            "name": "Reader",
            "permissions": [
                {"permission_name": "read:a", "resource_server_identifier": "https://api.acme.test/"}
            ],
        },
        {"name": "Nobody", "description": "May nothing"},
    ],
    "databases": [
        {"name": "people", "enabled_clients": ["Web", "machine"], "is_domain_connection": True},
    ],
    "connections": [
        {
            "name": "google-oauth2", "strategy": "google-oauth2", "enabled_clients": ["Web"],
            "options": {"client_id": "g", "client_secret": "google-secret", "scope": ["email"]},
        },
    ],
    "customDomains": [{"domain": "login.acme.test"}, {"domain": "sign.acme.test"}],
    "users": [
        {
            "email": "Ada@acme.test", "password": "a", "connection": "people", "email_verified": True, "user_id": "ada",
            "roles": ["Reader"], "app_metadata": {"plan": "gold"},
            "permissions": [
                {"permission_name": "write:a", "resource_server_identifier": "https://api.acme.test/"}
            ],
        },
    ],
}  # fmt: skip


class File:
    """A server with one tenant, and the file that is loaded into it."""

    def __init__(self, door: Door) -> None:
        self.door = door

    async def load(self, document: dict[str, Any], tenant: str = ACME) -> Loaded:
        return await load(document, tenant, self.door.server.services, verified_domains=True)

    @property
    def tenant(self) -> TenantDirectory:
        return self.door.ports.directory.tenant(ACME)

    def one(self, kind: Kind, **by: Any) -> Document:
        """The only document of a kind with these properties."""
        (found,) = [d for d in self.tenant.documents[kind].values() if all(d.body.get(n) == v for n, v in by.items())]
        return found

    async def refusal(self, **changes: Any) -> str:
        with pytest.raises(TenantFileError) as refusal:
            await self.load({**changes})
        return refusal.value.what


@pytest.fixture
async def file() -> AsyncIterator[File]:
    door = await Door("sqlite://").start()
    for domain in (ACME, OTHER):
        await door.server.create_tenant(domain, domain)
    yield File(door)
    await door.stop()


def changed(**sections: Any) -> dict[str, Any]:
    return {**copy.deepcopy(DOCUMENT), **sections}


async def test_the_same_file_again_changes_nothing(file: File) -> None:
    first = await file.load(DOCUMENT)
    assert first.users == LoadedUsers(created=1)
    assert first.unsupported == []
    before = file.tenant
    again = await file.load(DOCUMENT)
    assert (again.written, again.users) == (0, LoadedUsers())
    assert file.tenant.tenant.revision == before.tenant.revision
    assert file.tenant.documents == before.documents


def sample() -> Any:
    return yaml.safe_load(Path(SHARED or "", "samples/tenant.yaml").read_text())


@pytest.mark.skipif(SHARED is None, reason="DOORWARD_SHARED names no folder with the sample tenant")
async def test_the_sample_tenant_loads_and_loads_again(file: File) -> None:
    document = sample()
    loaded = await file.load(document)
    assert loaded.unsupported == []
    assert file.tenant.settings.default_directory == "harbor-customers"
    assert (await file.load(document)).written == 0


async def test_a_changed_file_updates_and_removes_nothing(file: File) -> None:
    await file.load(DOCUMENT)
    document = changed(
        clients=[{"name": "Web", "callbacks": ["https://new.test/cb"], "jwt_configuration": {"alg": "RS256"}}],
        roles=[{"name": "Reader", "description": "Reads", "permissions": []}],
        users=[{"email": "ada@acme.test", "connection": "people", "app_metadata": {"seats": 2}}],
    )
    loaded = await file.load(document)
    assert (loaded.written, loaded.users) == (2, LoadedUsers(updated=1))
    web = file.one(Kind.CLIENT, name="Web").body
    assert web["callbacks"] == ["https://new.test/cb"]
    assert web["jwt_configuration"] == {"secret_encoded": False, "lifetime_in_seconds": 36000, "alg": "RS256"}
    assert web["client_metadata"] == {"team": "a"}
    role = file.one(Kind.ROLE, name="Reader").body
    assert (role["description"], role["permissions"]) == ("Reads", [])
    assert file.one(Kind.CLIENT, name="Machine").id == "machine"
    user = await file.door.ports.users.find(ACME, "auth0|ada")
    assert user is not None
    assert user.app_metadata == {"plan": "gold", "seats": 2}


async def test_credentials_of_the_file_are_used_as_written(file: File) -> None:
    await file.load(DOCUMENT)
    assert file.tenant.clients["machine"].client_secret == "the-secret-of-the-file"
    hs = file.one(Kind.RESOURCE_SERVER, identifier="https://hs.acme.test/")
    assert hs.secrets["signing_secret"] == "a-secret-of-the-file-with-32-or-more"
    google = file.one(Kind.CONNECTION, name="google-oauth2")
    assert google.secrets == {"options_secrets": {"client_secret": "google-secret"}}
    assert "client_secret" not in google.body["options"]
    form = {"grant_type": "client_credentials", "client_id": "machine", "client_secret": "the-secret-of-the-file"}
    answer = await file.door.token(ACME, **form)
    assert answer.json()["scope"] == "read:a"


async def test_what_a_file_leaves_out_has_the_default_of_a_post(file: File) -> None:
    await file.load(DOCUMENT)
    machine = file.one(Kind.CLIENT, name="Machine").body
    assert machine["grant_types"] == ["authorization_code", "implicit", "refresh_token", "client_credentials"]
    assert (machine["oidc_conformant"], "token_endpoint_auth_method" in machine) == (False, False)
    api = file.one(Kind.RESOURCE_SERVER, name="API").body
    assert (api["allow_offline_access"], api["skip_consent_for_verifiable_first_party_clients"]) == (False, False)
    assert api["token_lifetime"] == 86400
    grants = file.tenant.documents[Kind.CLIENT_GRANT].values()
    assert {grant.body["subject_type"] for grant in grants} == {"client", "user"}
    people = file.one(Kind.CONNECTION, name="people").body
    assert people["strategy"] == "auth0"
    assert people["options"]["passwordPolicy"] == "good"


async def test_references_by_name_become_ids(file: File) -> None:
    await file.load(DOCUMENT)
    web = file.one(Kind.CLIENT, name="Web").id
    people = file.one(Kind.CONNECTION, name="people").body
    assert people["enabled_clients"] == [web, "machine"]
    assert people["is_domain_connection"] is True
    assert file.one(Kind.CLIENT_GRANT, subject_type="user").body["client_id"] == web
    user = await file.door.ports.users.find(ACME, "auth0|ada")
    assert user is not None
    assert user.roles == (file.one(Kind.ROLE, name="Reader").id,)
    assert [permission.permission_name for permission in user.permissions] == ["write:a"]


async def test_third_party_security_is_strict_unless_the_file_says_otherwise(file: File) -> None:
    await file.load(DOCUMENT)
    third, old = file.one(Kind.CLIENT, name="Third"), file.one(Kind.CLIENT, name="Old third")
    assert (third.body["third_party_security_mode"], third.id[:4]) == ("strict", "tpc_")
    assert (old.body["third_party_security_mode"], len(old.id)) == ("permissive", 32)


async def test_custom_domains_count_as_verified_and_the_first_is_the_default(file: File) -> None:
    await file.load(DOCUMENT)
    for domain in ("login.acme.test", "sign.acme.test"):
        async with file.door.http(domain) as http:
            answer = await http.get("/.well-known/openid-configuration")
        assert answer.json()["issuer"] == f"https://{domain}/"
    assert [d.domain for d in file.tenant.custom_domains.values() if d.primary] == ["login.acme.test"]
    with pytest.raises(TenantFileError, match=r"customDomains login\.acme\.test: The custom domain already exists"):
        await file.load({"customDomains": [{"domain": "login.acme.test"}]}, OTHER)


async def test_domains_wait_for_their_proof_where_they_do_not_count_as_verified(file: File) -> None:
    services = file.door.server.services
    await load({"customDomains": [{"domain": "login.acme.test"}]}, ACME, services)
    assert file.tenant.custom_domains["login.acme.test"].status == "pending_verification"


async def test_settings_come_last_and_may_name_what_the_file_makes(file: File) -> None:
    await file.load(DOCUMENT)
    settings = file.tenant.settings
    assert settings.default_audience == "https://api.acme.test/"
    assert settings.default_directory == "people"
    assert (settings.session_lifetime, settings.idle_session_lifetime) == (3.5, 1.5)
    assert settings.pushed_authorization_requests_supported is True
    assert settings.flags.revoke_refresh_token_grant is True
    assert file.tenant.documents[Kind.SETTINGS]["tenant"].body["flags"]["enable_sso"] is True
    assert file.tenant.asks_identifier_first is False


async def test_passwords_of_the_file_pass_by_the_policy(file: File) -> None:
    await file.load(DOCUMENT)
    web = file.one(Kind.CLIENT, name="Web")
    answer = await file.door.token(
        ACME, grant_type=REALM, realm="people", username="ada@acme.test",
        password="a", client_id=web.id, client_secret=web.secrets["client_secret"], scope="openid",
    )  # fmt: skip
    assert answer.json()["error"] == "unauthorized_client"  # the grant type is not a default one
    await file.load(changed(clients=[{"name": "Web", "grant_types": [REALM]}]))
    answer = await file.door.token(
        ACME, grant_type=REALM, realm="people", username="ada@acme.test", password="a", client_id=web.id,
        client_secret=web.secrets["client_secret"], scope="openid",
    )  # fmt: skip
    assert "access_token" in answer.json()


async def test_a_file_holds_every_hash_an_import_takes(file: File) -> None:
    digest = {"algorithm": "sha256", "hash": {"value": sha256(b"pepper-and-salt").hexdigest(), "encoding": "hex"}}
    bcrypt = {"algorithm": "bcrypt", "hash": {"value": "$2b$04$" + "a" * 53}}
    users = [
        {**HASHED, "custom_password_hash": digest},
        {**HASHED, "email": "b@acme.test", "custom_password_hash": bcrypt},
    ]
    web = {**DOCUMENT["clients"][0], "grant_types": [REALM]}
    document = {**DOCUMENT, "clients": [web, *DOCUMENT["clients"][1:]], "users": users}
    assert (await file.load(document)).users == LoadedUsers(created=2)
    client = file.one(Kind.CLIENT, name="Web")
    answer = await file.door.token(
        ACME, grant_type=REALM, realm="people", username="hashed@acme.test", password="pepper-and-salt",
        client_id=client.id, client_secret=client.secrets["client_secret"], scope="openid",
    )  # fmt: skip
    assert "access_token" in answer.json(), answer.json()
    assert (await file.load(document)).users == LoadedUsers()


async def test_what_has_no_effect_yet_is_named(file: File) -> None:
    loaded = await file.load(
        {
            "rules": [{"name": "x"}],
            "clientAuthCredentials": [],
            "clients": [{"name": "Web", "shoe_size": 46, "native_social_login": {"apple": {"colour": "red"}}}],
            "resourceServers": [{"name": "A", "identifier": "a", "scopes": [{"value": "x", "colour": "red"}]}],
            "roles": [{"name": "R", "colour": "red"}],
            "databases": [{"name": "people", "colour": "red"}],
            "customDomains": [{"domain": "login.acme.test", "colour": "red"}],
            "tenant": {"colour": "red", "flags": {"colour": True, "universal_login": False}},
            "attackProtection": {"weather": {}},
        }
    )
    assert loaded.unsupported == [
        "attackProtection.weather",
        "clientAuthCredentials",
        "clients.native_social_login.apple.colour",
        "clients.shoe_size",
        "customDomains.colour",
        "databases.colour",
        "resourceServers.scopes.colour",
        "roles.colour",
        "rules (Auth0 ends rules: write an Action for post-login)",
        "tenant.colour",
        "tenant.flags.colour",
        "tenant.flags.universal_login",
    ]
    assert "shoe_size" not in file.one(Kind.CLIENT, name="Web").body


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"clients": {"name": "Web"}}, "clients has to be a list of objects"),
        ({"clientts": []}, "clientts: there is no such section in a tenant file"),
        ({"clients": [5]}, "clients has to be a list of objects"),
        ({"tenant": []}, None),
        ({"tenant": ["x"]}, "tenant has to be an object"),
        ({"clients": [{"app_type": "spa"}]}, "an entry of clients has no name"),
        ({"clients": [{"name": "Web", "callbacks": "x"}]}, "clients Web: Payload validation error"),
        ({"clients": [{"name": "Web", "callbacks": ["javascript:x"]}]}, "clients Web: Payload validation error"),
        ({"clients": [{"name": "Web", "client_id": "a b"}]}, "clients Web: Payload validation error"),
        ({"clientGrants": [{"client_id": "Nobody", "audience": "a"}]}, "Nobody for a: no client is named Nobody"),
        ({"clientGrants": [{"client_id": "Web", "audience": "nowhere"}]}, "The resource server does not exist"),
        ({"roles": [{"name": "R", "permissions": [{"permission_name": "x"}]}]}, "roles R: Payload validation error"),
        (
            {"roles": [{"name": "R", "permissions": [
                {"permission_name": "x", "resource_server_identifier": "https://api.acme.test/"}]}]},
            "does not define the scope: x",
        ),
        ({"databases": [{"name": "people", "enabled_clients": ["Nobody"]}]}, "people: no client is named Nobody"),
        ({"databases": [{"name": "people", "strategy": "ad"}]}, "databases people: strategy cannot be changed"),
        ({"tenant": {"default_audience": "nowhere"}}, "default_audience does not name an API of this tenant"),
        ({"tenant": {"default_directory": "nowhere"}}, "default_directory does not name a connection of this tenant"),
        ({"prompts": {"identifier_first": "yes"}}, "prompts: Payload validation error"),
        ({"users": [{"email": "x@acme.test", "connection": "nowhere"}]}, "which is no database of this tenant"),
        ({"users": [{"email": "x@acme.test", "connection": "people", "roles": ["No"]}]}, "which does not exist"),
        ({"users": [{"email": "x@acme.test", "connection": "people", "user_id": "x@clients"}]}, "ends in @clients"),
        ({"users": [{"connection": "people"}]}, "neither email nor username"),
        ({"users": [{**HASHED, "password_hash": "$2b$nonsense"}]}, "pattern"),
        ({"users": [{**HASHED, "custom_password_hash": {"algorithm": "rot13", "hash": {"value": "x"}}}]}, "rot13"),
    ],
)  # fmt: skip
async def test_what_cannot_be_loaded_is_refused_by_name_and_nothing_is_half_done(
    file: File, changes: dict[str, Any], expected: str | None
) -> None:
    await file.load(DOCUMENT)
    before = file.tenant.documents
    if expected is None:
        await file.load(changes)
        return
    assert expected in await file.refusal(**changes)
    assert file.tenant.documents == before


async def test_a_client_that_signs_its_assertions_keeps_its_credential(file: File) -> None:
    pem = file.tenant.signing_keys[0].cert
    public = {"credential_type": "public_key", "name": "key", "pem": pem}
    document = {
        "clients": [
            {"name": "S", "client_authentication_methods": {"private_key_jwt": {"credentials": [public]}}},
        ]
    }
    await file.load(document)
    (reference,) = file.one(Kind.CLIENT, name="S").body["client_authentication_methods"]["private_key_jwt"][
        "credentials"
    ]
    assert reference["id"].startswith("cred_")
    assert (await file.load(document)).written == 0
    other = {**public, "pem": file.tenant.signing_keys[1].cert}
    document["clients"][0]["client_authentication_methods"]["private_key_jwt"]["credentials"] = [public, other]
    await file.load(document)
    used = file.one(Kind.CLIENT, name="S").body["client_authentication_methods"]["private_key_jwt"]["credentials"]
    assert used[0] == reference
    assert len(used) == 2


async def test_a_keyword_nobody_replaced_leaves_what_is_stored(file: File) -> None:
    await file.load(DOCUMENT)
    connections = copy.deepcopy(DOCUMENT["connections"])
    connections[0]["options"]["client_secret"] = "##CONNECTIONS_GOOGLE_OAUTH2_SECRET##"
    loaded = await file.load({"connections": connections, "tenant": {"friendly_name": "@@NAME@@"}})
    assert loaded.written == 0
    assert loaded.unsupported == [
        "connections.options.client_secret (##CONNECTIONS_GOOGLE_OAUTH2_SECRET## is not replaced)",
        "tenant.friendly_name (@@NAME@@ is not replaced)",
    ]
    assert (
        file.one(Kind.CONNECTION, name="google-oauth2").secrets["options_secrets"]["client_secret"] == "google-secret"
    )
    assert file.tenant.settings.friendly_name == "Acme"
