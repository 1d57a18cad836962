"""Every screen of Universal Login, once: its names, its address, what may be typed into it.

``prompt`` and ``name`` are Auth0's (they choose the texts, and tenants change them under these names); ``path`` is
where the page is, ``steps`` are what a login waits for while it may be shown there. What a screen shows is a page
value (``pages``), what it does is a function in ``prompts``.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import msgspec
from msgspec import Struct

from doorward.model.bot_detection import Flow
from doorward.model.session import Step
from doorward.model.ticket import TicketType


class InputKind(StrEnum):
    """How an input is typed: keyboard, pattern, whether it can be shown and hidden."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    CODE = "code"
    PASSWORD = "password"
    NEW_PASSWORD = "new-password"


class Input(Struct, frozen=True, kw_only=True):
    """One input: ``name`` is what is posted, the rest are text keys and what browsers fill in.

    One that is ``optional`` may stay empty. ``invalid`` is the key of the hint for what does not fit (``pattern``, a
    regular expression for browsers); a key with ``shared:`` in front belongs to no screen.
    """

    name: str
    label: str
    missing: str
    kind: InputKind = InputKind.TEXT
    autocomplete: str = ""
    invalid: str = ""
    pattern: str = ""
    optional: bool = False


class Screen(Struct, frozen=True, kw_only=True):
    """One screen. ``fields`` are the inputs that can show an error of their own; without ``path`` it has no address.
    Under ``aliases`` the same page is found; some of them name a ``{connection}``. Bot detection may ask for a
    challenge where the form attempts a ``flow``, for whom the first of ``about`` names that there is. One that is
    ``in_turn`` is shown only while the login is at it. Its buttons post ``default`` or one of ``actions``, what ends
    in colons with anything behind them; with ``None`` the page itself judges what came."""

    prompt: str
    name: str
    path: str = ""
    aliases: tuple[str, ...] = ()
    steps: frozenset[Step] = frozenset()
    fields: tuple[str, ...] = ()
    flow: Flow | None = None
    about: tuple[str, ...] = ("username",)
    in_turn: bool = False
    actions: tuple[str, ...] | None = ()
    worded: Screen | None = None

    def takes(self, action: str) -> bool:
        """Whether a form of it may say so."""
        if action == "default" or self.actions is None:
            return True
        return any(action.startswith(one) if one.endswith("::") else action == one for one in self.actions)


def email(name: str = "email", *, label: str = "emailPlaceholder", autocomplete: str = "email") -> Input:
    """An input for an e-mail address."""
    return Input(
        name=name, label=label, missing="no-email", kind=InputKind.EMAIL, autocomplete=autocomplete,
        invalid="invalid-email-format",
    )  # fmt: skip


class Identifier(StrEnum):
    """What a person may type to say who they are; decides label, keyboard and what a failure is called. The values are
    the middle of Auth0's text keys (``wrong-{}-credentials``)."""

    EMAIL = "email"
    USERNAME = "username"
    PHONE = "phone"
    USERNAME_OR_EMAIL = "email-username"
    EMAIL_OR_PHONE = "email-phone"
    PHONE_OR_USERNAME = "phone-username"
    ANY = "email-phone-username"

    @classmethod
    def of(cls, kinds: Collection[str]) -> Identifier:
        """For the kinds (``email``, ``phone_number``, ``username``) of identifiers that sign in."""
        named = "-".join(name for kind, name in _KINDS if kind in kinds)
        return cls(named) if named else cls.EMAIL

    @property
    def wrong_credentials(self) -> str:
        """The error key for a login that failed with this kind of identifier."""
        return f"wrong-{self.value}-credentials"

    @property
    def missing(self) -> str:
        """The error key for nothing typed."""
        return self.input.missing

    @property
    def input(self) -> Input:
        """The input of the login pages."""
        if self is Identifier.EMAIL:
            return email("username", autocomplete="username webauthn")
        label, missing, invalid = _WORDS[self.value]
        return Input(
            name="username",
            label=label,
            missing=missing,
            kind=InputKind.PHONE if self is Identifier.PHONE else InputKind.TEXT,
            autocomplete="username webauthn",
            invalid=invalid,
        )


