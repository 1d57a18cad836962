"""``GET /api/v2/clients/{id}``: a thousand clients in turn, by a machine that calls often."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bench.trips.trip import Requests, Seed, Trip, around, get
from bench.world import World


async def seed(world: World) -> Seed:
    token = await world.access_token(world.operator, None, f"{world.issuer}api/v2/", ())
    return {"token": token, "clients": [client.client_id for client in world.machines]}


class GetClient(Requests):
    def prepare(self) -> None:
        bearer = f"Bearer {self.seed['token']}"
        self.requests = around([get(f"/api/v2/clients/{id_}", Authorization=bearer) for id_ in self.seed["clients"]])

    def next(self) -> tuple[bytes, Any] | None:
        return next(self.requests)

    def check(self, headers: Mapping[str, str], body: bytes, token: Any) -> None:
        client = json.loads(body)
        assert client["client_id"] == self.seed["clients"][token], client
        assert len(client["client_secret"]) >= 48, "the secret is missing"


TRIP = Trip(
    name="management_get_client",
    title="Management API, GET client",
    seed=seed,
    requests=GetClient,
    gate=170,
    aim=110,
)
