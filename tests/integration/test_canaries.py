"""No secret is found where it does not belong: not in the log, not in the database."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.door import CALLBACK, Door
from tests.integration.vectors.world import TENANT, A, C, World

PASSWORD = "canary-Password-4711"
CLIENT_SECRET = "canary-client-secret-4712-of-sufficient-length"
SIGNING_SECRET = "canary-signing-secret-4713-of-sufficient-length"
WRONG_PASSWORD = "canary-Wrong-4714"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}").start()
    await door.tenant(TENANT, C)
    world = World(door)
    await world.with_(clients=[{"name": "W", "client_secret": CLIENT_SECRET}])
    await world.api("https://hs/", signing_secret=SIGNING_SECRET)
    await world.user(password=PASSWORD)
    yield world
    await door.stop()


def whole(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_no_secret_is_in_the_log_or_the_database(
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
    secrets |= {"canary-refresh-4715", "canary-secret-4716", "canary-token-4717"}
    events = await world.door.log(domain=C)
    assert {"s", "fp", "seacft", "feacft", "sertft", "fertft", "fepft", "feccft"} <= {event.type for event in events}
    await world.door.stop()
    stored = whole(tmp_path)
    spoken = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    texts = {"log": repr(events), "process log": "\n".join(spoken)}
    found = [(place, secret) for place, text in texts.items() for secret in secrets if secret in text]
    found += [("database", secret) for secret in secrets if secret.encode() in stored]
    assert not found
    assert b"u@example.test" in stored, "the search would find what is there"
