"""``doorward root``: the credential that opens ``/_doorward/api/v1/tenants``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from doorward.app import Doorward
from doorward.cli.operated_server import on_server, server_options
from doorward.cli.terminal import DOCS, field


@click.group("root", short_help="Show or change the credential for all tenants.")
def command() -> None:
    """The root credential: it opens /_doorward/api/v1/tenants, where tenants are made and deleted, and nothing else.

    It is made when a server first starts and derived from the master key, so it need not be kept anywhere: whoever
    has the master key and the database can always show it.
    """


@command.command("show")
@server_options
def show(folder: Path, config: Path | None) -> None:
    """Print the root credential, alone on standard output."""

    async def read(door: Doorward) -> str:
        return await door.storage.root_credential.shown()

    _print(on_server(folder, config, read))


@command.command("rotate")
@server_options
def rotate(folder: Path, config: Path | None) -> None:
    """Make another root credential and print it. The one before opens nothing from now on, on any node."""

    async def change(door: Doorward) -> str:
        return await door.storage.root_credential.rotate()

    _print(on_server(folder, config, change))


def _print(credential: str) -> None:
    click.echo(credential)
    if sys.stdout.isatty():
        field("use", "authorization: Bearer … at https://any-tenant/_doorward/api/v1/tenants", err=True)
        field("more", f"{DOCS}/reference/root-api.md", err=True)
