"""Whether a clock tells who has an account: ``make bench ARGS="--enumeration"``.

Each request is sent for somebody and for nobody in turn, one at a time, from an address of its own. What counts is
how far the medians lie apart: at most 2 ms over 2,000 pairs.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import statistics
import time
from collections.abc import Callable
from urllib.parse import urlencode

from bench import databases, machine, servers
from bench.databases import ROOT_KEY
from bench.trips import login_password
from bench.world import APPLICATIONS, DATABASE, HOST, World
from doorward.app import build
from doorward.management.new_tenant import new_document
from doorward.model.document import Kind

PAIRS = 2000
BAR_MS = 2.0
CLIENT = f"webapp{APPLICATIONS:026d}"
GRANTS = ["http://auth0.com/oauth/grant-type/password-realm", "http://auth0.com/oauth/grant-type/passwordless/otp"]
WRONG = "not the password"
Form = dict[str, str]
Asking = Callable[[str], tuple[str, Form, int]]


def main(arguments: list[str]) -> int:
    if arguments:
        print("--enumeration takes no other options")
        return 2
    print(machine.description())
    print(f"\n| {PAIRS:,} pairs | somebody p50 ms | nobody p50 ms | apart ms | |\n|---|---|---|---|---|")
    with databases.sqlite() as where:
        secret = asyncio.run(_seed(where.make("enumeration")))
        proxied = {"DOORWARD_SERVER_TRUSTED_PROXIES": "127.0.0.1/32"}
        os.sched_setaffinity(0, machine.cores()[1])
        told = []
        for title, asking in _askings(secret).items():
            with servers.doorward(where.copy("enumeration"), HOST, **proxied) as run:
                os.sched_setaffinity(0, machine.cores()[0])
                told.append(_measured(title, asking, run.port))
                os.sched_setaffinity(0, machine.cores()[1])
    return 1 if any(told) else 0


def _askings(secret: str) -> dict[str, Asking]:
    client = {"client_id": CLIENT, "client_secret": secret}
    return {
        "password grant, wrong password": lambda email: (
            "/oauth/token",
            {**client, "grant_type": GRANTS[0], "realm": DATABASE, "username": email, "password": WRONG},
            403,
        ),
        "another password asked for": lambda email: (
            "/dbconnections/change_password",
            {"client_id": CLIENT, "connection": DATABASE, "email": email},
            200,
        ),
        "a code by mail asked for": lambda email: (
            "/passwordless/start",
            {**client, "connection": "email", "send": "code", "email": email},
            200,
        ),
    }


async def _seed(database: str) -> str:
    door = build(database, root_key=ROOT_KEY)
    await door.start()
    try:
        world = World(door)
        await world.make()
        await login_password.seed(world)
        client = world.client(CLIENT, "regular_web", GRANTS)
        mails = {
            "id": f"con_{0:016d}",
            "name": "email",
            "strategy": "email",
            "enabled_clients": [CLIENT],
            "options": {"disable_signup": False},
        }
        connection = new_document(Kind.CONNECTION, f"con_{0:016d}", mails, unique_key="email")
        await world.ports.directory.change(HOST, [client, connection])
        await world.ports.directory.change(HOST, [world.enabled()])
        return world.directory.clients[CLIENT].client_secret
    finally:
        await door.stop()


def _measured(title: str, asking: Asking, port: int) -> bool:
    """One row; whether it is over the bar."""
    took: dict[str, list[float]] = {"somebody": [], "nobody": []}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for number in range(-50, PAIRS):  # the first warm everything
        for who in ("somebody", "nobody") if number % 2 else ("nobody", "somebody"):
            path, form, status = asking(f"{who}{number % login_password.PEOPLE}@people.bench")
            headers = {
                "Host": HOST,
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Forwarded-For": ".".join(str(part) for part in (10, *(number + 50).to_bytes(2), len(who))),
                "X-Forwarded-Proto": "https",
            }
            began = time.perf_counter()
            connection.request("POST", path, urlencode(form), headers)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == status, (title, who, answer.status, body)
            if number >= 0:
                took[who].append(1000 * (time.perf_counter() - began))
    somebody, nobody = (statistics.median(took[who]) for who in ("somebody", "nobody"))
    apart = abs(somebody - nobody)
    over = apart > BAR_MS
    print(f"| {title} | {somebody:.2f} | {nobody:.2f} | {apart:.2f} | {'**MISSED**' if over else 'met'} |", flush=True)
    return over