_KINDS = (("email", "email"), ("phone_number", "phone"), ("username", "username"))
_WORDS = {
    "username": ("usernameOnlyPlaceholder", "no-username", "shared:patternMismatch"),
    "phone": ("phonePlaceholder", "invalid-phone-number", "invalid-phone-number"),
    "email-username": ("usernamePlaceholder", "no-username", "shared:patternMismatch"),
    "email-phone": ("phoneOrEmailPlaceholder", "invalid-email-phone", "invalid-email-phone"),
    "phone-username": ("phoneOrUsernamePlaceholder", "invalid-phone-username", "invalid-phone-username"),
    "email-phone-username": (
        "phoneOrUsernameOrEmailPlaceholder", "invalid-email-phone-username", "invalid-email-phone-username",
    ),
}  # fmt: skip
# The browser takes what ``identifiers.plain`` makes plain: digits of any script, any dash and space, invisible marks.
_BETWEEN = r"\p{Nd}\p{Zs}\p{Pd}\p{Cf}\(\)\.\/"
INTERNATIONAL = rf"[\s\p{{Cf}}]*\+[{_BETWEEN}]+"
NATIONAL = rf"[\s\p{{Cf}}]*\+?[{_BETWEEN}]+"
_SIX_DIGITS = r"[\s\p{Pd}\p{Cf}]*(?:\p{Nd}[\s\p{Pd}\p{Cf}]*){6}"
EMAIL = email()
USERNAME = Input(
    name="username", label="usernamePlaceholder", missing="no-username", autocomplete="username",
    invalid="shared:patternMismatch", pattern=r"\s*[^\s@]+\s*",
)  # fmt: skip
PHONE_NUMBER = Input(
    name="phone_number", label="phonePlaceholder", missing="no-phone", kind=InputKind.PHONE, autocomplete="tel",
    invalid="invalid-phone-number", pattern=INTERNATIONAL,
)  # fmt: skip
# What a new account can be known by, and how each of it is called where it may be left out.
SIGNUP_INPUTS = {
    "email": (EMAIL, "emailOptionalPlaceholder"),
    "phone_number": (PHONE_NUMBER, "phoneOptionalPlaceholder"),
    "username": (USERNAME, "usernameOptionalPlaceholder"),
}
PASSWORD = Input(
    name="password", label="passwordPlaceholder", missing="no-password", kind=InputKind.PASSWORD,
    autocomplete="current-password",
)  # fmt: skip
NEW_PASSWORD = Input(
    name="password", label="passwordPlaceholder", missing="no-password", kind=InputKind.NEW_PASSWORD,
    autocomplete="new-password",
)  # fmt: skip
PASSWORD_RESET = Input(
    name="password-reset", label="passwordPlaceholder", missing="no-password-reset", kind=InputKind.NEW_PASSWORD,
    autocomplete="new-password",
)  # fmt: skip
RE_ENTER_PASSWORD = Input(
    name="re-enter-password", label="reEnterpasswordPlaceholder", missing="no-re-enter-password",
    kind=InputKind.NEW_PASSWORD, autocomplete="new-password",
)  # fmt: skip

