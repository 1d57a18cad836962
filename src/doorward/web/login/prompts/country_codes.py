"""Which country a telephone number is of: chosen on a page of its own, or said by the form it is typed into.

People type their number as they write it at home. Where it says who somebody is, it is read in the country that was
chosen, in that of ``identifier_phone_country_code`` (ISO 3166-1), or in the only one the tenant sends messages to; in
no other, since nobody is to be taken for somebody abroad.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from doorward.model.identifiers import plain
from doorward.model.session import Typing
from doorward.web.login import screens
from doorward.web.login.countries import Country, continents, countries
from doorward.web.login.pages import Button, CountryPage, FormPage
from doorward.web.login.screens import BY_NAME, INTERNATIONAL, NATIONAL, Screen
from doorward.web.login.visit import MAX_IDENTIFIER, FactorVisit, Visit
from doorward.web.wire.http import Response
from doorward.web.wire.parameters import query_parameters

BACK = "back-action"
PICK = "pick-country-code"
SELECTION = "selection-action::"
CHOOSE = Button(PICK, "shared:countryCodeText")
# Where a number says who somebody is, and as what it is posted.
_NUMBER_IN = {
    screens.LOGIN: "username",
    screens.LOGIN_ID: "username",
    screens.SIGNUP: "phone_number",
    screens.SIGNUP_ID: "phone_number",
}
_WITHIN_A_COUNTRY = re.compile(r"[0-9 ()./-]+")


async def choose(visit: FactorVisit, leave: Callable[[str], Awaitable[Response]]) -> Response:
    """The page to choose on; ``leave`` goes back to where the number is typed, with what was picked (``GB+44``)."""
    sent_to = {picked: one for picked, one in countries().items() if visit.directory.settings.sends_to(one.code)}
    asked = query_parameters(visit.request).get("continent", "")
    continent = asked if asked in continents() else ""
    if visit.is_post:
        chosen = visit.action.removeprefix(SELECTION)
        if chosen in sent_to:
            return await leave(chosen)
        if chosen in continents():
            return visit.on(screens.MFA_COUNTRY_CODES, continent=chosen)
        if visit.action == BACK and continent:
            return visit.on(screens.MFA_COUNTRY_CODES)
        if visit.action == BACK:
            return await leave("")
    shown = tuple(sent_to.values())
    return visit.show(CountryPage(screen=screens.MFA_COUNTRY_CODES, countries=shown, continent=continent))


async def of_an_identifier(visit: Visit) -> Response:
    """The same for a number that says who somebody is."""
    typing = visit.transaction.typing
    if typing is None:
        return visit.current

    async def leave(picked: str) -> Response:
        if picked and not await visit.move(country=picked):
            return visit.current
        return visit.on(BY_NAME[typing.screen])

    return await choose(visit, leave)


async def pick(visit: Visit, screen: Screen) -> Response:
    """To that page from ``screen``, which is found again as it was left."""
    values = {name: visit.form[name][:MAX_IDENTIFIER] for name in screen.fields if visit.form.get(name)}
    kept = {name: value for name, value in values.items() if name != screens.PASSWORD.name}
    moved = await visit.move(typing=Typing(screen=screen.name, values=kept))
    return visit.on(screens.MFA_COUNTRY_CODES) if moved else visit.current


def takes_numbers(visit: Visit, screen: Screen) -> bool:
    """Whether a number typed there can say who somebody is."""
    return screen in _NUMBER_IN and "phone_number" in _kinds(visit, screen)


def _kinds(visit: Visit, screen: Screen) -> frozenset[str]:
    """What can be typed there as the number can."""
    if _NUMBER_IN[screen] == "phone_number":
        connection = visit.signup_connection
        taken = connection.signup_identifiers if connection is not None else ()
        return frozenset({"phone_number"} & {*taken})
    if visit.code_connections:
        return frozenset(connection.address_field for connection in visit.code_connections)
    return frozenset(kind for connection in visit.connections for kind in connection.asked_identifiers)


def _country(visit: Visit, screen: Screen) -> Country | None:
    """What a number is read in. Digits alone can be a user name, unless somebody said that they are none."""
    chosen = countries().get(visit.transaction.country)
    allowed = visit.directory.settings.country_codes
    if chosen is not None or "username" in _kinds(visit, screen):
        return chosen
    only = allowed.codes if allowed is not None and allowed.mode == "allow" and len(allowed.codes) == 1 else ()
    return _called(next(iter(only), ""))


def _called(code: str) -> Country | None:
    return next((one for one in countries().values() if one.code == code), None) if code else None


def read(visit: Visit, screen: Screen) -> Visit:
    """The same with the number of its form as it reads from abroad."""
    if not visit.is_post or not takes_numbers(visit, screen):
        return visit
    visit = replace(visit, transaction=replace(visit.transaction, typing=None))
    form, name = visit.form, _NUMBER_IN[screen]
    if form.get("identifier_type", "phone") != "phone":
        return visit
    typed = form.get("identifier_phone") or form.get(name) or (form.get("phone", "") if name != "username" else "")
    country = _called(form.get("identifier_phone_country_code", "")) or _country(visit, screen)
    if country is not None and _WITHIN_A_COUNTRY.fullmatch(plain(typed).strip()):
        typed = country.number(typed)
    return replace(visit, form={**form, name: typed}) if typed else visit


def asking(visit: Visit, page: FormPage) -> FormPage:
    """``page`` with the country a number is read in, and the way to another one."""
    if not takes_numbers(visit, page.screen):
        return page
    country, typing = _country(visit, page.screen), visit.transaction.typing
    as_left = typing.values if typing is not None and typing.screen == page.screen.name and not visit.is_post else {}
    inputs = page.inputs
    if country is not None:
        inputs = tuple(replace(one, pattern=NATIONAL) if one.pattern == INTERNATIONAL else one for one in inputs)
    return replace(
        page, inputs=inputs, country=country, values={**page.values, **as_left}, buttons=(*page.buttons, CHOOSE)
    )
