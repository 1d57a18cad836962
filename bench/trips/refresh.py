"""``POST /oauth/token`` with a rotating refresh token: four thousand families, each its own chain."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from bench.trips.trip import Requests, Seed, Trip, check_rs256, post
from bench.world import API, HOST, World, together
from doorward.model.credential import RefreshToken
from doorward.model.digest import digest

FAMILIES = 4000
TOKEN = re.compile(rb'"refresh_token":"([^"]+)"')


async def with_openid(world: World) -> Seed:
    return await seed(world, ("openid", "profile", "email", "read:things", "offline_access"))


async def without_openid(world: World) -> Seed:
    return await seed(world, ("read:things", "offline_access"))


async def seed(world: World, scope: tuple[str, ...]) -> Seed:
    applications = world.credentials(world.applications)
    tokens = []
    made = []
    for number in range(FAMILIES):
        secret = "v1." + world.ports.entropy.token(48)
        application = number % len(applications)
        made.append(_token(world, secret, applications[application][0], number, scope))
        tokens.append([secret, application])
    await together(world.ports.refresh_tokens.issue(HOST, token, keep=200, events=()) for token in made)
    return {
        "tokens": tokens,
        "applications": applications,
        "certificate": world.certificate,
        "openid": "openid" in scope,
    }


def _token(world: World, secret: str, client_id: str, number: int, scope: tuple[str, ...]) -> RefreshToken:
    return RefreshToken(
        token_hash=digest(secret),
        family=world.ports.entropy.token(16),
        generation=0,
        client_id=client_id,
        user_id=world.user_ids[number % len(world.user_ids)],
        host=HOST,
        audience=API,
        scope=scope,
        granted={},
        issued_at=world.now,
        rotating=True,
        session_sid=world.ports.entropy.token(24),
        expires_at=world.now + 86400,
        idle_expires_at=world.now + 86400,
    )


class Refresh(Requests):
    """Every answer's token goes to the end of the queue."""

    def prepare(self) -> None:
        self.tokens: deque[tuple[str, int]] = deque((secret, number) for secret, number in self.seed["tokens"])

    def next(self) -> tuple[bytes, Any] | None:
        secret, application = self.tokens.popleft()
        client_id, client_secret = self.seed["applications"][application]
        form = {
            "grant_type": "refresh_token", "client_id": client_id, "client_secret": client_secret,
            "refresh_token": secret,
        }  # fmt: skip
        return post("/oauth/token", form), application

    def took(self, answer: bytes, token: Any) -> None:
        found = TOKEN.search(answer)
        assert found is not None, answer
        self.tokens.append((found[1].decode(), token))

    def check(self, headers: Mapping[str, str], body: bytes, token: Any) -> None:
        answer = json.loads(body)
        client_id = self.seed["applications"][token][0]
        claims = check_rs256(answer["access_token"], self.seed["certificate"])
        assert claims["azp"] == client_id, claims
        assert ("id_token" in answer) == self.seed["openid"], answer
        if self.seed["openid"]:
            assert check_rs256(answer["id_token"], self.seed["certificate"])["aud"] == client_id


WITH_OPENID = Trip(
    name="refresh_openid",
    title="refresh rotation, access and ID token",
    seed=with_openid,
    requests=Refresh,
    signatures=2,
    gate=280,
    aim=180,
    durable=True,
)
WITHOUT_OPENID = Trip(
    name="refresh",
    title="refresh rotation, access token",
    seed=without_openid,
    requests=Refresh,
    signatures=1,
    gate=260,
    aim=170,
    durable=True,
)
