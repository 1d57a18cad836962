"""The canary of all tests learns every kind of secret, and finds one wherever it is and whatever it is dressed in."""

from __future__ import annotations

import base64
import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from tests.canary import Canary, listening, may_be_kept
from tests.integration.door import VERIFIER, Door
from tests.integration.flows.conftest import TENANT
from tests.integration.flows.test_second_factor import ALWAYS, code, shown_key
from tests.needles import HEAD, TAIL, Needles

from doorward.backends.storage.database import Query
from doorward.model.log_event import LogEvent
from doorward.model.message import Message

SECRET = "Canary-4711-&-of-all-tests"
DRESSES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "within": lambda word: f'{{"a":"x{word}"}}',
    "for a URL": lambda word: quote(word, safe=""),
    "in hexadecimal": lambda word: word.encode().hex(),
    "in base64": lambda word: base64.b64encode(f"user:{word}:".encode()).decode(),
    "in base64url": lambda word: base64.urlsafe_b64encode(f"a{word}".encode()).decode(),
}


@contextlib.contextmanager
def apart() -> Iterator[Canary]:
    """A canary of this test's own: the one of every test hears nothing of what is planted here."""
    with listening() as canary:
        yield canary


async def test_it_learns_what_a_person_and_an_application_are_to_keep_to_themselves(tmp_path: Path) -> None:
    with apart() as canary:
        door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}").start()
        await (await door.tenant(TENANT)).tenant(ALWAYS)
        web = door.client("Web")
        tab = await door.browser().authorize(web, scope="openid offline_access", audience="https://api.test")
        learned = {"the password": "correct-horse-9", "the state of a login": tab.state}
        await tab.login(password="Wrong-horse-9")
        await tab.login()
        await tab.submit("toggle-view")
        learned |= {"a wrong password": "Wrong-horse-9", "the key of an app": shown_key(tab)}
        number = code(door, shown_key(tab))
        await tab.submit(code=number)
        learned |= {"a code": number, "a recovery code": shown_key(tab)}
        await tab.submit(saved="on")
        learned |= {f"the cookie {one.name}": one.value or "" for one in tab.http.cookies.jar}
        tokens = (await door.redeem(web, tab.answer["code"])).json()
        learned |= {"an authorization code": tab.answer["code"], "the verifier": VERIFIER}
        learned |= {name: tokens[name] for name in ("access_token", "refresh_token", "id_token")}
        learned |= {"the secret of an application": web.client_secret or ""}
        async with door.http() as http:
            await http.post("/oauth/revoke", auth=(web.client_id, "Basic-4711"), data={"token": "Token-4711"})
            await http.get("/userinfo", headers={"authorization": "Bearer Bearer-4711"})
            await http.post(
                "/dbconnections/change_password", json={"connection": "people", "email": "ada@example.test"}
            )
        learned |= {"in a header": "Basic-4711", "in a form": "Token-4711", "a bearer": "Bearer-4711"}
        (taken,) = await door.server.storage.outbox.take(Message, until=door.clock.now() + 1, limit=9)
        assert taken.message is not None
        learned["a ticket"] = urlsplit(taken.message.values["url"]).query.rpartition("=")[2]
        await door.stop()
        assert {name for name, value in learned.items() if value not in canary.secrets} == set()
        assert canary.found() == []


@pytest.mark.parametrize("dress", DRESSES)
async def test_it_finds_a_secret_in_the_tenants_log_and_in_the_servers_and_in_the_database(
    tmp_path: Path, dress: str
) -> None:
    word = DRESSES[dress](SECRET)
    with apart() as canary:
        door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}").start()
        await door.tenant(TENANT)
        await door.token(grant_type="password", username="ada@example.test", password=SECRET)
        assert canary.found() == []
        door.ports.log.write("tenant.test", LogEvent(type="f", date=door.clock.now(), description=f"wrong: {word}"))
        logging.getLogger("doorward.web").error("wrong: %s", word)
        key = {"tenant": "tenant.test", "key": word, "at": 0.0}
        statement = "INSERT INTO attempt (tenant, key, failures, last_at) VALUES (:tenant, :key, 1, :at)"
        await door.server.storage.database.once(Query(statement, key))
        await door.stop()
        found = canary.found()
    places = ("attempt.key", "log_event.document", "the server's log")
    assert found == [f"{place}: password (Can…, {len(SECRET)} characters)" for place in places]


def test_it_finds_a_code_where_it_stands_alone() -> None:
    with apart() as canary:
        canary.told("code", "471147")
        for text in ('{"code":"471147"}', "your code is 471147", "471147"):
            canary.written = {"here": {text.encode()}}  # type: ignore[assignment]
            assert canary.found() == ["here: code (471…, 6 characters)"], text
        for text in ("1471147", "1700471147.5", "0.471147", "a471147"):
            canary.written = {"here": {text.encode()}}  # type: ignore[assignment]
            assert canary.found() == [], text


@pytest.mark.parametrize("length", [*range(8, 18), 40, 96, 97, 200])
def test_a_word_is_found_wherever_it_begins(length: int) -> None:
    word = "".join(chr(ord("A") + (7 * place + length) % 58) for place in range(length))
    needles = Needles([word, "Another-4711"])
    for before in range(9):
        assert needles.found(b"." * before + word.encode() + b"...") == {word}
        assert needles.found(b"." * before + word.encode()[:-1]) <= ({word} if length > HEAD + TAIL else set())


def test_what_names_something_or_identifies_somebody_is_not_sought() -> None:
    with apart() as canary:
        canary.told("", {"token_endpoint_auth_method": "client_secret_post", "client_secret": "ada@example.test"})
        canary.told("", {"email": "ada@example.test", "password": "short", "code": "exports.on = async () => {}"})
        canary.written["here"] = {b"client_secret_post ada@example.test short exports.on = async () => {}"}
        assert canary.found() == []


def test_what_may_be_kept_may_be_kept_in_one_place_only() -> None:
    assert not may_be_kept("log_event.document", "password")
    assert not may_be_kept("the server's log", "password")
