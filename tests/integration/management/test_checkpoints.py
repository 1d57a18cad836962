"""What ``next`` hands out is good for the list it came from, and for nothing else."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from .conftest import A, Api, B, House

pytestmark = pytest.mark.anyio
REFUSED = (400, "invalid_query_string")


async def organizations(api: Api) -> None:
    for name in ("one", "two", "three"):
        await api.post("/organizations", {"name": name})


async def asked(api: Api, checkpoint: str, path: str = "/organizations", **query: Any) -> tuple[int, Any]:
    return await api.refused("GET", path, take=1, from_=checkpoint, **query)


async def test_g6_a_checkpoint_that_was_never_handed_out_is_refused(api: Api) -> None:
    await organizations(api)
    checkpoint = (await api.get("/organizations", take=1))["next"]
    sealed = base64.urlsafe_b64decode(checkpoint + "==")
    changed = (bytes([*sealed[:place], sealed[place] ^ 1, *sealed[place + 1 :]]) for place in range(len(sealed)))
    guessed = (b"p1", b"1", sealed[16:], bytes(16) + sealed[16:], sealed[:16], sealed + b"0", sealed[:-1])
    for value in (*changed, *guessed):
        assert await asked(api, base64.urlsafe_b64encode(value).decode().rstrip("=")) == REFUSED, value
    for text in ("", "x", "~", "0", "ä", "=" * 4, "A" * 1000, f"{checkpoint}!"):
        assert await asked(api, text) == REFUSED, text
    rest = await api.get("/organizations", take=9, from_=checkpoint)
    assert [one["name"] for one in rest["organizations"]] == ["two", "three"]


async def test_g6_a_checkpoint_is_good_for_what_was_asked(api: Api, house: House) -> None:
    other = await house.api(B)
    for one in (api, other):
        await organizations(one)
        for name in ("Client 1", "Client 2"):
            await one.post("/clients", {"name": name, "app_type": "spa"})
    checkpoint = (await api.get("/organizations", take=1))["next"]
    assert await asked(other, checkpoint) == REFUSED, "another tenant"
    assert await asked(api, checkpoint, "/clients") == REFUSED, "another list"
    assert await asked(api, checkpoint, sort="name:1") == REFUSED, "another order"
    of_spa = (await api.get("/clients", take=1, app_type="spa"))["next"]
    assert await asked(api, of_spa, "/clients") == REFUSED
    assert await asked(api, of_spa, "/clients", app_type="native") == REFUSED
    page = await api.get(
        "/clients", app_type="spa", take=5, from_=of_spa, fields="name", include_fields=True, include_totals=True
    )
    assert [client["name"] for client in page["clients"]] == ["Client 2"], "how a page looks may change"


async def test_g6_a_checkpoint_is_bound_to_the_path(api: Api) -> None:
    first, second = [(await api.post("/roles", {"name": name}, 200))["id"] for name in "ab"]
    for number in range(2):
        person = {"connection": "Username-Password-Authentication", "email": f"{number}@example.test"}
        user = await api.post("/users", {**person, "password": "Secret-99x"})
        for role in (first, second):
            await api.post(f"/roles/{role}/users", {"users": [user["user_id"]]}, 200)
    checkpoint = (await api.get(f"/roles/{first}/users", take=1))["next"]
    assert await asked(api, checkpoint, f"/roles/{second}/users") == REFUSED
    assert len((await api.get(f"/roles/{first}/users", take=1, from_=checkpoint))["users"]) == 1


async def test_a_checkpoint_outlives_the_server(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/d.db"
    before = await House(database=database).open()
    api = await before.api()
    await organizations(api)
    checkpoint = (await api.get("/organizations", take=1))["next"]
    await before.close()
    after = House(database=database)
    await after.server.start()
    page = await (await after.api(A)).get("/organizations", take=1, from_=checkpoint)
    assert [one["name"] for one in page["organizations"]] == ["two"]
    await after.close()
