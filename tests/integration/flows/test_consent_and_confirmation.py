"""What a person is asked before an application gets its tokens."""

from __future__ import annotations

import pytest
from tests.integration.door import Door

SECRETS = {"audience": "https://careful.test", "scope": "openid read:secrets"}

NEVER_ENDING = {"rotation_type": "non-rotating", "expiration_type": "non-expiring"}


async def test_consent_is_asked_once_per_scope_set_and_remembered(door: Door) -> None:
    partner = door.client("Partner")
    tab = await door.browser().authorize(partner, **SECRETS)
    await tab.login()
    assert tab.path == "/u/consent"
    assert tab.form.actions == ["accept", "deny"]
    await tab.submit("accept")
    answer = (await door.redeem(partner, tab.answer["code"])).json()
    assert answer["scope"] == "openid read:secrets"
    await tab.authorize(partner, **SECRETS)
    assert "code" in tab.answer
    await tab.authorize(partner, audience="https://careful.test", scope="openid profile read:secrets")
    assert tab.path == "/u/consent"


async def test_declining_is_access_denied_and_stores_nothing(door: Door) -> None:
    partner = door.client("Partner")
    tab = await door.browser().authorize(partner, **SECRETS)
    await tab.login()
    await tab.submit("deny")
    assert tab.answer["error"] == "access_denied"
    assert tab.answer["error_description"] == "User did not authorize the request"
    grants, total = await door.ports.consents.page("tenant.test", offset=0, limit=10)
    assert (grants, total) == ([], 0)


async def test_silent_authentication_that_needs_consent_is_consent_required(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Spa"))
    await tab.login()
    await tab.authorize(door.client("Partner"), prompt="none", **SECRETS)
    assert tab.answer["error"] == "consent_required"


async def test_consent_of_one_person_does_not_count_for_the_next(door: Door) -> None:
    await door.tenant({"users": [{"email": "eve@example.test", "password": "correct-horse-9", "connection": "people"}]})
    partner = door.client("Partner")
    tab = await door.browser().authorize(partner, **SECRETS)
    await tab.login()
    consent_page, form = tab.at, tab.form.fields
    await tab.authorize(door.client("Spa"), prompt="login")
    await tab.login("eve@example.test")
    answer = await tab.http.post(consent_page, data={**form, "action": "accept"})
    await tab.get(answer.headers["location"])
    assert tab.path == "/u/consent"
    assert tab.page is not None
    assert "eve@example.test" in tab.page.text


async def test_consent_for_one_api_does_not_narrow_what_a_refresh_policy_opens(door: Door) -> None:
    items = "https://api.test"
    policies = [{"audience": items, "scope": ["read:items"]}]
    await door.tenant({
        "clients": [{"name": "Web", "refresh_token": {**NEVER_ENDING, "policies": policies}}],
        "resourceServers": [{"identifier": SECRETS["audience"], "allow_offline_access": True}],
    })  # fmt: skip
    web = door.client("Web")
    tab = await door.browser().authorize(web, audience=SECRETS["audience"], scope="openid offline_access read:secrets")
    await tab.login()
    await tab.submit("accept")
    given = (await door.redeem(web, tab.answer["code"])).json()
    refreshed = await door.token(
        grant_type="refresh_token", client_id=web.client_id, client_secret=web.client_secret,
        refresh_token=given["refresh_token"], audience=items,
    )  # fmt: skip
    assert refreshed.json()["scope"] == "openid offline_access read:items"


async def test_a_first_party_api_that_skips_consent_asks_nothing(door: Door) -> None:
    tab = await door.browser().authorize(door.client("Web"), audience="https://api.test", scope="openid read:items")
    await tab.login()
    assert "code" in tab.answer


async def test_prompt_consent_asks_even_a_first_party(door: Door) -> None:
    web = door.client("Web")
    tab = await door.browser().authorize(web, prompt="consent")
    await tab.login()
    assert tab.path == "/u/consent"
    await tab.submit("accept")
    assert "code" in tab.answer


LOOPBACK = {"redirect_uri": "http://localhost:3000/callback"}


@pytest.fixture
async def asking(door: Door) -> Door:
    return await door.tenant({"tenant": {"skip_non_verifiable_callback_uri_confirmation_prompt": False}})


async def test_a_loopback_callback_is_confirmed_when_no_page_was_shown(asking: Door) -> None:
    spa = asking.client("Spa")
    tab = await asking.browser().authorize(spa, **LOOPBACK)
    await tab.login()
    assert "code" in tab.answer, "the login page was page enough"
    await tab.authorize(spa, **LOOPBACK)
    assert tab.path == "/u/login-confirmation"
    await tab.submit("accept")
    assert "code" in tab.answer
    await tab.authorize(spa, **LOOPBACK)
    await tab.submit("deny")
    assert tab.answer["error"] == "access_denied"


async def test_a_silent_login_to_loopback_is_interaction_required(asking: Door) -> None:
    spa = asking.client("Spa")
    tab = await asking.browser().authorize(spa, **LOOPBACK)
    await tab.login()
    await tab.authorize(spa, prompt="none", **LOOPBACK)
    assert tab.answer["error"] == "interaction_required"


async def test_a_development_server_does_not_ask_by_default(door: Door) -> None:
    spa = door.client("Spa")
    tab = await door.browser().authorize(spa, **LOOPBACK)
    await tab.login()
    await tab.authorize(spa, **LOOPBACK)
    assert "code" in tab.answer


@pytest.mark.parametrize(
    ("shown", "error"),
    [
        ({"scope": "openid"}, "invalid-scope"),
        ({"scope": "openid read:secrets write:secrets"}, "invalid-scope"),
        ({"audience": "https://api.test"}, "invalid-audience"),
    ],
)
async def test_what_was_read_is_what_is_agreed_to(door: Door, shown: dict[str, str], error: str) -> None:
    """A page that is still open while something else is asked for."""
    partner = door.client("Partner")
    tab = await door.browser().authorize(partner, **SECRETS)
    await tab.login()
    await tab.submit("accept", **shown)
    assert (tab.status, tab.path, tab.form.errors) == (400, "/u/consent", {"": error})
    await tab.submit("accept", scope="read:secrets openid")
    assert "code" in tab.answer
