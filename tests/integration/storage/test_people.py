"""Users, sessions, transactions, consents, counters: what two nodes do at a time comes out right."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from tests.integration.storage.conftest import OTHER, Nodes, T
from tests.integration.storage.values import code, event, known_as, refresh_token, session, sign_in, transaction, user

from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.counter import Counter
from doorward.model.credential import PushedRequest
from doorward.model.digest import digest
from doorward.model.document import Change, Delete, Document, Forget, Kind, Put
from doorward.model.role import Permission
from doorward.model.search import AllOf, AnyOf, Not, Range, Search, Sort, Term
from doorward.model.session import ConsentGrant, Renewal, SignIn
from doorward.model.session_end import Cause
from doorward.model.ticket import Ticket, TicketType
from doorward.model.user import Password, User
from doorward.ports import Conflict

HASHED = Password(hash="$argon2id$x", set_at=1e6)


async def create(nodes: Nodes, name: str = "ada", tenant: str = T) -> User:
    await nodes.one.users.create(tenant, user(name), known_as(name), HASHED, events=(event("ss"),))
    return user(name)


async def test_a_user_is_found_by_identifier_with_the_password(nodes: Nodes) -> None:
    await create(nodes)
    found = await nodes.two.users.find_by_identifier(T, "people", "email", "ada@example.test")
    assert found == (user(), HASHED)
    assert await nodes.two.users.find_by_identifier(T, "others", "email", "ada@example.test") is None
    assert await nodes.two.users.find_by_identifier(OTHER, "people", "email", "ada@example.test") is None
    assert await nodes.two.users.find(OTHER, "auth0|ada") is None


async def test_of_many_with_one_address_one_is_made(nodes: Nodes) -> None:
    async def attempt(turn: int) -> str:
        storage = nodes.turns(turn + 1)[-1]
        try:
            await storage.users.create(T, user(f"ada{turn}"), known_as(), None, events=(event("ss"),))
        except Conflict as conflict:
            return conflict.field
        return "made"

    outcomes = await asyncio.gather(*(attempt(turn) for turn in range(8)))
    assert sorted(outcomes) == ["email"] * 7 + ["made"]
    _, total = await nodes.one.users.page(T, offset=0, limit=10)
    assert total == 1
    events, _ = await nodes.one.log.page(T, offset=0, limit=10)
    assert len(events) == 1


async def test_nobody_is_left_in_a_connection_that_goes_meanwhile(nodes: Nodes) -> None:
    async def attempt(number: int) -> str:
        name = f"ada{number}"
        try:
            await nodes.turns(number + 1)[-1].users.create(
                T, user(name), known_as(name), None, events=(), within="con_people"
            )
        except Conflict as conflict:
            return conflict.field
        return "made"

    assert await attempt(99) == "connection"
    place = Document(kind=Kind.CONNECTION, id="con_people", body={"name": "people", "strategy": "auth0"})
    await nodes.one.directory.change(T, [Put(document=place)])
    gone: list[Change] = [
        Delete(kind=Kind.CONNECTION, id=place.id), Forget(connection="people", connection_id=place.id, at=1e6),
    ]  # fmt: skip
    outcomes, _ = await asyncio.gather(
        asyncio.gather(*(attempt(number) for number in range(16))), nodes.two.directory.change(T, gone)
    )
    assert set(outcomes) <= {"made", "connection"}
    assert (await nodes.one.users.page(T, offset=0, limit=10))[1] == 0


async def test_of_two_changes_of_one_revision_one_stands(nodes: Nodes) -> None:
    await create(nodes)
    outcomes = await asyncio.gather(
        *(
            node.users.replace(
                T, user(profile={"name": f"Ada {turn}"}), known_as(), expected_revision=0, events=(event("sapi"),)
            )
            for turn, node in enumerate(nodes.turns(6))
        )
    )
    assert outcomes.count(True) == 1
    changed = await nodes.one.users.find(T, "auth0|ada")
    assert changed is not None
    assert (changed.profile["name"], changed.revision) == (f"Ada {outcomes.index(True)}", 1)


async def test_taking_somebody_s_address_is_a_conflict_and_changes_nothing(nodes: Nodes) -> None:
    await create(nodes)
    await create(nodes, "eve")
    with pytest.raises(Conflict):
        await nodes.one.users.replace(
            T, user("eve", profile={"email": "ada@example.test"}), known_as(), expected_revision=0, events=()
        )
    eve = await nodes.two.users.find(T, "auth0|eve")
    assert eve is not None
    assert eve.profile == {"email": "eve@example.test"}


async def test_logins_are_counted_exactly(nodes: Nodes) -> None:
    await create(nodes)
    await asyncio.gather(
        *(node.users.record_login(T, "auth0|ada", at=1e6 + 5, ip="192.0.2.1", events=()) for node in nodes.turns(10))
    )
    found = await nodes.one.users.find(T, "auth0|ada")
    assert found is not None
    assert (found.logins_count, found.last_ip, found.last_login) == (10, "192.0.2.1", 1e6 + 5)


async def test_roles_and_permissions_come_with_the_user(nodes: Nodes) -> None:
    await create(nodes)
    permission = Permission("https://api.test", "read:items")
    assert await nodes.one.users.assign_roles(T, "auth0|ada", add=("rol_1", "rol_1"), events=())
    assert await nodes.one.users.assign_permissions(T, "auth0|ada", add=(permission,), events=())
    found, revoked = await nodes.two.users.access(T, "auth0|ada", digest("token"))
    assert found is not None
    assert (found.roles, found.permissions, revoked) == (("rol_1",), (permission,), False)
    assert not await nodes.one.users.assign_roles(OTHER, "auth0|ada", add=("rol_1",), events=())
    assert await nodes.one.users.assign_role(T, "rol_2", ["auth0|ada", "auth0|nobody"], events=()) == "auth0|nobody"
    kept = await nodes.two.users.find(T, "auth0|ada")
    assert kept is not None
    assert kept.roles == ("rol_1",)


async def test_a_user_goes_with_everything(nodes: Nodes) -> None:
    await create(nodes)
    await sign_in(nodes.one, session())
    await nodes.one.refresh_tokens.issue(T, refresh_token(), keep=200, events=())
    assert await nodes.two.users.delete(T, "auth0|ada", at=1e6 + 1, events=(event("sapi"),))
    assert not await nodes.two.users.delete(T, "auth0|ada", at=1e6 + 1, events=())
    assert await nodes.one.sessions.find(T, digest("cookie sid")) is None
    token = await nodes.one.refresh_tokens.find(T, digest("first"))
    assert token is None or token.revoked_at is not None
    await create(nodes)


@pytest.mark.parametrize("revoke", [False, True])
async def test_ended_sessions_take_unspent_codes_and_if_told_refresh_tokens_along(nodes: Nodes, revoke: bool) -> None:
    await create(nodes)
    await create(nodes, "eve")
    for name in ("ada", "eve"):
        await sign_in(nodes.one, session(name, user_id=f"auth0|{name}"))
        for use in ("spent", "unspent"):
            given = code(f"{use} {name}", user_id=f"auth0|{name}")
            assert await nodes.one.codes.issue(T, given, session=None, consent=None, transaction=None, events=())
        assert await spend(nodes, f"spent {name}")
        token = refresh_token(name, family=f"of {name}", user_id=f"auth0|{name}")
        await nodes.one.refresh_tokens.issue(T, token, keep=200, events=())
    assert await nodes.two.users.replace(
        T,
        user(),
        known_as(),
        expected_revision=0,
        cause=Cause.PASSWORD_CHANGED,
        revoke_refresh_tokens=revoke,
        events=(),
    )
    assert await nodes.one.sessions.find(T, digest("cookie ada")) is None
    assert await nodes.one.sessions.find(T, digest("cookie eve")) is not None
    assert [await spend(nodes, f"unspent {name}") for name in ("ada", "eve")] == [False, True]
    assert await nodes.one.codes.find(T, digest("spent ada")) is not None  # to be known when it comes again
    tokens = [await nodes.one.refresh_tokens.find(T, digest(name)) for name in ("ada", "eve")]
    assert [token is None or token.revoked_at is not None for token in tokens] == [revoke, False]


async def test_withdrawn_consent_takes_the_client_s_unspent_codes_along(nodes: Nodes) -> None:
    consent = ConsentGrant(id="1", user_id="auth0|ada", client_id="web", audience="https://api.test", scope=("r",))
    for client_id in ("web", "other"):
        given = code(f"for {client_id}", client_id=client_id)
        assert await nodes.one.codes.issue(T, given, session=None, consent=consent, transaction=None, events=())
    assert await nodes.two.consents.delete(T, user_id="auth0|ada", at=1e6, events=()) == 1
    assert [await spend(nodes, f"for {client_id}") for client_id in ("web", "other")] == [False, True]


async def spend(nodes: Nodes, name: str) -> bool:
    return await nodes.one.codes.spend(
        T,
        digest(name),
        at=1e6,
        access_token_hash=None,
        access_token_expires_at=1e6,
        refresh_token=None,
        keep=200,
        events=(),
    )


async def test_a_user_who_goes_while_roles_are_given_is_no_failure(nodes: Nodes) -> None:
    others = [f"rol_{number}" for number in range(50)]  # time for the other node, between seeing and writing
    for turn in range(5):
        ada = await create(nodes, f"ada{turn}")
        given, gone = await asyncio.gather(
            nodes.one.users.assign_roles(T, ada.user_id, remove=others, add=["rol"], events=()),
            nodes.two.users.delete(T, ada.user_id, at=1e6, events=()),
        )
        assert gone
        assert given in (True, False)
        assert await nodes.one.users.find(T, ada.user_id) is None


async def test_pages_are_in_order_of_creation_with_an_exact_total(nodes: Nodes) -> None:
    for turn in range(5):
        await create(nodes, f"u{turn}")
    page, total = await nodes.two.users.page(T, offset=1, limit=2)
    assert ([found.user_id for found in page], total) == (["auth0|u1", "auth0|u2"], 5)
    assert await nodes.two.users.page(OTHER, offset=0, limit=10) == ([], 0)


async def test_of_logins_that_renew_a_cookie_at_a_time_one_does(nodes: Nodes) -> None:
    await create(nodes)
    await sign_in(nodes.one, session())
    before = digest("cookie sid")
    for turn in range(6):
        await nodes.one.transactions.start(T, transaction(f"state {turn}"))

    def renewed(turn: int) -> Renewal:
        return Renewal(session(cookie_hash=digest(f"cookie {turn}"), mfa_at=1e6), before)

    moved = await asyncio.gather(
        *(
            node.transactions.advance(T, transaction(f"state {turn}", mfa_at=1e6), renewal=renewed(turn))
            for turn, node in enumerate(nodes.turns(6))
        )
    )
    assert moved == [True] * 6, "each login has proved it"
    assert await nodes.one.sessions.find(T, before) is None
    found = [await nodes.one.sessions.find(T, digest(f"cookie {turn}")) for turn in range(6)]
    (kept,) = [one for one in found if one is not None]
    assert kept.mfa_at == 1e6


async def test_a_step_of_a_transaction_is_taken_once(nodes: Nodes) -> None:
    await create(nodes)
    await sign_in(nodes.one, session("before"))
    await nodes.one.transactions.start(T, transaction())
    moved = await asyncio.gather(
        *(
            node.transactions.advance(
                T,
                transaction(username=f"user {turn}"),
                sign_in=SignIn(session=session(f"sid {turn}"), replaces="before"),
                events=(event(),),
            )
            for turn, node in enumerate(nodes.turns(8))
        )
    )
    assert moved.count(True) == 1
    winner = moved.index(True)
    now = await nodes.one.transactions.find(T, digest("state"))
    assert now is not None
    assert (now.username, now.version) == (f"user {winner}", 1)
    assert await nodes.one.sessions.find(T, digest("cookie before")) is None
    for turn in range(8):
        assert (await nodes.one.sessions.find(T, digest(f"cookie sid {turn}")) is not None) == (turn == winner)
    found = await nodes.one.users.find(T, "auth0|ada")
    assert found is not None
    assert found.logins_count == 2


async def test_a_session_is_touched_replaced_and_ended(nodes: Nodes) -> None:
    await sign_in(nodes.one, session())
    touched = msgspec.structs.replace(session(), last_interacted_at=1e6 + 9)
    assert await nodes.two.codes.issue(T, None, session=touched, consent=None, transaction=None, events=())
    assert await nodes.one.sessions.find(T, digest("cookie sid")) == touched
    await sign_in(nodes.two, session("new"), replaces="sid")
    assert await nodes.one.sessions.find(T, digest("cookie sid")) is None
    assert not await nodes.one.sessions.end(OTHER, "new", Cause.LOGOUT, at=1e6, events=())
    assert await nodes.one.sessions.end(T, "new", Cause.LOGOUT, at=1e6, events=())
    assert not await nodes.one.sessions.end(T, "new", Cause.LOGOUT, at=1e6, events=())


async def test_counters_lose_nothing_and_stay_apart(nodes: Nodes) -> None:
    await asyncio.gather(*(node.attempts.fail(T, "k\x1f1", at=1e6, window=60) for node in nodes.turns(20)))
    await nodes.one.attempts.fail(T, "k\x1f2", at=1e6, window=60)
    await nodes.one.attempts.fail(OTHER, "k\x1f1", at=1e6, window=60)
    assert await nodes.two.attempts.count(T, "k\x1f1") == 20
    looked = await nodes.two.attempts.look(T, ["k\x1f1", "k\x1f2", "k\x1f"])
    assert looked == {"k\x1f1": Counter(20, 1e6), "k\x1f2": Counter(1, 1e6)}
    assert await nodes.two.attempts.look(T, []) == {}
    assert await nodes.two.attempts.matching(T, "k\x1f") == [("k\x1f1", 20), ("k\x1f2", 1)]
    assert await nodes.two.attempts.fail(T, "k\x1f1", at=1e6 + 61, window=60) == 1
    assert await nodes.one.attempts.clear(T, "k\x1f") == 2
    assert await nodes.one.attempts.count(OTHER, "k\x1f1") == 1


async def test_prefixes_of_counters_are_compared_by_code_point(nodes: Nodes) -> None:
    for key in ("brute:a", "brute:Z", "brute:ä", "bruteZ", "brute", "brvte:a"):
        await nodes.one.attempts.fail(T, key, at=1e6, window=60)
    assert [key for key, _ in await nodes.one.attempts.matching(T, "brute:")] == ["brute:Z", "brute:a", "brute:ä"]


async def test_one_time_values_and_pushed_requests_count_once(nodes: Nodes) -> None:
    used = await asyncio.gather(
        *(node.one_time_values.use(T, digest("jti"), at=1e6, expires_at=1e6 + 60) for node in nodes.turns(8))
    )
    assert used.count(True) == 1
    assert await nodes.one.one_time_values.use(T, digest("jti"), at=1e6 + 61, expires_at=1e6 + 90)
    pushed = PushedRequest(uri_hash=digest("uri"), client_id="web", parameters={"scope": "openid"}, expires_at=2e6)
    await nodes.one.pushed_requests.push(T, pushed)
    assert await nodes.two.pushed_requests.find(T, digest("uri")) == pushed
    spent = await asyncio.gather(*(node.pushed_requests.spend(T, digest("uri"), at=1e6) for node in nodes.turns(8)))
    assert spent.count(True) == 1
    assert await nodes.two.pushed_requests.find(T, digest("uri")) is None


async def test_users_are_searched_and_sorted_alike_on_both_databases(nodes: Nodes) -> None:
    grace = user(
        "grace",
        profile={
            "email": "grace@example.test", "email_verified": True, "phone_verified": False, "name": 'Grace "Amazing"',
            "given_name": "Grace", "family_name": "Hopper", "nickname": "gh", "username": "grace",
            "phone_number": "+15550100", "picture": "https://example.test/g.png",
        },
        blocked=True, created_at=1e6 + 10, updated_at=1e6 + 20,
    )  # fmt: skip
    await create(nodes)
    await nodes.one.users.create(T, grace, known_as("grace"), None, events=())
    await nodes.one.users.record_login(T, "auth0|grace", at=1e6 + 30, ip="192.0.2.7", events=())
    found_by: list[Search] = [
        Term("email", "GRACE@example.test"), Term("user_id", "auth0|grace"), Term("username", "grace"),
        Term("phone_number", "+15550100"), Term("name", 'grace "AMAZING"'), Term("given_name", "GRACE"),
        Term("family_name", "hopper"), Term("nickname", "GH"), Term("picture", "https://example.test/g.png"),
        Term("last_ip", "192.0.2.7"), Term("blocked", True), Term("email_verified", True),
        Term("phone_verified", False), Term("logins_count", 1), Range("created_at", 1e6 + 1, None),
        Range("updated_at", 1e6 + 20, 1e6 + 21), Range("last_login", None, None),
        Not(Term("user_id", "auth0|ada")), Not(Not(Term("username", "grace"))),
        AllOf((Term("identities.connection", "people"), Term("blocked", True))),
        AnyOf((Term("username", "nobody"), Term("nickname", "gh"))),
    ]  # fmt: skip
    for where in found_by:
        users, total = await nodes.two.users.search(T, where, offset=0, limit=10, count=10)
        assert ([found.user_id for found in users], total) == (["auth0|grace"], 1), where
    for where in (Term("username", "GRACE"), Term("email_verified", False), Range("last_login", None, 1e6)):
        assert await nodes.two.users.search(T, where, offset=0, limit=10, count=10) == ([], 0), where
    for sort, first in (
        (Sort("email", descending=True), "auth0|grace"), (Sort("created_at"), "auth0|ada"),
        (Sort("name"), "auth0|grace"), (Sort("name", descending=True), "auth0|grace"), (None, "auth0|ada"),
    ):  # fmt: skip
        users, _ = await nodes.two.users.search(T, offset=0, limit=10, sort=sort)
        assert users[0].user_id == first, sort


# ── identities ──


async def linked_people(nodes: Nodes) -> tuple[User, User]:
    await create(nodes)
    await create(nodes, "bea")
    bea = user("bea")
    return user(identities=({}, {"connection": "people", "provider": "auth0", "user_id": "bea"})), bea


async def test_what_signs_in_goes_with_its_identity(nodes: Nodes) -> None:
    ada, bea = await linked_people(nodes)
    await sign_in(nodes.one, session(user_id="auth0|bea"))
    await nodes.one.users.link(T, ada, bea, at=nodes.now, events=(event("sapi"),))
    found = await nodes.two.users.find_by_identifier(T, "people", "email", "bea@example.test")
    assert found is not None
    assert (found[0].user_id, found[1]) == ("auth0|ada", HASHED)
    owner = await nodes.two.users.find_by_identity(T, "auth0", "bea")
    assert owner is not None
    assert (owner.user_id, owner.revision) == ("auth0|ada", 1)
    assert await nodes.two.users.find(T, "auth0|bea") is None
    assert await nodes.two.sessions.find(T, digest("cookie sid")) is None
    upgraded = Password(hash="$argon2id$y", set_at=1e6)
    await nodes.two.users.rehash(T, "auth0|ada", old_hash=HASHED.hash, password=upgraded)
    await nodes.one.users.unlink(T, user(revision=1), bea, events=())
    found = await nodes.two.users.find_by_identifier(T, "people", "email", "bea@example.test")
    assert found == (bea, upgraded)


async def test_of_many_links_of_one_account_one_stands(nodes: Nodes) -> None:
    ada, bea = await linked_people(nodes)
    await create(nodes, "cleo")
    cleo = msgspec.structs.replace(ada, user_id="auth0|cleo")

    async def attempt(turn: int) -> str:
        node, to = nodes.turns(turn + 1)[-1], (ada, cleo)[turn % 2]
        try:
            await node.users.link(T, to, bea, at=nodes.now, events=(event("sapi"),))
        except Conflict as conflict:
            return conflict.field
        return "linked"

    outcomes = await asyncio.gather(*(attempt(turn) for turn in range(6)))
    assert sorted(outcomes) == ["linked"] + ["revision"] * 5
    events, _ = await nodes.one.log.page(T, offset=0, limit=10, where=Term("type", "sapi"))
    assert len(events) == 1


async def test_an_identity_is_unlinked_once(nodes: Nodes) -> None:
    ada, bea = await linked_people(nodes)
    await nodes.one.users.link(T, ada, bea, at=nodes.now, events=())
    await nodes.one.users.unlink(T, user(revision=1), bea, events=())
    with pytest.raises(Conflict):
        await nodes.two.users.unlink(T, user(revision=1), bea, events=())
    with pytest.raises(Conflict):
        await nodes.two.users.unlink(T, user(revision=2), user("dora"), events=())
    assert await nodes.one.users.find(T, "auth0|dora") is None


# ── authentication methods ──


def method(id_: str = "dev_1", **more: Any) -> AuthenticationMethod:
    given = {"user_id": "auth0|ada", "type": MethodType.TOTP, "created_at": 1e6, "secrets": {"k": "v"}, **more}
    return AuthenticationMethod(id=id_, **given)


async def test_secrets_of_a_method_are_sealed_where_they_are(nodes: Nodes) -> None:
    await create(nodes)
    kept = nodes.one.authentication_methods
    await kept.add(T, "auth0|ada", [method(), method("dev_2", type=MethodType.PHONE, secrets={})], events=())
    theirs = nodes.two.authentication_methods
    assert await theirs.of_user(T, "auth0|ada") == [
        method(secrets={}), method("dev_2", type=MethodType.PHONE, secrets={}),
    ]  # fmt: skip
    assert await theirs.secrets(T, "dev_1") == {"k": "v"}
    assert await theirs.secrets(T, "dev_2") == {}
    rows = await nodes.one.database.read("SELECT secrets FROM authentication_method WHERE id = :id", {"id": "dev_1"})
    assert b'"v"' not in bytes(rows[0][0])
    assert not await kept.add(T, "auth0|nobody", [method("dev_3", user_id="auth0|nobody")], events=())
    await nodes.two.users.delete(T, "auth0|ada", at=nodes.now, events=())
    assert await kept.find(T, "dev_1") is None


async def test_of_many_totp_keys_at_a_time_one_is_kept(nodes: Nodes) -> None:
    await create(nodes)

    async def attempt(turn: int) -> bool:
        node = nodes.turns(turn + 1)[-1]
        try:
            return await node.authentication_methods.add(T, "auth0|ada", [method(f"dev_{turn}")], events=())
        except Conflict:
            return False

    assert sorted(await asyncio.gather(*(attempt(turn) for turn in range(6)))) == [False] * 5 + [True]
    assert len(await nodes.one.authentication_methods.of_user(T, "auth0|ada")) == 1


async def test_e3_a_link_is_used_up_by_what_is_enrolled_and_by_nothing_else(nodes: Nodes) -> None:
    await create(nodes)
    type_, hash_ = TicketType.MFA_ENROLLMENT, b"h" * 32
    link = Ticket(
        ticket_hash=hash_, type=type_, user_id="auth0|ada", expires_at=nodes.now + 100, identity=("auth0", "ada")
    )
    assert await nodes.one.tickets.create(T, link, events=())
    kept, used = nodes.one.authentication_methods, (hash_, nodes.now)
    assert await kept.add(T, "auth0|ada", [method("dev_1", type=MethodType.PHONE)], events=())
    with pytest.raises(Conflict):
        await kept.add(T, "auth0|ada", [method("dev_2")], unless=(MethodType.PHONE,), redeems=used, events=())
    assert await nodes.two.tickets.find(T, hash_, type_, at=nodes.now) == link

    async def attempt(turn: int) -> bool:
        node = nodes.turns(turn + 1)[-1]
        try:
            methods = [method(f"dev_{turn + 10}", type=MethodType.PHONE, properties={"phone_number": f"+4420{turn}"})]
            return await node.authentication_methods.add(T, "auth0|ada", methods, redeems=used, events=())
        except Conflict:
            return False

    assert sorted(await asyncio.gather(*(attempt(turn) for turn in range(4)))) == [False] * 3 + [True]


def key(id_: str, user: str, key_id: str = "k", **more: Any) -> AuthenticationMethod:
    return method(
        id_, user_id=user, type=MethodType.PASSKEY, secrets={}, properties={"key_id": key_id, "public_key": "p"}, **more
    )


async def test_one_key_speaks_for_one_person_however_many_enrol_it_at_a_time(nodes: Nodes) -> None:
    await create(nodes)
    await create(nodes, "bob")

    async def attempt(turn: int) -> bool:
        node, user = nodes.turns(turn + 1)[-1], ("auth0|ada", "auth0|bob")[turn % 2]
        try:
            return await node.authentication_methods.add(T, user, [key(f"dev_{turn}", user)], events=())
        except Conflict:
            return False

    assert sorted(await asyncio.gather(*(attempt(turn) for turn in range(6)))) == [False] * 5 + [True]
    kept = nodes.two.authentication_methods
    found = await kept.by_key(T, "k")
    assert found is not None
    assert await kept.by_key(T, "other") is None
    assert [len(await kept.of_user(T, user)) for user in ("auth0|ada", "auth0|bob")].count(1) == 1
    await nodes.one.users.delete(T, found.user_id, at=nodes.now, events=())
    other = {"auth0|ada": "auth0|bob", "auth0|bob": "auth0|ada"}[found.user_id]
    assert await kept.add(T, other, [key("dev_9", other)], events=()), "a key that is gone is nobody's"


async def test_a_key_that_counted_back_is_not_used(nodes: Nodes) -> None:
    await create(nodes)
    kept = nodes.one.authentication_methods
    counting, silent = key("dev_1", "auth0|ada", sign_count=5), key("dev_2", "auth0|ada", "l")
    await kept.add(T, "auth0|ada", [counting, silent], events=())
    assert not await kept.use_key(T, "dev_1", 5)
    assert not await kept.use_key(T, "dev_1", 0)
    assert await kept.use_key(T, "dev_1", 6)
    assert [await kept.use_key(T, "dev_2", count) for count in (0, 0, 1, 0)] == [True, True, True, False]
    together = [nodes.turns(turn + 1)[-1].authentication_methods.use_key(T, "dev_1", 7) for turn in range(4)]
    assert sorted(await asyncio.gather(*together)) == [False, False, False, True]


async def test_what_came_once_is_known_until_its_time_is_over(nodes: Nodes) -> None:
    values, value = nodes.one.one_time_values, b"v" * 32
    assert not await values.used(T, value, at=nodes.now)
    assert await values.use(T, value, at=nodes.now, expires_at=nodes.now + 10)
    assert await nodes.two.one_time_values.used(T, value, at=nodes.now + 9)
    assert not await values.used(T, value, at=nodes.now + 10)


async def test_what_is_given_to_a_user_is_given_as_long_as_it_is_defined(nodes: Nodes) -> None:
    await create(nodes)
    permission = Permission("https://api.test", "read:items")
    api = Document(kind=Kind.RESOURCE_SERVER, id="api", body={"identifier": "https://api.test"})
    role = Document(kind=Kind.ROLE, id="rol", body={"id": "rol", "name": "Reader"})
    for turn in range(10):
        directory = await nodes.one.directory.change(T, [Put(document=api), Put(document=role)])
        made, held = (
            directory.documents[kind][id_] for kind, id_ in ((Kind.RESOURCE_SERVER, "api"), (Kind.ROLE, "rol"))
        )
        forget = Forget(audience="https://api.test", role_id="rol", at=1e6)
        going: list[Change] = [Delete(kind=Kind.ROLE, id="rol"), forget]
        if turn % 2:
            going.insert(0, Put(document=made, expected_revision=made.revision))  # as when a scope goes
        else:
            going.insert(0, Delete(kind=Kind.RESOURCE_SERVER, id="api"))
        users = nodes.two.users
        outcomes = await asyncio.gather(
            users.assign_permissions(T, "auth0|ada", add=[permission], decided_by=[made], events=()),
            users.assign_roles(T, "auth0|ada", add=["rol"], decided_by=[held], events=()),
            users.assign_role(T, "rol", ["auth0|ada"], decided_by=[held], events=()),
            nodes.one.directory.change(T, going),
            return_exceptions=True,
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert {getattr(error, "field", error) for error in refused} <= {"revision"}
        ada = await nodes.one.users.find(T, "auth0|ada")
        assert ada is not None
        assert (ada.roles, ada.permissions) == ((), ())
        await nodes.one.directory.change(T, [Delete(kind=Kind.RESOURCE_SERVER, id="api")])
