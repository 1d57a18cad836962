"""Measure the trips: ``python -m bench.run`` (or ``make bench``); ``--help`` tells the rest."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey

from bench import databases, imports, machine, report, results, servers
from bench.databases import ROOT_KEY, Databases
from bench.measure import Bench, Shape
from bench.trips import TRIPS
from bench.trips.trip import Seed, Trip
from bench.world import API_HS256, HOST, SCOPES, World
from doorward.app import build

OUT = Path(__file__).parent / "out"
PEER = "node-oidc-provider"
OTHERS = ("Keycloak", "Ory Hydra", "ZITADEL", "Authlib", "django-oauth-toolkit")
NOT_BUILT = "nothing here starts it"
SMALL = "a small tenant"
LARGE = "a tenant of 1200 clients"
STARTS = 5
IMPORTS = 3
WORLD = "world"


def main(arguments: list[str]) -> int:
    if "--search" in arguments:
        from bench import search

        return search.main([argument for argument in arguments if argument != "--search"])
    if "--storm" in arguments:
        from bench import storm

        return storm.main([argument for argument in arguments if argument != "--storm"])
    if "--enumeration" in arguments:
        from bench import enumeration

        return enumeration.main([argument for argument in arguments if argument != "--enumeration"])
    if "--render" in arguments:
        from bench import render

        return render.main([argument for argument in arguments if argument != "--render"])
    options = _options(arguments)
    trips = [] if options.imports else [TRIPS[name] for name in options.trip or TRIPS]
    shape = Shape(warm=0.5, seconds=2, open=False)
    if not options.quick:
        shape = Shape(warm=1, seconds=5, open=not options.closed)
    rounds = options.rounds or (2 if options.quick else 5)
    with (
        tempfile.TemporaryDirectory(prefix="doorward-bench-") as name,
        databases.postgresql() if options.postgresql else databases.sqlite() as where,
    ):
        run = _run(Path(name), where, trips, shape, rounds, quiet_peer=options.no_peer, whole=not options.trip)
    OUT.mkdir(exist_ok=True)
    kept = OUT / f"{run['began'].replace(':', '')}-{where.name.lower()}.json"
    kept.write_text(json.dumps(run, indent=1))
    print(f"\n{report.summary(run)}\n\nraw samples: {kept}")
    if options.write:
        results.write(run)
    return 1 if any(sample["refused"] for sample in run["samples"]) else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Measure Doorward, trip by trip.")
    parser.add_argument("--search", action="store_true", help="searches among a million users instead of the trips")
    parser.add_argument("--storm", action="store_true", help="how long tokens take in a storm of logins")
    parser.add_argument("--enumeration", action="store_true", help="whether a clock tells who has an account")
    parser.add_argument("--render", action="store_true", help="what each page of the login costs the server")
    parser.add_argument("--trip", action="append", choices=list(TRIPS), help="only this one; may be repeated")
    parser.add_argument("--quick", action="store_true", help="two short rounds, closed load only")
    parser.add_argument("--closed", action="store_true", help="leave out the open load (latency)")
    parser.add_argument("--rounds", type=int, help="how many (5, or 2 with --quick)")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--imports", action="store_true", help="only the users import (it is left out with --trip)")
    parser.add_argument("--no-peer", action="store_true", help="leave node-oidc-provider out")
    parser.add_argument("--write", action="store_true", help="put the table into bench/RESULTS.md")
    return parser.parse_args(arguments)


def _run(
    folder: Path,
    where: Databases,
    trips: list[Trip],
    shape: Shape,
    rounds: int,
    *,
    quiet_peer: bool,
    whole: bool,
) -> dict[str, Any]:
    missing = "left out by --no-peer" if quiet_peer else servers.peer_missing()
    peers: dict[str, Any] = {PEER: missing or servers.peer_version(), **dict.fromkeys(OTHERS, NOT_BUILT)}
    run: dict[str, Any] = {
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": where.name,
        "machine": machine.description(),
        "shape": {"warm": shape.warm, "seconds": shape.seconds, "rounds": rounds},
        "peers": peers,
        "samples": [],
        "starts": {},
        "imports": [],
    }
    _say("seeding")
    setup = asyncio.run(_seed(where.make(WORLD), _world))
    public_key = _peer(folder, setup)
    for trip in trips:
        seed = asyncio.run(_seed(where.copy(WORLD, trip.name), trip.seed))
        (folder / f"{trip.name}.json").write_text(json.dumps({**seed, "peer_key": public_key}))
    bench = Bench(folder, where, shape)
    if whole:
        seeded = asyncio.run(_seed(where.copy(WORLD, "imports"), imports.seed))
        for _ in range(IMPORTS):
            run["imports"].append(imports.measure(where.copy("imports"), seeded))
            _say(imports.told(run["imports"][-1:]))
    if whole and trips:
        asyncio.run(_small(where.make("small")))
        for name, database in ((SMALL, "small"), (LARGE, trips[0].name)):
            run["starts"][name] = [bench.idle(database) for _ in range(STARTS)]
    jobs = [("doorward", trip) for trip in trips]
    if isinstance(peers[PEER], dict):
        jobs += [(PEER, trip) for trip in trips if PEER in trip.peers]
    for number in range(rounds):
        random.shuffle(jobs)
        for server, trip in jobs:
            sample = {"round": number, **bench.measure(server, trip)}
            run["samples"].append(sample)
            _say(_told(sample, number, rounds))
    run["machine"]["load_after"] = machine.description()["load"]
    return run


async def _seed(database: str, seed: Callable[[World], Awaitable[Seed]]) -> Seed:
    door = build(database, root_key=ROOT_KEY)
    await door.start()
    try:
        return await seed(World(door))
    finally:
        await door.stop()


async def _world(world: World) -> Seed:
    await world.make()
    return {"clients": world.credentials(world.machines)}


async def _small(database: str) -> None:
    door = build(database, root_key=ROOT_KEY)
    await door.start()
    await door.create_tenant(HOST, HOST)
    await door.stop()


def _peer(folder: Path, seed: Seed) -> str:
    """Set the peer up: the same clients, one key of the same size. Returns the public key."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    setup = {
        "issuer": f"http://{HOST}",
        "clients": [{"client_id": client_id, "client_secret": secret} for client_id, secret in seed["clients"]],
        "key": RSAKey.import_key(pem, {"kid": "bench", "alg": "RS256", "use": "sig"}).as_dict(private=True),
        "scopes": " ".join(SCOPES),
        "opaque": API_HS256,
    }
    (folder / "peer.json").write_text(json.dumps(setup))
    return (
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _told(sample: dict[str, Any], number: int, rounds: int) -> str:
    closed, s = sample["closed"], report.s_of(sample)
    told = f"{number + 1}/{rounds} {sample['server']:<20}{sample['trip']:<26}{closed['cpu_us']:7.0f} us  S {s:4.0f}"
    return f"{told}  {closed['per_second']:6.0f}/s  {sample['refused'] or ''}"


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
