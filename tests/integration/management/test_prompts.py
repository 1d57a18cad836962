"""How the pages ask: ``/prompts``, custom texts, partials and rendering."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import A, Api, House

pytestmark = pytest.mark.anyio


async def test_prompt_settings_are_what_the_login_pages_ask_by(api: Api, house: House) -> None:
    assert await api.get("/prompts") == {"universal_login_experience": "new", "identifier_first": True}
    changed = await api.patch("/prompts", {"identifier_first": False, "webauthn_platform_first_factor": True})
    assert changed == {
        "universal_login_experience": "new",
        "identifier_first": False,
        "webauthn_platform_first_factor": True,
    }
    assert not house.ports.directory.tenant(A).asks_identifier_first
    assert (await api.patch("/prompts", {"identifier_first": None}))["identifier_first"] is True
    assert house.ports.directory.tenant(A).asks_identifier_first
    for body in ({}, {"identifier_first": "yes"}, {"universal_login_experience": "old"}):
        assert await api.refused("PATCH", "/prompts", body) == (400, "invalid_body")


async def test_custom_text_is_replaced_whole_per_prompt_and_language(api: Api) -> None:
    path = "/prompts/login/custom-text/en"
    assert await api.get(path) == {}
    texts = {"login": {"title": "Welcome", "description": "Log in"}}
    for body in (texts, {"login": {"title": "Hello"}}):
        response = await api.call("PUT", path, body)
        assert (response.status_code, response.json()) == (200, body)
    assert await api.get(path) == {"login": {"title": "Hello"}}
    assert await api.get("/prompts/login/custom-text/de") == {}
    assert await api.get("/prompts/signup/custom-text/en") == {}
    assert (await api.call("PUT", path, {"login": {}})).json() == {}
    for wrong in ("/prompts/nothing/custom-text/en", "/prompts/login/custom-text/xx"):
        assert await api.refused("GET", wrong) == (400, "invalid_uri")
    assert await api.refused("PUT", path, {"login": {"title": 1}}) == (400, "invalid_body")


async def test_partials_belong_to_the_prompts_that_have_them(api: Api) -> None:
    path = "/prompts/signup/partials"
    assert await api.get(path) == {}
    body = {"signup": {"form-content-start": "<div>1</div>"}}
    assert (await api.call("PUT", path, body)).json() == body == await api.get(path)
    assert (await api.call("PUT", path, {"signup": {}})).status_code == 200
    assert await api.get(path) == {}
    assert await api.refused("PUT", "/prompts/logout/partials", body) == (400, "invalid_uri")
    broken = {"signup": {"form-content-start": "{% if locale %}"}}
    assert await api.refused("PUT", path, broken) == (400, "invalid_body")


async def test_a_screen_keeps_the_render_settings_a_patch_leaves_out(api: Api) -> None:
    path = "/prompts/signup/screen/signup/rendering"
    assert (await api.get(path))["rendering_mode"] == "standard"
    tags = [{"tag": "script", "attributes": {"src": "https://cdn.test/a.js", "async": True}, "content": ""}]
    filters = {"match_type": "includes_any", "clients": [{"id": "c1"}, {"metadata": {"key": "value"}}]}
    body: dict[str, Any] = {"rendering_mode": "advanced", "head_tags": tags, "filters": filters}
    patched = await api.patch(path, body)
    assert patched.items() >= body.items()
    assert "tenant" not in patched
    await api.patch(path, {"context_configuration": ["branding.settings", "client.metadata.key"]})
    shown = await api.get(path)
    assert shown.items() >= {"tenant": A, "prompt": "signup", "screen": "signup", **body}.items()
    assert shown["context_configuration"] == ["branding.settings", "client.metadata.key"]
    for wrong in (
        {"rendering_mode": "odd"},
        {"context_configuration": ["everything"]},
        {"filters": {"clients": [{}]}},
        {"filters": {"clients": [{"metadata": {"a": "1", "b": "2"}}]}},
    ):
        assert await api.refused("PATCH", path, wrong) == (400, "invalid_body"), wrong
    assert await api.refused("GET", "/prompts/signup/screen/nowhere/rendering") == (400, "invalid_uri")


async def test_render_settings_of_several_screens_are_written_and_listed_together(api: Api) -> None:
    assert await api.get("/prompts/rendering", include_totals=True) == {
        "configs": [],
        "start": 0,
        "limit": 50,
        "total": 0,
    }
    login = {"prompt": "login", "screen": "login", "rendering_mode": "advanced"}
    logout = {"prompt": "logout", "screen": "logout", "use_page_template": True}
    answer = await api.patch("/prompts/rendering", {"configs": [login, logout]})
    assert [config["screen"] for config in answer["configs"]] == ["login", "logout"]
    assert answer["configs"][0].items() >= login.items()
    listed = await api.get("/prompts/rendering", rendering_mode="advanced", fields="prompt,screen")
    assert listed == [{"prompt": "login", "screen": "login"}]
    assert [c["prompt"] for c in await api.get("/prompts/rendering", prompt="logout")] == ["logout"]
    assert await api.refused("PATCH", "/prompts/rendering", {"configs": []}) == (400, "invalid_body")
    both = {"configs": [login, {"prompt": "logout", "screen": "nowhere"}]}
    assert await api.refused("PATCH", "/prompts/rendering", both) == (400, "invalid_body")


async def test_the_application_for_push_notifications_is_named(api: Api) -> None:
    path = "/prompts/mfa-push"
    assert await api.get(path) == {"app_name": "", "apple_app_link": "", "google_app_link": ""}
    assert (await api.patch(path, {"app_name": "Mine"}))["app_name"] == "Mine"
    assert (await api.patch(path, {"google_app_link": "https://play.test/"}))["app_name"] == "Mine"
    assert (await api.patch(path, {"app_name": None}))["app_name"] == ""
