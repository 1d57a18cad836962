"""Users put straight into storage, for rooms that only need them to exist."""

from __future__ import annotations

import itertools
from typing import Any

from doorward.management.new_tenant import DEFAULT_CONNECTION
from doorward.model.user import Identifiers, User

from .conftest import A, House

_numbers = itertools.count(1)


async def add_user(house: House, tenant: str = A, **properties: Any) -> str:
    """A database user with an address of its own; returns the user id."""
    number = next(_numbers)
    email = properties.pop("email", f"user{number}@example.test")
    profile = {"email": email, "name": f"User {number}", "picture": "https://example.test/p.png"}
    identity = {"connection": DEFAULT_CONNECTION, "provider": "auth0", "user_id": f"{number:024x}"}
    user = User(
        user_id=properties.pop("user_id", f"auth0|{number:024x}"),
        connection=DEFAULT_CONNECTION,
        profile=profile,
        identities=properties.pop("identities", (identity,)),
        **properties,
    )
    await house.ports.users.create(tenant, user, Identifiers(email=email), None, events=())
    return user.user_id
