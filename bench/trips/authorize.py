"""``GET /authorize`` by a browser that has a session: a code comes back at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.trips.trip import Requests, Seed, Trip, challenge, get
from bench.world import API, CALLBACK, DATABASE, HOST, World, together
from doorward.model.digest import digest
from doorward.model.session import LoginTransaction, Session, SignIn

SESSIONS = 2000


async def seed(world: World) -> Seed:
    cookies = []
    sessions = []
    for number in range(SESSIONS):
        cookie = world.ports.entropy.token(32)
        now = world.now
        cookies.append(cookie)
        sessions.append(
            Session(
                sid=world.ports.entropy.token(24),
                cookie_hash=digest(cookie),
                host=HOST,
                user_id=world.user_ids[number % len(world.user_ids)],
                connection=DATABASE,
                authenticated_at=now,
                created_at=now,
                last_interacted_at=now,
                idle_expires_at=now + 86400,
                expires_at=now + 7 * 86400,
                idle_lifetime=3 * 86400,
            )
        )
    await together(_sign_in(world, session) for session in sessions)
    return {"cookies": cookies, "applications": [client.client_id for client in world.applications]}


async def _sign_in(world: World, session: Session) -> None:
    waiting = LoginTransaction(
        id_hash=session.cookie_hash,
        browser_hash=session.cookie_hash,
        host=HOST,
        client_id="",
        parameters={},
        created_at=world.now,
        expires_at=world.now,
    )
    await world.ports.transactions.start(HOST, waiting)
    await world.ports.transactions.advance(HOST, waiting, sign_in=SignIn(session=session))


class Authorize(Requests):
    """Another session, application, state, nonce and challenge with every request."""

    status = 302

    def prepare(self) -> None:
        self.count = 0

    def next(self) -> tuple[bytes, Any] | None:
        self.count += 1
        applications, cookies = self.seed["applications"], self.seed["cookies"]
        state = f"{self.count:08x}{os.urandom(8).hex()}"
        asked = {
            "client_id": applications[self.count % len(applications)], "response_type": "code",
            "redirect_uri": CALLBACK, "scope": "openid profile email read:things", "audience": API,
            "state": state, "nonce": state[::-1], "code_challenge": challenge(state), "code_challenge_method": "S256",
        }  # fmt: skip
        cookie = f"auth0={cookies[self.count % len(cookies)]}"
        return get(f"/authorize?{urlencode(asked)}", Cookie=cookie), state

    def check(self, headers: Mapping[str, str], body: bytes, token: Any) -> None:
        location = headers["location"]
        assert location.startswith(CALLBACK), location
        answer = parse_qs(urlsplit(location).query)
        assert answer["state"] == [token], location
        assert len(answer["code"][0]) >= 43, location


TRIP = Trip(
    name="authorize_session",
    title="authorize with a session, code issued",
    seed=seed,
    requests=Authorize,
    gate=320,
    aim=200,
    durable=True,
)
