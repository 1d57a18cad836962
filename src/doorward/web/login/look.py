"""What a tenant's configuration changes about the pages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from doorward.model import colours
from doorward.model.tenant import TenantSettings
from doorward.model.theme import Theme
from doorward.web.login.catalogue import Texts
from doorward.web.login.page_template import PageTemplate
from doorward.web.login.theme import Palette


class Look(Struct, frozen=True, kw_only=True):
    """A tenant's name, pictures, colours, words and support.

    ``primary`` and the backgrounds are ``#rrggbb`` or empty for the stock palette; a second background makes a
    gradient at ``background_angle`` degrees. A ``theme`` says all of it, and more, also for the dark unless there is
    a ``dark`` one. Without ``logo_url`` the page draws the company's initial. ``font_url`` is a font file. All of
    these are paths of this server, from which alone a page loads. ``error_page`` is one of the tenant's own, for
    errors nobody is redirected with. ``allow_framing`` is the tenant flag ``disable_clickjack_protection_headers``.
    """

    company_name: str = "Doorward"
    logo_url: str = ""
    favicon_url: str = ""
    font_url: str = ""
    primary: str = ""
    background: str = ""
    background_end: str = ""
    background_angle: int = 0
    theme: Theme | None = None
    dark: Theme | None = None
    texts: Texts | None = None
    template: PageTemplate | None = None
    error_page: PageTemplate | None = None
    support_email: str = ""
    support_url: str = ""
    allow_framing: bool = False

    @property
    def support_link(self) -> str:
        """Where people find help; empty if nowhere."""
        if self.support_url:
            return self.support_url
        return f"mailto:{quote(self.support_email, safe='@')}" if self.support_email else ""

    @property
    def palette(self) -> Palette:
        """What the stylesheet is made of."""
        return Palette(
            theme=self.theme,
            dark=self.dark,
            primary=self.primary,
            background=self.background,
            background_end=self.background_end,
            background_angle=self.background_angle,
            font_url=self.font_url,
        )

    @property
    def accent(self) -> str:
        """The colour of the buttons, empty for the stock one."""
        return (colours.parse(self.theme.colors.primary_button) or "") if self.theme is not None else self.primary

    @property
    def social_on_top(self) -> bool:
        """Whether other ways to log in come before the form."""
        return self.theme is not None and self.theme.widget.social_buttons_layout == "top"

    @classmethod
    def of(
        cls,
        settings: TenantSettings,
        branding: Mapping[str, Any] | None = None,
        *,
        theme: Mapping[str, Any] | None = None,
        dark: Mapping[str, Any] | None = None,
        texts: Texts | None = None,
        template: PageTemplate | None = None,
        name: str = "",
        kept: Mapping[str, str] = MappingProxyType({}),
    ) -> Look:
        """The look of a tenant: its settings, its ``GET /api/v2/branding`` body, and its theme, which goes before,
        with what that has for the ``dark``.

        ``name`` is what people know the tenant as when ``friendly_name`` is not set. ``kept`` are the paths of what
        was fetched, by its URL. A value the pages cannot use (no hexadecimal colour, nothing that was fetched) counts
        as absent.
        """
        branding = branding or {}
        themed = Theme.of(theme) if theme is not None else None
        darkened = themed.in_the_dark(dark) if themed is not None and dark is not None else None
        palette = branding.get("colors")
        palette = palette if isinstance(palette, Mapping) else {}
        page = palette.get("page_background")
        gradient = page if isinstance(page, Mapping) else {}
        angle = gradient.get("angle_deg")
        font = branding.get("font")
        return cls(
            company_name=settings.friendly_name or name or "Doorward",
            logo_url=_first(kept, themed and themed.widget.logo_url, branding.get("logo_url"), settings.picture_url),
            favicon_url=_first(kept, branding.get("favicon_url")),
            font_url=_first(
                kept, themed and themed.fonts.font_url, font.get("url") if isinstance(font, Mapping) else ""
            ),
            primary=colours.parse(palette.get("primary")) or "",
            background=colours.parse(gradient.get("start") if gradient else page) or "",
            background_end=colours.parse(gradient.get("end")) or "",
            background_angle=int(angle) % 360 if isinstance(angle, int | float) else 0,
            theme=themed and _loading(themed, kept),
            dark=darkened and _loading(darkened, kept),
            texts=texts,
            template=template,
            error_page=_error_page(settings),
            support_email=settings.support_email,
            support_url=settings.support_url if settings.support_url.startswith(("https://", "http://")) else "",
            allow_framing=settings.flags.disable_clickjack_protection_headers,
        )


def _error_page(settings: TenantSettings) -> PageTemplate | None:
    source = (settings.error_page or {}).get("html")
    return PageTemplate(source, {}) if isinstance(source, str) and source.strip() else None


def _first(kept: Mapping[str, str], *urls: object) -> str:
    """Where the page finds what is at the first of the URLs there are; nowhere if that was not to be had."""
    return next((kept.get(url, "") for url in urls if isinstance(url, str) and url), "")


def _loading(theme: Theme, kept: Mapping[str, str]) -> Theme:
    """The theme with paths of this server in place of URLs."""
    replace = msgspec.structs.replace
    page, widget = theme.page_background, theme.widget
    return replace(
        theme,
        page_background=replace(page, background_image_url=kept.get(page.background_image_url, "")),
        widget=replace(widget, logo_url=kept.get(widget.logo_url, "")),
    )
