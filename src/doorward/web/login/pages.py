"""The screens: everything one page shows, as a value.

``prompt`` and ``screen`` are Auth0's names (they choose the texts), ``template`` is the layout and
``fields`` are the inputs that can show an error of their own.
Every URL a page links to follows from ``state``; forms post to the URL they were fetched from.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar
from urllib.parse import quote

from msgspec import Struct

LOGIN = "/u/login"
LOGIN_ID = "/u/login/identifier"
LOGIN_PASSWORD = "/u/login/password"
SIGNUP = "/u/signup"
SIGNUP_ID = "/u/signup/identifier"
SIGNUP_PASSWORD = "/u/signup/password"
CONSENT = "/u/consent"
LOGIN_CONFIRMATION = "/u/login-confirmation"


class Identifier(StrEnum):
    """What a person may type to say who they are; decides label and keyboard."""

    EMAIL = "email"
    USERNAME = "username"
    USERNAME_OR_EMAIL = "username-or-email"

    @property
    def wrong_credentials(self) -> str:
        """The error key for a login that failed with this kind of identifier."""
        return {"email": "wrong-email-credentials", "username": "wrong-username-credentials"}.get(
            self.value, "wrong-email-username-credentials"
        )


class FieldError(Struct, frozen=True):
    """One error: ``code`` is the text key of the screen, shown at ``field``.

    ``field`` is an input's name; empty puts the error above the whole form. ``text`` replaces the
    catalogue's wording (tenant code may have its own); ``values`` fill its variables.
    """

    field: str
    code: str
    text: str = ""
    values: dict[str, str] = {}


class ConnectionButton(Struct, frozen=True):
    """A connection to continue with: ``connection`` is posted, ``strategy`` marks the form."""

    connection: str
    strategy: str
    display_name: str


class PasswordRule(Struct, frozen=True):
    """One line of a password policy, with Auth0's codes (``lengthAtLeast``, ``containsAtLeast``,
    ``shouldContain``, ``lowerCase``, ``upperCase``, ``numbers``, ``specialCharacters``,
    ``identicalChars``).

    ``count`` is the number the rule names (characters, or how many of ``items``); ``met`` is
    ``None`` until a password was judged.
    """

    code: str
    count: int = 0
    items: tuple[PasswordRule, ...] = ()
    met: bool | None = None


class ConsentScope(Struct, frozen=True):
    """One scope to agree to. A ``description`` is shown as it is; without one the page words it."""

    value: str
    description: str = ""


class Page(Struct, frozen=True, kw_only=True):
    """What every screen has.

    ``client_name`` is the application as people know it. ``status`` overrides the HTTP status,
    which is 400 with errors and 200 without.
    """

    prompt: ClassVar[str]
    screen: ClassVar[str]
    template: ClassVar[str]
    fields: ClassVar[tuple[str, ...]] = ()

    client_name: str = ""
    errors: tuple[FieldError, ...] = ()
    status: int | None = None

    @property
    def http_status(self) -> int:
        return self.status or (400 if self.errors else 200)


class TransactionPage(Page, frozen=True, kw_only=True):
    """A page with a form. ``state`` is the transaction's; ``redirect_uri`` is where the answer
    finally goes, so that the page's own policy lets the browser follow there."""

    state: str
    redirect_uri: str = ""

    def link(self, path: str) -> str:
        """The URL of another step of this transaction."""
        return f"{path}?state={quote(self.state, safe='')}"


class LoginPage(TransactionPage, frozen=True, kw_only=True):
    """Identifier and password together. Posts ``username``, ``password``."""

    prompt = "login"
    screen = "login"
    template = "login.html"
    fields = ("username", "password")

    identifier: Identifier = Identifier.EMAIL
    username: str = ""
    connections: tuple[ConnectionButton, ...] = ()
    signup_allowed: bool = False
    signup_path: ClassVar[str] = SIGNUP


class LoginIdPage(TransactionPage, frozen=True, kw_only=True):
    """The identifier alone, first of two steps. Posts ``username``."""

    prompt = "login-id"
    screen = "login-id"
    template = "login.html"
    fields = ("username",)

    identifier: Identifier = Identifier.EMAIL
    username: str = ""
    connections: tuple[ConnectionButton, ...] = ()
    signup_allowed: bool = False
    signup_path: ClassVar[str] = SIGNUP_ID