CODE = Input(
    name="code", label="placeholder", missing="invalid-verification-code", kind=InputKind.CODE,
    autocomplete="one-time-code",
)  # fmt: skip
OTP_CODE = Input(
    name="code", label="placeholder", missing="invalid-otp-code-format", kind=InputKind.CODE,
    autocomplete="one-time-code", invalid="invalid-otp-code-format", pattern=_SIX_DIGITS,
)  # fmt: skip
# Who is to be sent a code, or a link.
EMAIL_IDENTIFIER = email("username", autocomplete="username")
PHONE_IDENTIFIER = Input(
    name="username", label="phonePlaceholder", missing="invalid-phone-number", kind=InputKind.PHONE,
    autocomplete="tel", invalid="invalid-phone-number", pattern=INTERNATIONAL,
)  # fmt: skip
EMAIL_OR_PHONE_IDENTIFIER = Input(
    name="username", label="phoneOrEmailPlaceholder", missing="invalid-email-phone", autocomplete="username",
    invalid="invalid-email-phone",
)  # fmt: skip
MFA_CODE = Input(
    name="code", label="placeholder", missing="no-code", kind=InputKind.CODE, autocomplete="one-time-code",
    invalid="shared:invalidCode", pattern=_SIX_DIGITS,
)  # fmt: skip
PHONE = Input(
    name="phone", label="placeholder", missing="no-phone", kind=InputKind.PHONE, autocomplete="tel",
    invalid="invalid-phone", pattern=INTERNATIONAL,
)  # fmt: skip
# Where its country was chosen.
NATIONAL_PHONE = Input(
    name="phone", label="shared:nationalPhoneText", missing="no-phone", kind=InputKind.PHONE, autocomplete="tel",
    invalid="invalid-phone", pattern=NATIONAL,
)  # fmt: skip
RECOVERY_CODE = Input(
    name="code", label="placeholder", missing="no-code", autocomplete="off", invalid="invalid-code-format",
    pattern=r"[\sA-Za-z0-9\-]{24,}",
)  # fmt: skip

NICKNAME = Input(name="nickname", label="nicknamePlaceholder", missing="no-nickname", autocomplete="off")
DEVICE_NICKNAME = Input(
    name="nickname", label="nicknamePlaceholderPlatform", missing="no-nickname", autocomplete="off"
)  # fmt: skip

_BACK, _AGAIN, _KEY_FAILED, _COUNTRY = "back-action", "resend-code", "showError::", "pick-country-code"
SIGNING_UP = ("email", "phone_number", "username")
ENTERING = frozenset({Step.LOGIN, Step.SIGNUP})

LOGIN = Screen(
    prompt="login",
    name="login",
    path="/u/login",
    steps=ENTERING,
    fields=("username", "password"),
    flow=Flow.PASSWORD,
    actions=(_KEY_FAILED, _COUNTRY),
)
LOGIN_ID = Screen(
    prompt="login-id",
    name="login-id",
    path="/u/login/identifier",
    steps=ENTERING,
    fields=("username",),
    flow=Flow.PASSWORD,
    actions=(_KEY_FAILED, _COUNTRY),
)
LOGIN_PASSWORD = Screen(
    prompt="login-password",
    name="login-password",
    path="/u/login/password",
    steps=ENTERING,
    fields=("password",),
    flow=Flow.PASSWORD,
    actions=(_KEY_FAILED, "switch-to-otp-auth"),
)
LOGIN_PASSWORDLESS_EMAIL_CODE = Screen(
    prompt="login-passwordless",
    name="login-passwordless-email-code",
    path="/u/login/passwordless-email-challenge",
    steps=ENTERING,
    fields=("code",),
    actions=("resend",),
)
LOGIN_PASSWORDLESS_SMS_OTP = Screen(
    prompt="login-passwordless",
    name="login-passwordless-sms-otp",
    path="/u/login/passwordless-sms-challenge",
    steps=ENTERING,
    fields=("code",),
    actions=("resend",),
)
LOGIN_PASSWORDLESS_EMAIL_LINK = Screen(
    prompt="login-passwordless",
    name="login-passwordless-email-link",
    path="/u/login/passwordless-email-link",
    steps=ENTERING,
    actions=("resend",),
)
LOGIN_EMAIL_VERIFICATION = Screen(
    prompt="login-email-verification",
    name="login-email-verification",
    path="/u/login-email-verification",
    steps=ENTERING,
    fields=("code",),
    actions=(_AGAIN, _BACK),
)


