"""The pages' way in: finds what a request belongs to, and the prompt of its screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from doorward.model.digest import digest
from doorward.model.session import LoginTransaction, Step
from doorward.oauth.authorization import TransactionGone
from doorward.oauth.authorize_request import PageError
from doorward.oauth.eligibility import serving_databases
from doorward.oauth.errors import InvalidRequest, OAuthError, TooManyRequests
from doorward.ports import Overloaded
from doorward.web.login.ladder import is_open, screen_of
from doorward.web.login.prompts import FACTOR_PROMPTS, PROMPTS, TICKET_PROMPTS, country_codes, magic_link, passkey
from doorward.web.login.screens import Screen
from doorward.web.login.visit import (
    FactorPrompt,
    FactorVisit,
    LinkVisit,
    PageRequest,
    Prompt,
    TicketPrompt,
    TicketVisit,
    UniversalLogin,
    Visit,
    leading_to,
)
from doorward.web.router import Handler, Route
from doorward.web.wire.cookies import browser
from doorward.web.wire.http import Request, Response
from doorward.web.wire.parameters import body_parameters, query_parameters
from doorward.web.wire.same_origin import is_same_origin

MAX_TICKET = 128


def login_pages(login: UniversalLogin) -> list[Route]:
    """The routes of every screen."""
    handlers = {screen: _in_turn(login, screen, _of_a_login(screen, prompt)) for screen, prompt in PROMPTS.items()}
    handlers |= {screen: _in_turn(login, screen, prompt) for screen, prompt in FACTOR_PROMPTS.items()}
    handlers |= {screen: _by_a_ticket(login, screen, prompt) for screen, prompt in TICKET_PROMPTS.items()}
    return [
        Route(method, path, handler)
        for screen, handler in handlers.items()
        for path in (screen.path, *screen.aliases)
        for method in ("GET", "POST")
    ] + [Route(method, magic_link.PATH, _by_a_magic_link(login)) for method in ("GET", "POST")]


def _in_turn(login: UniversalLogin, screen: Screen, prompt: FactorPrompt) -> Handler:
    """A page of its steps; at another step its address leads to the page of that step."""

    async def answer(request: Request) -> Response:
        visit = await _visit(login, request)
        if visit.is_post and visit.action == "change-language":
            return await visit.speak(visit.form.get("language", ""))
        if isinstance(visit, Visit) and await visit.is_let_in():
            if not visit.is_post or await _is_twin(visit, screen):
                return visit.resumed
            # Somebody else takes the login over.
            visit = replace(visit, transaction=replace(visit.transaction, authenticated_at=None))
        if not is_open(screen, visit.transaction, visit.directory):
            # A second factor may have something to show still, and another cookie, too.
            done = visit.transaction.authenticated_at is not None and visit.transaction.step is not Step.MFA
            return visit.resumed if visit.is_post and done else visit.current
        return await prompt(visit if screen.takes(visit.action) else replace(visit, refused=True))

    return _refusing(login, answer)


async def _is_twin(visit: Visit, screen: Screen) -> bool:
    """Whether a form is of whoever is let in by now, and so the one that came before over again."""
    if visit.form.get(passkey.FIELD) and screen in passkey.SCREENS:
        return False  # the key says who it is of
    named, user = country_codes.read(visit, screen).named(screen), await visit.signed_in_user()
    return not named or (user is not None and user.is_named(named))


def _of_a_login(screen: Screen, prompt: Prompt) -> FactorPrompt:
    """``prompt`` where there is a login, with what bot detection asks for."""

    async def answer(visit: FactorVisit) -> Response:
        if not isinstance(visit, Visit):
            return visit.current
        if visit.action == country_codes.PICK:
            if country_codes.takes_numbers(visit, screen):
                return await country_codes.pick(visit, screen)
            visit = replace(visit, refused=True)
        visit = country_codes.read(visit, screen)
        return await prompt(await visit.assessed(screen) if screen.flow is not None else visit)

    return answer


def _by_a_ticket(login: UniversalLogin, screen: Screen, prompt: TicketPrompt) -> Handler:
    """A page that is found by a link in a mail."""

    async def answer(request: Request) -> Response:
        query, form = query_parameters(request), _form(request)
        state, transaction = query.get("state", ""), None
        ticket_hash = digest(query.get("ticket", "")[:MAX_TICKET])
        if state and "ticket" not in query:
            transaction = await _transaction(login, request, state, form)
            ticket_hash = transaction.ticket.ticket_hash if transaction.ticket is not None else ticket_hash
        directory = login.ports.directory.tenant(request.issuer.tenant)
        if transaction is not None and transaction.shows_what_came:
            return leading_to(screen_of(transaction, directory), state)
        return await prompt(
            TicketVisit(
                login=login,
                request=request,
                directory=directory,
                form=form,
                refused=not screen.takes(form.get("action") or "default"),
                ticket_hash=ticket_hash,
                state=state if transaction is not None else "",
                transaction=transaction,
            )
        )

    return _refusing(login, answer)


def _by_a_magic_link(login: UniversalLogin) -> Handler:
    """The link that signs in."""

    async def answer(request: Request) -> Response:
        directory = login.ports.directory.tenant(request.issuer.tenant)
        return await magic_link.follow(
            PageRequest(login=login, request=request, directory=directory, form=_form(request))
        )

    return _refusing(login, answer)


def _refusing(login: UniversalLogin, answer: Callable[[Request], Awaitable[Response]]) -> Handler:
    """``answer``, with a page for what it raises."""

    async def handle(request: Request) -> Response:
        try:
            return await answer(request)
        except TransactionGone as gone:
            return login.presenter.gone(request, gone, came_twice=request.method == "POST")
        except PageError as error:
            return login.presenter.error(request, error.error, error.client)
        except OAuthError as error:
            return login.presenter.error(request, error)
        except Overloaded as overloaded:
            busy = login.presenter.error(request, TooManyRequests("Too many requests at once; try again soon"))
            return busy.with_headers(("retry-after", str(overloaded.retry_after)))

    return handle


def _form(request: Request) -> Mapping[str, str]:
    """What was posted. Raises ``InvalidRequest`` for a form of another site."""
    if request.method != "POST":
        return {}
    if not is_same_origin(request):
        raise InvalidRequest("The form did not come from this page", status=403)
    return body_parameters(request, allow_json=False)


async def _visit(login: UniversalLogin, request: Request) -> FactorVisit:
    """Raises ``TransactionGone``, and ``InvalidRequest`` for a form that is not this page's."""
    state = query_parameters(request).get("state", "")
    form = _form(request)
    transaction = await _transaction(login, request, state, form)
    directory = login.ports.directory.tenant(request.issuer.tenant)
    client = directory.clients.get(transaction.client_id)
    if transaction.ticket is not None:
        return LinkVisit(
            login=login,
            request=request,
            directory=directory,
            form=form,
            state=state,
            transaction=transaction,
            client=client,
            opened=transaction.ticket,
        )
    if client is None:
        raise TransactionGone("unknown")
    return Visit(
        login=login,
        request=request,
        directory=directory,
        form=form,
        state=state,
        transaction=transaction,
        client=client,
        connections=serving_databases(client, directory, transaction.parameters.get("connection")),
    )


async def _transaction(
    login: UniversalLogin, request: Request, state: str, form: Mapping[str, str]
) -> LoginTransaction:
    """What this browser is at. Raises as ``_visit``."""
    if form.get("state", state) != state:
        raise InvalidRequest("The form belongs to another login")
    return await login.authorization.find(state, browser(request), request.issuer, by_ticket=True)
