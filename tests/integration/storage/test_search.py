"""Searches find on both databases exactly the users they describe, whichever way leads to them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.integration.storage.conftest import OTHER, Nodes
from tests.integration.storage.values import T, known_as
from tests.integration.storage.values import user as user_of

from doorward.backends.storage import search, sqlite
from doorward.backends.storage.database import Query, Verb
from doorward.backends.storage.user_fields import FOLDED, MAX_TERMS
from doorward.model.log_event import LogEvent
from doorward.model.search import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Exists,
    Leaf,
    Not,
    Range,
    Search,
    Sort,
    Term,
    Wildcard,
)
from doorward.model.user import Identifiers, User
from doorward.ports import StorageUnavailable, TooCostly, TooMuch

pytestmark = pytest.mark.anyio
WORDS = (
    "ann",
    "Ann",
    "anna",
    "Bo",
    "bö",
    "ZOË",
    "a%b",
    "a_b",
    "a\\b",
    "it's",
    "*",
    "",
    "1",
    "1.0",
    "\U0001f600",
    "\ud7ff",
)
NUMBERS = (0, 1, -1, 2.5, 1.0, 10**12)


def some_user(chance: random.Random, number: int) -> User:
    def one() -> Any:
        return chance.choice((*WORDS, *NUMBERS, True, False, None, [], {}, [chance.choice(WORDS)] * 2, {"b": "Bo"}))

    profile = {
        name: chance.choice(WORDS) for name in ("name", "nickname", "username", "locale") if chance.random() < 0.6
    }
    profile |= {"email_verified": chance.random() < 0.5} if chance.random() < 0.8 else {}
    linked = {
        "provider": "google",
        "user_id": str(number),
        "connection": "g",
        "profileData": {"hd": chance.choice(WORDS)},
    }
    own = {"provider": "auth0", "user_id": str(number), "connection": "people"}
    return User(
        user_id=f"auth0|{number}",
        connection="people",
        profile=profile,
        user_metadata={"a": one(), "c": {"d": [one(), one()]}},
        app_metadata={"a": one(), "x" * 300: one(), "long": chance.choice(("y" * 300, "y" * 299))},
        identities=(own, linked) if chance.random() < 0.3 else (own,),
        blocked=chance.random() < 0.3,
        created_at=1e6 + chance.randrange(5),
        updated_at=1e6,
        last_login=chance.choice((None, 1e6, 1e6 + 1)),
        logins_count=chance.randrange(4),
    )


def values_of(user: User, field: str) -> Iterator[Any]:
    """Every value a user has under the name of a field, or below it."""
    root: dict[str, Any] = {
        **user.profile, "user_metadata": user.user_metadata, "app_metadata": user.app_metadata,
        "identities": user.identities, "user_id": user.user_id, "blocked": user.blocked,
        "created_at": user.created_at, "last_login": user.last_login, "logins_count": user.logins_count,
    }  # fmt: skip

    def below(value: Any, names: list[str]) -> Iterator[Any]:
        if isinstance(value, list | tuple):
            for item in value:
                yield from below(item, names)
        elif isinstance(value, Mapping):
            for name in [names[0]] if names else list(value):
                yield from below(value.get(name), names[1:])
        elif value is not None and not names:
            yield value

    return below(root, field.split("."))


def plain(value: Any) -> Any:
    """A value of metadata as a query says it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def holds(node: Search, user: User) -> bool:
    match node:
        case AllOf(parts):
            return all(holds(part, user) for part in parts)
        case AnyOf(parts):
            return any(holds(part, user) for part in parts)
        case Not(part):
            return not holds(part, user)
        case Exists(field):
            return any(True for _ in values_of(user, field))
    return any(_holds(node, value, at=node.field) for value in exactly(user, node.field))


def flat(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, list | tuple) else [value]


def exactly(user: User, field: str) -> list[Any]:
    """Without what is below: an object is no value."""
    root, *inside = field.split(".")
    if root not in ("user_metadata", "app_metadata"):
        return list(values_of(user, field))
    level: list[Any] = [getattr(user, root)]
    for name in inside:
        level = [value[name] for value in flat(level) if isinstance(value, Mapping) and name in value]
    return [value for value in flat(level) if value is not None and not isinstance(value, Mapping)]


def _holds(leaf: Leaf, value: Any, at: str) -> bool:
    metadata = at.startswith(("user_metadata", "app_metadata"))

    def folded(text: Any) -> Any:
        return text.lower() if at in FOLDED and isinstance(text, str) else text

    match leaf:
        case Term(_, wanted):
            return folded(plain(value) if metadata else value) in (
                {folded(wanted), plain(float(wanted)) if wanted in ("1", "1.0") else wanted}
                if metadata
                else {folded(wanted)}
            )
        case Range(_, low, high):
            if isinstance(low, str) or isinstance(high, str):
                value = folded(plain(value) if metadata else value)
            elif isinstance(value, bool | str):
                return False
            return (low is None or value >= folded(low)) and (high is None or value < folded(high))
        case Wildcard(_, text, before, after):
            have, text = folded(plain(value) if metadata else value), folded(text)
            if before and after:
                return text in have
            return bool(have.endswith(text) if before else have.startswith(text))
    raise AssertionError(leaf)