def _identifying(prompt: str, name: str, path: str, fields: tuple[str, ...] = (), *actions: str) -> Screen:
    """A screen between an identifier and what follows it, of a login or a sign-up."""
    return Screen(
        prompt=prompt, name=name, path=path, steps=ENTERING, fields=fields, about=(), in_turn=True, actions=actions
    )


EMAIL_IDENTIFIER_CHALLENGE = _identifying(
    "email-identifier-challenge",
    "email-identifier-challenge",
    "/u/email-identifier/challenge",
    ("code",),
    _BACK,
    _AGAIN,
    "switch-to-password-auth",
)
PHONE_IDENTIFIER_CHALLENGE = _identifying(
    "phone-identifier-challenge",
    "phone-identifier-challenge",
    "/u/phone-identifier/challenge",
    ("code",),
    _BACK,
    _AGAIN,
    "switch-to-password-auth",
    "switch-to-text",
    "switch-to-sms",
    "switch-to-voice",
)
PHONE_IDENTIFIER_ENROLLMENT = _identifying(
    "phone-identifier-enrollment", "phone-identifier-enrollment", "/u/phone-identifier/enrollment", (), _BACK
)
EMAIL_OTP_CHALLENGE = _identifying(
    "email-otp-challenge", "email-otp-challenge", "/u/email-otp-challenge", ("code",), _AGAIN
)
INTERSTITIAL_CAPTCHA = _identifying("captcha", "interstitial-captcha", "/u/interstitial-captcha")
CONFIRMATION = _identifying("confirmation", "confirmation", "/u/confirmation", (), _BACK, "proceed-to-signup")
LOGIN_LINK = Screen(prompt="doorward", name="login-link")
SIGNUP = Screen(
    prompt="signup",
    name="signup",
    path="/u/signup",
    steps=ENTERING,
    fields=("email", "phone_number", "username", "password"),
    flow=Flow.PASSWORD,
    about=SIGNING_UP,
    actions=(_COUNTRY,),
)
SIGNUP_ID = Screen(
    prompt="signup-id",
    name="signup-id",
    path="/u/signup/identifier",
    steps=ENTERING,
    fields=("email", "phone_number", "username"),
    flow=Flow.PASSWORD,
    about=SIGNING_UP,
    actions=(_COUNTRY,),
)
SIGNUP_PASSWORD = Screen(
    prompt="signup-password",
    name="signup-password",
    path="/u/signup/password",
    steps=ENTERING,
    fields=("password",),
    flow=Flow.PASSWORD,
    about=SIGNING_UP,
)
CONSENT = Screen(prompt="consent", name="consent", path="/u/consent", steps=frozenset({Step.CONSENT}), actions=None)
LOGIN_CONFIRMATION = Screen(
    prompt="doorward",
    name="login-confirmation",
    path="/u/login-confirmation",
    steps=frozenset({Step.CONFIRMATION}),
    actions=None,
)
RESET_PASSWORD_REQUEST = Screen(
    prompt="reset-password",
    name="reset-password-request",
    path="/u/reset-password/request",
    aliases=("/u/reset-password/request/{connection}", "/u/login/password-reset-start/{connection}"),
    steps=ENTERING,
    fields=("email", "username"),
    flow=Flow.PASSWORD_RESET,
    about=("email", "username"),
    actions=("back-to-login", "resend-email-action"),
)
RESET_PASSWORD_EMAIL = Screen(
    prompt="reset-password", name="reset-password-email", path="/u/reset-password/request", steps=ENTERING
)
RESET_PASSWORD = Screen(
    prompt="reset-password",
    name="reset-password",
    path="/u/reset-password",
    aliases=("/u/reset-password/change", "/u/reset-verify"),
    fields=("password-reset", "re-enter-password"),
)
RESET_PASSWORD_SUCCESS = Screen(prompt="reset-password", name="reset-password-success")
RESET_PASSWORD_ERROR = Screen(prompt="reset-password", name="reset-password-error")
EMAIL_VERIFICATION = Screen(prompt="email-verification", name="email-verification-result", path="/u/email-verification")
REDEEM_TICKET = Screen(prompt="common", name="redeem-ticket")
UNBLOCK = Screen(
    prompt="brute-force-protection",
    name="brute-force-protection-unblock",
    path="/u/brute-force-protection-unblock",
)
UNBLOCK_SUCCESS = Screen(prompt="brute-force-protection", name="brute-force-protection-unblock-success")
UNBLOCK_FAILURE = Screen(prompt="brute-force-protection", name="brute-force-protection-unblock-failure")


