"""The texts of the pages: prompt, screen, key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

import msgspec
from msgspec import Struct

from doorward.web.login import locales
from doorward.web.login.screens import WORDED

FALLBACK = "en"
_SHARED = ("doorward", "shared")

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_Texts = dict[str, dict[str, dict[str, str]]]
_NOWHERE: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType({})


Words = Mapping[str, str]
Own = Mapping[str, Mapping[str, Words]]


class Resolved(Struct, frozen=True):
    """The texts of one screen as they stand, variables not filled in yet: its own, those of no screen in particular,
    and the language most of them are in."""

    texts: Words
    shared: Words
    language: str


class Catalogue:
    """Our texts: ``{locale}.json`` in a folder (prompt, screen, key), English among them.

    A language is read when somebody first reads it, since most servers speak few. What a screen says is worked out
    once, for all tenants that have no words of their own for it.
    """

    def __init__(self, folder: Traversable) -> None:
        found = {file.name.removesuffix(".json"): file for file in folder.iterdir() if file.name.endswith(".json")}
        self._files = dict(sorted(found.items()))
        self._read: dict[str, _Texts] = {}
        self._resolved: dict[tuple[str, str, str], Resolved] = {}

    @property
    def languages(self) -> tuple[str, ...]:
        """What there are texts in (BCP 47)."""
        return tuple(self._files)

    @property
    def read(self) -> tuple[str, ...]:
        """Those that have been needed so far."""
        return tuple(self._read)

    def file(self, language: str) -> Traversable:
        """Where the texts of one of ``languages`` are."""
        return self._files[language]

    def nearest(self, locale: str) -> str:
        """The language to speak to who reads ``locale``."""
        return locales.match(locale, self._files) or FALLBACK

    def texts(self, language: str, prompt: str, screen: str) -> Words:
        """What there is in this very language."""
        prompt, screen = WORDED.get((prompt, screen), (prompt, screen))
        if language in self._files and language not in self._read:
            self._read[language] = msgspec.json.decode(self.file(language).read_bytes(), type=_Texts)
        return self._read.get(language, _NOWHERE).get(prompt, {}).get(screen, {})

    def of(self, language: str, prompt: str, screen: str) -> Resolved:
        """What one screen says in one of ``languages``, and in English where that is silent. Raises ``KeyError`` for no
        screen of ours."""
        wanted = (language, prompt, screen)
        if wanted not in self._resolved:
            self._resolved[wanted] = self._resolve(*wanted)
        return self._resolved[wanted]

    def _resolve(self, language: str, prompt: str, screen: str) -> Resolved:
        prompt, screen = WORDED.get((prompt, screen), (prompt, screen))
        self.texts(FALLBACK, prompt, screen)
        texts = {**self._read[FALLBACK][prompt][screen], **self.texts(language, prompt, screen)}
        if (prompt, screen) == _SHARED:
            return Resolved(texts, texts, language)
        return Resolved(texts, self.of(language, *_SHARED).texts, language)


OURS = Catalogue(files("doorward.web.login") / "texts")


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
        nearest = OURS.nearest(locale)
        ours = OURS.of(nearest, prompt, screen)
        languages = [key.removeprefix(f"{prompt}/") for key in self._own if key.startswith(f"{prompt}/")]
        if not languages:
            return ours
        tags = dict.fromkeys((locale, locales.match(locale, languages), nearest, FALLBACK))
        texts: dict[str, str] = {}
        language = FALLBACK
        for tag in reversed([tag for tag in tags if tag]):
            own = {key: text for key, text in self._own.get(f"{prompt}/{tag}", {}).get(screen, {}).items() if text}
            if own or tag in OURS.languages:
                language = tag
            texts |= {**OURS.texts(tag, prompt, screen), **own}
        return Resolved(texts, ours.shared, language)


class ScreenTexts:
    """The texts of one screen in one language, to be called with a key and its variables.

    Variables (``${clientName}``) are put in as plain text; the template escapes the whole. A key
    the screen does not have raises ``KeyError``.
    """

    def __init__(self, resolved: Resolved, variables: Mapping[str, str]) -> None:
        self._resolved = resolved
        self._variables = variables
        self._fill = fill_isolated if locales.direction(resolved.language) == "rtl" else fill

    @property
    def language(self) -> str:
        """What the page is written in (BCP 47)."""
        return self._resolved.language

    @property
    def keys(self) -> Iterable[str]:
        """The keys of all its texts."""
        return self._resolved.texts

    def __contains__(self, key: str) -> bool:
        return key in self._resolved.texts

    def __call__(self, key: str, values: Mapping[str, object] | None = None, **more: object) -> str:
        return self._fill(self._resolved.texts[key], {**self._variables, **(values or {}), **more})

    def is_shared(self, key: str) -> bool:
        """Whether there is a text under ``key`` that belongs to no screen in particular."""
        return key in self._resolved.shared

    def shared(self, key: str, **values: object) -> str:
        """A text that belongs to no screen in particular."""
        return self._fill(self._resolved.shared[key], {**self._variables, **values})


def fill(text: str, values: Mapping[str, object]) -> str:
    """The text with its variables; one without a value leaves nothing behind."""
    return _VARIABLE.sub(lambda found: str(values.get(found[1], "")), text)


def fill_isolated(text: str, values: Mapping[str, object]) -> str:
    """The same among words from right to left, which turn no name, address or number around
    (Unicode Bidirectional Algorithm, 2.4)."""
    if _VARIABLE.fullmatch(text):
        return fill(text, values)
    return fill(text, {name: f"\u2068{value}\u2069" for name, value in values.items() if value != ""})


def screen_texts(
    locale: str, prompt: str, screen: str, variables: Mapping[str, str], texts: Texts | None = None
) -> ScreenTexts:
    """The texts of one screen, ``texts`` being those of a tenant."""
    return ScreenTexts((texts or Texts()).of(locale, prompt, screen), variables)
