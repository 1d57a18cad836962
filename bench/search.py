"""Measure searches in a tenant of many users and log events: ``make bench ARGS="--search"``; ``--help`` tells the rest.

Users are written as an import writes them. Every kind of query is asked with other values each time, through the
reader of queries and the stores, as a page of 50 with totals.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from bench import databases
from bench.databases import ROOT_KEY
from bench.machine import description
from doorward.backends.chance import SystemEntropy
from doorward.backends.clock import SystemClock
from doorward.backends.storage.database import Query as Statement
from doorward.backends.storage.database import Verb
from doorward.backends.storage.postgresql import PostgresqlDatabase
from doorward.backends.storage.store import Storage
from doorward.backends.storage.version import migrate
from doorward.management.kit.search import read_search
from doorward.management.resources import logs
from doorward.management.resources.users import NORMALIZED, field
from doorward.model.connection import Connection
from doorward.model.document import Document, Kind, Put
from doorward.model.job import ImportBatch, Job, NewUser
from doorward.model.log_event import LogEvent
from doorward.model.search import EVERYTHING, Sort
from doorward.model.tenant import Tenant
from doorward.model.user import Identifiers, User
from doorward.ports import TooCostly

TENANT = "acme.test"
CONNECTIONS = ("people", "staff", "partners")
PEOPLE = Connection(id="con_people", name="people", strategy="auth0")
PLANS = ("free", "pro", "enterprise")
SYLLABLES = ("ka", "lo", "mi", "ren", "sa", "tu", "vor", "wen", "xa", "yl", "zo", "bri", "dan", "el", "far", "gus")
START, YEARS = 1_600_000_000.0, 3 * 365 * 86400.0
BATCH = 1000
ASKED = 200
TYPES = ("s", "seacft", "sertft", "seccft", "f", "fp", "ss", "slo", "sapi", "limit_wc")
Query = str | tuple[str, Sort]


def given_name(number: int) -> str:
    return "".join(SYLLABLES[number // 16**place % 16] for place in range(3)).title()


def family_name(number: int) -> str:
    return "".join(SYLLABLES[number // 16**place % 16] for place in range(4)).title() + "son"


def person(number: int, of: int) -> User:
    """The user with this number: the same every time."""
    chance = random.Random(number)
    given, family = given_name(chance.randrange(2000)), family_name(chance.randrange(30000))
    domain = f"mail{int(chance.expovariate(0.02))}.test"
    email = f"{given}.{family}.{number}@{domain}".lower()
    connection = CONNECTIONS[min(2, int(chance.expovariate(1.5)))]
    created = START + number * YEARS / of
    seen = created + chance.random() * (START + YEARS - created) if chance.random() < 0.6 else None
    profile = {
        "email": email, "email_verified": chance.random() < 0.7, "name": f"{given} {family}", "given_name": given,
        "family_name": family, "nickname": email.partition("@")[0], "picture": f"https://cdn.test/{number:032x}.png",
    }  # fmt: skip
    if chance.random() < 0.2:
        profile["username"] = f"u{number}"
    app = {
        "plan": chance.choices(PLANS, (90, 9, 1))[0], "age": chance.randrange(18, 90), "customer": f"C{number:08d}",
        "teams": [f"team-{chance.randrange(5000)}", f"team-{chance.randrange(5000)}"],
    }  # fmt: skip
    return User(
        user_id=f"auth0|{number:024x}",
        connection=connection,
        profile=profile,
        user_metadata={"city": f"city-{int(chance.expovariate(0.01))}"},
        app_metadata=app,
        identities=({"connection": connection, "provider": "auth0", "user_id": f"{number:024x}", "isSocial": False},),
        blocked=chance.random() < 0.01,
        created_at=created,
        updated_at=seen or created,
        last_login=seen,
        last_ip=f"10.{chance.randrange(256)}.{chance.randrange(256)}.7" if seen else None,
        logins_count=int(chance.expovariate(0.1)) + 1 if seen else 0,
    )


def day(at: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(at))


def queries(chance: random.Random, of: int) -> dict[str, Callable[[], Query]]:
    """One query of each kind, other values each time."""

    def someone() -> User:
        return person(chance.randrange(of), of)

    def some(name: str) -> str:
        return str(someone().profile[name])

    newest, oldest = Sort("created_at", descending=True), Sort("created_at")
    return {
        "email:ADDRESS": lambda: f'email:"{some("email")}"',
        "user_id:ID": lambda: f'user_id:"{someone().user_id}"',
        "username:NAME": lambda: f"username:u{chance.randrange(of)}",
        'name:"GIVEN FAMILY"': lambda: f'name:"{some("name")}"',
        "given_name:NAME (500 hits)": lambda: f"given_name:{some('given_name')}",
        "given AND family name": lambda: f"given_name:{some('given_name')} AND family_name:{some('family_name')}",
        "WORD (no field)": lambda: some("given_name"),
        "WO* (no field)": lambda: some("family_name")[:7] + "*",
        "email.domain:D": lambda: f"email.domain:{some('email').partition('@')[2]}",
        "email:BEGIN*": lambda: f"email:{some('email')[:10]}*",
        "name:GIV*": lambda: f"name:{some('given_name')[:3]}*",
        "name:*WITHIN* (common)": lambda: f"name:*{some('family_name')[3:7]}*",
        "name:*WITHIN* (rare)": lambda: f"name:*{some('family_name')[1:9]}*",
        "identities.connection:C (hundreds of thousands)": lambda: "identities.connection:people",
        "identities.user_id:ID": lambda: f"identities.user_id:{someone().user_id[6:]}",
        "app_metadata.customer:ID": lambda: f"app_metadata.customer:C{chance.randrange(of):08d}",
        "app_metadata.customer:BEGIN*": lambda: f"app_metadata.customer:C{chance.randrange(of):08d}"[:-2] + "*",
        "app_metadata.teams:T": lambda: f"app_metadata.teams:team-{chance.randrange(5000)}",
        "app_metadata.plan:free (900,000 hits)": lambda: "app_metadata.plan:free",
        "user_metadata.city:C": lambda: f"user_metadata.city:city-{chance.randrange(300)}",
        "app_metadata.age:[A TO B]": lambda: f"app_metadata.age:[{(low := chance.randrange(18, 80))} TO {low + 5}]",
        "plan:enterprise AND blocked:true": lambda: "app_metadata.plan:enterprise AND blocked:true",
        "plan:pro AND city:C AND age:[A TO B]": lambda: (
            f"app_metadata.plan:pro AND user_metadata.city:city-{chance.randrange(300)} AND app_metadata.age:[20 TO 40]"
        ),
        "blocked:true": lambda: "blocked:true",
        "NOT blocked:true": lambda: "NOT blocked:true",
        "email_verified:false AND connection:C": lambda: "email_verified:false AND identities.connection:staff",
        "_exists_:username": lambda: "_exists_:username",
        "_exists_:app_metadata.teams": lambda: "_exists_:app_metadata.teams",
        "NOT _exists_:last_login": lambda: "NOT _exists_:last_login",
        "three names with OR": lambda: " OR ".join(f"family_name:{some('family_name')}" for _ in range(3)),
        "ten identities with OR": lambda: "user_id:(" + " OR ".join(f'"{someone().user_id}"' for _ in range(10)) + ")",
        "created_at:[D TO D]": lambda: f"created_at:{day(START + chance.random() * YEARS)}",
        "created_at:[D TO *]": lambda: f"created_at:[{day(START + chance.random() * YEARS)} TO *]",
        "logins_count:[30 TO *]": lambda: "logins_count:[30 TO *]",
        "last_login:[D TO *], newest first": lambda: (
            f"last_login:[{day(START + YEARS - 864000)} TO *]", Sort("last_login", descending=True)
        ),
        "created_at:[D TO *], newest first": lambda: (f"created_at:[{day(START + YEARS * 0.9)} TO *]", newest),
        "blocked:true, newest first": lambda: ("blocked:true", newest),
        "connection:C, by name": lambda: ("identities.connection:partners", Sort("name")),
        "plan:free, oldest first": lambda: ("app_metadata.plan:free", oldest),
        "everybody": lambda: "*:*",
        "everybody, newest first": lambda: ("*:*", newest),
        "everybody, by logins": lambda: ("*:*", Sort("logins_count", descending=True)),
        "everybody, by last_login": lambda: ("*:*", Sort("last_login", descending=True)),
        "everybody, by family_name": lambda: ("*:*", Sort("family_name")),
    }  # fmt: skip


def log_queries(chance: random.Random, of: int) -> dict[str, Callable[[], Query]]:
    return {
        "logs": lambda: "",
        "type:T": lambda: f"type:{chance.choice(TYPES)}",
        "type:(T OR T)": lambda: "type:(limit_wc OR fp)",
        "client_id:C": lambda: f"client_id:client-{chance.randrange(50)}",
        "type:T AND client_id:C": lambda: f"type:limit_wc AND client_id:client-{chance.randrange(50)}",
        "user_id:U": lambda: f'user_id:"auth0|{chance.randrange(of):024x}"',
        "date:[D TO D]": lambda: f"date:{day(START + chance.random() * YEARS)}",
        "type:T AND date:[D TO D]": lambda: f"type:fp AND date:{day(START + chance.random() * YEARS)}",
        "ip:A (no index)": lambda: f"ip:10.0.{chance.randrange(256)}.{chance.randrange(256)}",
    }


async def measure(ask: Callable[[], Awaitable[Any]], times: int) -> dict[str, float]:
    """Milliseconds of one answer: median and 99th percentile; CPU of this process for it."""
    took, cpu = [], time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        with contextlib.suppress(TooCostly):  # after two seconds
            await ask()
        took.append((time.perf_counter() - began) * 1000)
        if sum(took) > 20_000:
            break
    cpu = (time.process_time() - cpu) * 1000 / len(took)
    return {"p50": statistics.median(took), "p99": sorted(took)[int(len(took) * 0.99)], "cpu": cpu}


async def fill(storage: Storage, users: int) -> None:
    """Write users and events; the last tenth of them with all indexes, and tell how fast."""
    tenant = Tenant(id=TENANT, domain=TENANT)
    body = {"id": PEOPLE.id, "name": PEOPLE.name, "strategy": PEOPLE.strategy}
    await storage.directory.create_tenant(
        tenant, [Put(document=Document(kind=Kind.CONNECTION, id=PEOPLE.id, body=body))]
    )
    job = Job(id="job_1", type="users_import", created_at=time.time(), alive_until=time.time() + 86400)
    await storage.jobs.create(TENANT, job, events=())
    timed = users * 9 // 10
    async with without_indexes(storage):
        for begin in range(0, timed, BATCH):
            await write_users(storage, job, begin, min(begin + BATCH, timed), users)
        await write_events(storage, 0, timed, users)
    spent = cpu = 0.0
    for begin in range(timed, users, BATCH):
        took, busy = await write_users(storage, job, begin, min(begin + BATCH, users), users)
        spent, cpu = spent + took, cpu + busy
    each = (users - timed) / 1e6
    print(f"users: {(users - timed) / spent:,.0f}/s, {cpu / each:.0f} us CPU each", flush=True)
    began, busy = time.perf_counter(), time.process_time()
    await write_events(storage, timed, users, users)
    rate = (users - timed) / (time.perf_counter() - began)
    print(f"events: {rate:,.0f}/s, {(time.process_time() - busy) / each:.0f} us CPU each", flush=True)


async def write_users(storage: Storage, job: Job, begin: int, end: int, of: int) -> tuple[float, float]:
    """Seconds and CPU seconds that it takes."""
    people = [person(number, of) for number in range(begin, end)]
    new = [NewUser(user=user, identifiers=Identifiers(email=user.email)) for user in people]
    began, busy = time.perf_counter(), time.process_time()
    await storage.jobs.import_users(TENANT, job, PEOPLE, {}, lambda known: ImportBatch(job=job, new=new))
    return time.perf_counter() - began, time.process_time() - busy


async def write_events(storage: Storage, begin: int, end: int, of: int) -> None:
    chance = random.Random(begin)
    for number in range(begin, end):
        storage.log.write(TENANT, event(chance, number, of))
        if number % 2000 == 1999:
            await storage.log.flush()
    await storage.log.flush()


@contextlib.asynccontextmanager
async def without_indexes(storage: Storage) -> AsyncIterator[None]:
    """Most is written faster without, and indexed afterwards."""
    postgresql = storage.database.dialect.batches
    listed = "SELECT indexname, indexdef FROM pg_indexes" if postgresql else "SELECT name, sql FROM sqlite_master"
    rows = await storage.database.read(listed, {})
    indexes = {name: sql for name, sql in rows if name.startswith("ix_") and "UNIQUE" not in sql}
    for name in indexes:
        await execute(storage, f"DROP INDEX {name}")
    yield
    for sql in indexes.values():
        await execute(storage, sql)


async def execute(storage: Storage, sql: str) -> None:
    """A statement that takes longer than one of a server may."""
    if isinstance(storage.database, PostgresqlDatabase):
        import asyncpg

        connection: Any = await asyncpg.connect(storage.database._url)
        await connection.execute(sql)
        await connection.close()
    else:

        def verb() -> Verb[None]:
            yield Statement(sql)

        await storage.database.write(verb)


def event(chance: random.Random, number: int, of: int) -> LogEvent:
    type_ = chance.choices(TYPES, (300, 200, 200, 200, 20, 20, 20, 20, 19, 1))[0]
    return LogEvent(
        type=type_,
        date=START + number * YEARS / of,
        client_id=f"client-{chance.randrange(50)}",
        client_name=f"Client {chance.randrange(50)}",
        user_id=None if type_ in ("seccft", "sapi") else f"auth0|{chance.randrange(of):024x}",
        connection="people",
        ip=f"10.0.{chance.randrange(256)}.{chance.randrange(256)}",
        user_agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
        description="An event",
    )


async def run(url: str, users: int, times: int) -> None:
    storage = Storage(url, root_key=ROOT_KEY, clock=SystemClock(), entropy=SystemEntropy())
    await storage.start()
    try:
        if not storage.directory.tenants():
            await fill(storage, users)
            if isinstance(storage.database, PostgresqlDatabase):
                await execute(storage, "VACUUM ANALYZE")  # as autovacuum does within a minute
        chance = random.Random(1)
        print(f"\n| {'users':48} | p50 ms | p99 ms | CPU ms |\n|---|---|---|---|")
        for name, make in queries(chance, users).items():

            async def ask(make: Callable[[], Query] = make) -> Any:
                q, sort = made if isinstance(made := make(), tuple) else (made, None)
                return await storage.users.search(
                    TENANT, read_search(q, field, NORMALIZED), sort=sort, offset=0, limit=50, count=1000
                )

            told(name, await measure(ask, times))
        print(f"\n| {'events':48} | p50 ms | p99 ms | CPU ms |\n|---|---|---|---|")
        for name, make in log_queries(chance, users).items():

            async def ask_log(make: Callable[[], Query] = make) -> Any:
                q = str(make())
                where = read_search(q, logs.FIELDS.get, logs.BARE) if q else EVERYTHING
                return await storage.log.page(TENANT, where=where, offset=0, limit=50, count=1000)

            told(name, await measure(ask_log, times))
    finally:
        await storage.stop()


def told(name: str, took: dict[str, float]) -> None:
    print(f"| {name:48} | {took['p50']:6.2f} | {took['p99']:6.2f} | {took['cpu']:6.2f} |", flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench ARGS=--search", description=__doc__)
    parser.add_argument("--users", type=int, default=1_000_000, help="how many users, and as many events (a million)")
    parser.add_argument("--times", type=int, default=ASKED, help=f"how often each kind is asked ({ASKED})")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--at", metavar="URL", help="in this database, which is kept; the second time it is not filled")
    options = parser.parse_args(arguments)
    print(description())
    if options.at:
        asyncio.run(migrate(options.at))
        asyncio.run(run(options.at, options.users, options.times))
    else:
        with databases.postgresql() if options.postgresql else databases.sqlite() as where:
            asyncio.run(run(where.make("search"), options.users, options.times))
    return 0