def _mfa(prompt: str, name: str, path: str = "", fields: tuple[str, ...] = (), *actions: str) -> Screen:
    """A screen of the second factor. Each leads to the choice of another."""
    return Screen(
        prompt=prompt, name=name, path=path or f"/u/{name}", steps=frozenset({Step.MFA}), fields=fields, in_turn=True,
        actions=("pick-authenticator", *actions),
    )  # fmt: skip


def _mfa_choice(prompt: str, name: str) -> Screen:
    """One where something is chosen."""
    return msgspec.structs.replace(_mfa(prompt, name), actions=None)


MFA_LOGIN_OPTIONS = _mfa_choice("mfa", "mfa-login-options")
MFA_DETECT_BROWSER_CAPABILITIES = _mfa("mfa", "mfa-detect-browser-capabilities", "", (), "tryagain")
MFA_BEGIN_ENROLL_OPTIONS = _mfa_choice("mfa", "mfa-begin-enroll-options")
MFA_ENROLL_RESULT = Screen(
    prompt="mfa", name="mfa-enroll-result", path="/u/mfa-enroll-result", aliases=("/u/mfa-enrollment",)
)
MFA_OTP_ENROLLMENT_QR = _mfa(
    "mfa-otp", "mfa-otp-enrollment-qr", "/u/mfa-otp-enrollment", ("code",), "toggle-view", _BACK
)
MFA_OTP_ENROLLMENT_CODE = _mfa(
    "mfa-otp", "mfa-otp-enrollment-code", "/u/mfa-otp-enrollment", ("code",), "toggle-view", _BACK
)
MFA_OTP_CHALLENGE = _mfa("mfa-otp", "mfa-otp-challenge", fields=("code",))
MFA_SMS_ENROLLMENT = _mfa("mfa-sms", "mfa-sms-enrollment", "", ("phone",), _COUNTRY)
MFA_SMS_CHALLENGE = _mfa("mfa-sms", "mfa-sms-challenge", "", ("code",), _AGAIN, _BACK, "pick-sms", "switch-to-voice")
MFA_SMS_LIST = _mfa_choice("mfa-sms", "mfa-sms-list")
MFA_VOICE_ENROLLMENT = _mfa("mfa-voice", "mfa-voice-enrollment", "", ("phone",), _COUNTRY)
MFA_VOICE_CHALLENGE = _mfa(
    "mfa-voice", "mfa-voice-challenge", "", ("code",), _AGAIN, _BACK, "pick-phone", "switch-to-sms"
)
MFA_PHONE_ENROLLMENT = _mfa("mfa-phone", "mfa-phone-enrollment", "", ("phone",), _COUNTRY)
MFA_PHONE_CHALLENGE = _mfa("mfa-phone", "mfa-phone-challenge", "", (), "pick-phone")
# Of a number that codes go to, or that says who somebody is.
MFA_COUNTRY_CODES = msgspec.structs.replace(
    _mfa_choice("mfa-sms", "mfa-country-codes"), steps=frozenset({Step.MFA, *ENTERING})
)
MFA_EMAIL_CHALLENGE = _mfa("mfa-email", "mfa-email-challenge", "", ("code",), _AGAIN, _BACK, "pick-email")
MFA_EMAIL_LIST = _mfa_choice("mfa-email", "mfa-email-list")
MFA_RECOVERY_CODE_ENROLLMENT = _mfa("mfa-recovery-code", "mfa-recovery-code-enrollment")
MFA_RECOVERY_CODE_CHALLENGE = _mfa("mfa-recovery-code", "mfa-recovery-code-challenge", fields=("code",))
MFA_RECOVERY_CODE_CHALLENGE_NEW_CODE = _mfa("mfa-recovery-code", "mfa-recovery-code-challenge-new-code")
MFA_WEBAUTHN_PLATFORM_ENROLLMENT = _mfa(
    "mfa-webauthn", "mfa-webauthn-platform-enrollment", "", (), _KEY_FAILED, "snooze-enrollment", "refuse-add-device"
)
MFA_WEBAUTHN_ROAMING_ENROLLMENT = _mfa(
    "mfa-webauthn", "mfa-webauthn-roaming-enrollment", "/u/mfa-webauthn-enrollment", (), _KEY_FAILED
)
MFA_WEBAUTHN_PLATFORM_CHALLENGE = _mfa("mfa-webauthn", "mfa-webauthn-platform-challenge", "", (), _KEY_FAILED)
MFA_WEBAUTHN_ROAMING_CHALLENGE = _mfa(
    "mfa-webauthn", "mfa-webauthn-roaming-challenge", "/u/mfa-webauthn-challenge", (), _KEY_FAILED
)
MFA_WEBAUTHN_CHANGE_KEY_NICKNAME = _mfa("mfa-webauthn", "mfa-webauthn-change-key-nickname", fields=("nickname",))
MFA_WEBAUTHN_ENROLLMENT_SUCCESS = _mfa("mfa-webauthn", "mfa-webauthn-enrollment-success")
MFA_WEBAUTHN_ERROR = _mfa("mfa-webauthn", "mfa-webauthn-error", "", (), "tryagain")
MFA_WEBAUTHN_NOT_AVAILABLE = _mfa("mfa-webauthn", "mfa-webauthn-not-available-error", "", (), "tryagain")


