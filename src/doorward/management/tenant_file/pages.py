"""What people see: pages of the classic login, branding, phone messages, themes and prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.management.resources.prompts import PROMPTS, WITH_PARTIALS
from doorward.management.tenant_file.rehearsal import NotBuilt, Rehearsal
from doorward.management.tenant_file.sections import (
    Entities,
    Entry,
    Item,
    Section,
    Settings,
    TenantFileError,
    Work,
    covers,
    object_,
    objects,
    optional,
    without,
)

PAGES = {"error_page": "error_page", "guardian_multifactor": "guardian_mfa_page", "password_reset": "change_password"}
UNIVERSAL_LOGIN = "/branding/templates/universal-login"


class Pages(Section, frozen=True, kw_only=True):
    """Pages of the classic login: one belongs to the global client, the others to the tenant's settings."""

    async def read(self, api: Rehearsal) -> list[Entry]:
        settings = await api.read("/tenants/settings") or {}
        found = [{"name": name, **settings[setting]} for name, setting in PAGES.items() if settings.get(setting)]
        (shared,) = await api.every("/clients?is_global=true")
        if shared.get("custom_login_page"):
            enabled = bool(shared.get("custom_login_page_on"))
            found.append({"name": "login", "enabled": enabled, "html": shared["custom_login_page"]})
        return sorted(found, key=lambda page: str(page["name"]))

    def named(self, value: Any) -> dict[str, Entry]:
        return {page["name"]: page for page in value or ()}

    async def write(self, work: Work, value: Any) -> None:
        known = self.named(await self.read(work.api))
        for position, entry in enumerate(objects(self.key, value)):
            name = entry.get("name")
            with work.entry(self.key, str(name or ""), position):
                if not isinstance(name, str) or (name != "login" and name not in PAGES):
                    raise TenantFileError(f"there is no page {name}", f"Pages are login, {', '.join(PAGES)}.")
                if covers(known.get(name), entry):
                    continue
                page = {n: v for n, v in entry.items() if n != "name"}
                if name == "login":
                    (shared,) = await work.api.every("/clients?is_global=true")
                    body = {"custom_login_page": page.get("html"), "custom_login_page_on": page.get("enabled", True)}
                    await work.api.call("PATCH", f"/clients/{shared['client_id']}", body)
                else:
                    rule = work.api.rule("PATCH", "/tenants/settings")
                    body = work.fitting(rule, {PAGES[name]: page}, self.key)
                    await work.api.call("PATCH", "/tenants/settings", body)


class Branding(Settings, frozen=True, kw_only=True):
    """The look of the pages, with the page templates beside it."""

    async def read(self, api: Rehearsal) -> Entry | None:
        found = await super().read(api) or {}
        template = await _template(api)
        if template is not None:
            found["templates"] = [{"template": "universal_login", "body": template}]
        return found or None

    async def put(self, work: Work, given: Entry) -> None:
        settings = {name: value for name, value in given.items() if name != "templates"}
        await super().put(work, settings)
        for entry in objects("branding.templates", given.get("templates")):
            if entry.get("template") != "universal_login":
                raise TenantFileError(f"there is no template {entry.get('template')}")
            if entry.get("body") != await _template(work.api):
                await work.api.call("PUT", UNIVERSAL_LOGIN, {"template": entry.get("body")})


class PhoneTemplates(Entities, frozen=True, kw_only=True):
    """Those of the tenant's own; one that says what the stock one says is none."""

    async def write_at(self, work: Work, base: str, value: Any) -> None:
        listed = await work.api.every(self.path)
        stock = {
            shown["type"]: await self._entry(work.api, {"id": "", **shown}, base)
            for shown in listed
            if "id" not in shown
        }
        own = [entry for entry in objects(self.key, value) if not covers(stock.get(entry.get("type")), entry)]
        await super().write_at(work, base, own)


class Themes(Entities, frozen=True, kw_only=True):
    """There is one theme at a time, whatever it is called."""

    async def items(self, api: Rehearsal, base: str = "") -> list[Item]:
        shown = await api.read(f"{self.path}/default")
        return [Item(shown[self.id], await self._entry(api, shown, base))] if shown else []

    def key_of(self, entry: Mapping[str, Any]) -> tuple[Any, ...]:
        return ()


async def _template(api: Rehearsal) -> str | None:
    try:
        found = await api.read(UNIVERSAL_LOGIN)
    except NotBuilt:
        return None
    return found.get("body") if isinstance(found, dict) else found


class Prompts(Settings, frozen=True, kw_only=True):
    """Settings of the prompts, their texts by language and prompt, and what is inserted into them."""

    async def read(self, api: Rehearsal) -> Entry | None:
        found = await super().read(api) or {}
        texts = {}
        for language in (await api.read("/tenants/settings") or {}).get("enabled_locales", ()):
            of_language = {prompt: await optional(api, _text_path(prompt, language)) for prompt in PROMPTS}
            texts[language] = {prompt: text for prompt, text in of_language.items() if text}
        partials = {prompt: await optional(api, f"/prompts/{prompt}/partials") for prompt in WITH_PARTIALS}
        for name, held in (("customText", texts), ("partials", partials)):
            if any(held.values()):
                found[name] = {one: value for one, value in held.items() if value}
        screens = await _screens(api)
        if screens:
            found["screenRenderers"] = [screens[key] for key in sorted(screens)]
        return found or None

    async def put(self, work: Work, given: Entry) -> None:
        known = await self.read(work.api) or {}
        settings = {n: v for n, v in given.items() if n not in ("customText", "partials", "screenRenderers")}
        await super().put(work, settings)
        screens = await _screens(work.api)
        for entry in objects("prompts.screenRenderers", given.get("screenRenderers")):
            if not covers(screens.get((str(entry.get("prompt")), str(entry.get("screen")))), entry):
                await work.api.call("PATCH", "/prompts/rendering", {"configs": [without(entry, "tenant")]})
        texts = known.get("customText", {})
        for language, prompts in object_("prompts.customText", given.get("customText")).items():
            for prompt, screens in object_(f"prompts.customText.{language}", prompts).items():
                if screens != texts.get(language, {}).get(prompt, {}):
                    await _set(work, f"prompts.customText.{language}.{prompt}", _text_path(prompt, language), screens)
        for prompt, screens in object_("prompts.partials", given.get("partials")).items():
            if screens != known.get("partials", {}).get(prompt, {}):
                await _set(work, f"prompts.partials.{prompt}", f"/prompts/{prompt}/partials", screens)


async def _screens(api: Rehearsal) -> dict[tuple[Any, Any], Entry]:
    """How screens are drawn, by prompt and screen."""
    try:
        every = await api.every("/prompts/rendering")
    except NotBuilt:
        return {}
    return {(shown["prompt"], shown["screen"]): without(shown, "tenant") for shown in every}


async def _set(work: Work, name: str, path: str, body: Any) -> None:
    try:
        await work.api.call("PUT", path, body)
    except NotBuilt:
        work.left_out.append(".".join(name.split(".")[:2]))


def _text_path(prompt: str, language: str) -> str:
    return f"/prompts/{prompt}/custom-text/{language}"