TEXTS = ("name", "nickname", "username", "locale", "user_metadata.a", "user_metadata.c.d", "app_metadata.a",
         "app_metadata." + "x" * 300, "user_id", "identities.connection", "identities.user_id", "user_metadata.c.d.b",
         "identities.profileData.hd", "nothing.at.all")  # fmt: skip


def some_search(chance: random.Random, depth: int = 0) -> Search:
    if depth < 3 and chance.random() < 0.5:
        parts = tuple(some_search(chance, depth + 1) for _ in range(chance.choice((2, 2, 3))))
        return chance.choice((AllOf(parts), AnyOf(parts), Not(parts[0])))
    field = chance.choice(TEXTS)
    word = chance.choice([word for word in WORDS if word])
    return chance.choice((
        Term(field, chance.choice(WORDS)), Term(field, word), Term("identities.connection", "people"),
        Term("blocked", chance.random() < 0.5), Term("email_verified", chance.random() < 0.5),
        Term("logins_count", chance.randrange(4)), Term("app_metadata.a", "true"), Term("app_metadata.long", "y" * 300),
        Range("created_at", 1e6 + chance.randrange(5), chance.choice((None, 1e6 + 3))),
        Range("last_login", None, 1e6 + 1), Range(field, word, None), Range(field, None, word), Range(field, "a", word),
        Range("app_metadata.a", 0.5, chance.choice((None, 3.0))), Range("logins_count", 1, chance.choice((None, 3))),
        Wildcard(field, word, before=False, after=True), Wildcard(field, word, before=True, after=True),
        Wildcard(field, word, before=True, after=False), Exists(field), Exists("user_metadata.c"), Exists("last_login"),
    ))  # fmt: skip


SORTS = [Sort(field, down) for field in ("name", "created_at", "last_login", "logins_count") for down in (False, True)]


