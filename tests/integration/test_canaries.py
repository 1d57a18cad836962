"""No secret is found where it does not belong: not in the log, not in the database (D2, D3, L3)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.applications import Applications
from tests.integration.door import CALLBACK, Door
from tests.integration.vectors.world import TENANT, A, C, World

from doorward.backends.server_log import JsonLines
from doorward.model.message import Message

PASSWORD = "canary-Password-4711"
CLIENT_SECRET = "canary-client-secret-4712-of-sufficient-length"
SIGNING_SECRET = "canary-signing-secret-4713-of-sufficient-length"
WRONG_PASSWORD = "canary-Wrong-4714"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    applications = Applications()
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}", http=applications).start()
    await door.tenant(TENANT, C)
    world = World(door, applications)
    told = {"oidc_logout": {"backchannel_logout_urls": ["https://w.test/logout"]}}
    await world.with_(clients=[{"name": "W", "client_secret": CLIENT_SECRET, **told}])
    await world.api("https://hs/", signing_secret=SIGNING_SECRET)
    await world.user(password=PASSWORD)
    yield world
    await door.stop()


def whole(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_d2_d3_l3_no_secret_is_in_the_log_or_the_database(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {PASSWORD, CLIENT_SECRET, SIGNING_SECRET, WRONG_PASSWORD}
    tab = await world.tab().authorize(world.client("W"), audience=A, scope="openid offline_access")
    secrets.add(tab.form.fields["state"])
    await tab.login("u@example.test", WRONG_PASSWORD)
    await tab.login("u@example.test", PASSWORD)
    secrets |= set(tab.http.cookies.values())
    code = tab.answer["code"]
    answer: dict[str, Any] = (await world.redeem("W", code)).json()
    secrets |= {code, answer["access_token"], answer["refresh_token"], answer["id_token"]}
    await world.refresh("W", answer["refresh_token"])
    await world.redeem("W", code)
    await world.refresh("W", "canary-refresh-4715")
    await world.password(password=WRONG_PASSWORD)
    await world.machine(client_secret="canary-secret-4716")
    await world.userinfo("canary-token-4717")
    await tab.get("/authorize?client_id=W&redirect_uri=" + CALLBACK)
    await tab.get("/v2/logout")
    for status in (503, 400):  # it is told again
        world.applications.answers["w.test"] = status
        await world.door.server.relay.send_due()
        world.door.clock.pass_(10)
    assert len(world.applications.tokens) == 2
    secrets |= {"canary-refresh-4715", "canary-secret-4716", "canary-token-4717", *world.applications.tokens}
    events = await world.door.log(domain=C)
    assert "oidc_backchannel_logout_failed" in {event.type for event in events}
    assert {"s", "fp", "seacft", "feacft", "sertft", "fertft", "fepft", "feccft"} <= {event.type for event in events}
    await world.door.stop()
    stored = whole(tmp_path)
    spoken = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    texts = {"log": repr(events), "process log": "\n".join(spoken)}
    found = [(place, secret) for place, text in texts.items() for secret in secrets if secret in text]
    found += [("database", secret) for secret in secrets if secret.encode() in stored]
    assert not found
    assert b"u@example.test" in stored, "the search would find what is there"


class Canaries:
    """Words nobody else uses, each for one place; ``told`` are those the server made itself, ``kept`` those it
    has to remember as they are until the answer."""

    def __init__(self) -> None:
        self.all: set[str] = set()
        self.remembered: set[str] = set()

    def new(self, place: str) -> str:
        return self.told(f"Canary-{place}-{len(self.all):04}-Of-Sufficient-Length-9")

    def told(self, word: str) -> str:
        self.all.add(word)
        return word

    def kept(self, place: str) -> str:
        self.remembered.add(word := self.new(place))
        return word


async def operate(world: World, canaries: Canaries) -> None:
    """Every operation of the Management API that is given a secret, or gives one."""
    new, told = canaries.new, canaries.told
    manager = world.door.client("Mgmt", C)
    granted = await world.door.token(
        C, grant_type="client_credentials", client_id=manager.client_id, audience=f"https://{C}/api/v2/",
        client_secret=told(manager.client_secret or ""),
    )  # fmt: skip
    bearer = {"authorization": f"Bearer {told(granted.json()['access_token'])}"}
    database = {"name": "more", "strategy": "auth0"}
    upstream = {
        "client_id": "x", "client_secret": new("upstream"), "type": "back_channel", "issuer": "https://idp.test",
        "authorization_endpoint": "https://idp.test/a", "token_endpoint": "https://idp.test/t",
        "jwks_uri": "https://idp.test/j",
    }  # fmt: skip
    user = {"email": "new@example.test", "connection": "people"}
    async with world.door.http(C) as http:

        async def call(method: str, path: str, body: Any, status: int) -> Any:
            answer = await http.request(method, f"/api/v2/{path}", json=body, headers=bearer)
            assert answer.status_code == status, (path, answer.text)
            return answer.json()

        made = await call("POST", "clients", {"name": "New", "client_secret": new("client")}, 201)
        told(made["client_secret"])
        await call("PATCH", f"clients/{made['client_id']}", {"client_secret": new("client-again")}, 200)
        told((await call("POST", f"clients/{made['client_id']}/rotate-secret", {}, 200))["client_secret"])
        api = {"identifier": "https://new.test", "signing_alg": "HS256", "signing_secret": new("signing")}
        made = await call("POST", "resource-servers", api, 201)
        await call("PATCH", f"resource-servers/{made['id']}", {"signing_secret": new("signing-again")}, 200)
        await call("POST", "connections", database, 201)
        made = await call("POST", "connections", {"name": "up", "strategy": "oidc", "options": upstream}, 201)
        await call("PATCH", f"connections/{made['id']}", {"options": {**upstream, "client_secret": new("up2")}}, 200)
        made = await call("POST", "users", {**user, "password": new("user")}, 201)
        changed = {"password": new("user-again"), "connection": "people"}
        await call("PATCH", f"users/{made['user_id']}", changed, 200)
        # refused, each after the body was read
        await call("POST", "users", {**user, "password": new("taken")}, 409)
        await call("POST", "users", {**user, "email": "no", "password": new("bad-user")}, 400)
        await call("POST", "clients", {"name": "<", "client_secret": new("bad-client")}, 400)
        await call("POST", "clients", {"client_secret": new("odd"), "unknown": 1}, 400)
        await call("PATCH", "clients/nobody", {"client_secret": new("no-client")}, 404)
        await http.get("/api/v2/clients", headers={"authorization": f"Bearer {new('bearer')}"})
        explained = {"client_id": world.client("W").client_id, "client_secret": new("explain"), "code": new("code")}
        for grant in ("authorization_code", "refresh_token", "password"):
            asked = {**explained, "grant_type": grant, "refresh_token": new("rt"), "password": new("pw")}
            await http.post("/_doorward/api/v1/explain", json={**asked, "username": "u@example.test"}, headers=bearer)


async def knock(world: World, canaries: Canaries) -> None:
    """Every other endpoint, with a secret wherever one may stand, refused."""
    new = canaries.new
    web = world.client("W")
    known = {"client_id": web.client_id, "client_secret": web.client_secret or ""}
    await world.with_(tenant={"pushed_authorization_requests_supported": True})
    async with world.door.http(C) as http:
        await http.post("/oauth/token", data={"grant_type": "password"}, auth=(web.client_id, new("basic")))
        await http.post("/oauth/token", data={}, headers={"authorization": f"Basic {new('broken-basic')}"})
        assertion = {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": f"eyJhbGciOiJSUzI1NiJ9.{new('assertion')}.x",
        }
        for path in ("/oauth/token", "/oauth/revoke", "/oauth/par"):
            await http.post(path, data={"grant_type": "client_credentials", "token": new("token"), **assertion})
            await http.post(path, data={"grant_type": "password", "client_secret": new("s"), "client_id": "?"})
        exchange = {"grant_type": "authorization_code", "code": new("code"), "code_verifier": new("verifier")}
        await http.post("/oauth/token", data={**known, **exchange})
        await http.post("/oauth/token", data={**known, **exchange, "scope": "\\"})
        await http.post("/oauth/token", content=b'{"password": "%s", ' % new("json").encode())
        realm = {"grant_type": "http://auth0.com/oauth/grant-type/password-realm", "realm": "nowhere"}
        await http.post("/oauth/token", data={**known, **realm, "username": "u", "password": new("realm")})
        remembered = {"state": canaries.kept("state"), "nonce": canaries.kept("nonce")}
        pushed = {"response_type": "code", "redirect_uri": CALLBACK, "id_token_hint": new("hint"), **remembered}
        await http.post("/oauth/par", data={**known, **pushed, "password": new("par")})
        await http.post("/oauth/par", data={**known, **pushed, "scope": "\\"})
        await http.get("/authorize", params={"client_id": web.client_id, **pushed, "prompt": "none"})
        await http.get("/authorize", params={"client_id": web.client_id, **pushed, "request": new("request")})
        misplaced = {"client_secret": new("misplaced"), "access_token": new("misplaced"), "code": new("misplaced")}
        await http.get("/authorize", params={"client_id": web.client_id, **pushed, **misplaced})
        cookies = {"cookie": f"auth0={new('cookie')}; __Host-doorward_transaction={new('transaction')}"}
        for path in ("/u/login", "/u/login/password", "/u/signup", "/u/consent", "/authorize/resume"):
            form = {"username": "u", "password": new("form"), "state": new("state"), "action": "default"}
            await http.post(f"{path}?state={new('state')}", data=form, headers=cookies)
            await http.get(f"{path}?state={new('state')}", headers=cookies)
        signup = {"client_id": web.client_id, "connection": "people", "email": "u@example.test"}
        await http.post("/dbconnections/signup", json={**signup, "password": new("Signup-1")})
        await http.post("/dbconnections/signup", json={**signup, "email": "?", "password": new("Signup-1")})
        await http.post("/dbconnections/signup", json={**signup, "email": "n@x.test", "password": new("Signup-1")})
        grant = "http://auth0.com/oauth/grant-type/mfa"
        for kind, proof in (("otp", "otp"), ("recovery-code", "recovery_code")):
            proved = {"grant_type": f"{grant}-{kind}", "mfa_token": new("mfa"), proof: new(proof)}
            await http.post("/oauth/token", data={**known, **proved})
        await http.post("/mfa/challenge", json={**known, "mfa_token": new("mfa"), "challenge_type": "otp"})
        await http.post("/mfa/challenge", data={**known, "client_secret": new("mfa"), "mfa_token": new("mfa")})
        bearer = {"authorization": f"Bearer {new('mfa')}"}
        await http.post("/mfa/associate", json={**known, "authenticator_types": [new("mfa")]}, headers=bearer)
        await http.get("/mfa/authenticators", headers=bearer)
        await http.delete(f"/mfa/authenticators/{new('mfa')}", headers=bearer)
        await http.post("/mfa/recovery-code-regeneration", headers=bearer)
        for path in ("/u/mfa-otp-challenge", "/u/mfa-otp-enrollment", "/u/mfa-recovery-code-challenge"):
            form = {"code": new("code"), "state": new("state"), "action": "default"}
            mfa = {"cookie": f"{cookies['cookie']}; __Host-auth0-mf={new('remembered')}"}
            await http.post(f"{path}?state={new('state')}", data=form, headers=mfa)
        await http.post(f"/u/mfa-enrollment?ticket={new('ticket')}", data={"code": new("code")})
        await http.get(f"/userinfo?access_token={new('query')}")
        await http.post("/userinfo", data={"access_token": new("form")})
        await http.get("/oidc/logout", params={"id_token_hint": new("hint"), "state": new("state")}, headers=cookies)
        await http.get("/v2/logout", params={"returnTo": "https://x.test/", "state": new("state")}, headers=cookies)


async def fail(world: World, canaries: Canaries, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something nobody thought of breaks while secrets are in the hands of the server."""

    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("nobody thought of this")

    web = world.client("W")
    monkeypatch.setattr(world.door.ports.users, "find_by_identifier", broken)
    answer = await world.door.token(
        C, grant_type="password", client_id=web.client_id, client_secret=web.client_secret or "",
        username="u@example.test", password=canaries.new("broken"),
    )  # fmt: skip
    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.json()["error_description"] == f"Request {answer.headers['x-auth0-requestid']} failed"


