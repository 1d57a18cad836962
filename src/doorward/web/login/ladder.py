"""Which screen a login is at: the one place that knows the order of pages within a step.

What the steps are, and why, is decided by ``oauth.authorize_decision``.
"""

from __future__ import annotations

from doorward.identity.passwordless import address_of
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.session import LoginTransaction, Step
from doorward.model.ticket import TicketType
from doorward.oauth.eligibility import serving_databases, serving_passwordless
from doorward.web.login import screens
from doorward.web.login.screens import Screen


def code_connections(transaction: LoginTransaction, directory: TenantDirectory) -> tuple[Connection, ...]:
    """The connections by whose codes or links this login signs in; none for a login with a password."""
    client = directory.clients.get(transaction.client_id)
    return serving_passwordless(client, directory, transaction.parameters.get("connection")) if client else ()


def code_connection(transaction: LoginTransaction, directory: TenantDirectory) -> Connection | None:
    """The one of them that reaches the address that was typed."""
    typed = transaction.username or ""
    return next((c for c in code_connections(transaction, directory) if address_of(c, typed) is not None), None)


def asks_identifier_first(transaction: LoginTransaction, directory: TenantDirectory) -> bool:
    """Whether the identifier is asked for on a page of its own: as the tenant wants it, wherever it decides
    between a password and a code, and where more than a password comes before an account."""
    if directory.asks_identifier_first:
        return True
    client = directory.clients.get(transaction.client_id)
    named = transaction.parameters.get("connection")
    databases = serving_databases(client, directory, named) if client is not None else ()
    return any(one.takes_codes or _asks_for_more(one) for one in databases)


def _asks_for_more(database: Connection) -> bool:
    """Whether people sign up with it otherwise than by a password alone."""
    more = not database.signs_up_with_password or database.verifies_at_signup("phone_number")
    return database.allows_signup and more


def is_open(screen: Screen, transaction: LoginTransaction, directory: TenantDirectory) -> bool:
    """Whether a login may be at a screen, by its step and by what it signs in with."""
    if transaction.step not in screen.steps:
        return False
    if screen is screens.LOGIN_EMAIL_VERIFICATION:
        return transaction.pending is not None
    if screen is screens.MFA_COUNTRY_CODES and transaction.step in screens.ENTERING:
        return transaction.typing is not None
    if screen.in_turn or (screen is screens.PASSKEY_ENROLLMENT and transaction.step is Step.SIGNUP):
        return screen.path == screen_of(transaction, directory).path
    if transaction.step in screens.ENTERING and code_connections(transaction, directory):
        return screen in screens.BY_CODE
    return screen not in screens.BY_CODE[1:]


def shown_for(transaction: LoginTransaction, screen: Screen) -> Screen:
    """``screen``, or what takes its place before a forgotten password is replaced."""
    ticket = transaction.ticket
    resets = ticket is not None and ticket.type is TicketType.PASSWORD_CHANGE
    return screens.RESET_PASSWORD_MFA.get(screen, screen) if resets else screen


def screen_of(transaction: LoginTransaction, directory: TenantDirectory) -> Screen:
    """The screen to show next, by the tenant's way to log in and what was typed so far."""
    chosen = screens.BY_NAME.get(transaction.at)
    if chosen is not None and transaction.step in chosen.steps:
        return chosen
    known = transaction.username is not None
    if transaction.step in screens.ENTERING and code_connections(transaction, directory):
        return _screen_of_code(code_connection(transaction, directory))
    match transaction.step:
        case Step.LOGIN if asks_identifier_first(transaction, directory):
            return screens.LOGIN_PASSWORD if known else screens.LOGIN_ID
        case Step.LOGIN:
            return screens.LOGIN
        case Step.SIGNUP if asks_identifier_first(transaction, directory):
            return screens.SIGNUP_PASSWORD if known else screens.SIGNUP_ID
        case Step.SIGNUP:
            return screens.SIGNUP
        case Step.MFA:
            return screens.MFA_LOGIN_OPTIONS
        case Step.PASSKEY if transaction.passkey == "local":
            return screens.PASSKEY_ENROLLMENT_LOCAL
        case Step.PASSKEY:
            return screens.PASSKEY_ENROLLMENT
        case Step.CONSENT:
            return screens.CONSENT
        case Step.CONFIRMATION:
            return screens.LOGIN_CONFIRMATION


def _screen_of_code(connection: Connection | None) -> Screen:
    if connection is None:
        return screens.LOGIN_ID
    if connection.address_field == "phone_number":
        return screens.LOGIN_PASSWORDLESS_SMS_OTP
    return screens.LOGIN_PASSWORDLESS_EMAIL_LINK if connection.sends_links else screens.LOGIN_PASSWORDLESS_EMAIL_CODE
