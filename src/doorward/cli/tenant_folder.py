"""A tenant as a folder: the directory format of auth0-deploy-cli, a JSON file for each entry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from doorward.cli.tenant_texts import SCREENS, Text, as_json, file_name, take_in, texts
from doorward.cli.terminal import Problem, reason

# Sections whose entries are a file each, and the property such a file is named after.
FOLDERS = {
    "clients": "clients", "resourceServers": "resource-servers", "clientGrants": "grants", "roles": "roles",
    "connections": "connections", "organizations": "organizations", "actions": "actions",
    "actionModules": "action-modules", "emailTemplates": "emails", "guardianFactors": "guardian/factors",
    "guardianFactorProviders": "guardian/providers", "guardianFactorTemplates": "guardian/templates",
    "logStreams": "log-streams", "themes": "themes", "forms": "forms", "flows": "flows", "pages": "pages",
    "flowVaultConnections": "flow-vault-connections", "selfServiceProfiles": "self-service-profiles",
    "networkACLs": "network-acls", "userAttributeProfiles": "user-attribute-profiles",
    "connectionProfiles": "connection-profiles", "tokenExchangeProfiles": "token-exchange-profiles",
    "rateLimitPolicies": "rate-limit-policies", "eventStreams": "event-streams", "phoneTemplates": "phone-templates",
    "rules": "rules", "rulesConfigs": "rules-configs", "hooks": "hooks",
}  # fmt: skip
NAMED_BY = {"emailTemplates": "template", "networkACLs": "description", "rateLimitPolicies": "consumer_selector",
    "phoneTemplates": "type", "themes": "displayName"}  # fmt: skip
DATABASES = "database-connections"
FILES = {
    "tenant": "tenant.json", "emailProvider": "emails/provider.json",
    "customDomains": "custom-domains/custom-domains.json",
    "guardianPolicies": "guardian/policies.json", "triggers": "triggers/triggers.json",
    "guardianPhoneFactorMessageTypes": "guardian/phoneFactorMessageTypes.json",
    "guardianPhoneFactorSelectedProvider": "guardian/phoneFactorSelectedProvider.json",
    "riskAssessment": "risk-assessment/settings.json", "supplementalSignals": "supplemental-signals.json",
    "phoneProviders": "phone-providers/provider.json", "brandingDark": "branding/dark.json",
}  # fmt: skip
# Sections in several files: each property of theirs with its file.
PARTS = {
    "attackProtection": {
        name: f"attack-protection/{file}.json"
        for name, file in {
            "botDetection": "bot-detection",
            "breachedPasswordDetection": "breached-password-detection",
            "bruteForceProtection": "brute-force-protection",
            "captcha": "captcha",
            "suspiciousIpThrottling": "suspicious-ip-throttling",
        }.items()
    },
    "prompts": {"": "prompts/prompts.json", "customText": "prompts/custom-text.json"},
    "branding": {"": "branding/branding.json"},
}
PARTIALS = "prompts/partials.json"

Replace = Callable[[str], str]


class Place(Struct, frozen=True):
    """Where something is written: a file, relative to the folder or beside the YAML file, and its line if known."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


# By section, and the position of an entry, the name of a property of the section, or ``None`` for all of it.
Places = dict[tuple[str, int | str | None], Place]


def read_folder(root: Path, replace: Replace) -> tuple[dict[str, Any], Places]:
    """The document a folder holds, and in which file each entry is; ``replace`` puts in keywords.

    Raises ``Problem``."""
    document: dict[str, Any] = {}
    places: Places = {}

    def load(path: Path) -> Any:
        try:
            return json.loads(replace(path.read_text("utf-8")))
        except (OSError, ValueError) as error:
            raise Problem(f"{path} cannot be read", why=reason(error), fix="mend the file, or remove it") from None

    def load_object(path: Path) -> dict[str, Any]:
        held = load(path)
        if not isinstance(held, dict):
            raise Problem(f"{path} has to hold a JSON object", fix="mend the file, or remove it")
        return held

    def add(section: str, path: Path) -> None:
        entry = load_object(path)
        if entry:
            entries = document.setdefault(section, [])
            places[section, len(entries)] = Place(str(path.relative_to(root)))
            entries.append(entry)

    for section, folder in FOLDERS.items():
        for path in sorted((root / folder).glob("*.json")):
            if path != root / FILES["emailProvider"]:
                add(section, path)
        if (root / folder).is_dir():
            document.setdefault(section, [])
            places[section, None] = Place(folder)
    for path in sorted((root / DATABASES).glob("*/database.json")):
        add("databases", path)
    for section, file in FILES.items():
        if (root / file).is_file():
            document[section] = load(root / file)
            places[section, None] = Place(file)
    for section, parts in PARTS.items():
        for name, file in parts.items():
            if (root / file).is_file():
                into = document.setdefault(section, {})
                into.update({name: load(root / file)} if name else load_object(root / file))
                places[section, name or None] = Place(file)
    _read_branding(root, document, load_object)
    _read_partials(root, document, load_object, replace)
    screens = [load_object(path) for path in sorted((root / SCREENS).glob("*.json"))]
    if screens:
        document.setdefault("prompts", {})["screenRenderers"] = screens
    _beside(root, document, places)
    for text in texts(document):
        take_in(text, root / text.relative_to, root, replace)
    return document, places


