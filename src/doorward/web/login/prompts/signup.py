"""A new account: on one page, or on two."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from msgspec.structs import replace

from doorward.identity.password_policy import PasswordVerdict
from doorward.identity.signup import (
    SignedUpBefore,
    SignupError,
    SignupForm,
    SignupRefused,
    identified,
    identity_in,
    taken,
    user_id_of,
)
from doorward.identity.webauthn import can_have_keys
from doorward.model.connection import CODE_METHODS, Connection
from doorward.model.identifiers import new_object_id, normalise_email
from doorward.model.message import Channel
from doorward.model.session import Identification, Step
from doorward.oauth.errors import AccessDenied
from doorward.web.login import screens
from doorward.web.login.pages import ChosenIdentifier, FieldError, FormPage, Link
from doorward.web.login.prompts import country_codes, identifying, passkey
from doorward.web.login.prompts.password_rules import password_rules
from doorward.web.login.screens import Input
from doorward.web.login.visit import MAX_IDENTIFIER, Visit
from doorward.web.wire.http import Response


async def signup(visit: Visit) -> Response:
    """Everything for a new account on one page."""
    if visit.asks_identifier_first:
        return visit.on(screens.SIGNUP_ID)
    if not visit.is_post:
        return _signup_page(visit)
    return await _register(visit, _as_given(_form(visit)), _signup_page)


def _signup_page(
    visit: Visit, *errors: FieldError, verdict: PasswordVerdict | None = None, status: int | None = None
) -> Response:
    connection = visit.signup_connection
    return visit.show(
        country_codes.asking(
            visit,
            FormPage(
                screen=screens.SIGNUP,
                inputs=(*_identifiers(connection), screens.NEW_PASSWORD),
                values=_typed(visit),
                password_rules=password_rules(connection, verdict),
                links=_links(screens.LOGIN.path),
                ceremony=passkey.probe(connection),
                errors=errors,
                status=status,
            ),
        )
    )


async def identifier(visit: Visit) -> Response:
    """Who the new account is for, first of two pages."""
    connection = visit.signup_connection
    if not visit.is_post:
        return _identifier_page(visit) if visit.asks_identifier_first else visit.on(screens.SIGNUP)
    if connection is None:
        raise AccessDenied("Signup is disabled", hint="No database of this client allows signup.")
    try:
        email, username, phone = identified(_form(visit), connection)
    except SignupRefused as refused:
        return _refused(visit, _identifier_page, refused)
    if phone and connection.verifies_at_signup("phone_number") and not visit.directory.settings.reaches(phone):
        return _identifier_page(visit, FieldError("phone_number", "invalid-phone-number"))
    unproven = await visit.unproven()
    if unproven is not None:
        return _identifier_page(visit, unproven[0], status=unproven[1])
    visit = visit.solved
    given = {"email": normalise_email(email), "phone_number": phone, "username": username}
    able = visit.form.get("webauthn-available") == "true" and passkey.probe(connection) is not None
    who = Identification(
        connection=connection.name,
        given={kind: value for kind, value in given.items() if value},
        identity=new_object_id(visit.login.ports.entropy) if able and can_have_keys(visit.transaction.host) else "",
    )
    return await go_on(visit, who, connection)


async def go_on(visit: Visit, who: Identification, connection: Connection) -> Response:
    """What follows in a sign-up: a code for what has to be verified, a password, or the account."""
    username = next(iter(who.given.values()))
    for kind in CODE_METHODS:
        if kind in who.given and kind not in who.verified and connection.verifies_at_signup(kind):
            sent = await identifying.ask(visit, replace(who, asked=kind), step=Step.SIGNUP, username=username)
            return sent or _identifier_page(visit, FieldError("", "too-many-codes"), status=429)
    if who.identity:
        at = screens.PASSKEY_ENROLLMENT.name
        return await visit.go(step=Step.SIGNUP, username=username, identification=who, at=at)
    return await without_passkey(visit, who, connection)


async def without_passkey(visit: Visit, who: Identification, connection: Connection) -> Response:
    """The same for somebody who cannot have a passkey, or wants none."""
    username = next(iter(who.given.values()))
    if connection.signs_up_with_password:
        alias = who.given.get("username")
        return await visit.go(step=Step.SIGNUP, username=username, alias=alias, identification=who, at="")
    try:
        return await create(visit, who, connection)
    except SignupRefused as refused:
        return _refused(visit, _identifier_page, refused)


async def create(visit: Visit, who: Identification, connection: Connection) -> Response:
    """The account of somebody who has no password, by what they verified. Raises ``SignupRefused``."""
    form = SignupForm(
        email=who.given.get("email", ""),
        username=who.given.get("username", ""),
        phone_number=who.given.get("phone_number", ""),
        password=None,
    )
    identity, people = identity_in(visit.transaction.id_hash, connection, form), visit.login.people
    try:
        user = await people.signup.register(
            visit.tenant,
            connection,
            form,
            visit.client,
            visit.request.context,
            identity=identity,
            verified=who.verified,
        )
    except SignedUpBefore:
        made = await visit.login.ports.users.find(visit.tenant, user_id_of(identity))
        if made is None:
            return visit.current
        user = made
    amr = (identifying.WAYS[Channel(who.channel)].amr,)
    return await visit.sign_in(user, user.connection, passkey="progressive", amr=amr)


def _identifier_page(visit: Visit, *errors: FieldError, status: int | None = None) -> Response:
    return visit.show(
        country_codes.asking(
            visit,
            FormPage(
                screen=screens.SIGNUP_ID,
                inputs=_identifiers(visit.signup_connection),
                values=_typed(visit),
                links=_links(screens.LOGIN_ID.path),
                ceremony=passkey.probe(visit.signup_connection),
                errors=errors,
                status=status,
            ),
        )
    )


async def password(visit: Visit) -> Response:
    """The password of a new account, second of two pages."""
    connection, who = visit.signup_connection, visit.transaction.identification
    given = _given(visit)
    if not any(given.values()) or connection is None or not connection.signs_up_with_password:
        return visit.on(screens.SIGNUP_ID)
    verified = who.verified if who is not None and who.connection == connection.name else ()
    if any(given.get(kind) and connection.verifies_at_signup(kind) and kind not in verified for kind in CODE_METHODS):
        return visit.on(screens.SIGNUP_ID)
    if not visit.is_post:
        return _password_page(visit)
    return await _register(visit, given, _password_page, verified=verified)


def _given(visit: Visit) -> dict[str, str]:
    """What the new account is for: as it was said, or as the form says it, where no page was before."""
    transaction = visit.transaction
    if transaction.identification is not None:
        return transaction.identification.given
    return {
        "email": visit.form.get("email") or transaction.username or "",
        "username": visit.form.get("username") or transaction.alias or "",
    }


def _password_page(
    visit: Visit, *errors: FieldError, verdict: PasswordVerdict | None = None, status: int | None = None
) -> Response:
    given = _given(visit)
    shown, *rest = ((kind, given[kind]) for kind in CHOSEN if given.get(kind))
    return visit.show(
        FormPage(
            screen=screens.SIGNUP_PASSWORD,
            chosen=ChosenIdentifier(
                name=shown[0],
                value=shown[1],
                label=CHOSEN[shown[0]],
                edit_label="editLinkScreenReadableText" if shown[0] == "email" else "shared:editAddressText",
                edit_path=screens.SIGNUP_ID.path,
            ),
            hidden=dict(rest),
            inputs=(screens.NEW_PASSWORD,),
            password_rules=password_rules(visit.signup_connection, verdict),
            links=_links(screens.LOGIN_ID.path),
            ceremony=passkey.probe(visit.signup_connection),
            errors=errors,
            status=status,
        )
    )


# What the account is shown to be for, the first that there is.
CHOSEN = {"email": "emailPlaceholder", "phone_number": "phonePlaceholder", "username": "usernamePlaceholder"}


def _identifiers(connection: Connection | None) -> tuple[Input, ...]:
    """The inputs for what the connection takes."""
    takes = connection.signup_identifiers if connection is not None else {"email": True}
    return tuple(
        asked if takes[kind] else replace(asked, label=label, optional=True)
        for kind, (asked, label) in screens.SIGNUP_INPUTS.items()
        if kind in takes
    )


def _form(visit: Visit) -> SignupForm:
    form = visit.form
    phone = form.get("phone_number") or form.get("phone", "")
    return SignupForm(email=form.get("email", ""), username=form.get("username", ""), phone_number=phone)


def _as_given(form: SignupForm) -> dict[str, str]:
    return {"email": form.email, "username": form.username, "phone_number": form.phone_number}


def _typed(visit: Visit) -> dict[str, str]:
    """What stands in the inputs: as it was typed, or what is known already."""
    transaction = visit.transaction
    known = transaction.identification.given if transaction.identification is not None else {}
    suggested = {"email": visit.username if "@" in visit.username else "", "username": transaction.alias or "", **known}
    return {kind: visit.form.get(kind, suggested.get(kind, ""))[:MAX_IDENTIFIER] for kind in screens.SIGNUP_INPUTS}


def _links(login: str) -> tuple[Link, ...]:
    return (Link(login, "loginActionLinkText", lead="loginActionText"),)


async def _register(
    visit: Visit, given: Mapping[str, str], page: Callable[..., Response], *, verified: Collection[str] = ()
) -> Response:
    connection = visit.signup_connection
    if connection is None:
        raise AccessDenied("Signup is disabled", hint="No database of this client allows signup.")
    form = SignupForm(
        email=given.get("email", ""),
        username=given.get("username", ""),
        phone_number=given.get("phone_number", ""),
        password=visit.form.get("password", ""),
    )
    identity = identity_in(visit.transaction.id_hash, connection, form)
    went_on = visit.transaction.authenticated_at is not None or visit.transaction.pending is not None
    if went_on and await visit.login.ports.users.find(visit.tenant, user_id_of(identity)) is not None:
        return await _registered(visit, form, connection, identity, page)
    unproven = await visit.unproven()
    if unproven is not None:
        error, status = unproven
        return page(visit, error, status=status)
    try:
        user = await visit.login.people.signup.register(
            visit.tenant,
            connection,
            form,
            visit.client,
            visit.request.context,
            identity=identity,
            verified=verified,
        )
    except SignupRefused as refused:
        return _refused(visit, page, refused)
    except SignedUpBefore:
        return await _registered(visit, form, connection, identity, page)
    return await visit.sign_in(user, user.connection, passkey="progressive")


async def _registered(
    visit: Visit, form: SignupForm, connection: Connection, identity: str, page: Callable[..., Response]
) -> Response:
    """The form came twice, and the account is there: in with the same password. The answer to its twin, and the cookie
    that came with it, may never have reached the browser."""
    given = {kind: value for kind in connection.signup_identifiers if (value := getattr(form, kind))}
    kind, known_by = next(iter(given.items()), ("email", form.email))
    outcome = await visit.login.sign_in.with_password(
        visit.directory, [connection], known_by, form.password or "", visit.request.context
    )
    user = outcome.user
    if user is None or user.user_id != user_id_of(identity):
        return _refused(visit, page, taken(kind))
    now = await visit.anew()
    if now.transaction.pending is not None:
        return now.current
    return await visit.sign_in(user, connection.name, passkey="progressive")


def _refused(visit: Visit, page: Callable[..., Response], refused: SignupRefused) -> Response:
    many = refused.error is SignupError.IP_BLOCKED
    code = "invalid-phone-number" if refused.error is SignupError.INVALID_PHONE else refused.error.value
    more = {"verdict": refused.verdict} if refused.verdict is not None else {}
    return page(visit, FieldError(refused.field, code), status=429 if many else None, **more)
