"""Tenant files on disk: YAML in the format of auth0-deploy-cli."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from doorward.cli.terminal import Problem


def read_tenant_file(path: Path) -> dict[str, Any]:
    """The document in ``path``. Raises ``Problem``."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"the tenant file {path} cannot be read", why=str(error)) from None
    return parse_tenant(text, str(path))


def demo_tenant() -> dict[str, Any]:
    """The tenant a server without a file begins with."""
    text = resources.files("doorward.cli").joinpath("demo_tenant.yaml").read_text("utf-8")
    return parse_tenant(text, "the demo tenant")


def demo_user() -> str:
    """E-mail and password of the demo tenant's user."""
    user = demo_tenant()["users"][0]
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
