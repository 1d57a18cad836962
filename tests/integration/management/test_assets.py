"""Pictures and fonts of the login pages: fetched once and apart from any page, kept, and served by us alone."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from doorward.backends.outbound import assets
from doorward.model.asset import LARGEST, Use, sniffed
from doorward.ports import HttpAnswer, Unreachable

from .conftest import A, Api, House, ok
from .test_branding import theme
from .test_look import CALLBACK, Visitor

pytestmark = pytest.mark.anyio
LOGO, ICON, FONT, SEA = (f"https://cdn.test/{name}" for name in ("logo.svg", "icon.png", "inter.woff2", "sea.jpg"))
PNG, WOFF2, JPEG = b"\x89PNG\r\n\x1a\n....", b"wOF2....", b"\xff\xd8\xff...."
SVG = b"""<?xml version="1.0"?><!-- drawn by Ada --><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd">
<svg xmlns="http://www.w3.org/2000/svg"><script>fetch("/me")</script><circle r="3"/></svg>"""
DAY = 24 * 3600


class Elsewhere:
    """``ports.HttpOut`` with files behind it: what is answered at an address, or where it is redirected."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | str | int] = {LOGO: SVG, ICON: PNG, FONT: WOFF2, SEA: JPEG}
        self.asked: list[str] = []
        self.silent: set[str] = set()
        self.reached: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def send(self, method: str, url: str, *, largest: int, headers: Mapping[str, str], **_: Any) -> HttpAnswer:
        self.asked.append(url)
        self.reached[url].set()
        if url in self.silent:
            await asyncio.Event().wait()
        found = self.files.get(url)
        if found is None:
            raise Unreachable("cdn.test is 10.0.0.1, which is no address of the public internet")
        if isinstance(found, int):
            return HttpAnswer(found, {}, b"")
        if isinstance(found, str):
            return HttpAnswer(302, {"location": found}, b"")
        if len(found) > largest:
            raise Unreachable(f"the answer is larger than {largest} bytes")
        return HttpAnswer(200, {"content-type": "text/html"}, found)


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
async def house(elsewhere: Elsewhere) -> AsyncIterator[House]:
    house = await House(http=elsewhere).open()
    yield house
    await house.close()


@pytest.fixture
async def visitor(api: Api, house: House) -> AsyncIterator[Visitor]:
    client = await api.post("/clients", {"name": "Shop", "app_type": "regular_web", "callbacks": [CALLBACK]})
    async with house.http(A) as http:
        yield Visitor(http, client["client_id"])


async def fetch(house: House) -> None:
    await house.server.relay.send_due()


async def listed(api: Api) -> dict[str, dict[str, Any]]:
    headers = {"authorization": f"Bearer {api.token}"}
    answer = await api.http.get("/_doorward/api/v1/branding/assets", headers=headers)
    return {one.pop("url"): one for one in ok(answer, 200)}


async def test_a_page_shows_what_was_fetched_and_asks_nobody_else(
    api: Api, house: House, visitor: Visitor, elsewhere: Elsewhere
) -> None:
    await api.patch("/branding", {"logo_url": LOGO, "favicon_url": ICON, "font": {"url": FONT}})
    pending = await visitor.login_page()
    assert "cdn.test" not in pending.text
    assert elsewhere.asked == [], "not while somebody waits for a page"
    assert (await listed(api))[LOGO]["status"] == "pending"
    await fetch(house)
    page = await visitor.login_page()
    kept = await listed(api)
    assert f'<img id="prompt-logo-center" src="{kept[LOGO]["path"]}"' in page.text
    assert f'<link rel="icon" href="{kept[ICON]["path"]}">' in page.text
    _, sheet = await visitor.stylesheets(page)
    assert f'url("{kept[FONT]["path"]}")' in sheet.text
    assert "cdn.test" not in page.text + sheet.text + page.headers["content-security-policy"]
    for url, content, type_ in ((LOGO, SVG, "image/svg+xml"), (ICON, PNG, "image/png"), (FONT, WOFF2, "font/woff2")):
        served = await visitor.http.get(kept[url]["path"])
        assert (served.content, served.headers["content-type"]) == (content, type_)
        assert "immutable" in served.headers["cache-control"]
        assert ("access-control-allow-origin" in served.headers) is (url == FONT)
        assert served.headers["x-content-type-options"] == "nosniff"
        policy = served.headers["content-security-policy"]
        assert policy.endswith("; sandbox"), "nothing of a picture runs when it is opened on its own"
        assert policy.startswith("default-src 'none';")
    await fetch(house)
    assert sorted(elsewhere.asked) == sorted([LOGO, ICON, FONT])


