"""``doorward explain``: why a token comes out as it does, asked of a running server; nothing is issued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import click

from doorward.cli.explanation import show
from doorward.cli.running_server import RunningServer, running_server
from doorward.cli.terminal import DOCS, NOT_AUTHORIZED, Problem

PATH = "/_doorward/api/v1/explain"
HELP = "/_doorward/help"
SHORT_GRANTS = {"password-realm": "http://auth0.com/oauth/grant-type/password-realm"}
MACHINE, PERSON = "client_credentials", "authorization_code"
SHOWN = 12


@click.command("explain", short_help="Say why a token comes out as it does.")
@click.argument("request", required=False, metavar="[AUTHORIZE_URL]")
@click.option("--client", metavar="NAME|ID", help="The application that asks, by name or client_id.")
@click.option("--audience", metavar="IDENTIFIER", help="The API that is named.")
@click.option("--scope", metavar="SCOPES", help="The scopes asked for, in one argument.")
@click.option("--user", metavar="ID|EMAIL", help="The person it would be for.")
@click.option("--grant", metavar="TYPE", help="grant_type: a request to /oauth/token.")
@click.option("--response-type", metavar="TYPE", help="response_type: a request to /authorize.")
@click.option("--redirect-uri", metavar="URI", help="The callback of a request to /authorize.")
@click.option("--param", "more", multiple=True, metavar="NAME=VALUE", help="Any other parameter; may be repeated.")
@click.option("--data", "folder", default=".doorward", show_default=True, metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path), help="Folder of the running development server.")  # fmt: skip
@click.option("--tenant", metavar="DOMAIN", help="One of the development server's tenants.")
@click.option("--host", metavar="DOMAIN", help="The domain to ask on, such as a custom domain.")
@click.option("--url", metavar="URL", help="Another server than the development server's.")
@click.option("--token", metavar="TOKEN", help="A Management API token of that server, with read:logs.")
@click.option("--all", "everything", is_flag=True, help="Also what is only worth knowing, and the rule ids.")
@click.option("--json", "as_json", is_flag=True, help="The answer as it came.")
def command(
    request: str | None,
    client: str | None,
    audience: str | None,
    scope: str | None,
    user: str | None,
    grant: str | None,
    response_type: str | None,
    redirect_uri: str | None,
    more: tuple[str, ...],
    folder: Path,
    tenant: str | None,
    host: str | None,
    url: str | None,
    token: str | None,
    everything: bool,
    as_json: bool,
) -> None:
    """Say why a token comes out as it does. A dry run: nothing is issued, written or spent.

    Without --grant and --response-type the request is the one the application is made for. Exit code 1 means
    that the request would be refused.

    \b
    doorward explain --client "My Service" --audience https://api.example.test
    doorward explain --client "My App" --user ada@example.test --scope "openid read:items"
    doorward explain 'https://localhost:8443/authorize?client_id=…'
    """
    parameters = _authorize_url(request) if request is not None else {}
    parameters |= _more(more)
    given = {"audience": audience, "scope": scope, "response_type": response_type, "redirect_uri": redirect_uri}
    parameters |= {name: value for name, value in given.items() if value is not None}
    if grant is not None:
        parameters["grant_type"] = SHORT_GRANTS.get(grant, grant)
    server = running_server(url, token, folder, tenant, host)
    if client is not None:
        parameters["client_id"] = _client_id(server, client)
    elif "client_id" not in parameters:
        raise Problem(
            "no application is named", why="a token is always some application's", fix=_any_client(server), exit_code=2
        )
    if user is not None:
        parameters["user_id"] = _user_id(server, user)
    parameters, answer = _ask_fittingly(server, parameters)
    if as_json:
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        name = _name(server, parameters["client_id"])
        show(answer, parameters, name, everything=everything, help_address=f"https://{server.host}{HELP}")
        if client == parameters["client_id"] and all(known["client_id"] != client for known in server.clients):
            click.echo(f"\n  Applications here: {', '.join(_names(server)) or 'none that this token may see'}")
    if answer["error"] is not None:
        raise SystemExit(1)


# ── from arguments to parameters ───────────────────────────────────────────────────────────────


def _authorize_url(request: str) -> dict[str, str]:
    parts = urlsplit(request)
    if not parts.path.rstrip("/").endswith("/authorize") or not parts.query:
        why = "explain takes the address of an authorization request, or options that describe a request"
        raise Problem("that is no /authorize address", why=why, fix="doorward explain --help", exit_code=2)
    pairs = parse_qsl(parts.query)
    repeated = {name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1}
    if repeated:
        why = "the authorization endpoint refuses a parameter that comes twice"
        raise Problem(
            f"{', '.join(sorted(repeated))} is in the address more than once",
            why=why,
            fix="send each once",
            exit_code=2,
        )
    return dict(pairs)


def _more(pairs: tuple[str, ...]) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise Problem(f"--param {pair} is not NAME=VALUE", fix="--param prompt=none", exit_code=2)
        parameters[name] = value
    return parameters


def _client_id(server: RunningServer, wanted: str) -> str:
    """By id or by name; what the server does not know is passed on, so that the refusal is explained."""
    for client in _clients(server):
        if wanted == client.get("client_id"):
            return wanted
    found = [client["client_id"] for client in _clients(server) if client.get("name") == wanted]
    if len(found) > 1:
        raise Problem(f"{len(found)} applications are named {wanted}", fix=f"--client {found[0]}", exit_code=2)
    return found[0] if found else wanted


def _clients(server: RunningServer) -> list[dict[str, str]]:
    if not server.clients:
        status, answer = server.call("GET", "/api/v2/clients?fields=client_id,name&include_fields=true")
        if status == 200 and isinstance(answer, list):
            server.clients = answer
    return server.clients


def _name(server: RunningServer, client_id: str) -> str:
    for client in server.clients:
        if client.get("client_id") == client_id:
            return client.get("name") or client_id
    return client_id


def _names(server: RunningServer) -> list[str]:
    names = [client["name"] for client in server.clients if client.get("name")]
    return names if len(names) <= SHOWN else [*names[:SHOWN], f"and {len(names) - SHOWN} more"]


def _any_client(server: RunningServer) -> str:
    names = _names(server)
    return f'doorward explain --client "{names[0] if names else "My App"}"'


def _user_id(server: RunningServer, wanted: str) -> str:
    if "|" in wanted:
        return wanted
    why = "this server cannot look users up by e-mail address"
    searched = quote(f'email:"{wanted}"', safe="")
    for path in (f"/api/v2/users-by-email?email={quote(wanted, safe='')}", f"/api/v2/users?q={searched}"):
        status, answer = server.call("GET", path)
        if status == 200 and isinstance(answer, list):
            if answer:
                return str(answer[0]["user_id"])
            why = "no user has this e-mail address"
            break
    raise Problem(f"the user {wanted} cannot be found", why=why, fix="--user 'auth0|…'   (the user_id)", exit_code=2)


# ── asking ─────────────────────────────────────────────────────────────────────────────────────


def _ask_fittingly(server: RunningServer, parameters: dict[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Where neither endpoint is named, ask for what the application can do: machine first, then person."""
    if {"grant_type", "response_type", "redirect_uri", "request_uri"} & set(parameters):
        return parameters, _ask(server, parameters)
    person = "user_id" in parameters or {"openid", "offline_access"} & set(parameters.get("scope", "").split())
    order = (PERSON, MACHINE) if person else (MACHINE, PERSON)
    first = {"grant_type": order[0], **parameters}
    answer = _ask(server, first)
    if answer["error"] is None or answer["error"].get("code") != "request.grant_type":
        return first, answer
    second = {"grant_type": order[1], **parameters}
    other = _ask(server, second)
    if other["error"] is not None and other["error"].get("code") == "request.grant_type":
        return first, answer
    return second, other


def _ask(server: RunningServer, parameters: dict[str, str]) -> dict[str, Any]:
    status, answer = server.call("POST", PATH, parameters)
    if status == 200 and isinstance(answer, dict):
        return answer
    message = answer.get("message", "") if isinstance(answer, dict) else str(answer)
    if status in (401, 403):
        raise Problem(
            f"the server does not take the token ({status})",
            why=message,
            fix="ask for a Management API token with read:logs, on the domain that is called",
            more=f"{DOCS}/explanation/why-this-token.md",
            exit_code=NOT_AUTHORIZED,
        )
    if status == 400:
        raise Problem("that is no request to explain", why=message, fix="doorward explain --help", exit_code=2)
    raise Problem(f"the server answered {status}", why=message[:200], fix="name a Doorward server with --url")
