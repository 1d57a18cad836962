"""One row of an import: what it may hold, and the user it stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from doorward.identity.signup import identifiers_of, with_defaults
from doorward.management.kit.bodies import check_storable
from doorward.management.kit.errors import ApiError
from doorward.management.kit.schema import BOOLEAN, OBJECT, Unfit, items, record, text
from doorward.management.kit.wire import same_moment
from doorward.management.kit.writing import REDACTED, redact
from doorward.management.resources.authentication_methods import PREFERRED, SECRET
from doorward.management.resources.user_body import CREATE, IDENTIFIERS, NAMES, RESERVED
from doorward.management.users_import.password_hash import (
    HASHES,
    stored_password,
)
from doorward.model.authentication_method import AuthenticationMethod, MethodType
from doorward.model.connection import DATABASE_STRATEGY, Connection
from doorward.model.identifiers import new_id
from doorward.model.job import JobError
from doorward.model.user import Identifiers, Password, User
from doorward.ports import Entropy

SHOWN_TEXT = 2000
ROW = record(
    {
        **{name: CREATE.properties[name] for name in (*IDENTIFIERS, *NAMES, "user_id")},
        "email_verified": BOOLEAN,
        "phone_verified": BOOLEAN,
        "blocked": BOOLEAN,
        "user_metadata": OBJECT,
        "app_metadata": OBJECT,
        **HASHES,
        "password_set_date": text(format="date-time"),
        "mfa_factors": items(
            record(
                {
                    "totp": record({"secret": text(max=1024, pattern="[A-Z2-7]+", secret=True)}, required=("secret",)),
                    "phone": record({"value": CREATE.properties["phone_number"]}, required=("value",)),
                    "email": record({"value": CREATE.properties["email"]}, required=("value",)),
                }
            ),
            min=1,
            max=10,
        ),
    }
)
# Attributes an import with ``upsert`` may change.
UPSERTED = (*NAMES, "email_verified")


class ImportedUser(Struct, frozen=True, kw_only=True):
    """A row that can be imported. ``given`` is the row; ``named`` are its identifiers, normalised, by the field of
    ``model.job.KnownUser``."""

    position: int
    given: Mapping[str, Any]
    user: User
    identifiers: Identifiers
    password: Password | None
    methods: Sequence[AuthenticationMethod]
    named: Mapping[str, str]


def read_user(given: Any, position: int, connection: Connection, at: float, id_: str, entropy: Entropy) -> ImportedUser:
    """The user of a row, as it is when nobody has its identifiers yet; ``id_`` is for one that names none.

    Raises ``Unfit``.
    """
    try:
        check_storable(given)
    except ApiError as error:
        raise Unfit(error.message, "") from None
    ROW.check(given, "")
    _check_identifiers(given, connection)
    for name in given.get("app_metadata", ()):
        if name in RESERVED:
            raise Unfit(f"app_metadata may not have the property {name}", "app_metadata")
    profile = {name: given[name] for name in (*IDENTIFIERS, *NAMES) if name in given}
    if "email" in profile:
        profile |= {"email": profile["email"].lower(), "email_verified": given.get("email_verified", False)}
    if "phone_number" in profile:
        profile["phone_verified"] = given.get("phone_verified", False)
    if "password_set_date" in given:
        profile["last_password_reset"] = same_moment(given["password_set_date"])
    local = given.get("user_id") or id_
    profile = with_defaults(profile)
    identifiers = identifiers_of(profile)
    named = {name: value for name in IDENTIFIERS if (value := getattr(identifiers, name)) is not None}
    if "user_id" in given:
        named["user_id"] = local
    user_id = f"{DATABASE_STRATEGY}|{local}"
    return ImportedUser(
        position=position,
        given=given,
        user=User(
            user_id=user_id,
            connection=connection.name,
            profile=profile,
            user_metadata=_without_nulls(given.get("user_metadata", {})),
            app_metadata=_without_nulls(given.get("app_metadata", {})),
            identities=(
                {"connection": connection.name, "user_id": local, "provider": DATABASE_STRATEGY, "isSocial": False},
            ),
            blocked=given.get("blocked", False),
            created_at=at,
            updated_at=at,
        ),
        identifiers=identifiers,
        password=_password(given, at),
        methods=_methods(given.get("mfa_factors", ()), user_id, at, entropy),
        named=named,
    )


def updated(before: User, row: ImportedUser) -> User:
    """A user who was there, with what a row may change; metadata is replaced as a whole."""
    profile = {**before.profile, **{name: row.given[name] for name in UPSERTED if name in row.given}}
    changed = msgspec.structs.replace(before, profile=profile, updated_at=row.user.updated_at)
    if "user_metadata" in row.given:
        changed = msgspec.structs.replace(changed, user_metadata=row.user.user_metadata)
    if "app_metadata" in row.given:
        changed = msgspec.structs.replace(changed, app_metadata=row.user.app_metadata)
    return changed


def failed(position: int, given: Any, code: str, message: str, path: str = "") -> JobError:
    """What is told of a row that was not imported."""
    error = {"code": code, "message": message, **({"path": path} if path else {})}
    return JobError(position=position, user=shown(given), errors=(error,))


def unfit(position: int, given: Any, error: Unfit) -> JobError:
    message = f"Error in {error.path} property - {error.what}" if error.path else error.what
    return failed(position, given, error.code, message, error.path)


def shown(given: Any) -> dict[str, Any]:
    """The row without what is secret in it."""
    if not isinstance(given, dict):
        return {}
    try:
        check_storable(given)
    except ApiError:
        return {}
    told: dict[str, Any] = redact({name: value for name, value in given.items() if name != "custom_password_hash"})
    if "custom_password_hash" in given:
        told["custom_password_hash"] = _masked(given["custom_password_hash"])
    if "mfa_factors" in given:
        told["mfa_factors"] = _masked(given["mfa_factors"], ("value",))
    return told


def _masked(value: Any, kept: tuple[str, ...] = ("algorithm", "encoding", "digest", "position")) -> Any:
    """The shape of it, and nothing else but what ``kept`` names."""
    if isinstance(value, dict):
        return {name: item if name in kept else _masked(item, kept) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, kept) for item in value]
    return REDACTED if isinstance(value, str) else value


def _check_identifiers(given: Mapping[str, Any], connection: Connection) -> None:
    """As a connection asks, but for the user name: there are people without one."""
    for name in connection.required_identifiers:
        if name != "username" and not given.get(name):
            raise Unfit(f"Missing required property: {name}", "", code="OBJECT_REQUIRED")
    if not any(given.get(name) for name in IDENTIFIERS):
        raise Unfit("A user needs an email, a username or a phone_number", "", code="ANY_OF_MISSING")


def _password(given: Mapping[str, Any], at: float) -> Password | None:
    stored = stored_password(given)
    if "password_set_date" in given:
        at = datetime.fromisoformat(given["password_set_date"]).timestamp()
    return Password(hash=stored, set_at=at) if stored is not None else None


def _methods(
    factors: Sequence[Mapping[str, Any]], user_id: str, at: float, entropy: Entropy
) -> list[AuthenticationMethod]:
    """The second factors of a row. Raises ``Unfit``."""
    methods: list[AuthenticationMethod] = []
    for index, factor in enumerate(factors):
        path = f"mfa_factors[{index}]"
        if len(factor) != 1:
            raise Unfit("A factor is one of totp, phone and email", path, code="MFA_FACTORS_FAILED")
        ((name, about),) = factor.items()
        properties: dict[str, Any] = {}
        if name == "phone":
            properties = {"phone_number": about["value"], PREFERRED: "sms"}
        elif name == "email":
            properties = {"email": about["value"]}
        method = AuthenticationMethod(
            id=new_id(entropy, "dev_"),
            user_id=user_id,
            type=MethodType(name),
            created_at=at,
            properties=properties,
            secrets={SECRET: about["secret"]} if name == "totp" else {},
        )
        if any(method.key == other.key for other in methods):
            raise Unfit("A factor is given twice", path, code="MFA_FACTORS_FAILED")
        methods.append(method)
    return methods


def _without_nulls(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if value is not None}
