"""Several accounts of one person: each signs in as that person, and as itself once it is unlinked."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.integration.door import DOMAIN, BrowserTab, Door
from tests.integration.flows.test_managing_people import manager
from tests.integration.management.conftest import Api

from doorward.model.digest import digest
from doorward.model.ticket import TicketType

GUESTS = """
databases:
  - {name: guests, strategy: auth0, enabled_clients: [Web, Desk]}
clients:
  - name: Desk
    app_type: regular_web
    grant_types: [authorization_code, refresh_token, password, "http://auth0.com/oauth/grant-type/password-realm"]
    callbacks: ["https://app.test/callback"]
users:
  - {email: bea@example.test, password: bea-horse-9, connection: guests, name: Bea Guest, user_metadata: {a: 1}}
"""
OWN = f"https://{DOMAIN}/api/v2/"
ADA, BEA = "ada@example.test", "bea@example.test"


@pytest.fixture
async def api(door: Door) -> Api:
    await door.tenant(GUESTS)
    return await manager(door)


async def named(api: Api, email: str) -> dict[str, Any]:
    found: dict[str, Any] = (await api.get("/users-by-email", email=email))[0]
    return found


async def link(api: Api) -> tuple[dict[str, Any], dict[str, Any]]:
    ada, bea = await named(api, ADA), await named(api, BEA)
    await api.post(f"/users/{ada['user_id']}/identities", {"provider": "auth0", "user_id": bea["user_id"]})
    return ada, bea


async def signed_in(
    door: Door, client: str, email: str, password: str, **parameters: str
) -> tuple[BrowserTab, dict[str, Any]]:
    """A browser with a session, and the tokens of its login."""
    tab = await door.browser().authorize(door.client(client), **parameters)
    await tab.login(email, password)
    if tab.path == "/u/consent":
        await tab.submit("accept")
    return tab, (await door.redeem(door.client(client), tab.answer["code"])).json()


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return decoded


async def test_every_linked_account_signs_in_as_the_person(door: Door, api: Api) -> None:
    ada, bea = await link(api)
    for client, email, password in (("Web", BEA, "bea-horse-9"), ("Web", ADA, "correct-horse-9")):
        _, tokens = await signed_in(door, client, email, password, connection="guests" if email == BEA else "people")
        assert claims(tokens["id_token"])["sub"] == ada["user_id"]
    shown = await api.get(f"/users/{ada['user_id']}")
    assert shown["logins_count"] == 2
    assert shown["identities"][1] == {
        "connection": "guests",
        "user_id": bea["user_id"].removeprefix("auth0|"),
        "provider": "auth0",
        "isSocial": False,
        "profileData": {"email": BEA, "email_verified": False, "name": "Bea Guest", "nickname": "bea"}
        | {"picture": bea["picture"]},
    }


async def test_a_client_of_the_linked_connection_alone_is_served(door: Door, api: Api) -> None:
    ada, _ = await link(api)
    api_ = "https://api.test"
    tab, tokens = await signed_in(
        door, "Desk", BEA, "bea-horse-9", audience=api_, scope="openid offline_access read:items"
    )
    assert claims(tokens["id_token"])["sub"] == ada["user_id"]
    desk = door.client("Desk")
    secret = {"client_id": desk.client_id, "client_secret": desk.client_secret}
    renewed = await door.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"], **secret)
    assert renewed.status_code == 200
    await tab.authorize(desk, prompt="none")
    assert "code" in tab.answer
    realm = "http://auth0.com/oauth/grant-type/password-realm"
    given = {"username": BEA, "password": "bea-horse-9", "realm": "guests", "scope": "openid", **secret}
    granted = await door.token(grant_type=realm, **given)
    assert claims(granted.json()["id_token"])["sub"] == ada["user_id"]
    other = await door.browser().authorize(desk)
    await other.login(ADA, "correct-horse-9")  # whose connection is not enabled for this client
    assert other.at.startswith(f"https://{DOMAIN}/")


async def test_linking_ends_what_the_other_account_held(door: Door, api: Api) -> None:
    tab, tokens = await signed_in(
        door, "Desk", BEA, "bea-horse-9", audience="https://api.test", scope="openid offline_access read:items"
    )
    await link(api)
    await tab.authorize(door.client("Desk"), prompt="none")
    assert tab.answer["error"] == "login_required"
    desk = door.client("Desk")
    secret = {"client_id": desk.client_id, "client_secret": desk.client_secret}
    renewed = await door.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"], **secret)
    assert (renewed.status_code, renewed.json()["error"]) == (403, "invalid_grant")


async def test_an_unlinked_account_is_itself_again(door: Door, api: Api) -> None:
    ada, bea = await link(api)
    local = bea["user_id"].removeprefix("auth0|")
    await api.delete(f"/users/{ada['user_id']}/identities/auth0/{local}", status=200)
    _, tokens = await signed_in(door, "Desk", BEA, "bea-horse-9")
    assert claims(tokens["id_token"])["sub"] == bea["user_id"]
    again = await api.get(f"/users/{bea['user_id']}")
    assert "user_metadata" not in again
    assert (again["email"], again["name"], again["logins_count"]) == (BEA, "Bea Guest", 1)


async def test_a_linked_account_gets_its_own_new_password_and_address(door: Door, api: Api) -> None:
    ada, _ = await link(api)
    path = f"/users/{ada['user_id']}"
    await api.patch(path, {"connection": "guests", "password": "Newer-Horse-9"})
    assert (await signed_in(door, "Desk", BEA, "Newer-Horse-9"))[1]["id_token"]
    _, tokens = await signed_in(door, "Web", ADA, "correct-horse-9", connection="people")
    assert claims(tokens["id_token"])["sub"] == ada["user_id"]
    changed = await api.patch(path, {"connection": "guests", "email": "Newer@example.test"})
    assert changed["email"] == ADA
    assert changed["identities"][1]["profileData"]["email"] == "newer@example.test"
    assert (await signed_in(door, "Desk", "newer@example.test", "Newer-Horse-9"))[1]["id_token"]
    refused = await door.browser().authorize(door.client("Desk"))
    await refused.login(BEA, "Newer-Horse-9")
    assert refused.path == "/u/login"
    assert await api.refused("PATCH", path, {"connection": "nowhere", "email": BEA}) == (400, "invalid_body")


async def test_a_tenant_file_loaded_again_leaves_linked_accounts_linked(door: Door, api: Api) -> None:
    ada, _ = await link(api)
    before = await api.get(f"/users/{ada['user_id']}")
    await door.tenant(GUESTS)
    assert await api.get(f"/users/{ada['user_id']}") == before
    assert len(await api.get("/users")) == 1
    await door.tenant(GUESTS.replace("bea-horse-9", "file-horse-9").replace("Bea Guest", "Bea"))
    after = await api.get(f"/users/{ada['user_id']}")
    assert (after["name"], after["identities"][1]["profileData"]["name"]) == ("Ada Example", "Bea")
    _, tokens = await signed_in(door, "Desk", BEA, "file-horse-9")
    assert claims(tokens["id_token"])["sub"] == ada["user_id"]


async def test_what_is_done_by_address_is_done_to_the_linked_account(door: Door, api: Api) -> None:
    ada, bea = await link(api)
    guests = next(one["id"] for one in await api.get("/connections") if one["name"] == "guests")
    asked = {"email": BEA, "connection_id": guests}
    made = await api.post("/tickets/password-change", asked)
    value = made["ticket"].partition("ticket=")[2].rstrip("#")
    kept = await door.ports.tickets.find(DOMAIN, digest(value), TicketType.PASSWORD_CHANGE, at=door.clock.now())
    assert kept is not None
    assert (kept.user_id, kept.identity, kept.email) == (
        ada["user_id"], ("auth0", bea["user_id"].removeprefix("auth0|")), BEA,
    )  # fmt: skip
    assert await api.refused("DELETE", f"/connections/{guests}/users", email=BEA) == (400, "operation_not_supported")
    assert (await api.get(f"/users/{ada['user_id']}"))["email"] == ADA


async def own(door: Door) -> tuple[dict[str, Any], Api]:
    """Ada's own Management API token for the client Web, which may link."""
    _, tokens = await signed_in(
        door, "Web", ADA, "correct-horse-9", audience=OWN, scope="openid update:current_user_identities",
        connection="people",
    )  # fmt: skip
    return tokens, Api(door.http(), tokens["access_token"])


