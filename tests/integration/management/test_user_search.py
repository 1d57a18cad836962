"""Searching users: ``q`` and ``sort`` of ``GET /users``, from the query to the people found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doorward.backends.storage import search
from doorward.management.new_tenant import DEFAULT_CONNECTION
from doorward.model.user import Identifiers, User

from .conftest import START, A, Api, House

pytestmark = pytest.mark.anyio
PASSWORD = "Correct-horse-7"
PEOPLE: list[dict[str, Any]] = [
    {
        "user_id": "ada", "email": "ada@example.test", "given_name": "Ada", "family_name": "Lovelace",
        "name": "Ada Lovelace", "email_verified": True,
        "user_metadata": {"likes": ["tea", "chess"], "address": {"city": "London"}, "long": "x" * 300, "tall": True},
        "app_metadata": {"plan": "Gold", "age": 36, "score": 1.5, "since": "2020-01-31T10:00:00Z", "tags": []},
    },
    {
        "user_id": "grace", "email": "grace@navy.test", "given_name": "Grace", "family_name": "HOPPER",
        "name": "Grace Hopper", "username": "grace", "blocked": True,
        "user_metadata": {"likes": ["tea", "cobol"]},
        "app_metadata": {"plan": "silver", "age": 85, "since": "2020-02-01", "score": 2, "roles": [{"in": "team-a"}]},
    },
    {
        "user_id": "bob", "email": "bob@example.test", "given_name": "Bob", "name": "Böb Ünal",
        "phone_number": "+15550100", "app_metadata": {"plan": "gold", "age": "36", "none": None, "empty": {}},
    },
]  # fmt: skip


@pytest.fixture
async def api(house: House) -> Api:
    """Ada, Grace and Bob, who came in the course of a day."""
    api = await house.api()
    for person, hours in zip(PEOPLE, (-24, 0, 2), strict=True):
        house.clock.time = START + hours * 3600
        await api.post("/users", {"connection": DEFAULT_CONNECTION, "password": PASSWORD, **person})
    await house.ports.users.record_login("a.test", "auth0|grace", at=START + 9000, ip="192.0.2.7", events=())
    return api


def names(users: list[dict[str, Any]]) -> str:
    return " ".join(user["given_name"] for user in users)


SEARCHES = [
    # Whole values. Addresses and names compare without case, everything else with it.
    ('email:"ada@example.test"', "Ada"),
    ("email:ADA@example.test", "Ada"),
    ("username:grace", "Grace"),
    ("username:GRACE", ""),
    ('name:"ADA lovelace"', "Ada"),
    ("name:ada", ""),
    ('name:"böb ÜNAL"', "Bob"),
    ("family_name:hopper", "Grace"),
    ("nickname:GRACE", "Grace"),
    ('user_id:"auth0|ada"', "Ada"),
    (r"user_id:auth0\|ada", "Ada"),
    ("phone_number:+15550100", "Bob"),
    ("email_verified:true", "Ada"),
    ("blocked:true", "Grace"),
    ("blocked:false", "Ada Bob"),
    ("last_ip:192.0.2.7", "Grace"),
    ("logins_count:1", "Grace"),
    ("email.domain:EXAMPLE.test", "Ada Bob"),
    (f"identities.connection:{DEFAULT_CONNECTION}", "Ada Grace Bob"),
    ("identities.connection:other", ""),
    ("identities.provider:auth0", "Ada Grace Bob"),
    ("identities.user_id:ada", "Ada"),
    ("organization_id:org_1", ""),
    ("shoe_size:44", ""),
    # Metadata: nested, arrays transparent, numbers and truths as they are written.
    ("app_metadata.plan:gold", "Bob"),
    ("app_metadata.plan:Gold", "Ada"),
    ("app_metadata.age:36", "Ada Bob"),
    ("app_metadata.score:1.50", "Ada"),
    ("app_metadata.score:2.0", "Grace"),
    ("app_metadata.roles.in:team-a", "Grace"),
    ("user_metadata.likes:tea", "Ada Grace"),
    ("user_metadata.likes:(chess OR cobol)", "Ada Grace"),
    ("user_metadata.likes:tea AND user_metadata.likes:chess", "Ada"),
    ("user_metadata.address.city:London", "Ada"),
    ("user_metadata.tall:true", "Ada"),
    (f"user_metadata.long:{'x' * 300}", "Ada"),
    (f"user_metadata.long:{'x' * 299}", ""),
    # Terms without a field are looked for in addresses and names only.
    ("ada", "Ada"),
    ("Grace", "Grace"),
    ("London", ""),
    ("grac*", "Grace"),
    ("*love*", "Ada"),
    # Wildcards.
    ("name:ada*", "Ada"),
    ("name:BÖ*", "Bob"),
    ("email:*@example*", "Ada Bob"),
    ("email:*navy.test", "Grace"),
    ("user_id:auth0*", "Ada Grace Bob"),
    ("identities.connection:User*", "Ada Grace Bob"),
    ("app_metadata.plan:g*", "Bob"),
    ("app_metadata.plan:*old", "Ada Bob"),
    ("app_metadata.plan:*ilv*", "Grace"),
    ("picture:*gravatar*", "Ada Grace Bob"),
    # Existence; what is empty or null is not there.
    ("_exists_:username", "Grace"),
    ("_exists_:last_login", "Grace"),
    ("NOT _exists_:last_login", "Ada Bob"),
    ("_exists_:user_metadata", "Ada Grace"),
    ("_exists_:user_metadata.address", "Ada"),
    ("_exists_:user_metadata.addr", ""),
    ("_exists_:app_metadata.roles", "Grace"),
    ("_exists_:(app_metadata.tags OR app_metadata.none OR app_metadata.empty)", ""),
    ("username:*", "Grace"),
    # Ranges.
    ("created_at:[2023-11-14 TO *]", "Grace Bob"),
    ("created_at:{2023-11-13 TO 2023-11-15}", "Grace"),
    ("created_at:[2023-11-13 TO 2023-11-14]", "Ada Grace"),
    ("created_at:[2023-11-14T22:13:20Z TO 2023-11-14T22:13:20.000Z]", "Grace"),
    ("created_at:{2023-11-14T22:13:20Z TO *]", "Bob"),
    ("created_at:2023-11-15", "Bob"),
    ("logins_count:[0 TO 5}", "Ada Grace Bob"),
    ("logins_count:{0 TO *}", "Grace"),
    ("last_login:[2023-01-01 TO *]", "Grace"),
    ("name:[b TO h}", "Grace Bob"),
    ("app_metadata.age:[30 TO 40]", "Ada"),
    ("app_metadata.age:{36 TO *]", "Grace"),
    ("app_metadata.score:[1.5 TO 2}", "Ada"),
    ("app_metadata.since:[2020-01-01 TO 2020-01-31]", "Ada"),
    ("app_metadata.since:{2020-01-31 TO *]", "Grace"),
    # Boolean logic, as Lucene has it.
    ("given_name:ada given_name:grace", "Ada Grace"),
    ("given_name:(ada OR grace) AND blocked:true", "Grace"),
    ("NOT given_name:ada", "Grace Bob"),
    ("-username:grace", "Ada Bob"),
    ("(given_name:ada AND email_verified:true) OR given_name:bob", "Ada Bob"),
    ("given_name:ada OR blocked:true AND username:grace", "Grace"),
    ("NOT app_metadata.plan:gold AND NOT blocked:true", "Ada"),
    ("*:*", "Ada Grace Bob"),
    ("*:* AND -_exists_:user_metadata", "Bob"),
]


async def test_people_are_found(api: Api) -> None:
    answers = [(q, await api.get("/users", q=q, include_totals=True)) for q, _ in SEARCHES]
    assert [(q, names(answer["users"])) for q, answer in answers] == SEARCHES
    assert [(q, answer["total"]) for q, answer in answers] == [(q, len(found.split())) for q, found in SEARCHES]


async def test_the_same_people_are_found_among_so_many_that_no_part_of_the_search_is_short(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FEW", 0)
    monkeypatch.setattr(search, "FEW_TWICE", 1)
    monkeypatch.setattr(search, "MANY", 0)
    found = [(q, sorted(names(await api.get("/users", q=q)).split())) for q, _ in SEARCHES]
    assert found == [(q, sorted(people.split())) for q, people in SEARCHES]
    for sort, step in (("created_at:1", 1), ("created_at:-1", -1)):
        in_order = [(q, names(await api.get("/users", q=q, sort=sort))) for q, _ in SEARCHES]
        assert in_order == [(q, " ".join(people.split()[::step])) for q, people in SEARCHES]
    monkeypatch.setattr(search, "FEW", 2)
    for q, people in SEARCHES:
        pages = [names(await api.get("/users", q=q, page=page, per_page=1)) for page in (0, 1)]
        assert len(set(pages) & set(people.split())) == min(2, len(people.split())), q


async def test_what_changes_is_found_as_it_is_now(api: Api) -> None:
    await api.patch("/users/auth0%7Cada", {"app_metadata": {"plan": "bronze"}, "name": "Countess"})
    assert names(await api.get("/users", q="app_metadata.plan:bronze")) == "Ada"
    assert names(await api.get("/users", q="app_metadata.plan:Gold OR name:ada*")) == ""
    assert names(await api.get("/users", q="name:countess AND app_metadata.age:36")) == "Ada"
    await api.delete("/users/auth0%7Cada")
    assert await api.get("/users", q="app_metadata.plan:bronze OR name:countess") == []


REFUSED = [
        "name:jo?n", "email:a~", "email:", "(email:a", "email:a)", "created_at:yesterday", "created_at:[2023 TO",
        "blocked:maybe", "logins_count:many", "NOT", "AND", 'email:"open', "(" * 40 + "email:a" + ")" * 40,
        " OR ".join(["email:a"] * 101), "created_at:0000-00-00", "user_metadata.likes:te*", "user_metadata.x:[1 TO 2]",
        "email:*ab", "*ab", "identities.isSocial:true", "email.nothing:1", "a\0b", "email:x AND",
]  # fmt: skip


async def test_a_search_that_is_not_understood_is_refused_not_ignored(api: Api) -> None:
    for q in REFUSED:
        assert await api.refused("GET", "/users", q=q) == (400, "invalid_query_string"), q


PAGE = (Path(__file__).parents[3] / "docs/reference/user-search.md").read_text("utf-8")


def written(heading: str) -> list[str]:
    """The queries in the first column of the table below a heading of the reference."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(.+?)` \| ", section, re.MULTILINE)


