"""How the tenant looks: ``/branding``, its page template, themes, and phone notifications."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import Api, House

pytestmark = pytest.mark.anyio
PAGE = "<!DOCTYPE html><html><head>{%- auth0:head -%}</head><body>{%- auth0:widget -%}</body></html>"
TAGS_MISSING = "The template must contain a single auth0:head tag and at least one auth0:widget tag."
LOGO = "https://example.com/logo.png"


def theme() -> dict[str, Any]:
    text = {"bold": True, "size": 99.5}
    colours = (
        "body_text error header icons input_background input_border input_filled_text input_labels_placeholders "
        "links_focused_components primary_button primary_button_label secondary_button_border "
        "secondary_button_label success widget_background widget_border"
    )
    return {
        "borders": {
            "button_border_radius": 1.5,
            "button_border_weight": 2,
            "buttons_style": "pill",
            "input_border_radius": 2,
            "input_border_weight": 2,
            "inputs_style": "rounded",
            "show_widget_shadow": True,
            "widget_border_weight": 2,
            "widget_corner_radius": 2,
        },
        "colors": dict.fromkeys(colours.split(), "#00FF00"),
        "fonts": {
            **dict.fromkeys(("body_text", "buttons_text", "input_labels", "links", "subtitle", "title"), text),
            "font_url": "",
            "links_style": "normal",
            "reference_text_size": 12,
        },
        "page_background": {"background_color": "#000", "background_image_url": "", "page_layout": "center"},
        "widget": {
            "header_text_alignment": "left",
            "logo_height": 1,
            "logo_position": "none",
            "logo_url": LOGO,
            "social_buttons_layout": "top",
        },
    }


async def test_branding_starts_empty_and_changes_property_by_property(api: Api) -> None:
    assert await api.get("/branding") == {}
    gradient = {"type": "linear-gradient", "start": "#000000", "end": "#fff", "angle_deg": 35}
    body = {"colors": {"primary": "#ea5323", "page_background": gradient}, "logo_url": LOGO}
    assert await api.patch("/branding", body) == body
    changed = await api.patch("/branding", {"colors": {"page_background": None}, "font": {"url": LOGO}})
    assert changed == {"colors": {"primary": "#ea5323"}, "logo_url": LOGO, "font": {"url": LOGO}}
    assert await api.patch("/branding", {"colors": {"primary": None}, "logo_url": None}) == {"font": {"url": LOGO}}
    assert await api.get("/branding") == {"font": {"url": LOGO}}
    assert await api.patch("/branding", {"colors": {"primary": "#ea5323"}, "font": None}) == {
        "colors": {"primary": "#ea5323"}
    }
    assert await api.patch("/branding", {"colors": None}) == {}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"colors": {}},
        {"colors": {"primary": "red; background: url(//x)"}},
        {"colors": {"page_background": {"type": "radial"}}},
        {"logo_url": "http://example.com/logo.png"},
        {"logo_url": ""},
        {"font": {"url": "javascript:alert(1)"}},
        {"other": True},
    ],
)
async def test_branding_refuses_what_pages_could_not_use(api: Api, body: dict[str, Any]) -> None:
    assert await api.refused("PATCH", "/branding", body) == (400, "invalid_body")


async def test_the_login_pages_wear_the_branding(api: Api, house: House) -> None:
    await api.patch("/branding", {"logo_url": LOGO, "colors": {"primary": "#123456"}})
    async with house.http("a.test") as http:
        page = await http.get("/authorize", params={"client_id": "nobody", "response_type": "code"})
        _, own = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
        assert "--primary-color:#123456;" in (await http.get(own)).text
    assert LOGO not in page.text, "what was not fetched is not shown"


async def test_a_page_template_is_made_replaced_and_removed(api: Api) -> None:
    path = "/branding/templates/universal-login"
    assert await api.refused("GET", path) == (404, "inexistent_templates_universal_login")
    made = await api.call("PUT", path, PAGE)
    assert (made.status_code, made.json()) == (201, {})
    assert await api.get(path) == {"body": PAGE}
    again = await api.call("PUT", path, {"template": PAGE + "2"})
    assert (again.status_code, again.content) == (204, b"")
    headers = {"authorization": f"Bearer {api.token}", "content-type": "text/html"}
    as_text = await api.http.put(f"/api/v2{path}", content=f"{PAGE}ü".encode(), headers=headers)
    assert as_text.status_code == 204
    assert await api.get(path) == {"body": f"{PAGE}ü"}
    broken = await api.http.put(f"/api/v2{path}", content=b"\xff", headers=headers)
    assert broken.status_code == 400
    assert (await api.http.patch("/api/v2/branding", content=b"<p>", headers=headers)).status_code == 415
    assert await api.refused("PUT", path, {"template": "x" * 102_401}) == (400, "invalid_body")
    for _ in range(2):
        await api.delete(path)
    assert (await api.refused("GET", path))[0] == 404


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("<html></html>", TAGS_MISSING),
        ("{% auth0:head %}", TAGS_MISSING),
        ("{%- auth0:widget -%}", TAGS_MISSING),
        ("{% auth0:head %}{% auth0:head %}{% auth0:widget %}", TAGS_MISSING),
        ("{{ auth0:head }}{{ auth0:widget }}", TAGS_MISSING),
        (
            "{% auth0:head %}{% auth0:widget %}{% if %}",
            "Template universal_login is not valid Liquid: missing expression",
        ),
        (
            "{% auth0:head %}{% auth0:widget %}{% auth0:footer %}",
            "Template universal_login is not valid Liquid: unexpected tag 'auth0'",
        ),
    ],
)
async def test_a_page_template_without_its_tags_or_not_readable_is_refused(
    api: Api, template: str, message: str
) -> None:
    path = "/branding/templates/universal-login"
    response = await api.call("PUT", path, {"template": template})
    assert (response.status_code, response.json()["message"]) == (400, message)
    assert (await api.refused("GET", path))[0] == 404


async def test_a_theme_lives_from_post_to_delete(api: Api) -> None:
    assert await api.refused("GET", "/branding/themes/default") == (404, "theme_not_found")
    made = await api.post("/branding/themes", theme(), 200)
    assert made == {**theme(), "displayName": "Unnamed Theme", "themeId": made["themeId"]}
    path = f"/branding/themes/{made['themeId']}"
    identifiers = {"login_display": "separate", "otp_autocomplete": False}
    changed = {**theme(), "displayName": "Mine", "identifiers": identifiers}
    assert await api.patch(path, changed) == {**changed, "themeId": made["themeId"]}
    assert await api.patch(path, theme()) == await api.get(path) == await api.get("/branding/themes/default")
    assert (await api.get(path))["displayName"] == "Mine"
    await api.delete(path)
    for method, verb in (("GET", "retrieving"), ("DELETE", "deleting"), ("PATCH", "updating")):
        response = await api.call(method, path, theme() if method == "PATCH" else None)
        message = f"There was an error {verb} branding settings: invalid theme ID"
        assert (response.status_code, response.json()["message"]) == (404, message)


async def test_a_theme_is_whole_and_within_bounds(api: Api) -> None:
    for part, name, value in (
        ("borders", "button_border_radius", 0),
        ("colors", "error", "green"),
        ("fonts", "title", {"bold": True, "size": 74}),
        ("widget", "logo_url", "http://example.com/x.png"),
    ):
        body = theme()
        body[part] = {**body[part], name: value}
        assert await api.refused("POST", "/branding/themes", body) == (400, "invalid_body"), (part, name)
        del body[part][name]
        assert await api.refused("POST", "/branding/themes", body) == (400, "invalid_body"), (part, name)


# ── phone notifications ──

TWILIO = {
    "name": "twilio",
    "configuration": {"sid": "AC1", "default_from": "+1234567890", "delivery_methods": ["text"]},
    "credentials": {"auth_token": "very-secret"},
}
CUSTOM = {"name": "custom", "configuration": {"delivery_methods": ["voice"]}, "credentials": {}}
PROVIDERS, TEMPLATES = "/branding/phone/providers", "/branding/phone/templates"


async def test_a_phone_provider_keeps_its_credentials_to_itself(api: Api, house: House) -> None:
    made = await api.post(PROVIDERS, TWILIO)
    assert made["id"].startswith("pro_")
    assert len(made["id"]) == 26
    assert made == {
        "id": made["id"],
        "tenant": "a.test",
        "channel": "phone",
        "name": "twilio",
        "disabled": False,
        "configuration": TWILIO["configuration"],
        "created_at": "2023-11-14T22:13:20.000Z",
        "updated_at": "2023-11-14T22:13:20.000Z",
    }
    path = f"{PROVIDERS}/{made['id']}"
    assert await api.patch(path, {"disabled": True}) == {**made, "disabled": True} == await api.get(path)
    stored = house.ports.directory.tenant("a.test").documents["phone_provider"][made["id"]]
    assert stored.secrets == {"credentials": {"auth_token": "very-secret"}}, "what a PATCH leaves out stays"
    assert await api.get(PROVIDERS) == {"providers": [{**made, "disabled": True, "credentials": None}]}
    assert await api.get(PROVIDERS, disabled=False) == {"providers": []}
    assert "very-secret" not in repr(await house.log())
    changed = await api.patch(path, CUSTOM)
    assert (changed["name"], changed["configuration"]) == ("custom", CUSTOM["configuration"])
    await api.delete(path)
    response = await api.call("DELETE", path)
    assert (response.status_code, response.json()["message"]) == (404, "Notification Resource not found")


async def test_each_phone_provider_has_its_own_settings(api: Api) -> None:
    for body in (
        {**TWILIO, "credentials": {}},
        {**TWILIO, "configuration": CUSTOM["configuration"]},
        {**CUSTOM, "credentials": TWILIO["credentials"]},
        {**CUSTOM, "configuration": {"delivery_methods": []}},
        {"name": "pigeon", "credentials": {}},
    ):
        assert await api.refused("POST", PROVIDERS, body) == (400, "invalid_body"), body
    made = await api.post(PROVIDERS, CUSTOM)
    assert (await api.refused("POST", PROVIDERS, CUSTOM))[0] == 409
    assert await api.refused("PATCH", f"{PROVIDERS}/{made['id']}", {"name": "twilio"}) == (400, "invalid_body")


async def test_there_is_a_phone_template_of_every_type_before_anybody_wrote_one(api: Api) -> None:
    listed = (await api.get(TEMPLATES))["templates"]
    types = ["otp_verify", "otp_enroll", "change_password", "blocked_account", "password_breach"]
    assert [template["type"] for template in listed] == types
    assert all("id" not in template and template["content"]["body"]["text"] for template in listed)
    assert {template["created_at"] for template in listed} == {"2023-11-14T22:13:20.000Z"}
    content = {"from": "+1234567890", "body": {"text": "Hi {{ code }}", "voice": "Hello {{ code }}"}}
    made = await api.post(TEMPLATES, {"type": "otp_enroll", "content": content})
    assert made["content"] == {"syntax": "liquid", **content}
    assert made["disabled"] is False
    path = f"{TEMPLATES}/{made['id']}"
    assert [t.get("id") for t in (await api.get(TEMPLATES))["templates"]] == [None, made["id"], None, None, None]
    assert (await api.refused("POST", TEMPLATES, {"type": "otp_enroll"}))[0] == 409
    body = {"text": "Hey {{ code }}"}
    changed = await api.patch(path, {"content": {"body": body}, "disabled": True})
    assert changed["content"] == {"syntax": "liquid", "from": "+1234567890", "body": body}
    assert len((await api.get(TEMPLATES, disabled=True))["templates"]) == 1
    reset = await api.patch(f"{path}/reset", {})
    assert reset["content"] == {**listed[1]["content"], "from": "+1234567890"}
    await api.delete(path)
    assert (await api.refused("GET", path))[0] == 404
    assert (await api.refused("PATCH", f"{path}/reset", {}))[0] == 404


async def test_nothing_is_sent_to_try_a_phone_notification(api: Api) -> None:
    made = await api.post(TEMPLATES, {"type": "otp_verify"})
    refused = await api.refused("POST", f"{TEMPLATES}/{made['id']}/try", {"to": "+1234567890"})
    assert refused == (403, "insufficient_scope")
