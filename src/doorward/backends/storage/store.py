"""One open database with everything the ports ask of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from doorward.backends.storage.assets import StoredAssets
from doorward.backends.storage.attempts import StoredAttempts
from doorward.backends.storage.authentication_methods import StoredAuthenticationMethods
from doorward.backends.storage.cascades import Cascades
from doorward.backends.storage.challenges import StoredChallenges
from doorward.backends.storage.codes import StoredCodes
from doorward.backends.storage.consents import StoredConsents
from doorward.backends.storage.database import Database, Query, Verb
from doorward.backends.storage.device_credentials import StoredDeviceCredentials
from doorward.backends.storage.directory import StoredDirectory
from doorward.backends.storage.jobs import StoredJobs
from doorward.backends.storage.log import StoredLog
from doorward.backends.storage.organizations import StoredOrganizations
from doorward.backends.storage.outbox import StoredOutbox
from doorward.backends.storage.refresh_tokens import StoredRefreshTokens
from doorward.backends.storage.remembered_browsers import StoredRememberedBrowsers
from doorward.backends.storage.root_credential import StoredRootCredential
from doorward.backends.storage.session_ends import SessionEnds
from doorward.backends.storage.sessions import StoredSessions, StoredTransactions
from doorward.backends.storage.single_use import StoredOneTimeValues, StoredPushedRequests
from doorward.backends.storage.snapshots import StoredSnapshots
from doorward.backends.storage.sqlite import SqliteDatabase
from doorward.backends.storage.tenant_tables import remove_rows
from doorward.backends.storage.tickets import StoredTickets
from doorward.backends.storage.users import StoredUsers
from doorward.backends.storage.version import open_current, sqlite_path
from doorward.model.digest import digest
from doorward.model.tenant import SERVER
from doorward.ports import Clock, Entropy, StorageUnavailable

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
SWEEP_SECONDS = 600.0
# Table, key, the time that makes a row (or only some) useless, and how many seconds later it goes. A pushed request is
# needed until its login ends, a counter of failures until it would start again anyway; who invited somebody
# sees for a while that nobody came, who has an old link is told that it was used, or is too old, and who comes back
# to a page left open can start again.
SWEPT = (
    ("authorization_code", "code_hash", "expires_at", 0.0),
    ("login_transaction", "id_hash", "finished AND expires_at", 0.0),
    ("login_transaction", "id_hash", "expires_at", 3600.0),
    ("remembered_browser", "browser_hash", "expires_at", 0.0),
    ("refresh_token", "token_hash", "expires_at", 0.0),
    ("revoked_access_token", "token_hash", "expires_at", 0.0),
    ("pushed_request", "uri_hash", "expires_at", 3600.0),
    ("one_time_value", "value_hash", "expires_at", 0.0),
    ("attempt", "key", "last_at", 30 * 24 * 3600.0),
    ("organization_invitation", "id", "expires_at", 30 * 24 * 3600.0),
    ("job", "id", "expires_at", 0.0),
    ("ticket", "ticket_hash", "expires_at", 30 * 24 * 3600.0),
    ("challenge", "subject_hash", "expires_at", 0.0),
)
SWEEP_BATCH = 1000
# How long a node may still write for a tenant that another one deleted: far longer than any request takes.
DELETED_SECONDS = 3600.0
DELETED = "SELECT id FROM deleted_tenant"
HOLD_DELETED = "UPDATE deleted_tenant SET deleted_at = deleted_at WHERE id = :tenant RETURNING id"
FORGET_DELETED = "DELETE FROM deleted_tenant WHERE id = :tenant AND deleted_at < :before"


class Storage:
    """The stores of one database; ``start`` before use, ``stop`` after it.

    ``database`` is ``sqlite:///path``, ``sqlite://`` (in memory) or ``postgresql://…``. ``shared`` says
    that other processes use the same SQLite file. Log events are kept for ``log_retention_days``; 0 keeps
    them for ever. ``sweep_files`` removes what this process keeps beside the database and nobody needs any more.
    """

    def __init__(
        self,
        database: str,
        *,
        root_key: bytes,
        clock: Clock,
        entropy: Entropy,
        shared: bool = False,
        log_retention_days: int = 0,
        sweep_files: Callable[[], None] = lambda: None,
    ) -> None:
        self._sweep_files = sweep_files
        self.database: Database = _database(database, shared=shared)
        self._clock = clock
        self._log_retention_days = log_retention_days
        self.log = StoredLog(
            self.database, clock, entropy, shared=shared or not isinstance(self.database, SqliteDatabase)
        )
        self.directory = StoredDirectory(self.database, self.log, clock, root_key=root_key)
        self.snapshots = StoredSnapshots(self.database, self.directory, self.log, clock, root_key=root_key)
        self.root_credential = StoredRootCredential(self.database, clock, root_key=root_key)
        self.outbox = StoredOutbox(self.database, self.log, self.directory, clock, entropy)
        self.assets = StoredAssets(self.database)
        self.codes = StoredCodes(self.database, self.log)
        self.refresh_tokens = StoredRefreshTokens(self.database, self.log)
        self.device_credentials = StoredDeviceCredentials(self.database, self.log)
        self.pushed_requests = StoredPushedRequests(self.database)
        self.one_time_values = StoredOneTimeValues(self.database)
        self.ends = ends = SessionEnds(self.database.dialect, self.directory, self.outbox, clock, entropy)
        self.directory.forgetting = Cascades(ends)
        self.organizations = StoredOrganizations(self.database, self.log)
        self.authentication_methods = StoredAuthenticationMethods(self.database, self.log, self.directory, ends)
        self.users = StoredUsers(self.database, self.log, self.outbox, ends, self.authentication_methods)
        self.sessions = StoredSessions(self.database, self.log, ends)
        self.transactions = StoredTransactions(self.database, self.log, ends)
        self.remembered_browsers = StoredRememberedBrowsers(self.database, self.log)
        self.consents = StoredConsents(self.database, self.log)
        self.attempts = StoredAttempts(self.database)
        self.jobs = StoredJobs(self.database, self.log, self.authentication_methods)
        self.tickets = StoredTickets(self.database, self.log, self.outbox, ends)
        self.challenges = StoredChallenges(self.database, self.log, self.outbox)
        self._background: list[asyncio.Task[None]] = []
        # What else is done now and again, by one process at a time, at a moment in epoch seconds.
        self.swept: list[Callable[[float], Awaitable[None]]] = []

    async def start(self) -> None:
        """Open the database (SQLite: bring its schema up to date) and read the configuration. The first start makes
        the root credential.

        Raises ``sealing.WrongMasterKey``, ``version.SchemaOutOfDate``, ``StorageUnavailable``.
        """
        try:
            await open_current(self.database)
            await self.directory.load()
            await self.root_credential.make()
        except BaseException:
            await self.database.stop()
            raise
        await self.log.start()
        self._background = [
            asyncio.create_task(self._poll(), name="configuration-poll"),
            asyncio.create_task(self._sweep_regularly(), name="sweep"),
        ]

    async def stop(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        self._background = []
        await self.log.stop()
        await self.database.stop()

    async def _poll(self) -> None:
        """Notice what other processes write to the configuration, within a second."""
        while True:
            await self.database.changed(POLL_SECONDS)
            try:
                await self.directory.refresh()
            except StorageUnavailable:
                continue
            except Exception:  # a document nobody can read is not to end all news of the others
                logger.exception("the configuration cannot be read")

    async def _sweep_regularly(self) -> None:
        """Sweep every ten minutes: of all processes on the database the one that comes first, but each its files."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS / 10)
            now = self._clock.now()
            try:
                self._sweep_files()
                if await self.one_time_values.use(SERVER, digest("sweep"), at=now, expires_at=now + SWEEP_SECONDS):
                    await self.sweep(now)
            except StorageUnavailable:
                continue
            except Exception:  # what cannot be swept today is no reason never to sweep again
                logger.exception("the database was not swept")

    async def sweep(self, at: float) -> int:
        """Delete what is of no use any more at ``at`` (epoch seconds), in batches; returns how many rows."""
        swept = ended = await self.sessions.expire(at, limit=SWEEP_BATCH)
        while ended == SWEEP_BATCH:
            swept += (ended := await self.sessions.expire(at, limit=SWEEP_BATCH))
        for table, key, column, kept in SWEPT:
            statement = (
                f"DELETE FROM {table} WHERE (tenant, {key}) IN (SELECT tenant, {key} FROM {table} "  # noqa: S608
                f"WHERE {column} < :at LIMIT {SWEEP_BATCH}) RETURNING 1"
            )
            while True:

                def verb(statement: str = statement, before: float = at - kept) -> Verb[int]:
                    return len((yield Query(statement, {"at": before})))

                deleted = await self.database.write(verb)
                swept += deleted
                if deleted < SWEEP_BATCH:
                    break
        swept += await self.assets.sweep()
        for tenant in self.directory.tenants():
            swept += await self.log.sweep(tenant.id, at, self._log_retention_days)
        for (deleted_tenant,) in await self.database.read(DELETED, {}):
            await self.database.apart(partial(_sweep_deleted, deleted_tenant, at - DELETED_SECONDS), writes=True)
        for work in self.swept:
            await work(at)
        return swept


def _sweep_deleted(tenant: str, before: float) -> Verb[None]:
    """What was written for a tenant while it was deleted, unless it is there again."""
    if (yield Query(HOLD_DELETED, {"tenant": tenant})):  # who makes it anew waits
        yield from remove_rows(tenant)
        yield Query(FORGET_DELETED, {"tenant": tenant, "before": before})


def _database(url: str, *, shared: bool) -> Database:
    if url == "sqlite://":
        return SqliteDatabase(None)
    path = sqlite_path(url)
    if path is not None:
        return SqliteDatabase(path, shared=shared)
    if url.startswith(("postgresql://", "postgres://")):
        from doorward.backends.storage.postgresql import PostgresqlDatabase

        return PostgresqlDatabase(url)
    raise ValueError(f"not a database this version can use: {url.partition(':')[0]}")