async def test_the_reference_says_what_is_answered_and_what_is_refused(api: Api) -> None:
    found = {q: names(await api.get("/users", q=q)) for q in [*written("Examples"), *written("AND, OR, NOT")]}
    assert len(found) == 25
    assert [q for q, people in found.items() if not people] == [
        r"app_metadata.some\:key:x",
        "name:a* AND blocked:true OR email_verified:true",
    ]
    refused = written("What is refused")
    assert len(refused) == 9
    for q in refused:
        assert await api.refused("GET", "/users", q=q) == (400, "invalid_query_string"), q


alphabet = st.sampled_from([
    *'ab1:."\\()[]{}*?~^+-&|! \t/<>%_\';', "AND ", " OR ", "NOT ", " TO ", "email:", "created_at:[", "2023-01-01",
    "app_metadata.x:", "_exists_:", "user_metadata.x:", "*:*", "x' OR '1'='1", "identities.user_id:", "ß", "\U0001f600",
    "\udfff", "\0",
])  # fmt: skip


async def test_whatever_is_asked_is_answered_or_refused(api: Api) -> None:
    """No query breaks out of its statement: the answer is people or a refusal, and everybody is still there."""
    queries: list[str] = []

    @settings(max_examples=300, suppress_health_check=list(HealthCheck))
    @given(st.lists(alphabet, max_size=12).map("".join))
    def collect(query: str) -> None:
        queries.append(query)

    collect()
    for q in queries:
        response = await api.call("GET", "/users", q=q.encode(errors="surrogatepass"), include_totals=True)
        assert response.status_code in (200, 400), (q, response.text)
        assert response.status_code == 400 or response.json()["total"] <= len(PEOPLE)
    assert len(await api.get("/users")) == len(PEOPLE)


