"""The screens of the second factor as page values, as they may look in life."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from doorward.web.login import screens
from doorward.web.login.countries import countries
from doorward.web.login.pages import (
    Button,
    Ceremony,
    Checkbox,
    CodePage,
    CountryPage,
    FieldError,
    KeyPage,
    Option,
    Page,
    PickerPage,
    ResultPage,
)
from doorward.web.login.prompts.mfa_sent import DELIVERY
from doorward.web.login.qr_code import picture_of
from doorward.web.login.screens import RESET_PASSWORD_MFA, Screen

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URI = f"otpauth://totp/Acme:ada%40example.com?secret={SECRET}&issuer=Acme&algorithm=SHA1&digits=6&period=30"
RECOVERY = "K7QX2M5VTB4RZJHD6WNPCY3F"
REMEMBER = Checkbox("rememberBrowser", "rememberMeText")
SAVED = Checkbox("saved", "checkboxText", value="on")
PICK = (Button("pick-authenticator", "pickAuthenticatorText"),)
OPTIONS = tuple(
    Option(name, f"authenticatorNames{key}")
    for name, key in {
        "otp": "OTP",
        "sms": "SMS",
        "voice": "Voice",
        "phone": "Phone",
        "email": "Email",
        "webauthn-roaming": "WebauthnRoaming",
        "webauthn-platform": "WebauthnPlatform",
        "recovery-code": "RecoveryCode",
    }.items()
)
COUNTRIES = tuple(countries().values())
RESULTS = {
    "enrolled": ("enrolledTitle", "enrolledDescription", None),
    "invalid": ("invalidTicketTitle", "invalidTicketDescription", 400),
    "expired": ("expiredTicketTitle", "expiredTicketDescription", 400),
    "used": ("alreadyUsedTitle", "alreadyUsedDescription", 400),
    "already-enrolled": ("genericError", "alreadyEnrolledDescription", 400),
}


def samples(shop: dict[str, Any]) -> dict[str, Page]:
    """By name; ``shop`` is what every page of one login has."""
    return with_resets(_samples(shop))


def with_resets(shown: dict[str, Page]) -> dict[str, Page]:
    """The same, and the screens that are shown in their place before a forgotten password is replaced."""
    reset = {new.name: _of_reset(shown[old.name], new) for old, new in RESET_PASSWORD_MFA.items() if old.name in shown}
    return {**shown, **reset}


def _of_reset(page: Page, screen: Screen) -> Page:
    """The page as it is shown before a forgotten password is replaced."""
    plain: dict[str, Any] = {"checkbox": None} if isinstance(page, CodePage | KeyPage) else {}
    return msgspec.structs.replace(page, screen=screen, **plain)


def _samples(shop: dict[str, Any]) -> dict[str, Page]:
    code = {"inputs": (screens.MFA_CODE,), "buttons": PICK}

    def of(screen: Screen, *errors: FieldError, **more: Any) -> Page:
        return CodePage(screen=screen, errors=errors, **{**shop, **more})

    by_hand = (Button("back-action", "backText"), *PICK)
    picture = {"picture": picture_of(URI), "buttons": (Button("toggle-view", "codeEnrollmentText"), *PICK)}
    return {
        "mfa-login-options": PickerPage(screen=screens.MFA_LOGIN_OPTIONS, options=OPTIONS, back=True, **shop),
        "mfa-begin-enroll-options": PickerPage(
            screen=screens.MFA_BEGIN_ENROLL_OPTIONS, options=OPTIONS, back=True, **shop
        ),
        **{
            f"mfa-enroll-result-{name}": ResultPage(
                screen=screens.MFA_ENROLL_RESULT, title=title, description=description, status=status
            )
            for name, (title, description, status) in RESULTS.items()
        },
        "mfa-otp-enrollment-qr": of(screens.MFA_OTP_ENROLLMENT_QR, **{**code, **picture}),
        "mfa-otp-enrollment-qr-wrong": of(
            screens.MFA_OTP_ENROLLMENT_QR, FieldError("code", "invalid-code"), **{**code, **picture}
        ),
        "mfa-otp-enrollment-code": of(
            screens.MFA_OTP_ENROLLMENT_CODE, **{**code, "secret": SECRET, "buttons": by_hand}
        ),
        "mfa-otp-challenge": of(screens.MFA_OTP_CHALLENGE, checkbox=REMEMBER, **code),
        "mfa-otp-challenge-wrong": of(
            screens.MFA_OTP_CHALLENGE, FieldError("code", "invalid-code"), checkbox=REMEMBER, inputs=code["inputs"]
        ),
        **_sent(of, shop),
        **_phone(of, shop),
        "mfa-detect-browser-capabilities": ResultPage(
            screen=screens.MFA_DETECT_BROWSER_CAPABILITIES,
            title="noJSErrorTitle",
            description="noJSErrorDescription",
            primary="pickAuthenticatorText",
            buttons=(Button("tryagain", "reloadButtonText"),),
            ceremony=Ceremony("webauthn-platform-available"),
            **shop,
        ),
        "mfa-recovery-code-enrollment": of(screens.MFA_RECOVERY_CODE_ENROLLMENT, secret=RECOVERY, checkbox=SAVED),
        "mfa-recovery-code-challenge": of(
            screens.MFA_RECOVERY_CODE_CHALLENGE, inputs=(screens.RECOVERY_CODE,), buttons=PICK
        ),
        "mfa-recovery-code-challenge-new-code": of(
            screens.MFA_RECOVERY_CODE_CHALLENGE_NEW_CODE, secret=RECOVERY, checkbox=SAVED
        ),
    }


def _phone(of: Callable[..., Page], shop: dict[str, Any]) -> dict[str, Page]:
    """The screens of a number that is reached in more than one way."""
    phone = {"inputs": (screens.PHONE,), "primary": "continueButtonText", "choice": DELIVERY}
    country = Button("pick-country-code", "shared:countryCodeText")
    buttons = (country, *PICK)
    home = {"inputs": (screens.NATIONAL_PHONE,), "country": countries()["GB+44"]}
    return {
        "mfa-phone-enrollment": of(screens.MFA_PHONE_ENROLLMENT, buttons=buttons, **phone),
        "mfa-phone-enrollment-country": of(
            screens.MFA_PHONE_ENROLLMENT, FieldError("phone", "invalid-phone"), buttons=buttons, **{**phone, **home}
        ),
        "mfa-phone-challenge": of(
            screens.MFA_PHONE_CHALLENGE,
            sent_to="XXXXXXXXX5044",
            choice=DELIVERY,
            primary="continueButtonText",
            buttons=(Button("pick-phone", "changePhoneText"), *PICK),
        ),
        "mfa-country-codes": CountryPage(screen=screens.MFA_COUNTRY_CODES, countries=COUNTRIES, **shop),
        "mfa-country-codes-africa": CountryPage(
            screen=screens.MFA_COUNTRY_CODES, countries=COUNTRIES, continent="002", **shop
        ),
    }


def _sent(of: Callable[..., Page], shop: dict[str, Any]) -> dict[str, Page]:
    """The screens of codes that are sent."""
    resend = Button("resend-code", "resendActionText", lead="resendText")
    voice = Button("switch-to-voice", "resendVoiceActionText", lead="resendVoiceActionSeparatorTextBefore")
    sms = Button("switch-to-sms", "resendSmsActionText", lead="resendSmsActionSeparatorTextBefore")
    other = Button("pick-email", "shared:otherAddressText")
    country = Button("pick-country-code", "shared:countryCodeText")
    code = {"inputs": (screens.MFA_CODE,), "checkbox": REMEMBER}
    phone = {"inputs": (screens.PHONE,), "buttons": (country, *PICK)}
    edit = Button("back-action", "editText")
    number = "XXXXXXXXX5044"
    lists = {screens.MFA_EMAIL_LIST: ("ada.****@exam*******", "****@maths.***"), screens.MFA_SMS_LIST: (number, number)}
    return {
        "mfa-email-challenge": of(
            screens.MFA_EMAIL_CHALLENGE, sent_to="****@exam*******", buttons=(resend, other, *PICK), **code
        ),
        "mfa-sms-enrollment": of(screens.MFA_SMS_ENROLLMENT, **phone),
        "mfa-sms-enrollment-wrong": of(
            screens.MFA_SMS_ENROLLMENT, FieldError("phone", "invalid-phone"), values={"phone": "12"}, **phone
        ),
        "mfa-sms-challenge": of(
            screens.MFA_SMS_CHALLENGE, sent_to=number, buttons=(resend, voice, edit, *PICK), **code
        ),
        "mfa-voice-enrollment": of(screens.MFA_VOICE_ENROLLMENT, **phone),
        "mfa-voice-challenge": of(
            screens.MFA_VOICE_CHALLENGE, sent_to=number, buttons=(resend, sms, edit, *PICK), **code
        ),
        **{
            screen.name: PickerPage(
                screen=screen,
                options=tuple(Option(f"selection-action::{at}", label=to) for at, to in enumerate(labels)),
                back=True,
                **shop,
            )
            for screen, labels in lists.items()
        },
    }