def _read_branding(root: Path, document: dict[str, Any], load: Callable[[Path], Any]) -> None:
    templates = [load(path) for path in sorted((root / "branding/templates").glob("*.json"))]
    if templates:
        document.setdefault("branding", {})["templates"] = templates


def _read_partials(root: Path, document: dict[str, Any], load: Callable[[Path], Any], replace: Replace) -> None:
    if not (root / PARTIALS).is_file():
        return
    partials: dict[str, Any] = {}
    for prompt, screens in load(root / PARTIALS).items():
        for screen, insertions in (screens[0] if isinstance(screens, list) else screens).items():
            for insertion in insertions:
                held = {"template": insertion["template"]}
                what = f"prompts.partials.{prompt}.{screen}"
                take_in(Text(held, "template", what, "", "", ""), root / "prompts", root, replace)
                partials.setdefault(prompt, {}).setdefault(screen, {})[insertion["name"]] = held["template"].strip()
    document.setdefault("prompts", {})["partials"] = partials


def _beside(root: Path, document: Mapping[str, Any], places: Places) -> None:
    """Pages and e-mails stand beside their JSON file, whether or not it names them."""
    for section, property_ in (("pages", "html"), ("emailTemplates", "body")):
        for position, entry in enumerate(document.get(section) or ()):
            beside = (root / places[section, position].file).with_suffix(".html")
            if beside.is_file() and not (root / FOLDERS[section] / str(entry.get(property_) or "?")).is_file():
                entry[property_] = beside.name


def folder_files(document: Mapping[str, Any]) -> Iterator[tuple[PurePosixPath, str]]:
    """The files of a folder that holds ``document`` (which is changed on the way): path and text."""
    for text in texts(document):
        if text.holder.get(text.property) is not None:
            yield PurePosixPath(text.in_folder), text.holder[text.property]
            written = PurePosixPath(text.in_folder).relative_to(text.relative_to)
            text.holder[text.property] = f"./{written}"
    for section, value in document.items():
        if section in FOLDERS:
            yield from _entries(section, value)
        elif section == "databases":
            for entry in value:
                yield PurePosixPath(DATABASES, file_name(entry["name"]), "database.json"), as_json(entry)
        elif section in FILES:
            yield PurePosixPath(FILES[section]), as_json(value)
        else:
            yield from _parts(section, dict(value))


def _entries(section: str, entries: list[dict[str, Any]]) -> Iterator[tuple[PurePosixPath, str]]:
    used: set[str] = set()
    for entry in entries:
        name = entry.get(NAMED_BY.get(section, "name"))
        if section == "clientGrants":
            name = f"{entry.get('client_id') or entry.get('default_for')}-{entry['audience']}"
        elif section == "guardianFactorProviders":
            name = f"{name}-{entry['provider']}"
        chosen = file_name(name)
        while chosen.casefold() in used:
            chosen += "-2"
        used.add(chosen.casefold())
        yield PurePosixPath(FOLDERS[section], f"{chosen}.json"), as_json(entry)


def _parts(section: str, value: dict[str, Any]) -> Iterator[tuple[PurePosixPath, str]]:
    templates, partials = value.pop("templates", None), value.pop("partials", None)
    for screen in value.pop("screenRenderers", ()):
        yield PurePosixPath(SCREENS, f"{screen['prompt']}_{screen['screen']}.json"), as_json(screen)
    for name, file in PARTS[section].items():
        if name and name in value:
            yield PurePosixPath(file), as_json(value.pop(name))
    if value and "" in PARTS[section]:
        yield PurePosixPath(PARTS[section][""]), as_json(value)
    for template in templates or ():
        yield PurePosixPath("branding/templates", f"{file_name(template['template'])}.json"), as_json(template)
    if partials:
        listed: dict[str, Any] = {}
        for prompt, screens in partials.items():
            listed[prompt] = [{}]
            for screen, insertions in screens.items():
                for insertion, template in insertions.items():
                    path = PurePosixPath("partials", prompt, screen, f"{insertion}.liquid")
                    yield PurePosixPath("prompts") / path, template
                    listed[prompt][0].setdefault(screen, []).append({"name": insertion, "template": str(path)})
        yield PurePosixPath(PARTIALS), as_json(listed)
