"""``doorward token``: get an access token at the terminal, as a machine or as a person in the browser."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import click

from doorward.cli.explain import HELP, PATH
from doorward.cli.explanation import lifetime, show
from doorward.cli.loopback_login import log_in
from doorward.cli.running_server import RunningServer, development_server
from doorward.cli.terminal import USAGE, Problem, colour

MACHINE = "client_credentials"
SHOWN_SCOPES = 12


@click.command("token", short_help="Get an access token, as a machine or in the browser.")
@click.option("--client", metavar="NAME|ID", help="The application, by name or client_id; by default one that fits.")
@click.option("--client-secret", metavar="SECRET", help="Its secret, if the development server does not know it.")
@click.option("--audience", metavar="IDENTIFIER", help="The API the token is for.")
@click.option("--scope", metavar="SCOPES", help="The scopes to ask for, in one argument.")
@click.option("--login", is_flag=True, help="As a person: log in with the browser (code with PKCE).")
@click.option("--management", is_flag=True, help="For the Management API, as the development server's own client.")
@click.option("--no-browser", is_flag=True, help="With --login: print the address instead of opening it.")
@click.option("--raw", is_flag=True, help="Nothing but the token, for $(doorward token --raw).")
@click.option("--json", "as_json", is_flag=True, help="The answer of the token endpoint.")
@click.option("--explain", "explains", is_flag=True, help="Also say why the token came out so.")
@click.option("--data", "folder", default=".doorward", show_default=True, metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path), help="Folder of the running development server.")  # fmt: skip
@click.option("--tenant", metavar="DOMAIN", help="One of the development server's tenants.")
@click.option("--host", metavar="DOMAIN", help="The domain to ask on, such as a custom domain.")
def command(
    client: str | None,
    client_secret: str | None,
    audience: str | None,
    scope: str | None,
    login: bool,
    management: bool,
    no_browser: bool,
    raw: bool,
    as_json: bool,
    explains: bool,
    folder: Path,
    tenant: str | None,
    host: str | None,
) -> None:
    """Get an access token from the development server and show what is in it.

    \b
    doorward token
    doorward token --client "My Service" --audience https://api.example.test --scope read:items
    doorward token --login --audience https://api.example.test --scope "openid read:items"
    doorward token --management --raw
    """
    if management and (login or client is not None):
        raise Problem("--management is an application of its own", fix="doorward token --management", exit_code=USAGE)
    server = development_server(folder, tenant=tenant, host=host)
    chosen = server.management if management else _application(server, client, login=login)
    if management:
        audience = audience or chosen["audience"]
    secret = client_secret or chosen.get("client_secret") or None
    asked = {"audience": audience, "scope": scope}
    if not login and audience is None:
        asked["audience"] = _granted_audience(server, chosen["client_id"])
    parameters = {name: value for name, value in asked.items() if value is not None}
    if login:
        parameters.setdefault("scope", "openid profile email")
        answer, request = log_in(server, chosen, secret, parameters, opens_browser=not no_browser, quiet=raw or as_json)
    else:
        request = {"grant_type": MACHINE, "client_id": chosen["client_id"], **parameters}
        body = {**request, **({"client_secret": secret} if secret else {})}
        answer = granted(server, server.ask("POST", "/oauth/token", body), request, chosen["name"])
    if raw:
        click.echo(answer["access_token"])
    elif as_json:
        click.echo(json.dumps(answer, indent=2))
    else:
        _show(answer, chosen["name"])
    if explains:
        _explain(server, request, chosen["name"])


def granted(server: RunningServer, reply: tuple[int, Any], request: dict[str, str], name: str) -> dict[str, Any]:
    """The answer of the token endpoint. Raises ``Problem`` with the server's own why and fix for a refusal."""
    status, body = reply
    if status == 200 and isinstance(body, dict):
        return body
    if not isinstance(body, dict) or "error" not in body:
        raise Problem(f"the server answered {status}", why=str(body)[:200], fix=f"look at what {server.host} logs")
    _, told = server.call("POST", PATH, request)
    steps = told.get("steps", []) if isinstance(told, dict) else []
    mend = (steps[-1].get("fix") or {}) if steps else {}
    raise Problem(
        f"{body['error']}: {body.get('error_description', '')}   ({name})",
        why=mend.get("why", ""),
        fix=(mend.get("do") or [""])[0],
        more=f"https://{server.host}{HELP}/{steps[-1]['because']['code']}" if steps else "",
    )


