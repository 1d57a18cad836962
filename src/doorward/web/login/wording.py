"""What a page says beyond its fixed texts: errors, labels, scopes, password rules."""

from __future__ import annotations

from msgspec import Struct

from doorward.web.login.catalogue import ScreenTexts
from doorward.web.login.pages import ConsentScope, ErrorPage, FieldError, Page, PasswordRule

UNKNOWN_ERROR = "custom-script-error-code"

_IDENTITY_SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access")


class ShownError(Struct, frozen=True):
    """An error in words, under the ``code`` by which scripts know it."""

    code: str
    text: str


class ShownScope(Struct, frozen=True):
    """One line of the consent page: what, and which of it."""

    title: str
    detail: str = ""


class ShownRule(Struct, frozen=True):
    """One line of a password checklist: ``met`` or not, or not known yet; ``items`` are those it is made of."""

    code: str
    count: int
    text: str
    met: bool | None
    items: tuple[ShownRule, ...]


class Wording:
    """The words of one page in one language."""

    def __init__(self, texts: ScreenTexts, page: Page) -> None:
        self._texts = texts
        self._page = page

    @property
    def title(self) -> str:
        """The document's title; an error is named first, for those who hear it."""
        title = self._texts("pageTitle")
        if isinstance(self._page, ErrorPage) and self._page.expired:
            _, bar, whose = title.rpartition(" | ")
            return f"{self._texts('expiredTitle')}{bar}{whose if bar else ''}"
        return f"{self._texts.shared('errorPrefix')} {title}" if self._page.errors else title

    @property
    def alerts(self) -> list[ShownError]:
        """The errors of no field of this page."""
        return [self.shown(e) for e in self._page.errors if e.field not in self._page.fields]

    @property
    def announcement(self) -> str:
        """All errors, for those who hear the page."""
        return " ".join(self.shown(e).text for e in self._page.errors)

    def error(self, field: str) -> ShownError | None:
        """The first error of a field."""
        return next((self.shown(e) for e in self._page.errors if e.field == field), None)

    @property
    def focus(self) -> str:
        """The field to start in: the first with an error, else the first that is still empty."""
        wrong = {e.field for e in self._page.errors}
        empty = (f for f in self._page.fields if not self._page.filled.get(f))
        return next((f for f in self._page.fields if f in wrong), next(empty, ""))

    def hint(self, key: str) -> str:
        """A text of the screen, or one of those that belong to none (``shared:``)."""
        shared = key.removeprefix("shared:")
        return self._texts(key) if shared == key else self._texts.shared(shared)

    def pause(self, seconds: int) -> str:
        """How long to wait where there are no scripts."""
        return self._texts.shared("captcha-pause", count=seconds)

    def identity_scopes(self, scopes: tuple[ConsentScope, ...]) -> list[ShownScope]:
        """What an application learns about the person. ``openid`` goes without saying beside others."""
        known = [s for s in scopes if s.value in _IDENTITY_SCOPES]
        return [self._known_scope(s) for s in known if s.value != "openid" or len(scopes) == 1]

    def api_scopes(self, scopes: tuple[ConsentScope, ...]) -> list[ShownScope]:
        """What it may do at the API: ``action:resource`` scopes are gathered by resource."""
        shown: list[ShownScope] = []
        actions: dict[str, list[str]] = {}
        for scope in scopes:
            if scope.value in _IDENTITY_SCOPES:
                continue
            action, separator, resource = scope.value.partition(":")
            if separator and action and resource and not scope.description:
                actions.setdefault(resource, []).append(action)
            else:
                shown.append(ShownScope(scope.description or scope.value))
        return [*(ShownScope(resource, ", ".join(done)) for resource, done in actions.items()), *shown]

    def rules(self, rules: tuple[PasswordRule, ...]) -> list[ShownRule]:
        """The checklist of a password in words."""
        return [
            ShownRule(
                r.code, r.count, self._texts.shared(f"rule-{r.code}", count=r.count), r.met, (*self.rules(r.items),)
            )
            for r in rules
        ]

    def _known_scope(self, scope: ConsentScope) -> ShownScope:
        if scope.description:
            return ShownScope(scope.description)
        return ShownScope(self._texts.shared(f"scope-{scope.value}"), self._texts.shared(f"scope-{scope.value}-detail"))

    def shown(self, error: FieldError) -> ShownError:
        """An error in words."""
        text = error.text
        if not text and error.code not in self._texts and self._texts.is_shared(error.code):
            text = self._texts.shared(error.code, **error.values)
        key = error.code if error.code in self._texts else UNKNOWN_ERROR
        if not text:
            text = self._texts(key, error.values) if key in self._texts else self._texts.shared("unknownError")
        return ShownError(error.code, text)
