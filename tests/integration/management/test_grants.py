"""Consent people gave: ``/grants``."""

from __future__ import annotations

import pytest

from doorward.model.session import ConsentGrant

from .conftest import A, Api, B, House

pytestmark = pytest.mark.anyio


async def consent(house: House, number: int, tenant: str = A, **more: str) -> str:
    """A grant straight in storage: user ``auth0|1`` or ``auth0|2``, by turns; returns its id."""
    id_ = f"{number:024x}"
    given = {"user_id": f"auth0|{number % 2 + 1}", "client_id": "web", "audience": f"https://{number}.test/", **more}
    grant = ConsentGrant(id=id_, scope=("read:a", "write:a"), **given)
    await house.ports.codes.issue(tenant, None, session=None, consent=grant, transaction=None, events=())
    return id_


async def test_grants_are_listed_filtered_and_paged(api: Api, house: House) -> None:
    ids = [await consent(house, number) for number in range(5)]
    await consent(house, 9, B)
    every = await api.get("/grants")
    assert [grant["id"] for grant in every] == ids
    assert every[0] == {
        "id": ids[0],
        "clientID": "web",
        "user_id": "auth0|1",
        "audience": "https://0.test/",
        "scope": ["read:a", "write:a"],
    }
    page = await api.get("/grants", user_id="auth0|1", include_totals=True, per_page=2, page=1)
    assert (page["start"], page["limit"], page["total"]) == (2, 2, 3)
    assert [grant["id"] for grant in page["grants"]] == [ids[4]]
    assert [grant["id"] for grant in await api.get("/grants", audience="https://3.test/")] == [ids[3]]
    assert await api.get("/grants", client_id="spa") == []
    assert await api.get("/grants", fields="id", per_page=1) == [{"id": ids[0]}]


async def test_one_grant_is_deleted_or_all_of_a_user(api: Api, house: House) -> None:
    ids = [await consent(house, number) for number in range(4)]
    theirs = await consent(house, 8, B)
    await api.delete(f"/grants/{ids[0]}")
    await api.delete(f"/grants/{ids[0]}")
    await api.delete(f"/grants/{theirs}")
    assert [grant["id"] for grant in await api.get("/grants")] == ids[1:]
    await api.delete("/grants?user_id=auth0%7C2")
    assert [grant["id"] for grant in await api.get("/grants")] == [ids[2]]
    assert await api.refused("DELETE", "/grants") == (400, "invalid_query_string")
    assert await api.refused("DELETE", "/grants", user_id="") == (400, "invalid_query_string")
    assert [grant["id"] for grant in await (await house.api(B)).get("/grants")] == [theirs]
    assert {event.description for event in await house.log()} >= {"Delete a grant by id", "Delete a grant by user_id"}


async def test_each_operation_needs_its_scope(house: House) -> None:
    reader, deleter = await house.api(scopes=["read:grants"]), await house.api(scopes=["delete:grants"])
    assert await reader.get("/grants") == []
    for path in ("/grants/x", "/grants?user_id=x"):
        assert await reader.refused("DELETE", path) == (403, "insufficient_scope")
        await deleter.delete(path)
    assert await deleter.refused("GET", "/grants") == (403, "insufficient_scope")
