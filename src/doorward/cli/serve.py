"""``doorward serve``: a production server, held to its settings."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from doorward.app import Doorward
from doorward.backends.server_log import log_to_stderr
from doorward.cli.production import GUIDE, config_option, open_door, read_settings, root_key, storage_problems
from doorward.cli.terminal import USAGE, Problem
from doorward.settings import Settings
from doorward.web.asgi import Application
from doorward.web.protocol import Limits
from doorward.web.server import open_sockets, open_unix_socket, serve_forever


@click.command("serve", short_help="A production server, held to its settings.")
@config_option
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes that serve (server.workers).")
@click.option("--port", type=click.IntRange(1, 65535), help="TCP port (server.port).")
def command(config: Path | None, workers: int | None, port: int | None) -> None:
    """Serve in production: settings from a TOML file and the environment, unknown ones refused.

    SIGTERM ends it cleanly: nothing new is accepted, what is in progress is finished, the exit code is 0.
    """
    given: dict[str, Any] = {"server.workers": workers, "server.port": port}
    settings = read_settings(config, {name: value for name, value in given.items() if value is not None}, serving=True)
    key = root_key(settings)
    log_to_stderr(settings.log.level, settings.log.format)
    with storage_problems(settings):
        raise SystemExit(_serve(settings, key))


def _serve(settings: Settings, key: bytes) -> int:
    server = settings.server
    sockets = _sockets(settings)
    if server.workers > 1:
        asyncio.run(_first_look(settings, key))
    return serve_forever(
        lambda: _application(settings, key),
        sockets=sockets,
        workers=server.workers,
        certificate=Path(server.certificate) if server.speaks_tls else None,
        key=Path(server.certificate_key) if server.certificate_key else None,
        limits=Limits(head_timeout=server.head_timeout, body_timeout=server.body_timeout),
        keep_alive=server.keep_alive_seconds,
        drain=server.drain_seconds,
        on_ready=lambda: click.echo(f"ready {_where(settings)}"),
    )


def _application(settings: Settings, key: bytes) -> Application:
    door = open_door(settings, key)

    async def start() -> None:
        await door.start()
        door.storage.directory.listen({settings.server.port})
        _want_a_tenant(door)
        await door.relay.start()

    door.application.on_start(start)
    door.application.on_stop(door.stop)
    return door.application


async def _first_look(settings: Settings, key: bytes) -> None:
    """What would stop every worker is said once, before there are any."""
    door = open_door(settings, key)
    await door.start()
    try:
        _want_a_tenant(door)
    finally:
        await door.stop()


def _want_a_tenant(door: Doorward) -> None:
    if not door.ports.directory.tenants():
        raise Problem(
            "there is no tenant to serve",
            why="the database is new: nobody could log in, and every host would be unknown",
            fix="doorward tenants create auth.example.com",
            more=GUIDE,
            exit_code=USAGE,
        )


def _sockets(settings: Settings) -> list[Any]:
    server = settings.server
    try:
        if server.unix_socket:
            return [open_unix_socket(Path(server.unix_socket))]
        return open_sockets(server.hosts, server.port)
    except OSError as error:
        raise Problem(
            f"{_where(settings)} cannot be listened on",
            why=error.strerror or str(error),
            fix="end what listens there, or choose another server.port",
        ) from None


def _where(settings: Settings) -> str:
    server = settings.server
    if server.unix_socket:
        return f"unix:{server.unix_socket}"
    scheme = "https" if server.speaks_tls else "http"
    hosts = (f"[{host}]" if ":" in host else host for host in server.hosts)
    return " ".join(f"{scheme}://{host}:{server.port}/" for host in hosts)
