"""What a tenant file keeps in files of their own: the code of Actions, pages, e-mails, database scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from doorward.cli.terminal import Problem, reason

FORBIDDEN = re.compile(r'[/\\?<>:*|"\x00-\x1f\x80-\x9f]')


class Text(Struct, frozen=True):
    """A property that is a text of its own: ``holder[property]``, and where either format keeps it.

    ``in_yaml`` is relative to the YAML file; ``in_folder`` to the folder, and written relative to ``relative_to``.
    """

    holder: dict[str, Any]
    property: str
    what: str
    in_yaml: str
    in_folder: str
    relative_to: str


def file_name(name: Any) -> str:
    """A name as the name of a file, as the official tool makes it."""
    return FORBIDDEN.sub("-", str(name)).rstrip(". ") or "undefined"


def texts(document: Mapping[str, Any]) -> Iterator[Text]:
    """Every text of a document that has its own file."""
    for section, folder in (("actions", "actions"), ("actionModules", "action-modules")):
        for entry in _objects(document, section):
            path = f"{folder}/{file_name(entry.get('name'))}/code.js"
            yield Text(entry, "code", f"{section} {entry.get('name')}", path, path, ".")
    for page in _objects(document, "pages"):
        path = f"pages/{file_name(page.get('name'))}.html"
        yield Text(page, "html", f"pages {page.get('name')}", path, path, "pages")
    for template in _objects(document, "emailTemplates"):
        name = file_name(template.get("template"))
        what = f"emailTemplates {template.get('template')}"
        yield Text(template, "body", what, f"emailTemplates/{name}.html", f"emails/{name}.html", "emails")
    branding = document.get("branding")
    for template in _objects(branding if isinstance(branding, dict) else {}, "templates"):
        name = f"{file_name(template.get('template'))}.html"
        in_folder = "branding/templates"
        what = f"branding {template.get('template')}"
        yield Text(template, "body", what, f"branding_templates/{name}", f"{in_folder}/{name}", in_folder)
    for database in _objects(document, "databases"):
        name = file_name(database.get("name"))
        options = database.get("options")
        scripts = options.get("customScripts") if isinstance(options, dict) else None
        if not isinstance(scripts, dict):
            continue
        for script in scripts:
            in_folder = f"database-connections/{name}"
            what = f"databases {database.get('name')}"
            path = f"{file_name(script)}.js"
            yield Text(scripts, script, what, f"databases/{name}/{path}", f"{in_folder}/{path}", in_folder)


def _objects(document: Mapping[str, Any], section: str) -> list[dict[str, Any]]:
    entries = document.get(section)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def take_in(text: Text, folder: Path, root: Path, replace: Callable[[str], str]) -> None:
    """Put what the file holds in the place of its path. Raises ``Problem``; a text that is no path stays."""
    written = text.holder.get(text.property)
    if not isinstance(written, str) or not written or "\n" in written:
        return
    path = (folder / written.replace("\\", "/")).resolve()
    if not path.is_relative_to(root.resolve()):
        raise Problem(f"{text.what}: {written} is outside of {root}", fix="move the file next to the tenant file")
    try:
        text.holder[text.property] = replace(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(
            f"{text.what}: {written} cannot be read", why=reason(error), fix=f"put the file there: {path}"
        ) from None


SCREENS = "prompts/screenRenderSettings"
BODIES = ("flows", "forms")


def take_in_objects(document: dict[str, Any], root: Path, replace: Callable[[str], str]) -> None:
    """What YAML keeps in JSON files: flows and forms, and how screens are drawn. Raises ``Problem``."""

    def load(path: Any, what: str) -> Any:
        held = {"path": path}
        take_in(Text(held, "path", what, "", "", ""), root, root, replace)
        try:
            return json.loads(held["path"])
        except ValueError as error:
            raise Problem(f"{what}: {path} is not JSON", why=str(error), fix=f"mend {path}") from None

    for section in BODIES:
        for entry in _objects(document, section):
            if isinstance(entry.get("body"), str):
                what, path = f"{section} {entry.get('name')}", entry.pop("body")
                body = load(path, what)
                if not isinstance(body, dict):
                    raise Problem(f"{what}: {path} has to hold a JSON object", fix=f"mend {path}")
                entry.update(body)
    prompts = document.get("prompts")
    listed = prompts.get("screenRenderers") if isinstance(prompts, dict) else None
    if isinstance(prompts, dict) and isinstance(listed, list):
        screens = []
        for entry in listed:
            if not isinstance(entry, dict) or not all(isinstance(paths, dict) for paths in entry.values()):
                screens.append(entry)
                continue
            for prompt, paths in entry.items():
                screens += [load(path, f"prompts.screenRenderers {prompt} {screen}") for screen, path in paths.items()]
        prompts["screenRenderers"] = screens


def put_out_objects(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The same as files, path and text; the document then names the paths."""
    for section in BODIES:
        for position, entry in enumerate(_objects(document, section)):
            path = f"{section}/{file_name(entry.get('name'))}.json"
            yield path, as_json(entry)
            document[section][position] = {"name": entry.get("name"), "body": f"./{path}"}
    prompts = document.get("prompts") or {}
    paths: dict[str, dict[str, str]] = {}
    for entry in prompts.get("screenRenderers") or ():
        path = f"{SCREENS}/{entry['prompt']}_{entry['screen']}.json"
        yield path, as_json(entry)
        paths.setdefault(entry["prompt"], {})[entry["screen"]] = f"./{path}"
    if paths:
        prompts["screenRenderers"] = [{prompt: screens} for prompt, screens in paths.items()]


def as_json(value: Any) -> str:
    """JSON as a file of its own."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
