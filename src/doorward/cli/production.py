"""What the commands of a production server share: its settings, its master key, its database.

``--config`` names the settings file; the environment (``DOORWARD_…``) wins over it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from doorward.app import Doorward, build
from doorward.backends.keys import master_key
from doorward.backends.keys.password_hashes import PasswordHasher
from doorward.backends.outbound.courier import MailServer
from doorward.backends.outbound.smtp import SmtpServer
from doorward.backends.storage.sealing import WrongMasterKey
from doorward.backends.storage.version import SchemaOutOfDate, sqlite_path
from doorward.cli.terminal import DOCS, NO_SERVER, Problem
from doorward.ports import StorageUnavailable
from doorward.settings import MailSettings, Settings, SettingsError, load

T = TypeVar("T")

CONFIG = "DOORWARD_CONFIG"
GUIDE = f"{DOCS}/how-to/run-in-production.md"
config_option = click.option(
    "--config", envvar=CONFIG, metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
    help="The settings file (TOML). The environment alone will do too.",
)  # fmt: skip


def is_configured(config: Path | None) -> bool:
    """Whether a production server is described, by a file or by the environment."""
    return config is not None or "DOORWARD_DATABASE_URL" in os.environ


def read_settings(
    config: Path | None, overrides: Mapping[str, Any] | None = None, *, serving: bool = False
) -> Settings:
    """The settings of ``--config`` and the environment. Raises ``Problem``."""
    try:
        return load(config, os.environ, overrides, serving=serving)
    except SettingsError as error:
        more = f"{DOCS}/{error.more}"
        raise Problem(error.what, why=error.why, fix=error.fix, more=more, exit_code=2) from None


def root_key(settings: Settings) -> bytes:
    """The master key the settings name (32 bytes). Raises ``Problem``."""
    try:
        if settings.keys.master_key:
            return master_key.from_text(settings.keys.master_key)
        return master_key.from_file(Path(settings.keys.master_key_file))
    except master_key.MasterKeyError as error:
        raise Problem(error.what, why=error.why, fix=error.fix, more=GUIDE, exit_code=2) from None


def open_door(settings: Settings, key: bytes) -> Doorward:
    """The server these settings describe, not started yet."""
    server, passwords = settings.server, settings.passwords
    return build(
        settings.database.url,
        root_key=key,
        passwords=PasswordHasher(
            memory_kib=passwords.memory_kib, iterations=passwords.iterations, workers=passwords.threads or None
        ),
        password_change_revokes_refresh_tokens=passwords.change_revokes_refresh_tokens,
        password_reset_asks_second_factor=passwords.reset_asks_second_factor,
        # A command may write beside a server: every process waits for its turn at the file.
        shared_database=True,
        trusted_proxies=server.proxies,
        trust_unix_socket=bool(server.unix_socket),
        max_active=server.max_active_requests,
        job_folder=Path(settings.jobs.folder) if settings.jobs.folder else None,
        largest_import=settings.jobs.max_import_bytes,
        logins_per_minute=passwords.logins_per_minute,
        requests_per_second=settings.management.requests_per_second,
        request_burst=settings.management.burst,
        log_retention_days=settings.tenant_log.retention_days,
        mail_server=_mail_server(settings.mail),
        messages_per_address=settings.messages.per_address,
        messages_per_tenant=settings.messages.per_tenant,
        smtp_ports=settings.messages.smtp_ports,
        breached_passwords_url=passwords.breached_url,
    )


def _mail_server(mail: MailSettings) -> MailServer | None:
    if not mail.host:
        return None
    smtp = SmtpServer(host=mail.host, port=mail.port, user=mail.user, password=mail.password, tls=mail.tls)
    return MailServer(smtp=smtp, sender=mail.sender)


def with_door(settings: Settings, work: Callable[[Doorward], Awaitable[T]]) -> T:
    """Do something with the database the settings name. Raises ``Problem``."""
    door = open_door(settings, root_key(settings))
    with storage_problems(settings):
        return asyncio.run(run_with(door, work))


async def run_with(door: Doorward, work: Callable[[Doorward], Awaitable[T]]) -> T:
    """Do something with a server that is started for it."""
    await door.start()
    try:
        return await work(door)
    finally:
        await door.stop()


@contextmanager
def storage_problems(settings: Settings) -> Iterator[None]:
    """What can be wrong with a database, as ``Problem``. The database's password is never shown."""
    url = settings.database.url
    shown = url if settings.database.is_sqlite else url.partition("?")[0].rpartition("@")[2]
    try:
        yield
    except WrongMasterKey:
        raise Problem(
            "the database belongs to another master key",
            why=f"what is kept in {shown} was sealed under another one",
            fix="put the old master key back",
            more=GUIDE,
            exit_code=2,
        ) from None
    except SchemaOutOfDate as error:
        newer = error.found is not None and error.found > error.needed
        raise Problem(
            f"the database has {'no tables yet' if error.found is None else f'the schema {error.found}'}",
            why=f"this version of Doorward needs the schema {error.needed}",
            fix="run the newer version of Doorward that made it" if newer else "doorward migrate",
            more=GUIDE,
            exit_code=2,
        ) from None
    except StorageUnavailable as error:
        path = sqlite_path(url)
        missing = path is not None and not path.parent.exists()
        raise Problem(
            f"the database {shown} {'cannot be opened' if path else 'does not answer'}",
            why=str(error),
            fix=f"mkdir -p {path.parent}" if path and missing else "start it, or correct database.url",
            more=GUIDE,
            exit_code=NO_SERVER,
        ) from None
