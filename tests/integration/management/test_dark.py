"""What a theme looks like in the dark: our own API beside Auth0's, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.model import colours

from .conftest import Api, House, ok
from .test_branding import theme
from .test_look import Visitor, visitor

__all__ = ["visitor"]
pytestmark = pytest.mark.anyio
DARK = "prefers-color-scheme:dark"


async def call(api: Api, method: str, path: str = "/branding/dark", body: Any = None, status: int = 200) -> Any:
    headers = {"authorization": f"Bearer {api.token}"}
    response = await api.http.request(method, f"/_doorward/api/v1{path}", json=body, headers=headers)
    return ok(response, status)


def variant(**colors: str) -> dict[str, Any]:
    return {"colors": {**theme()["colors"], "widget_background": "#101010", **colors}}


async def test_a_variant_is_kept_measured_and_removed(api: Api) -> None:
    assert (await call(api, "GET", status=404))["errorCode"] == "dark_variant_not_found"
    made = await call(api, "PUT", body=variant(body_text="#222222"))
    measured = {entry["color"]: entry for entry in made.pop("contrast")}
    assert made == variant(body_text="#222222")
    text = measured["body_text"]
    assert text == {"color": "body_text", "on": "widget_background", "ratio": 1.2, "required": 4.5,
                    "shown": text["shown"]}  # fmt: skip
    assert colours.contrast(text["shown"], "#101010") >= 4.5
    assert measured["header"]["shown"] == "#00ff00", "what can be read stays"
    assert (await call(api, "GET"))["colors"] == made["colors"]
    await call(api, "DELETE", status=204)
    await call(api, "GET", status=404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"colors": {"body_text": "#fff"}},
        variant(error="red"),
        {**variant(), "borders": {}},
        {**variant(), "widget": {"logo_url": "http://example.com/logo.png"}},
    ],
)
async def test_a_variant_is_held_to_the_rules_of_a_theme(api: Api, body: dict[str, Any]) -> None:
    refused = await call(api, "PUT", body=body, status=400)
    assert refused["errorCode"] == "invalid_body"
    await call(api, "GET", status=404)


async def test_it_takes_the_scopes_of_branding(house: House) -> None:
    reader = await house.api(scopes=["read:branding"])
    await call(reader, "PUT", body=variant(), status=403)
    await call(reader, "GET", status=404)
    await call(await house.api(scopes=["read:clients"]), "GET", status=403)


async def test_a_theme_proposes_its_own(api: Api) -> None:
    await call(api, "GET", "/branding/dark/proposal", status=404)
    light = theme()
    light["colors"] |= {"widget_background": "#ffffff", "primary_button": "#7b1fa2"}
    await api.post("/branding/themes", light, 200)
    proposed = await call(api, "GET", "/branding/dark/proposal")
    assert all(entry["ratio"] >= entry["required"] for entry in proposed.pop("contrast"))
    assert colours.luminance(proposed["colors"]["widget_background"]) < 0.05
    await call(api, "GET", status=404)
    kept = await call(api, "PUT", body=proposed)
    assert kept["colors"] == proposed["colors"]


async def test_it_is_worn_in_the_dark_and_the_theme_alone_in_both(api: Api, visitor: Visitor) -> None:
    await call(api, "PUT", body={**variant(), "page_background": {"background_color": "#050505"}})
    assert len(await visitor.stylesheets(await visitor.login_page())) == 1, "there is no theme it is a variant of"
    await api.post("/branding/themes", theme(), 200)
    _, themed = await visitor.stylesheets(await visitor.login_page())
    light, _, dark = themed.text.partition(DARK)
    assert "--card:#00ff00;" in light
    assert "--card:#101010;" in dark
    assert "--page-background:#050505;" in dark
    assert "--button-radius" not in dark
    await call(api, "DELETE", status=204)
    _, themed = await visitor.stylesheets(await visitor.login_page())
    assert DARK not in themed.text


async def test_it_is_part_of_the_tenant_file_only_for_who_asks(api: Api) -> None:
    made = await call(api, "PUT", body=variant())
    told = await call(api, "GET", "/tenant-file")
    assert "brandingDark" not in told["document"], "the official tool refuses a section it does not know"
    told = await call(api, "GET", "/tenant-file?own=true")
    assert told["document"]["brandingDark"] == {"colors": made["colors"]}
    await call(api, "DELETE", status=204)
    await call(api, "POST", "/tenant-file", {"document": told["document"], "apply": True})
    assert (await call(api, "GET"))["colors"] == made["colors"]
    again = await call(api, "POST", "/tenant-file", {"document": told["document"]})
    assert again["changes"] == []