def _reset_mfa(challenge: Screen) -> Screen:
    """A second factor is proved before a forgotten password is replaced: the screen of a login under another name."""
    return msgspec.structs.replace(
        challenge,
        prompt="reset-password",
        name=f"reset-password-{challenge.name}",
        path=f"/u/reset-password-{challenge.name}",
        worded=challenge,
    )


# By the screen each takes the place of.
RESET_PASSWORD_MFA = {
    challenge: _reset_mfa(challenge)
    for challenge in (
        MFA_OTP_CHALLENGE, MFA_SMS_CHALLENGE, MFA_VOICE_CHALLENGE, MFA_PHONE_CHALLENGE, MFA_EMAIL_CHALLENGE,
        MFA_RECOVERY_CODE_CHALLENGE, MFA_WEBAUTHN_PLATFORM_CHALLENGE, MFA_WEBAUTHN_ROAMING_CHALLENGE,
    )
}  # fmt: skip
PASSKEY_ENROLLMENT = Screen(
    prompt="passkey-enrollment",
    name="passkey-enrollment",
    path="/u/passkey-enrollment",
    steps=frozenset({Step.PASSKEY, Step.SIGNUP}),
    actions=("abort-passkey-enrollment", _KEY_FAILED),
)
PASSKEY_ENROLLMENT_LOCAL = Screen(
    prompt="passkey-enrollment-local",
    name="passkey-enrollment-local",
    path="/u/passkey-enrollment",
    steps=frozenset({Step.PASSKEY}),
)
LOGOUT = Screen(prompt="logout", name="logout")
LOGOUT_COMPLETE = Screen(prompt="logout", name="logout-complete")
LOGOUT_ABORTED = Screen(prompt="logout", name="logout-aborted")
ERROR = Screen(prompt="doorward", name="error")

