"""``POST /oauth/token`` with a code and its PKCE verifier: access token and ID token, each code used once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bench.trips.trip import Requests, Seed, Trip, challenge, check_rs256, post
from bench.world import API, CALLBACK, HOST, World, together
from doorward.model.credential import AuthorizationCode
from doorward.model.digest import digest

CODES = 24_000
SCOPE = ("openid", "profile", "email", "read:things")


async def seed(world: World) -> Seed:
    applications = world.credentials(world.applications)
    codes = [_code(number, world, applications) for number in range(CODES)]
    await together(
        world.ports.codes.issue(HOST, made, session=None, consent=None, transaction=None, events=())
        for made, _ in codes
    )
    return {"codes": [sent for _, sent in codes], "applications": applications, "certificate": world.certificate}


def _code(number: int, world: World, applications: list[list[str]]) -> tuple[AuthorizationCode, list[Any]]:
    value, verifier = world.ports.entropy.token(32), world.ports.entropy.token(32)
    application = number % len(applications)
    user_id = world.user_ids[number % len(world.user_ids)]
    code = AuthorizationCode(
        code_hash=digest(value),
        client_id=applications[application][0],
        user_id=user_id,
        host=HOST,
        redirect_uri=CALLBACK,
        created_at=world.now,
        expires_at=world.now + 86400,
        granted={
            "requested": SCOPE,
            "audience": API,
            "sid": world.ports.entropy.token(24),
            "nonce": world.ports.entropy.token(16),
        },
        code_challenge=challenge(verifier),
        code_challenge_method="S256",
    )
    return code, [value, verifier, application, user_id]


class CodeExchange(Requests):
    """Stops when every code was used."""

    def prepare(self) -> None:
        self.codes = iter(self.seed["codes"])

    def next(self) -> tuple[bytes, Any] | None:
        code = next(self.codes, None)
        if code is None:
            return None
        value, verifier, application, _ = code
        client_id, secret = self.seed["applications"][application]
        form = {
            "grant_type": "authorization_code", "client_id": client_id, "client_secret": secret, "code": value,
            "redirect_uri": CALLBACK, "code_verifier": verifier,
        }  # fmt: skip
        return post("/oauth/token", form), code

    def check(self, headers: Mapping[str, str], body: bytes, token: Any) -> None:
        answer = json.loads(body)
        _, _, application, user_id = token
        client_id = self.seed["applications"][application][0]
        access = check_rs256(answer["access_token"], self.seed["certificate"])
        identity = check_rs256(answer["id_token"], self.seed["certificate"])
        assert (access["sub"], access["azp"], identity["aud"]) == (user_id, client_id, client_id), (access, identity)
        assert access["aud"][0] == API, access
        assert identity["email"].endswith("@people.bench"), identity


TRIP = Trip(
    name="code_exchange",
    title="code exchange, access and ID token",
    seed=seed,
    requests=CodeExchange,
    signatures=2,
    gate=280,
    aim=180,
    durable=True,
)
