"""The texts of the pages: prompt, screen, key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from doorward.web.login import locales

FALLBACK = "en"

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_Texts = dict[str, dict[str, dict[str, str]]]


class ScreenTexts:
    """The texts of one screen in one language, to be called with a key and its variables.

    Variables (``${clientName}``) are put in as plain text; the template escapes the whole. A key
    the screen does not have raises ``KeyError``.
    """

    def __init__(self, texts: Mapping[str, str], shared: Mapping[str, str], variables: Mapping[str, str]) -> None:
        self._texts = texts
        self._shared = shared
        self._variables = variables

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __call__(self, key: str, values: Mapping[str, object] | None = None, **more: object) -> str:
        return self._fill(self._texts[key], {**self._variables, **(values or {}), **more})

    def shared(self, key: str, **values: object) -> str:
        """A text that belongs to no screen in particular."""
        return self._fill(self._shared[key], {**self._variables, **values})

    @staticmethod
    def _fill(text: str, values: Mapping[str, object]) -> str:
        return _VARIABLE.sub(lambda found: str(values.get(found[1], "")), text)


def available() -> tuple[str, ...]:
    """The locales there are texts for."""
    return tuple(_catalogues())


def spoken(locale: str) -> str:
    """The locale a page asked for in ``locale`` is really written in."""
    return locales.match(locale, _catalogues()) or FALLBACK


def screen_texts(locale: str, prompt: str, screen: str, variables: Mapping[str, str]) -> ScreenTexts:
    """The texts of one screen, missing keys in English."""
    catalogues = _catalogues()
    first, last = catalogues[spoken(locale)], catalogues[FALLBACK]
    return ScreenTexts(
        {**last[prompt][screen], **first.get(prompt, {}).get(screen, {})},
        {**last["doorward"]["shared"], **first.get("doorward", {}).get("shared", {})},
        variables,
    )


@cache
def _catalogues() -> Mapping[str, _Texts]:
    folder = files("doorward.web.login") / "texts"
    return {
        file.name.removesuffix(".json"): msgspec.json.decode(file.read_bytes(), type=_Texts)
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".json")
    }
