"""Tenants over HTTP, with the root credential: made, shown, copied, restored and deleted, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from tests.integration.door import CALLBACK, DOMAIN, Door

PATH = "/_doorward/api/v1/tenants"
OTHER = "other.test"
TENANT = {
    "databases": [{"name": "people", "strategy": "auth0", "enabled_clients": ["Web"]}],
    "clients": [
        {
            "name": "Web", "app_type": "regular_web", "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_post", "callbacks": [CALLBACK], "oidc_conformant": True,
            "refresh_token": {"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 0},
        }
    ],
    "resourceServers": [
        {
            "name": "API", "identifier": "https://api.test", "scopes": [{"value": "read:x"}],
            "allow_offline_access": True, "skip_consent_for_verifiable_first_party_clients": True,
        }
    ],
    "users": [{"email": "ada@example.test", "password": "correct-horse-9", "connection": "people"}],
}  # fmt: skip


class Root:
    """Whoever holds the root credential."""

    def __init__(self, door: Door, credential: str | None, ip: str = "192.0.2.7") -> None:
        self.door = door
        self.credential = credential
        self.ip = ip

    async def call(self, method: str, path: str = "", body: Any = None, host: str = DOMAIN) -> httpx2.Response:
        headers = (
            {b"authorization": f"Bearer {self.credential}".encode("latin-1")} if self.credential is not None else {}
        )
        async with self.door.http(host, self.ip) as http:
            return await http.request(method, PATH + path, json=body, headers=headers)

    async def ok(self, method: str, path: str = "", body: Any = None, status: int = 200) -> Any:
        answer = await self.call(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def refused(self, method: str, path: str = "", body: Any = None) -> tuple[int, str | None]:
        answer = await self.call(method, path, body)
        error = answer.json()
        assert error["statusCode"] == answer.status_code >= 400
        assert set(error) <= {"statusCode", "error", "message", "errorCode"}
        return answer.status_code, error.get("errorCode")


@pytest.fixture
async def door(database: str) -> AsyncIterator[Door]:
    door = await Door(database).start()
    await door.tenant(TENANT)
    yield door
    await door.stop()


@pytest.fixture
async def root(door: Door) -> Root:
    return Root(door, await door.server.storage.root_credential.shown())


async def management_token(door: Door, domain: str, management: dict[str, str]) -> httpx2.Response:
    return await door.token(domain, grant_type="client_credentials", **management)


async def clients(door: Door, domain: str, token: str) -> httpx2.Response:
    async with door.http(domain) as http:
        return await http.get("/api/v2/clients", headers={"authorization": f"Bearer {token}"})


# ── the credential ──


async def test_b9_the_root_credential_opens_nothing_else_and_no_token_opens_the_tenants(door: Door, root: Root) -> None:
    mine = door.client("Mgmt")
    management = {"client_id": mine.client_id, "client_secret": mine.client_secret}
    token = (await management_token(door, DOMAIN, {**management, "audience": f"https://{DOMAIN}/api/v2/"})).json()
    assert await Root(door, token["access_token"]).refused("GET") == (401, None)
    bearer = {"authorization": f"Bearer {root.credential}"}
    async with door.http() as http:
        assert (await http.get("/api/v2/clients", headers=bearer)).status_code == 401
        assert (await http.get("/userinfo", headers=bearer)).status_code == 401
        assert (await http.post("/_doorward/api/v1/explain", headers=bearer, json={})).status_code == 401
        asked = await http.post("/oauth/token", headers=bearer, data={"grant_type": "client_credentials"})
        assert asked.status_code in (400, 401)
        assert (await http.get(f"{PATH}?access_token={root.credential}")).status_code == 401
        basic = httpx2.BasicAuth("root", str(root.credential))
        assert (await http.get(PATH, auth=basic)).status_code == 401


@pytest.mark.parametrize("given", [None, "", "dwr_", "x" * 47, "dwr_" + "A" * 43, "\xe9", "a b"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("POST", ""), ("GET", f"/{DOMAIN}"), ("DELETE", f"/{DOMAIN}"), ("POST", f"/{DOMAIN}/snapshots"),
        ("GET", f"/{DOMAIN}/snapshots"), ("GET", f"/{DOMAIN}/snapshots/x"), ("DELETE", f"/{DOMAIN}/snapshots/x"),
        ("POST", f"/{DOMAIN}/restore"), ("GET", "/nobody.test"),
    ],
)  # fmt: skip
async def test_nothing_is_told_without_it(house: Door, method: str, path: str, given: str | None) -> None:
    assert await Root(house, given).refused(method, path, {} if method == "POST" else None) == (401, None)
    house.clock.pass_(10_000)


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[Door]:
    """A server with a tenant, in memory, that a refusal leaves as it is."""
    door = await Door("sqlite://").start()
    await door.tenant({})
    yield door
    await door.stop()


async def test_k1_who_guesses_has_to_wait_and_locks_nobody_else_out(door: Door, root: Root) -> None:
    guesser = Root(door, "dwr_wrong")
    for _ in range(10):
        assert await guesser.refused("GET") == (401, None)
        assert (await root.call("GET")).status_code == 200
    for _ in range(2):
        blocked = await guesser.call("GET")
        assert (blocked.status_code, blocked.json()["errorCode"]) == (429, "too_many_attempts")
        assert (await root.call("GET")).status_code == 200, "from the same address, with the right one"
    assert await Root(door, "dwr_wrong", ip="192.0.2.8").refused("GET") == (401, None)
    assert 0 < int(blocked.headers["retry-after"]) <= 900
    door.clock.pass_(int(blocked.headers["retry-after"]))
    assert await guesser.refused("GET") == (401, None)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "", 405), ("PATCH", f"/{DOMAIN}", 405), ("DELETE", f"/{DOMAIN}/snapshots", 405), ("GET", "/", 404),
        ("GET", f"/{DOMAIN}/restore", 405), ("GET", f"/{DOMAIN}/users", 404), ("GET", f"/{DOMAIN}/snapshots/x/y", 404),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_told_in_json(house: Door, method: str, path: str, status: int) -> None:
    credential = await house.server.storage.root_credential.shown()
    answer = await Root(house, credential).call(method, path)
    phrase = "Not Found" if status == 404 else "Method Not Allowed"
    assert (answer.status_code, answer.json()) == (status, {"statusCode": status, "error": phrase, "message": phrase})
    assert ("allow" in answer.headers) == (status == 405)


async def test_another_credential_ends_the_one_before(door: Door, root: Root) -> None:
    after = await door.server.storage.root_credential.rotate()
    assert await root.refused("GET") == (401, None)
    assert (await Root(door, after).call("GET")).status_code == 200


# ── tenants ──


async def test_a_tenant_is_made_and_its_first_client_manages_it(door: Door, root: Root) -> None:
    made = await root.ok("POST", body={"domain": OTHER, "id": "other"}, status=201)
    management = made.pop("management")
    assert made == {"id": "other", "domain": OTHER, "issuer": f"https://{OTHER}/"}
    token = (await management_token(door, OTHER, management)).json()["access_token"]
    assert (await clients(door, OTHER, token)).status_code == 200
    assert (await clients(door, DOMAIN, token)).status_code == 401
    shown = await root.ok("GET", "/other")
    assert shown == {**made, "custom_domains": [], "clients": 1, "users": 0}
    assert "client_secret" not in (await root.call("GET", "/other")).text
    assert [tenant["id"] for tenant in await root.ok("GET")] == [DOMAIN, "other"]
    page = await root.ok("GET", "?per_page=1&page=1&include_totals=true")
    assert (page["total"], [tenant["id"] for tenant in page["tenants"]]) == (2, ["other"])
    events = await door.log("sapi", "other")
    assert [(event.description, event.client_name, event.ip) for event in events] == [
        ("Create a tenant", "doorward operator", "192.0.2.7")
    ]


@pytest.mark.parametrize(
    "body",
    [
        {}, [], "x", {"domain": 1}, {"domain": ""}, {"domain": "https://x.test/"}, {"domain": "UPPER.test"},
        {"domain": "a b"}, {"domain": "x.test/"}, {"domain": "-x.test"}, {"domain": "x" * 300}, {"domain": "x\0.test"},
        {"domain": "x.test", "id": ""}, {"domain": "x.test", "id": "../x"}, {"domain": "x.test", "id": "a/b"},
        {"domain": "x.test", "name": "X"}, {"domain": "x.test", "snapshot": "snp"},
        {"domain": "x.test", "snapshot": {"tenant": DOMAIN}},
    ],
)  # fmt: skip
async def test_what_is_no_tenant_is_refused(house: Door, body: Any) -> None:
    root = Root(house, await house.server.storage.root_credential.shown())
    assert await root.refused("POST", body=body) == (400, "invalid_body")
    assert [tenant["id"] for tenant in await root.ok("GET")] == [DOMAIN]


async def test_ids_and_domains_are_taken_once(door: Door, root: Root) -> None:
    bodies = [{"domain": f"{turn}.test", "id": "same"} for turn in range(3)]
    answers = await asyncio.gather(*(root.call("POST", body=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    refusal = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refusal["errorCode"] == "tenant_conflict"
    assert await root.refused("POST", body={"domain": DOMAIN, "id": "another"}) == (409, "domain_conflict")
    assert len(await root.ok("GET")) == 2


async def test_a_tenant_that_is_deleted_is_an_unknown_host(door: Door, root: Root) -> None:
    made = await root.ok("POST", body={"domain": OTHER}, status=201)
    token = (await management_token(door, OTHER, made["management"])).json()["access_token"]
    assert await root.ok("DELETE", f"/{OTHER}", status=204) is None
    assert (await clients(door, OTHER, token)).status_code == 404
    async with door.http("nobody.test") as nobody, door.http(OTHER) as gone:
        for path in ("/authorize", "/.well-known/openid-configuration"):
            assert (await gone.get(path)).text == (await nobody.get(path)).text
    assert await root.refused("DELETE", f"/{OTHER}") == (404, "inexistent_tenant")
    assert await root.refused("GET", f"/{OTHER}") == (404, "inexistent_tenant")
    again = await root.ok("POST", body={"domain": OTHER}, status=201)
    assert (await management_token(door, OTHER, made["management"])).status_code == 401
    assert (await management_token(door, OTHER, again["management"])).status_code == 200
    assert (await clients(door, OTHER, token)).status_code == 401


async def test_requests_under_way_at_a_deletion_are_answered(door: Door, root: Root) -> None:
    made = await root.ok("POST", body={"domain": OTHER}, status=201)
    token = (await management_token(door, OTHER, made["management"])).json()["access_token"]

    async def write(turn: int) -> int:
        async with door.http(OTHER) as http:
            headers = {"authorization": f"Bearer {token}"}
            path, body = (("/roles", {"name": f"r{turn}"}), ("/clients", {"name": f"c{turn}"}))[turn % 2]
            return (await http.post(f"/api/v2{path}", json=body, headers=headers)).status_code

    statuses, deleted = await asyncio.gather(
        asyncio.gather(*(write(turn) for turn in range(20))), root.call("DELETE", f"/{OTHER}")
    )
    assert deleted.status_code == 204
    assert set(statuses) <= {200, 201, 404}


# ── snapshots ──


async def signed_in(door: Door, domain: str = DOMAIN) -> dict[str, Any]:
    """Tokens of Ada, who signs in with her password."""
    web = door.client("Web", domain)
    tab = await door.browser(domain).authorize(web, audience="https://api.test", scope="openid offline_access read:x")
    await tab.login()
    tokens: dict[str, Any] = (await door.redeem(web, tab.answer["code"])).json()
    return tokens


async def test_a_tenant_is_restored_to_what_it_was(door: Door, root: Root) -> None:
    mine = door.client("Mgmt")
    management = {"client_id": mine.client_id, "client_secret": mine.client_secret}
    management["audience"] = f"https://{DOMAIN}/api/v2/"
    before = (await management_token(door, DOMAIN, management)).json()["access_token"]
    tokens = await signed_in(door)
    snapshot = await root.ok("POST", f"/{DOMAIN}/snapshots", status=201)
    assert (snapshot["tenant"], snapshot["domain"], snapshot["users"]) == (DOMAIN, DOMAIN, 1)
    assert await root.ok("GET", f"/{DOMAIN}/snapshots/{snapshot['id']}") == snapshot
    async with door.http() as http:
        headers = {"authorization": f"Bearer {before}"}
        await http.post("/api/v2/roles", json={"name": "later"}, headers=headers)
        users = (await http.get("/api/v2/users", headers=headers)).json()
        await http.delete(f"/api/v2/users/{users[0]['user_id']}", headers=headers)
        await http.post("/api/v2/keys/signing/rotate", headers=headers)
        restored = await root.ok("POST", f"/{DOMAIN}/restore", {"snapshot": snapshot["id"]})
        assert restored["domain"] == DOMAIN
        assert (await http.get("/api/v2/roles", headers=headers)).json() == []
        for query in ("", "?q=email:ada*&search_engine=v3"):
            assert (await http.get(f"/api/v2/users{query}", headers=headers)).json() == users
        userinfo = await http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
        assert userinfo.json()["sub"] == users[0]["user_id"], "tokens issued before are good"
    assert (await signed_in(door))["refresh_token"]
    web = door.client("Web")
    given = {"client_id": web.client_id, "client_secret": web.client_secret, "refresh_token": tokens["refresh_token"]}
    assert (await door.token(grant_type="refresh_token", **given)).json()["error"] == "invalid_grant"
    assert [event.description for event in (await door.log("sapi"))[:1]] == ["Restore the tenant from a snapshot"]
    assert await root.ok("GET", f"/{DOMAIN}/snapshots") == [snapshot], "a restore leaves the snapshots"


async def test_d5_a_revoked_signing_key_stays_revoked_whatever_is_restored(door: Door, root: Root) -> None:
    mine = door.client("Mgmt")
    management = {"client_id": mine.client_id, "client_secret": mine.client_secret}
    management["audience"] = f"https://{DOMAIN}/api/v2/"
    leaked = (await management_token(door, DOMAIN, management)).json()["access_token"]
    snapshot = await root.ok("POST", f"/{DOMAIN}/snapshots", status=201)
    async with door.http() as http:

        async def keys() -> list[tuple[str, bool, bool]]:
            token = (await management_token(door, DOMAIN, management)).json()["access_token"]
            bearer = {"authorization": f"Bearer {token}"}
            found = (await http.get("/api/v2/keys/signing", headers=bearer)).json()
            return [(key["kid"], bool(key["current"]), bool(key["revoked"])) for key in found]

        (compromised,) = [kid for kid, current, _ in await keys() if current]
        headers = {"authorization": f"Bearer {leaked}"}
        assert (await http.post("/api/v2/keys/signing/rotate", headers=headers)).status_code == 201
        await http.post("/api/v2/roles", json={"name": "later"}, headers=headers)
        assert (await http.put(f"/api/v2/keys/signing/{compromised}/revoke", headers=headers)).status_code == 200
        before = await keys()
        await root.ok("POST", f"/{DOMAIN}/restore", {"snapshot": snapshot["id"]})
        assert await keys() == before
        assert (compromised, False, True) in before
        assert (await http.get("/api/v2/roles", headers=headers)).status_code == 401
        published = (await http.get("/.well-known/jwks.json")).json()["keys"]
        assert compromised not in {key["kid"] for key in published}
        token = (await management_token(door, DOMAIN, management)).json()["access_token"]
        roles = await http.get("/api/v2/roles", headers={"authorization": f"Bearer {token}"})
        assert roles.json() == [], "the rest is what it was"


async def test_a_tenant_that_is_deleted_meanwhile_is_not_restored(
    door: Door, root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    await root.ok("POST", body={"domain": OTHER}, status=201)
    ids = [(await root.ok("POST", f"/{OTHER}/snapshots", status=201))["id"] for _ in range(2)]
    snapshots = door.server.ports.snapshots
    restore, meanwhile = snapshots.restore, [("DELETE", f"/{OTHER}/snapshots/{ids[1]}"), ("DELETE", f"/{OTHER}")]

    async def late(*args: Any, **more: Any) -> Any:
        await root.ok(*meanwhile.pop(0), status=204)
        return await restore(*args, **more)

    monkeypatch.setattr(snapshots, "restore", late)
    path = f"/{OTHER}/restore"
    assert await root.refused("POST", path, {"snapshot": ids[1]}) == (409, "unusable_snapshot")
    assert await root.refused("POST", path, {"snapshot": ids[0]}) == (404, "inexistent_tenant")
    assert [tenant["id"] for tenant in await root.ok("GET")] == [DOMAIN]


async def test_a_clone_is_a_tenant_of_its_own(door: Door, root: Root) -> None:
    snapshot = await root.ok("POST", f"/{DOMAIN}/snapshots", status=201)
    original = await signed_in(door)
    body = {"domain": OTHER, "snapshot": {"tenant": DOMAIN, "id": snapshot["id"]}}
    clone = await root.ok("POST", body=body, status=201)
    assert (clone["id"], clone["issuer"]) == (OTHER, f"https://{OTHER}/")
    async with door.http() as one, door.http(OTHER) as other:
        kids = [
            {key["kid"] for key in (await http.get("/.well-known/jwks.json")).json()["keys"]} for http in (one, other)
        ]
        bearer = {"authorization": f"Bearer {original['access_token']}"}
        assert (await other.get("/userinfo", headers=bearer)).status_code == 401
    assert not kids[0] & kids[1], "a copy cannot sign as the original"
    mine = door.client("Mgmt")
    management = {"client_id": mine.client_id, "client_secret": mine.client_secret}
    management["audience"] = f"https://{OTHER}/api/v2/"
    token = (await management_token(door, OTHER, management)).json()["access_token"]
    assert (await clients(door, OTHER, token)).status_code == 200
    assert (await clients(door, DOMAIN, token)).status_code == 401
    assert await root.refused("POST", body=body) == (409, "tenant_conflict")


async def test_snapshots_belong_to_their_tenant(door: Door, root: Root) -> None:
    await root.ok("POST", body={"domain": OTHER}, status=201)
    snapshot = await root.ok("POST", f"/{DOMAIN}/snapshots", status=201)
    missing = (404, "inexistent_snapshot")
    for id_ in (snapshot["id"], "snp_none", "%00"):
        assert await root.refused("GET", f"/{OTHER}/snapshots/{id_}") == missing
        assert await root.refused("DELETE", f"/{OTHER}/snapshots/{id_}") == missing
    assert await root.refused("POST", f"/{OTHER}/restore", {"snapshot": snapshot["id"]}) == missing
    assert await root.refused("POST", f"/{OTHER}/restore", {}) == (400, "invalid_body")
    wrong = {"domain": "third.test", "snapshot": {"tenant": OTHER, "id": snapshot["id"]}}
    assert await root.refused("POST", body=wrong) == missing
    for method in ("GET", "POST"):
        assert await root.refused(method, "/nobody.test/snapshots") == (404, "inexistent_tenant")
    await root.ok("DELETE", f"/{DOMAIN}/snapshots/{snapshot['id']}", status=204)
    assert await root.refused("DELETE", f"/{DOMAIN}/snapshots/{snapshot['id']}") == missing
    assert await root.ok("GET", f"/{DOMAIN}/snapshots") == []
