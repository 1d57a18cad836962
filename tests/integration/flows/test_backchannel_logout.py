"""When a session ends, the applications of it are told: OpenID Connect Back-Channel Logout 1.0."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.integration.applications import Applications, decoded
from tests.integration.door import DOMAIN, BrowserTab, Door
from tests.integration.flows.conftest import TENANT
from tests.integration.flows.test_managing_people import ada, api, manager
from tests.integration.management.conftest import Api

from doorward.backends.outbound.logouts import LogoutCarrier
from doorward.model.digest import digest
from doorward.model.request_context import RequestContext
from doorward.model.session_end import Initiator
from doorward.ports import Unreachable

__all__ = ["api"]
SPA, WEB = "https://spa.test/logout", "https://web.test/logout"
URLS = {"Spa": SPA, "Web": WEB}
EVERYTHING = {"mode": "all"}


@pytest.fixture
async def applications() -> Applications:
    return Applications()


@pytest.fixture
async def door(database: str, applications: Applications) -> AsyncIterator[Door]:
    door = await Door(database, http=applications).start()
    await door.tenant(TENANT)
    yield door
    await door.stop()


async def listens(door: Door, name: str, **more: Any) -> None:
    """Have an application told of the ends of sessions."""
    client = {"name": name, "oidc_logout": {"backchannel_logout_urls": [URLS[name]], **more}}
    await door.tenant({"clients": [client]})


async def signed_in(door: Door, *names: str, domain: str = DOMAIN) -> BrowserTab:
    """A browser in which somebody signed in to these applications."""
    tab = door.browser(domain)
    for position, name in enumerate(names):
        await tab.authorize(door.client(name))
        if position == 0:
            await tab.login()
        assert "code" in tab.answer
    return tab


async def sid(api: Api) -> str:
    """The one session there is."""
    user = (await ada(api))["user_id"].replace("|", "%7C")
    (session,) = (await api.get(f"/users/{user}/sessions"))["sessions"]
    return str(session["id"])


async def sent(door: Door) -> int:
    return await door.server.relay.send_due()


# ── the token ──


async def test_logout_sends_each_application_of_the_session_a_token(
    door: Door, api: Api, applications: Applications
) -> None:
    await listens(door, "Spa")
    await listens(door, "Web")
    tab = await signed_in(door, "Spa", "Web")
    session, user = await sid(api), await ada(api)
    await tab.get("/v2/logout?" + urlencode({"client_id": door.client("Web").client_id}))
    assert tab.at == "https://app.test/bye"
    assert await sent(door) == 2
    for method, _, headers, body in applications.asked:
        assert (method, headers["content-type"]) == ("POST", "application/x-www-form-urlencoded")
        assert body.startswith(b"logout_token=")
        assert b"&" not in body
    now, told = int(door.clock.now()), applications.told
    assert told[WEB] == {
        "iss": f"https://{DOMAIN}/",
        "sub": user["user_id"],
        "aud": door.client("Web").client_id,
        "iat": now,
        "exp": now + 120,
        "jti": told[WEB]["jti"],
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        "trace_id": told[SPA]["trace_id"],
        "sid": session,
    }
    assert (told[SPA]["aud"], told[SPA]["sid"]) == (door.client("Spa").client_id, session)
    assert told[SPA]["jti"] != told[WEB]["jti"]
    keys = door.ports.directory.tenant(DOMAIN).verification_key
    header, _ = door.ports.jose.verify(applications.tokens[0], keys, frozenset({"RS256"}))
    assert (header["alg"], header["typ"]) == ("RS256", "JWT")
    (event, _) = await door.log("oidc_backchannel_logout_succeeded")
    assert (event.user_id, event.hostname) == (user["user_id"], DOMAIN)
    assert event.details["initiator"] == "rp-logout"
    assert event.details["request"] == {"method": "POST", "backchannel_logout_uri": URLS[event.client_name]}
    assert event.details["response"] == {"statusCode": 200}
    assert await sent(door) == 0


async def test_the_token_is_signed_as_the_clients_id_tokens_are(door: Door, applications: Applications) -> None:
    await listens(door, "Web")
    await door.tenant({"clients": [{"name": "Web", "jwt_configuration": {"alg": "HS256"}}]})
    tab = await signed_in(door, "Web")
    await tab.get("/v2/logout")
    await sent(door)
    secret = door.client("Web").client_secret
    _, claims = door.ports.jose.verify_symmetric(applications.tokens[0], secret, frozenset({"HS256"}))
    assert claims["aud"] == door.client("Web").client_id


@pytest.mark.parametrize("alg", ["RS256", "HS256"])
async def test_b10_a_logout_token_is_no_id_token(door: Door, api: Api, applications: Applications, alg: str) -> None:
    await listens(door, "Web")
    await door.tenant({"clients": [{"name": "Web", "jwt_configuration": {"alg": alg}}]})
    tab = await signed_in(door, "Web")
    await tab.get("/v2/logout")
    await sent(door)
    (token,) = applications.tokens
    tab = await signed_in(door, "Web")
    id_token = (await door.redeem(door.client("Web"), tab.answer["code"])).json()["id_token"]
    refused = await tab.http.get("/oidc/logout", params={"id_token_hint": token})
    assert (refused.status_code, "id_token_hint is invalid" in refused.text) == (400, True)
    user = (await ada(api))["user_id"].replace("|", "%7C")
    linked = await api.call("POST", f"/users/{user}/identities", {"link_with": token})
    assert linked.status_code in (400, 401)
    assert (await tab.http.get("/oidc/logout", params={"id_token_hint": id_token})).status_code == 302


async def test_only_who_signed_in_with_the_session_is_told(door: Door, applications: Applications) -> None:
    await listens(door, "Web")
    tab, other = await signed_in(door, "Spa"), await signed_in(door, "Web")
    await tab.get("/v2/logout")
    assert await sent(door) == 0
    await other.get("/v2/logout")
    await sent(door)
    assert list(applications.told) == [WEB]


async def test_the_issuer_is_the_host_of_the_session(door: Door, applications: Applications) -> None:
    placeholder = "https://{custom_domain.metadata.public_app}/logout"
    await door.tenant(
        {
            "customDomains": [{"domain": "login.test", "domain_metadata": {"public_app": "web.test"}}],
            "clients": [{"name": "Web", "oidc_logout": {"backchannel_logout_urls": [placeholder]}}],
        }
    )
    here, there = await signed_in(door, "Web"), await signed_in(door, "Web", domain="login.test")
    await here.get("/v2/logout")
    await sent(door)
    assert applications.asked == [], "on this domain the address counts for nothing"
    await there.get("/v2/logout")
    await sent(door)
    assert applications.told[WEB]["iss"] == "https://login.test/"


async def test_metadata_is_told_to_who_wants_it(door: Door, api: Api, applications: Applications) -> None:
    await listens(door, "Spa", backchannel_logout_session_metadata={"include": True})
    await listens(door, "Web")
    tab = await signed_in(door, "Spa", "Web")
    await api.patch(f"/sessions/{await sid(api)}", {"session_metadata": {"desk": "4"}})
    await tab.get("/v2/logout")
    await sent(door)
    assert applications.told[SPA]["session_metadata"] == {"desk": "4"}
    assert "session_metadata" not in applications.told[WEB]


# ── why ──


async def by_logout(door: Door, api: Api, tab: BrowserTab) -> None:
    await tab.get("/v2/logout")


async def by_refused_logout(door: Door, api: Api, tab: BrowserTab) -> None:
    await tab.get("/v2/logout?returnTo=https://evil.test/")


async def by_oidc_logout(door: Door, api: Api, tab: BrowserTab) -> None:
    await tab.get("/oidc/logout")
    await tab.submit("accept")


async def by_deletion(door: Door, api: Api, tab: BrowserTab) -> None:
    await api.call("DELETE", f"/sessions/{await sid(api)}")


async def by_revocation(door: Door, api: Api, tab: BrowserTab) -> None:
    await api.call("POST", f"/sessions/{await sid(api)}/revoke")


async def by_deletion_of_all(door: Door, api: Api, tab: BrowserTab) -> None:
    await api.call("DELETE", f"/users/{(await ada(api))['user_id']}/sessions")


async def by_revoked_access(door: Door, api: Api, tab: BrowserTab) -> None:
    await api.call("POST", f"/users/{(await ada(api))['user_id']}/revoke-access", {})


async def by_blocking(door: Door, api: Api, tab: BrowserTab) -> None:
    await api.patch(f"/users/{(await ada(api))['user_id']}", {"blocked": True})


async def by_password(door: Door, api: Api, tab: BrowserTab) -> None:
    await api.patch(f"/users/{(await ada(api))['user_id']}", {"password": "Another-Horse-9"})


async def by_reset(door: Door, api: Api, tab: BrowserTab) -> None:
    made = await api.post("/tickets/password-change", {"user_id": (await ada(api))["user_id"]})
    value = made["ticket"].partition("?ticket=")[2].rstrip("#")
    directory = door.ports.directory.tenant(DOMAIN)
    change = door.server.services.people.password_change
    await change.redeem(directory, digest(value), "Another-Horse-9", RequestContext(ip="192.0.2.1", hostname=DOMAIN))


async def by_email(door: Door, api: Api, tab: BrowserTab) -> None:
    await api.patch(f"/users/{(await ada(api))['user_id']}", {"email": "countess@example.test"})


async def by_username(door: Door, api: Api, tab: BrowserTab) -> None:
    await api.patch(f"/users/{(await ada(api))['user_id']}", {"username": "countess"})


async def by_removed_phone(door: Door, api: Api, tab: BrowserTab) -> None:
    below = f"/users/{(await ada(api))['user_id']}/authentication-methods"
    for number in ("+15550100", "+15550101"):
        await api.post(below, {"type": "phone", "phone_number": number, "preferred_authentication_method": "sms"})
        await api.delete(f"{below}/{(await api.get(below))[0]['id']}")


async def by_deleted_user(door: Door, api: Api, tab: BrowserTab) -> None:
    await api.delete(f"/users/{(await ada(api))['user_id']}")


async def by_deleted_connection(door: Door, api: Api, tab: BrowserTab) -> None:
    (connection,) = [one for one in await api.get("/connections") if one["name"] == "people"]
    await api.call("DELETE", f"/connections/{connection['id']}")


async def by_linking(door: Door, api: Api, tab: BrowserTab) -> None:
    bea = await api.post("/users", {"connection": "people", "email": "bea@example.test", "password": "Nano-Second-11"})
    user = await ada(api)
    await api.post(
        f"/users/{bea['user_id']}/identities", {"provider": "auth0", "user_id": user["user_id"].partition("|")[2]}
    )


async def by_another_person(door: Door, api: Api, tab: BrowserTab) -> None:
    await api.post("/users", {"connection": "people", "email": "bea@example.test", "password": "Nano-Seconds-11"})
    await tab.authorize(door.client("Web"), prompt="login")
    await tab.login("bea@example.test", "Nano-Seconds-11")
    assert "code" in tab.answer


async def by_being_idle(door: Door, api: Api, tab: BrowserTab) -> None:
    door.clock.pass_(72 * 3600 - 1)
    await door.server.storage.sweep(door.clock.now())
    assert await sent(door) == 0
    door.clock.pass_(2)
    await door.server.storage.sweep(door.clock.now())


async def by_age(door: Door, api: Api, tab: BrowserTab) -> None:
    for _ in range(7):
        door.clock.pass_(24 * 3600)
        await door.server.storage.sweep(door.clock.now())
        assert await sent(door) == 0
        await tab.authorize(door.client("Spa"), prompt="none")
    door.clock.pass_(1)
    await door.server.storage.sweep(door.clock.now())


WAYS = {
    by_logout: Initiator.RP_LOGOUT,
    by_refused_logout: Initiator.RP_LOGOUT,
    by_oidc_logout: Initiator.RP_LOGOUT,
    by_deletion: Initiator.SESSION_REVOKED,
    by_revocation: Initiator.SESSION_REVOKED,
    by_deletion_of_all: Initiator.SESSION_REVOKED,
    by_revoked_access: Initiator.SESSION_REVOKED,
    by_another_person: Initiator.SESSION_REVOKED,
    by_username: Initiator.SESSION_REVOKED,
    by_blocking: Initiator.ACCOUNT_DEACTIVATED,
    by_password: Initiator.PASSWORD_CHANGED,
    by_reset: Initiator.PASSWORD_CHANGED,
    by_email: Initiator.EMAIL_IDENTIFIER_CHANGED,
    by_removed_phone: Initiator.MFA_PHONE_UNENROLLED,
    by_deleted_user: Initiator.ACCOUNT_DELETED,
    by_deleted_connection: Initiator.ACCOUNT_DELETED,
    by_linking: Initiator.ACCOUNT_DELETED,
    by_being_idle: Initiator.SESSION_EXPIRED,
    by_age: Initiator.SESSION_EXPIRED,
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_every_end_is_told_for_its_reason(door: Door, api: Api, applications: Applications, way: Any) -> None:
    await listens(door, "Spa", backchannel_logout_initiators=EVERYTHING)
    tab = await signed_in(door, "Spa")
    session = await sid(api)
    await way(door, api, tab)
    await sent(door)
    ((_, url, *_),) = applications.asked
    assert (url, applications.told[SPA]["sid"]) == (SPA, session)
    (event,) = await door.log("oidc_backchannel_logout_succeeded")
    assert event.details["initiator"] == WAYS[way]


@pytest.mark.parametrize(
    ("initiators", "told"),
    [
        (None, {"rp-logout"}),
        ({"mode": "custom"}, {"rp-logout"}),
        ({"mode": "custom", "selected_initiators": []}, set()),
        ({"mode": "custom", "selected_initiators": ["session-revoked"]}, {"session-revoked"}),
        ({"mode": "custom", "selected_initiators": ["rp-logout", "password-changed"]}, {"rp-logout"}),
        ({"mode": "all"}, {"rp-logout", "session-revoked"}),
    ],
)
async def test_an_application_hears_what_it_chose(
    door: Door, api: Api, initiators: dict[str, Any] | None, told: set[str]
) -> None:
    await listens(door, "Spa", **({"backchannel_logout_initiators": initiators} if initiators is not None else {}))
    for way in (by_logout, by_deletion):
        await way(door, api, await signed_in(door, "Spa"))
        await sent(door)
    events = await door.log("oidc_backchannel_logout_succeeded")
    assert {event.details["initiator"] for event in events} == told


async def test_the_older_name_of_the_setting_says_the_same(door: Door, applications: Applications) -> None:
    await door.tenant({"clients": [{"name": "Spa", "oidc_backchannel_logout": {"backchannel_logout_urls": [SPA]}}]})
    await (await signed_in(door, "Spa")).get("/v2/logout")
    await sent(door)
    assert list(applications.told) == [SPA]


async def test_whoever_proves_themselves_again_stays_in_the_session(
    door: Door, api: Api, applications: Applications
) -> None:
    await listens(door, "Spa", backchannel_logout_initiators=EVERYTHING)
    tab = await signed_in(door, "Spa")
    session, before = await sid(api), dict(tab.http.cookies)
    door.clock.pass_(3600)
    await tab.authorize(door.client("Web"), prompt="login")
    await tab.login()
    assert "code" in tab.answer
    assert await sent(door) == 0
    assert await sid(api) == session
    assert tab.http.cookies["auth0"] != before["auth0"], "the cookie is another one"
    (shown,) = [await api.get(f"/sessions/{session}")]
    assert shown["created_at"] == shown["authenticated_at"] == "2096-10-02T08:06:40.000Z"
    assert [client["client_id"] for client in shown["clients"]] == [
        door.client(name).client_id for name in ("Spa", "Web")
    ]
    thief = door.browser()
    thief.http.cookies.update(before)
    await thief.authorize(door.client("Spa"), prompt="none")
    assert thief.answer["error"] == "login_required"
    await tab.get("/v2/logout")
    await sent(door)
    assert applications.told[SPA]["sid"] == session


async def test_a_code_nobody_redeemed_yet_ends_with_the_session(door: Door) -> None:
    web, tab, other = door.client("Web"), await signed_in(door, "Web"), await signed_in(door, "Web")
    code = tab.answer["code"]
    await tab.get("/v2/logout")
    assert (await door.redeem(web, code)).status_code == 403
    assert (await door.redeem(web, other.answer["code"])).status_code == 200


# ── what applications answer ──


async def test_what_an_application_answers_does_not_matter_to_who_logs_out(
    door: Door, applications: Applications
) -> None:
    await listens(door, "Web")
    applications.answers["web.test"] = 400
    tab = await signed_in(door, "Web")
    await tab.get(f"/v2/logout?client_id={door.client('Web').client_id}")
    assert tab.at == "https://app.test/bye"
    await sent(door)
    (failed,) = await door.log("oidc_backchannel_logout_failed")
    assert failed.details == {
        "initiator": "rp-logout",
        "request": {"method": "POST", "backchannel_logout_uri": WEB},
        "response": {"statusCode": 400},
        "session_id": failed.details["session_id"],
        "errors": ["the application answered 400"],
    }
    assert (failed.client_name, failed.client_id) == ("Web", door.client("Web").client_id)
    door.clock.pass_(1e6)
    assert await sent(door) == 0, "it understood, and does not want to"
    assert "nobody's business" not in repr(await door.log())


@pytest.mark.parametrize("answer", [503, 429, Unreachable("db.internal is 10.0.0.7")])
async def test_who_cannot_hear_is_told_again_later_and_then_given_up(
    door: Door, applications: Applications, answer: int | Unreachable, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await listens(door, "Web")
    applications.answers["web.test"] = answer
    await (await signed_in(door, "Web")).get("/v2/logout")
    assert await sent(door) == 1
    for pause in LogoutCarrier.pauses:
        assert await door.log("oidc_backchannel_logout_failed") == []
        door.clock.pass_(pause - 1)
        assert await sent(door) == 0
        door.clock.pass_(1)
        assert await sent(door) == 1
    (failed,) = await door.log("oidc_backchannel_logout_failed")
    assert failed.details["response"] == ({"statusCode": answer} if isinstance(answer, int) else {})
    assert "10.0.0.7" not in repr(failed)
    assert ("10.0.0.7" in caplog.text) is isinstance(answer, Unreachable), "the operator may know"
    claims = [decoded(token)[1] for token in applications.tokens]
    assert len({token["jti"] for token in claims}) == 1, "it is the same event"
    assert len({token["iat"] for token in claims}) == 1 + len(LogoutCarrier.pauses), "and a fresh token each time"
    door.clock.pass_(1e6)
    assert await sent(door) == 0


async def test_who_hears_the_second_time_is_no_failure(door: Door, applications: Applications) -> None:
    await listens(door, "Web")
    applications.answers["web.test"] = 503
    await (await signed_in(door, "Web")).get("/v2/logout")
    await sent(door)
    applications.answers.clear()
    door.clock.pass_(LogoutCarrier.pauses[0])
    await sent(door)
    assert await door.log("oidc_backchannel_logout_failed") == []
    assert len(await door.log("oidc_backchannel_logout_succeeded")) == 1


async def test_who_does_not_want_to_hear_any_more_is_not_told(door: Door, api: Api, applications: Applications) -> None:
    for name in ("Spa", "Web"):
        await listens(door, name)
    await (await signed_in(door, "Spa", "Web")).get("/v2/logout")
    await api.patch(f"/clients/{door.client('Web').client_id}", {"oidc_logout": {"backchannel_logout_urls": []}})
    await api.delete(f"/clients/{door.client('Spa').client_id}")
    assert await sent(door) == 2
    assert applications.asked == []


# ── where it is said ──


async def test_discovery_says_so(door: Door) -> None:
    async with door.http() as http:
        said = (await http.get("/.well-known/openid-configuration")).json()
    assert said["backchannel_logout_supported"] is True
    assert said["backchannel_logout_session_supported"] is True


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://app.test/logout", True),
        ("http://localhost:3000/logout", True),
        ("http://127.0.0.1:3000/logout", True),
        ("", True),
        ("http://app.test/logout", False),
        ("http://localhost.evil.test/logout", False),
        ("ftp://localhost/logout", False),
    ],
)
async def test_applications_hear_by_https_or_on_this_machine(door: Door, api: Api, url: str, good: bool) -> None:
    changed = await api.call(
        "PATCH", f"/clients/{door.client('Web').client_id}", {"oidc_logout": {"backchannel_logout_urls": [url]}}
    )
    assert (changed.status_code == 200) is good


# ── ephemeral sessions ──


async def test_an_ephemeral_session_has_limits_of_its_own(door: Door, api: Api, applications: Applications) -> None:
    await listens(door, "Spa", backchannel_logout_initiators=EVERYTHING)
    settings = {"session_cookie": {"mode": "non-persistent"}, "ephemeral_session_lifetime": 30}
    await api.patch("/tenants/settings", settings)
    tab = await signed_in(door, "Spa")
    shown = await api.get(f"/sessions/{await sid(api)}")
    assert shown["cookie"] == {"mode": "non-persistent"}
    assert (shown["idle_expires_at"], shown["expires_at"]) == ("2096-10-03T07:06:40.000Z", "2096-10-03T13:06:40.000Z")
    await api.patch("/tenants/settings", {"session_cookie": {"mode": "persistent"}})
    door.clock.pass_(23 * 3600)
    await tab.authorize(door.client("Spa"), prompt="none")
    assert "code" in tab.answer, "a session stays what it was when it was made"
    api = await manager(door)
    shown = await api.get(f"/sessions/{await sid(api)}")
    assert shown["cookie"] == {"mode": "non-persistent"}
    assert shown["idle_expires_at"] == shown["expires_at"] == "2096-10-03T13:06:40.000Z"
    door.clock.pass_(7 * 3600)
    await tab.authorize(door.client("Spa"), prompt="none")
    assert tab.answer["error"] == "login_required"
    await door.server.storage.sweep(door.clock.now() + 1)
    await sent(door)
    assert list(applications.told) == [SPA]
