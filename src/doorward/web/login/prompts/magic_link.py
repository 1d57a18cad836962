"""The link from a mail that signs in: what looks into links does not use it up, a press of a button does.

It leads into the login it was sent for, in the browser that began it, or into one of its own, as the application
asked for it (``authParams``).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from doorward.identity.passwordless import LINK, address_of, claimant_of
from doorward.model.authentication import Denial
from doorward.model.challenge import Challenge
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.oauth.authorization import Browser, Interaction, TransactionGone
from doorward.oauth.eligibility import connection_serves, serving_databases
from doorward.oauth.errors import AccessDenied, TooManyAttempts
from doorward.oauth.grants.passwordless_otp import TOO_MANY, WRONG_CODE
from doorward.web.login import screens
from doorward.web.login.pages import ResultPage
from doorward.web.login.visit import PageRequest, Visit
from doorward.web.wire.cookies import browser, transaction_cookie
from doorward.web.wire.http import Response
from doorward.web.wire.parameters import query_parameters

PATH = f"/{LINK}"
# What is about the link itself; the rest is for the authorization request. Nobody is silent after pressing a button.
OWN = frozenset({"verification_code", "connection", "email", "phone_number", "prompt"})


class _Way(Struct, frozen=True, kw_only=True):
    """What a link is good for, and where it leads: into the login that waits for it (``state``), or into a new one
    with ``parameters``. With ``elsewhere`` it is good in another browser only."""

    client: Client
    connection: Connection
    address: str
    secret: str
    link: Challenge | None = None
    state: str = ""
    parameters: Mapping[str, str] = {}
    elsewhere: bool = False

    @property
    def redirect_uri(self) -> str:
        """Where the browser goes in the end, as far as that is to be trusted before it is judged."""
        asked = self.parameters.get("redirect_uri", "")
        return asked if asked in self.client.callbacks else next(iter(self.client.callbacks), "")


async def follow(visit: PageRequest) -> Response:
    """Raises ``AccessDenied`` (403) for a link that is good for nothing, ``TransactionGone`` for a login that is."""
    way = await _way(visit)
    if visit.is_post and not way.elsewhere:
        return await _go(visit, way)
    page = ResultPage(screen=screens.LOGIN_LINK, client_name=way.client.name, status=400)
    if not way.elsewhere:
        page = ResultPage(
            screen=screens.REDEEM_TICKET,
            title="pageTitle",
            primary="buttonText",
            presses_itself=bool(way.state),  # in a browser that asked for nothing a person has to press
            client_name=way.client.name,
            redirect_uri=way.redirect_uri,
        )
    return visit.login.presenter.render(visit.request, page)


async def _way(visit: PageRequest) -> _Way:
    parameters, directory = query_parameters(visit.request), visit.directory
    secret = parameters.get("verification_code", "")
    passwordless = visit.login.people.passwordless
    link = await passwordless.look(directory, secret)
    # A press that was first may have spent it: into the login that waits for it, that leads as well.
    spent = await passwordless.look(directory, secret, spent=True) if link is None and visit.is_post else None
    if spent is not None and "login" in spent.payload:
        link = spent
    client_id = parameters.get("client_id") if link is None else link.client_id
    name = parameters.get("connection") if link is None else link.connection
    client, connection = directory.clients.get(client_id or ""), directory.connections.get(name or "")
    if client is None or connection is None or not connection.is_passwordless:
        raise AccessDenied(WRONG_CODE["email"])
    if not connection_serves(connection, client):
        raise AccessDenied("The connection is not enabled for this client")
    if link is None:  # a code that was typed into the application
        address = address_of(connection, parameters.get(connection.address_field, "")) or ""
        way = _Way(client=client, connection=connection, address=address, secret=secret)
        return _asking(way, parameters)
    way = _Way(client=client, connection=connection, address=link.address, secret=secret, link=link)
    if "login" in link.payload:
        way = await _into_its_login(visit, way, parameters.get("state", ""), link.payload["login"])
        if spent is not None and not way.state:
            raise AccessDenied(WRONG_CODE[connection.strategy])
        return way
    return _asking(way, link.payload.get("authParams", {}))


def _asking(way: _Way, parameters: Mapping[str, str]) -> _Way:
    asked = {name: value for name, value in parameters.items() if name not in OWN}
    return msgspec.structs.replace(
        way, parameters={"response_type": "code", **asked, "client_id": way.client.client_id}
    )


async def _into_its_login(visit: PageRequest, way: _Way, state: str, login: str) -> _Way:
    if digest(state).hex() != login:
        raise AccessDenied(WRONG_CODE["email"])
    try:
        there = await visit.login.authorization.find(state, browser(visit.request), visit.request.issuer)
    except TransactionGone as gone:
        if gone.reason != "other_browser":
            raise
        began = await visit.login.ports.transactions.find(visit.tenant, digest(state))
        if began is None or not visit.directory.settings.links_work_in_any_browser:
            return msgspec.structs.replace(way, elsewhere=True)
        return _asking(way, began.parameters)
    return msgspec.structs.replace(way, state=state, parameters=there.parameters)


async def _go(visit: PageRequest, way: _Way) -> Response:
    """Use the link up, and on into the login."""
    login, request = visit.login, visit.request
    if way.state:
        there = await login.authorization.find(way.state, browser(request), request.issuer)
        return await _sign_in(visit, way, Interaction(transaction=there, state=way.state, browser_secret=""))
    # Whoever is signed in here is not asked: the person who follows the link is.
    nobody = Browser(session=None, transaction=browser(request).transaction)
    outcome = await login.authorization.begin(way.parameters, nobody, request.context, request.issuer)
    if not isinstance(outcome, Interaction):
        return login.finish(request, outcome)
    response = await _sign_in(visit, way, outcome)
    return response.with_headers(*transaction_cookie(outcome.browser_secret))


async def _sign_in(visit: PageRequest, way: _Way, there: Interaction) -> Response:
    passwordless = visit.login.people.passwordless
    claimant = claimant_of(visit.directory, way.connection, way.address, way.client, visit.request.context)
    if way.link is not None:
        outcome = await passwordless.follow(claimant, way.secret, way.link)
    else:
        outcome = await passwordless.bring(claimant, way.secret)
    if outcome.denial in (Denial.TOO_MANY_ATTEMPTS, Denial.IP_BLOCKED):
        raise TooManyAttempts(TOO_MANY)
    into = Visit(
        login=visit.login,
        request=visit.request,
        directory=visit.directory,
        form=visit.form,
        state=there.state,
        transaction=there.transaction,
        client=way.client,
        connections=serving_databases(way.client, visit.directory, None),
    )
    if outcome.user is not None:
        return await into.sign_in(outcome.user, way.connection.name)
    if outcome.denial is Denial.CODE_USED and way.state:  # the button was pressed twice
        return await into.came_again(claimant)
    if outcome.denial is Denial.USER_BLOCKED:
        return await into.refuse(AccessDenied("user is blocked"))
    raise AccessDenied(WRONG_CODE[way.connection.strategy])
