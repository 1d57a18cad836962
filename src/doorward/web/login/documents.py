"""Pages beside the screens: answers of ``/authorize`` that carry themselves to the application, and help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from doorward.model.message import Received
from doorward.oauth.token_rules import Rule


class FormPostDocument(Struct, frozen=True):
    """Posts ``parameters`` to ``redirect_uri`` (OAuth 2.0 Form Post Response Mode)."""

    redirect_uri: str
    parameters: Mapping[str, str]


class WebMessageDocument(Struct, frozen=True):
    """Posts ``parameters`` as a message to the opener or parent window, if that is of ``origin``
    (the exact origin of the redirect URI, as ``AuthorizationResponse.origin`` has it; rendering
    raises ``ValueError`` for anything that is no origin)."""

    origin: str
    parameters: Mapping[str, str]


class HelpDocument(Struct, frozen=True):
    """What the rules of the decision trace say, by the field they decide; ``asked`` is the one looked up."""

    rules: Mapping[str, Mapping[str, Rule]]
    asked: str | None = None

    @property
    def asked_rule(self) -> Rule | None:
        """The rule the page was asked for, where there is such a rule."""
        for rules in self.rules.values():
            if self.asked is not None and self.asked in rules:
                return rules[self.asked]
        return None


class DemoDocument(Struct, frozen=True):
    """Where the demo application is answered: it redeems the code (``request`` is the rest of the token request)
    and shows what came. ``again`` and ``leave`` are where its links lead."""

    request: Mapping[str, str]
    again: str
    leave: str


class FrontDocument(Struct, frozen=True):
    """What a development server shows who comes to its address: where to log in (``logins``: by the application's
    name, addresses by what they ask for in addition, as ``screen_hint=signup``, and first by nothing), where its
    messages are (``inbox``), and the ``paths`` clients read."""

    name: str
    domain: str
    logins: Mapping[str, Mapping[str, str]]
    inbox: str
    paths: tuple[str, ...]


class InboxDocument(Struct, frozen=True):
    """What a development server would have sent, the newest first; ``shown`` is the one to read. ``clock`` says when a
    message came, for the eye."""

    messages: Sequence[Received]
    clock: Callable[[Received], str]
    shown: Received | None = None


class PreviewDocument(Struct, frozen=True):
    """Every screen by its name in ``samples``, and the one that is shown; the tenant's ``languages``, and the one it
    is shown in."""

    screens: tuple[str, ...]
    shown: str
    languages: tuple[str, ...]
    language: str
