"""``/custom-domains``: from a claim to a host that is served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from .conftest import A, Api, B, House

pytestmark = pytest.mark.anyio
PATH = "/custom-domains"
CUSTOM = "login.custom.test"


class Zone:
    """DNS as a test fills it."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}

    async def look_up(self, name: str) -> list[str]:
        return self.records.get(name, [])


@pytest.fixture
def zone() -> Zone:
    return Zone()


@pytest.fixture
async def house(zone: Zone) -> AsyncIterator[House]:
    house = await House(look_up_txt=zone.look_up).open()
    yield house
    await house.close()


@pytest.fixture
async def api(house: House) -> Api:
    return await house.api()


async def claim(api: Api, domain: str = CUSTOM, type_: str = "self_managed_certs", **more: Any) -> Any:
    return await api.post(PATH, {"domain": domain, "type": type_, **more})


async def verify(api: Api, made: Any) -> Any:
    response = await api.call("POST", f"{PATH}/{made['custom_domain_id']}/verify")
    assert response.status_code == 200, response.text
    return response.json()


def prove(zone: Zone, made: Any) -> None:
    """Put the TXT record where the tenant was told to."""
    method = next(method for method in made["verification"]["methods"] if method["name"] == "TXT")
    zone.records[method["domain"]] = ["v=spf1 -all", method["record"]]


async def ready(api: Api, zone: Zone, domain: str = CUSTOM) -> Any:
    made = await claim(api, domain)
    prove(zone, made)
    return await verify(api, made)


async def served(house: House, host: str) -> tuple[int, str]:
    async with house.http(host) as http:
        response = await http.get("/.well-known/openid-configuration")
    return response.status_code, response.json()["issuer"] if response.status_code == 200 else ""


async def test_a_domain_is_served_once_a_txt_record_proves_it(house: House, api: Api, zone: Zone) -> None:
    made = await claim(api)
    assert made == {
        "custom_domain_id": made["custom_domain_id"],
        "domain": CUSTOM,
        "type": "self_managed_certs",
        "status": "pending_verification",
        "primary": True,
        "is_default": False,
        "custom_client_ip_header": None,
        "created_at": "2023-11-14T22:13:20.000Z",
        "verification": made["verification"],
    }
    (method,) = made["verification"]["methods"]
    assert (method["name"], method["domain"]) == ("TXT", f"_doorward-challenge.{CUSTOM}")
    assert await served(house, CUSTOM) == (404, "")

    zone.records[method["domain"]] = ["auth0-domain-verification=of-somebody-else"]
    waiting = await verify(api, made)
    assert (waiting["status"], waiting["verification"]["status"]) == ("pending_verification", "pending")
    assert method["record"] in waiting["verification"]["error_msg"]
    assert "cname_api_key" not in waiting
    assert await served(house, CUSTOM) == (404, "")

    prove(zone, made)
    verified = await verify(api, made)
    assert (verified["status"], verified["verification"]["status"]) == ("ready", "verified")
    assert "error_msg" not in verified["verification"]
    assert len(verified["cname_api_key"]) > 40
    assert await served(house, CUSTOM) == (200, f"https://{CUSTOM}/")
    again = await verify(api, made)
    assert again["status"] == "ready"
    assert "cname_api_key" not in again
    assert "cname_api_key" not in await api.get(f"{PATH}/{made['custom_domain_id']}")


async def test_a_domain_with_a_certificate_of_the_server_also_has_to_lead_there(api: Api, zone: Zone) -> None:
    made = await claim(api, type_="auth0_managed_certs")
    assert made["tls_policy"] == "recommended"
    assert "custom_client_ip_header" not in made
    cname, txt = made["verification"]["methods"]
    assert cname == {"name": "CNAME", "record": A, "domain": CUSTOM}
    assert txt["name"] == "TXT"
    prove(zone, made)
    verified = await verify(api, made)
    assert verified["status"] == "ready"
    assert "cname_api_key" not in verified


