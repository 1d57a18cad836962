"""What development servers alone have: a page at ``/``, and a demo application to log in to.

The application is answered at ``/_doorward/callback``. It is an application like any other: a public client that
redeems its code with PKCE. It takes the code verifier of RFC 7636's own example, which everybody knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.mfa import FACTORS, MULTI_FACTOR, offers
from doorward.model.tenant import Issuer
from doorward.oauth.eligibility import connection_serves, serving_databases
from doorward.ports import Directory
from doorward.web import inbox
from doorward.web.login.documents import DemoDocument
from doorward.web.login.presenter import Presenter
from doorward.web.router import Handler
from doorward.web.wire.http import Request, Response, redirect, text_response

PATH, LOGIN = "/_doorward/callback", "/_doorward/login"
READ_BY_CLIENTS = (".well-known/openid-configuration", ".well-known/jwks.json")
# RFC 7636, Appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def login_address(issuer: Issuer, client: Client, directory: TenantDirectory, **further: str) -> str:
    """An authorization request of ``client`` to open in a browser, answered at this server if it may be, else at its
    first callback: for the tenant's first API of its own, if it has one. ``further`` are more of its parameters."""
    own = issuer.endpoint(PATH.removeprefix("/"))
    answered = sorted(client.callbacks, key=lambda uri: (uri != own, uri.endswith(PATH)))  # another server's last
    asked = {
        "client_id": client.client_id, "response_type": "code", "redirect_uri": answered[0],
        "scope": "openid profile email", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    api = next((api for api in directory.resource_servers.values() if not api.is_system), None)
    if api is not None:
        asked["audience"] = api.identifier
        asked["scope"] += "".join(f" {scope.value}" for scope in api.scopes[:2])
    return f"{issuer.url}authorize?{urlencode(asked | further, safe=':/')}"


def _further(client: Client, directory: TenantDirectory) -> Iterator[tuple[str, str]]:
    """What a login of ``client`` can be asked for in addition: a parameter and its value."""
    if any(database.allows_signup for database in serving_databases(client, directory, None)):
        yield "screen_hint", "signup"
    if any(offers(directory, factor) for factor in FACTORS.values()):
        yield "acr_values", MULTI_FACTOR
    for connection in directory.connections.values():
        if connection.is_passwordless and connection_serves(connection, client):
            yield "connection", connection.name


def front(directory: Directory, presenter: Presenter) -> Handler:
    """``/``: what this server is, for whoever opens its address."""

    async def handler(request: Request) -> Response:
        tenant = directory.tenant(request.issuer.tenant)
        logins = {
            client.name: {"": login_address(request.issuer, client, tenant)}
            | {
                f"{name}={value}": login_address(request.issuer, client, tenant, **{name: value})
                for name, value in _further(client, tenant)
            }
            for client in tenant.clients.values()
            if client.callbacks and client.is_first_party and "authorization_code" in client.grant_types
        }
        return presenter.front(request, logins, inbox.PATH, READ_BY_CLIENTS)

    return handler


def _answered_here(issuer: Issuer, directory: TenantDirectory) -> Client | None:
    own = issuer.endpoint(PATH.removeprefix("/"))
    return next((one for one in directory.clients.values() if own in one.callbacks and one.is_public), None)


def login(directory: Directory) -> Handler:
    """Where logins to the demo application begin: its ``initiate_login_uri``."""

    async def handler(request: Request) -> Response:
        tenant = directory.tenant(request.issuer.tenant)
        client = _answered_here(request.issuer, tenant)
        return redirect(login_address(request.issuer, client, tenant) if client is not None else "/")

    return handler


def callback(directory: Directory, presenter: Presenter) -> Handler:
    """The demo application's page; 404 where no client has it as a callback."""

    async def handler(request: Request) -> Response:
        tenant = directory.tenant(request.issuer.tenant)
        client = _answered_here(request.issuer, tenant)
        if client is None:
            return text_response("No application is answered here\n", 404)
        redeem = {
            "grant_type": "authorization_code",
            "client_id": client.client_id,
            "redirect_uri": request.issuer.endpoint(PATH.removeprefix("/")),
            "code_verifier": VERIFIER,
        }
        again = login_address(request.issuer, client, tenant)
        leave = request.issuer.endpoint(f"v2/logout?{urlencode({'client_id': client.client_id})}")
        return presenter.demo(request, DemoDocument(redeem, again, leave))

    return handler
