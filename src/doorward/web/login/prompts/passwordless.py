"""No password: say who you are, and give back the code, or follow the link, that was sent to you."""

from __future__ import annotations

from doorward.identity.one_time_codes import TooManyCodes
from doorward.identity.passwordless import address_of
from doorward.model.authentication import Denial
from doorward.model.connection import Connection
from doorward.oauth.errors import AccessDenied
from doorward.web.login import screens
from doorward.web.login.ladder import code_connection
from doorward.web.login.pages import Button, ChosenIdentifier, FieldError, FormPage, Link, ResultPage
from doorward.web.login.prompts import country_codes
from doorward.web.login.screens import Input, Screen
from doorward.web.login.visit import MAX_IDENTIFIER, Visit
from doorward.web.wire.http import Response

RESEND = "resend"


async def identifier(visit: Visit) -> Response:
    """Where to send it."""
    if not visit.is_post:
        return _identifier_page(visit)
    typed = visit.form.get("username", "").strip()
    asked = _input(visit.code_connections)
    if not typed:
        return _identifier_page(visit, FieldError("username", asked.missing))
    if len(typed) > MAX_IDENTIFIER:
        return _identifier_page(visit, FieldError("username", "invalid-login-id"))
    for connection in visit.code_connections:
        address = address_of(connection, typed)
        if address is not None and (connection.strategy == "email" or visit.directory.settings.reaches(address)):
            unproven = await visit.unproven()
            if unproven is not None:
                return _identifier_page(visit, unproven[0], status=unproven[1])
            if not await send(visit, connection, address):
                return _identifier_page(visit, FieldError("", "same-user-login"), status=429)
            return await visit.remember(visit.transaction.step, username=address)
    return _identifier_page(visit, FieldError("username", asked.invalid))


def _identifier_page(visit: Visit, *errors: FieldError, status: int | None = None) -> Response:
    return visit.show(
        country_codes.asking(
            visit,
            FormPage(
                screen=screens.LOGIN_ID,
                inputs=(_input(visit.code_connections),),
                values={"username": visit.form.get("username", visit.username)[:MAX_IDENTIFIER]},
                errors=errors,
                status=status,
            ),
        )
    )


def _input(connections: tuple[Connection, ...]) -> Input:
    fields = {connection.address_field for connection in connections}
    if len(fields) > 1:
        return screens.EMAIL_OR_PHONE_IDENTIFIER
    return screens.EMAIL_IDENTIFIER if "email" in fields else screens.PHONE_IDENTIFIER


async def email_code(visit: Visit) -> Response:
    """The code from the mail."""
    return await _code(visit, screens.LOGIN_PASSWORDLESS_EMAIL_CODE)


async def sms_otp(visit: Visit) -> Response:
    """The code from the text message."""
    return await _code(visit, screens.LOGIN_PASSWORDLESS_SMS_OTP)


async def email_link(visit: Visit) -> Response:
    """Nothing to type: the link in the mail leads on."""
    connection = code_connection(visit.transaction, visit.directory)
    if connection is None:
        return visit.current
    sent = True
    if visit.is_post and visit.action == RESEND:
        if await _is_challenged(visit):
            return await visit.turn_to(screens.INTERSTITIAL_CAPTCHA)
        sent = await send(visit, connection, visit.transaction.username or "")
        if sent:
            return visit.current
    return visit.show(
        ResultPage(
            screen=screens.LOGIN_PASSWORDLESS_EMAIL_LINK,
            title="successTitle" if sent else "errorTitle",
            description="description" if sent else "unknownErrorDescription",
            buttons=(Button(RESEND, "shared:resendText"),),
            links=(Link(screens.LOGIN_ID.path, "shared:editAddressText"),),
            status=None if sent else 429,
        )
    )


async def _code(visit: Visit, screen: Screen) -> Response:
    connection = code_connection(visit.transaction, visit.directory)
    address = visit.transaction.username or ""
    if connection is None:
        return visit.current
    if not visit.is_post:
        return _code_page(visit, screen, address)
    if visit.action == RESEND:
        if await _is_challenged(visit):
            return await visit.turn_to(screens.INTERSTITIAL_CAPTCHA)
        if await send(visit, connection, address):
            return visit.current
        return _code_page(visit, screen, address, FieldError("", "passwordless-authenticator-error"), status=429)
    code = visit.form.get("code", "")
    if not code.strip():
        return _code_page(visit, screen, address, FieldError("code", "invalid-verification-code"))
    claimant = visit.claimant(connection, connection.address_field, address)
    outcome = await visit.login.people.passwordless.bring(claimant, code)
    if outcome.user is not None:
        return await visit.sign_in(outcome.user, connection.name)
    if outcome.denial is Denial.CODE_USED:
        return await visit.came_again(claimant)
    if outcome.denial is Denial.USER_BLOCKED:
        return await visit.refuse(AccessDenied("user is blocked"))
    if outcome.denial in (Denial.TOO_MANY_ATTEMPTS, Denial.IP_BLOCKED):
        return _code_page(visit, screen, address, FieldError("", "passwordless-unknown-error"), status=429)
    return _code_page(visit, screen, address, FieldError("code", "invalid-verification-code"))


def _code_page(visit: Visit, screen: Screen, address: str, *errors: FieldError, status: int | None = None) -> Response:
    by_sms = screen is screens.LOGIN_PASSWORDLESS_SMS_OTP
    return visit.show(
        FormPage(
            screen=screen,
            chosen=ChosenIdentifier(
                name="username",
                value=address,
                label="shared:addressText",
                edit_label="shared:editAddressText",
                edit_path=screens.LOGIN_ID.path,
                edit_text="editText" if by_sms else "shared:editText",
            ),
            inputs=(screens.CODE,),
            buttons=(Button(RESEND, "resendActionText", lead="resendText"),),
            texts={"email": address},
            errors=errors,
            status=status,
        )
    )


async def _is_challenged(visit: Visit) -> bool:
    return (await visit.assessed(screens.INTERSTITIAL_CAPTCHA)).captcha is not None


async def send(visit: Visit, connection: Connection, address: str) -> bool:
    """Send a code or a link; ``False`` when there were too many already. Whether somebody has the address is not
    told."""
    try:
        await visit.login.people.passwordless.send(
            visit.claimant(connection, connection.address_field, address),
            link={"state": visit.state} if connection.sends_links else None,
            payload={"login": visit.transaction.id_hash.hex()},
            locale=visit.locale,
        )
    except TooManyCodes:
        return False
    return True
