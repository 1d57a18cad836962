"""Every screen as a page value, as it may look in life: for previews, photographs and tests."""

from __future__ import annotations

from typing import Any

import msgspec

from doorward.model.bot_detection import Captcha, SiteKey
from doorward.model.theme import Borders, Colours, PageBackground, Theme, Widget, darkened
from doorward.web.login import key_samples, mfa_samples, screens
from doorward.web.login.captcha import captcha_of
from doorward.web.login.countries import countries
from doorward.web.login.look import Look
from doorward.web.login.pages import (
    Button,
    Choice,
    ChosenIdentifier,
    CodePage,
    ConnectionButton,
    ConsentPage,
    ConsentScope,
    DecisionPage,
    ErrorPage,
    FieldError,
    FormPage,
    Link,
    Page,
    PasswordRule,
    ResultPage,
)
from doorward.web.login.screens import Identifier, Input

STATE = "hKFo2SBDb1pXeHlrU3RhdGVPZkFUcmFuc2FjdGlvbqFupWxvZ2lu"
CALLBACK = "http://localhost:3000/callback"

STOCK = Look(company_name="Acme")
BRANDED = Look(
    company_name="Kinderladen Süd",
    primary="#e4b400",
    background="#2a1e5c",
    background_end="#4b1d3f",
    background_angle=35,
    support_email="help@example.com",
)
DAY = Theme(
    borders=Borders(buttons_style="pill", inputs_style="pill", widget_corner_radius=24),
    colors=Colours(
        body_text="#3d2b1f", header="#3d2b1f", input_labels_placeholders="#6b5a4d", links_focused_components="#9a3412",
        primary_button="#c2410c", secondary_button_label="#3d2b1f", widget_background="#fffaf5",
    ),
    page_background=PageBackground(background_color="#fde8d4", page_layout="left"),
    widget=Widget(header_text_alignment="left", logo_position="left", social_buttons_layout="top"),
)  # fmt: skip
THEMED = Look(company_name="Meridian", theme=DAY, dark=darkened(DAY))

RULES = (
    PasswordRule("lengthAtLeast", 8),
    PasswordRule(
        "containsAtLeast",
        3,
        (
            PasswordRule("lowerCase"),
            PasswordRule("upperCase"),
            PasswordRule("numbers"),
            PasswordRule("specialCharacters"),
        ),
    ),
)
BROKEN_RULES = (
    msgspec.structs.replace(RULES[0], met=False),
    msgspec.structs.replace(
        RULES[1],
        met=True,
        items=tuple(
            msgspec.structs.replace(r, met=m) for r, m in zip(RULES[1].items, (True, True, True, False), strict=True)
        ),
    ),
)
SOCIAL = (
    ConnectionButton("google-oauth2", "google-oauth2", "Google"),
    ConnectionButton("acme-workforce", "oidc", "Acme Workforce"),
)
SHOP: dict[str, Any] = {"client_name": "Acme Shop", "state": STATE, "redirect_uri": CALLBACK}
_COUNTRY = Button("pick-country-code", "shared:countryCodeText")
_TO_SIGNUP = (Link(screens.SIGNUP.path, "signupActionLinkText", lead="signupActionText"),)
_TO_SIGNUP_ID = (Link(screens.SIGNUP_ID.path, "signupActionLinkText", lead="signupActionText"),)
_TO_LOGIN = (Link(screens.LOGIN.path, "loginActionLinkText", lead="loginActionText"),)
_TO_LOGIN_ID = (Link(screens.LOGIN_ID.path, "loginActionLinkText", lead="loginActionText"),)


def login(identifier: Identifier = Identifier.EMAIL, username: str = "", *errors: FieldError, **more: object) -> Page:
    """Identifier and password on one page."""
    return _form(screens.LOGIN, (identifier.input, screens.PASSWORD), {"username": username}, errors, more)


def login_id(
    identifier: Identifier = Identifier.EMAIL, username: str = "", *errors: FieldError, **more: object
) -> Page:
    """The identifier on a page of its own."""
    return _form(screens.LOGIN_ID, (identifier.input,), {"username": username}, errors, more)


def login_password(identifier: Identifier, username: str, *errors: FieldError, **more: object) -> Page:
    """And then the password."""
    is_email = identifier is Identifier.EMAIL
    chosen = ChosenIdentifier(
        "username",
        username,
        identifier.input.label,
        "editLinkScreenReadableText" if is_email else "shared:editIdentifierText",
        screens.LOGIN_ID.path,
    )
    return _form(screens.LOGIN_PASSWORD, (screens.PASSWORD,), {}, errors, {"chosen": chosen, **more})


