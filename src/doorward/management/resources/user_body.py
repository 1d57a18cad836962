"""What the body of a user may hold: ``POST /users`` and ``PATCH /users/{id}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.management.kit.errors import invalid_body
from doorward.management.kit.schema import BOOLEAN, OBJECT, Record, Rule, record, text

_names: dict[str, Rule] = {
    "given_name": text(min=1, max=150),
    "family_name": text(min=1, max=150),
    "name": text(min=1, max=300),
    "nickname": text(min=1, max=300),
    "picture": text(format="strict-uri"),
}
_identifiers: dict[str, Rule] = {
    "email": text(format="email"),
    "phone_number": text(pattern=r"\+[0-9]{1,15}"),
    "username": text(min=1, max=128),
}
_shared: dict[str, Rule] = {
    **_names,
    **_identifiers,
    "password": text(min=1, max=4096),
    "connection": text(min=1, max=128),
    "user_metadata": OBJECT,
    "app_metadata": OBJECT,
    "blocked": BOOLEAN,
    "email_verified": BOOLEAN,
    "phone_verified": BOOLEAN,
    "verify_email": BOOLEAN,
}
# A subject that ends like this is a client.
CREATE = record({**_shared, "user_id": text(max=255, pattern=r"\S*(?<!@clients)")}, required=("connection",))
UPDATE: Record = record(
    {
        **_shared,
        **{name: rule.or_null for name, rule in {**_names, **_identifiers}.items()},
        "client_id": text(min=1, max=64),
        "verify_phone_number": BOOLEAN,
        "verify_password": BOOLEAN,
    }
)
NAMES = tuple(_names)
IDENTIFIERS = tuple(_identifiers)
# Names app_metadata may not use, since they stand for the user's own properties.
RESERVED = frozenset(
    (
        "__tenant", "_id", "blocked", "clientID", "created_at", "email_verified", "email", "globalClientID",
        "global_client_id", "identities", "lastIP", "lastLogin", "loginsCount", "metadata",
        "multifactor_last_modified", "multifactor", "updated_at", "user_id",
    )
)  # fmt: skip


def check_app_metadata(metadata: Mapping[str, Any]) -> None:
    """Raises ``ApiError`` (400) for a reserved name."""
    for name in metadata:
        if name in RESERVED:
            raise invalid_body(f"app_metadata may not have the property {name}")
