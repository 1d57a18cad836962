"""Applications: ``/clients``, their secrets and their credentials."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from doorward.model.document import Kind

from .conftest import START, A, Api, B, House

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pem(key: rsa.RSAPrivateKey) -> str:
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public.decode()


@pytest.fixture(scope="module")
def certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "machine")])
    start = datetime.fromtimestamp(START, UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=9))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


async def test_a_client_made_from_a_name_has_auth0s_defaults_and_a_secret(api: Api) -> None:
    made = await api.post("/clients", {"name": "App"})
    assert made["is_first_party"] is True
    assert made["oidc_conformant"] is False
    assert made["grant_types"] == ["authorization_code", "implicit", "refresh_token", "client_credentials"]
    assert made["jwt_configuration"] == {"secret_encoded": False, "lifetime_in_seconds": 36000}
    assert made["refresh_token"]["rotation_type"] == "non-rotating"
    assert made["global"] is False
    assert len(made["client_id"]) == 32
    assert len(made["client_secret"]) == 64
    assert made["signing_keys"][0]["cert"].startswith("-----BEGIN CERTIFICATE-----")
    assert "app_type" not in made
    assert "token_endpoint_auth_method" not in made
    assert await api.get(f"/clients/{made['client_id']}") == made


async def test_the_next_request_sees_what_was_written(api: Api, house: House) -> None:
    made = await api.post("/clients", {"name": "M2M"})
    async with house.http(A) as http:
        response = await http.post(
            "/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": made["client_id"],
                "client_secret": made["client_secret"],
                "audience": "https://nothing.test",
            },
        )
    assert response.json()["error"] == "access_denied", "the client was known, its API was not"


async def test_a_patch_merges_what_auth0_merges_and_replaces_the_rest(api: Api) -> None:
    made = await api.post(
        "/clients",
        {"name": "App", "client_metadata": {"keep": "1", "drop": "2"}, "callbacks": ["https://a.test/cb"]},
    )
    path = f"/clients/{made['client_id']}"
    changed = await api.patch(
        path,
        {
            "jwt_configuration": {"alg": "RS256"},
            "client_metadata": {"drop": None, "new": "3"},
            "callbacks": ["https://b.test/cb"],
            "logo_uri": "https://a.test/logo.png",
        },
    )
    assert changed["jwt_configuration"] == {"secret_encoded": False, "lifetime_in_seconds": 36000, "alg": "RS256"}
    assert changed["client_metadata"] == {"keep": "1", "new": "3"}
    assert changed["callbacks"] == ["https://b.test/cb"]
    gone = await api.patch(path, {"logo_uri": None})
    assert "logo_uri" not in gone
    assert (await api.get(path))["client_secret"] == made["client_secret"]


async def test_addons_are_kept_encrypted_and_come_back(api: Api, house: House) -> None:
    addon = {"firebase": {"private_key": "canary-private", "client_email": "x@y.test"}}
    made = await api.post("/clients", {"name": "App", "addons": addon})
    assert (await api.get(f"/clients/{made['client_id']}"))["addons"] == addon
    document = house.ports.directory.tenant(A).documents[Kind.CLIENT][made["client_id"]]
    assert "canary" not in str(document.body)
    assert "addons" not in await api.patch(f"/clients/{made['client_id']}", {"addons": None})


async def test_a_third_party_client_is_strict_unless_permissive_was_asked_for(api: Api) -> None:
    strict = await api.post("/clients", {"name": "T", "is_first_party": False})
    assert strict["third_party_security_mode"] == "strict"
    assert strict["client_id"].startswith("tpc_")
    permissive = await api.post(
        "/clients", {"name": "P", "is_first_party": False, "third_party_security_mode": "permissive"}
    )
    assert permissive["third_party_security_mode"] == "permissive"
    path = f"/clients/{strict['client_id']}"
    assert await api.refused("PATCH", path, {"third_party_security_mode": "permissive"}) == (
        400,
        "operation_not_supported",
    )


async def test_deleting_a_client_takes_its_grants_along_and_twice_is_no_error(api: Api, house: House) -> None:
    made = await api.post("/clients", {"name": "App"})
    documents = house.ports.directory.tenant(A).documents
    before = len(documents[Kind.CLIENT_GRANT])
    await house.token(A)
    document = next(d for d in house.ports.directory.tenant(A).documents[Kind.CLIENT_GRANT].values() if d.body)
    assert len(house.ports.directory.tenant(A).documents[Kind.CLIENT_GRANT]) == before + 1
    newest = list(house.ports.directory.tenant(A).documents[Kind.CLIENT_GRANT].values())[-1]
    await api.delete(f"/clients/{newest.body['client_id']}")
    assert newest.id not in house.ports.directory.tenant(A).documents[Kind.CLIENT_GRANT]
    assert document.id in house.ports.directory.tenant(A).documents[Kind.CLIENT_GRANT]
    await api.delete(f"/clients/{made['client_id']}")
    await api.delete(f"/clients/{made['client_id']}")
    assert await api.refused("GET", f"/clients/{made['client_id']}") == (404, "inexistent_client")


async def test_rotating_the_secret_ends_the_old_one(api: Api) -> None:
    made = await api.post("/clients", {"name": "App"})
    rotated = await api.post(f"/clients/{made['client_id']}/rotate-secret", None, 200)
    assert rotated["client_secret"] != made["client_secret"]
    assert (await api.get(f"/clients/{made['client_id']}"))["client_secret"] == rotated["client_secret"]


async def test_secrets_need_the_scope_for_keys(api: Api, house: House) -> None:
    made = await api.post("/clients", {"name": "App", "description": "d"})
    path = f"/clients/{made['client_id']}"
    plain = await (await house.api(scopes=["read:clients"])).get(path)
    assert not {"client_secret", "signing_keys", "client_authentication_methods"} & set(plain)
    assert plain["callbacks"] == []
    summary = await (await house.api(scopes=["read:client_summary"])).get(path)
    assert set(summary) == {"client_id", "name", "description", "tenant"}
    patching = await house.api(scopes=["update:clients"])
    assert "client_secret" not in await patching.patch(path, {"description": "e"})
    assert await patching.refused("PATCH", path, {"client_secret": "x" * 40}) == (403, "insufficient_scope")


async def test_lists_filter_page_and_project(api: Api) -> None:
    for number in range(5):
        await api.post("/clients", {"name": f"App {number}", "app_type": "spa"})
    spas = await api.get("/clients", app_type="spa", fields="name", per_page=2, page=1)
    assert [client["name"] for client in spas] == ["App 2", "App 3"]
    totals = await api.get("/clients", app_type="spa", include_totals=True, per_page=2)
    assert (totals["start"], totals["limit"], totals["total"], len(totals["clients"])) == (0, 2, 5, 2)
    seen, cursor = [], None
    while True:
        query: dict[str, Any] = {"take": 2, "app_type": "spa", "include_totals": True}
        page = await api.get("/clients", **query, **({"from": cursor} if cursor else {}))
        assert set(page) <= {"clients", "next"}
        seen += [client["name"] for client in page["clients"]]
        cursor = page.get("next")
        if cursor is None:
            break
    assert seen == [f"App {number}" for number in range(5)]
    without = await api.get("/clients", app_type="spa", fields="client_secret,callbacks", include_fields=False)
    assert "client_secret" not in without[0]
    assert "name" in without[0]
    assert [client["name"] for client in await api.get("/clients", is_global=True)] == ["All Applications"]


async def test_some_types_of_client_begin_with_more(api: Api) -> None:
    express = await api.post("/clients", {"name": "Express", "app_type": "express_configuration"})
    assert (express["jwt_configuration"]["alg"], express["organization_usage"]) == ("RS256", "deny")
    api_client = await api.post("/clients", {"name": "API", "app_type": "resource_server", "grant_types": ["x"]})
    assert (api_client["jwt_configuration"]["alg"], api_client["grant_types"]) == ("RS256", ["x"])


async def test_the_global_client_stays(api: Api) -> None:
    (everything,) = await api.get("/clients", is_global=True)
    assert await api.refused("DELETE", f"/clients/{everything['client_id']}") == (400, "operation_not_supported")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Payload validation error: 'Missing required property: name'."),
        (
            {"name": "a", "is_first_party": "yes"},
            "Payload validation error: 'Expected type boolean but found type string' on property is_first_party.",
        ),
        ({"name": "a", "nonsense": 1}, "Payload validation error: 'Additional properties not allowed: nonsense'."),
        (
            {"name": "a", "callbacks": ["https://a.test/#x"]},
            "Payload validation error: 'Object didn't pass validation for format callback-url: https://a.test/#x' "
            "on property callbacks[0].",
        ),
        (
            {"name": "a", "app_type": "toaster"},
            "Payload validation error: 'No enum match for: toaster' on property app_type.",
        ),
    ],
)
async def test_a_bad_body_is_refused_in_auth0s_words(api: Api, body: Any, sentence: str) -> None:
    response = await api.call("POST", "/clients", body)
    assert response.json() == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": sentence,
        "errorCode": "invalid_body",
    }
    assert response.headers["content-type"] == "application/json; charset=utf-8"


async def test_a_client_can_begin_with_a_key_and_is_then_shown_it_in_full(api: Api, pem: str) -> None:
    made = await api.post(
        "/clients",
        {
            "name": "K",
            "client_authentication_methods": {
                "private_key_jwt": {"credentials": [{"credential_type": "public_key", "pem": pem, "name": "k1"}]}
            },
        },
    )
    (credential,) = made["client_authentication_methods"]["private_key_jwt"]["credentials"]
    assert credential["id"].startswith("cred_")
    assert (credential["alg"], credential["name"], len(credential["kid"])) == ("RS256", "k1", 43)
    assert credential["created_at"] == "2023-11-14T22:13:20.000Z"
    read = await api.get(f"/clients/{made['client_id']}")
    assert read["client_authentication_methods"] == {"private_key_jwt": {"credentials": [{"id": credential["id"]}]}}
    path = f"/clients/{made['client_id']}"
    assert await api.refused("POST", f"{path}/rotate-secret") == (400, "operation_not_supported")
    assert await api.refused("DELETE", f"{path}/credentials/{credential['id']}") == (400, "operation_not_supported")
    back = await api.patch(
        path, {"client_authentication_methods": None, "token_endpoint_auth_method": "client_secret_post"}
    )
    assert "client_authentication_methods" not in back
    await api.delete(f"{path}/credentials/{credential['id']}")


async def test_credentials_are_made_listed_changed_and_removed(api: Api, pem: str, certificate: str) -> None:
    client = (await api.post("/clients", {"name": "K"}))["client_id"]
    path = f"/clients/{client}/credentials"
    key = await api.post(path, {"credential_type": "public_key", "pem": pem, "alg": "PS256"})
    cert = await api.post(path, {"credential_type": "x509_cert", "pem": certificate})
    subject = await api.post(path, {"credential_type": "cert_subject_dn", "subject_dn": "CN=machine"})
    assert cert["expires_at"] == "2023-11-23T22:13:20.000Z"
    assert len(cert["thumbprint_sha256"]) == 64
    assert subject["subject_dn"] == "CN=machine"
    assert await api.get(path) == [key, cert, subject]
    assert "pem" not in key
    later = await api.patch(f"{path}/{key['id']}", {"expires_at": "2030-01-01T00:00:00+01:00"})
    assert later["expires_at"] == "2029-12-31T23:00:00.000Z"
    assert await api.get(f"{path}/{key['id']}") == later
    await api.delete(f"{path}/{key['id']}")
    await api.delete(f"{path}/{key['id']}")
    assert [credential["id"] for credential in await api.get(path)] == [cert["id"], subject["id"]]
    assert await api.refused("POST", path, {"credential_type": "public_key", "pem": "no"}) == (400, "invalid_body")


async def test_a_stranger_of_another_tenant_does_not_exist(api: Api, house: House) -> None:
    theirs = await (await house.api(B)).post("/clients", {"name": "B"})
    path = f"/clients/{theirs['client_id']}"
    missing = (await api.call("GET", "/clients/unknown")).json()
    for method, body in (("GET", None), ("PATCH", {"name": "x"})):
        response = await api.call(method, path, body)
        assert (response.status_code, response.json()) == (404, missing)
    await api.delete(path)
    assert (await (await house.api(B)).get(path))["name"] == "B"


async def test_a_write_leaves_a_log_event_without_secrets(api: Api, house: House) -> None:
    made = await api.post("/clients", {"name": "App", "addons": {"firebase": {"private_key": "canary-1"}}})
    await api.patch(f"/clients/{made['client_id']}", {"client_secret": "canary-2-" + "x" * 30, "name": "New"})
    update, create = (await house.log())[:2]
    assert (create.description, update.description) == ("Create a client", "Update a client")
    assert create.details["request"]["body"]["name"] == "App"
    assert create.details["response"]["statusCode"] == 201
    assert "canary" not in f"{create}{update}"
    await api.refused("POST", "/clients", {"name": 1})
    (failed,) = await house.log(type_="fapi")
    assert failed.details["response"]["statusCode"] == 400
