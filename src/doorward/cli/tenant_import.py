"""``doorward import``: make a tenant what a file says, after showing what that changes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from doorward.cli.managed_tenant import LATER, ManagedTenant, managed_tenant, succeed, tenant_options
from doorward.cli.plan_view import counted, show_plan, show_problems
from doorward.cli.tenant_documents import TenantSource, read_tenant
from doorward.cli.terminal import DOCS, USAGE, Problem, colour
from doorward.management.tenant_file.wire import PATH

FIXES = {400: "mend the file", 409: LATER, 413: "import less at a time"}  # planned anew, a conflict is gone
CHANGES = 2  # the exit code of a dry run that would change something
GUIDE = f"{DOCS}/how-to/keep-a-tenant-in-git.md"


@click.command("import", short_help="Make a tenant what a file says.")
@click.argument("source", metavar="FILE|FOLDER", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show the plan; exit code 2 when something would change.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--allow-delete", is_flag=True, help="Delete what a section of the file does not name.")
@click.option("--mapping", "mappings", multiple=True, metavar="KEY[=VALUE]",
    help="What ##KEY## and @@KEY@@ stand for; without a value that of the environment variable.")  # fmt: skip
@click.option("--details", is_flag=True, help="Also the properties of what is new.")
@click.option("--json", "as_json", is_flag=True, help="The plan, as JSON.")
@tenant_options
def command(
    source: Path,
    dry_run: bool,
    yes: bool,
    allow_delete: bool,
    mappings: tuple[str, ...],
    details: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Make a tenant what FILE (tenant.yaml) or FOLDER says: both formats of auth0-deploy-cli.

    The plan is shown first, with what it does to tokens; secrets are never shown. All of it is applied in one
    transaction, or nothing. What the file does not name stays, unless --allow-delete.

    \b
    doorward import tenant.yaml
    doorward import tenant.yaml --dry-run          # in CI: 0 nothing to do, 2 changes
    doorward import ./tenant --yes --mapping API_URL=https://api.example.com
    """
    try:
        read = read_tenant(source, _mappings(mappings))
        tenant = managed_tenant(**options)
        asked = {"document": read.document, "removes": allow_delete}
        plan = _ask(tenant, asked)
    except Problem as problem:
        if problem.exit_code == CHANGES:  # that number is the answer of a dry run
            problem.exit_code = 1
        raise
    if not plan["problems"] and plan["changes"] and not dry_run and (yes or _agreed(plan, source, details, as_json)):
        plan = _ask(tenant, {**asked, "apply": True, "revision": plan["revision"]})
    if as_json:
        click.echo(json.dumps(read.placed(plan), indent=2, ensure_ascii=False))
    else:
        _tell(plan, read, source, details=details, shown=not yes and not dry_run and bool(plan["changes"]))
    if plan["problems"]:
        raise SystemExit(1)
    if dry_run and plan["changes"]:
        raise SystemExit(CHANGES)


def _mappings(pairs: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator and key not in os.environ:
            raise Problem(
                f"--mapping {key} has no value",
                why=f"there is no environment variable {key}",
                fix=f"--mapping {key}=VALUE",
                exit_code=USAGE,
            )
        try:
            found[key] = json.loads(value if separator else os.environ[key])
        except ValueError:
            found[key] = value if separator else os.environ[key]
    return found


def _ask(tenant: ManagedTenant, body: dict[str, Any]) -> dict[str, Any]:
    answer = tenant.call("POST", PATH, body)
    return dict(succeed(answer, "the file was not imported", fix=FIXES.get(answer[0], "")))


def _agreed(plan: dict[str, Any], source: Path, details: bool, as_json: bool) -> bool:
    """Whether somebody at the terminal agrees to the plan. Raises ``Problem`` where there is nobody."""
    if as_json or not sys.stdin.isatty():
        if not as_json:
            _head(plan, source)
            show_plan(plan, details=details)
            click.echo()
        raise Problem(
            f"nothing was changed: {counted(plan)}",
            why="there is nobody to ask",
            fix=f"doorward import {source} --yes   (or --dry-run)",
            more=GUIDE,
            exit_code=USAGE,
        )
    _head(plan, source)
    show_plan(plan, details=details)
    click.echo()
    question = f"  {counted(plan)}. Apply to {plan['domain']}?"
    return click.confirm(question if colour() is False else click.style(question, bold=True))


def _head(plan: dict[str, Any], source: Path) -> None:
    title = click.style(plan["domain"], bold=True)
    revision = click.style(f"revision {plan['revision']}", dim=True)
    click.echo(f"\n{title}  {revision}  ← {source}", color=colour())
    if plan["changes"]:
        click.echo()


def _tell(plan: dict[str, Any], read: TenantSource, source: Path, *, details: bool, shown: bool) -> None:
    if plan["problems"]:
        number = len(plan["problems"])
        what = "1 entry cannot" if number == 1 else f"{number} entries cannot"
        click.secho(f"✗ {what} be imported; nothing was changed", fg="red", bold=True, err=True, color=colour())
        show_problems(plan, read.place)
        return
    if not shown:
        if plan["changes"] or plan["left_out"]:
            _head(plan, source)
        show_plan(plan, details=details)
    if plan["applied"]:
        click.secho(f"\n✓ {plan['domain']}: {counted(plan, done=True)}", fg="green", bold=True, color=colour())
    elif not plan["changes"]:
        before = "\n" if plan["left_out"] else ""
        what = f"nothing to change: {plan['domain']} is what {source} says"
        click.secho(f"{before}✓ {what}", fg="green", color=colour())
    else:
        click.echo(f"\n  {counted(plan)}; nothing was changed")
