"""Jobs, and the users an import writes: many rows to a transaction, the job's state with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from doorward.backends.storage.authentication_methods import StoredAuthenticationMethods
from doorward.backends.storage.database import Database, Query, Verb
from doorward.backends.storage.decided import still_there
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.users import (
    COLUMNS,
    account_of,
    identity_of,
    insert_terms,
    set_password,
    update_account,
    user_of,
)
from doorward.identity.password_policy import policy_of
from doorward.model.connection import DATABASE_STRATEGY, Connection
from doorward.model.job import FAILED, ImportBatch, Job, JobError, KnownUser, NewUser
from doorward.model.log_event import LogEvent
from doorward.ports import Conflict

KEPT_SECONDS = 24 * 3600.0
DIED = "The server that worked on this job ended before the job did"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Job).decode
_decode_error = msgspec.json.Decoder(JobError).decode

# Whoever holds this row waits for nobody else to count jobs.
LOCK = "UPDATE tenant SET revision = revision WHERE id = :tenant"
UNDER_WAY = """
SELECT count(*) FROM job WHERE tenant = :tenant AND type = :type AND status = 'pending' AND alive_until > :at"""
INSERT = """
INSERT INTO job (tenant, id, type, status, alive_until, expires_at, document)
VALUES (:tenant, :id, :type, :status, :alive_until, :expires_at, :document)"""
FIND = "SELECT document FROM job WHERE tenant = :tenant AND id = :id AND expires_at > :at"
ADVANCE = """
UPDATE job SET status = :status, alive_until = :alive_until, document = :document
WHERE tenant = :tenant AND id = :id AND status = 'pending' RETURNING id"""
PENDING = "SELECT document FROM job WHERE tenant = :tenant AND id = :id AND status = 'pending'"
ERRORS = "SELECT document FROM job_error WHERE tenant = :tenant AND job_id = :id ORDER BY position"
# Roles and permissions are none of an import's business.
KNOWN = f"""
SELECT {COLUMNS}, NULL, NULL, d.identity_id, i.value
FROM user_identifier i
JOIN user_identity d ON d.tenant = i.tenant AND d.provider = i.provider AND d.identity_id = i.identity_id
JOIN user_account u ON u.tenant = d.tenant AND u.user_id = d.user_id
WHERE i.tenant = :tenant AND i.connection = :connection AND i.field = :field AND i.value IN {{each}}"""  # noqa: S608
KNOWN_IDS = f"""
SELECT {COLUMNS}, NULL, NULL, d.identity_id, d.identity_id
FROM user_identity d JOIN user_account u ON u.tenant = d.tenant AND u.user_id = d.user_id
WHERE d.tenant = :tenant AND d.provider = :provider AND d.identity_id IN {{each}}"""  # noqa: S608
NUMBER = "SELECT {user_number}"

ACCOUNT = {
    "tenant": "text", "user_id": "text", "sequence": "int8", "connection": "text", "email": "text", "blocked": "bool",
    "profile": "text", "user_metadata": "text", "app_metadata": "text", "identities": "text", "created_at": "float8",
    "updated_at": "float8", "last_login": "float8", "last_ip": "text", "logins_count": "int8", "revision": "int8",
    "email_domain": "text", "name": "text", "given_name": "text", "family_name": "text", "nickname": "text",
    "username": "text", "phone_number": "text", "email_verified": "bool",
}  # fmt: skip
KEY = {"tenant": "text", "provider": "text", "identity_id": "text"}
IDENTITY = {**KEY, "connection": "text", "user_id": "text"}
IDENTIFIER = {**KEY, "connection": "text", "field": "text", "value": "text"}
PASSWORD = {**KEY, "hash": "text", "set_at": "float8"}
METHOD = {
    "tenant": "text", "id": "text", "user_id": "text", "sequence": "int8", "type": "text", "created_at": "float8",
    "document": "text", "secrets": "bytea", "key_id": "text", "sign_count": "int8",
}  # fmt: skip
ERROR = {"tenant": "text", "job_id": "text", "position": "int8", "document": "text"}


class StoredJobs:
    """``ports.Jobs``."""

    def __init__(self, database: Database, log: StoredLog, methods: StoredAuthenticationMethods) -> None:
        self._database = database
        self._log = log
        self._methods = methods
        each = database.dialect.among(":values", str)
        self._known, self._known_ids = KNOWN.format(each=each), KNOWN_IDS.format(each=each)

    async def create(self, tenant: str, job: Job, *, at_most: int | None = None, events: Sequence[LogEvent]) -> bool:
        def verb() -> Verb[bool]:
            if at_most is not None:
                yield Query(LOCK, {"tenant": tenant})
                rows = yield Query(UNDER_WAY, {"tenant": tenant, "type": job.type, "at": job.created_at})
                if rows[0][0] >= at_most:
                    return False
            yield Query(INSERT, {**_state(tenant, job), "type": job.type, "expires_at": job.created_at + KEPT_SECONDS})
            yield from self._log.insert(tenant, events)
            return True

        return await self._database.write(verb)

    async def find(self, tenant: str, job_id: str, *, at: float) -> Job | None:
        rows = await self._database.read(FIND, {"tenant": tenant, "id": job_id, "at": at})
        if not rows:
            return None
        job = _decode(rows[0][0])
        if job.status != "pending" or job.alive_until > at:
            return job
        await self._fail(tenant, job_id, DIED, dead_at=at, events=())
        return await self.find(tenant, job_id, at=at)

    async def fail(self, tenant: str, job_id: str, details: str, *, events: Sequence[LogEvent] = ()) -> bool:
        return await self._fail(tenant, job_id, details, dead_at=None, events=events)

    async def _fail(
        self, tenant: str, job_id: str, details: str, *, dead_at: float | None, events: Sequence[LogEvent]
    ) -> bool:
        """With ``dead_at`` only a job that gave no sign of life by then, not even meanwhile."""

        def verb() -> Verb[bool]:
            rows = yield Query(PENDING + self._database.dialect.hold, {"tenant": tenant, "id": job_id})
            if not rows:
                return False
            job = _decode(rows[0][0])
            if dead_at is not None and job.alive_until > dead_at:
                return False
            failed = msgspec.structs.replace(job, status=FAILED, status_details=details, time_left_seconds=None)
            yield Query(ADVANCE, _state(tenant, failed))
            yield from self._log.insert(tenant, events)
            return True

        return await self._database.write(verb)

    async def errors(self, tenant: str, job_id: str) -> list[JobError]:
        rows = await self._database.read(ERRORS, {"tenant": tenant, "id": job_id})
        return [_decode_error(document) for (document,) in rows]

    async def advance(self, tenant: str, job: Job, *, events: Sequence[LogEvent] = ()) -> bool:
        state = Query(ADVANCE, _state(tenant, job))
        return bool(await self._database.once(state, self._log.inserts(tenant, events)))

    async def import_users(
        self,
        tenant: str,
        job: Job,
        connection: Connection,
        identifiers: Mapping[str, Sequence[str]],
        decide: Callable[[Sequence[KnownUser]], ImportBatch],
    ) -> Job | None:
        remembered = policy_of(connection).remembered

        def verb() -> Verb[Job | None]:
            yield from still_there(tenant, connection.id, self._database.dialect)
            known: list[KnownUser] = []
            for field, values in identifiers.items():
                known += yield from self._have(tenant, connection.name, field, values)
            batch = decide(known)
            if not (yield Query(ADVANCE, _state(tenant, batch.job))):
                return None
            if batch.new:
                yield from self._insert(tenant, batch.new)
            for changed in batch.changed:
                user = changed.user
                if not (yield from update_account(self._database.dialect, tenant, user, user.revision)):
                    raise Conflict("revision", changed.user.user_id)
                if changed.password is not None:
                    yield from set_password(identity_of(tenant, user), changed.password, remembered)
            if batch.errors:
                yield self._database.dialect.insert("job_error", ERROR, [
                    {
                        "tenant": tenant,
                        "job_id": job.id,
                        "position": error.position,
                        "document": _encode(error).decode(),
                    }
                    for error in batch.errors
                ])  # fmt: skip
            return batch.job

        return await self._database.write(verb)

    def _have(self, tenant: str, connection: str, field: str, values: Sequence[str]) -> Verb[list[KnownUser]]:
        listed = {"tenant": tenant, "values": _encode(values).decode()}
        if field == "user_id":
            rows = yield Query(self._known_ids, {**listed, "provider": DATABASE_STRATEGY})
        else:
            rows = yield Query(self._known, {**listed, "connection": connection, "field": field})
        return [KnownUser(field=field, value=row[-1], identity_id=row[-2], user=user_of(row)) for row in rows]

    def _insert(self, tenant: str, new: Sequence[NewUser]) -> Verb[None]:
        first: int = (yield Query(NUMBER, {"tenant": tenant}))[0][0]
        accounts, identities, identifiers, passwords, methods = [], [], [], [], []
        for number, one in enumerate(new, first):
            user, identity = one.user, identity_of(tenant, one.user)
            accounts.append({**account_of(tenant, user), "sequence": number, "revision": 0})
            identities.append({**identity, "connection": user.connection, "user_id": user.user_id})
            for field in ("email", "username", "phone_number"):
                value = getattr(one.identifiers, field)
                if value is not None:
                    identifiers.append({**identity, "connection": user.connection, "field": field, "value": value})
            if one.password is not None:
                passwords.append({**identity, "hash": one.password.hash, "set_at": one.password.set_at})
            for place, method in enumerate(one.methods, 1):
                methods.append({**self._methods.row(tenant, method), "sequence": place})
        for table, columns, rows in (
            ("user_account", ACCOUNT, accounts),
            ("user_identity", IDENTITY, identities),
            ("user_identifier", IDENTIFIER, identifiers),
            ("user_password", PASSWORD, passwords),
            ("authentication_method", METHOD, methods),
        ):
            if rows:
                yield self._database.dialect.insert(table, columns, rows)
        yield from insert_terms(self._database.dialect, tenant, enumerate((one.user for one in new), first))


def _state(tenant: str, job: Job) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "id": job.id,
        "status": job.status,
        "alive_until": job.alive_until,
        "document": _encode(job).decode(),
    }