async def test_without_dns_the_operators_word_is_enough(house: House) -> None:
    del house
    lax = await House(development=True).open()
    try:
        api = await lax.api()
        assert (await verify(api, await claim(api)))["status"] == "ready"
        assert await served(lax, CUSTOM) == (200, f"https://{CUSTOM}/")
    finally:
        await lax.close()


async def test_a_domain_is_served_by_one_tenant_only(house: House, api: Api, zone: Zone) -> None:
    other = await house.api(B)
    mine, theirs = await claim(api), await claim(other)
    prove(zone, theirs)
    assert (await verify(other, theirs))["status"] == "ready"
    prove(zone, mine)
    verifying = f"{PATH}/{mine['custom_domain_id']}/verify"
    assert await api.refused("POST", verifying) == (409, "custom_domain_conflict")
    assert await served(house, CUSTOM) == (200, f"https://{CUSTOM}/")
    assert house.ports.directory.issuer(CUSTOM).tenant == B  # type: ignore[union-attr]
    for domain in (CUSTOM, CUSTOM.upper(), A, B):
        body = {"domain": domain, "type": "self_managed_certs"}
        assert await api.refused("POST", PATH, body) == (409, "custom_domain_conflict"), domain
    await api.delete(f"{PATH}/{mine['custom_domain_id']}")
    await other.delete(f"{PATH}/{theirs['custom_domain_id']}")
    assert await served(house, CUSTOM) == (404, "")
    assert (await ready(api, zone))["status"] == "ready"


async def test_a_token_works_on_the_domain_it_came_from_only(house: House, api: Api, zone: Zone) -> None:
    made = await ready(api, zone)
    custom = Api(house.http(CUSTOM), await house.token(A, host=CUSTOM))
    assert len(await custom.get(PATH)) == 1
    assert await Api(house.http(A), custom.token).refused("GET", PATH) == (401, None)
    assert await Api(house.http(CUSTOM), api.token).refused("GET", PATH) == (401, None)
    await api.delete(f"{PATH}/{made['custom_domain_id']}")
    assert (await custom.call("GET", PATH)).status_code == 404


async def test_properties_change_and_metadata_changes_key_by_key(api: Api) -> None:
    made = await claim(
        api, domain_metadata={"public_brand": "acme", "gone": None}, relying_party_identifier="custom.test"
    )
    assert made["domain_metadata"] == {"public_brand": "acme"}
    path = f"{PATH}/{made['custom_domain_id']}"
    changed = await api.patch(path, {"custom_client_ip_header": "cf-connecting-ip", "domain_metadata": {"b": "2"}})
    assert changed["domain_metadata"] == {"public_brand": "acme", "b": "2"}
    assert changed["custom_client_ip_header"] == "cf-connecting-ip"
    changed = await api.patch(path, {"relying_party_identifier": None, "domain_metadata": {"public_brand": None}})
    assert "relying_party_identifier" not in changed
    assert changed["domain_metadata"] == {"b": "2"}
    many = {"domain_metadata": {f"k{n}": "v" for n in range(10)}}
    assert await api.refused("PATCH", path, many) == (400, "invalid_body")
    assert await api.get(path) == changed


@pytest.mark.parametrize(
    "body",
    [
        {"domain": CUSTOM},
        {"type": "self_managed_certs"},
        {"domain": CUSTOM, "type": "none"},
        {"domain": "localhost:8443", "type": "self_managed_certs"},
        {"domain": "-a.test", "type": "self_managed_certs"},
        {"domain": "a..test", "type": "self_managed_certs"},
        {"domain": "*.a.test", "type": "self_managed_certs"},
        {"domain": "192.0.2.1", "type": "self_managed_certs"},
        {"domain": "x" * 300, "type": "self_managed_certs"},
        {"domain": CUSTOM, "type": "self_managed_certs", "status": "ready"},
        {"domain": CUSTOM, "type": "self_managed_certs", "primary": True},
        {"domain": CUSTOM, "type": "self_managed_certs", "domain_metadata": {"a": 1}},
        {"domain": CUSTOM, "type": "self_managed_certs", "tls_policy": "compatible"},
    ],
)
async def test_what_is_no_domain_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert await api.refused("POST", PATH, body) == (400, "invalid_body")
    assert await api.get(PATH) == []


