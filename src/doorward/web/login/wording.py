"""What a page says beyond its fixed texts: errors, labels, scopes, password rules."""

from __future__ import annotations

from msgspec import Struct

from doorward.web.login.catalogue import ScreenTexts
from doorward.web.login.pages import ConsentScope, FieldError, Identifier, Page, PasswordRule

UNKNOWN_ERROR = "custom-script-error-code"

_LABELS = {
    Identifier.EMAIL: "emailPlaceholder",
    Identifier.USERNAME: "usernameOnlyPlaceholder",
    Identifier.USERNAME_OR_EMAIL: "usernamePlaceholder",
}
_KNOWN_SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access")


class ShownError(Struct, frozen=True):
    code: str
    text: str


class ShownScope(Struct, frozen=True):
    """One line of the consent page: what, and which of it."""

    title: str
    detail: str = ""


class ShownRule(Struct, frozen=True):
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
        return f"{self._texts.shared('errorPrefix')} {title}" if self._page.errors else title

    @property
    def alerts(self) -> list[ShownError]:
        """The errors of no field of this page."""
        return [self._shown(e) for e in self._page.errors if e.field not in self._page.fields]

    @property
    def announcement(self) -> str:
        return " ".join(self._shown(e).text for e in self._page.errors)

    def error(self, field: str) -> ShownError | None:
        """The first error of a field."""
        return next((self._shown(e) for e in self._page.errors if e.field == field), None)

    @property
    def focus(self) -> str:
        """The field to start in: the first with an error, else the first."""
        wrong = {e.field for e in self._page.errors}
        return next((f for f in self._page.fields if f in wrong), next(iter(self._page.fields), ""))

    def label(self, identifier: Identifier) -> str:
        return self._texts(_LABELS[identifier])

    def scopes(self, scopes: tuple[ConsentScope, ...]) -> list[ShownScope]:
        """Scopes as people read them: known ones worded, ``action:resource`` gathered by resource."""
        shown: list[ShownScope] = []
        actions: dict[str, list[str]] = {}
        for scope in scopes:
            action, separator, resource = scope.value.partition(":")
            if scope.description:
                shown.append(ShownScope(scope.description))
            elif scope.value in _KNOWN_SCOPES:
                if scope.value != "openid" or len(scopes) == 1:
                    shown.append(ShownScope(*self._known_scope(scope.value)))
            elif separator and action and resource:
                actions.setdefault(resource, []).append(action)
            else:
                shown.append(ShownScope(scope.value))
        return shown + [ShownScope(resource, ", ".join(done)) for resource, done in actions.items()]

    def rules(self, rules: tuple[PasswordRule, ...]) -> list[ShownRule]:
        return [
            ShownRule(
                r.code, r.count, self._texts.shared(f"rule-{r.code}", count=r.count), r.met, (*self.rules(r.items),)
            )
            for r in rules
        ]

    def _known_scope(self, scope: str) -> tuple[str, str]:
        return self._texts.shared(f"scope-{scope}"), self._texts.shared(f"scope-{scope}-detail")

    def _shown(self, error: FieldError) -> ShownError:
        key = error.code if error.code in self._texts else UNKNOWN_ERROR
        text = error.text
        if not text:
            text = self._texts(key, error.values) if key in self._texts else self._texts.shared("unknownError")
        return ShownError(error.code, text)
