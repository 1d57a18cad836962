"""``/tenants/settings``: what is stored, what is refused, and what acts at once."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.integration.door import CALLBACK, VERIFIER, Door

from doorward.management.new_tenant import management_client
from doorward.model.tenant import Tenant

from .conftest import A, Api, House

pytestmark = pytest.mark.anyio
PATH = "/tenants/settings"


async def change(api: Api, **given: Any) -> Any:
    return await api.patch(PATH, given)


async def test_a_new_tenant_has_the_defaults_and_leaves_out_what_is_unset(api: Api) -> None:
    settings = await api.get(PATH)
    assert settings == {
        "session_lifetime": 168,
        "idle_session_lifetime": 72,
        "enabled_locales": ["en"],
        "resource_parameter_profile": "compatibility",
        "sandbox_version": "22",
        "sandbox_versions_available": ["22", "18", "12"],
        "flags": {
            "enable_sso": True,
            "universal_login": True,
            "disable_impersonation": True,
            "allow_changing_enable_sso": False,
            "revoke_refresh_token_grant": False,
            "disable_clickjack_protection_headers": False,
        },
        "oidc_logout": {"rp_logout_end_session_endpoint_discovery": True},
    }
    assert await api.get(PATH, fields="session_lifetime,flags") == {
        n: settings[n] for n in ("session_lifetime", "flags")
    }
    without = await api.get(PATH, fields="session_lifetime", include_fields=False)
    assert set(without) == set(settings) - {"session_lifetime"}


async def test_minutes_are_read_back_in_hours(api: Api) -> None:
    changed = await change(api, session_lifetime_in_minutes=181, idle_session_lifetime_in_minutes=15)
    assert (changed["session_lifetime"], changed["idle_session_lifetime"]) == (181 / 60, 0.25)
    assert not any(name.endswith("_in_minutes") for name in changed)
    changed = await change(api, session_lifetime_in_minutes=4320, ephemeral_session_lifetime=2)
    assert (changed["session_lifetime"], changed["ephemeral_session_lifetime"]) == (72, 2)
    both = {"session_lifetime": 1, "session_lifetime_in_minutes": 60}
    assert await api.refused("PATCH", PATH, both) == (400, "invalid_body")


async def test_flags_change_one_by_one_and_other_objects_are_replaced(api: Api) -> None:
    await change(api, flags={"remove_alg_from_jwks": True}, error_page={"html": "<p>", "url": "https://e.test"})
    changed = await change(api, flags={"revoke_refresh_token_grant": True}, error_page={"url": "https://f.test"})
    assert changed["flags"]["remove_alg_from_jwks"] is changed["flags"]["revoke_refresh_token_grant"] is True
    assert changed["flags"]["enable_sso"] is True
    assert changed["error_page"] == {"url": "https://f.test"}


async def test_a_page_that_is_switched_off_keeps_its_html(api: Api) -> None:
    page = {"enabled": True, "html": "<p>"}
    await change(api, change_password=page, guardian_mfa_page=page)
    changed = await change(api, change_password={"enabled": False}, guardian_mfa_page={"enabled": False})
    assert changed["change_password"] == changed["guardian_mfa_page"] == {"enabled": False, "html": "<p>"}


async def test_null_unsets_what_may_be_unset(api: Api) -> None:
    await change(api, error_page={"url": "https://e.test"}, acr_values_supported=["foo"], friendly_name="A")
    changed = await change(api, error_page=None, acr_values_supported=None)
    assert "error_page" not in changed
    assert "acr_values_supported" not in changed
    assert await api.refused("PATCH", PATH, {"friendly_name": None}) == (400, "invalid_body")
    assert (await api.get(PATH))["friendly_name"] == "A"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"toaster": True},
        {"flags": {"toaster": True}},
        {"sandbox_versions_available": ["22"]},
        {"session_lifetime": 0},
        {"session_lifetime": 1.5},
        {"session_lifetime": 10**9},
        {"enabled_locales": []},
        {"enabled_locales": ["tlh"]},
        {"enabled_locales": ["en", "en"]},
        {"support_email": "nobody"},
        {"picture_url": "javascript:alert(1)"},
        {"default_redirection_uri": "http://plain.test"},
        {"allowed_logout_urls": ["javascript:alert(1)"]},
        {"session_cookie": {}},
        {"session_cookie": {"mode": "sometimes"}},
        {"sandbox_version": "8"},
        {"default_audience": "https://unknown.test"},
        {"default_directory": "unknown"},
        {"flags": {"universal_login": False}},
        {"flags": {"enable_sso": False}},
    ],
)
async def test_what_makes_no_sense_is_refused(api: Api, body: dict[str, Any]) -> None:
    before = await api.get(PATH)
    assert await api.refused("PATCH", PATH, body) == (400, "invalid_body")
    assert await api.get(PATH) == before


async def test_everything_read_may_be_written_back(api: Api) -> None:
    await change(
        api,
        universal_login={"colors": {"primary": "#F8F8F2"}},
        country_codes={"list": ["DE", "FR"], "mode": "allow"},
        default_token_quota={"clients": {"client_credentials": {"enforce": True, "per_day": 100}}},
        guardian_mfa_page={"enabled": True, "html": "<html>"},
        session_lifetime=24,
    )
    before = await api.get(PATH)
    writable = {name: value for name, value in before.items() if name != "sandbox_versions_available"}
    changed = await change(api, **writable)
    assert {name: changed[name] for name in writable if name != "flags"} == {
        name: value for name, value in writable.items() if name != "flags"
    }
    await change(api, flags=changed["flags"])
    assert (await api.get(PATH))["flags"].items() >= before["flags"].items()


async def test_a_change_is_logged(api: Api, house: House) -> None:
    await change(api, friendly_name="Acme")
    event = (await house.log())[0]
    assert event.description == "Update tenant settings"
    assert event.details["request"]["body"] == {"friendly_name": "Acme"}


# ── what acts at once ──

AUDIENCE = "https://api.test/"


async def test_default_audience_decides_the_next_token_and_may_be_taken_back(api: Api, house: House) -> None:
    await api.post("/resource-servers", {"identifier": AUDIENCE})
    client = await api.post("/clients", {"name": "C"})
    await api.post("/client-grants", {"client_id": client["client_id"], "audience": AUDIENCE, "scope": []})
    form = {"grant_type": "client_credentials"} | {n: client[n] for n in ("client_id", "client_secret")}

    async def status() -> int:
        async with house.http(A) as http:
            return (await http.post("/oauth/token", data=form)).status_code

    assert await status() == 403
    await change(api, default_audience=AUDIENCE)
    assert await status() == 200
    await change(api, default_audience="")
    assert await status() == 403


async def test_what_discovery_and_the_key_set_say_follows(api: Api, house: House) -> None:
    async def published() -> tuple[set[str], set[str]]:
        async with house.http(A) as http:
            metadata = (await http.get("/.well-known/openid-configuration")).json()
            keys = (await http.get("/.well-known/jwks.json")).json()["keys"]
        return set(metadata), set(keys[0])

    metadata, key = await published()
    assert "pushed_authorization_request_endpoint" not in metadata
    assert "end_session_endpoint" in metadata
    assert "alg" in key
    await change(
        api,
        pushed_authorization_requests_supported=True,
        oidc_logout={"rp_logout_end_session_endpoint_discovery": False},
        flags={"remove_alg_from_jwks": True},
    )
    metadata, key = await published()
    assert "pushed_authorization_request_endpoint" in metadata
    assert "end_session_endpoint" not in metadata
    assert "alg" not in key


async def test_logout_addresses_and_the_error_page_follow(api: Api, house: House) -> None:
    async def leave() -> int:
        async with house.http(A) as http:
            return (await http.get("/v2/logout", params={"returnTo": "https://bye.test"})).status_code

    assert await leave() == 400
    await change(api, allowed_logout_urls=["https://bye.test"], error_page={"url": "https://error.test/shown#here"})
    assert await leave() == 302
    async with house.http(A) as http:
        asked = {"client_id": "unknown", "connection": "people", "ui_locales": "en"}
        answer = await http.get("/authorize", params=asked)
        named_nothing = await http.get("/authorize")
    assert answer.headers["location"].startswith("https://error.test/shown?")
    assert urlsplit(answer.headers["location"]).fragment == "here"
    told = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert told == {
        "client_id": "unknown",
        "connection": "people",
        "lang": "en",
        "error": "invalid_request",
        "error_description": "Unknown client: unknown",
        "tracking": answer.headers["x-auth0-requestid"],
    }
    assert "client_id" not in dict(parse_qsl(urlsplit(named_nothing.headers["location"]).query))


async def test_an_error_page_of_the_tenants_is_filled_and_held_to_its_policy(api: Api, house: House) -> None:
    html = "<!DOCTYPE html><title>Oops</title><script>1</script><p>{{ client_id }}: {{ error_description }}</p>"
    await change(api, error_page={"html": html})
    async with house.http(A) as http:
        answer = await http.get("/authorize", params={"client_id": "<b>nobody</b>"})
    assert answer.status_code == 400
    assert "<p>&lt;b&gt;nobody&lt;/b&gt;: Unknown client" in answer.text
    [nonce] = re.findall(r"<script nonce=([\w-]+)>", answer.text)
    assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]


async def test_a_script_of_an_error_page_is_told_as_json(api: Api, house: House) -> None:
    script = "const [what, whose] = [{{ client_id | json }}, {{ connection | json }}]"
    await change(api, error_page={"html": f"<!DOCTYPE html><title>Oops</title><script>{script}</script>"})
    async with house.http(A) as http:
        answer = await http.get("/authorize", params={"client_id": "</script>\\'\""})
    assert r'const [what, whose] = ["\u003c/script\u003e\\\u0027\"", null]' in answer.text


async def test_an_error_page_that_cannot_be_filled_gives_way_to_ours(api: Api, house: House) -> None:
    await change(api, error_page={"html": "{% for n in (1..9999999) %}{% endfor %}Mine"})
    async with house.http(A) as http:
        for _ in range(2):
            answer = await http.get("/authorize", params={"client_id": "unknown"})
            assert answer.status_code == 400
            assert "Unknown client: unknown" in answer.text
            assert "Mine" not in answer.text


PEOPLE = """
clients:
  - {name: Web, app_type: regular_web, callbacks: [https://app.test/callback], oidc_conformant: true,
     token_endpoint_auth_method: client_secret_post, grant_types: [authorization_code, password, "http://auth0.com/oauth/grant-type/password-realm"]}
databases:
  - {name: people, strategy: auth0, enabled_clients: [Web]}
users:
  - {email: ada@example.test, password: correct-horse-9, connection: people}
"""


async def test_default_directory_and_the_session_lifetimes_follow() -> None:
    door = await Door("sqlite://").start()
    try:
        await door.tenant(PEOPLE)
        api = await machine(door)
        web = door.client("Web")
        login = {
            "grant_type": "password", "client_id": web.client_id, "client_secret": web.client_secret,
            "username": "ada@example.test", "password": "correct-horse-9", "scope": "openid",
        }  # fmt: skip
        assert (await door.token(**login)).status_code != 200
        await change(api, default_directory="people", idle_session_lifetime_in_minutes=1, session_lifetime=1)
        assert (await door.token(**login)).status_code == 200
        browser = door.browser()
        await (await browser.authorize(web)).login()
        code = browser.answer["code"]
        assert (await door.redeem(web, code, code_verifier=VERIFIER, redirect_uri=CALLBACK)).status_code == 200
        door.clock.pass_(59)
        assert "code" in (await browser.authorize(web, prompt="none")).answer
        door.clock.pass_(61)
        assert (await browser.authorize(web, prompt="none")).answer["error"] == "login_required"
    finally:
        await door.stop()


async def machine(door: Door) -> Api:
    """A Management API client of the door's tenant."""
    domain = "tenant.test"
    client, grant = management_client(Tenant(id=domain, domain=domain), "Machine", door.ports.entropy)
    await door.ports.directory.change(domain, [client, grant])
    answer = await door.token(
        grant_type="client_credentials",
        client_id=client.document.id,
        client_secret=client.document.secrets["client_secret"],
        audience=f"https://{domain}/api/v2/",
    )
    return Api(door.http(), answer.json()["access_token"])


async def test_universal_login_says_how_the_pages_ask(api: Api) -> None:
    assert "universal_login" not in await api.get("/tenants/settings")
    colours = {"colors": {"primary": "#123456"}}
    changed = await api.patch("/tenants/settings", {"universal_login": colours})
    assert changed["universal_login"] == {**colours, "identifier_first": True}
    await api.patch("/prompts", {"identifier_first": False})
    assert (await api.get("/tenants/settings"))["universal_login"] == {**colours, "identifier_first": False}
