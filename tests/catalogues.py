"""Texts of the login pages in other languages than there are."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from doorward.web.login.catalogue import Catalogue

ENGLISH = msgspec.json.decode((files("doorward.web.login") / "texts" / "en.json").read_bytes())


def catalogue_of(folder: Path, languages: Mapping[str, Mapping[str, Any]]) -> Catalogue:
    """English and ``languages``, in a folder of its own."""
    for language, texts in {"en": ENGLISH, **languages}.items():
        (folder / f"{language}.json").write_bytes(msgspec.json.encode(texts))
    return Catalogue(folder)
