"""Screens a tenant draws with scripts of its own (``rendering_mode`` ``advanced``): which ones, for whom, and the head
of the page those scripts are on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from doorward.management.resources.prompt_rendering import DEFAULTS, RENDERING
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.web.login.head_tags import MOST_TAGS, head_of
from doorward.web.login.pages import Page
from doorward.web.login.universal_login_context import Known, chosen, context_of, script_of
from doorward.web.login.wording import Wording


class Rendering(Struct, frozen=True, kw_only=True):
    """How a tenant wants one screen drawn: ``tags`` are for the head, ``wanted`` are what of the context scripts are
    told beside what they always are."""

    wanted: frozenset[str]
    tags: tuple[Mapping[str, Any], ...]
    default_tags: bool
    in_template: bool


def is_drawn(directory: TenantDirectory, page: Page) -> bool:
    """Whether the tenant draws this screen itself, for anybody."""
    document = directory.documents[RENDERING].get(f"{page.screen.prompt}/{page.screen.name}")
    return document is not None and document.body.get("rendering_mode") == "advanced"


def drawing_of(
    directory: TenantDirectory,
    page: Page,
    about: Mapping[str, Any],
    asked: Mapping[str, str],
    connection: Connection | None,
) -> Drawing | None:
    """How this page is drawn, where it is for this application, organization and domain."""
    document = directory.documents[RENDERING][f"{page.screen.prompt}/{page.screen.name}"]
    settings = {**DEFAULTS, **document.body}
    if not _applies(settings.get("filters") or {}, about):
        return None
    rendering = Rendering(
        wanted=frozenset(settings["context_configuration"] or ()),
        tags=tuple(settings["head_tags"] or ())[:MOST_TAGS],
        default_tags=not settings["default_head_tags_disabled"],
        in_template=bool(settings["use_page_template"]),
    )
    known = Known(directory=directory, about=about, asked=asked, connection=connection)
    return Drawing(rendering=rendering, known=known)


def _applies(filters: Mapping[str, Any], about: Mapping[str, Any]) -> bool:
    subjects = {
        "clients": about["application"],
        "organizations": about["organization"],
        "domains": {**about["custom_domain"], "metadata": about["custom_domain"].get("domain_metadata", {})},
    }
    rules = [(rule, subjects[name]) for name in subjects for rule in filters.get(name) or ()]
    if not rules:
        return True
    met = any(_is_meant(rule, subject) for rule, subject in rules)
    return met is not (filters.get("match_type") == "excludes_any")


def _is_meant(rule: Mapping[str, Any], subject: Mapping[str, Any]) -> bool:
    if "id" in rule:
        return bool(subject.get("id") == rule["id"])
    metadata = subject.get("metadata") or {}
    return any(str(metadata.get(name)) == str(value) for name, value in rule.get("metadata", {}).items())


class Drawing(Struct, frozen=True, kw_only=True):
    """One page of a tenant's own drawing, and what is known of it."""

    rendering: Rendering
    known: Known

    def head(self, page: Page, texts: Mapping[str, str], wording: Wording, locale: str, nonce: str) -> Markup:
        """What is in the head of the page beside what every page has."""
        context = context_of(page, texts, wording, locale, self.known)
        told = chosen(context, self.rendering.wanted)
        return script_of(told, nonce) + Markup("\n") + head_of(self.rendering.tags, context, nonce)
