"""The countries a phone number can be of, how a number as people write it at home reads from abroad, and what readers
of a language call them.

``countries.txt`` has a line for each: its code (ISO 3166-1), its calling code (ITU-T E.164), ``0`` where numbers are
written with a zero in front at home that is left out from abroad, and where people look for it: one continent or two
(UN M49). The names are those of the Unicode CLDR.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files

from babel import Locale, UnknownLocaleError
from msgspec import Struct

from doorward.model.identifiers import plain

# Character sets that stand in the order of a language: by sound in Chinese and Japanese, where Unicode goes by strokes.
_IN_ORDER = {"zh": "gb18030", "ja": "shift_jis"}


class Country(Struct, frozen=True):
    """A country: ``prefix`` has its plus sign, ``drops_zero`` says how its numbers are written."""

    code: str
    prefix: str
    drops_zero: bool
    continents: tuple[str, ...]

    @property
    def picked_as(self) -> str:
        """``GB+44``."""
        return self.code + self.prefix

    def number(self, typed: str) -> str:
        """A number somebody typed who chose this country; with a plus sign it is of whichever country it says."""
        typed = plain(typed).strip()
        if not typed or typed.startswith("+"):
            return typed
        national = typed.lstrip(" (")
        return f"{self.prefix} {national[1:] if self.drops_zero and national.startswith('0') else national}"


@cache
def countries() -> Mapping[str, Country]:
    """By what a form posts to pick one (``GB+44``), in the order of their codes."""
    lines = (files("doorward.web.login") / "countries.txt").read_text("utf-8").splitlines()
    parts = (line.split(" ") for line in lines)
    found = (Country(code, f"+{calling}", zero == "0", (*on.split(","),)) for code, calling, zero, on in parts)
    return {country.picked_as: country for country in found}


@cache
def continents() -> frozenset[str]:
    """The continents they are on (UN M49: ``150``)."""
    return frozenset(continent for country in countries().values() for continent in country.continents)


@cache
def names(language: str) -> Mapping[str, str]:
    """What readers of ``language`` (BCP 47) call each country and continent, by its code, in the order of their
    alphabet."""
    try:
        territories = Locale.parse(language, sep="-").territories
    except (ValueError, UnknownLocaleError):
        territories = Locale("en").territories
    codes = {*continents(), *(country.code for country in countries().values())}
    place = _place(language)
    return dict(sorted(((code, territories[code]) for code in codes), key=lambda named: (place(named[1]), named[0])))


def _place(language: str) -> Callable[[str], bytes]:
    """Where a name stands among others: accents and the like decide nothing."""
    charset = _IN_ORDER.get(language.partition("-")[0], "utf-8")

    def place(name: str) -> bytes:
        plain = (letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
        return "".join(plain).casefold().encode(charset, "replace")

    return place
