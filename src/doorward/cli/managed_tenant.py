"""The tenant a command works on: of a running server over HTTP, or in the database of a production server.

Either way it is the Management API that does it, with its checks and its log events.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl

import click
import msgspec
from msgspec import Struct

from doorward.app import Doorward
from doorward.cli.operated_server import DATABASE, on_server
from doorward.cli.production import config_option, is_configured, read_settings, with_door
from doorward.cli.running_server import running_server, serves
from doorward.cli.terminal import NOT_AUTHORIZED, USAGE, Problem
from doorward.management.kit.context import Actor, ManagementRequest, Nothing
from doorward.management.kit.dispatch import Management
from doorward.management.registry import operations
from doorward.management.system_scopes import EVERY_SCOPE
from doorward.management.tenant_file import wire as tenant_file
from doorward.management.tenants import OPERATOR
from doorward.model.directory import TenantDirectory
from doorward.model.tenant import Issuer, Tenant

F = TypeVar("F", bound=Callable[..., Any])
Work = Callable[[Doorward], Awaitable[Any]]


class ManagedTenant(Protocol):
    """One tenant, by way of the Management API."""

    @property
    def host(self) -> str: ...

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded body of one call; ``path`` begins with ``/api/v2/``, or is that of the tenant file.

        Raises ``Problem``."""


class _Operator(Struct, frozen=True):
    """Whoever has the database and its master key may do everything."""

    subject: str = f"{OPERATOR}@clients"
    client_id: str = OPERATOR
    scopes: frozenset[str] = frozenset(EVERY_SCOPE)
    sealed: bool = False


class TenantInDatabase:
    """``ManagedTenant`` straight on a database; servers notice within a second.

    ``on_database`` does something with the server on it."""

    def __init__(self, on_database: Callable[[Work], Any], domain: str | None) -> None:
        self._on_database = on_database
        self._domain = domain

    @property
    def host(self) -> str:
        async def find(door: Doorward) -> str:
            return self._tenant(door).domain

        return str(self._on_database(find))

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async def ask(door: Doorward) -> tuple[int, Any]:
            tenant = self._tenant(door)
            if path.startswith(tenant_file.PATH):
                return await _tenant_file(door, tenant, method, path, body)
            services = msgspec.structs.replace(door.services, verify=_trust)
            path_alone, _, query = path.removeprefix("/api/v2").partition("?")
            answer = await Management(operations(), services).answer(
                ManagementRequest(
                    method=method,
                    path=path_alone,
                    query=query,
                    body=b"" if body is None else json.dumps(body).encode(),
                    content_type="" if body is None else "application/json",
                    token=OPERATOR,
                    issuer=Issuer(tenant=tenant.id, host=tenant.domain),
                )
            )
            return answer.status, None if isinstance(answer.body, Nothing) else msgspec.to_builtins(answer.body)

        status, answer = self._on_database(ask)
        return status, answer

    def _tenant(self, door: Doorward) -> Tenant:
        tenants = {tenant.domain: tenant for tenant in door.ports.directory.tenants()}
        if self._domain is None and len(tenants) == 1:
            return next(iter(tenants.values()))
        if self._domain in tenants:
            return tenants[self._domain]
        raise Problem(
            "it is not clear which tenant is meant" if self._domain is None else f"no tenant is {self._domain}",
            why=f"there are: {', '.join(tenants)}" if tenants else "there is none yet",
            fix=f"--tenant {next(iter(tenants))}" if tenants else "doorward tenants create auth.example.com",
            exit_code=USAGE,
        )


async def _tenant_file(door: Doorward, tenant: Tenant, method: str, path: str, body: Any) -> tuple[int, Any]:
    actor = Actor(client_id=OPERATOR, subject=_Operator().subject, scopes=_Operator().scopes)
    if method == "POST":
        answer = await tenant_file.write(body, tenant.id, door.services, actor)
    else:
        query = dict(parse_qsl(path.partition("?")[2]))
        answer = await tenant_file.read(query, tenant.id, door.services, actor)
    return answer.status, msgspec.to_builtins(answer.body)


def _trust(token: str, audience: str, issuer: Issuer, directory: TenantDirectory) -> _Operator:
    return _Operator()


def tenant_options(command: F) -> F:
    """The options that say which tenant a command works on, handed over as one argument ``tenant``."""
    options = (
        click.option("--data", "folder", default=".doorward", show_default=True, metavar="DIR",
            type=click.Path(file_okay=False, path_type=Path), help="Folder of the running development server."),
        config_option,
        click.option("--url", metavar="URL", help="Another running server."),
        click.option("--token", metavar="TOKEN", help="A Management API token of that server."),
        click.option("--tenant", "domain", metavar="DOMAIN", help="Which tenant, where there are several."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def managed_tenant(
    folder: Path, config: Path | None, url: str | None, token: str | None, domain: str | None
) -> ManagedTenant:
    """The tenant those options name: a server by its address, else the production server that ``--config`` or
    the environment describes, else the development server. Raises ``Problem``."""
    if url is None and is_configured(config):
        return TenantInDatabase(partial(with_door, read_settings(config)), domain)
    if url is None and domain is not None and (folder / DATABASE).exists() and not serves(folder, domain):
        # Made since the development server started: it has no client of it in ready.json.
        return TenantInDatabase(partial(on_server, folder, None), domain)
    if url is not None:
        return running_server(url, token, folder, host=domain)
    return running_server(url, token, folder, domain)


CREDENTIAL = "--token with a Management API token that may do this"
LATER = "run the same command again"
# What to do about a status, where no command knows better.
FIXES = {
    404: "see that what was named is there, and --tenant names its tenant",
    409: "see what there is already; if something changed meanwhile, run the same command again",
    429: LATER,
    503: LATER,
}


def succeed(answer: tuple[int, Any], what: str, *, fix: str = "") -> Any:
    """The body of a call that worked. Raises ``Problem`` for a refusal; ``what`` was to be done, ``fix`` is what to do
    where a credential would not help."""
    status, body = answer
    if 200 <= status < 300:
        return body
    why = body.get("message", "") if isinstance(body, dict) else str(body or status)
    if status in (401, 403):
        raise Problem(what, why=why, fix=CREDENTIAL, exit_code=NOT_AUTHORIZED)
    other = "change what was asked for" if status < 500 else "look at the server's log"
    raise Problem(what, why=why, fix=fix or FIXES.get(status, other))