class LoginPasswordPage(TransactionPage, frozen=True, kw_only=True):
    """The password, second of two steps; ``username`` is what was typed in the first. Posts
    ``username``, ``password``."""

    prompt = "login-password"
    screen = "login-password"
    template = "password.html"
    fields = ("password",)

    username: str
    identifier: Identifier = Identifier.EMAIL
    signup_allowed: bool = False
    signup_path: ClassVar[str] = SIGNUP_ID
    edit_path: ClassVar[str] = LOGIN_ID
    autocomplete: ClassVar[str] = "current-password"


class SignupPage(TransactionPage, frozen=True, kw_only=True):
    """Everything for a new account. Posts ``email``, ``username`` where the connection wants one,
    ``password``."""

    prompt = "signup"
    screen = "signup"
    template = "signup.html"
    fields = ("email", "username", "password")

    email: str = ""
    username: str = ""
    username_required: bool = False
    password_rules: tuple[PasswordRule, ...] = ()
    connections: tuple[ConnectionButton, ...] = ()
    login_path: ClassVar[str] = LOGIN


class SignupIdPage(TransactionPage, frozen=True, kw_only=True):
    """The identifiers of a new account, first of two steps. Posts ``email``, ``username``."""

    prompt = "signup-id"
    screen = "signup-id"
    template = "signup.html"
    fields = ("email", "username")

    email: str = ""
    username: str = ""
    username_required: bool = False
    connections: tuple[ConnectionButton, ...] = ()
    login_path: ClassVar[str] = LOGIN_ID


class SignupPasswordPage(TransactionPage, frozen=True, kw_only=True):
    """The password of a new account, second of two steps. Posts ``email``, ``username`` if there
    is one, ``password``."""

    prompt = "signup-password"
    screen = "signup-password"
    template = "password.html"
    fields = ("password",)

    email: str
    username: str = ""
    password_rules: tuple[PasswordRule, ...] = ()
    login_path: ClassVar[str] = LOGIN_ID
    edit_path: ClassVar[str] = SIGNUP_ID
    autocomplete: ClassVar[str] = "new-password"


class ConsentPage(TransactionPage, frozen=True, kw_only=True):
    """What an application asks for. Posts ``action`` ``accept`` or ``deny``, with ``audience`` and
    ``scope`` (blank-separated) as they were shown.

    ``audience_name`` is the API as people know it; ``receiver`` is where the browser goes next, as
    it may be shown (the host of the redirect URI, or its scheme).
    """

    prompt = "consent"
    screen = "consent"
    template = "consent.html"

    user_name: str
    scopes: tuple[ConsentScope, ...]
    audience: str = ""
    audience_name: str = ""
    receiver: str = ""


class LoginConfirmationPage(TransactionPage, frozen=True, kw_only=True):
    """Is it you who opened this application? Asked before a silent login to a loopback address or
    a custom scheme, whose receiver nobody can verify; ``receiver`` names it. Posts ``action``
    ``accept`` or ``deny``."""

    prompt = "doorward"
    screen = "login-confirmation"
    template = "decision.html"

    user_name: str
    receiver: str = ""


class LogoutPage(TransactionPage, frozen=True, kw_only=True):
    """Do you want to log out? Posts ``action`` ``accept`` or ``deny``."""

    prompt = "logout"
    screen = "logout"
    template = "decision.html"

    user_name: str = ""


class LogoutCompletePage(Page, frozen=True, kw_only=True):
    """The session has ended and there is nowhere to return to."""

    prompt = "logout"
    screen = "logout-complete"
    template = "result.html"


class LogoutAbortedPage(Page, frozen=True, kw_only=True):
    """The person stayed logged in."""

    prompt = "logout"
    screen = "logout-aborted"
    template = "result.html"


class ErrorPage(Page, frozen=True, kw_only=True):
    """An error with no safe way back to the application.

    ``error``, ``description`` and ``tracking`` (the request id) are shown to everyone, ``hint``
    only belongs here where the reader is a developer. ``expired`` words it as a transaction that
    ran out; ``start_again`` is a URL that begins anew.
    """

    prompt = "doorward"
    screen = "error"
    template = "error.html"

    error: str
    description: str = ""
    tracking: str = ""
    hint: str = ""
    expired: bool = False
    start_again: str = ""

    @property
    def http_status(self) -> int:
        return self.status or 400

    @property
    def can_start_again(self) -> bool:
        return self.start_again.startswith(("https://", "http://", "/"))
