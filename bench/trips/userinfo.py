"""``GET /userinfo``: tokens nobody showed before, and tokens that are shown again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bench.trips.trip import Requests, Seed, Trip, around, get
from bench.world import API, HOST, World

# More than the server remembers (10,000): in turn, every one is new to it again.
NEW = 11_000
SHOWN_AGAIN = 1000
SCOPE = ("openid", "profile", "email")


async def opaque(world: World) -> Seed:
    return await _tokens(world, NEW, None)


async def jwt(world: World) -> Seed:
    return await _tokens(world, NEW, API)


async def jwt_again(world: World) -> Seed:
    return await _tokens(world, SHOWN_AGAIN, API)


async def _tokens(world: World, many: int, audience: str | None) -> Seed:
    applications = world.applications
    tokens = []
    for number in range(many):
        user = await world.ports.users.find(HOST, world.user_ids[number % len(world.user_ids)])
        client = applications[number % len(applications)]
        # Signing says the same twice within a second; another scope order makes the token another one.
        scope = (*SCOPE, f"read:things{number}") if audience is None else _scope(number)
        tokens.append(
            [await world.access_token(client, user, audience, scope), user.user_id if user is not None else ""]
        )
    assert len({token for token, _ in tokens}) == many, "tokens repeat"
    return {"tokens": tokens}


def _scope(number: int) -> tuple[str, ...]:
    """One of many scopes that all open the same claims."""
    extra = ("read:things", "write:things", "delete:things", "phone", "address", "nickname", "name")
    return (*SCOPE, *(scope for bit, scope in enumerate(extra) if number >> bit & 1))


class Userinfo(Requests):
    """The token comes in the header."""

    def prepare(self) -> None:
        self.requests = around([get("/userinfo", Authorization=f"Bearer {t}") for t, _ in self.seed["tokens"]])

    def next(self) -> tuple[bytes, Any] | None:
        return next(self.requests)

    def check(self, headers: Mapping[str, str], body: bytes, token: Any) -> None:
        claims = json.loads(body)
        assert claims["sub"] == self.seed["tokens"][token][1], claims
        assert claims["email"].endswith("@people.bench"), claims


OPAQUE = Trip(
    name="userinfo_opaque", title="userinfo, opaque token, first sight", seed=opaque, requests=Userinfo,
    gate=140, aim=90,
)  # fmt: skip
JWT = Trip(
    name="userinfo_jwt", title="userinfo, JWT, first sight", seed=jwt, requests=Userinfo, gate=190, aim=130,
)  # fmt: skip
JWT_AGAIN = Trip(
    name="userinfo_jwt_seen", title="userinfo, JWT, seen before", seed=jwt_again, requests=Userinfo,
    gate=130, aim=80,
)  # fmt: skip