async def test_status_and_domain_cannot_be_written(api: Api) -> None:
    path = f"{PATH}/{(await claim(api))['custom_domain_id']}"
    for body in ({"status": "ready"}, {"domain": "other.test"}, {"custom_domain_id": "cd_1"}, {"type": "x"}):
        assert await api.refused("PATCH", path, body) == (400, "invalid_body")


async def test_a_list_is_whole_unless_a_page_is_asked_for(api: Api) -> None:
    names = [f"{letter}.custom.test" for letter in "cab"]
    for name in names:
        await claim(api, name)
    assert [domain["domain"] for domain in await api.get(PATH, include_totals=True)] == names
    assert await api.get(PATH, fields="domain", sort="domain:1") == [{"domain": name} for name in sorted(names)]
    seen: list[str] = []
    query: dict[str, Any] = {"take": 2}
    while query:
        page = await api.get(PATH, **query)
        seen += [domain["domain"] for domain in page["custom_domains"]]
        query = {"take": 2, "from_": page["next"]} if "next" in page else {}
    assert seen == names
    assert await api.refused("GET", PATH, q="domain:x") == (400, "invalid_query_string")


async def test_the_default_domain_is_the_first_ready_one_until_another_is_chosen(api: Api, zone: Zone) -> None:
    path = f"{PATH}/default"
    assert await api.get(path) == {"domain": A}
    await claim(api, "waiting.custom.test")
    first, second = await ready(api, zone), await ready(api, zone, "second.custom.test")
    assert (await api.get(path))["domain"] == CUSTOM
    chosen = await api.patch(path, {"domain": "second.custom.test"})
    assert (chosen["custom_domain_id"], chosen["is_default"]) == (second["custom_domain_id"], True)
    assert [domain["domain"] for domain in await api.get(PATH) if domain["is_default"]] == ["second.custom.test"]
    for domain in ("waiting.custom.test", "unknown.custom.test"):
        response = await api.call("PATCH", path, {"domain": domain})
        assert response.status_code == 400
        assert response.json()["message"] == "The domain must be verified before it can be set as default."
    assert await api.refused("DELETE", f"{PATH}/{second['custom_domain_id']}") == (409, None)
    await api.delete(f"{PATH}/{first['custom_domain_id']}")
    assert await api.patch(path, {"domain": A}) == await api.get(path) == {"domain": A}
    await api.delete(f"{PATH}/{second['custom_domain_id']}")


async def test_the_test_says_whether_the_domain_is_served(api: Api, zone: Zone) -> None:
    made = await claim(api)
    path = f"{PATH}/{made['custom_domain_id']}/test"
    assert await api.refused("POST", path) == (409, None)
    prove(zone, made)
    await verify(api, made)
    assert (await api.call("POST", path)).json()["success"] is True


async def test_a_domain_of_another_tenant_is_not_there(house: House, api: Api) -> None:
    foreign = (await claim(await house.api(B)))["custom_domain_id"]
    path = f"{PATH}/{foreign}"
    assert await api.refused("GET", path) == (404, "inexistent_custom_domain")
    assert await api.refused("PATCH", path, {"tls_policy": "recommended"}) == (404, "inexistent_custom_domain")
    for action in ("verify", "test"):
        assert await api.refused("POST", f"{path}/{action}") == (404, "inexistent_custom_domain")
    await api.delete(path)
    assert (await (await house.api(B)).get(path))["custom_domain_id"] == foreign
