"""What one page shows, as a value: one kind for each layout.

Which screen it is decides the texts and the address (``screens``); what is typed, offered and refused is here. Every
URL a page links to follows from ``state``; forms post to the URL they were fetched from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import quote

from msgspec import Struct

from doorward.model.user import User
from doorward.web.login.countries import Country
from doorward.web.login.screens import ERROR, Input, InputKind, Screen


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


class ChosenIdentifier(Struct, frozen=True):
    """The identifier that was given before, shown and posted again but not typed: ``name`` is the input's, ``label``,
    ``edit_label`` and ``edit_text`` are text keys, ``edit_path`` is where it is changed."""

    name: str
    value: str
    label: str
    edit_label: str
    edit_path: str
    edit_text: str = "editEmailText"


class Button(Struct, frozen=True):
    """A second way to send the form: what is posted as ``action``, and the text keys of what it says and of what
    stands before it."""

    action: str
    text: str
    lead: str = ""


class Link(Struct, frozen=True):
    """A way to another page of the same login: ``text`` is the key of the link, ``lead`` of what stands before it."""

    path: str
    text: str
    lead: str = ""


class Captcha(Struct, frozen=True, kw_only=True):
    """What a form takes beside what is typed into it, and the ``script`` (its address, whether it is a ``module``, and
    its ``integrity`` where browsers are to check that) for it.

    Ours has a ``challenge`` to work on, whose answer starts with ``bits`` zero bits; without scripts ``pause`` seconds
    take its place. A provider's has a ``widget`` (the class of its element) with a ``site_key``; ``sources`` is what
    the page's policy has to let in for it, by directive.
    """

    script: str
    module: bool = False
    integrity: str = ""
    challenge: str = ""
    bits: int = 0
    pause: int = 0
    widget: str = ""
    site_key: str = ""
    sources: Mapping[str, str] = {}


class Ceremony(Struct, frozen=True):
    """What a browser asks an authenticator: to make a key (``create``) or to use one (``get``), with ``options``
    (JSON); of another ``kind`` it only tells whether it could.

    The answer is posted as ``field``. It begins with the page's primary button, or with one of its own where there is
    a text for that (``button``); with ``autofill`` keys are offered among what the browser fills in.
    """

    field: str
    kind: str = ""
    options: str = ""
    button: str = ""
    autofill: bool = False


class Page(Struct, frozen=True, kw_only=True):
    """What every page has.

    ``client_name`` is the application as people know it. ``status`` overrides the HTTP status,
    which is 400 with errors and 200 without. ``state`` is that of the login it belongs to, if it has one;
    ``redirect_uri`` is where the answer finally goes, so that the page's own policy lets the browser follow there.
    ``texts`` fill the variables of its texts. ``client_id`` and ``user`` are the application and the person a tenant's
    template may tell about. ``ceremony`` is what an authenticator may be asked.
    """

    template: ClassVar[str]
    has_form: ClassVar[bool] = True
    stylesheets: ClassVar[tuple[str, ...]] = ()
    scripts: ClassVar[tuple[str, ...]] = ("login.js",)

    screen: Screen
    client_name: str = ""
    errors: tuple[FieldError, ...] = ()
    status: int | None = None
    state: str = ""
    redirect_uri: str = ""
    texts: Mapping[str, str] = {}
    client_id: str = ""
    user: User | None = None
    ceremony: Ceremony | None = None

    @property
    def http_status(self) -> int:
        """The status of the answer."""
        return self.status or (400 if self.errors else 200)

    @property
    def fields(self) -> tuple[str, ...]:
        """The inputs that can show an error of their own, in their order."""
        return ()

    @property
    def sources(self) -> Mapping[str, str]:
        """What the page loads from elsewhere, by directive of its policy."""
        return {}

    @property
    def filled(self) -> Mapping[str, str]:
        """What stands in the inputs."""
        return {}

    def link(self, path: str) -> str:
        """The URL of another step of this login."""
        return f"{path}?state={quote(self.state, safe='')}"


class FormPage(Page, frozen=True, kw_only=True):
    """Something to type, and one button to go on.

    ``values`` stand in the inputs already, ``hidden`` are posted unseen; ``buttons`` send the same form for another
    reason. ``password_rules`` are ticked off while typing. ``description`` is a text key; ``country`` is what a number
    is of.
    """

    template = "form.html"

    inputs: tuple[Input, ...]
    description: str = "description"
    values: Mapping[str, str] = {}
    hidden: Mapping[str, str] = {}
    chosen: ChosenIdentifier | None = None
    password_rules: tuple[PasswordRule, ...] = ()
    buttons: tuple[Button, ...] = ()
    links: tuple[Link, ...] = ()
    connections: tuple[ConnectionButton, ...] = ()
    captcha: Captcha | None = None
    country: Country | None = None

    @property
    def sources(self) -> Mapping[str, str]:
        return self.captcha.sources if self.captcha is not None else {}

    @property
    def number_in(self) -> str:
        """The input a telephone number is typed into: that of a number alone, or else the first."""
        numbers = (one.name for one in self.inputs if one.kind is InputKind.PHONE)
        return next(numbers, self.inputs[0].name if self.inputs else "")

    @property
    def links_of_password(self) -> tuple[Link, ...]:
        """What belongs to the password above it: nothing stands before these links."""
        asked = any(one.kind is InputKind.PASSWORD for one in self.inputs)
        return tuple(link for link in self.links if asked and not link.lead)

    @property
    def links_below(self) -> tuple[Link, ...]:
        return tuple(link for link in self.links if link not in self.links_of_password)

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.inputs)

    @property
    def filled(self) -> Mapping[str, str]:
        return self.values


class Checkbox(Struct, frozen=True):
    """Something to tick: what is posted, under which ``name``, and the text key of what it says."""

    name: str
    text: str
    value: str = "true"


class Choice(Struct, frozen=True):
    """One of a few to choose: what is posted under ``name`` and the text key of what it says, for each; ``legend`` is
    the key of the question, ``chosen`` the one to begin with."""

    name: str
    legend: str
    options: tuple[tuple[str, str], ...]
    chosen: str


class Option(Struct, frozen=True):
    """One of several ways: what is posted as ``action``, and the text key of what it says, or a ``label`` as it is."""

    action: str
    text: str = ""
    label: str = ""


class CodePage(FormPage, frozen=True, kw_only=True):
    """A code to type, or one to keep, or where to send one.

    ``picture`` is a QR code as a ``data:`` URI, ``secret`` what is shown to be typed or written down, ``sent_to``
    where a code went. ``primary`` is a text key.
    """

    template = "code.html"

    inputs: tuple[Input, ...] = ()
    picture: str = ""
    secret: str = ""
    sent_to: str = ""
    choice: Choice | None = None
    checkbox: Checkbox | None = None
    primary: str = "buttonText"

    @property
    def grouped_secret(self) -> tuple[str, ...]:
        """The secret four characters at a time."""
        return tuple(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))


class PickerPage(Page, frozen=True, kw_only=True):
    """Several ways, each a button; ``back`` offers to return."""

    template = "picker.html"
    scripts = ()

    options: tuple[Option, ...]
    back: bool = False


FEW_COUNTRIES = 60


class CountryPage(Page, frozen=True, kw_only=True):
    """A country to choose, each a button, named and ordered as the reader does. Where there are many, a ``continent``
    (UN M49) is chosen first; scripts show all at once, to be searched."""

    template = "countries.html"
    stylesheets = ("countries.css",)

    countries: tuple[Country, ...]
    continent: str = ""

    @property
    def by_continent(self) -> bool:
        """Whether there are too many to show, and no continent is chosen yet."""
        return not self.continent and len(self.countries) > FEW_COUNTRIES

    @property
    def scripts(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("countries.js",) if self.by_continent else ()

    @property
    def continents(self) -> frozenset[str]:
        """Where the countries to choose from are."""
        return frozenset(continent for country in self.countries for continent in country.continents)

    @property
    def shown(self) -> Mapping[str, Country]:
        """The countries by their code: those of the continent, if one is chosen."""
        return {one.code: one for one in self.countries if not self.continent or self.continent in one.continents}


class Benefit(Struct, frozen=True):
    """Why to do something: text keys of a title and of what follows it."""

    title: str
    description: str


class KeyPage(Page, frozen=True, kw_only=True):
    """A key of an authenticator, to be made or used; nothing is typed.

    ``primary``, ``waiting`` and ``steps`` are text keys: what the button says, what is shown while the authenticator is
    waited for, and what there is to do.
    """

    template = "key.html"

    primary: str = "continueButtonText"
    waiting: str = ""
    benefits: tuple[Benefit, ...] = ()
    steps: tuple[str, ...] = ()
    checkbox: Checkbox | None = None
    buttons: tuple[Button, ...] = ()


class ConsentPage(Page, frozen=True, kw_only=True):
    """What an application asks for. Posts ``action`` ``accept`` or ``deny``, with ``audience`` and
    ``scope`` (blank-separated) as they were shown.

    ``audience_name`` is the API as people know it; ``receiver`` is where the browser goes next, as
    it may be shown (the host of the redirect URI, or its scheme).
    """

    template = "consent.html"
    stylesheets = ("consent.css",)

    user_name: str
    scopes: tuple[ConsentScope, ...]
    audience: str = ""
    audience_name: str = ""
    receiver: str = ""


class DecisionPage(Page, frozen=True, kw_only=True):
    """A question with yes or no: posts ``action`` ``accept`` or ``deny``. ``receiver`` is where a yes leads."""

    template = "decision.html"

    user_name: str = ""
    receiver: str = ""


class ResultPage(Page, frozen=True, kw_only=True):
    """What came of it; ``title`` and ``description`` are text keys.

    ``onward`` is a URL of another site or page to go on to, under the text ``onward_text``; ``primary`` is the text of
    a button that posts ``action`` ``default``, ``buttons`` post something else. With ``presses_itself``
    scripts press the button for the person.
    """

    template = "result.html"

    title: str = "title"
    description: str = "description"
    onward: str = ""
    onward_text: str = "buttonText"
    primary: str = ""
    presses_itself: bool = False
    buttons: tuple[Button, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def has_form(self) -> bool:  # type: ignore[override]
        return bool(self.primary or self.buttons)


class ErrorPage(Page, frozen=True, kw_only=True):
    """An error with no safe way back to the application.

    ``error``, ``detail`` and ``tracking`` (the request id) are shown to everyone, ``hint``
    only belongs here where the reader is a developer. ``expired`` words it as a login that
    ran out; ``start_again`` is a URL that begins anew.
    """

    template = "error.html"
    has_form = False

    screen: Screen = ERROR
    error: str
    detail: str = ""
    tracking: str = ""
    hint: str = ""
    expired: bool = False
    start_again: str = ""

    @property
    def http_status(self) -> int:
        return self.status or 400

    @property
    def can_start_again(self) -> bool:
        """Whether there is a page to go back to."""
        return self.start_again.startswith(("https://", "http://", "/"))
