"""People move in with their passwords, and out again, on both databases."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.integration.door import DOMAIN, Door
from tests.integration.flows.conftest import TENANT

from doorward.backends import background
from doorward.management.users_import import running

PEOPLE = 250


def person(number: int) -> dict[str, Any]:
    hashed = hashlib.sha256(f"salt{number}password-{number}".encode()).hexdigest()
    return {
        "email": f"person{number}@example.test",
        "user_metadata": {"number": number},
        "custom_password_hash": {
            "algorithm": "sha256",
            "hash": {"value": hashed, "encoding": "hex"},
            "salt": {"value": f"salt{number}"},
        },
    }


async def management(door: Door) -> httpx2.AsyncClient:
    client = door.client("Mgmt")
    answer = await door.token(
        grant_type="client_credentials",
        client_id=client.client_id,
        client_secret=client.client_secret,
        audience=f"https://{DOMAIN}/api/v2/",
    )
    http = door.http()
    http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
    return http


async def send(door: Door, http: httpx2.AsyncClient, users: Any, **more: str) -> str:
    connection = door.ports.directory.tenant(DOMAIN).connections["people"].id
    answer = await http.post(
        "/api/v2/jobs/users-imports",
        data={"connection_id": connection, **more},
        files={"users": ("users.json", json.dumps(users).encode())},
    )
    assert answer.status_code == 202, answer.text
    id_: str = answer.json()["id"]
    return id_


async def asked(http: httpx2.AsyncClient, id_: str) -> dict[str, Any]:
    """The job as it is; a question that is answered at once leaves the loop to nobody else."""
    await asyncio.sleep(0)
    job: dict[str, Any] = (await http.get(f"/api/v2/jobs/{id_}")).json()
    return job


async def over(http: httpx2.AsyncClient, id_: str) -> dict[str, Any]:
    while (job := await asked(http, id_))["status"] == "pending":
        pass
    return job


async def test_many_people_move_in_sign_in_and_move_out(door: Door) -> None:
    http = await management(door)
    job = await over(http, await send(door, http, [*map(person, range(PEOPLE)), {"email": "ADA@example.test"}]))
    assert job["summary"] == {"failed": 1, "updated": 0, "inserted": PEOPLE, "total": PEOPLE + 1}
    (error,) = (await http.get(f"/api/v2/jobs/{job['id']}/errors")).json()
    assert error["errors"][0]["code"] == "DUPLICATED_USER"

    web = door.client("Web")
    for password, status in (("password-x", 403), ("password-249", 200), ("password-249", 200)):
        answer = await door.token(
            grant_type="password", client_id=web.client_id, client_secret=web.client_secret, scope="openid",
            username="person249@example.test", password=password,
        )  # fmt: skip
        assert answer.status_code == status, answer.text

    changed = [{**person(number), "user_metadata": {"moved": True}} for number in range(PEOPLE)]
    job = await over(http, await send(door, http, changed, upsert="true"))
    assert job["summary"] == {"failed": 0, "updated": PEOPLE, "inserted": 0, "total": PEOPLE}

    answer = await http.post(
        "/api/v2/jobs/users-exports", json={"fields": [{"name": "email"}, {"name": "user_metadata"}]}
    )
    exported = await over(http, answer.json()["id"])
    content = (await http.get(exported["location"])).content
    lines = [json.loads(line) for line in gzip.decompress(content).splitlines()]
    assert lines[0]["email"] == "ada@example.test"
    assert lines[1:] == [
        {"email": f"person{number}@example.test", "user_metadata": {"moved": True}} for number in range(PEOPLE)
    ]


async def test_a_server_that_stops_leaves_what_it_reported(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "GRACE", 0)
    monkeypatch.setattr(running, "BATCH", 5)
    door = await Door(database, job_folder=tmp_path / "jobs").start()
    await door.tenant(TENANT)
    door.server.background.patience = 0
    http = await management(door)
    id_ = await send(door, http, [person(number) for number in range(PEOPLE)])
    while (await asked(http, id_)).get("percentage_done", 0) < 10:
        pass
    await door.stop()
    assert list((tmp_path / "jobs").iterdir()) == []

    again = await Door(database, job_folder=tmp_path / "jobs").start()
    http = await management(again)
    job = await asked(http, id_)
    assert (job["status"], job["status_details"]) == ("failed", "The import was interrupted")
    inserted = job["summary"]["inserted"]
    assert PEOPLE > inserted >= PEOPLE / 10
    assert await again.ports.users.count(DOMAIN) == inserted + 1  # and Ada
    rest = await over(http, await send(again, http, [person(number) for number in range(PEOPLE)], upsert="true"))
    assert rest["summary"] == {"failed": 0, "updated": inserted, "inserted": PEOPLE - inserted, "total": PEOPLE}
    await again.stop()
