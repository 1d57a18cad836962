"""``POST /oauth/token`` by a machine: a thousand clients in turn, secret in the body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bench.trips.trip import Requests, Seed, Trip, around, check_hs256, check_rs256, post
from bench.world import API, API_HS256, World


async def seed(world: World) -> Seed:
    return {
        "clients": world.credentials(world.machines),
        "certificate": world.certificate,
        "secret": world.directory.resource_servers[API_HS256].signing_secret,
    }


class ClientCredentials(Requests):
    """RS256: the signature is the larger part."""

    audience = API

    def prepare(self) -> None:
        name = "audience" if self.server == "doorward" else "resource"
        self.requests = around(
            [
                post(
                    "/oauth/token" if self.server == "doorward" else "/token",
                    {
                        "grant_type": "client_credentials",
                        "client_id": client_id,
                        "client_secret": secret,
                        name: self.audience,
                        "scope": "read:things",
                    },
                )
                for client_id, secret in self.seed["clients"]
            ]
        )

    def next(self) -> tuple[bytes, Any] | None:
        return next(self.requests)

    def check(self, headers: Mapping[str, str], body: bytes, token: Any) -> None:
        answer = json.loads(body)
        client_id = self.seed["clients"][token][0]
        assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 86400), answer
        assert answer["scope"] == "read:things", answer
        self.check_token(answer["access_token"], client_id)

    def check_token(self, token: str, client_id: str) -> None:
        claims = check_rs256(token, self.seed["certificate" if self.server == "doorward" else "peer_key"])
        assert claims["aud"] == self.audience, claims
        assert client_id in (claims.get("azp"), claims.get("client_id")), claims


class WithoutTheSignature(ClientCredentials):
    """HS256: everything but the RSA signature. A peer gives its cheapest token instead."""

    audience = API_HS256

    def check_token(self, token: str, client_id: str) -> None:
        if self.server == "doorward":
            claims = check_hs256(token, self.seed["secret"])
            assert (claims["azp"], claims["aud"]) == (client_id, self.audience), claims
        else:
            assert len(token) > 20, token


RS256 = Trip(
    name="client_credentials",
    title="client_credentials, RS256",
    seed=seed,
    requests=ClientCredentials,
    signatures=1,
    gate=130,
    aim=70,
    peers={"node-oidc-provider": "RS256 JWT"},
)
HS256 = Trip(
    name="client_credentials_hs256",
    title="client_credentials, HS256",
    seed=seed,
    requests=WithoutTheSignature,
    gate=150,
    aim=100,
    peers={"node-oidc-provider": "opaque token, its cheapest"},
)
