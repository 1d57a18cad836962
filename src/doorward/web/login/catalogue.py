"""The texts of the pages: prompt, screen, key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import msgspec
from msgspec import Struct

from doorward.web.login import locales

FALLBACK = "en"

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_Texts = dict[str, dict[str, dict[str, str]]]


Words = Mapping[str, str]
Own = Mapping[str, Mapping[str, Words]]


class Resolved(Struct, frozen=True):
    """The texts of one screen as they stand, variables not filled in yet: its own, those of no screen in particular,
    and the language most of them are in."""

    texts: Words
    shared: Words
    language: str


class Texts:
    """What the pages of one tenant say: its own texts (``{prompt}/{language}``, then screen and key) in place of ours.

    What is wanted in a language is looked up there, in what is closest to it, and in English: the tenant's words
    before ours each time. An empty text counts as none. What was found for a screen is kept.
    """

    def __init__(self, own: Own = MappingProxyType({})) -> None:
        self._own = own
        self._resolved: dict[tuple[str, str, str], Resolved] = {}

    def of(self, locale: str, prompt: str, screen: str) -> Resolved:
        """What one screen says to who reads ``locale`` (BCP 47). Raises ``KeyError`` for no screen of ours."""
        wanted = (locale, prompt, screen)
        if wanted not in self._resolved:
            self._resolved[wanted] = self._resolve(locale, prompt, screen)
        return self._resolved[wanted]

    def _resolve(self, locale: str, prompt: str, screen: str) -> Resolved:
        ours = _catalogues()
        languages = [key.removeprefix(f"{prompt}/") for key in self._own if key.startswith(f"{prompt}/")]
        tags = dict.fromkeys((locale, locales.match(locale, languages), locales.match(locale, ours), FALLBACK))
        texts: dict[str, str] = dict(ours[FALLBACK][prompt][screen])
        shared: dict[str, str] = {}
        language = FALLBACK
        for tag in reversed([tag for tag in tags if tag]):
            stock = ours.get(tag, {})
            own = {key: text for key, text in self._own.get(f"{prompt}/{tag}", {}).get(screen, {}).items() if text}
            if own or tag in ours:
                language = tag
            texts |= stock.get(prompt, {}).get(screen, {}) | own
            shared |= stock.get("doorward", {}).get("shared", {})
        return Resolved(texts, shared, language)


class ScreenTexts:
    """The texts of one screen in one language, to be called with a key and its variables.

    Variables (``${clientName}``) are put in as plain text; the template escapes the whole. A key
    the screen does not have raises ``KeyError``.
    """

    def __init__(self, resolved: Resolved, variables: Mapping[str, str]) -> None:
        self._resolved = resolved
        self._variables = variables

    @property
    def language(self) -> str:
        """What the page is written in (BCP 47)."""
        return self._resolved.language

    @property
    def keys(self) -> Iterable[str]:
        return self._resolved.texts

    def __contains__(self, key: str) -> bool:
        return key in self._resolved.texts

    def __call__(self, key: str, values: Mapping[str, object] | None = None, **more: object) -> str:
        return fill(self._resolved.texts[key], {**self._variables, **(values or {}), **more})

    def is_shared(self, key: str) -> bool:
        """Whether there is a text under ``key`` that belongs to no screen in particular."""
        return key in self._resolved.shared

    def shared(self, key: str, **values: object) -> str:
        """A text that belongs to no screen in particular."""
        return fill(self._resolved.shared[key], {**self._variables, **values})


def fill(text: str, values: Mapping[str, object]) -> str:
    """The text with its variables; one without a value leaves nothing behind."""
    return _VARIABLE.sub(lambda found: str(values.get(found[1], "")), text)


def available() -> tuple[str, ...]:
    """The locales there are texts for."""
    return tuple(_catalogues())


def screen_texts(
    locale: str, prompt: str, screen: str, variables: Mapping[str, str], texts: Texts | None = None
) -> ScreenTexts:
    """The texts of one screen, ``texts`` being those of a tenant."""
    return ScreenTexts((texts or Texts()).of(locale, prompt, screen), variables)


@cache
def _catalogues() -> Mapping[str, _Texts]:
    folder = files("doorward.web.login") / "texts"
    return {
        file.name.removesuffix(".json"): msgspec.json.decode(file.read_bytes(), type=_Texts)
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".json")
    }
