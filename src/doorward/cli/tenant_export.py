"""``doorward export``: a tenant as a file, or as a folder of them."""

from __future__ import annotations

import json
import os
import textwrap
from pathlib import Path, PurePosixPath
from typing import Any

import click

from doorward.cli.managed_tenant import managed_tenant, succeed, tenant_options
from doorward.cli.tenant_documents import yaml_files, yaml_text
from doorward.cli.tenant_folder import FILES, FOLDERS, folder_files
from doorward.cli.terminal import Problem, amount, colour, reason, width
from doorward.management.tenant_file.wire import PATH

YAML = (".yaml", ".yml")
ELSEWHERE = "doorward export --output tenant.yaml"


@click.command("export", short_help="Write a tenant to a file.")
@click.option("--output", metavar="FILE|FOLDER", type=click.Path(path_type=Path),
    help="A .yaml file, or a folder with a file for each entry; without it YAML goes to the terminal.")  # fmt: skip
@click.option("--secrets", is_flag=True, help="With secrets, instead of keywords that stand for them.")
@click.option("--identifiers", is_flag=True, help="With the client_id of each client.")
@click.option("--own", is_flag=True, help="With what only Doorward has, as a folder always is.")
@click.option("--json", "as_json", is_flag=True, help="The document as JSON, to the terminal.")
@tenant_options
def command(output: Path | None, secrets: bool, identifiers: bool, own: bool, as_json: bool, **options: Any) -> None:
    """Write a tenant in the formats of auth0-deploy-cli, always in the same order: the same tenant, the same file.

    What this writes can be imported by doorward import and by that tool; YAML with --own by doorward import only.

    \b
    doorward export > tenant.yaml
    doorward export --output tenant.yaml     # code and pages in files beside it
    doorward export --output ./tenant        # a folder
    """
    tenant = managed_tenant(**options)
    in_folder = output is not None and output.suffix not in YAML and not as_json
    asked = {"secrets": secrets, "identifiers": identifiers, "own": own or in_folder}
    query = "&".join(f"{name}={str(wanted).lower()}" for name, wanted in asked.items())
    answer = succeed(tenant.call("GET", f"{PATH}?{query}"), "the tenant was not exported")
    document = answer["document"]
    for section in answer["left_out"]:
        click.secho(f"! left out, the token may not read it: {section}", fg="yellow", err=True, color=colour())
    if as_json:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    elif output is None:
        click.echo(yaml_text(document), nl=False)
    else:
        counts = {key: len(value) for key, value in document.items() if isinstance(value, list)}
        written = _write(document, output, private=secrets)
        click.secho(f"✓ {tenant.host} → {output}", fg="green", bold=True, color=colour())
        for line in textwrap.wrap(f"{amount(written, 'file')}: {_listed(counts)}", width() - 2):
            click.echo(f"  {line}")
        if not secrets:
            click.secho("  secrets are not in it: keywords such as ##KEY## stand for them", dim=True, color=colour())


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{section} {number}" for section, number in counts.items() if number) or "settings only"


def _write(document: dict[str, Any], output: Path, *, private: bool) -> int:
    """Write the files of the document; those an earlier export left in the folder go. Raises ``Problem``."""
    if output.suffix not in YAML and output.is_file():
        raise Problem(f"{output} is a file", why="a tenant is written to a .yaml file or to a folder", fix=ELSEWHERE)
    folder = output.parent if output.suffix in YAML else output
    files = list(yaml_files(document, output.name) if output.suffix in YAML else folder_files(document))
    try:
        if output.suffix not in YAML:
            _clear(folder, {path for path, _ in files})
        for path, text in files:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            mode = 0o600 if private else 0o666
            with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise Problem(f"{output} cannot be written", why=reason(error), fix=ELSEWHERE) from None
    return len(files)


def _clear(folder: Path, written: set[PurePosixPath]) -> None:
    """Of an earlier export (there is a tenant.json) the entries that are gone."""
    if not (folder / FILES["tenant"]).is_file():
        return
    for section in FOLDERS.values():
        for path in (folder / section).glob("*.json"):
            if PurePosixPath(section, path.name) not in written:
                path.unlink()
