"""Of which country a phone number is, and where messages go."""

from __future__ import annotations

import msgspec
import pytest

from doorward.model.phone_country import CountryCodes, countries_of
from doorward.web.login.catalogue import OURS
from doorward.web.login.countries import continents, countries, names


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


@pytest.mark.parametrize("language", OURS.languages)
def test_every_country_has_a_name_in_every_language(language: str) -> None:
    found = names(language)
    assert set(found) == {country.code for country in countries().values()} | continents()
    assert len(set(found.values())) == len(found)
    assert language == "en" or sum(found[code] != name for code, name in names("en").items()) > 100


@pytest.mark.parametrize(
    ("language", "codes", "order"),
    [
        ("de", "OM EG AT DZ SE ZA", "EG DZ OM AT SE ZA"),  # Ägypten, Algerien, Oman, Österreich, Schweden, Südafrika
        ("fr", "EE ES US AL", "AL ES EE US"),  # Albanie, Espagne, Estonie, États-Unis
        ("ar", "DZ JO AL CN", "JO AL DZ CN"),  # الأردن، ألبانيا، الجزائر، الصين
        ("ja", "JP IT GA US CN KE", "US IT GA KE CN JP"),  # アメリカ合衆国, イタリア, ガボン, ケニア, 中国, 日本
        ("zh-CN", "CN DE FR AL JP US", "AL DE FR US JP CN"),  # ā, dé, fǎ, měi, rì, zhōng
        ("xx-unheard", "ZW AF", "AF ZW"),
    ],
)
def test_countries_stand_in_the_order_of_the_readers_alphabet(language: str, codes: str, order: str) -> None:
    assert [code for code in names(language) if code in codes.split()] == order.split()


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
