"""What commands say: problems in four lines (what, why, fix, more), colour only on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import click

DOCS = "docs"  # the folder of the project's documentation
WIDEST = 110  # columns; nobody reads longer lines
NAME, CALL = "doorward", "doorward "  # of this program, and how what to do about a problem begins
USAGE, NO_SERVER, NOT_AUTHORIZED = 2, 3, 4  # exit codes beside 0 and 1


def colour() -> bool | None:
    """``False`` where nobody wants any (https://no-color.org), else ``None``: click decides by the terminal."""
    return False if os.environ.get("NO_COLOR") else None


def width() -> int:
    """How many columns a line may have."""
    return min(shutil.get_terminal_size((80, 24)).columns, WIDEST)


def done(what: str) -> None:
    """It worked."""
    click.secho(f"✓ {what}", fg="green", bold=True, color=colour())


def field(label: str, value: str, note: str = "", *, err: bool = False) -> None:
    """One line of what belongs to it, the labels in a column."""
    said = click.style(f"   {note}", dim=True) if note else ""
    click.echo(f"  {click.style(label.ljust(14), dim=True)} {value}{said}", err=err, color=colour())


def rows(heads: Sequence[str], table: Sequence[Sequence[str]]) -> None:
    """A table with its columns aligned."""
    widths = [max(len(row[column]) for row in (heads, *table)) for column in range(len(heads))]
    for number, row in enumerate((heads, *table)):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        click.echo(line if number else click.style(line, dim=True), color=colour())


def amount(count: int, thing: str) -> str:
    return f"1 {thing}" if count == 1 else f"{count} {thing}s"


def reason(error: Exception) -> str:
    """What an exception says to people: of the operating system's the sentence, without number and path."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def program() -> str:
    """How this program is called from here: by its path where the shell would not find it by its name."""
    started = Path(sys.argv[0])
    if started.name != NAME or shutil.which(NAME) is not None:
        return NAME
    here = os.path.relpath(started)
    return here if not here.startswith(os.pardir) else str(started)


class Problem(Exception):
    """A failure told to the person at the terminal. ``fix`` is what to do about it, best a command to paste."""

    def __init__(self, what: str, *, why: str = "", fix: str, more: str = "", exit_code: int = 1) -> None:
        super().__init__(what)
        self.what, self.why, self.fix, self.more, self.exit_code = what, why, fix, more, exit_code

    def show(self) -> None:
        click.secho(f"✗ {self.what}", fg="red", err=True, color=colour())
        why = self.why
        if sys.stderr.isatty():  # in a log it stays one line
            why = "\n        ".join(textwrap.wrap(why, max(width() - 8, 30), break_long_words=False))
        fix = f"{program()} {self.fix.removeprefix(CALL)}" if self.fix.startswith(CALL) else self.fix
        for label, text in (("why", why), ("fix", fix), ("more", self.more)):
            if text:
                click.echo(f"  {click.style(label.ljust(5), dim=True)} {text}", err=True, color=colour())
