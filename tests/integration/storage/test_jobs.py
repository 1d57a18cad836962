"""Jobs and tickets on both databases: one state at a time, a bound that a race keeps, rows and state in one write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from tests.integration.storage.conftest import OTHER, Nodes
from tests.integration.storage.values import T

from doorward.model.connection import Connection
from doorward.model.document import Delete, Document, Forget, Kind, Put
from doorward.model.job import (
    COMPLETED,
    FAILED,
    ChangedUser,
    ImportBatch,
    Job,
    JobError,
    KnownUser,
    NewUser,
    Summary,
)
from doorward.model.ticket import Ticket, TicketType
from doorward.model.user import Identifiers, Password, User
from doorward.ports import Conflict

NOW = 1_000_000.0
DB = Connection(id="con_db", name="db", strategy="auth0")


@pytest.fixture(autouse=True)
async def _database(nodes: Nodes) -> None:
    assert await connection(nodes, "db") == DB


async def connection(nodes: Nodes, name: str) -> Connection:
    """A database connection that is there from now on."""
    body = {"id": f"con_{name}", "name": name, "strategy": "auth0"}
    document = Document(kind=Kind.CONNECTION, id=body["id"], body=body, unique_key=name)
    snapshot = await nodes.one.directory.change(T, [Put(document=document)])
    return snapshot.connections[name]


def job(id_: str = "job_1", **properties: Any) -> Job:
    given = {"type": "users_import", "created_at": NOW, "alive_until": NOW + 60, **properties}
    return Job(id=id_, **given)


def person(name: str, **properties: Any) -> NewUser:
    email = f"{name}@example.test"
    identity = {"connection": "db", "provider": "auth0", "user_id": name, "isSocial": False}
    user = User(
        user_id=f"auth0|{name}", connection="db", profile={"email": email}, identities=(identity,), **properties
    )
    return NewUser(
        user=user, identifiers=Identifiers(email=email), password=Password(hash=f"hash of {name}", set_at=NOW)
    )


def writes(batch: ImportBatch) -> Callable[[Sequence[KnownUser]], ImportBatch]:
    return lambda known: batch


async def test_of_many_at_a_time_only_so_many_jobs_begin(nodes: Nodes) -> None:
    begun = await asyncio.gather(
        *(node.jobs.create(T, job(f"job_{n}"), at_most=2, events=()) for n, node in enumerate(nodes.turns(8)))
    )
    assert sum(begun) == 2
    assert await nodes.one.jobs.create(T, job("job_x", type="users_export"), at_most=2, events=())
    assert await nodes.one.jobs.create(OTHER, job(), at_most=2, events=())
    later = job("job_later", created_at=NOW + 61)
    assert await nodes.one.jobs.create(T, later, at_most=2, events=())


async def test_a_job_ends_once(nodes: Nodes) -> None:
    assert await nodes.one.jobs.create(T, job(), events=())
    ended = [
        node.jobs.advance(T, job(status=COMPLETED, status_details=str(number)))
        for number, node in enumerate(nodes.turns(6))
    ]
    results = await asyncio.gather(*ended)
    assert sum(results) == 1
    found = await nodes.two.jobs.find(T, "job_1", at=NOW + 3600)
    assert found == job(status=COMPLETED, status_details=str(results.index(True)))
    assert await nodes.two.jobs.find(OTHER, "job_1", at=NOW) is None
    assert await nodes.two.jobs.find(T, "job_1", at=NOW + 24 * 3600) is None


async def test_whoever_looks_at_a_dead_job_buries_it(nodes: Nodes) -> None:
    await nodes.one.jobs.create(T, job(summary=Summary(inserted=3)), events=())
    assert (await nodes.two.jobs.find(T, "job_1", at=NOW + 59)) == job(summary=Summary(inserted=3))
    dead = await nodes.two.jobs.find(T, "job_1", at=NOW + 60)
    assert dead is not None
    assert (dead.status, dead.summary) == (FAILED, Summary(inserted=3))
    assert not await nodes.one.jobs.advance(T, job(status=COMPLETED))
    batch = ImportBatch(job=job(), new=(person("late"),))
    assert await nodes.one.jobs.import_users(T, job(), DB, {}, writes(batch)) is None
    assert await nodes.one.users.find(T, "auth0|late") is None


async def test_users_errors_and_state_are_written_together(nodes: Nodes) -> None:
    await nodes.one.jobs.create(T, job(), events=())
    error = JobError(position=2, user={"email": "x"}, errors=({"code": "C", "message": "m"},))
    after = job(summary=Summary(inserted=2, failed=1), alive_until=NOW + 90)
    batch = ImportBatch(job=after, new=(person("ada"), person("bob")), errors=(error,))
    assert await nodes.one.jobs.import_users(T, job(), DB, {"email": ["ada@example.test"]}, writes(batch)) == after
    assert await nodes.two.jobs.find(T, "job_1", at=NOW + 89) == after
    assert await nodes.two.jobs.errors(T, "job_1") == [error]
    found = await nodes.two.users.find_by_identifier(T, "db", "email", "bob@example.test")
    assert found is not None
    assert (found[0].user_id, found[1]) == ("auth0|bob", Password(hash="hash of bob", set_at=NOW))
    people, after_bob = await nodes.two.users.walk(T, after=None, limit=10)
    assert [one.user_id for one in people] == ["auth0|ada", "auth0|bob"]
    assert await nodes.two.users.walk(T, after=after_bob, limit=10) == ([], None)
    assert await nodes.two.users.count(T, connection="db") == 2
    assert await nodes.two.users.count(T, connection="other") == 0
    assert await nodes.one.sweep(NOW + 24 * 3600 + 1) == 1
    assert await nodes.two.jobs.errors(T, "job_1") == []


async def test_who_has_an_identifier_is_known(nodes: Nodes) -> None:
    await nodes.one.jobs.create(T, job(), events=())
    ada = person("ada")
    await nodes.one.users.create(
        T, ada.user, Identifiers(email="ada@example.test", username="ada", phone_number="+1"), None, events=()
    )
    seen: list[KnownUser] = []

    def decide(known: Sequence[KnownUser]) -> ImportBatch:
        seen.extend(known)
        return ImportBatch(job=job())

    asked = {
        "email": ["x@example.test", "ada@example.test"], "username": ['"\'ad\\a', "ada"], "phone_number": ["+1"],
        "user_id": ["ada", "nobody"],
    }  # fmt: skip
    await nodes.two.jobs.import_users(T, job(), DB, asked, decide)
    assert [(one.field, one.value, one.identity_id, one.user.user_id) for one in seen] == [
        ("email", "ada@example.test", "ada", "auth0|ada"),
        ("username", "ada", "ada", "auth0|ada"),
        ("phone_number", "+1", "ada", "auth0|ada"),
        ("user_id", "ada", "ada", "auth0|ada"),
    ]
    seen.clear()
    another = await connection(nodes, "another")
    await nodes.two.jobs.import_users(T, job(), another, {"email": ["ada@example.test"]}, decide)
    assert seen == []


async def test_somebody_who_changed_meanwhile_is_not_written_over(nodes: Nodes) -> None:
    await nodes.one.jobs.create(T, job(), events=())
    ada = person("ada")
    await nodes.one.users.create(T, ada.user, ada.identifiers, ada.password, events=())
    changed = msgspec.structs.replace(ada.user, profile={"email": "ada@example.test", "name": "Ada"})
    batch = ImportBatch(job=job(), changed=(ChangedUser(user=changed, password=Password(hash="new", set_at=NOW)),))
    assert await nodes.one.jobs.import_users(T, job(), DB, {}, writes(batch))
    found = await nodes.two.users.find_by_identifier(T, "db", "email", "ada@example.test")
    assert found is not None
    assert (found[0].profile["name"], found[0].revision) == ("Ada", 1)
    assert found[1] == Password(hash="new", set_at=NOW)
    also = ImportBatch(job=job(), new=(person("eve"),), changed=(ChangedUser(user=changed),))
    with pytest.raises(Conflict):
        await nodes.one.jobs.import_users(T, job(), DB, {}, writes(also))
    assert await nodes.two.users.find(T, "auth0|eve") is None


async def test_two_imports_of_the_same_people_make_them_once(nodes: Nodes) -> None:
    """What another transaction inserts meanwhile is seen when the verb runs again."""
    names = [f"p{number}" for number in range(20)]

    async def run(index: int, node: Any) -> None:
        own = job(f"job_{index}")
        await node.jobs.create(T, own, events=())

        def decide(known: Sequence[KnownUser]) -> ImportBatch:
            there = {one.value for one in known}
            new = [person(name) for name in names if f"{name}@example.test" not in there]
            return ImportBatch(job=own, new=new)

        await node.jobs.import_users(T, own, DB, {"email": [f"{name}@example.test" for name in names]}, decide)

    await asyncio.gather(*(run(index, node) for index, node in enumerate(nodes.turns(3))))
    assert await nodes.one.users.count(T) == len(names)


async def test_nobody_is_imported_into_a_connection_that_goes_meanwhile(nodes: Nodes) -> None:
    for turn in range(5):
        name = f"turn{turn}"
        where, own = await connection(nodes, name), job(f"job_{turn}")
        await nodes.one.jobs.create(T, own, events=())
        identity = {"connection": name, "provider": "auth0", "isSocial": False}
        new = [
            NewUser(
                user=User(
                    user_id=f"auth0|{name}.{n}", connection=name, identities=({**identity, "user_id": f"{name}.{n}"},)
                ),
                identifiers=Identifiers(email=f"{n}@example.test"),
            )
            for n in range(50)
        ]

        async def run(where: Connection = where, own: Job = own, new: Sequence[NewUser] = new) -> str:
            try:
                await nodes.two.jobs.import_users(T, own, where, {}, writes(ImportBatch(job=own, new=new)))
            except Conflict as conflict:
                return conflict.field
            return "imported"

        gone = [Delete(kind=Kind.CONNECTION, id=where.id), Forget(connection=name, connection_id=where.id, at=NOW)]
        ended, _ = await asyncio.gather(run(), nodes.one.directory.change(T, gone))
        assert ended in ("imported", "connection")
        assert await nodes.one.users.count(T) == 0
    await connection(nodes, name)
    again = msgspec.structs.replace(where, id="con_made_anew")
    with pytest.raises(Conflict) as refused:
        await nodes.two.jobs.import_users(T, own, again, {}, writes(ImportBatch(job=own, new=new)))
    assert refused.value.field == "connection", "the name alone does not make it the same connection"


async def test_a_ticket_is_redeemed_once(nodes: Nodes) -> None:
    ada = person("ada")
    await nodes.one.users.create(T, ada.user, ada.identifiers, None, events=())
    ticket = Ticket(
        ticket_hash=b"h" * 32,
        type=TicketType.PASSWORD_CHANGE,
        user_id="auth0|ada",
        expires_at=NOW + 100,
        identity=("auth0", "ada"),
        result_url="https://app.test/",
    )
    await nodes.one.tickets.create(T, ticket, events=())
    key = (T, ticket.ticket_hash)
    assert await nodes.two.tickets.find(*key, TicketType.PASSWORD_CHANGE, at=NOW) == ticket
    assert await nodes.two.tickets.find(*key, TicketType.EMAIL_VERIFICATION, at=NOW) is None
    assert await nodes.two.tickets.redeem(*key, TicketType.EMAIL_VERIFICATION, at=NOW) is None
    assert await nodes.two.tickets.redeem(OTHER, b"h" * 32, TicketType.PASSWORD_CHANGE, at=NOW) is None
    assert await nodes.two.tickets.redeem(*key, TicketType.PASSWORD_CHANGE, at=NOW + 100) is None
    redeemed = await asyncio.gather(
        *(node.tickets.redeem(*key, TicketType.PASSWORD_CHANGE, at=NOW + 1) for node in nodes.turns(6))
    )
    assert [one for one in redeemed if one is not None] == [ticket]
    assert await nodes.two.tickets.find(*key, TicketType.PASSWORD_CHANGE, at=NOW) is None
    assert await nodes.one.sweep(NOW + 101) == 0, "a link says for a month that it was used"
    assert await nodes.one.sweep(NOW + 101 + 30 * 86400) == 1


async def test_of_the_tickets_for_one_address_the_last_one_counts(nodes: Nodes) -> None:
    ada, made = person("ada"), []
    await nodes.one.users.create(T, ada.user, ada.identifiers, None, events=())
    for type_, email in (
        (TicketType.PASSWORD_CHANGE, "ada@example.test"), (TicketType.PASSWORD_CHANGE, "a@linked.test"),
        (TicketType.EMAIL_VERIFICATION, "ada@example.test"), (TicketType.PASSWORD_CHANGE, "ada@example.test"),
        (TicketType.MFA_ENROLLMENT, None), (TicketType.MFA_ENROLLMENT, None),
    ):  # fmt: skip
        ticket = Ticket(
            ticket_hash=bytes([len(made)]), type=type_, user_id="auth0|ada", email=email, expires_at=NOW + 100
        )
        assert await nodes.one.tickets.create(T, ticket, events=())
        made.append(ticket)
    found = [await nodes.two.tickets.find(T, one.ticket_hash, one.type, at=NOW) for one in made]
    assert found == [None, *made[1:]]


async def test_a_ticket_goes_with_its_person(nodes: Nodes) -> None:
    ada = person("ada")
    await nodes.one.users.create(T, ada.user, ada.identifiers, None, events=())
    ticket = Ticket(ticket_hash=b"h", type=TicketType.EMAIL_VERIFICATION, user_id="auth0|ada", expires_at=NOW + 100)
    assert await nodes.one.tickets.create(T, ticket, events=())
    assert await nodes.two.users.delete(T, "auth0|ada", at=NOW, events=())
    assert await nodes.one.tickets.find(T, b"h", TicketType.EMAIL_VERIFICATION, at=NOW) is None
    assert not await nodes.one.tickets.create(T, ticket, events=()), "and there is none for somebody who is gone"


async def test_a_failed_job_keeps_what_was_written_last(nodes: Nodes) -> None:
    await nodes.one.jobs.create(T, job(), events=())
    batch = ImportBatch(job=job(summary=Summary(inserted=1)), new=(person("ada"),))
    assert await nodes.one.jobs.import_users(T, job(), DB, {}, writes(batch))
    failed = await asyncio.gather(*(node.jobs.fail(T, "job_1", "why") for node in nodes.turns(4)))
    assert sum(failed) == 1
    assert await nodes.two.jobs.find(T, "job_1", at=NOW) == job(
        status=FAILED, summary=Summary(inserted=1), status_details="why"
    )
    assert not await nodes.two.jobs.fail(T, "job_2", "why")
