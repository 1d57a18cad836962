"""Public keys of devices beside the refresh tokens they hold: ``/device-credentials``."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.model.credential import RefreshToken
from doorward.model.digest import digest

from .conftest import START, A, Api, B, House
from .people import add_user
from .test_admission import Forge, forge

__all__ = ["forge"]
pytestmark = pytest.mark.anyio


def key(**more: Any) -> dict[str, Any]:
    return {"device_name": "Phone", "device_id": "abc-1", "type": "public_key", "value": "AQAB", **more}


async def hold(house: House, user_id: str, family: str, *, rotating: bool) -> None:
    token = RefreshToken(
        token_hash=digest(family), family=family, generation=0, client_id="spa", user_id=user_id, host=A,
        audience="https://api.test", scope=("offline_access",), granted={}, issued_at=START, rotating=rotating,
        user_agent="Agent/1",
    )  # fmt: skip
    await house.ports.refresh_tokens.issue(A, token, keep=200, events=())


async def test_a_key_is_registered_by_its_owner_once_for_a_device(api: Api) -> None:
    made = await api.post("/device-credentials", key(client_id="spa"))
    assert made.keys() == {"id"}
    assert made["id"].startswith("dcr_")
    (listed,) = await api.get("/device-credentials", type="public_key")
    assert listed == {
        "id": made["id"],
        "device_name": "Phone",
        "device_id": "abc-1",
        "type": "public_key",
        "user_id": listed["user_id"],
        "client_id": "spa",
    }
    assert listed["user_id"].endswith("@clients")
    assert (await api.refused("POST", "/device-credentials", key(client_id="spa")))[0] == 409
    await api.post("/device-credentials", key(client_id="other"))
    await api.post("/device-credentials", key(client_id="spa", device_id="abc-2"))
    await api.delete(f"/device-credentials/{made['id']}")
    await api.delete(f"/device-credentials/{made['id']}")
    assert len(await api.get("/device-credentials")) == 2


@pytest.mark.parametrize(
    "wrong", [{"type": "refresh_token"}, {"value": ""}, {"device_id": "x" * 37}, {"device_name": 1}]
)
async def test_what_is_no_key(api: Api, wrong: dict[str, Any]) -> None:
    assert await api.refused("POST", "/device-credentials", key(**wrong)) == (400, "invalid_body")


async def test_refresh_tokens_are_listed_by_type_and_deleted(house: House, api: Api) -> None:
    user_id = await add_user(house)
    await hold(house, user_id, "family-1", rotating=True)
    await hold(house, user_id, "family-2", rotating=False)
    await hold(house, "auth0|else", "family-3", rotating=False)
    await api.post("/device-credentials", key())
    whole = await api.get("/device-credentials", include_totals=True, per_page=2, page=1)
    assert (whole["total"], len(whole["device_credentials"])) == (4, 2)
    assert await api.get("/device-credentials", type="rotating_refresh_token") == [
        {
            "id": "family-1", "device_name": "Agent/1", "type": "rotating_refresh_token", "user_id": user_id,
            "client_id": "spa",
        }
    ]  # fmt: skip
    mine = await api.get("/device-credentials", user_id=user_id, client_id="spa", fields="id")
    assert mine == [{"id": "family-1"}, {"id": "family-2"}]
    await api.delete("/device-credentials/family-1")
    assert [one["id"] for one in await api.get("/device-credentials", user_id=user_id)] == ["family-2"]
    await api.delete(f"/users/{user_id}")
    assert await api.get("/device-credentials", user_id=user_id) == []
    assert await (await house.api(B)).get("/device-credentials") == []


async def test_a_person_has_devices_of_their_own(house: House, api: Api, forge: Forge) -> None:
    user_id, other = await add_user(house), await add_user(house)
    await hold(house, other, "family-1", rotating=True)
    scopes = "create:current_user_device_credentials delete:current_user_device_credentials"
    me = Api(house.http(A), forge.signed(sub=user_id, scope=scopes))
    made = await me.post("/device-credentials", key(user_id=other))
    assert [one["user_id"] for one in await api.get("/device-credentials", type="public_key")] == [user_id]
    assert (await me.refused("DELETE", "/device-credentials/family-1"))[0] == 403
    assert (await me.refused("GET", "/device-credentials"))[0] == 403
    await me.delete(f"/device-credentials/{made['id']}")
    assert [one["id"] for one in await api.get("/device-credentials")] == ["family-1"]
    await me.post("/device-credentials", key())
    await api.delete(f"/users/{user_id}")
    assert await api.get("/device-credentials", type="public_key") == []