async def test_pictures_of_themes_and_their_dark_variants(api: Api, house: House, visitor: Visitor) -> None:
    body = theme()
    body["widget"]["logo_url"] = ICON
    body["page_background"]["background_image_url"] = SEA
    await api.post("/branding/themes", body, 200)
    dark = {"colors": body["colors"], "widget": {"logo_url": LOGO}}
    headers = {"authorization": f"Bearer {api.token}"}
    ok(await api.http.put("/_doorward/api/v1/branding/dark", json=dark, headers=headers), 200)
    await fetch(house)
    kept = await listed(api)
    page = await visitor.login_page()
    assert f'src="{kept[ICON]["path"]}"' in page.text
    _, sheet = await visitor.stylesheets(page)
    light, _, dark_rules = sheet.text.partition("prefers-color-scheme:dark")
    assert f'url("{kept[SEA]["path"]}") center / cover' in light
    assert f'#prompt-logo-center{{content:url("{kept[LOGO]["path"]}")}}' in dark_rules


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "it cannot be reached"),
        (404, "it was answered 404"),
        (b"<!doctype html><svg>", "it is no picture a page can show"),
        (b"", "it is no picture a page can show"),
        (WOFF2, "it is no picture a page can show"),
        (PNG + b"." * LARGEST, "larger than 2097152 bytes"),
        ("http://cdn.test/logo.png", "it is redirected to what is not https"),
        (LOGO, "it is redirected too often"),
    ],
    ids=["inside", "404", "html", "empty", "font", "large", "plain", "circle"],
)
async def test_what_cannot_be_had_is_nothing_on_the_page_and_told_once(
    api: Api, house: House, visitor: Visitor, elsewhere: Elsewhere, answer: Any, reason: str
) -> None:
    elsewhere.files[LOGO] = answer
    await api.patch("/branding", {"logo_url": LOGO})
    await fetch(house)
    asked = len(elsewhere.asked)
    told = (await listed(api))[LOGO]
    assert told["status"] == "failed"
    assert reason in told["error"]
    page = await visitor.login_page()
    assert "cdn.test" not in page.text
    assert 'src="data:image/svg+xml' in page.text
    await fetch(house)
    assert len(elsewhere.asked) == asked, "not at once again"
    house.clock.time += 61
    await fetch(house)
    assert len(elsewhere.asked) > asked
    (event,) = await house.log(type_="w")
    assert reason in event.description
    assert "10.0.0.1" not in f"{event.description} {told}", "what is inside is no tenant's to ask"
    elsewhere.files[LOGO] = PNG
    house.clock.time += 601
    await fetch(house)
    assert (await listed(api))[LOGO]["status"] == "kept"


async def test_a_redirect_is_followed(api: Api, house: House, elsewhere: Elsewhere) -> None:
    elsewhere.files |= {LOGO: "/elsewhere.png", "https://cdn.test/elsewhere.png": PNG}
    await api.patch("/branding", {"logo_url": LOGO})
    await fetch(house)
    assert (await listed(api))[LOGO]["content_type"] == "image/png"


async def test_once_a_day_it_is_looked_for_another_file_and_the_old_one_stays_until_then(
    api: Api, house: House, elsewhere: Elsewhere
) -> None:
    await api.patch("/branding", {"logo_url": LOGO})
    await fetch(house)
    before = (await listed(api))[LOGO]["path"]
    elsewhere.files[LOGO] = 500
    house.clock.time += DAY + 1
    await fetch(house)
    kept = (await listed(await house.api()))[LOGO]
    assert (kept["path"], kept["status"]) == (before, "kept")
    elsewhere.files[LOGO] = PNG
    house.clock.time += DAY + 1
    await fetch(house)
    after = (await listed(await house.api()))[LOGO]
    assert "error" not in after
    assert after["path"] != before
    assert (await api.http.get(after["path"])).status_code == 200
    assert (await api.http.get(before)).status_code == 404


