"""``/_doorward/api/v1/tenant-file``: who may, what is refused, and what a plan can be applied to."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from tests.integration.management.conftest import A, Api, House

pytestmark = pytest.mark.anyio
PATH = "/_doorward/api/v1/tenant-file"
ROLE = {"roles": [{"name": "Reader"}]}


async def post(api: Api, body: Any, *, token: str | None = None) -> httpx2.Response:
    given = api.token if token is None else token
    headers = {"authorization": f"Bearer {given}"} if given else {}
    return await api.http.post(PATH, json=body, headers=headers)


async def planned(api: Api, document: dict[str, Any], **more: Any) -> dict[str, Any]:
    response = await post(api, {"document": document, **more})
    assert response.status_code == 200, response.text
    return dict(response.json())


async def test_a_plan_is_applied_at_the_revision_it_was_made_for(house: House, api: Api) -> None:
    plan = await planned(api, ROLE)
    assert (plan["domain"], plan["applied"]) == (A, False)
    assert plan["changes"] == [
        {"section": "roles", "name": "Reader", "action": "create", "properties": [{"path": "name", "after": "Reader"}]}
    ]
    assert await api.get("/roles") == []
    await api.post("/roles", {"name": "Another"}, status=200)
    late = await post(api, {"document": ROLE, "apply": True, "revision": plan["revision"]})
    assert (late.status_code, "changed since" in late.json()["message"]) == (409, True)
    assert [role["name"] for role in await api.get("/roles")] == ["Another"]
    again = await planned(api, ROLE)
    applied = await planned(api, ROLE, apply=True, revision=again["revision"])
    assert applied["applied"] is True
    assert [role["name"] for role in await api.get("/roles")] == ["Another", "Reader"]
    (event, *_) = await house.log()
    assert event.description == "Create a role"


async def test_with_a_problem_nothing_is_applied(api: Api) -> None:
    plan = await planned(api, {**ROLE, "clients": [{"name": 5}]}, apply=True)
    assert (plan["applied"], [one["section"] for one in plan["problems"]]) == (False, ["clients"])
    assert await api.get("/roles") == []


async def test_a_token_reads_and_writes_what_its_scopes_say(house: House) -> None:
    api = await house.api(scopes=("read:roles", "create:roles"))
    await planned(api, ROLE, apply=True)
    response = await api.http.get(PATH, headers={"authorization": f"Bearer {api.token}"})
    told = response.json()
    assert told["document"] == {"roles": [{"name": "Reader"}]}
    assert "clients" in told["left_out"]
    refused = await planned(api, {"clients": [{"name": "A"}]})
    assert "Insufficient scope" in refused["problems"][0]["what"]


@pytest.mark.parametrize(
    ("body", "token", "status"),
    [
        ({"document": {}}, "", 401),
        ({"document": {}}, "nonsense", 401),
        ({}, None, 400),
        ({"document": []}, None, 400),
    ],
)
async def test_what_is_refused(api: Api, body: Any, token: str | None, status: int) -> None:
    response = await post(api, body, token=token)
    assert response.status_code == status, response.text
    assert response.json()["statusCode"] == status


@pytest.mark.parametrize("value", [None, 5, "x", [5], [[]], {"a": {"b": [None]}}, {"": ""}, [{}], [{"name": None}]])
async def test_no_document_breaks_it(api: Api, value: Any) -> None:
    from doorward.management.tenant_file.format import BY_KEY

    for section in BY_KEY:
        plan = await planned(api, {section: value}, removes=True)
        assert plan["applied"] is False, json.dumps(plan)
