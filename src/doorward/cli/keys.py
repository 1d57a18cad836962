"""``doorward keys``: the keys a tenant signs its tokens with."""

from __future__ import annotations

import json
from typing import Any

import click

from doorward.cli.managed_tenant import managed_tenant, succeed, tenant_options
from doorward.cli.terminal import colour

PATH = "/api/v2/keys/signing"
STATES = ("current", "next", "previous", "revoked")
MEANING = {
    "current": "signs",
    "next": "published, will sign after a rotation",
    "previous": "its tokens are still good",
    "revoked": "its tokens are good nowhere",
}


@click.group("keys", short_help="List, rotate and revoke signing keys.")
def command() -> None:
    """The signing keys of a tenant."""


@command.command("list")
@tenant_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(as_json: bool, **options: Any) -> None:
    """Every key, and what it is for."""
    keys = succeed(managed_tenant(**options).call("GET", PATH), "the keys cannot be read")
    if as_json:
        click.echo(json.dumps(keys, indent=2))
        return
    for key in sorted(keys, key=lambda key: STATES.index(_state(key))):
        state = _state(key)
        click.echo(f"{state.ljust(9)} {key['kid']}  {click.style(MEANING[state], dim=True)}", color=colour())


@command.command("rotate")
@tenant_options
def rotate(**options: Any) -> None:
    """Sign with the next key from now on. The current one becomes previous, the previous one is revoked."""
    made = succeed(managed_tenant(**options).call("POST", f"{PATH}/rotate"), "the keys were not rotated")
    click.echo(f"✓ tokens are signed with {made['kid']} from now on; a new key waits as next")
    click.echo("  revoke the previous one once its last token has expired: doorward keys revoke KID")


@command.command("revoke")
@click.argument("kid")
@tenant_options
def revoke(kid: str, **options: Any) -> None:
    """Take the previous key KID out of use: every token it signed is refused from now on."""
    tenant = managed_tenant(**options)
    succeed(tenant.call("PUT", f"{PATH}/{kid}/revoke"), f"the key {kid} was not revoked", fix="doorward keys list")
    click.echo(f"✓ revoked {kid}")


def _state(key: dict[str, Any]) -> str:
    return next(state for state in ("revoked", "current", "next", "previous") if key.get(state))