async def test_who_cannot_wait_has_it_fetched_again(api: Api, house: House, elsewhere: Elsewhere) -> None:
    await api.patch("/branding", {"logo_url": LOGO})
    await fetch(house)
    elsewhere.files[LOGO] = PNG
    headers = {"authorization": f"Bearer {api.token}"}
    before = (await listed(api))[LOGO]["path"].rpartition("/")[2]
    ok(await api.http.delete("/_doorward/api/v1/branding/assets", headers=headers), 204)
    house.clock.time += 61
    await fetch(house)
    assert (await listed(api))[LOGO]["content_type"] == "image/png"
    await house.server.storage.sweep(house.clock.now())
    assert await house.ports.assets.find(A, before) is None, "no document names it any more"
    assert await house.ports.assets.find(A, (await listed(api))[LOGO]["path"].rpartition("/")[2]) == PNG


async def test_what_nobody_wants_any_more_goes_unless_it_is_the_same_as_another(
    api: Api, house: House, elsewhere: Elsewhere
) -> None:
    elsewhere.files[SEA] = PNG
    await api.patch("/branding", {"logo_url": ICON, "favicon_url": SEA})
    await fetch(house)
    kept = await listed(api)
    assert kept[ICON]["path"] == kept[SEA]["path"]
    digest = kept[ICON]["path"].rpartition("/")[2]
    await api.patch("/branding", {"logo_url": None})
    await fetch(house)
    assert await house.ports.assets.find(A, digest) == PNG
    await api.patch("/branding", {"favicon_url": None})
    await fetch(house)
    assert await house.ports.assets.find(A, digest) is None
    assert await listed(api) == {}


async def test_a_file_is_of_one_tenant(api: Api, house: House) -> None:
    await api.patch("/branding", {"logo_url": LOGO})
    await fetch(house)
    path = (await listed(api))[LOGO]["path"]
    async with house.http("b.test") as elsewhere:
        assert (await elsewhere.get(path)).status_code == 404
    assert await listed(await house.api("b.test")) == {}


async def test_silent_servers_of_one_tenant_hold_up_no_other(api: Api, house: House, elsewhere: Elsewhere) -> None:
    other = await house.api("b.test")
    await api.patch("/branding", {"logo_url": LOGO})
    await other.patch("/branding", {"logo_url": ICON})
    elsewhere.silent = {LOGO}
    fetching = asyncio.create_task(fetch(house))
    async with asyncio.timeout(5):
        await elsewhere.reached[ICON].wait()
        await elsewhere.reached[LOGO].wait()
    assert not fetching.done()
    fetching.cancel()


async def test_a_file_takes_its_time_once_however_it_is_redirected(
    api: Api, house: House, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "FETCH_SECONDS", 0.05)
    elsewhere.files[LOGO] = SEA
    elsewhere.silent = {SEA}
    await api.patch("/branding", {"logo_url": LOGO})
    async with asyncio.timeout(5):
        await fetch(house)
    assert (await listed(api))[LOGO]["error"] == "it took too long"


async def test_a_file_that_was_dropped_before_anything_named_it_is_kept_again(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = house.server.storage.assets
    keep, dropped = kept.keep, []

    async def kept_and_dropped(tenant: str, name: str, content: bytes) -> None:
        await keep(tenant, name, content)
        if not dropped:  # by another process, for which nothing names it yet
            dropped.append(name)
            await kept.drop(tenant, [name])

    monkeypatch.setattr(kept, "keep", kept_and_dropped)
    await api.patch("/branding", {"logo_url": LOGO})
    await fetch(house)
    assert dropped
    assert await house.ports.assets.find(A, dropped[0]) == SVG


def test_a_file_of_many_comments_is_told_apart_at_once() -> None:
    assert sniffed(b"<!---->" * 9000, Use.PICTURE) is None
    assert sniffed(b"<!---->" * 9000 + b"<svg>", Use.PICTURE) == "image/svg+xml"
