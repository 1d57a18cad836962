"""``doorward dev``: a server for development, ready in a second, trusted TLS included."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from doorward.app import Doorward, build
from doorward.backends.keys import master_key
from doorward.backends.keys.local_ca import LocalCa, write_private
from doorward.backends.storage.sealing import WrongMasterKey
from doorward.backends.storage.version import migrate
from doorward.cli.tenant_documents import demo_tenant, demo_user, read_tenant_file
from doorward.cli.terminal import Problem, program, reason
from doorward.management.new_tenant import MANAGEMENT_CLIENT, management_client
from doorward.management.system_scopes import EVERY_SCOPE
from doorward.management.tenant_file.loading import load
from doorward.management.tenant_file.sections import TenantFileError
from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.tenant import Issuer
from doorward.web.demo import LOGIN, PATH, login_address
from doorward.web.server import HttpServer, open_sockets

DEFAULT_PORT, MAX_PORT = 8443, 65535
DEFAULT_FOLDER = ".doorward"
DEFAULT_TENANT = "default"
DEMO_PAGE = re.compile(rf"https://localhost(?::\d+)?({PATH}|{LOGIN})")


@click.command("dev", short_help="A development server, with TLS that clients trust.")
@click.argument("tenant_yaml", required=False, type=click.Path(path_type=Path))
@click.option(
    "--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(0, MAX_PORT),
    help="Port on 127.0.0.1 and ::1; 0 takes a free one.",
)  # fmt: skip
@click.option(
    "--data", "folder", default=DEFAULT_FOLDER, show_default=True, type=click.Path(file_okay=False, path_type=Path),
    help="Folder for database, certificates and keys.",
)  # fmt: skip
@click.option("--tenant", "more_tenants", multiple=True, metavar="DOMAIN=FILE", help="Another tenant; may be repeated.")
@click.option(
    "--reset-asks-second-factor", is_flag=True, help="As passwords.reset_asks_second_factor does in production."
)
def command(
    tenant_yaml: Path | None,
    port: int,
    folder: Path,
    more_tenants: tuple[str, ...],
    reset_asks_second_factor: bool,
) -> None:
    """Serve TENANT_YAML (file or folder, else a demo) on https://localhost:PORT/ with a local certificate authority."""
    documents = {DEFAULT_TENANT: read_tenant_file(tenant_yaml)} if tenant_yaml else {}
    domains: dict[str, str] = {}
    for pair in more_tenants:
        domain, separator, file = pair.partition("=")
        if not separator or not domain or not file:
            raise Problem(
                f"--tenant {pair} is not DOMAIN=FILE", fix="doorward dev --tenant acme.test=acme.yaml", exit_code=2
            )
        domains[domain.lower()] = domain.lower()
        documents[domain.lower()] = read_tenant_file(Path(file))
    with _only_server_on(folder):
        sockets = _sockets(port, folder, tenant_yaml)
        chosen: int = sockets[0].getsockname()[1]
        domains = {DEFAULT_TENANT: f"localhost:{chosen}", **domains}
        documents.setdefault(DEFAULT_TENANT, demo_tenant(f"https://localhost:{chosen}"))
        documents[DEFAULT_TENANT] = _answered_here(documents[DEFAULT_TENANT], chosen)
        _serve(
            folder,
            chosen,
            sockets,
            domains,
            documents,
            demo=tenant_yaml is None,
            reset_asks_second_factor=reset_asks_second_factor,
        )


def _sockets(port: int, folder: Path, tenant_yaml: Path | None) -> list[socket.socket]:
    """Raises ``Problem`` for a port that is not to be had."""
    try:
        return open_sockets(port=port)
    except OSError as error:
        file = f" {tenant_yaml}" if tenant_yaml is not None else ""
        why = "another program listens there" if error.errno == errno.EADDRINUSE else reason(error)
        fix = f"doorward dev{file} --port {min(port + 1, MAX_PORT)}{_where(folder)}"
        raise Problem(f"port {port} cannot be used", why=why, fix=fix) from None


def _where(folder: Path) -> str:
    """How a command names the folder, where it has to."""
    return "" if folder == Path(DEFAULT_FOLDER) else f" --data {folder}"