def signup(*errors: FieldError, inputs: tuple[Input, ...] = (screens.EMAIL,), email: str = "", **more: object) -> Page:
    """Everything on one page."""
    inputs = (*inputs, screens.NEW_PASSWORD)
    return _form(screens.SIGNUP, inputs, {"email": email}, errors, {"links": _TO_LOGIN, **more})


def signup_id(inputs: tuple[Input, ...] = (screens.EMAIL,), **more: object) -> Page:
    """What a new account is known by."""
    return _form(screens.SIGNUP_ID, inputs, {}, (), {"links": _TO_LOGIN_ID, **more})


def signup_password(email: str, username: str = "", **more: object) -> Page:
    """And then its password."""
    chosen = ChosenIdentifier("email", email, "emailPlaceholder", "editLinkScreenReadableText", screens.SIGNUP_ID.path)
    hidden = {"username": username} if username else {}
    more = {"chosen": chosen, "hidden": hidden, "links": _TO_LOGIN_ID, **more}
    return _form(screens.SIGNUP_PASSWORD, (screens.NEW_PASSWORD,), {}, (), more)


def signup_password_of(name: str, value: str, label: str) -> Page:
    """The same for somebody without an e-mail address."""
    chosen = ChosenIdentifier(name, value, label, "shared:editAddressText", screens.SIGNUP_ID.path)
    more: dict[str, object] = {"chosen": chosen, "password_rules": RULES, "links": _TO_LOGIN_ID}
    return _form(screens.SIGNUP_PASSWORD, (screens.NEW_PASSWORD,), {}, (), more)


def _form(
    screen: screens.Screen,
    inputs: tuple[Input, ...],
    values: dict[str, str],
    errors: tuple[FieldError, ...],
    more: dict[str, object],
) -> Page:
    return FormPage(screen=screen, inputs=inputs, values=values, errors=errors, **{**SHOP, **more})


def reset_password(*errors: FieldError, **more: Any) -> Page:
    """A new password, twice."""
    return FormPage(
        screen=screens.RESET_PASSWORD,
        client_name="Acme Shop",
        inputs=(screens.PASSWORD_RESET, screens.RE_ENTER_PASSWORD),
        password_rules=BROKEN_RULES if errors else RULES,
        errors=errors,
        **more,
    )


def ticket_result(screen: screens.Screen, title: str, description: str, **more: Any) -> Page:
    """What came of a link in a mail."""
    return ResultPage(screen=screen, title=title, description=description, client_name="Acme Shop", **more)


def code_sent(screen: screens.Screen, address: str, *errors: FieldError) -> Page:
    """A code to type, that was sent to ``address``."""
    chosen = ChosenIdentifier(
        "username",
        address,
        "shared:addressText",
        "shared:editAddressText",
        screens.LOGIN_ID.path,
        edit_text="editText" if screen is screens.LOGIN_PASSWORDLESS_SMS_OTP else "shared:editText",
    )
    more = {
        "chosen": chosen,
        "texts": {"email": address},
        "buttons": (Button("resend", "resendActionText", lead="resendText"),),
    }
    return _form(screen, (screens.CODE,), {}, errors, more)


def verification_code(*errors: FieldError) -> Page:
    """A code for an address that is not verified."""
    buttons = (Button("resend-code", "resendActionText", lead="resendText"),)
    links = (Link(screens.LOGIN_ID.path, "shared:editAddressText"),)
    more: dict[str, object] = {"texts": {"email": "ada@example.com"}, "buttons": buttons, "links": links}
    return _form(screens.LOGIN_EMAIL_VERIFICATION, (screens.OTP_CODE,), {}, errors, more)


def identifier_code(screen: screens.Screen, description: str, *errors: FieldError, **more: Any) -> Page:
    """A code that was sent to what somebody is known by."""
    buttons = (Button("resend-code", "resendActionText", lead="resendText"), *more.pop("buttons", ()))
    return CodePage(
        **SHOP,
        screen=screen,
        description=description,
        inputs=(screens.OTP_CODE,),
        buttons=(*buttons, Button("back-action", "backButtonText")),
        errors=errors,
        **more,
    )


