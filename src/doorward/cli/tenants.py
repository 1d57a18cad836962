"""``doorward tenants``: make the first tenant, and see which there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from doorward.app import Doorward
from doorward.cli.production import GUIDE, config_option, read_settings, with_door
from doorward.cli.terminal import USAGE, Problem
from doorward.management.new_tenant import MANAGEMENT_CLIENT, management_client
from doorward.model.tenant import Tenant
from doorward.ports import Conflict

LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?=[^:]{{1,253}}(:|$)){LABEL}(\.{LABEL})*(:\d{{1,5}})?")


@click.group("tenants", short_help="Make and list the tenants of a production server.")
def command() -> None:
    """The tenants of a production server."""


@command.command("create")
@click.argument("domain")
@config_option
@click.option("--json", "as_json", is_flag=True, help="What was made, as JSON.")
def create(domain: str, config: Path | None, as_json: bool) -> None:
    """Make a tenant that is served at DOMAIN, with a client that may do everything there.

    The secret of that client is shown once. Running servers know the tenant within a second.
    """
    domain = domain.lower()
    if not DOMAIN.fullmatch(domain):
        raise Problem(
            f"{domain} is not a domain",
            why="a tenant is served at a host name, without https:// and without a path",
            fix="doorward tenants create auth.example.com",
            exit_code=USAGE,
        )

    async def make(door: Doorward) -> dict[str, Any]:
        tenant = Tenant(id=domain, domain=domain)
        puts = management_client(tenant, MANAGEMENT_CLIENT, door.ports.entropy)
        try:
            directory = await door.create_tenant(domain, domain, puts)
        except Conflict as conflict:
            raise Problem(
                f"{domain} is served already",
                why=f"a tenant has this {'domain' if conflict.field == 'host' else 'name'}",
                fix="doorward tenants list",
            ) from None
        made = directory.clients[puts[0].document.id]
        return {
            "domain": domain,
            "issuer": f"https://{domain}/",
            "management": {
                "client_id": made.client_id,
                "client_secret": made.client_secret,
                "audience": directory.tenant.management_audience,
            },
        }

    made = with_door(read_settings(config), make)
    if as_json:
        click.echo(json.dumps(made, indent=2))
        return
    click.secho(f"✓ {made['issuer']}", fg="green", bold=True)
    click.echo("\n  A client for the Management API; its secret is not shown again:\n")
    for name, value in made["management"].items():
        click.echo(f"  {click.style(name.ljust(14), dim=True)} {value}")
    click.echo(f"\n  {click.style('next'.ljust(14), dim=True)} doorward serve")
    click.echo(f"  {click.style('more'.ljust(14), dim=True)} {GUIDE}")


@command.command("list")
@config_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(config: Path | None, as_json: bool) -> None:
    """Every tenant and the domains it is served at."""

    async def read(door: Doorward) -> list[dict[str, Any]]:
        directory = door.ports.directory
        return [
            {
                "domain": tenant.domain,
                "custom_domains": [
                    domain.domain
                    for domain in directory.tenant(tenant.id).custom_domains.values()
                    if domain.status == "ready"
                ],
                "clients": sum(not client.is_global for client in directory.tenant(tenant.id).clients.values()),
            }
            for tenant in directory.tenants()
        ]

    tenants = with_door(read_settings(config), read)
    if as_json:
        click.echo(json.dumps(tenants, indent=2))
        return
    if not tenants:
        click.echo("no tenant yet: doorward tenants create auth.example.com")
    for tenant in tenants:
        also = f"  also {', '.join(tenant['custom_domains'])}" if tenant["custom_domains"] else ""
        click.echo(f"{tenant['domain']}{click.style(also, dim=True)}  {_counted(tenant['clients'])}")


def _counted(clients: int) -> str:
    return "1 client" if clients == 1 else f"{clients} clients"