async def test_a_person_links_by_proving_that_the_other_account_is_theirs(door: Door, api: Api) -> None:
    ada, bea = await named(api, ADA), await named(api, BEA)
    _, mine = await own(door)
    path = f"/users/{ada['user_id']}/identities"
    unproven = {"provider": "auth0", "user_id": bea["user_id"]}
    assert await mine.refused("POST", path, unproven) == (403, "insufficient_scope")
    _, proof = await signed_in(door, "Web", BEA, "bea-horse-9", connection="guests")
    linked = await mine.post(path, {"link_with": proof["id_token"]})
    assert [identity["connection"] for identity in linked] == ["people", "guests"]
    left = await mine.delete(f"{path}/auth0/{bea['user_id'].removeprefix('auth0|')}", status=200)
    assert [identity["connection"] for identity in left] == ["people"]


async def test_nothing_else_proves_it(door: Door, api: Api) -> None:
    ada = await named(api, ADA)
    _, mine = await own(door)
    path = f"/users/{ada['user_id']}/identities"
    _, of_desk = await signed_in(door, "Desk", BEA, "bea-horse-9")
    _, proof = await signed_in(door, "Web", BEA, "bea-horse-9", connection="guests")
    head, body, signature = proof["id_token"].split(".")
    forged = base64.urlsafe_b64encode(json.dumps({**claims(proof["id_token"]), "sub": "auth0|x"}).encode()).decode()
    for token in (
        of_desk["id_token"],
        proof["access_token"],
        f"{head}.{forged.rstrip('=')}.{signature}",
        f"{head}.{body}.",
        "x",
    ):
        assert (await mine.refused("POST", path, {"link_with": token}))[0] == 400, token
    both = {"link_with": proof["id_token"], "provider": "auth0"}
    assert (await mine.refused("POST", path, both))[0] == 400
    door.clock.pass_(36_000)
    _, mine = await own(door)
    assert await mine.refused("POST", path, {"link_with": proof["id_token"]}) == (400, "invalid_body")
    assert (await api.get(f"/users/{ada['user_id']}"))["identities"][1:] == []
