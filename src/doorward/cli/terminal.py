"""What commands say: problems in four lines (what, why, fix, more), colour only on a terminal."""

from __future__ import annotations

import os

import click

DOCS = "docs"  # the folder of the project's documentation
USAGE, NO_SERVER, NOT_AUTHORIZED = 2, 3, 4  # exit codes beside 0 and 1


def colour() -> bool | None:
    """``False`` where nobody wants any (https://no-color.org), else ``None``: click decides by the terminal."""
    return False if os.environ.get("NO_COLOR") else None


class Problem(Exception):
    """A failure told to the person at the terminal. ``fix`` is a command to paste."""

    def __init__(self, what: str, *, why: str = "", fix: str = "", more: str = "", exit_code: int = 1) -> None:
        super().__init__(what)
        self.what, self.why, self.fix, self.more, self.exit_code = what, why, fix, more, exit_code

    def show(self) -> None:
        click.secho(f"✗ {self.what}", fg="red", err=True, color=colour())
        for label, text in (("why", self.why), ("fix", self.fix), ("more", self.more)):
            if text:
                click.echo(f"  {click.style(label.ljust(5), dim=True)} {text}", err=True, color=colour())
