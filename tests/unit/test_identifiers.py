"""How numbers and codes may be typed and pasted."""

from __future__ import annotations

import pytest

from doorward.identity.one_time_codes import typed
from doorward.model.identifiers import is_look_alike, is_phone, kind_of, normalise_phone

NUMBER = "+442079460000"
PASTED = {
    "with no-break spaces": "+44\u00a020\u202f7946\u00a00000",
    "between marks of direction": "\u202a+44 20 7946 0000\u202c",
    "with dashes that do not break": "+44\u201120\u20117946\u20130000",
    "in Arabic digits": "+٤٤ ٢٠ ٧٩٤٦ ٠٠٠٠",
    "in Persian digits": "+۴۴۲۰۷۹۴۶۰۰۰۰",
    "in wide digits": "＋４４２０７９４６００００",
}


@pytest.mark.parametrize("given", PASTED.values(), ids=PASTED)
def test_a_number_is_the_same_however_it_is_typed(given: str) -> None:
    assert (is_phone(given), kind_of(given), normalise_phone(given)) == (True, "phone_number", NUMBER)


@pytest.mark.parametrize("given", ["44 20 7946 0000", "+44 x", "+"])
def test_what_is_no_number_stays_none(given: str) -> None:
    assert not is_phone(given)


@pytest.mark.parametrize("given", ["123456", " 123-456\n", "123\u00a0456", "١٢٣٤٥٦", "\u200f۱۲۳ ۴۵۶", "１２３４５６"])
def test_a_code_is_the_same_however_it_is_typed(given: str) -> None:
    assert typed(given) == "123456"


@pytest.mark.parametrize(
    ("email", "alike"),
    [
        ("ada@example.com", False),
        ("adá.lovelace@example.com", False),
        ("\u0430da@example.com", True),  # a Cyrillic a
        ("\u0430.da@example.com", True),
        ("\u0430\u0434\u0430@example.com", False),
        ("ada@ex\u0430mple.com", True),
        ("ada@\u043f\u0440\u0438\u043c\u0435\u0440.com", False),
        ("ada\u592a\u90ce@example.jp", False),
        ("o\u03bfo@example.com", True),  # a Greek o between two Latin ones
    ],
)
def test_addresses_that_can_be_taken_for_others(email: str, alike: bool) -> None:
    assert is_look_alike(email) is alike