SCREENS = (
    LOGIN, LOGIN_ID, LOGIN_PASSWORD,
    LOGIN_PASSWORDLESS_EMAIL_CODE, LOGIN_PASSWORDLESS_SMS_OTP, LOGIN_PASSWORDLESS_EMAIL_LINK, LOGIN_LINK,
    LOGIN_EMAIL_VERIFICATION,
    EMAIL_IDENTIFIER_CHALLENGE, PHONE_IDENTIFIER_CHALLENGE, PHONE_IDENTIFIER_ENROLLMENT, EMAIL_OTP_CHALLENGE,
    CONFIRMATION, INTERSTITIAL_CAPTCHA,
    SIGNUP, SIGNUP_ID, SIGNUP_PASSWORD,
    RESET_PASSWORD_REQUEST, RESET_PASSWORD_EMAIL, RESET_PASSWORD, RESET_PASSWORD_SUCCESS, RESET_PASSWORD_ERROR,
    EMAIL_VERIFICATION, REDEEM_TICKET,
    UNBLOCK, UNBLOCK_SUCCESS, UNBLOCK_FAILURE,
    MFA_LOGIN_OPTIONS, MFA_DETECT_BROWSER_CAPABILITIES, MFA_BEGIN_ENROLL_OPTIONS, MFA_ENROLL_RESULT,
    MFA_OTP_ENROLLMENT_QR, MFA_OTP_ENROLLMENT_CODE, MFA_OTP_CHALLENGE,
    MFA_SMS_ENROLLMENT, MFA_SMS_CHALLENGE, MFA_SMS_LIST,
    MFA_VOICE_ENROLLMENT, MFA_VOICE_CHALLENGE,
    MFA_PHONE_ENROLLMENT, MFA_PHONE_CHALLENGE, MFA_COUNTRY_CODES,
    MFA_EMAIL_CHALLENGE, MFA_EMAIL_LIST,
    MFA_RECOVERY_CODE_ENROLLMENT, MFA_RECOVERY_CODE_CHALLENGE, MFA_RECOVERY_CODE_CHALLENGE_NEW_CODE,
    MFA_WEBAUTHN_PLATFORM_ENROLLMENT, MFA_WEBAUTHN_ROAMING_ENROLLMENT,
    MFA_WEBAUTHN_PLATFORM_CHALLENGE, MFA_WEBAUTHN_ROAMING_CHALLENGE,
    MFA_WEBAUTHN_CHANGE_KEY_NICKNAME, MFA_WEBAUTHN_ENROLLMENT_SUCCESS,
    MFA_WEBAUTHN_ERROR, MFA_WEBAUTHN_NOT_AVAILABLE,
    *RESET_PASSWORD_MFA.values(),
    PASSKEY_ENROLLMENT, PASSKEY_ENROLLMENT_LOCAL,
    CONSENT, LOGIN_CONFIRMATION,
    LOGOUT, LOGOUT_COMPLETE, LOGOUT_ABORTED,
    ERROR,
)  # fmt: skip
# Where a link leads, and what was begun by it ends.
BY_TICKET = {TicketType.PASSWORD_CHANGE: RESET_PASSWORD, TicketType.MFA_ENROLLMENT: MFA_ENROLL_RESULT}
BY_NAME = {screen.name: screen for screen in SCREENS}
# Where the texts of a screen stand that has none of its own: prompt and name.
WORDED = {(one.prompt, one.name): (one.worded.prompt, one.worded.name) for one in SCREENS if one.worded is not None}
# Where a login goes that takes no password, and nowhere else; but for the first, no other login goes there.
BY_CODE = (
    LOGIN_ID, LOGIN_PASSWORDLESS_EMAIL_CODE, LOGIN_PASSWORDLESS_SMS_OTP, LOGIN_PASSWORDLESS_EMAIL_LINK,
)  # fmt: skip
# What comes after a page where a challenge was solved.
AFTER_ANOTHER = (LOGIN_PASSWORD, SIGNUP_PASSWORD)
