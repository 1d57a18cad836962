"""The inbox of a development server: what would be sent is there to read, for the eye, for tests, and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import httpx2
import pytest
from tests.dev_server import DevServer, dev_server
from tests.integration.door import DOMAIN, Door

from doorward.model.message import Channel, Message

PAGES, API = "/_doorward/inbox", "/_doorward/api/v1/inbox"
LINK = "https://tenant.test/u/reset?ticket=t&x=1"
RESET = Message(template="reset_email", to="ada@example.test", values={"url": LINK}, user_id="auth0|ada")
CODE = Message(template="otp_verify", to="+4915112345678", channel=Channel.SMS, values={"code": "424242"})
EVIL = {
    "template": "welcome_email", "enabled": True, "syntax": "liquid", "from": "",
    "subject": "<script>alert(1)</script>",
    "body": "<!doctype html><head></head><script>alert(1)</script><a href='https://x.test'>x</a>",
}  # fmt: skip


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}").start()
    await door.tenant({"emailTemplates": [EVIL]})
    yield door
    await door.stop()


async def send(door: Door, *messages: Message, tenant: str = DOMAIN) -> None:
    for message in messages:
        await door.ports.outbox.put(tenant, [message])
        await door.server.relay.send_due()


async def test_what_would_be_sent_is_told_as_json(door: Door) -> None:
    await send(door, RESET, CODE)
    async with door.http() as http:
        sms, mail = (await http.get(API)).json()["messages"]
        assert (sms["channel"], sms["to"], sms["code"], sms["link"]) == ("sms", CODE.to, "424242", None)
        assert sms["text"] == f"Your code for {DOMAIN} is 424242"
        assert (mail["template"], mail["link"], mail["code"], mail["user_id"]) == (
            "reset_email", LINK, None, "auth0|ada",
        )  # fmt: skip
        assert LINK in mail["text"]
        assert LINK in unescape(mail["html"])
        told = (await http.get(API, params={"to": "ADA@example.test"})).json()["messages"]
        assert [message["id"] for message in told] == [mail["id"]]
        assert (await http.delete(API)).status_code == 204
        assert (await http.get(API)).json() == {"messages": []}


async def test_a_test_takes_each_message_once(door: Door) -> None:
    async with door.http() as http:
        assert (await http.post(f"{API}/take")).status_code == 204
        await send(door, RESET)
        await send(door, CODE)
        await send(door, Message(template="reset_email", to=RESET.to, values={"url": LINK + "2"}))
        taken = await http.post(f"{API}/take", params={"to": RESET.to})
        assert taken.json()["link"] == LINK + "2", "the newest: the one before is void"
        assert (await http.post(f"{API}/take", params={"to": RESET.to})).status_code == 204
        assert (await http.post(f"{API}/take")).json()["code"] == "424242"
        assert len((await http.get(API)).json()["messages"]) == 3


async def test_the_page_shows_what_came_and_picks_out_what_it_came_for(door: Door) -> None:
    async with door.http() as http:
        assert "Nothing yet" in (await http.get(PAGES)).text
        assert PAGES in (await http.get("/")).text
        await send(door, RESET, CODE)
        page = (await http.get(PAGES)).text
        sms, mail = (await http.get(API)).json()["messages"]
        for message in (sms, mail):
            assert f'href="{PAGES}/{message["id"]}"' in page
        assert "424242" in page
        assert 'data-copy="424242"' in (await http.get(f"{PAGES}/{sms['id']}")).text
        shown = await http.get(f"{PAGES}/{mail['id']}")
        assert f'href="{LINK}"' in unescape(shown.text)
        assert "frame-src 'self'" in shown.headers["content-security-policy"]
        for path in (f"{PAGES}/none", f"{PAGES}/none/html", f"{PAGES}/{sms['id']}/html"):
            assert (await http.get(path)).status_code == 404


async def test_f4_f6_the_html_of_a_mail_runs_nothing(door: Door) -> None:
    await send(door, Message(template="welcome_email", to="ada@example.test"))
    async with door.http() as http:
        (mail,) = (await http.get(API)).json()["messages"]
        page = (await http.get(f"{PAGES}/{mail['id']}")).text
        assert "<script>alert" not in page
        assert f'<iframe src="{PAGES}/{mail["id"]}/html" sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
        raw = await http.get(f"{PAGES}/{mail['id']}/html")
        policy = raw.headers["content-security-policy"]
        assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'")
        assert "script" not in policy
        assert raw.text.startswith('<!doctype html><head><base target="_blank"></head>')


async def test_f3_a_page_of_another_site_takes_nothing_away(door: Door) -> None:
    await send(door, RESET)
    async with door.http() as http:
        for header, value in (("origin", "https://evil.test"), ("sec-fetch-site", "cross-site"), ("origin", "null")):
            for method, path in (("POST", f"{API}/take"), ("DELETE", API)):
                assert (await http.request(method, path, headers={header: value})).status_code == 403
        assert len((await http.get(API)).json()["messages"]) == 1
        taken = await http.post(f"{API}/take", headers={"sec-fetch-site": "same-origin"})
        assert taken.json()["to"] == RESET.to


async def test_g3_an_inbox_is_the_tenants_own(door: Door) -> None:
    await door.tenant({}, "other.test")
    await send(door, RESET)
    (mail,) = door.ports.inbox.messages(DOMAIN) if door.ports.inbox else ()
    async with door.http("other.test") as http:
        assert (await http.get(API)).json() == {"messages": []}
        assert (await http.post(f"{API}/take")).status_code == 204
        assert (await http.get(f"{PAGES}/{mail.id}")).status_code == 404


async def test_a_production_server_has_no_inbox(tmp_path: Path) -> None:
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}", development=False).start()
    try:
        await door.tenant({})
        assert door.ports.inbox is None
        async with door.http() as http:
            for method, path in (("GET", PAGES), ("GET", API), ("POST", f"{API}/take"), ("DELETE", API)):
                assert (await http.request(method, path)).status_code == 404
    finally:
        await door.stop()


def test_the_command_shows_and_waits(tmp_path: Path) -> None:
    with dev_server({"databases": [{"name": "people", "strategy": "auth0"}]}, tmp_path) as server:
        folder = str(tmp_path / "data")

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            environment = {**os.environ, "NO_COLOR": "1"}
            command = [sys.executable, "-m", "doorward", *words, "--data", folder]
            return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30)

        none = run("inbox", "--wait", "0", "--to", "ada@example.test", "--link")
        assert (none.returncode, none.stdout) == (1, "")
        assert "no message came for ada@example.test within 0 seconds" in none.stderr
        assert "Nothing yet" in run("inbox").stdout
        verification(server)
        link = run("inbox", "--wait", "10", "--to", "ada@example.test", "--link")
        assert link.stdout.startswith(f"{server.issuer}u/email-verification?ticket=")
        assert run("inbox", "--wait", "0").returncode == 1, "it was waited for"
        told = run("inbox").stdout
        assert "Verify your email address" in told
        assert link.stdout.strip() in told
        assert json.loads(run("inbox", "--json").stdout)[0]["to"] == "ada@example.test"
        without = run("inbox", "--code")
        assert (without.returncode, without.stdout) == (1, "")
        assert "there is no code in the newest message" in without.stderr


def verification(server: DevServer) -> None:
    """Have Ada made, and a mail sent to her."""
    with httpx2.Client(base_url=server.issuer, verify=server.tls) as http:
        asked = {
            "grant_type": "client_credentials", "client_id": server.management.client_id,
            "client_secret": server.management.client_secret, "audience": server.management_audience,
        }  # fmt: skip
        token = http.post("/oauth/token", data=asked).json()["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        body = {
            "email": "ada@example.test",
            "connection": "people",
            "password": "Str0ng-enough-1!",
            "verify_email": False,
        }
        user = http.post("/api/v2/users", json=body, headers=headers).json()
        job = http.post("/api/v2/jobs/verification-email", json={"user_id": user["user_id"]}, headers=headers)
        assert job.status_code == 201, job.text
