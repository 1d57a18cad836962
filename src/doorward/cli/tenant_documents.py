"""Tenant files on disk: YAML in the format of auth0-deploy-cli, its keywords included.

``##KEY##`` stands for a text and ``@@KEY@@`` for a JSON value; both are looked up in the JSON object that the
environment variable ``AUTH0_KEYWORD_REPLACE_MAPPINGS`` holds, and stay as they are when they are not in it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from doorward.cli.terminal import Problem

MAPPINGS = "AUTH0_KEYWORD_REPLACE_MAPPINGS"
LITERAL = re.compile(r"##(\w+)##")
VALUE = re.compile(r"""(?P<quote>["']?)@@(?P<key>\w+)@@(?P=quote)""")


def read_tenant_file(path: Path) -> dict[str, Any]:
    """The document in ``path``. Raises ``Problem``."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"the tenant file {path} cannot be read", why=str(error)) from None
    return parse_tenant(with_keywords(text, keyword_mappings(os.environ)), str(path))


def keyword_mappings(environment: Mapping[str, str]) -> dict[str, Any]:
    """The keywords of a file and what they stand for. Raises ``Problem``."""
    written = environment.get(MAPPINGS)
    if not written:
        return {}
    try:
        mappings = json.loads(written)
    except json.JSONDecodeError as error:
        raise Problem(f"{MAPPINGS} is not valid JSON", why=str(error)) from None
    if not isinstance(mappings, dict):
        raise Problem(f"{MAPPINGS} has to hold a JSON object", fix=f"""{MAPPINGS}='{{"KEY": "value"}}'""")
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
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Problem(f"{name} is not valid YAML", why=" ".join(str(error).split())) from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise Problem(f"{name} is not a tenant", why="its top level has to be a mapping, such as 'clients:'")
    return document
