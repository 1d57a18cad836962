"""Ports that answer and change nothing: what lets explain walk the real path.

A verb that only reads passes through. One that writes on the way to a decision (a burnt code, a counted
replay, a log entry) is answered as if it had worked. Every other verb fails loudly, so nothing that is
added to a port later can slip into a dry run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import msgspec

from doorward.model.authentication import Denial, PasswordOutcome
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.credential import RefreshToken
from doorward.model.directory import TenantDirectory
from doorward.model.mfa import Outcome
from doorward.model.request_context import RequestContext
from doorward.model.user import NORMALISED, User
from doorward.oauth.login_assessment import NoAssessment
from doorward.ports import Authenticator, Ports, Users

_READS: dict[str, frozenset[str]] = {
    "directory": frozenset({"issuer", "tenant", "tenants"}),
    "codes": frozenset({"find"}),
    "refresh_tokens": frozenset({"find"}),
    "pushed_requests": frozenset({"find"}),
    "one_time_values": frozenset({"used"}),
    "users": frozenset({"find", "find_by_identifier", "access"}),
    "sessions": frozenset({"find"}),
    "transactions": frozenset({"find"}),
    "challenges": frozenset(),
    "authentication_methods": frozenset({"of_user"}),
    "remembered_browsers": frozenset({"knows"}),
    "consents": frozenset({"find"}),
    "attempts": frozenset({"count"}),
    "log": frozenset(),
    "second_factors": frozenset({"standing"}),
    "passkeys": frozenset(),
    "keys": frozenset(),
    "passwords": frozenset(),
}
_PRETENDED: dict[str, dict[str, Any]] = {
    "codes": {"spend": True, "revoke_issued": None},
    "one_time_values": {"use": True},
    "second_factors": {
        "prove_otp": Outcome.RIGHT,
        "enroll_otp": Outcome.RIGHT,
        "prove_code": Outcome.RIGHT,
        "enroll_address": Outcome.RIGHT,
        "prove_recovery_code": Outcome.RIGHT,
        "recovery_code": None,
    },
}


class ReadOnly:
    """A port with its reading verbs alone; ``pretended`` verbs return their value, ``instead`` verbs are replaced."""

    def __init__(
        self,
        port: object,
        reads: frozenset[str],
        pretended: Mapping[str, Any],
        instead: Mapping[str, Callable[..., Awaitable[Any]]],
    ) -> None:
        self._port = port
        self._reads = reads
        self._pretended = pretended
        self._instead = instead

    def __getattr__(self, verb: str) -> Any:
        if verb in self._instead:
            return self._instead[verb]
        if verb in self._reads:
            return getattr(self._port, verb)
        if verb in self._pretended:
            value = self._pretended[verb]

            async def pretend(*_: object, **__: object) -> Any:
                return value

            return pretend
        raise LookupError(f"{verb} has no place in a dry run")


class TrustingAuthenticator:
    """``ports.Authenticator`` that finds the person and takes the password to be right.

    Checking it would let a reader of the log try passwords past the lock-out.
    """

    def __init__(self, real: Authenticator, person: User | None) -> None:
        self._real = real
        self._person = person

    async def identify(self, directory: TenantDirectory, connection: Connection, username: str) -> User | None:
        return self._person or await self._real.identify(directory, connection, username)

    async def password(
        self,
        directory: TenantDirectory,
        connection: Connection,
        username: str,
        password: str,
        context: RequestContext,
        *,
        verified: bool = False,
    ) -> PasswordOutcome:
        user = await self.identify(directory, connection, username)
        if user is None:
            return PasswordOutcome(denial=Denial.WRONG_CREDENTIALS)
        if user.blocked:
            return PasswordOutcome(denial=Denial.USER_BLOCKED)
        return PasswordOutcome(user=user)


class TrustingCodes:
    """``ports.CodeAuthenticator`` that finds the person and takes the code to be right, for the same reason."""

    def __init__(self, users: Users, person: User | None) -> None:
        self._users = users
        self._person = person

    async def code(
        self,
        directory: TenantDirectory,
        connection: Connection,
        client: Client,
        username: str,
        code: str,
        context: RequestContext,
    ) -> PasswordOutcome:
        field, normalise = connection.address_field, NORMALISED[connection.address_field]
        found = await self._users.find_by_identifier(directory.tenant.id, connection.name, field, normalise(username))
        user = self._person or (found[0] if found is not None else None)
        if user is None:
            return PasswordOutcome(denial=Denial.WRONG_CREDENTIALS)
        if user.blocked:
            return PasswordOutcome(denial=Denial.USER_BLOCKED)
        return PasswordOutcome(user=user, connection=connection.name)


def dry_run(ports: Ports, *, person: User | None = None, refresh_token: RefreshToken | None = None) -> Ports:
    """``ports`` without their writing verbs.

    ``person`` is who signs in with whatever password, and whom their user id finds; ``refresh_token`` is one that
    was never issued and is found all the same.
    """

    async def find_user(tenant: str, user_id: str) -> User | None:
        if person is not None and user_id == person.user_id:
            return person
        return await ports.users.find(tenant, user_id)

    async def find_token(tenant: str, token_hash: bytes) -> RefreshToken | None:
        if refresh_token is not None and token_hash == refresh_token.token_hash:
            return refresh_token
        return await ports.refresh_tokens.find(tenant, token_hash)

    instead: dict[str, dict[str, Callable[..., Awaitable[Any]]]] = {
        "users": {"find": find_user},
        "refresh_tokens": {"find": find_token},
    }
    wrapped = {
        name: cast("Any", ReadOnly(getattr(ports, name), reads, _PRETENDED.get(name, {}), instead.get(name, {})))
        for name, reads in _READS.items()
    }
    authenticator = TrustingAuthenticator(ports.authenticator, person)
    return msgspec.structs.replace(
        ports,
        **wrapped,
        authenticator=authenticator,
        passwordless=TrustingCodes(ports.users, person),
        login_assessor=NoAssessment(),
    )
