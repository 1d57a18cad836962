"""``doorward inbox``: the mails and text messages of a development server, at the terminal and in tests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from doorward.cli.running_server import RunningServer, development_server
from doorward.cli.terminal import Problem, colour

PATH = "/_doorward/api/v1/inbox"
POLL_SECONDS = 0.2
KINDS = {"email": "mail", "sms": "text message", "voice": "call"}


@click.command("inbox", short_help="Mails and text messages of the development server.")
@click.option("--to", metavar="ADDRESS", help="Only what was sent to this address or number.")
@click.option("--wait", type=click.FloatRange(0), metavar="SECONDS",
    help="The next message: wait so long for one that was not waited for before.")  # fmt: skip
@click.option("--code", "part", flag_value="code", help="Only the code in the newest message.")
@click.option("--link", "part", flag_value="link", help="Only the link in the newest message.")
@click.option("--json", "as_json", is_flag=True, help="Everything the server knows of it.")
@click.option("--data", "folder", default=".doorward", show_default=True, metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path), help="Folder of the running development server.")  # fmt: skip
@click.option("--tenant", metavar="DOMAIN", help="One of the development server's tenants.")
def command(
    to: str | None, wait: float | None, part: str | None, as_json: bool, folder: Path, tenant: str | None
) -> None:
    """Show what the development server would have sent. It sends nothing to anybody.

    \b
    doorward inbox
    doorward inbox --to ada@example.com --link
    CODE=$(doorward inbox --wait 10 --to ada@example.com --code)
    """
    server = development_server(folder, tenant=tenant)
    if wait is None and part is None:
        messages = _messages(server, to)
        if as_json:
            click.echo(json.dumps(messages, indent=2))
        else:
            _show_all(messages)
        return
    found = _awaited(server, to, wait) if wait is not None else next(iter(_messages(server, to)), None)
    if found is None:
        whom = f" for {to}" if to else ""
        waited = f" within {wait:g} seconds" if wait is not None else ""
        raise Problem(f"no message came{whom}{waited}", fix="doorward inbox   (shows what came)")
    if part is not None:
        if not found[part]:
            raise Problem(
                f"there is no {part} in the newest message", why=f"it is a {found['template']}", fix="doorward inbox"
            )
        click.echo(found[part])
    elif as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        _show(found)


def _awaited(server: RunningServer, to: str | None, seconds: float) -> dict[str, Any] | None:
    """The newest message nobody has waited for, as soon as there is one."""
    until = time.monotonic() + seconds
    while True:
        status, answer = server.ask("POST", f"{PATH}/take{_query(to)}")
        if status == 200:
            return dict(answer)
        _expect(status, 204)
        if time.monotonic() >= until:
            return None
        time.sleep(POLL_SECONDS)


def _messages(server: RunningServer, to: str | None) -> list[dict[str, Any]]:
    status, answer = server.ask("GET", PATH + _query(to))
    _expect(status, 200)
    return list(answer["messages"])


def _expect(status: int, expected: int) -> None:
    if status != expected:
        raise Problem("this server has no inbox", why=f"it answered {status}", fix="doorward dev   (only it has one)")


def _query(to: str | None) -> str:
    return f"?{urlencode({'to': to})}" if to else ""


def _show_all(messages: list[dict[str, Any]]) -> None:
    if not messages:
        click.echo("Nothing yet. What the development server sends appears here.")
    for message in reversed(messages):
        click.echo()
        _show(message)


def _show(message: dict[str, Any]) -> None:
    def line(label: str, value: str, styled: Callable[[str], str] = str) -> None:
        click.echo(f"  {click.style(label.ljust(9), dim=True)} {styled(value)}", color=colour())

    title = message["subject"] or KINDS[message["channel"]].capitalize()
    when = f"{message['at'][11:19]} UTC"
    click.echo(f"{click.style(title, bold=True)}  {click.style(when, dim=True)}", color=colour())
    line("to", message["to"])
    line("template", message["template"])
    for part in ("code", "link"):
        if message[part]:
            line(part, message[part], lambda value: click.style(value, fg="green", bold=True))
    if message["channel"] != "email":
        line("text", message["text"])
