"""How people start Doorward: one module per command, imported when it is asked for."""

from __future__ import annotations

import sys
from typing import ClassVar

import click

from doorward import __version__
from doorward.cli.terminal import Problem


class _Commands(click.Group):
    """Commands by name; each module is imported only when its command runs."""

    names = (
        "dev",
        "serve",
        "migrate",
        "token",
        "explain",
        "keys",
        "users",
        "tenants",
        "inbox",
        "root",
        "import",
        "export",
    )
    modules: ClassVar = {"import": "tenant_import", "export": "tenant_export"}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.names)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.names:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"doorward.cli.{self.modules.get(name, name)}").command
        return command


@click.group(cls=_Commands)
@click.version_option(__version__, prog_name="doorward")
def commands() -> None:
    """Doorward: an authorization server that is wire-compatible with Auth0, and says why."""


def _help(error: click.UsageError) -> str:
    """Where the command that was typed says what it takes."""
    return f"{error.ctx.command_path if error.ctx is not None else 'doorward'} --help"


def main() -> None:
    """The ``doorward`` program. Exit codes: 0 ok, 1 failed, 2 usage, 3 no server, 4 not authorized."""
    try:
        commands(standalone_mode=False, prog_name="doorward")
    except click.exceptions.Abort:
        sys.exit(130)
    except click.UsageError as error:
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            error.show()
            sys.exit(error.exit_code)
        told = Problem(error.format_message(), fix=_help(error), exit_code=error.exit_code)
        told.show()
        sys.exit(told.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Problem as problem:
        problem.show()
        sys.exit(problem.exit_code)
