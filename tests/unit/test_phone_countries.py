"""Of which country a phone number is, and where messages go."""

from __future__ import annotations

import msgspec
import pytest

from doorward.model.phone_country import CountryCodes, countries_of
from doorward.web.login.countries import countries


@pytest.mark.parametrize(
    ("number", "of"),
    [
        ("+442079460000", {"GB", "GG", "IM", "JE"}),
        ("+4915112345678", {"DE"}),
        ("+12125550100", {"US"}),
        ("+14165550100", {"CA"}),
        ("+18765550100", {"JM"}),
        ("+18095550100", {"DO"}),
        ("+79161234567", {"RU"}),
        ("+77011234567", {"KZ"}),
        ("+35312345678", {"IE"}),
        ("+8821612345678", set()),
        ("+", set()),
    ],
)
def test_a_number_is_of_a_country(number: str, of: set[str]) -> None:
    assert countries_of(number) == of


def test_every_country_the_pages_know_is_found() -> None:
    for country in countries().values():
        if country.prefix not in ("+1", "+7"):
            assert country.code in countries_of(f"{country.prefix}5550100")


@pytest.mark.parametrize(
    ("settings", "reached"),
    [
        ({"list": ["DE"], "mode": "allow"}, ["+4915112345678"]),
        ({"list": ["JM"], "mode": "deny"}, ["+4915112345678", "+12125550100", "+8821612345678"]),
        ({"list": ["US", "GB"], "mode": "allow"}, ["+12125550100"]),
    ],
)
def test_messages_go_where_the_tenant_says(settings: dict[str, object], reached: list[str]) -> None:
    codes = msgspec.convert(settings, CountryCodes)
    numbers = ["+4915112345678", "+12125550100", "+18765550100", "+8821612345678"]
    assert [number for number in numbers if codes.reaches(number)] == reached
