"""``doorward migrate``: bring the database to the schema this version needs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from doorward.backends.storage.version import HEAD, found_version, migrate
from doorward.cli.production import config_option, read_settings, storage_problems


@click.command("migrate", short_help="Bring the database to the schema this version needs.")
@config_option
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 says that there is something to do.")
def command(config: Path | None, check: bool) -> None:
    """Bring the database to the schema this version needs. Does nothing where it has it already.

    An SQLite file is migrated by the server itself when it starts; PostgreSQL is only ever migrated by this
    command. Several at a time wait for each other.
    """
    settings = read_settings(config)
    with storage_problems(settings):
        found = asyncio.run(found_version(settings.database.url))
        if found == HEAD:
            click.echo(f"schema {HEAD}: up to date")
            return
        click.echo(f"schema {found or 'none'}, {HEAD} needed")
        if check:
            raise SystemExit(1)
        asyncio.run(migrate(settings.database.url))
    click.echo(f"schema {HEAD}: done")
