"""Which screen a login is at: the one place that knows the order of pages within a step.

What the steps are, and why, is decided by ``oauth.authorize_decision``.
"""

from __future__ import annotations

from doorward.model.directory import TenantDirectory
from doorward.model.session import LoginTransaction, Step
from doorward.web.login import screens
from doorward.web.login.screens import Screen


def screen_of(transaction: LoginTransaction, directory: TenantDirectory) -> Screen:
    """The screen to show next, by the tenant's way to log in and what was typed so far."""
    chosen = screens.BY_NAME.get(transaction.at)
    if chosen is not None and transaction.step in chosen.steps:
        return chosen
    known = transaction.username is not None
    match transaction.step:
        case Step.LOGIN if directory.asks_identifier_first:
            return screens.LOGIN_PASSWORD if known else screens.LOGIN_ID
        case Step.LOGIN:
            return screens.LOGIN
        case Step.SIGNUP if directory.asks_identifier_first:
            return screens.SIGNUP_PASSWORD if known else screens.SIGNUP_ID
        case Step.SIGNUP:
            return screens.SIGNUP
        case Step.CONSENT:
            return screens.CONSENT
        case Step.CONFIRMATION:
            return screens.LOGIN_CONFIRMATION
