"""The server whose tenants a command works on: straight on its database, whether it runs or not.

A production server is described by ``--config`` or the environment; otherwise it is the development server on
``--data``. Running nodes notice within a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from doorward.app import Doorward, build
from doorward.backends.keys import master_key
from doorward.backends.storage.sealing import WrongMasterKey
from doorward.cli.production import GUIDE, config_option, is_configured, read_settings, run_with, with_door
from doorward.cli.terminal import USAGE, Problem
from doorward.management.tenants import is_domain, is_id
from doorward.model.directory import TenantDirectory

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

DATABASE, KEY = "doorward.sqlite", "master.key"


def server_options(command: F) -> F:
    """The options that say which server a command works on, for ``on_server``."""
    data = click.option("--data", "folder", default=".doorward", show_default=True, metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path), help="Folder of the development server.")  # fmt: skip
    return data(config_option(command))


def on_server(folder: Path, config: Path | None, work: Callable[[Doorward], Awaitable[T]]) -> T:
    """Do something with the server those options name. Raises ``Problem``."""
    if is_configured(config):
        return with_door(read_settings(config), work)
    if not (folder / DATABASE).exists():
        raise Problem(
            "there is no server to work on",
            why=f"no settings of a production server are named, and no development server has run in {folder}",
            fix="--config doorward.toml, or --data DIR",
            more=GUIDE,
            exit_code=USAGE,
        )
    try:
        root_key = master_key.from_file(folder / KEY)
        door = build(f"sqlite:///{folder / DATABASE}", root_key=root_key, development=True, shared_database=True)
        return asyncio.run(run_with(door, work))
    except master_key.MasterKeyError as error:
        raise Problem(error.what, why=error.why, fix=error.fix) from None
    except WrongMasterKey:
        raise Problem(
            f"the data in {folder} belongs to another master key",
            why=f"{folder / KEY} is not the key it was written under",
            fix="put the old master.key back",
        ) from None


def tenant_named(door: Doorward, name: str) -> TenantDirectory:
    """The tenant with this id, or served at this domain. Raises ``Problem``."""
    directory = door.ports.directory
    tenants = directory.tenants()
    for found in (
        *(tenant for tenant in tenants if tenant.id == name),
        *(tenant for tenant in tenants if tenant.domain == name.lower()),
    ):
        return directory.tenant(found.id)
    issuer = directory.issuer(name.lower())
    if issuer is not None:
        return directory.tenant(issuer.tenant)
    raise Problem(
        f"no tenant is {name}",
        why=f"there are: {', '.join(tenant.domain for tenant in tenants)}" if tenants else "there is none yet",
        fix="doorward tenants list" if tenants else "doorward tenants create auth.example.com",
        exit_code=USAGE,
    )


def new_names(domain: str, id_: str | None, command: str) -> tuple[str, str]:
    """Domain and id of a tenant to be made; the id is the domain unless it is given. Raises ``Problem``."""
    domain = domain.lower()
    if not is_domain(domain):
        raise Problem(
            f"{domain} is not a domain",
            why="a tenant is served at a host name, without https:// and without a path",
            fix=f"{command} auth.example.com",
            exit_code=USAGE,
        )
    if id_ is not None and not is_id(id_):
        raise Problem(
            f"{id_} cannot be the id of a tenant",
            why="an id has lower-case letters, digits and . _ : - between them",
            fix="leave it out: the id is the domain then",
            exit_code=USAGE,
        )
    return domain, id_ or domain