@contextlib.contextmanager
def _only_server_on(folder: Path) -> Iterator[None]:
    """Make the folder and hold it: a second server would move the tenants of the first to its own port."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
        held = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Problem(f"{folder} cannot be the data folder", why=reason(error), fix="doorward dev --data DIR") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise Problem(
            f"a server is running on {folder} already",
            why="two would take the tenants from each other",
            fix="doorward dev --data DIR --port 0",
        ) from None
    try:
        (folder / "ready.json").unlink(missing_ok=True)  # of a server that is gone; who waits for it waits for this one
        yield
    finally:
        os.close(held)


def _serve(
    folder: Path,
    port: int,
    sockets: list[socket.socket],
    domains: dict[str, str],
    documents: dict[str, dict[str, Any]],
    *,
    demo: bool,
    reset_asks_second_factor: bool,
) -> None:
    os.umask(0o077)
    authority = LocalCa(folder)
    try:
        root_key = master_key.from_file(folder / "master.key", create=True)
    except master_key.MasterKeyError as error:
        raise Problem(error.what, why=error.why, fix=error.fix) from None
    database = f"sqlite:///{folder / 'doorward.sqlite'}"
    _migrate_apart(database)
    door = build(
        database,
        root_key=root_key,
        password_reset_asks_second_factor=reset_asks_second_factor,
        development=True,
    )
    warnings: list[str] = []
    root: list[str] = []

    def certify(hosts: frozenset[str]) -> None:
        """The certificate follows the domains that are served."""
        try:
            server.reload_certificate(authority.leaf(set(hosts)))
        except (OSError, ValueError) as error:
            click.secho(f"! no certificate for {', '.join(sorted(hosts))}: {error}", fg="yellow", err=True)

    async def start() -> None:
        await door.start()
        door.storage.directory.listen({port})
        door.storage.directory.on_hosts(certify)
        for id_, domain in domains.items():
            warnings.extend(await _prepare(door, id_, domain, documents[id_]))
        root.append(await door.storage.root_credential.shown())
        await door.relay.start()

    door.application.on_start(start)
    door.application.on_stop(door.stop)

    def ready() -> None:
        summary = {**_summary(door, domains, authority), "root_credential": root[0]}
        write_private(folder / "ready.json", json.dumps(summary, indent=2).encode() + b"\n")
        for warning in warnings:
            click.secho(f"! {warning}", fg="yellow", err=True)
        _announce(summary, folder, door, demo=demo)

    certificate = authority.leaf(set(domains.values()))
    server = HttpServer(door.application, sockets, certificate=certificate, on_ready=ready)
    try:
        server.run()
    except WrongMasterKey:
        raise Problem(
            f"the data in {folder} belongs to another master key",
            why=f"{folder / 'master.key'} is not the key it was written under",
            fix=f"put the old master.key back, or start over: rm -r {folder}",
        ) from None
    except TenantFileError as error:
        raise Problem(error.what, fix=error.fix) from None


def _answered_here(value: Any, port: int) -> Any:
    """The document with the demo pages of this server wherever it names those of a server on another port."""
    if isinstance(value, dict):
        return {name: _answered_here(item, port) for name, item in value.items()}
    if isinstance(value, list):
        return [_answered_here(item, port) for item in value]
    page = DEMO_PAGE.fullmatch(value) if isinstance(value, str) else None
    return f"https://localhost:{port}{page[1]}" if page is not None else value


def _migrate_apart(database: str) -> None:
    """Make or change the tables in a process of its own: what that loads would stay in this one, and it is a third of
    all that is there. What goes wrong goes wrong again when the server starts, which says so."""
    if threading.active_count() > 1:  # one of them may hold what a copy of the process would wait for
        return
    child = os.fork()
    if not child:
        with contextlib.suppress(Exception):
            asyncio.run(migrate(database))
        os._exit(0)
    os.waitpid(child, 0)


async def _prepare(door: Doorward, id_: str, domain: str, document: dict[str, Any]) -> list[str]:
    """Make or update one tenant; returns warnings."""
    directory = door.ports.directory
    known = {tenant.id: tenant for tenant in directory.tenants()}
    if id_ not in known:
        await door.create_tenant(id_, domain)
    elif known[id_].domain != domain:
        await door.tenants.move(id_, domain)
    snapshot = directory.tenant(id_)
    if _management_client(snapshot) is None:
        await directory.change(id_, management_client(snapshot.tenant, MANAGEMENT_CLIENT, door.ports.entropy))
    loaded = await load(document, id_, door.services, verified_domains=True)
    if not loaded.unsupported:
        return []
    return [f"{domain}: kept out, not supported yet: {', '.join(loaded.unsupported)}"]


def _management_client(directory: TenantDirectory) -> Client | None:
    for client in directory.clients.values():
        if client.name == MANAGEMENT_CLIENT:
            return client
    return None


def _summary(door: Doorward, domains: dict[str, str], authority: LocalCa) -> dict[str, Any]:
    """What ready.json holds."""
    tenants = []
    for id_ in domains:
        directory = door.ports.directory.tenant(id_)
        management = _management_client(directory)
        if management is None:
            raise LookupError("the management client is missing")
        tenants.append({
            "domain": directory.tenant.domain,
            "issuer": f"https://{directory.tenant.domain}/",
            "management": {
                "client_id": management.client_id,
                "client_secret": management.client_secret,
                "audience": directory.tenant.management_audience,
            },
            "clients": [
                {"name": client.name, "client_id": client.client_id, "client_secret": client.client_secret}
                for client in directory.clients.values()
                if not client.is_global and client is not management
            ],
        })  # fmt: skip
    first = tenants[0]
    return {**first, "ca": str(authority.certificate_path.resolve()), "tenants": tenants}


def _announce(summary: dict[str, Any], folder: Path, door: Doorward, *, demo: bool) -> None:
    def line(label: str, value: str, note: str = "") -> None:
        click.echo(
            f"  {click.style(label.ljust(12), dim=True)} {value}"
            + (click.style(f"   {note}", dim=True) if note else "")
        )

    click.secho(f"\nDoorward  development server, data in {folder}; never for production\n", bold=True)
    line("Domain", summary["domain"], 'what an SDK calls "domain"')
    line("Issuer", summary["issuer"])
    line("Trust", f"export NODE_EXTRA_CA_CERTS={summary['ca']}")
    line("", f"export SSL_CERT_FILE={summary['ca']} REQUESTS_CA_BUNDLE={summary['ca']} CURL_CA_BUNDLE={summary['ca']}")
    directory = door.ports.directory.tenant(DEFAULT_TENANT)
    for api in directory.resource_servers.values():
        if not api.is_system:
            line("API", api.identifier, f"{api.signing_alg}, {api.token_lifetime} s")
    for client in summary["clients"]:
        line("Application", client["name"], f"client_id {client['client_id']}")
    application = _first_application(directory)
    if application is not None:
        issuer = Issuer(tenant=directory.tenant.id, host=directory.tenant.domain)
        line("Log in", login_address(issuer, application, directory), f"as {application.name}")
    if demo:
        line("Test user", demo_user(summary["issuer"]))
    where = _where(folder)
    line("Inbox", f"{summary['issuer']}_doorward/inbox", f"mail and text messages; or: {program()} inbox{where}")
    line("Management", f"{program()} token --management --raw{where}", "a token for the Management API")
    machine = _first_machine(directory)
    if machine is not None:
        client, audience = machine
        body = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "audience": audience,
        }
        click.echo("\n  Get a token now:\n")
        click.echo(f"    curl -s --cacert {summary['ca']} {summary['issuer']}oauth/token \\")
        click.echo(f"      -H 'content-type: application/json' -d '{json.dumps(body)}'\n")
    click.echo(f"ready {summary['issuer']}")


def _first_application(directory: TenantDirectory) -> Client | None:
    """A client people log in to."""
    for client in directory.clients.values():
        if client.callbacks and client.is_first_party and "authorization_code" in client.grant_types:
            return client
    return None


def _first_machine(directory: TenantDirectory) -> tuple[Client, str] | None:
    """A client with a grant for an API of the tenant's own, for the first token."""
    for grant in directory.client_grants.values():
        client = directory.clients.get(grant.client_id or "")
        api = directory.resource_servers.get(grant.audience)
        if client and api and not api.is_system and client.client_secret and len(grant.scope) < len(EVERY_SCOPE):
            return client, grant.audience
    return None