async def test_users_are_sorted_and_filtered_by_connection(api: Api, house: House) -> None:
    carl = User(user_id="auth0|carl", connection="gone", profile={"given_name": "Carl"}, created_at=START + 3600)
    await house.ports.users.create(A, carl, Identifiers(), None, events=())
    await api.post("/connections", {"name": "second", "strategy": "auth0"})
    for sort, expected in (
        ("name:1", "Ada Bob Grace Carl"), ("name:-1", "Grace Bob Ada Carl"), ("given_name:-1", "Grace Carl Bob Ada"),
        ("created_at:-1", "Bob Carl Grace Ada"), ("logins_count:-1", "Grace Carl Bob Ada"),
        ("last_login:1", "Grace Ada Bob Carl"),
    ):  # fmt: skip
        assert names(await api.get("/users", sort=sort)) == expected
        assert names(await api.get("/users", sort=sort, page=1, per_page=2)).split() == expected.split()[2:]
    assert (await api.get("/users", per_page=1, include_totals=True))["total"] == 4
    assert len(await api.get("/users", connection=DEFAULT_CONNECTION, q="_exists_:email")) == 3
    assert await api.get("/users", connection="second") == []
    assert await api.get("/users", search_engine="v3", q="nickname:ada", primary_order=False) != []
    for query in (
        {"sort": "nickname"},
        {"sort": "shoe:1"},
        {"sort": "app_metadata.age:1"},
        {"search_engine": "v2"},
        {"search_engine": "v9"},
    ):
        assert await api.refused("GET", "/users", **query) == (400, "invalid_query_string")
