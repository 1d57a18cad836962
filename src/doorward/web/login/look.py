"""What a tenant's branding changes about the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from doorward.model import colours
from doorward.model.tenant import TenantSettings


class Look(Struct, frozen=True, kw_only=True):
    """A tenant's name, pictures, colours and support.

    ``primary`` and the backgrounds are ``#rrggbb`` or empty for the stock palette; a second
    background makes a gradient at ``background_angle`` degrees. Without ``logo_url`` the page
    draws the company's initial. ``allow_framing`` is the tenant flag
    ``disable_clickjack_protection_headers``.
    """

    company_name: str = "Doorward"
    logo_url: str = ""
    favicon_url: str = ""
    primary: str = ""
    background: str = ""
    background_end: str = ""
    background_angle: int = 0
    support_email: str = ""
    support_url: str = ""
    allow_framing: bool = False

    @property
    def support_link(self) -> str:
        """Where people find help; empty if nowhere."""
        if self.support_url:
            return self.support_url
        return f"mailto:{quote(self.support_email, safe='@')}" if self.support_email else ""

    @classmethod
    def of(cls, settings: TenantSettings, branding: Mapping[str, Any] | None = None, *, name: str = "") -> Look:
        """The look of a tenant: its settings and its ``GET /api/v2/branding`` body.

        ``name`` is what people know the tenant as when ``friendly_name`` is not set. A value the
        pages cannot use (no hexadecimal colour, no https picture) counts as absent.
        """
        branding = branding or {}
        palette = branding.get("colors")
        palette = palette if isinstance(palette, Mapping) else {}
        page = palette.get("page_background")
        gradient = page if isinstance(page, Mapping) else {}
        angle = gradient.get("angle_deg")
        return cls(
            company_name=settings.friendly_name or name or "Doorward",
            logo_url=_picture(branding.get("logo_url")) or _picture(settings.picture_url),
            favicon_url=_picture(branding.get("favicon_url")),
            primary=colours.parse(palette.get("primary")) or "",
            background=colours.parse(gradient.get("start") if gradient else page) or "",
            background_end=colours.parse(gradient.get("end")) or "",
            background_angle=int(angle) % 360 if isinstance(angle, int | float) else 0,
            support_email=settings.support_email,
            support_url=settings.support_url if settings.support_url.startswith(("https://", "http://")) else "",
            allow_framing=settings.flags.disable_clickjack_protection_headers,
        )


def _picture(value: object) -> str:
    return value if isinstance(value, str) and value.startswith("https://") and value.isascii() else ""
