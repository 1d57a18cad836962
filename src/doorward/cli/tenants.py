"""``doorward tenants``: make, show and delete them, take snapshots and restore them."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from doorward.app import Doorward
from doorward.backends.keys import master_key
from doorward.cli.operated_server import new_names, on_server, server_options, tenant_named
from doorward.cli.production import GUIDE, is_configured
from doorward.cli.terminal import DOCS, USAGE, Problem, amount, done, field, rows
from doorward.management.tenants import (
    made_on_the_wire,
    snapshot_on_the_wire,
    tenant_on_the_wire,
)
from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.tenant_snapshot import TenantSnapshot
from doorward.ports import Conflict, UnusableSnapshot

SNAPSHOTS = f"{DOCS}/how-to/snapshot-and-restore.md"
ASKED = RequestContext(user_agent="doorward tenants")
SUFFIX = "snapshot"
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group("tenants", short_help="Make, list, copy, restore and delete tenants.")
def command() -> None:
    """The tenants of a server.

    These commands work on the database of the production server that --config or the environment describes, else
    on that of the development server in --data; running servers notice within a second.
    """


@command.command("create")
@click.argument("domain")
@click.option("--id", "id_", metavar="ID", help="Its name in commands and the root API; by default the domain.")
@server_options
@click.option("--json", "as_json", is_flag=True, help="What was made, as JSON.")
def create(domain: str, id_: str | None, folder: Path, config: Path | None, as_json: bool) -> None:
    """Make a tenant that is served at DOMAIN, with a client that may do everything there.

    The secret of that client is shown once. Running servers know the tenant within a second.
    """
    domain, id_ = new_names(domain, id_, "doorward tenants create")

    async def make(door: Doorward) -> dict[str, Any]:
        with _taken():
            return made_on_the_wire(*await door.tenants.create_managed(id_, domain, ASKED))

    made = on_server(folder, config, make)
    if as_json:
        click.echo(json.dumps(made, indent=2))
        return
    done(made["issuer"])
    click.echo("\n  A client for the Management API; its secret is not shown again:\n")
    for name, value in made["management"].items():
        field(name, value)
    click.echo()
    if is_configured(config):
        field("next", "doorward serve")
        field("more", GUIDE)
    else:
        field("next", f"doorward dev --data {folder}", "unless it is running")


@command.command("list")
@server_options
@json_option
def list_(folder: Path, config: Path | None, as_json: bool) -> None:
    """Every tenant and the domains it is served at."""

    async def read(door: Doorward) -> list[dict[str, Any]]:
        directory = door.ports.directory
        return [tenant_on_the_wire(directory.tenant(tenant.id)) for tenant in directory.tenants()]

    tenants = on_server(folder, config, read)
    if as_json:
        click.echo(json.dumps(tenants, indent=2))
    elif not tenants:
        click.echo("no tenant yet: doorward tenants create auth.example.com")
    else:
        table = [
            (tenant["domain"], tenant["id"], str(tenant["clients"]), ", ".join(tenant["custom_domains"]))
            for tenant in tenants
        ]
        rows(("domain", "id", "clients", "also served at"), table)


@command.command("show")
@click.argument("tenant")
@server_options
@json_option
def show(tenant: str, folder: Path, config: Path | None, as_json: bool) -> None:
    """What TENANT (its domain or its id) holds."""

    async def read(door: Doorward) -> dict[str, Any]:
        return await _described(door, tenant_named(door, tenant))

    found = on_server(folder, config, read)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    click.secho(found["domain"], bold=True)
    field("id", found["id"])
    field("issuer", found["issuer"])
    if found["custom_domains"]:
        field("also", ", ".join(found["custom_domains"]))
    field("clients", str(found["clients"]))
    field("users", str(found["users"]))
    for snapshot in found["snapshots"]:
        field("snapshot", snapshot["id"], f"{_moment(snapshot['taken_at'])}, kept in the database")


@command.command("delete")
@click.argument("tenant")
@yes_option
@server_options
def delete(tenant: str, yes: bool, folder: Path, config: Path | None) -> None:
    """Delete TENANT (its domain or its id) with everything it has: users, configuration, log and kept snapshots.

    There is no way back but a snapshot in a file. Without --yes the domain has to be typed.
    """

    async def read(door: Doorward) -> dict[str, Any]:
        return await _described(door, tenant_named(door, tenant))

    found = on_server(folder, config, read)
    domain = found["domain"]
    if not yes:
        gone = [amount(found["users"], "user"), amount(found["clients"], "client"), "its log"]
        if found["snapshots"]:
            gone.append(amount(len(found["snapshots"]), "kept snapshot"))
        _ask_first(
            f"{domain} goes away for good, with {', '.join(gone[:-1])} and {gone[-1]}",
            f"doorward tenants delete {tenant} --yes",
            first=f"doorward tenants snapshot {tenant}",
        )
        if click.prompt(f"  Type {domain} to delete it", default="", show_default=False).strip().lower() != domain:
            raise Problem("nothing was deleted", why="something else was typed", fix=f"type {domain}")

    async def remove(door: Doorward) -> None:
        await door.tenants.delete(tenant_named(door, found["id"]).tenant.id)

    on_server(folder, config, remove)
    done(f"deleted {domain}")


@command.command("snapshot")
@click.argument("tenant")
@click.option(
    "-o", "--output", "path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
    help="Where to; by default a file with the domain and the time in its name.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@server_options
@click.option("--json", "as_json", is_flag=True, help="What was taken, as JSON.")
def snapshot(tenant: str, path: Path | None, force: bool, folder: Path, config: Path | None, as_json: bool) -> None:
    """Write what TENANT (its domain or its id) is at this moment to a file.

    The file is sealed under the server's master key and useless without it. It holds configuration, users, passwords
    and signing keys; sessions, refresh tokens and the log are not in it.
    """

    async def take(door: Doorward) -> tuple[Path, TenantSnapshot]:
        found = tenant_named(door, tenant).tenant
        at = datetime.fromtimestamp(door.ports.clock.now(), UTC)
        target = path or Path(f"{found.domain.replace(':', '-')}-{at:%Y%m%dT%H%M%SZ}.{SUFFIX}")
        with _written(target, force=force) as file:
            return target, await door.tenants.take(found.id, file, ASKED)

    target, taken = on_server(folder, config, take)
    if as_json:
        click.echo(json.dumps({"file": str(target), **snapshot_on_the_wire(taken)}, indent=2))
        return
    done(str(target))
    field("tenant", taken.domain)
    field("holds", f"{amount(taken.rows.get('user_account', 0), 'user')}, {_size(taken.size)}")
    field("sealed", "under the master key: keep that one elsewhere")
    field("next", f"doorward tenants restore {target}")


@command.command("restore")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as", "copy", metavar="DOMAIN", help="Make another tenant of it, served at DOMAIN.")
@click.option("--id", "id_", metavar="ID", help="The id of that other tenant; by default its domain.")
@click.option(
    "--sealed-under", "key_file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
    help="The master key file of the server it was taken on, if that is another one.",
)  # fmt: skip
@yes_option
@server_options
@click.option("--json", "as_json", is_flag=True, help="What was restored, as JSON.")
def restore(
    path: Path,
    copy: str | None,
    id_: str | None,
    key_file: Path | None,
    yes: bool,
    folder: Path,
    config: Path | None,
    as_json: bool,
) -> None:
    """Make a tenant what it was when the snapshot in FILE was taken: all of it, or nothing.

    The tenant keeps the domain it has today. People have to log in again; tokens signed before stay good. With --as
    the tenant is left alone, and a copy with keys of its own is made beside it.
    """
    if id_ is not None and copy is None:
        raise Problem("--id is for a copy", fix="--as DOMAIN --id ID", exit_code=USAGE)
    names = new_names(copy, id_, f"doorward tenants restore {path} --as") if copy is not None else None

    sealed_under = _master_key(key_file) if key_file is not None else None

    async def look(door: Doorward) -> tuple[TenantSnapshot, TenantDirectory | None]:
        with _read(path) as file:
            head = door.ports.snapshots.read_head(file, sealed_under)
        there = {tenant.id for tenant in door.ports.directory.tenants()}
        return head, door.ports.directory.tenant(head.tenant) if head.tenant in there else None

    head, there = on_server(folder, config, look)
    moment = _moment(head.taken_at)
    if names is None and there is not None and not yes:
        _ask_first(
            f"{there.tenant.domain} becomes what it was {moment}; what was changed since is lost",
            f"doorward tenants restore {path} --yes",
            first=f"doorward tenants snapshot {there.tenant.id}",
        )
        if not click.confirm("  Restore it?"):
            raise Problem("nothing was restored", fix=f"doorward tenants restore {path}")

    async def put_back(door: Doorward) -> dict[str, Any]:
        with _read(path) as file, _taken():
            if names is None:
                return tenant_on_the_wire(await door.tenants.restore(file, ASKED, sealed_under=sealed_under))
            domain, name = names
            clone = await door.tenants.clone(file, name, domain, ASKED, sealed_under=sealed_under)
            return tenant_on_the_wire(clone)

    restored = on_server(folder, config, put_back)
    if as_json:
        click.echo(json.dumps(restored, indent=2))
        return
    done(restored["issuer"])
    if names is None:
        field("as it was", moment)
        field("sessions", "ended: people log in again; tokens signed before stay good")
    else:
        field("copy of", f"{head.domain} as it was {moment}")
        field("its own", "signing keys, domain, log")
        field("the same", "clients and their secrets, users and their passwords")
    field("more", SNAPSHOTS)


async def _described(door: Doorward, directory: TenantDirectory) -> dict[str, Any]:
    id_ = directory.tenant.id
    _, users = await door.ports.users.page(id_, offset=0, limit=1)
    kept = [snapshot_on_the_wire(snapshot) for snapshot in await door.ports.snapshots.kept(id_)]
    return {**tenant_on_the_wire(directory), "users": users, "snapshots": kept}


def _master_key(path: Path) -> bytes:
    try:
        return master_key.from_file(path)
    except master_key.MasterKeyError as error:
        raise Problem(error.what, why=error.why, fix=error.fix, exit_code=USAGE) from None


def _ask_first(what: str, otherwise: str, *, first: str) -> None:
    """Say what is about to happen. Raises ``Problem`` where nobody can be asked."""
    if not sys.stdin.isatty():
        raise Problem("nobody confirmed", why=what, fix=otherwise, exit_code=USAGE)
    click.secho(f"! {what}", fg="yellow")
    field("first", first, "so that there is a way back")


@contextlib.contextmanager
def _taken() -> Iterator[None]:
    try:
        yield
    except Conflict as conflict:
        is_id = conflict.field == "tenant"
        raise Problem(
            f"{conflict.value} {'is a tenant' if is_id else 'is served'} already",
            why="two tenants cannot have one id" if is_id else "a domain belongs to one tenant",
            fix="doorward tenants list",
        ) from None


@contextlib.contextmanager
def _read(path: Path) -> Iterator[BinaryIO]:
    """The snapshot in a file. Raises ``Problem`` for what cannot be restored."""
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        fix = "name a file that doorward tenants snapshot wrote"
        raise Problem(f"{path} cannot be read", why=error.strerror or str(error), fix=fix, exit_code=USAGE) from None
    except UnusableSnapshot as unusable:
        fix = (
            "--sealed-under FILE, the master.key of the server it was taken on"
            if unusable.other_key
            else "take another snapshot"
        )
        raise Problem(f"{path} cannot be restored", why=str(unusable), fix=fix, more=SNAPSHOTS) from None


@contextlib.contextmanager
def _written(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A file that is there when it is whole, and only its owner's. Raises ``Problem``."""
    if path.exists() and not force:
        raise Problem(f"{path} exists", fix="another name for -o, or --force", exit_code=USAGE)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        why = error.strerror or str(error)
        raise Problem(f"{path} cannot be written", why=why, fix="another name for -o") from None
    finally:
        partial.unlink(missing_ok=True)


def _moment(at: float | str) -> str:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(at, UTC)
    return f"on {moment:%Y-%m-%d at %H:%M:%S} UTC"


def _size(count: int) -> str:
    for unit, bytes_ in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= bytes_:
            return f"{count / bytes_:.1f} {unit}"
    return f"{count} bytes"
