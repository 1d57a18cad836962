"""Tenant files on disk: YAML or a folder in the formats of auth0-deploy-cli, their keywords included.

``##KEY##`` stands for a text and ``@@KEY@@`` for a JSON value; both are looked up in the JSON object that the
environment variable ``AUTH0_KEYWORD_REPLACE_MAPPINGS`` holds, and stay as they are when they are not in it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from msgspec import Struct

from doorward.cli.tenant_folder import Place, Places, read_folder
from doorward.cli.tenant_texts import put_out_objects, take_in, take_in_objects, texts
from doorward.cli.terminal import Problem, reason

MAPPINGS = "AUTH0_KEYWORD_REPLACE_MAPPINGS"
MAPPINGS_FIX = f"""{MAPPINGS}='{{"KEY": "value"}}'"""
MEND = "mend it there"
SEPARATORS = re.compile("[\\x85\\u2028\\u2029]")  # line breaks to YAML 1.1, which only stay as they are when escaped
LITERAL = re.compile(r"##(\w+)##")
VALUE = re.compile(r"""(?P<quote>["']?)@@(?P<key>\w+)@@(?P=quote)""")


class TenantSource(Struct, frozen=True):
    """A document, the folder its files are in, and where they say what."""

    document: dict[str, Any]
    root: Path
    places: Places

    def place(self, problem: Mapping[str, Any]) -> Place | None:
        """Where the entry is written that a problem of a plan is about, or else its section."""
        section, position = problem["section"], problem.get("position")
        within = (section, problem["name"] if position is None else position)
        return self.places.get(within) or self.places.get((section, None))

    def placed(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """The plan, each of its problems with ``file`` and ``line`` as far as they are known."""

        def at(place: Place | None) -> dict[str, Any]:
            line = {"line": place.line} if place is not None and place.line is not None else {}
            return {"file": str(self.root / place.file), **line} if place is not None else {}

        return {**plan, "problems": [{**problem, **at(self.place(problem))} for problem in plan["problems"]]}


def read_tenant_file(path: Path) -> dict[str, Any]:
    """The document in ``path``, a YAML file or a folder. Raises ``Problem``."""
    return read_tenant(path).document


def read_tenant(path: Path, mappings: Mapping[str, Any] | None = None) -> TenantSource:
    """The document in ``path`` and its places; ``mappings`` win over the environment. Raises ``Problem``."""
    known = {**keyword_mappings(os.environ), **(mappings or {})}
    if path.is_dir():
        document, places = read_folder(path, lambda text: with_keywords(text, known))
        if not document:
            why = "there is no tenant.json, and none of the folders of one"
            raise Problem(
                f"{path} holds no tenant", why=why, fix="name a .yaml file, or a folder doorward export wrote"
            )
        return TenantSource(document, path, places)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fix = "name a .yaml file, or a folder doorward export wrote"
        raise Problem(f"the tenant file {path} cannot be read", why=reason(error), fix=fix) from None
    written = with_keywords(text, known)
    document = parse_tenant(written, str(path))
    for found in texts(document):
        take_in(found, path.parent, path.parent, lambda text: with_keywords(text, known))
    take_in_objects(document, path.parent, lambda text: with_keywords(text, known))
    places = {key: Place(path.name, line) for key, line in _lines(written)}
    return TenantSource(document, path.parent, places)


def _lines(text: str) -> Iterator[tuple[tuple[str, int | str | None], int]]:
    """On which line each section begins, each entry of a list and each property of an object."""
    root = yaml.compose(text, Loader=_Loader)
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        yield (key.value, None), key.start_mark.line + 1
        for position, item in enumerate(value.value if isinstance(value, yaml.SequenceNode) else ()):
            yield (key.value, position), item.start_mark.line + 1
        for name, _ in value.value if isinstance(value, yaml.MappingNode) else ():
            yield (key.value, name.value), name.start_mark.line + 1


class _Loader(yaml.SafeLoader):
    """The core schema of YAML 1.2, as auth0-deploy-cli reads it: ``yes`` and ``12:30`` are texts; all of it is JSON."""


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    written = str(loader.construct_scalar(node)).replace("_", "")
    return int(written, 0 if written.lstrip("+-")[:2] in ("0b", "0o", "0x") else 10)


def _no_json(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    what = f"{node.tag} is nothing that JSON has"
    raise yaml.constructor.ConstructorError(problem=what, problem_mark=node.start_mark)


class _Dumper(yaml.SafeDumper):
    """YAML as people write it: lists are indented, texts of several lines are blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = '"' if SEPARATORS.search(value) else "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)
_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("merge", r"<<", ["<"]),
):
    for _either in (_Loader, _Dumper):  # a text is quoted that YAML 1.1 or 1.2 would take for something else
        _either.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
for _tag in ("binary", "timestamp", "set", "omap", "pairs"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _no_json)


def yaml_files(document: dict[str, Any], name: str) -> Iterator[tuple[PurePosixPath, str]]:
    """The files of a document as YAML (it is changed on the way): what has its own file, and the file ``name``."""
    for text in texts(document):
        if text.holder.get(text.property) is not None:
            yield PurePosixPath(text.in_yaml), text.holder[text.property]
            text.holder[text.property] = f"./{text.in_yaml}"
    for path, written in put_out_objects(document):
        yield PurePosixPath(path), written
    yield PurePosixPath(name), yaml_text(document)


def yaml_text(document: Mapping[str, Any]) -> str:
    """The document as YAML, as people write it."""
    written: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return written


def keyword_mappings(environment: Mapping[str, str]) -> dict[str, Any]:
    """The keywords of a file and what they stand for. Raises ``Problem``."""
    written = environment.get(MAPPINGS)
    if not written:
        return {}
    try:
        mappings = json.loads(written)
    except json.JSONDecodeError as error:
        raise Problem(f"{MAPPINGS} is not valid JSON", why=str(error), fix=MAPPINGS_FIX) from None
    if not isinstance(mappings, dict):
        raise Problem(f"{MAPPINGS} has to hold a JSON object", fix=MAPPINGS_FIX)
    return mappings


def with_keywords(text: str, mappings: Mapping[str, Any]) -> str:
    """The text with its keywords replaced; an unknown ``@@KEY@@`` is quoted, since YAML knows no bare ``@``."""

    def literal(match: re.Match[str]) -> str:
        value = mappings.get(match[1], match[0])
        return value if isinstance(value, str) else json.dumps(value)

    def value(match: re.Match[str]) -> str:
        key = match["key"]
        return json.dumps(mappings[key]) if key in mappings else f'"@@{key}@@"'

    return VALUE.sub(value, LITERAL.sub(literal, text))


def demo_tenant(origin: str) -> dict[str, Any]:
    """The tenant a server at ``origin`` begins with when it is given no file."""
    text = resources.files("doorward.cli").joinpath("demo_tenant.yaml").read_text("utf-8")
    return parse_tenant(text.replace("##ORIGIN##", origin), "the demo tenant")


def demo_user(origin: str) -> str:
    """E-mail and password of the demo tenant's user."""
    user = demo_tenant(origin)["users"][0]
    return f"{user['email']} / {user['password']}"


def parse_tenant(text: str, name: str) -> dict[str, Any]:
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        raise Problem(f"{name} is not valid YAML", why=f"{where}{error.problem or error.context}", fix=MEND) from None
    except (yaml.YAMLError, ValueError) as error:
        raise Problem(f"{name} is not valid YAML", why=" ".join(str(error).split()), fix=MEND) from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise Problem(
            f"{name} is not a tenant",
            why="its top level has to be a mapping, such as 'clients:'",
            fix="compare it with what doorward export writes",
        )
    return document
