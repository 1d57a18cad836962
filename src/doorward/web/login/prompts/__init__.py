"""What each page does once it is asked for or its form came: one module for each prompt.

No page decides what follows it: a finished one leads to ``/authorize/resume``, and a form that comes
for a step that is over leads to the step that is current.
"""

from __future__ import annotations

from collections.abc import Mapping

from doorward.web.login import screens
from doorward.web.login.prompts import (
    confirmation,
    consent,
    country_codes,
    email_verification,
    identifier_challenge,
    interstitial,
    login,
    login_email_verification,
    mfa_ticket,
    passkey_enrollment,
    passwordless,
    reset_password,
    signup,
    unblock,
)
from doorward.web.login.prompts.mfa import MFA_PROMPTS
from doorward.web.login.prompts.mfa_webauthn import KEY_PROMPTS
from doorward.web.login.screens import Screen
from doorward.web.login.visit import FactorPrompt, FactorVisit, Prompt, TicketPrompt, Visit
from doorward.web.wire.http import Response

PROMPTS: Mapping[Screen, Prompt] = {
    screens.LOGIN: login.login,
    screens.LOGIN_ID: login.identifier,
    screens.LOGIN_PASSWORD: login.password,
    screens.LOGIN_PASSWORDLESS_EMAIL_CODE: passwordless.email_code,
    screens.LOGIN_PASSWORDLESS_SMS_OTP: passwordless.sms_otp,
    screens.LOGIN_PASSWORDLESS_EMAIL_LINK: passwordless.email_link,
    screens.LOGIN_EMAIL_VERIFICATION: login_email_verification.verify,
    screens.EMAIL_IDENTIFIER_CHALLENGE: identifier_challenge.challenge,
    screens.PHONE_IDENTIFIER_CHALLENGE: identifier_challenge.challenge,
    screens.PHONE_IDENTIFIER_ENROLLMENT: identifier_challenge.enrollment,
    screens.CONFIRMATION: identifier_challenge.confirmation,
    screens.INTERSTITIAL_CAPTCHA: interstitial.captcha,
    screens.SIGNUP: signup.signup,
    screens.SIGNUP_ID: signup.identifier,
    screens.SIGNUP_PASSWORD: signup.password,
    screens.RESET_PASSWORD_REQUEST: reset_password.request,
    screens.EMAIL_OTP_CHALLENGE: reset_password.challenge,
    screens.PASSKEY_ENROLLMENT: passkey_enrollment.enrollment,
    screens.CONSENT: consent.consent,
    screens.LOGIN_CONFIRMATION: confirmation.confirmation,
}


async def _country_codes(visit: FactorVisit) -> Response:
    """Of a number that says who somebody is, or of one that codes go to."""
    if isinstance(visit, Visit) and visit.transaction.step in screens.ENTERING:
        return await country_codes.of_an_identifier(visit)
    return await MFA_PROMPTS[screens.MFA_COUNTRY_CODES](visit)


_MFA = {**MFA_PROMPTS, **KEY_PROMPTS, screens.MFA_COUNTRY_CODES: _country_codes}
# In a login, or by a link.
FACTOR_PROMPTS: Mapping[Screen, FactorPrompt] = {
    **_MFA,
    **{reset: _MFA[login] for login, reset in screens.RESET_PASSWORD_MFA.items() if login in _MFA},
}
TICKET_PROMPTS: Mapping[Screen, TicketPrompt] = {
    screens.RESET_PASSWORD: reset_password.choose,
    screens.EMAIL_VERIFICATION: email_verification.verify,
    screens.UNBLOCK: unblock.unblock,
    screens.MFA_ENROLL_RESULT: mfa_ticket.enroll,
}