def link_sent(title: str, description: str, **more: Any) -> Page:
    """A link to follow, that was sent."""
    return ResultPage(
        **SHOP,
        screen=screens.LOGIN_PASSWORDLESS_EMAIL_LINK,
        title=title,
        description=description,
        buttons=(Button("resend", "shared:resendText"),),
        links=(Link(screens.LOGIN_ID.path, "shared:editAddressText"),),
        **more,
    )


CHALLENGE = captcha_of(Captcha(), "6a2f1c80.Zx8f0Qw3k1VbT9yLm2RcPg.wJ2mVb8Kq0c1RzT5xYp7sLd3fGh6aNeUiOo4EkMtBvQ")
_HCAPTCHA: dict[str, Any] = {"hcaptcha": SiteKey(site_key="10000000-ffff"), "hcaptcha_secret": "0x0"}
_SHOP = "https://shop.acme.test/"
_FORGOT = Link("/u/login/password-reset-start/people", "forgotPasswordText")
OPTIONAL_INPUTS = tuple(
    msgspec.structs.replace(asked, label=label, optional=True) for asked, label in screens.SIGNUP_INPUTS.values()
)
_WITH_USERNAME = (screens.EMAIL, screens.USERNAME)

SAMPLES: dict[str, Page] = {
    "login": login(links=(_FORGOT, *_TO_SIGNUP)),
    "login-social": login(links=_TO_SIGNUP, connections=SOCIAL),
    "login-username": login(Identifier.USERNAME),
    "login-wrong": login(
        Identifier.EMAIL,
        "ada@example.com",
        FieldError("password", Identifier.EMAIL.wrong_credentials),
        links=_TO_SIGNUP,
    ),
    "login-blocked": login(Identifier.EMAIL, "ada@example.com", FieldError("", "user-blocked")),
    "login-captcha": login(
        Identifier.EMAIL, "ada@example.com", FieldError("", "invalid-captcha"), links=_TO_SIGNUP, captcha=CHALLENGE
    ),
    "signup-hcaptcha": signup(
        password_rules=RULES, captcha=captcha_of(Captcha(active_provider_id="hcaptcha", **_HCAPTCHA), "")
    ),
    "login-passkey": login(links=_TO_SIGNUP, ceremony=key_samples.PASSKEY_ELSEWHERE),
    "login-id": login_id(links=_TO_SIGNUP_ID),
    "login-id-passkey": login_id(links=_TO_SIGNUP_ID, ceremony=key_samples.PASSKEY),
    "login-id-username": login_id(Identifier.USERNAME_OR_EMAIL, connections=SOCIAL),
    "login-id-wrong": login_id(
        Identifier.EMAIL, "ada", FieldError("username", "invalid-email-format"), links=_TO_SIGNUP_ID
    ),
    "login-password": login_password(Identifier.EMAIL, "ada.lovelace@example.com", links=(_FORGOT, *_TO_SIGNUP_ID)),
    "login-password-or-code": login_password(
        Identifier.EMAIL,
        "ada.lovelace@example.com",
        buttons=(Button("switch-to-otp-auth", "shared:useCodeText"),),
        links=(_FORGOT, *_TO_SIGNUP_ID),
    ),
    "login-password-wrong": login_password(
        Identifier.USERNAME, "ada", FieldError("password", "wrong-username-credentials")
    ),
    "login-id-phone": _form(screens.LOGIN_ID, (screens.PHONE_IDENTIFIER,), {}, (), {"buttons": (_COUNTRY,)}),
    "login-id-phone-country": _form(
        screens.LOGIN_ID,
        (msgspec.structs.replace(screens.PHONE_IDENTIFIER, pattern=screens.NATIONAL),),
        {"username": "020 7946 0000"},
        (),
        {"buttons": (_COUNTRY,), "country": countries()["GB+44"]},
    ),
    "login-id-email-or-phone": _form(
        screens.LOGIN_ID, (screens.EMAIL_OR_PHONE_IDENTIFIER,), {}, (), {"buttons": (_COUNTRY,)}
    ),
    "login-passwordless-email-code": code_sent(screens.LOGIN_PASSWORDLESS_EMAIL_CODE, "ada.lovelace@example.com"),
    "login-passwordless-email-code-wrong": code_sent(
        screens.LOGIN_PASSWORDLESS_EMAIL_CODE,
        "ada.lovelace@example.com",
        FieldError("code", "invalid-verification-code"),
    ),
    "login-passwordless-sms-otp": code_sent(screens.LOGIN_PASSWORDLESS_SMS_OTP, "+442079460000"),
    "login-passwordless-email-link": link_sent("successTitle", "description"),
    "login-passwordless-email-link-failed": link_sent("errorTitle", "unknownErrorDescription", status=429),
    "login-email-verification": verification_code(),
    "login-email-verification-wrong": verification_code(FieldError("code", "invalid-code")),
    "email-identifier-challenge": identifier_code(
        screens.EMAIL_IDENTIFIER_CHALLENGE,
        "emailDescription",
        texts={"email": "ada.lovelace@example.com"},
        buttons=(Button("switch-to-password-auth", "switchToPasswordButtonText"),),
    ),
    "email-identifier-challenge-wrong": identifier_code(
        screens.EMAIL_IDENTIFIER_CHALLENGE,
        "emailDescription",
        FieldError("code", "invalid-code"),
        texts={"email": "ada.lovelace@example.com"},
    ),
    "phone-identifier-challenge": identifier_code(
        screens.PHONE_IDENTIFIER_CHALLENGE,
        "smsDescription",
        sent_to="+442079460000",
        buttons=(
            Button("switch-to-voice", "resendVoiceActionText", lead="resendVoiceActionSeparatorTextBefore"),
            Button("switch-to-password-auth", "shared:usePasswordText"),
        ),
    ),
    "phone-identifier-challenge-call": identifier_code(
        screens.PHONE_IDENTIFIER_CHALLENGE,
        "voiceDescription",
        sent_to="+442079460000",
        buttons=(Button("switch-to-text", "resendSmsActionText", lead="resendSmsActionSeparatorTextBefore"),),
    ),
    "phone-identifier-enrollment": CodePage(
        **SHOP,
        screen=screens.PHONE_IDENTIFIER_ENROLLMENT,
        sent_to="+442079460000",
        choice=Choice(
            "type", "chooseMessageTypeText", (("text", "smsButtonText"), ("voice", "voiceButtonText")), "text"
        ),
        primary="continueButtonText",
        buttons=(Button("back-action", "backButtonText"),),
    ),
    "email-otp-challenge": _form(
        screens.EMAIL_OTP_CHALLENGE,
        (screens.OTP_CODE,),
        {},
        (),
        {
            "texts": {"email": "ada@example.com"},
            "buttons": (Button("resend-code", "resendActionText", lead="resendText"),),
            "links": (Link(screens.LOGIN_ID.path, "shared:editAddressText"),),
        },
    ),
    "interstitial-captcha": _form(screens.INTERSTITIAL_CAPTCHA, (), {}, (), {"captcha": CHALLENGE}),
    "interstitial-captcha-wrong": _form(
        screens.INTERSTITIAL_CAPTCHA, (), {}, (FieldError("", "invalid-captcha"),), {"captcha": CHALLENGE}
    ),
    "confirmation": CodePage(
        **SHOP,
        screen=screens.CONFIRMATION,
        sent_to="ada.lovelace@example.com",
        buttons=(Button("back-action", "backButtonText"),),
    ),
    "login-link": ResultPage(screen=screens.LOGIN_LINK, client_name="Acme Shop", status=400),
    "signup": signup(password_rules=RULES),
    "signup-username": signup(inputs=_WITH_USERNAME, connections=SOCIAL),
    "signup-optional": signup(inputs=OPTIONAL_INPUTS, password_rules=RULES),
    "signup-id-optional": signup_id(OPTIONAL_INPUTS),
    "signup-id-phone": signup_id((screens.PHONE_NUMBER,)),
    "signup-phone": signup(inputs=(screens.PHONE_NUMBER,)),
    "signup-password-phone": signup_password_of("phone_number", "+442079460000", "phonePlaceholder"),
    "signup-password-username": signup_password_of("username", "ada", "usernamePlaceholder"),
    "signup-weak": signup(
        FieldError("password", "password-policy-not-conformant"), email="ada@example.com", password_rules=BROKEN_RULES
    ),
    "signup-id": signup_id(),
    "signup-id-username": signup_id(_WITH_USERNAME, connections=SOCIAL),
    "signup-password": signup_password("ada@example.com", "ada", password_rules=RULES),
    "reset-password-request": FormPage(
        **SHOP,
        screen=screens.RESET_PASSWORD_REQUEST,
        inputs=(screens.email(label="placeholderEmail"),),
        description="descriptionEmail",
        links=(Link(screens.LOGIN_ID.path, "backToLoginLinkText"),),
    ),
    "reset-password-email": ResultPage(
        **SHOP,
        screen=screens.RESET_PASSWORD_EMAIL,
        description="emailDescription",
        texts={"email": "ada@example.com"},
        buttons=(Button("resend-email-action", "resendLinkText"),),
        links=(Link(screens.LOGIN_ID.path, "backButtonText"),),
    ),
    "reset-password": reset_password(),
    "reset-password-wrong": reset_password(
        FieldError("password-reset", "password-policy-not-conformant"),
        FieldError("re-enter-password", "password-mismatch"),
    ),
    "reset-password-success": ticket_result(screens.RESET_PASSWORD_SUCCESS, "eventTitle", "description", onward=_SHOP),
    **{
        f"reset-password-error-{why.lower()}": ticket_result(
            screens.RESET_PASSWORD_ERROR,
            f"eventTitle{why}",
            f"description{why}",
            onward=_SHOP,
            onward_text="backToLoginLinkText",
            status=400,
        )
        for why in ("Expired", "Used", "Generic")
    },
    "email-verification-result": ticket_result(
        screens.EMAIL_VERIFICATION, "verifiedTitle", "verifiedDescription", onward=_SHOP
    ),
    "email-verification-again": ticket_result(
        screens.EMAIL_VERIFICATION, "verifiedTitle", "alreadyVerifiedDescription", onward=_SHOP
    ),
    **{
        f"email-verification-{name}": ticket_result(screens.EMAIL_VERIFICATION, "errorTitle", key, status=400)
        for name, key in {
            "expired": "auth0-users-expired-ticket",
            "unknown": "invalidAccountOrCodeDescription",
            "failed": "unknownErrorDescription",
        }.items()
    },
    "redeem-ticket": ticket_result(screens.REDEEM_TICKET, "pageTitle", "description", primary="buttonText"),
    "unblock": ticket_result(screens.UNBLOCK, "pageTitle", "description", primary="buttonText"),
    "unblock-success": ticket_result(screens.UNBLOCK_SUCCESS, "pageTitle", "description", onward=_SHOP),
    "unblock-failure": ticket_result(screens.UNBLOCK_FAILURE, "pageTitle", "description", onward=_SHOP, status=400),
    **mfa_samples.samples(SHOP),
    **key_samples.samples(SHOP),
    "consent": ConsentPage(
        **SHOP,
        screen=screens.CONSENT,
        user_name="Ada",
        scopes=(
            ConsentScope("openid"),
            ConsentScope("profile"),
            ConsentScope("email"),
            ConsentScope("read:messages"),
            ConsentScope("write:messages"),
            ConsentScope("offline_access"),
        ),
        audience="https://api.acme.test/",
        audience_name="Acme Messages",
        receiver="localhost:3000",
    ),
    "consent-described": ConsentPage(
        **SHOP,
        screen=screens.CONSENT,
        user_name="ada@example.com",
        scopes=(ConsentScope("read:posts", "Read your posts"), ConsentScope("admin")),
    ),
    "login-confirmation": DecisionPage(
        **SHOP, screen=screens.LOGIN_CONFIRMATION, user_name="Ada", receiver="http://localhost:3000"
    ),
    "logout": DecisionPage(**SHOP, screen=screens.LOGOUT, user_name="Ada"),
    "logout-complete": ResultPage(screen=screens.LOGOUT_COMPLETE, title="eventTitle"),
    "logout-aborted": ResultPage(screen=screens.LOGOUT_ABORTED, title="eventTitle"),
    "error": ErrorPage(error="access_denied", detail="Service not found", tracking="9c1f77d0a3e84b52b1c0"),
    "error-developer": ErrorPage(
        client_name="Acme Shop",
        error="invalid_request",
        detail="Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs.",
        tracking="9c1f77d0a3e84b52b1c0",
        hint="The application sent http://localhost:3000/cb/ and has registered http://localhost:3000/cb: "
        "there is a slash at the end.",
        start_again="https://shop.acme.test/login",
    ),
    "error-expired": ErrorPage(
        error="invalid_request", expired=True, tracking="9c1f77d0a3e84b52b1c0", start_again="https://shop.acme.test/"
    ),
}