@pytest.mark.parametrize("few", [1, 5, 2000])
async def test_a_search_finds_whom_it_describes(nodes: Nodes, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(search, "FEW", few)
    monkeypatch.setattr(search, "FEW_TWICE", few * 2)
    monkeypatch.setattr(search, "MANY", few * 3)
    chance = random.Random(f"{few}")
    people = [some_user(chance, number) for number in range(40)]
    for person in people:
        await nodes.one.users.create(T, person, Identifiers(), None, events=())
    await nodes.one.users.create(OTHER, people[0], Identifiers(), None, events=())
    for person in people:
        for provider, identity_id in (
            (identity["provider"], identity["user_id"]) for identity in person.identities[1:]
        ):
            await link(nodes, person.user_id, provider, identity_id)
    for _ in range(150):
        where = some_search(chance)
        expected = [person.user_id for person in people if holds(where, person)]
        users, total = await nodes.two.users.search(T, where, offset=0, limit=100, count=100)
        assert sorted(user.user_id for user in users) == sorted(expected), where
        assert total == len(expected)
        sort = chance.choice(SORTS)
        users, total = await nodes.two.users.search(T, where, offset=0, limit=100, count=3, sort=sort)
        assert sorted(user.user_id for user in users) == sorted(expected), where
        assert total == min(3, len(expected))
        keys = [next(iter(values_of(user, sort.field)), None) for user in users]
        present = [key.lower() if isinstance(key, str) else key for key in keys if key is not None]
        assert present == sorted(present, reverse=sort.descending)
        assert all(key is None for key in keys[len(present) :]), "without a value comes last"


async def link(nodes: Nodes, user_id: str, provider: str, identity_id: str) -> None:
    def verb() -> Verb[None]:
        yield Query(
            "INSERT INTO user_identity (tenant, provider, identity_id, connection, user_id) "
            "VALUES (:tenant, :provider, :identity_id, 'g', :user_id)",
            {"tenant": T, "provider": provider, "identity_id": identity_id, "user_id": user_id},
        )

    await nodes.one.database.write(verb)


async def test_pages_of_a_search_are_parts_of_one_list(nodes: Nodes) -> None:
    for number in range(7):
        person = User(user_id=f"auth0|{number}", connection="people", profile={"email": f"{number}@example.test"})
        await nodes.one.users.create(T, person, known_as(str(number)), None, events=())
    for where in (EVERYTHING, Exists("email"), Term("identities.connection", "people")):
        pages = [await nodes.two.users.search(T, where, offset=at, limit=3, count=5) for at in (0, 3, 6, 9)]
        assert [user.user_id for users, _ in pages for user in users] == [f"auth0|{number}" for number in range(7)]
        assert {total for _, total in pages} == {5}, "no further than asked"
    assert await nodes.two.users.search(T, offset=0, limit=0, count=100) == ([], 7)


async def test_a_page_holds_no_more_than_fits(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorward.backends.storage.users.LARGEST_PAGE", 1000)
    for number in range(9):
        large = user_of(f"user{number}", user_metadata={"text": "x" * 300})
        await nodes.one.users.create(T, large, known_as(f"user{number}"), None, events=())
    with pytest.raises(TooMuch):
        await nodes.two.users.search(T, offset=0, limit=9)
    with pytest.raises(TooMuch):
        await nodes.two.users.page(T, offset=0, limit=4)
    assert len((await nodes.two.users.search(T, offset=7, limit=9))[0]) == 2
    assert len((await nodes.two.users.page(T, offset=3, limit=3))[0]) == 3
    walked, after = list[User](), None
    while True:
        some, after = await nodes.two.users.walk(T, after=after, limit=5)
        walked += some
        if not some:
            break
        assert len(some) <= 3
    assert [one.user_id for one in walked] == [f"auth0|user{number}" for number in range(9)]


async def test_users_made_at_a_time_have_each_a_place_of_their_own(nodes: Nodes) -> None:
    people = [User(user_id=f"auth0|{number}", connection="people", app_metadata={"n": number}) for number in range(20)]
    await asyncio.gather(
        *(
            node.users.create(T, person, Identifiers(), None, events=())
            for node, person in zip(nodes.turns(20), people, strict=True)
        )
    )
    for number in range(20):
        users, _ = await nodes.one.users.search(T, Term("app_metadata.n", str(number)), offset=0, limit=5)
        assert [user.user_id for user in users] == [f"auth0|{number}"]


async def test_metadata_without_an_end_is_found_as_far_as_it_is_kept(nodes: Nodes) -> None:
    person = User(user_id="auth0|a", connection="people", app_metadata={"n": list(range(MAX_TERMS + 5))})
    await nodes.one.users.create(T, person, Identifiers(), None, events=())
    counts = [
        (await nodes.one.users.search(T, Term("app_metadata.n", str(number)), offset=0, limit=1, count=1))[1]
        for number in (0, MAX_TERMS - 1, MAX_TERMS)
    ]
    assert counts == [1, 1, 0]


async def test_a_search_that_takes_too_long_is_given_up_and_others_go_on(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(TooCostly):
        await nodes.one.database.search(slow, {}, 0.05)
    assert await nodes.one.database.search("SELECT 1", {}, 1.0)
    monkeypatch.setattr(search, "SECONDS", 0.0)
    with pytest.raises(TooCostly):
        await nodes.one.users.search(T, offset=0, limit=1)
    assert sqlite.SEARCHES >= 2


async def test_searches_that_had_to_wait_are_given_up_too(nodes: Nodes) -> None:
    slow = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    async with asyncio.timeout(20):
        given_up = await asyncio.gather(
            *(nodes.one.database.search(slow, {}, 0.2) for _ in range(3 * sqlite.SEARCHES)), return_exceptions=True
        )
    assert {type(error) for error in given_up} <= {TooCostly, StorageUnavailable}
    assert await nodes.one.database.search("SELECT 1", {}, 1.0)


async def test_events_of_a_time_are_found_though_a_clock_was_set_back(nodes: Nodes) -> None:
    for second in (10.0, 5.0, 20.0):
        nodes.one.log.write(T, LogEvent(type="s", date=1e6 + second))
    await nodes.one.log.flush()
    where = AllOf((Term("type", "s"), Range("date", 1e6 + 4, 1e6 + 11)))
    events, total = await nodes.two.log.page(T, offset=0, limit=10, where=where)
    assert ([logged.date - 1e6 for logged in events], total) == ([5.0, 10.0], 2)


async def test_days_are_counted_once_and_outlive_their_events(nodes: Nodes) -> None:
    day = 86400.0
    nodes.one.log.write(OTHER, LogEvent(type="ss", date=12 * day))
    nodes.one.log.write(T, LogEvent(type="f", date=12 * day))
    for at in (0.0, 1.0, day, 2 * day):
        nodes.one.log.write(T, LogEvent(type="s", date=12 * day + at))
    await nodes.one.log.flush()
    counts = [("19700113", 2), ("19700114", 1), ("19700115", 1)]
    for at, deleted in ((13.5, 0), (14.5, 3), (14.5, 0), (15.5, 1), (16.5, 1)):
        found = await nodes.two.log.daily(T, "19700101", "19700201")
        assert sorted((of_day, count["logins"]) for of_day, count in found.items()) == counts
        assert await nodes.two.log.sweep(T, at * day, 1) == deleted
    assert (await nodes.two.log.page(T, offset=0, limit=10))[1] == 0
    assert await nodes.two.log.daily(T, "19700113", "19700113") == {
        "19700113": {"logins": 2, "signups": 0, "leaked_passwords": 0}
    }
    assert (await nodes.two.log.daily(OTHER, "19700101", "19700201"))["19700113"]["signups"] == 1
    assert await nodes.two.users.active(T, 0.0) == 0
