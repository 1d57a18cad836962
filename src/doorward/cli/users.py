"""``doorward users``: make somebody who can log in, and let somebody in again."""

from __future__ import annotations

import json
import secrets
import sys
from typing import Any
from urllib.parse import quote

import click

from doorward.cli.managed_tenant import ManagedTenant, managed_tenant, succeed, tenant_options
from doorward.cli.terminal import USAGE, Problem

ALPHABETS = ("abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "!#$%*+-=?@_")
LENGTH = 20
OTHERWISE = "doorward users create --help"


@click.group("users", short_help="Make a user, or let one in again.")
def command() -> None:
    """The users of a tenant's databases."""


@command.command("create")
@click.option("--email", required=True, help="The e-mail address.")
@click.option("--username", help="A user name, where the connection has them.")
@click.option("--connection", metavar="NAME", help="The database; by default the tenant's default directory.")
@click.option("--verified", is_flag=True, help="The address is known to be theirs.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input; otherwise one is made.")
@click.option("--json", "as_json", is_flag=True, help="What was made, as JSON.")
@tenant_options
def create(
    email: str,
    username: str | None,
    connection: str | None,
    verified: bool,
    password_stdin: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Make a user in a database connection. A password that is made up is shown once."""
    tenant = managed_tenant(**options)
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else _password()
    body = {
        "email": email,
        "password": password,
        "connection": connection or _connection(tenant),
        "email_verified": verified,
        **({"username": username} if username else {}),
    }
    answer = tenant.call("POST", "/api/v2/users", body)
    weak = isinstance(answer[1], dict) and "PasswordStrengthError" in str(answer[1].get("message"))
    fix = (
        "a longer password with more kinds of characters; without --password-stdin one is made up"
        if weak
        else OTHERWISE
    )
    made = succeed(answer, f"{email} was not created", fix=fix)
    if as_json:
        shown = made if password_stdin else {**made, "password": password}
        click.echo(json.dumps(shown, indent=2))
        return
    click.secho(f"✓ {email}", fg="green", bold=True)
    for name, value in (("user_id", made["user_id"]), ("connection", body["connection"])):
        click.echo(f"  {click.style(name.ljust(11), dim=True)} {value}")
    if not password_stdin:
        click.echo(f"  {click.style('password'.ljust(11), dim=True)} {password}   (not shown again)")


@command.command("unblock")
@click.argument("identifier")
@tenant_options
def unblock(identifier: str, **options: Any) -> None:
    """Forget failed logins of IDENTIFIER (an e-mail address, user name or telephone number)."""
    answer = managed_tenant(**options).call("DELETE", f"/api/v2/user-blocks?identifier={quote(identifier)}")
    succeed(answer, f"{identifier} was not unblocked")
    click.echo(f"✓ no failed logins of {identifier} are remembered any more")


def _connection(tenant: ManagedTenant) -> str:
    """The default directory, else the only database. Raises ``Problem``."""
    settings = succeed(tenant.call("GET", "/api/v2/tenants/settings"), "the tenant's settings cannot be read")
    if settings.get("default_directory"):
        return str(settings["default_directory"])
    databases = succeed(tenant.call("GET", "/api/v2/connections?strategy=auth0"), "the connections cannot be read")
    if len(databases) == 1:
        return str(databases[0]["name"])
    names = [str(database["name"]) for database in databases]
    raise Problem(
        "it is not clear which database the user goes to",
        why=f"there are: {', '.join(names)}" if names else "the tenant has no database connection",
        fix=f"--connection {names[0]}" if names else "create a connection with the strategy auth0",
        exit_code=USAGE,
    )


def _password() -> str:
    """A random password that satisfies every strength: twenty characters of four kinds."""
    kinds = [secrets.choice(alphabet) for alphabet in ALPHABETS]
    kinds += [secrets.choice("".join(ALPHABETS)) for _ in range(LENGTH - len(kinds))]
    secrets.SystemRandom().shuffle(kinds)
    return "".join(kinds)
