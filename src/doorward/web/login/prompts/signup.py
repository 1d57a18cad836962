"""A new account: on one page, or on two."""

from __future__ import annotations

from collections.abc import Callable

from doorward.identity.password_policy import PasswordVerdict
from doorward.identity.signup import EMAIL, SignupError, SignupForm, SignupRefused
from doorward.model.connection import Connection
from doorward.model.session import Step
from doorward.oauth.errors import AccessDenied
from doorward.web.login import screens
from doorward.web.login.pages import ChosenIdentifier, FieldError, FormPage, Link
from doorward.web.login.prompts import passkey
from doorward.web.login.prompts.password_rules import password_rules
from doorward.web.login.screens import Input
from doorward.web.login.visit import MAX_IDENTIFIER, Visit
from doorward.web.wire.http import Response


async def signup(visit: Visit) -> Response:
    """Everything for a new account on one page."""
    if not visit.is_post:
        return visit.on(screens.SIGNUP_ID) if visit.directory.asks_identifier_first else _signup_page(visit)
    return await _register(visit, visit.form.get("email", ""), visit.form.get("username", ""), _signup_page)


def _signup_page(
    visit: Visit, *errors: FieldError, verdict: PasswordVerdict | None = None, status: int | None = None
) -> Response:
    connection = visit.signup_connection
    return visit.show(
        FormPage(
            screen=screens.SIGNUP,
            inputs=(*_identifiers(connection), screens.NEW_PASSWORD),
            values={
                "email": visit.form.get("email", visit.username if "@" in visit.username else ""),
                "username": visit.form.get("username", ""),
            },
            password_rules=password_rules(connection, verdict),
            links=_links(screens.LOGIN.path),
            ceremony=passkey.probe(connection),
            errors=errors,
            status=status,
        )
    )


async def identifier(visit: Visit) -> Response:
    """Who the new account is for, first of two pages."""
    connection = visit.signup_connection
    if not visit.is_post:
        return _identifier_page(visit) if visit.directory.asks_identifier_first else visit.on(screens.SIGNUP)
    email, username = visit.form.get("email", "").strip(), visit.form.get("username", "").strip()
    if not email:
        return _identifier_page(visit, FieldError("email", SignupError.NO_EMAIL.value))
    if len(email) > MAX_IDENTIFIER or not EMAIL.fullmatch(email):
        return _identifier_page(visit, FieldError("email", SignupError.INVALID_EMAIL.value))
    if connection is not None and connection.requires_username and not username:
        return _identifier_page(visit, FieldError("username", SignupError.NO_USERNAME.value))
    return await visit.remember(Step.SIGNUP, username=email, alias=username[:MAX_IDENTIFIER] or None)


def _identifier_page(visit: Visit, *errors: FieldError) -> Response:
    return visit.show(
        FormPage(
            screen=screens.SIGNUP_ID,
            inputs=_identifiers(visit.signup_connection),
            values={
                "email": visit.form.get("email", visit.username if "@" in visit.username else "")[:MAX_IDENTIFIER],
                "username": visit.form.get("username", visit.transaction.alias or "")[:MAX_IDENTIFIER],
            },
            links=_links(screens.LOGIN_ID.path),
            errors=errors,
        )
    )


async def password(visit: Visit) -> Response:
    """The password of a new account, second of two pages."""
    email = visit.form.get("email") or visit.transaction.username or ""
    if not email:
        return visit.on(screens.SIGNUP_ID)
    if not visit.is_post:
        return _password_page(visit)
    alias = visit.form.get("username") or visit.transaction.alias or ""
    return await _register(visit, email, alias, _password_page)


def _password_page(
    visit: Visit, *errors: FieldError, verdict: PasswordVerdict | None = None, status: int | None = None
) -> Response:
    username = visit.form.get("username") or visit.transaction.alias or ""
    return visit.show(
        FormPage(
            screen=screens.SIGNUP_PASSWORD,
            chosen=ChosenIdentifier(
                name="email",
                value=visit.form.get("email") or visit.transaction.username or "",
                label="emailPlaceholder",
                edit_label="editLinkScreenReadableText",
                edit_path=screens.SIGNUP_ID.path,
            ),
            hidden={"username": username} if username else {},
            inputs=(screens.NEW_PASSWORD,),
            password_rules=password_rules(visit.signup_connection, verdict),
            links=_links(screens.LOGIN_ID.path),
            ceremony=passkey.probe(visit.signup_connection),
            errors=errors,
            status=status,
        )
    )


def _identifiers(connection: Connection | None) -> tuple[Input, ...]:
    wants_username = connection is not None and connection.requires_username
    return (screens.EMAIL, screens.USERNAME) if wants_username else (screens.EMAIL,)


def _links(login: str) -> tuple[Link, ...]:
    return (Link(login, "loginActionLinkText", lead="loginActionText"),)


async def _register(visit: Visit, email: str, username: str, page: Callable[..., Response]) -> Response:
    connection = visit.signup_connection
    if connection is None:
        raise AccessDenied("Signup is disabled", hint="No database of this client allows signup.")
    unproven = await visit.unproven()
    if unproven is not None:
        error, status = unproven
        return page(visit, error, status=status)
    form = SignupForm(email=email, username=username, password=visit.form.get("password", ""))
    try:
        user = await visit.login.people.signup.register(
            visit.tenant, connection, form, visit.client, visit.request.context
        )
    except SignupRefused as refused:
        many = refused.error is SignupError.IP_BLOCKED
        error = FieldError(refused.field, refused.error.value)
        return page(visit, error, verdict=refused.verdict, status=429 if many else None)
    return await visit.sign_in(user, user.connection, passkey="progressive")
