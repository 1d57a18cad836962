"""``/api/v2/clients``: a thousand clients in turn read, changed and listed, by a machine that calls often."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

from bench.trips.trip import Requests, Seed, Trip, around, get, patch
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


class ListClients(GetClient):
    """Pages of a hundred."""

    def prepare(self) -> None:
        bearer = f"Bearer {self.seed['token']}"
        pages = [f"/api/v2/clients?is_global=false&page={page}&per_page=100" for page in range(10)]
        self.requests = around([get(page, Authorization=bearer) for page in pages])

    def check(self, headers: Mapping[str, str], body: bytes, token: Any) -> None:
        listed = [client["client_id"] for client in json.loads(body)]
        assert len(listed) == 100, len(listed)
        assert listed[0] == self.seed["clients"][token * 100], listed[0]


class PatchClient(GetClient):
    """Each change is another."""

    def prepare(self) -> None:
        self.numbers = itertools.count()

    def next(self) -> tuple[bytes, Any] | None:
        number = next(self.numbers)
        token = number % len(self.seed["clients"])
        body = {"description": f"Change {number}", "callbacks": [f"https://app.bench/{number}"]}
        path = f"/api/v2/clients/{self.seed['clients'][token]}"
        return patch(path, body, Authorization=f"Bearer {self.seed['token']}"), token


GET_CLIENT = Trip(
    name="management_get_client",
    title="Management API, GET client",
    seed=seed,
    requests=GetClient,
    gate=170,
    aim=110,
)
LIST_CLIENTS = Trip(
    name="management_list_clients",
    title="Management API, list of 100 clients",
    seed=seed,
    requests=ListClients,
    gate=2000,
    aim=1300,
)
PATCH_CLIENT = Trip(
    name="management_patch_client",
    title="Management API, PATCH client",
    seed=seed,
    requests=PatchClient,
    gate=600,
    aim=400,
    durable=True,
)