def _application(server: RunningServer, wanted: str | None, *, login: bool) -> dict[str, Any]:
    """The application that asks: the one named, or the first that can do it this way."""
    status, clients = server.call("GET", "/api/v2/clients?is_global=false&per_page=100")
    if status != 200:
        raise Problem("the applications cannot be read", why=str(clients), fix="restart doorward dev")
    grant = "authorization_code" if login else MACHINE
    known = {entry["client_id"]: entry["client_secret"] for entry in server.clients}
    for client in clients:
        client["client_secret"] = client.get("client_secret") or known.get(client["client_id"], "")
    if wanted is not None:
        for client in clients:
            if wanted in (client["client_id"], client["name"]):
                return dict(client)
        names = ", ".join(client["name"] for client in clients)
        able = [one["name"] for one in clients if one["client_id"] in known and grant in one.get("grant_types", [])]
        fix = f'--client "{able[0]}"' if able else "doorward token --management"
        raise Problem(f"no application is {wanted}", why=f"there are: {names}", fix=fix, exit_code=USAGE)
    for client in clients:
        if client["client_id"] in known and grant in client.get("grant_types", []):
            machine = client.get("token_endpoint_auth_method") != "none"
            if login or (machine and _granted_audience(server, client["client_id"]) is not None):
                return dict(client)
    raise Problem(
        "no application of this tenant can do that",
        why=f"none has the grant type {grant}" + ("" if login else " and a client grant for an API"),
        fix="doorward token --login" if not login else "doorward token",
        exit_code=USAGE,
    )


def _granted_audience(server: RunningServer, client_id: str) -> str | None:
    """An API of the tenant's own that the client has a grant for."""
    status, grants = server.call("GET", f"/api/v2/client-grants?client_id={client_id}&subject_type=client")
    if status != 200:
        return None
    return next((str(grant["audience"]) for grant in grants if not grant["audience"].endswith("/api/v2/")), None)


def _show(answer: dict[str, Any], name: str) -> None:
    token = answer["access_token"]

    def line(label: str, value: str) -> None:
        click.echo(f"  {click.style(label.ljust(14), dim=True)} {value}", color=colour())

    header = _part(token, 0)
    kind = {3: "JWT", 5: "opaque" if header.get("alg") == "dir" else "encrypted JWT"}.get(token.count(".") + 1, "?")
    click.secho(f"✓ {name} got an access token", fg="green", bold=True, color=colour())
    hint = "   (for /userinfo; name an API with --audience for a JWT)" if kind == "opaque" else ""
    line("form", f"{kind} · {header.get('alg')}{hint}")
    line("lives", lifetime(answer["expires_in"]))
    line("scope", _scopes(answer.get("scope", "").split()))
    claims = _part(token, 1) if kind == "JWT" else {}
    for claim in ("iss", "sub", "aud", "azp", "client_id", "permissions", "gty"):
        if claim in claims:
            value = claims[claim]
            line(claim, " + ".join(value) if isinstance(value, list) else str(value))
    for other in ("id_token", "refresh_token"):
        if other in answer:
            line(other.replace("_", " "), "yes   (--json shows it)")
    click.echo(f"\n{token}")


def _scopes(scopes: list[str]) -> str:
    """As many as are read at a glance."""
    if len(scopes) <= SHOWN_SCOPES:
        return " ".join(scopes) or "none"
    return f"{' '.join(scopes[:4])} … {len(scopes)} in all   (--json shows them)"


def _part(token: str, index: int) -> dict[str, Any]:
    """Header or claims, not verified: this is for the eye."""
    text = token.split(".")[index]
    part: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return part


def _explain(server: RunningServer, request: dict[str, str], name: str) -> None:
    status, told = server.call("POST", PATH, request)
    if status != 200:
        raise Problem("the server does not explain", why=str(told)[:200], fix="leave --explain out")
    click.echo()
    show(told, request, name, everything=False, help_address=f"https://{server.host}{HELP}")
