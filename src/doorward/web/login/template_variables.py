"""What a tenant's page template and drawn screens can show: of itself, the application and the person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind
from doorward.model.tenant import Issuer
from doorward.model.user import User
from doorward.web.login.look import Look
from doorward.web.login.monogram import STOCK
from doorward.web.login.pages import Page


def about(
    directory: TenantDirectory, issuer: Issuer, page: Page, look: Look, asked: Mapping[str, str]
) -> dict[str, Any]:
    """What a tenant's template can show of itself, the application and the person, under Auth0's names."""
    settings = directory.settings
    client = directory.documents[Kind.CLIENT].get(page.client_id)
    domain = directory.documents[Kind.CUSTOM_DOMAIN]
    own = next((d.body for d in domain.values() if d.body.get("domain") == issuer.host.partition(":")[0]), None)
    branding = directory.documents[Kind.CONFIGURATION].get("branding")
    return {
        "application": {
            "id": page.client_id,
            "name": page.client_name,
            "logo_url": client.body.get("logo_uri") or "",
            "metadata": client.body.get("client_metadata") or {},
        }
        if client is not None
        else {"name": page.client_name},
        "branding": {
            **(branding.body if branding is not None else {}),
            "logo_url": look.logo_url,
            "favicon_url": look.favicon_url,
            "font": {"url": look.font_url},
            "colors": {
                "primary": look.accent or STOCK,
                "page_background": (
                    look.theme.page_background.background_color if look.theme is not None else look.background
                ),
            },
        },
        "tenant": {
            "name": directory.tenant.id,
            "friendly_name": look.company_name,
            "logo_url": look.logo_url,
            "support_email": settings.support_email,
            "support_url": settings.support_url,
            "enabled_locales": ", ".join(settings.enabled_locales),
        },
        "organization": _organization(directory, asked.get("organization", "")),
        "custom_domain": (
            {"domain": own["domain"], "domain_metadata": own.get("domain_metadata") or {}} if own is not None else {}
        ),
        "user": _person(page.user) if page.user is not None else {},
        "correlation_id": asked.get("correlation_id", ""),
        "transaction": {"params": {name: value for name, value in asked.items() if name.startswith("ext-")}},
    }


def _organization(directory: TenantDirectory, asked: str) -> dict[str, Any]:
    """The organization somebody logs in to, by its id or its name; empty without one."""
    known = directory.documents[Kind.ORGANIZATION]
    named = (one for one in known.values() if one.body.get("name") == asked.lower())
    found = known.get(asked) or next(named, None)
    if not asked or found is None:
        return {}
    return {
        "metadata": {},
        "branding": {},
        **{name: found.body[name] for name in _OF_ORGANIZATION if name in found.body},
    }


_OF_ORGANIZATION = ("id", "name", "display_name", "metadata", "branding")
_TOLD = ("picture", "family_name", "given_name", "name", "nickname", "username")


def _person(user: User) -> dict[str, Any]:
    return {
        **{name: user.profile.get(name) or "" for name in _TOLD},
        "user_id": user.user_id,
        "email": user.email or "",
        "email_verified": bool(user.profile.get("email_verified")),
        "user_metadata": user.user_metadata,
    }
