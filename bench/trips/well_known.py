"""The two public documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bench.trips.trip import Requests, Seed, Trip, get
from bench.world import World


async def seed(world: World) -> Seed:
    return {"issuer": world.issuer}


class KeySet(Requests):
    path = "/.well-known/jwks.json"

    def prepare(self) -> None:
        self.request = get(self.path)

    def next(self) -> tuple[bytes, Any] | None:
        return self.request, None

    def check(self, headers: Mapping[str, str], body: bytes, token: Any) -> None:
        assert len(json.loads(body)["keys"]) == 2, body


class Discovery(KeySet):
    path = "/.well-known/openid-configuration"

    def check(self, headers: Mapping[str, str], body: bytes, token: Any) -> None:
        assert json.loads(body)["issuer"] == self.seed["issuer"], body


KEYS = Trip(name="jwks", title="key set", seed=seed, requests=KeySet, gate=60, aim=40)
METADATA = Trip(name="discovery", title="discovery", seed=seed, requests=Discovery, gate=60, aim=40)
