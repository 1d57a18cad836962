"""What scripts of a tenant's own are told of the screen they draw.

Names and shapes are those Auth0's page SDK (``@auth0/auth0-acul-js``) reads from ``window.universal_login_context``; it
answers with forms to the address of the page, as our own screens do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from markupsafe import Markup
from msgspec import Struct

from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind
from doorward.web.login import screens
from doorward.web.login.countries import names
from doorward.web.login.pages import (
    CodePage,
    ConsentPage,
    CountryPage,
    FormPage,
    KeyPage,
    Page,
    PickerPage,
    ResultPage,
)
from doorward.web.login.screens import InputKind
from doorward.web.login.wording import Wording

Json = dict[str, Any]
# What of the context is there without being asked for; ``custom_domain`` is not.
ALWAYS = frozenset(
    ("client.id", "client.name", "organization.id", "organization.name", "prompt.name", "screen.name", "screen.data",
     "screen.links", "screen.captcha", "transaction.state", "transaction.locale", "transaction.errors",
     "transaction.connection", "transaction.alternate_connections", "transaction.country_code", "user.id",
     "user.email", "user.username", "user.phone_number", "user.picture", "user.enrolled_factors",
     "user.enrolled_emails", "user.enrolled_phone_numbers", "country_codes.available", "country_codes.recommended"),
)  # fmt: skip
_SIGNUPS = frozenset((screens.SIGNUP.path, screens.SIGNUP_ID.path))
_LOGINS = frozenset((screens.LOGIN.path, screens.LOGIN_ID.path))


class Known(Struct, frozen=True, kw_only=True):
    """What is known of a page beside what it shows: what templates are told (``about``), the parameters of the
    authorization request (``asked``), and the connection it is about."""

    directory: TenantDirectory
    about: Mapping[str, Any]
    asked: Mapping[str, str]
    connection: Connection | None = None


def context_of(page: Page, texts: Mapping[str, str], wording: Wording, locale: str, known: Known) -> Json:
    """All there is to be told of a page; ``chosen`` leaves of it what is wanted."""
    directory, about = known.directory, known.about
    application, organization, settings = about["application"], about["organization"], directory.settings
    return {
        "branding": {"settings": _own_branding(directory), "themes": {"default": _theme(directory)}},
        "client": {
            "id": application.get("id", ""),
            "name": application.get("name", ""),
            "logo_uri": application.get("logo_url"),
            "description": _description(directory, application.get("id", "")),
            "metadata": application.get("metadata", {}),
        },
        "organization": {**organization, "usage": "require"} if organization else {},
        "prompt": {"name": page.screen.prompt},
        "screen": {"name": page.screen.name, "texts": texts, **_screen(page, locale)},
        "tenant": {
            "name": directory.tenant.id,
            "friendly_name": settings.friendly_name,
            "logo_url": about["tenant"]["logo_url"],
            "enabled_locales": list(settings.enabled_locales),
        },
        "transaction": {
            "state": page.state,
            "locale": locale,
            **_said(page, wording),
            **_connections(page, known.connection),
            **_country(page),
            "custom_domain": about["custom_domain"],
        },
        "user": {**_person(page), **_enrolled(page)},
        "untrusted_data": {
            "submitted_form_data": {name: value for name, value in page.filled.items() if value},
            "authorization_params": dict(known.asked),
        },
        **_countries(page, locale),
    }


def _own_branding(directory: TenantDirectory) -> Json:
    document = directory.documents[Kind.CONFIGURATION].get("branding")
    return dict(document.body) if document is not None else {}


def _theme(directory: TenantDirectory) -> Json:
    first = next(iter(directory.documents["branding_theme"].values()), None)
    return {name: value for name, value in first.body.items() if name != "themeId"} if first is not None else {}


def _description(directory: TenantDirectory, client_id: str) -> str | None:
    client = directory.documents[Kind.CLIENT].get(client_id)
    return client.body.get("description") if client is not None else None


def _person(page: Page) -> Json:
    user = page.user
    if user is None:
        return {}
    told = {name: user.profile.get(name) for name in ("username", "picture", "phone_number")}
    return {
        "id": user.user_id,
        "email": user.email,
        **{name: value for name, value in told.items() if value},
        "user_metadata": user.user_metadata,
        "app_metadata": user.app_metadata,
    }


def _screen(page: Page, locale: str) -> Json:
    """Links, challenge and what is particular about a screen; what it has none of is not there."""
    captcha = None
    if isinstance(page, FormPage) and page.captcha is not None:
        known = page.captcha
        captcha = (
            {"provider": "doorward", "challenge": known.challenge, "pause": known.pause}
            if known.challenge
            else {"provider": known.widget, "siteKey": known.site_key}
        )
    parts = {"links": dict(_links(page)), "data": _data(page, locale), "captcha": captcha}
    return {name: value for name, value in parts.items() if value}


def _links(page: Page) -> Iterator[tuple[str, str]]:
    for link in page.links if isinstance(page, FormPage | ResultPage) else ():
        if link.path in _SIGNUPS:
            yield "signup", page.link(link.path)
        elif link.path in _LOGINS:
            yield "login", page.link(link.path)
            yield "back", page.link(link.path)
        else:
            yield "reset_password", page.link(link.path)
            yield "forgot_password", page.link(link.path)
    if isinstance(page, FormPage) and page.chosen is not None:
        yield "edit_identifier", page.link(page.chosen.edit_path)
    if isinstance(page, ResultPage) and page.onward:
        yield "login", page.onward


_SWITCHES = {
    "switch-to-voice": "show_link_voice",
    "switch-to-sms": "show_link_sms",
    "switch-to-text": "show_link_sms",
    "switch-to-otp-auth": "show_switch_to_otp_button",
    "switch-to-password-auth": "show_switch_to_password_button",
}


def _data(page: Page, locale: str) -> Json:
    told: Json = {name: page.texts[name] for name in ("email", "phone_number") if page.texts.get(name)}
    if isinstance(page, FormPage):
        told |= {name: value for name, value in {**page.values, **page.hidden}.items() if value}
        if page.chosen is not None:
            told[page.chosen.name] = page.chosen.value
    if isinstance(page, FormPage | KeyPage | ResultPage):
        told |= {_SWITCHES[button.action]: True for button in page.buttons if button.action in _SWITCHES}
    if isinstance(page, CodePage):
        if page.sent_to:
            told["email" if "email" in page.screen.name else "phone_number"] = page.sent_to
        told |= {"qr_code": page.picture} if page.picture else {}
        told |= {"text_code": page.secret} if page.secret else {}
    if isinstance(page, CodePage | KeyPage) and page.checkbox is not None and page.checkbox.name == "rememberBrowser":
        told["show_remember_device"] = True
    if page.ceremony is not None and page.ceremony.options:
        told["passkey"] = {"public_key": msgspec.json.decode(page.ceremony.options)}
    if isinstance(page, ConsentPage):
        told["scopes"] = [{"value": scope.value, "description": scope.description} for scope in page.scopes]
        told |= {"audience": page.audience} if page.audience else {}
    if isinstance(page, CountryPage):
        told["phone_prefixes"] = [
            {"country": one["label"], "country_code": one["code"], "phone_prefix": one["dial_code"]}
            for one in _every_country(page, locale)
        ]
    return told | _enrolled(page)


def _enrolled(page: Page) -> Json:
    """The ways to choose from: factors by their name, addresses by their place."""
    if not isinstance(page, PickerPage):
        return {}
    if page.screen.name.endswith("-list"):
        if "email" in page.screen.name:
            return {"enrolled_emails": [{"id": at, "email": one.label} for at, one in enumerate(page.options)]}
        numbers = [(at, option.label) for at, option in enumerate(page.options)]
        return {"enrolled_phone_numbers": [{"id": at, "phoneNumber": one, "phone_number": one} for at, one in numbers]}
    return {"enrolled_factors": [option.action for option in page.options]}


def _every_country(page: CountryPage, locale: str) -> list[Json]:
    by_code = {one.code: one.prefix for one in page.countries}
    named = ((code, name) for code, name in names(locale).items() if code in by_code)
    return [{"code": code, "label": name, "dial_code": by_code[code]} for code, name in named]


def _countries(page: Page, locale: str) -> Json:
    return {"country_codes": {"available": _every_country(page, locale)}} if isinstance(page, CountryPage) else {}


def _country(page: Page) -> Json:
    known = page.country if isinstance(page, FormPage) else None
    return {"country_code": {"code": known.code, "prefix": known.prefix.lstrip("+")}} if known is not None else {}


def _said(page: Page, wording: Wording) -> Json:
    shown = [(error.field, wording.shown(error)) for error in page.errors]
    errors = [{"code": one.code, "message": one.text, **({"field": field} if field else {})} for field, one in shown]
    return {"errors": errors} if errors else {}


def _connections(page: Page, connection: Connection | None) -> Json:
    told: Json = {}
    if connection is not None:
        told["connection"] = {
            "name": connection.name,
            "strategy": connection.strategy,
            "options": _options(page, connection),
        }
    if isinstance(page, FormPage) and page.connections:
        told["alternate_connections"] = [
            {
                "name": one.connection,
                "strategy": one.strategy,
                "options": {"display_name": one.display_name or one.connection, "show_as_button": True},
            }
            for one in page.connections
        ]
    return told


def _options(page: Page, connection: Connection) -> Json:
    told: Json = {"signup_enabled": connection.allows_signup}
    if not connection.is_database:
        return told
    options = connection.options
    attributes = options.get("attributes") or {}
    rules = page.password_rules if isinstance(page, FormPage) else ()
    least = next((rule.count for rule in rules if rule.code == "lengthAtLeast"), 0)
    told |= {
        "forgot_password_enabled": True,
        "username_required": connection.requires_username,
        "authentication_methods": {
            "password": {
                "enabled": True,
                "policy": options.get("passwordPolicy") or "good",
                "min_length": least,
            },
            "passkey": {"enabled": page.ceremony is not None and _asks_password_or_name(page)},
        },
    }
    if attributes:
        told["attributes"] = {
            name: {
                "signup_status": (given.get("signup") or {}).get("status", "inactive"),
                "identifier_active": bool((given.get("identifier") or {}).get("active")),
            }
            for name, given in attributes.items()
            if isinstance(given, Mapping)
        }
    return told


def _asks_password_or_name(page: Page) -> bool:
    return isinstance(page, FormPage) and any(one.kind is not InputKind.CODE for one in page.inputs)


def chosen(context: Json, wanted: frozenset[str]) -> Json:
    """What is always told, and what is wanted besides."""
    kept: Json = {"client": {}, "organization": {}, "prompt": {}, "screen": {}, "transaction": {}, "user": {}}
    for name in sorted(ALWAYS | wanted):
        path = name.split(".", 2)
        found: Any = context
        for part in path:
            found = found.get(part) if isinstance(found, Mapping) else None
        if found is None:
            continue
        inside = kept
        for part in path[:-1]:
            inside = inside.setdefault(part, {})
        inside[path[-1]] = found
    return kept


def script_of(context: Json, nonce: str) -> Markup:
    """The element that tells them; ``nonce`` is the page's."""
    told = json.dumps(context, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        told = told.replace(sign, f"\\u{ord(sign):04x}")
    return Markup('<script nonce="{}">window.universal_login_context={};</script>').format(nonce, Markup(told))  # noqa: S704
