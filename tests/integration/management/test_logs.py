"""What happened in the tenant: ``/logs`` and ``/users/{id}/logs``."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from doorward.model.log_event import LogEvent

from .conftest import START, A, Api, B, House, ok
from .people import add_user

pytestmark = pytest.mark.anyio


async def write(house: House, count: int = 1, tenant: str = A, **more: Any) -> None:
    for number in range(count):
        given = {"type": "s", "date": START + number, "description": f"No. {number}", **more}
        house.ports.log.write(tenant, LogEvent(**given))
    await house.ports.log.flush()


async def test_an_event_has_auth0s_form(api: Api, house: House) -> None:
    await write(
        house,
        type="fp",
        description="Wrong email or password.",
        client_id="web",
        client_name="Web",
        connection="people",
        connection_id="con_1",
        strategy="auth0",
        strategy_type="database",
        ip="192.0.2.7",
        user_agent="Mozilla/5.0 (iPhone) Mobile/15",
        hostname="a.test",
        user_id="auth0|ada",
        user_name="ada@example.test",
        audience="https://api.test/",
        scope="openid",
        details={"error": {"error": "invalid_grant"}},
    )
    event = (await api.get("/logs"))[0]
    assert re.fullmatch(r"900\d{53}", event["log_id"])
    assert event == {
        "_id": event["log_id"],
        "log_id": event["log_id"],
        "date": "2023-11-14T22:13:20.000Z",
        "type": "fp",
        "description": "Wrong email or password.",
        "client_id": "web",
        "client_name": "Web",
        "connection": "people",
        "connection_id": "con_1",
        "strategy": "auth0",
        "strategy_type": "database",
        "ip": "192.0.2.7",
        "user_agent": "Mozilla/5.0 (iPhone) Mobile/15",
        "isMobile": True,
        "hostname": "a.test",
        "user_id": "auth0|ada",
        "user_name": "ada@example.test",
        "audience": "https://api.test/",
        "scope": "openid",
        "details": {"error": {"error": "invalid_grant"}},
    }
    assert await api.get(f"/logs/{event['log_id']}") == event


async def test_g9_a_write_of_the_api_is_an_event_with_request_and_response(api: Api) -> None:
    await api.post("/roles", {"name": "R"}, 200)
    await api.refused("POST", "/roles", {"name": "R"})
    success = (await api.get("/logs", q="type:sapi"))[0]
    assert success["description"] == "Create a role"
    request, response = success["details"]["request"], success["details"]["response"]
    assert (request["method"], request["path"], request["body"]) == ("post", "/api/v2/roles", {"name": "R"})
    assert request["channel"] == "api"
    assert request["auth"]["strategy"] == "jwt"
    assert response == {"statusCode": 200, "body": {}}
    failure = (await api.get("/logs", q='type:"fapi"'))[0]
    assert failure["details"]["response"]["statusCode"] == 409


async def test_pages_are_exact_and_newest_first(api: Api, house: House) -> None:
    await write(house, 5)
    await write(house, 3, B)
    found = []
    for page in range(3):
        answer = await api.get("/logs", q="type:s", page=page, per_page=2, include_totals=True)
        assert (answer["start"], answer["limit"], answer["total"]) == (page * 2, 2, 5)
        assert answer["length"] == len(answer["logs"])
        found += [event["description"] for event in answer["logs"]]
    assert found == [f"No. {number}" for number in range(4, -1, -1)]
    oldest = await api.get("/logs", q="type:s", sort="date:1", per_page=1)
    assert oldest[0]["description"] == "No. 0"
    by_text = await api.get("/logs", sort="description:-1", per_page=1)
    assert by_text[0]["description"] == "No. 4"
    assert (await api.get("/logs", fields="type,date", per_page=1))[0].keys() == {"type", "date"}
    assert "details" not in (await api.get("/logs", fields="details", include_fields=False, per_page=1))[0]
    for query in ({"page": 10, "per_page": 100}, {"per_page": 101}, {"sort": "date"}, {"sort": "details:1"}):
        assert await api.refused("GET", "/logs", **query) == (400, "invalid_query_string")


async def test_a_checkpoint_reads_every_event_once_and_waits_at_the_end(api: Api, house: House) -> None:
    await write(house, 5)
    seen: list[str] = []
    before = (await api.get("/logs", q="NOT type:s"))[0]
    address = f"/logs?take=2&from={before['log_id']}"
    for expected in (2, 2, 1, 0, 0):
        response = await api.call("GET", address)
        events = ok(response, 200)
        assert len(events) == expected
        seen += [event["description"] for event in events]
        link = re.fullmatch(r'<(https://a\.test/api/v2/logs\?.*)>; rel="next"', response.headers["link"])
        assert link is not None
        address = "/logs?" + urlsplit(link[1]).query
    assert seen == [f"No. {number}" for number in range(5)]
    assert dict(parse_qsl(urlsplit(address).query))["take"] == "2"
    await write(house)
    assert [event["description"] for event in await api.get(address)] == ["No. 0"]
    newest = await api.get("/logs", page=0, per_page=1, take=2, **{"from": before["log_id"]})
    assert [event["description"] for event in newest] == ["No. 0"], "a page is no checkpoint"
    assert await api.refused("GET", "/logs", **{"from": "yesterday"}) == (400, "invalid_query_string")
    assert await api.refused("GET", "/logs", take=101) == (400, "invalid_query_string")


@pytest.mark.parametrize(
    ("q", "types"),
    [
        ("type:fp", "fp"),
        ('type:"fp" OR type:"s"', "fp s"),
        ("type:(fp OR s) AND user_id:\"auth0|ada\"", "s"),
        ("NOT type:fp AND NOT type:(s OR seccft)", "w"),
        ("client_name:Web", "s"),
        ("client_name:web", ""),
        ("connection:people AND strategy:auth0", "s"),
        ("ip:192.0.2.7", "fp"),
        ("user_name:ada@example.test", "s"),
        ("hostname:login.test", "s"),
        ("date:[2023-11-14T22:13:21Z TO *]", "w fp"),
        ("date:{2023-11-14T22:13:20Z TO 2023-11-14T22:13:22Z}", "fp"),
        ("date:2023-11-15", ""),
        ("fp", "fp"),
        ("Web", "s"),
        ("organization_id:org_1", ""),
    ],
)  # fmt: skip
async def test_events_are_searched(api: Api, house: House, q: str, types: str) -> None:
    await write(
        house, type="s", user_id="auth0|ada", client_name="Web", connection="people", strategy="auth0",
        user_name="ada@example.test", hostname="login.test",
    )  # fmt: skip
    await write(house, type="fp", ip="192.0.2.7", date=START + 1)
    await write(house, type="w", date=START + 2)
    answer = await api.get("/logs", q=q, include_totals=True)
    assert [event["type"] for event in answer["logs"]] == types.split()
    assert answer["total"] == len(types.split())
    if ":" in q:
        assert await api.get("/logs", search=q) == answer["logs"]


@pytest.mark.parametrize("q", ["details.request.path:x", "shoe:1", "date:[a TO b]", "("])
async def test_a_search_that_is_not_understood_is_refused(api: Api, q: str) -> None:
    assert await api.refused("GET", "/logs", q=q) == (400, "invalid_query_string")
    assert await api.refused("GET", "/logs", search=q) == (400, "invalid_query_string")


async def test_events_of_one_user(api: Api, house: House) -> None:
    await write(house, 3, user_id="auth0|ada")
    await write(house, user_id="auth0|grace")
    answer = await api.get("/users/auth0%7Cada/logs", per_page=2, include_totals=True)
    assert (answer["total"], answer["length"], answer["start"]) == (3, 2, 0)
    assert [event["description"] for event in answer["logs"]] == ["No. 2", "No. 1"]
    assert (await api.get("/users/auth0%7Cada/logs", sort="date:1"))[0]["description"] == "No. 0"
    assert await api.get("/users/auth0%7Cnobody/logs") == []


async def test_an_event_of_another_tenant_does_not_exist(api: Api, house: House) -> None:
    await write(house, 1, B)
    theirs = (await (await house.api(B)).get("/logs"))[0]
    response = await api.call("GET", f"/logs/{theirs['log_id']}")
    assert response.json() == {"statusCode": 404, "error": "Not Found", "message": "Log not found."}
    assert theirs not in await api.get("/logs")


async def test_each_operation_needs_its_scope(house: House) -> None:
    await write(house)
    nobody = await house.api(scopes=["read:users"])
    for scope in ("read:logs", "read:logs_users"):
        reader = await house.api(scopes=[scope])
        event = (await reader.get("/logs"))[0]
        for path in ("/logs", f"/logs/{event['log_id']}", "/users/x/logs"):
            await reader.get(path)
            assert await nobody.refused("GET", path) == (403, "insufficient_scope")


async def test_reading_a_secret_is_an_event_and_reading_anything_else_is_none(api: Api, house: House) -> None:
    client = await api.post("/clients", {"name": "App"})
    path = f"/clients/{client['client_id']}"
    await (await house.api(scopes=["read:clients"])).get(path)
    await api.get(path, fields="name")
    assert await api.get("/logs", q="type:mgmt_api_read") == []
    await api.get(path)
    event = (await api.get("/logs", q="type:mgmt_api_read"))[0]
    assert event["description"] == "Get a client by ID"
    assert event["details"]["accessedSecrets"] == ["client_secret"]
    assert client["client_secret"] not in str(event)
    google = {
        "name": "google",
        "strategy": "google-oauth2",
        "options": {"client_id": "x", "client_secret": "Hush-4711"},
    }
    await api.post("/connections", google)
    await api.get("/connections", strategy="google-oauth2")
    events = await api.get("/logs", q="type:mgmt_api_read")
    assert [event["description"] for event in events] == ["Get connections", "Get a client by ID"]
    assert "Hush-4711" not in str(await api.get("/logs"))


DAY = 86400.0
MIDNIGHT = START - START % DAY


async def test_days_are_counted_also_when_their_events_are_gone(api: Api, house: House) -> None:
    for type_, at in (
        ("s", 0),
        ("s", 1),
        ("sepft", 2),
        ("ss", 2),
        ("f", 2),
        ("pwd_leak", 3),
        ("s", DAY),
        ("s", 3 * DAY),
    ):
        house.ports.log.write(A, LogEvent(type=type_, date=MIDNIGHT + at))
    house.ports.log.write(B, LogEvent(type="s", date=MIDNIGHT))
    await house.ports.log.flush()
    storage = house.server.storage
    days = {"from": "20231113", "to": "20231117"}
    counts = [("2023-11-13", 0, 0, 0), ("2023-11-14", 3, 1, 1), ("2023-11-15", 1, 0, 0), ("2023-11-16", 0, 0, 0)]
    house.clock.time = MIDNIGHT + 3.5 * DAY
    counts.append(("2023-11-17", 1, 0, 0))
    api = await house.api()  # the token of before is over
    for _ in range(3):  # as the events say, once they were counted, and once they are gone
        answer = await api.get("/stats/daily", **days)
        names = ("date", "logins", "signups", "leaked_passwords")
        assert [tuple(day[name] for name in names) for day in answer] == [
            (f"{day}T00:00:00.000Z", *of_day) for day, *of_day in counts
        ]
        await storage.log.sweep(A, house.clock.now(), 2)
    assert answer[1]["created_at"] == "2023-11-14T00:00:00.000Z"
    assert [answer[day]["updated_at"] for day in (1, 4)] == ["2023-11-14T23:59:59.999Z", "2023-11-17T12:00:00.000Z"]
    assert await api.get("/logs", q="type:(ss OR f)") == [], "two days are kept, and today"
    assert len(await api.get("/stats/daily")) == 30
    assert await api.get("/stats/daily", to="20231114") == await api.get(
        "/stats/daily", **{"from": "20231016"}, to="20231114"
    )


async def test_a_sweep_deletes_whole_days_and_nothing_without_a_retention(api: Api, house: House) -> None:
    await write(house, 1, B, date=MIDNIGHT + DAY - 1)
    await write(house, 3, date=MIDNIGHT + DAY - 1)
    await write(house, 2, date=MIDNIGHT + DAY)
    sweep = house.server.storage.log.sweep
    assert await sweep(A, MIDNIGHT + 8.9 * DAY, 0) == 0
    assert await sweep(A, MIDNIGHT + 8.9 * DAY, 8) == 0
    swept = await sweep(A, MIDNIGHT + 8.9 * DAY, 7)
    assert swept >= 3
    assert await sweep(A, MIDNIGHT + 8.9 * DAY, 7) == 0
    assert len(await api.get("/logs", q="type:s")) == 2
    assert len(await (await house.api(B)).get("/logs", q="type:s")) == 1


async def test_a_day_that_is_not_one_is_refused(api: Api) -> None:
    for query in (
        {"from": "2023-11-14"}, {"to": "20230230"}, {"from": "20231115", "to": "20231114"}, {"from": "20991231"},
        {"from": "20220101", "to": "20231114"}, {"to": "00000000"}, {"to": "00010102"},
    ):  # fmt: skip
        assert await api.refused("GET", "/stats/daily", **query) == (400, "invalid_query_string")
    assert len(await api.get("/stats/daily", to="99991231")) == 30
    assert len(await api.get("/stats/daily", to="19700102")) == 2


async def test_who_logged_in_within_thirty_days_is_active(api: Api, house: House) -> None:
    assert await api.get("/stats/active-users") == 0
    for days in (29, 31, None):
        user_id = await add_user(house)
        if days is not None:
            await house.ports.users.record_login(A, user_id, at=START - days * DAY, ip="192.0.2.1", events=())
    assert await api.get("/stats/active-users") == 1
    assert await (await house.api(B)).get("/stats/active-users") == 0


async def test_statistics_need_their_scope(house: House) -> None:
    nobody = await house.api(scopes=["read:logs"])
    reader = await house.api(scopes=["read:stats"])
    for path in ("/stats/daily", "/stats/active-users"):
        await reader.get(path)
        assert await nobody.refused("GET", path) == (403, "insufficient_scope")
