"""Screens a tenant draws itself: what its scripts find, what they are told, and nothing a login does not need."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx2
import pytest

from .conftest import Api
from .test_branding import theme
from .test_look import Visitor, visitor

__all__ = ["visitor"]
pytestmark = pytest.mark.anyio
PATH = "/prompts/login-id/screen/login-id/rendering"
SCRIPT = {"tag": "script", "attributes": {"src": "https://cdn.test/{{client.name}}/{{locale}}.js", "defer": True,
                                          "integrity": ["sha256-a", "sha256-b"]}}  # fmt: skip
TOLD = re.compile(r"<script nonce=\"[^\"]+\">window\.universal_login_context=(.*);</script>")


def told(page: httpx2.Response) -> Any:
    found = TOLD.search(page.text)
    assert found is not None, page.text
    return json.loads(found[1])


async def people(api: Api, visitor: Visitor) -> None:
    """A database to log in with."""
    await api.post("/connections", {"name": "people", "strategy": "auth0", "enabled_clients": [visitor.client_id]})


async def test_a_screen_is_drawn_by_the_tenants_scripts_and_the_others_by_us(api: Api, visitor: Visitor) -> None:
    await people(api, visitor)
    await api.patch(PATH, {"rendering_mode": "advanced", "head_tags": [SCRIPT]})
    page = await visitor.login_page()
    nonce = re.search(r"'nonce-([^']+)' 'strict-dynamic'", page.headers["content-security-policy"])
    assert nonce is not None
    assert (
        f'<script src="https://cdn.test/Shop/en.js" defer integrity="sha256-a sha256-b" nonce="{nonce[1]}"></script>'
        in page.text
    )
    assert "_prompt-box-outer" not in page.text
    assert '<meta name="robots" content="noindex, nofollow">' in page.text
    assert "<noscript><p>" in page.text
    state = page.url.params["state"]
    context = told(page)
    assert context["screen"] == {"name": "login-id", "links": {"signup": f"/u/signup/identifier?state={state}"}}
    connection = context["transaction"]["connection"]
    assert (connection["name"], connection["strategy"]) == ("people", "auth0")
    assert connection["options"]["signup_enabled"] is True
    assert context["prompt"] == {"name": "login-id"}
    assert context["transaction"]["state"] == state
    assert context["transaction"]["locale"] == "en"
    assert context["client"] == {"id": visitor.client_id, "name": "Shop"}
    assert context["user"] == context["organization"] == {}
    assert "untrusted_data" not in context
    await api.patch(PATH, {"rendering_mode": "standard"})
    assert "_prompt-box-outer" in (await visitor.login_page()).text


async def test_what_was_typed_and_what_was_wrong_with_it(api: Api, visitor: Visitor) -> None:
    wanted = ["untrusted_data.submitted_form_data", "screen.texts"]
    await api.patch(PATH, {"rendering_mode": "advanced", "context_configuration": wanted})

    async def posted(username: str) -> Any:
        page = await visitor.login_page()
        form = {"state": page.url.params["state"], "username": username, "acul-sdk": "auth0-acul-js@1.0.0"}
        again = await visitor.http.post(str(page.url), data=form, headers={"sec-fetch-site": "same-origin"})
        assert again.status_code == 400
        assert "</script><b>" not in again.text
        return told(again)

    context = await posted("</script><b>")
    assert context["transaction"]["errors"][0]["message"]
    assert context["screen"]["data"] == context["untrusted_data"]["submitted_form_data"] == {"username": "</script><b>"}
    assert context["screen"]["texts"]["pageTitle"].startswith("Log in")
    await people(api, visitor)
    (error,) = (await posted(""))["transaction"]["errors"]
    assert (error["code"], error["field"]) == ("no-email", "username")


async def test_scripts_are_told_what_is_wanted_and_no_more(api: Api, visitor: Visitor) -> None:
    await api.post("/branding/themes", theme(), 200)
    await api.patch("/branding", {"colors": {"primary": "#123456"}})
    await api.patch(f"/clients/{visitor.client_id}", {"client_metadata": {"tier": "gold", "secret": "x"}})
    wanted = [
        "branding.settings", "branding.themes.default", "client.metadata.tier", "tenant.enabled_locales",
        "untrusted_data.authorization_params.ext-campaign", "untrusted_data.authorization_params.ui_locales",
    ]  # fmt: skip
    await api.patch(PATH, {"rendering_mode": "advanced", "context_configuration": wanted})
    context = told(await visitor.login_page(**{"ext-campaign": "spring", "login_hint": "ada"}))
    assert context["branding"]["settings"] == {"colors": {"primary": "#123456"}}
    assert context["branding"]["themes"]["default"]["borders"] == theme()["borders"]
    assert context["client"]["metadata"] == {"tier": "gold"}
    assert context["tenant"] == {"enabled_locales": ["en"]}
    assert context["untrusted_data"] == {"authorization_params": {"ext-campaign": "spring"}}


@pytest.mark.parametrize(
    ("filters", "drawn"),
    [
        ({"match_type": "includes_any", "clients": [{"id": "CLIENT"}]}, True),
        ({"match_type": "includes_any", "clients": [{"id": "other"}]}, False),
        ({"match_type": "excludes_any", "clients": [{"id": "CLIENT"}]}, False),
        ({"match_type": "excludes_any", "clients": [{"id": "other"}]}, True),
        ({"match_type": "includes_any", "clients": [{"id": "other"}, {"metadata": {"tier": "gold"}}]}, True),
        ({"match_type": "includes_any", "organizations": [{"id": "org_1"}]}, False),
        ({"match_type": "includes_any"}, True),
    ],
)
async def test_for_whom_it_is_drawn(api: Api, visitor: Visitor, filters: dict[str, Any], drawn: bool) -> None:
    await api.patch(f"/clients/{visitor.client_id}", {"client_metadata": {"tier": "gold"}})
    named = json.loads(json.dumps(filters).replace("CLIENT", visitor.client_id))
    await api.patch(PATH, {"rendering_mode": "advanced", "filters": named})
    assert ("universal_login_context" in (await visitor.login_page()).text) is drawn


async def test_nothing_that_somebody_is_called_leaves_its_place(api: Api, visitor: Visitor) -> None:
    name = "\"'</script></style></title><b>&{}()/\\"
    await api.patch(f"/clients/{visitor.client_id}", {"client_metadata": {"called": name}})
    wanted = {"context_configuration": ["client.metadata.called"]}
    tags = [
        {"tag": "script", "content": 'const name = "{{client.metadata.called}}";'},
        {"tag": "style", "content": 'b::before { content: "{{ client.metadata.called }}" }'},
        {"tag": "title", "content": "{{client.metadata.called}} | {{nothing.here}}"},
        {
            "tag": "link",
            "attributes": {"rel": "stylesheet", "href": "/{{client.metadata.called}}.css", "onload": "alert(1)"},
        },
        {"tag": "meta", "attributes": {"content": "{{untrusted_data.authorization_params.ext-a}}!"}},
        {"tag": "iframe", "attributes": {"src": "https://cdn.test"}},
    ]
    await api.patch(
        PATH, {"rendering_mode": "advanced", "head_tags": tags, "default_head_tags_disabled": True, **wanted}
    )
    page = await visitor.login_page(**{"ext-a": "anybody"})
    assert '<meta content="!">' in page.text
    assert "<b>" not in page.text
    assert page.text.count("</script>") == 2
    assert page.text.count("</style>") == page.text.count("</title>") == page.text.count("<title") == 1
    assert 'href="/%22%27%3C%2Fscript%3E' in page.text
    assert "onload" not in page.text
    assert "iframe" not in page.text
    script = re.search(r'const name = (".*");</script>', page.text)
    assert script is not None
    assert json.loads(script[1]) == name
    assert told(page)["client"]["metadata"]["called"] == name


async def test_the_page_template_is_around_it_where_it_is_wanted(api: Api, visitor: Visitor) -> None:
    template = "<html><head>{%- auth0:head -%}</head><body><p>{{ locale }}</p>{%- auth0:widget -%}</body></html>"
    await api.call("PUT", "/branding/templates/universal-login", template)
    await api.patch(PATH, {"rendering_mode": "advanced", "head_tags": [SCRIPT]})
    assert "<p>en</p>" not in (await visitor.login_page()).text
    await api.patch(PATH, {"use_page_template": True})
    page = await visitor.login_page()
    assert "<p>en</p>" in page.text
    assert "_prompt-box-outer" not in page.text
    assert told(page)["screen"]["name"] == "login-id"
    assert "https://cdn.test/Shop/en.js" in page.text
