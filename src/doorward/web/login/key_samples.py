"""The screens of passkeys and security keys as page values, as they may look in life."""

from __future__ import annotations

import json
from typing import Any

from doorward.web.login import screens
from doorward.web.login.mfa_samples import PICK, REMEMBER, with_resets
from doorward.web.login.pages import Button, Ceremony, FieldError, FormPage, KeyPage, Page, ResultPage
from doorward.web.login.prompts.passkey_enrollment import ABORT, BENEFITS, NOT_AGAIN
from doorward.web.login.screens import Input, Screen

CHALLENGE = "AAAAAHcrp4yVbJ0gq0uQyO3mPl5cYH1o0wS4c6n3b2a1Zk9Xh8Wg7Vf6Ue5Td4Sc3Rb2Qa1Pz0"
REQUEST = {"challenge": CHALLENGE, "timeout": 300_000, "rpId": "login.acme.test", "userVerification": "preferred"}
CREATION = {
    "challenge": CHALLENGE,
    "timeout": 300_000,
    "rp": {"id": "login.acme.test", "name": "Acme"},
    "user": {"id": "AAECAwQFBgcICQ", "name": "ada@example.com", "displayName": "Ada Lovelace"},
    "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-8, -7, -257)],
    "authenticatorSelection": {"residentKey": "required", "userVerification": "preferred"},
}
PASSKEY = Ceremony("passkey", "get", json.dumps(REQUEST), button="passkeyButtonText", autofill=True)
PASSKEY_ELSEWHERE = Ceremony("passkey", "get", json.dumps(REQUEST), button="shared:passkeyButtonText", autofill=True)
STEPS = ("instructions1", "instructions2", "instructions3")


def samples(shop: dict[str, Any]) -> dict[str, Page]:
    """By name; ``shop`` is what every page of one login has."""

    def key(screen: Screen, kind: str, *errors: FieldError, **more: Any) -> Page:
        asked = json.dumps(REQUEST if kind == "get" else CREATION)
        ceremony = Ceremony("response", kind, asked)
        given = {"waiting": "awaitingConfirmation", "buttons": PICK, "ceremony": ceremony, **more}
        return KeyPage(screen=screen, errors=errors, **{**shop, **given})

    def offer(screen: Screen, *errors: FieldError, benefits: int) -> Page:
        return KeyPage(
            screen=screen,
            ceremony=Ceremony("passkey", "create", json.dumps(CREATION)),
            primary="createButtonText",
            benefits=BENEFITS[:benefits],
            checkbox=NOT_AGAIN,
            buttons=(Button(ABORT, "continueButtonText"),),
            errors=errors,
            **shop,
        )

    def named(asked: Input, description: str, *errors: FieldError) -> Page:
        screen = screens.MFA_WEBAUTHN_CHANGE_KEY_NICKNAME
        return FormPage(screen=screen, inputs=(asked,), description=description, errors=errors, **shop)

    def result(screen: Screen, title: str, description: str, primary: str, **more: Any) -> Page:
        return ResultPage(screen=screen, title=title, description=description, primary=primary, **{**shop, **more})

    success, failure = screens.MFA_WEBAUTHN_ENROLLMENT_SUCCESS, screens.MFA_WEBAUTHN_ERROR
    shown = {
        "mfa-webauthn-platform-enrollment": key(screens.MFA_WEBAUTHN_PLATFORM_ENROLLMENT, "create"),
        "mfa-webauthn-roaming-enrollment": key(screens.MFA_WEBAUTHN_ROAMING_ENROLLMENT, "create", steps=STEPS),
        "mfa-webauthn-platform-challenge": key(screens.MFA_WEBAUTHN_PLATFORM_CHALLENGE, "get", checkbox=REMEMBER),
        "mfa-webauthn-roaming-challenge": key(screens.MFA_WEBAUTHN_ROAMING_CHALLENGE, "get", checkbox=REMEMBER),
        "mfa-webauthn-roaming-challenge-wrong": key(
            screens.MFA_WEBAUTHN_ROAMING_CHALLENGE, "get", FieldError("", "webauthn-challenge-error")
        ),
        "mfa-webauthn-change-key-nickname": named(screens.NICKNAME, "description"),
        "mfa-webauthn-change-key-nickname-platform": named(
            screens.DEVICE_NICKNAME, "descriptionPlatform", FieldError("nickname", "nickname-too-long")
        ),
        "mfa-webauthn-enrollment-success": result(success, "title", "description", "buttonText"),
        "mfa-webauthn-enrollment-success-platform": result(
            success, "titlePlatform", "descriptionPlatform", "buttonText"
        ),
        "mfa-webauthn-error": result(failure, "errorTitleChallenge", "description", "tryAgainLinkText", buttons=PICK),
        "mfa-webauthn-error-platform": result(
            failure, "errorTitlePlatformChallenge", "descriptionPlatform", "tryAgainLinkText"
        ),
        "mfa-webauthn-not-available-error": result(
            screens.MFA_WEBAUTHN_NOT_AVAILABLE, "errorTitle", "errorDescription", "tryAgainLinkText", buttons=PICK
        ),
        "passkey-enrollment": offer(screens.PASSKEY_ENROLLMENT, benefits=3),
        "passkey-enrollment-failed": offer(
            screens.PASSKEY_ENROLLMENT, FieldError("", "passkey-enrollment-failure"), benefits=3
        ),
        "passkey-enrollment-local": offer(screens.PASSKEY_ENROLLMENT_LOCAL, benefits=2),
    }
    return with_resets(shown)
