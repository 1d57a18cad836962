"""``POST /u/login/password``: the right password on the login page, hashed, and a session begun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bench.trips.trip import Requests, Seed, Trip, challenge, post
from bench.world import API, CALLBACK, DATABASE, HOST, World, together
from doorward.model.digest import digest
from doorward.model.session import LoginTransaction
from doorward.model.user import Identifiers, Password, User

PEOPLE, LOGINS = 200, 3000
PASSWORD = "correct horse battery staple"


async def seed(world: World) -> Seed:
    hashed = Password(hash=await world.ports.passwords.hash(PASSWORD), set_at=world.now)
    await together(_person(world, number, hashed) for number in range(PEOPLE))
    logins = [[world.ports.entropy.token(32), world.ports.entropy.token(32)] for _ in range(LOGINS)]
    await together(_begin(world, number, *login) for number, login in enumerate(logins))
    return {"logins": logins}


def email(number: int) -> str:
    return f"somebody{number % PEOPLE}@people.bench"


async def _person(world: World, number: int, password: Password) -> None:
    local = f"{PEOPLE + number:024x}"
    user = User(
        user_id=f"auth0|b{local}",
        connection=DATABASE,
        profile={"email": email(number), "email_verified": True, "name": f"Somebody {number}"},
        identities=({"connection": DATABASE, "provider": "auth0", "user_id": f"b{local}", "isSocial": False},),
        created_at=world.now,
        updated_at=world.now,
    )
    await world.ports.users.create(HOST, user, Identifiers(email=email(number)), password, events=())


async def _begin(world: World, number: int, state: str, cookie: str) -> None:
    application = world.applications[number % len(world.applications)]
    await world.ports.transactions.start(
        HOST,
        LoginTransaction(
            id_hash=digest(state),
            browser_hash=digest(cookie),
            host=HOST,
            client_id=application.client_id,
            parameters={
                "client_id": application.client_id, "response_type": "code", "redirect_uri": CALLBACK,
                "scope": "openid profile email", "audience": API, "code_challenge": challenge(cookie),
                "code_challenge_method": "S256",
            },
            created_at=world.now,
            expires_at=world.now + 86400,
            username=email(number),
        ),
    )  # fmt: skip


class LoginPassword(Requests):
    """Every login once, each in a browser of its own. Stops when every one is used."""

    status = 302

    def prepare(self) -> None:
        self.logins = enumerate(self.seed["logins"])

    def next(self) -> tuple[bytes, Any] | None:
        number, (state, cookie) = next(self.logins, (0, (None, None)))
        if state is None:
            return None
        form = {"state": state, "username": email(number), "password": PASSWORD, "action": "default"}
        headers = {"Cookie": f"__Host-doorward_transaction={cookie}", "Origin": f"https://{HOST}"}
        return post(f"/u/login/password?state={quote(state)}", form, **headers), state

    def check(self, headers: Mapping[str, str], body: bytes, token: Any) -> None:
        assert headers["location"] == f"/authorize/resume?state={quote(token)}", headers
        assert headers["set-cookie"].startswith("auth0"), headers


TRIP = Trip(
    name="login_password",
    title="login page, password and session",
    seed=seed,
    requests=LoginPassword,
    hashes=True,
    gate=600,
    aim=400,
    durable=True,
)
