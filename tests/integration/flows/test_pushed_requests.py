"""Pushed authorization requests: the client says what it wants ahead of the browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import pytest
from tests.integration.door import CALLBACK, CHALLENGE, Door


@pytest.fixture
async def door(door: Door) -> Door:
    return await door.tenant({"tenant": {"pushed_authorization_requests_supported": True}})


async def push(door: Door, name: str = "Web", **more: Any) -> httpx2.Response:
    client = door.client(name)
    asked = {
        "client_id": client.client_id, "client_secret": client.client_secret, "response_type": "code",
        "redirect_uri": CALLBACK, "scope": "openid", "state": "pushed", "code_challenge": CHALLENGE,
        "code_challenge_method": "S256", **more,
    }  # fmt: skip
    async with door.http() as http:
        return await http.post("/oauth/par", data={k: v for k, v in asked.items() if v is not None})


async def test_a12_a_pushed_request_is_carried_out_once(door: Door) -> None:
    web = door.client("Web")
    pushed = await push(door)
    assert pushed.status_code == 201
    assert pushed.json()["expires_in"] == 30
    link = "/authorize?" + urlencode({"client_id": web.client_id, "request_uri": pushed.json()["request_uri"]})
    tab = await door.browser().get(link)
    await tab.login()
    assert tab.answer["state"] == "pushed"
    assert (await door.redeem(web, tab.answer["code"])).status_code == 200
    await tab.get(link)
    assert tab.page is not None
    assert tab.page.status_code == 400


async def test_a_form_that_comes_after_its_login_carries_nothing_out_again(door: Door) -> None:
    link = {"client_id": door.client("Web").client_id, "request_uri": (await push(door)).json()["request_uri"]}
    tab = await door.browser().get(f"/authorize?{urlencode(link)}")
    page, body = tab.at, {"state": tab.state, "username": "ada@example.test", "password": "correct-horse-9"}
    await tab.login()
    assert "code" in tab.answer
    assert (await tab.http.post(page, data=body, headers={"sec-fetch-site": "same-origin"})).status_code == 400


async def test_of_two_answers_to_one_login_one_is_given(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    link = {"client_id": door.client("Web").client_id, "request_uri": (await push(door)).json()["request_uri"]}
    tab = await door.browser().get(f"/authorize?{urlencode(link)}")
    again = f"/authorize/resume?{urlsplit(tab.at).query}"
    spend, twins = door.ports.pushed_requests.spend, []

    async def spend_with_a_twin(*key: Any, **more: Any) -> bool:
        spent = await spend(*key, **more)
        if spent:
            twins.append(await tab.http.get(again))
        return spent

    monkeypatch.setattr(door.ports.pushed_requests, "spend", spend_with_a_twin)
    await tab.login()
    assert "code" in tab.answer
    assert [twin.status_code for twin in twins] == [400]


async def test_parameters_beside_the_reference_do_not_count(door: Door) -> None:
    pushed = (await push(door)).json()["request_uri"]
    tab = await door.browser().authorize(
        door.client("Web"), request_uri=pushed, state="injected", redirect_uri="https://evil.test/"
    )
    await tab.login()
    assert tab.at.startswith(CALLBACK)
    assert tab.answer["state"] == "pushed"


async def test_a12_a_reference_expires_and_belongs_to_its_client(door: Door) -> None:
    pushed = (await push(door)).json()["request_uri"]
    tab = await door.browser().authorize(door.client("Spa"), request_uri=pushed)
    assert tab.page is not None
    assert tab.page.status_code == 400
    door.clock.pass_(31)
    await tab.authorize(door.client("Web"), request_uri=pushed)
    assert tab.page.status_code == 400


async def test_a_client_that_has_to_push_cannot_ask_in_the_open(door: Door) -> None:
    await door.tenant({"clients": [{"name": "Web", "require_pushed_authorization_requests": True}]})
    tab = await door.browser().authorize(door.client("Web"))
    assert tab.answer["error"] == "invalid_request"
    assert tab.answer["error_description"] == "Pushed authorization requests are required"
    assert (await push(door)).status_code == 201


@pytest.mark.parametrize(
    ("more", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"redirect_uri": "https://evil.test/"}, 403, "unauthorized_client"),
        ({"response_type": "nonsense"}, 400, "unsupported_response_type"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, 400, "invalid_request"),
        ({"request": "e30.e30."}, 400, "request_not_supported"),
        ({"organization": "org_1"}, 400, "invalid_request"),
    ],
)
async def test_a12_what_may_not_be_pushed(door: Door, more: dict[str, str], status: int, error: str) -> None:
    refused = await push(door, **more)
    assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert await door.log("fpar")


async def test_pushing_is_off_until_the_tenant_wants_it_and_takes_no_json(door: Door) -> None:
    async with door.http() as http:
        assert (await http.post("/oauth/par", json={})).status_code == 400
        metadata = (await http.get("/.well-known/openid-configuration")).json()
    assert metadata["pushed_authorization_request_endpoint"] == "https://tenant.test/oauth/par"
    await door.tenant({"tenant": {"pushed_authorization_requests_supported": False}})
    assert (await push(door)).json()["error"] == "invalid_request"


async def test_a_client_may_have_its_own_time_to_use_a_request(door: Door) -> None:
    await door.tenant({"clients": [{"name": "Web", "par_request_expiry": 120}]})
    pushed = (await push(door)).json()
    assert pushed["expires_in"] == 120
    door.clock.pass_(119)
    link = "/authorize?" + urlencode({"client_id": door.client("Web").client_id, "request_uri": pushed["request_uri"]})
    tab = await door.browser().get(link)
    assert tab.path == "/u/login"


async def test_a_login_may_take_longer_than_the_request_uri_lives(door: Door) -> None:
    pushed = (await push(door)).json()
    link = "/authorize?" + urlencode({"client_id": door.client("Web").client_id, "request_uri": pushed["request_uri"]})
    tab = await door.browser().get(link)
    door.clock.pass_(1800)
    await door.server.storage.sweep(door.clock.now())
    await tab.login()
    assert "code" in tab.answer
