"""``/jobs/users-exports``: users in a file that whoever has the link may fetch, for a minute."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
from typing import Any

import httpx2
import pytest

from doorward.management.new_tenant import DEFAULT_CONNECTION
from doorward.management.users_export import running

from .conftest import A, Api, B, House
from .people import add_user

pytestmark = pytest.mark.anyio
ADA = {
    "connection": DEFAULT_CONNECTION,
    "email": "ada@example.test",
    "username": "ada",
    "password": "Analytical-9",
    "name": '=HYPERLINK("https://evil.test")',
    "user_metadata": {"tags": ["a", "b"], "size": {"shoe": 38}},
    "app_metadata": {"plan": "gold"},
}


async def exported(api: Api, body: Any) -> httpx2.Response:
    """The file of an export that has to succeed."""
    job = await api.post("/jobs/users-exports", body, 200)
    assert (job["type"], job["status"]) == ("users_export", "pending")
    assert "location" not in job
    done = await api.get(f"/jobs/{job['id']}")
    assert done["status"] == "completed", done
    return await api.http.get(done["location"])


async def lines(api: Api, body: Any) -> list[dict[str, Any]]:
    answer = await exported(api, body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/gzip"
    return [json.loads(line) for line in gzip.decompress(answer.content).splitlines()]


async def rows(api: Api, body: Any) -> list[list[str]]:
    answer = await exported(api, body)
    assert answer.headers["content-disposition"] == 'attachment; filename="a.test.csv.gz"'
    text = gzip.decompress(answer.content).decode()
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text, newline="")))


async def test_lines_of_json_hold_whole_users_and_no_password(api: Api) -> None:
    made = await api.post("/users", ADA)
    (line,) = await lines(api, {})
    shown = await api.get(f"/users/{made['user_id']}")
    assert line == shown
    assert "password" not in json.dumps(line)


async def test_fields_are_chosen_and_named(api: Api) -> None:
    await api.post("/users", ADA)
    fields = [
        {"name": "email"}, {"name": "identities[0].connection", "export_as": "provider"},
        {"name": "user_metadata.size.shoe"}, {"name": "user_metadata.tags[1]"}, {"name": "app_metadata"},
        {"name": "nowhere[7].at"}, {"name": "family_name"},
    ]  # fmt: skip
    assert await lines(api, {"fields": fields}) == [
        {
            "email": "ada@example.test",
            "provider": DEFAULT_CONNECTION,
            "user_metadata.size.shoe": 38,
            "user_metadata.tags[1]": "b",
            "app_metadata": {"plan": "gold"},
        }
    ]


async def test_no_cell_of_a_csv_file_is_a_formula(api: Api) -> None:
    await api.post("/users", ADA)
    fields = [
        {"name": "name", "export_as": "=1+1"}, {"name": "email"}, {"name": "email_verified"},
        {"name": "user_metadata.tags"}, {"name": "user_metadata.size.shoe"}, {"name": "family_name"},
        {"name": "created_at"},
    ]  # fmt: skip
    assert await rows(api, {"format": "csv", "fields": fields}) == [
        [
            "'=1+1", "email", "email_verified", "user_metadata.tags", "user_metadata.size.shoe", "family_name",
            "created_at",
        ],
        [
            "'=HYPERLINK(\"https://evil.test\")", "'ada@example.test", "false", '\'["a","b"]', "38", "",
            "2023-11-14T22:13:20.000Z",
        ],
    ]  # fmt: skip
    head, row = await rows(api, {"format": "csv"})
    assert dict(zip(head, row, strict=True))["identities[0].connection"] == f"'{DEFAULT_CONNECTION}"


async def test_users_come_in_order_up_to_a_limit_and_from_one_connection(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "AT_A_TIME", 3)
    ids = [await add_user(house) for _ in range(10)]
    await add_user(house, B)
    assert [line["user_id"] for line in await lines(api, {})] == ids
    assert [line["user_id"] for line in await lines(api, {"limit": 4})] == ids[:4]
    connection = (await api.get("/connections", name=DEFAULT_CONNECTION))[0]["id"]
    other = (await api.post("/connections", {"name": "other", "strategy": "auth0"}))["id"]
    assert len(await lines(api, {"connection_id": connection, "limit": 1000})) == 10
    assert await lines(api, {"connection_id": other}) == []


async def test_what_was_asked_is_shown(api: Api) -> None:
    connection = (await api.get("/connections", name=DEFAULT_CONNECTION))[0]["id"]
    asked = {"connection_id": connection, "format": "csv", "limit": 5, "fields": [{"name": "email"}]}
    job = await api.post("/jobs/users-exports", asked, 200)
    assert job.pop("id").startswith("job_")
    assert job == {
        "type": "users_export", "status": "pending", "connection": DEFAULT_CONNECTION,
        "created_at": "2023-11-14T22:13:20.000Z", **asked,
    }  # fmt: skip


async def test_what_cannot_be_exported_is_refused(api: Api) -> None:
    async def refused(**body: Any) -> tuple[int, Any]:
        return await api.refused("POST", "/jobs/users-exports", body)

    many = [{"name": f"user_metadata.f{number}"} for number in range(31)]
    assert await refused(format="xml") == (400, "invalid_body")
    assert await refused(limit=0) == (400, "invalid_body")
    assert await refused(fields=[{"export_as": "x"}]) == (400, "invalid_body")
    assert await refused(format="csv", fields=many) == (400, "invalid_body")
    assert await refused(format="csv", fields=[{"name": "user_metadata"}]) == (400, "operation_not_supported")
    assert await refused(connection_id="con_0000000000000001") == (400, "inexistent_connection")
    assert len(await lines(api, {"fields": many})) == 0


async def test_the_link_is_good_for_a_minute_here_and_for_this_job(api: Api, house: House) -> None:
    first = await api.post("/jobs/users-exports", {}, 200)
    second = await api.post("/jobs/users-exports", {}, 200)
    location = (await api.get(f"/jobs/{first['id']}"))["location"]
    assert location.startswith("https://a.test/_doorward/exports/job_")
    assert (await api.http.get(location)).status_code == 200
    assert (await api.http.head(location)).headers["content-length"] != "0"
    for wrong in (
        location.replace(first["id"], second["id"]), location.replace("a.test", "b.test"), location[:-1] + "x",
        location.replace(".17000", ".27000"), location.rpartition(".")[0], "https://a.test/_doorward/exports/x",
    ):  # fmt: skip
        async with house.http(B if "b.test" in wrong else A) as http:
            assert (await http.get(wrong)).status_code == 404, wrong
    house.clock.time += 61
    assert (await api.http.get(location)).status_code == 404
    again = (await api.get(f"/jobs/{first['id']}"))["location"]
    assert (await api.http.get(again)).status_code == 200
    house.clock.time += 24 * 3600
    assert (await api.http.get(again)).status_code == 404


async def test_an_export_that_is_interrupted_is_failed_and_leaves_no_file(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_user(house)

    async def breaks(*args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(house.ports.users, "walk", breaks)
    job = await api.post("/jobs/users-exports", {}, 200)
    done = await api.get(f"/jobs/{job['id']}")
    assert (done["status"], done["status_details"]) == ("failed", "The export was interrupted")
    assert "location" not in done
    assert house.ports.files.open(job["id"]) is None
    assert house.ports.files.open(job["id"] + ".part") is None


async def test_a_third_export_has_to_wait(api: Api, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.server.background.patience = 0
    goes_on, count = asyncio.Event(), house.ports.users.count

    async def waits(*args: Any, **more: Any) -> int:
        await goes_on.wait()
        return await count(*args, **more)

    monkeypatch.setattr(house.ports.users, "count", waits)
    other = await house.api(B)
    answers = await asyncio.gather(*(api.call("POST", "/jobs/users-exports", {}) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 2 + [429] * 4
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json() == {
        "statusCode": 429,
        "error": "Too Many Requests",
        "message": "There are 2 active export users jobs, please wait until some of them are finished and try again",
    }
    assert (await other.call("POST", "/jobs/users-exports", {})).status_code == 200, "each tenant for itself"
    goes_on.set()
    begun = [answer.json()["id"] for answer in answers if answer.status_code == 200]
    while any([(await api.get(f"/jobs/{id_}"))["status"] == "pending" for id_ in begun]):
        pass
    assert (await api.call("POST", "/jobs/users-exports", {})).status_code == 200
