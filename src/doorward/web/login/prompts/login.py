"""Identifier and password: on one page, or on two."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from doorward.model.authentication import Denial
from doorward.model.session import Step
from doorward.model.user import User
from doorward.oauth.errors import AccessDenied
from doorward.web.login import screens
from doorward.web.login.pages import ChosenIdentifier, FieldError, FormPage, Link
from doorward.web.login.prompts import country_codes, identifying, passkey, passwordless
from doorward.web.login.screens import Identifier, Screen
from doorward.web.login.visit import MAX_IDENTIFIER, Visit
from doorward.web.wire.http import Response


async def login(visit: Visit) -> Response:
    """Identifier and password on one page."""
    if not visit.is_post:
        return visit.current if visit.asks_identifier_first else _login_page(visit)
    if passkey.is_answered(visit):
        return await passkey.log_in(visit, lambda: _login_page(visit, FieldError("", "authentication-failure")))
    return await _try_password(visit, screens.LOGIN, visit.form.get("username", ""), _login_page)


def _login_page(visit: Visit, *errors: FieldError, status: int | None = None) -> Response:
    return visit.show(
        country_codes.asking(
            visit,
            FormPage(
                screen=screens.LOGIN,
                inputs=(visit.identifier.input, screens.PASSWORD),
                values={"username": visit.form.get("username", visit.username)},
                links=_links(visit, screens.SIGNUP.path),
                ceremony=passkey.ceremony(visit),
                errors=errors or _without_database(visit),
                status=status,
            ),
        )
    )


async def identifier(visit: Visit) -> Response:
    """The identifier, first of two pages."""
    if visit.code_connections:
        return await passwordless.identifier(visit)
    if not visit.is_post:
        return _identifier_page(visit) if visit.asks_identifier_first else visit.current
    if passkey.is_answered(visit):
        both = "conflict-password-passkey" if visit.form.get("password") else ""
        refused = FieldError("", both or "passkey-authentication-failed")
        if both:
            return _identifier_page(visit, refused)
        return await passkey.log_in(visit, lambda: _identifier_page(visit, refused))
    username = visit.form.get("username", "").strip()
    if not username:
        return _identifier_page(visit, FieldError("username", visit.identifier.missing))
    if len(username) > MAX_IDENTIFIER:
        return _identifier_page(visit, FieldError("username", "invalid-login-id"))
    if not visit.connections:
        return _identifier_page(visit, FieldError("", "no-db-connection"))
    unproven = await visit.unproven()
    if unproven is not None:
        return _identifier_page(visit, unproven[0], status=unproven[1])
    visit = visit.solved
    who = await identifying.by_code(visit, username, preferred=True)
    if who is None and not visit.takes_passwords:
        return _identifier_page(visit, FieldError("username", visit.identifier.input.invalid))
    if who is None:
        return await visit.remember(Step.LOGIN, username=username)
    sent = await identifying.ask(visit, who, step=Step.LOGIN, username=username)
    return sent or _identifier_page(visit, FieldError("", "too-many-codes"), status=429)


def _identifier_page(visit: Visit, *errors: FieldError, status: int | None = None) -> Response:
    return visit.show(
        country_codes.asking(
            visit,
            FormPage(
                screen=screens.LOGIN_ID,
                inputs=(visit.identifier.input,),
                values={"username": visit.form.get("username", visit.username)[:MAX_IDENTIFIER]},
                links=_links(visit, screens.SIGNUP_ID.path, forgotten=False),
                ceremony=passkey.ceremony(visit, button="passkeyButtonText"),
                errors=errors or _without_database(visit),
                status=status,
            ),
        )
    )


async def password(visit: Visit) -> Response:
    """The password, second of two pages."""
    username = visit.form.get("username") or visit.transaction.username or ""
    if not username or not visit.takes_passwords:
        return visit.on(screens.LOGIN_ID)
    if not visit.is_post:
        return _password_page(visit)
    if visit.action == identifying.TO_CODE:
        unproven = await visit.unproven()
        if unproven is not None:
            return _password_page(visit, unproven[0], status=unproven[1])
        who = await identifying.by_code(visit, username)
        sent = await identifying.ask(visit, who, step=Step.LOGIN, username=username) if who is not None else None
        return sent or _password_page(visit, FieldError("", "too-many-codes"), status=429)
    if passkey.is_answered(visit):
        return await passkey.log_in(visit, lambda: _password_page(visit, FieldError("", "authentication-failure")))
    return await _try_password(visit, screens.LOGIN_PASSWORD, username, _password_page)


def _password_page(visit: Visit, *errors: FieldError, status: int | None = None) -> Response:
    asked = visit.identifier
    return visit.show(
        FormPage(
            screen=screens.LOGIN_PASSWORD,
            chosen=ChosenIdentifier(
                name="username",
                value=visit.form.get("username") or visit.transaction.username or "",
                label=asked.input.label,
                edit_label=("editLinkScreenReadableText" if asked is Identifier.EMAIL else "shared:editIdentifierText"),
                edit_path=screens.LOGIN_ID.path,
            ),
            inputs=(screens.PASSWORD,),
            buttons=identifying.instead_of_password(visit),
            links=_links(visit, screens.SIGNUP_ID.path),
            ceremony=passkey.ceremony(visit, fills_in=False),
            errors=errors,
            status=status,
        )
    )


def _links(visit: Visit, signup: str, *, forgotten: bool = True) -> tuple[Link, ...]:
    links = []
    resettable = next((one for one in visit.connections if one.allows_password_reset), None)
    if forgotten and resettable is not None:
        path = f"/u/login/password-reset-start/{quote(resettable.name, safe='')}"
        links.append(Link(path, "forgotPasswordText"))
    if visit.signup_connection is not None:
        links.append(Link(signup, "signupActionLinkText", lead="signupActionText"))
    return tuple(links)


async def _try_password(visit: Visit, screen: Screen, username: str, page: Callable[..., Response]) -> Response:
    username, password = username.strip(), visit.form.get("password", "")
    errors = []
    if not username:
        errors.append(FieldError("username", visit.identifier.missing))
    if not password:
        errors.append(FieldError("password", "no-password"))
    if errors:
        return page(visit, *errors)
    if not visit.connections:
        return page(visit, FieldError("", "no-db-connection"))
    unproven = await visit.unproven()
    if unproven is not None:
        error, status = unproven
        return page(visit, error, status=status)
    outcome = await visit.login.sign_in.with_password(
        visit.directory, visit.connections, username, password, visit.request.context
    )
    if outcome.user is not None and outcome.connection is not None:
        user = await _proved(visit, outcome.user)
        return await visit.sign_in(user, outcome.connection, passkey="progressive")
    if outcome.denial is Denial.USER_BLOCKED:
        return await visit.refuse(AccessDenied("user is blocked"))
    if outcome.denial is Denial.TOO_MANY_ATTEMPTS:
        return page(visit, FieldError("", "user-blocked"), status=429)
    if outcome.denial is Denial.TOO_MANY_LOGINS:
        return page(visit, FieldError("", "same-user-login"), status=429)
    if outcome.denial is Denial.IP_BLOCKED:
        return page(visit, FieldError("", "ip-blocked"), status=429)
    if outcome.denial is Denial.PASSWORD_LEAKED:
        return page(visit, FieldError("password", "password-breached"))
    return page(await visit.assessed(screen, tried=False), FieldError("password", visit.identifier.wrong_credentials))


async def _proved(visit: Visit, user: User) -> User:
    """The user; of an address whose code came back before the password it is known now whose it is."""
    who = visit.transaction.identification
    connection = visit.directory.connections.get(who.connection) if who is not None else None
    if who is None or connection is None or who.asked not in who.verified:
        return user
    claimant = visit.claimant(connection, who.asked, who.address)
    return await visit.login.people.identifier_codes.proved(claimant, user)


def _without_database(visit: Visit) -> tuple[FieldError, ...]:
    return () if visit.connections else (FieldError("", "no-db-connection"),)