async def test_l3_l5_nothing_any_endpoint_was_told_in_confidence_is_kept_in_clear(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    canaries = Canaries()
    await operate(world, canaries)
    await knock(world, canaries)
    await fail(world, canaries, monkeypatch)
    events = await world.door.log(domain=C)
    assert {"sapi", "ss", "fs", "fepft", "feacft", "feccft", "fsa", "flo"} <= {event.type for event in events}
    await world.door.stop()
    spoken = [JsonLines().format(record) for record in caplog.records if not record.name.startswith("http")]
    assert any("nobody thought of this" in line for line in spoken)
    places = {"log": repr(events), "process log": "\n".join(spoken), "database": whole(tmp_path).decode("latin-1")}
    found = {(place, word) for place, text in places.items() for word in canaries.all if word in text}
    assert found == {("database", word) for word in canaries.remembered}
    assert "new@example.test" in places["log"]
    assert "new@example.test" in places["database"]


OTP = "http://auth0.com/oauth/grant-type/passwordless/otp"


async def test_e6_l3_a_code_and_a_link_are_nowhere_but_with_whoever_they_were_sent_to(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    options = {"totp": {"length": 20}}
    client = {"name": "P", "app_type": "native", "grant_types": [OTP, "authorization_code"], "callbacks": [CALLBACK]}
    await world.with_(
        clients=[{**client, "token_endpoint_auth_method": "none"}],
        connections=[{"name": "email", "strategy": "email", "enabled_clients": ["P"], "options": options}],
    )
    asked = {"client_id": world.client("P").client_id, "connection": "email", "email": "u@example.test"}
    secrets: set[str] = set()
    outbox = world.door.server.storage.outbox
    async with world.door.http(C) as http:
        for send in ("code", "link"):
            answer = await http.post("/passwordless/start", json={**asked, "send": send, "authParams": {}})
            assert answer.status_code == 200
            (taken,) = await outbox.take(Message, until=world.door.clock.now() + 60, limit=9)
            assert taken.message is not None
            values = taken.message.values
            secret = values["code"] if send == "code" else values["link"].rpartition("verification_code=")[2]
            assert len(secret) >= 20
            secrets.add(secret)
            await outbox.postpone(taken, world.door.clock.now() + 9999)
            grant = {"grant_type": OTP, "client_id": asked["client_id"], "realm": "email", "username": asked["email"]}
            for otp in ("9" * 20, secret, secret):
                await http.post("/oauth/token", data={**grant, "otp": otp})
            for code in (secret, secret[:-1]):
                await http.get("/passwordless/verify_redirect", params={**asked, "verification_code": code})
                await http.post("/passwordless/verify_redirect", params={**asked, "verification_code": code})
    events = await world.door.log(domain=C)
    assert {"cls", "ss", "s", "fepotpft", "f"} <= {event.type for event in events}
    await world.door.stop()
    spoken = [JsonLines().format(record) for record in caplog.records if not record.name.startswith("http")]
    places = {"log": repr(events), "process log": "\n".join(spoken), "database": whole(tmp_path).decode("latin-1")}
    assert not {(place, secret) for place, text in places.items() for secret in secrets if secret in text}
    assert "u@example.test" in places["database"]
