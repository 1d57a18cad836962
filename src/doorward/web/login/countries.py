"""The countries a phone number can be of, and how a number as people write it at home reads from abroad.

``countries.txt`` has a line for each: its code (ISO 3166-1), its calling code (ITU-T E.164), ``0`` where numbers are
written with a zero in front at home that is left out from abroad, and its name in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from msgspec import Struct


class Country(Struct, frozen=True):
    """A country: ``prefix`` has its plus sign, ``drops_zero`` says how its numbers are written."""

    code: str
    prefix: str
    drops_zero: bool
    name: str

    @property
    def picked_as(self) -> str:
        """``GB+44``."""
        return self.code + self.prefix

    @property
    def label(self) -> str:
        return f"{self.name} {self.prefix}"

    def number(self, typed: str) -> str:
        """A number somebody typed who chose this country; with a plus sign it is of whichever country it says."""
        if not typed or typed.startswith("+"):
            return typed
        national = typed.lstrip(" (")
        return f"{self.prefix} {national[1:] if self.drops_zero and national.startswith('0') else national}"


@cache
def countries() -> Mapping[str, Country]:
    """By what a form posts to pick one (``GB+44``), in the order of their English names."""
    lines = (files("doorward.web.login") / "countries.txt").read_text("utf-8").splitlines()
    found = (Country(code, f"+{calling}", zero == "0", name) for code, calling, zero, name in map(_parts, lines))
    return {country.picked_as: country for country in found}


def _parts(line: str) -> list[str]:
    return line.split(" ", 3)
