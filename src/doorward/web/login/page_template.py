"""A tenant's own page around the widget, and its partials inside: Liquid that is made ready once and then filled.

Every script and style element of it gets the nonce of the page's policy. What stands in attributes (handlers,
styles) is allowed by its hash, and what it names elsewhere by its https origin. All of that is read from the source,
never from a filled page, so nothing that somebody is called can widen the policy.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from markupsafe import Markup, escape
from msgspec import Struct

from doorward.management.resources.branding import PAGE_TAG
from doorward.web.login.catalogue import ScreenTexts

ENTRY_POINTS = (
    "form-content-start", "form-content-end", "form-footer-start", "form-footer-end", "secondary-actions-start",
    "secondary-actions-end",
)  # fmt: skip
# Headers of more than 8 kB are refused by many a proxy.
MAX_ORIGINS, MAX_HASHES = 20, 30
SECONDS = 0.25  # of the processor, for a page and all that is in it
REST = 60.0  # seconds a template is left alone that wanted more
HEAD, WIDGET = "auth0_head", "auth0_widget"

_NONCE = secrets.token_urlsafe(16)  # stands for that of a page until it is shown; nobody else knows it
_ELEMENT = re.compile(r"<(script|style)(?=[\s/>])", re.IGNORECASE)
_LIQUID = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_FILLED = "\x00"
_ORIGIN = re.compile(r"(?:https:|(?<=[\"'(=]))//([a-z0-9][a-z0-9.-]*\.[a-z0-9-]+)(:\d{1,5})?(?![\w.-])", re.IGNORECASE)
_LINK = re.compile(r"\[([^\[\]]+)\]\(((?:https?://|mailto:|/)[^\s()]+)\)")
# Enter presses the first button of a form, which has to be ours also where a partial brings one.
_FORM = re.compile(r'<form [^>]*data-form-primary="true"[^>]*>')
_FIRST = '<input type="submit" name="action" value="default" class="ulp-hidden-form-submit-button" hidden>'
# What a stylesheet of the first loads from the second.
_COMPANIONS = {"https://fonts.googleapis.com": "https://fonts.gstatic.com"}


class UnfilledTemplate(Exception):
    """A page that could not be made of a tenant's template; says why, and whether because it is ``costly``."""

    def __init__(self, reason: str, *, costly: bool = False) -> None:
        super().__init__(reason)
        self.costly = costly


class Allowed(Struct, frozen=True):
    """What a policy has to allow beside our own: sources of handlers and of style attributes, and https origins."""

    handlers: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


class Frame(Struct, frozen=True):
    """The page around one screen: Liquid, as it is filled. ``partials`` are by their entry point; ``titled`` is whether
    the template has a title of its own."""

    template: str
    partials: Mapping[str, str]
    titled: bool
    allowed: Allowed

    def fill(self, head: str, widget: str, values: Mapping[str, Any], nonce: str) -> str:
        """The whole page. Raises ``UnfilledTemplate``."""
        # Takes long to import, and few write a template.
        from doorward.liquid_templates import Allowance, UnusableTemplate, fill

        if any("submit" in partial.lower() for partial in self.partials.values()):
            widget = _FORM.sub(rf"\g<0>{_FIRST}", widget, count=1)
        allowance = Allowance(SECONDS)
        try:
            for point, partial in self.partials.items():
                filled = fill(partial, values, html=True, allowance=allowance)
                place = f'<div id="ulp-container-{point}">'
                widget = widget.replace(place + "</div>", f"{place}{filled}</div>", 1)
            made = {HEAD: Markup(head), WIDGET: Markup(widget)}  # noqa: S704 - what is filled in is escaped there
            page = fill(self.template, {**values, **made}, html=True, allowance=allowance)
        except UnusableTemplate as fault:
            raise UnfilledTemplate(str(fault), costly=fault.costly) from None
        return page.replace(_NONCE, nonce)


class PageTemplate:
    """The page template of a tenant, with its partials: by prompt, screen and entry point."""

    def __init__(self, source: str, partials: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
        self._source = source.replace("\r\n", "\n").replace("\r", "\n")
        self._partials = partials
        self._frames: dict[tuple[str, str], Frame] = {}
        self._told: set[tuple[str, str]] = set()
        self._rests_until = 0.0

    def frame(self, prompt: str, screen: str) -> Frame:
        """What is around one screen, made ready."""
        wanted = (prompt, screen)
        if wanted not in self._frames:
            given = self._partials.get(prompt, {}).get(screen, {})
            partials = {point: given[point] for point in ENTRY_POINTS if given.get(point)}
            self._frames[wanted] = Frame(
                template=PAGE_TAG.sub(r"{{\1 auth0_\2 \3}}", _with_nonces(self._source)),
                partials={point: _with_nonces(partial) for point, partial in partials.items()},
                titled="<title" in self._source.lower(),
                allowed=_allowed(self._source, *partials.values()),
            )
        return self._frames[wanted]

    def rests(self, now: float) -> bool:
        """Whether it is left alone, at ``now`` (epoch seconds)."""
        return now < self._rests_until

    def leave_alone(self, now: float) -> None:
        """It cost what no page may cost: not to be tried again for a while."""
        self._rests_until = now + REST

    def is_news(self, prompt: str, screen: str) -> bool:
        """Whether nobody was told yet that the page around this screen cannot be made."""
        known = len(self._told)
        self._told.add((prompt, screen))
        return len(self._told) > known


def _with_nonces(source: str) -> str:
    return _ELEMENT.sub(rf"<\1 nonce={_NONCE}", source)


def _allowed(*sources: str) -> Allowed:
    attributes = _Attributes()
    for source in sources:
        attributes.feed(_LIQUID.sub(_FILLED, source))
        attributes.close()
    origins: dict[str, None] = {}
    for source in sources:
        for host, port in _ORIGIN.findall(source):
            origins[f"https://{host}{port}".lower()] = None
    origins |= {companion: None for origin, companion in _COMPANIONS.items() if origin in origins}
    return Allowed(
        handlers=tuple(map(_hash, attributes.handlers))[:MAX_HASHES],
        styles=tuple(map(_hash, attributes.styles))[:MAX_HASHES],
        origins=tuple(origins)[:MAX_ORIGINS],
    )


def _hash(value: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(value.encode()).digest()).decode()}'"


class _Attributes(HTMLParser):
    """What is to run or to hold from attributes. What Liquid fills in is not known, so it never will."""

    def __init__(self) -> None:
        super().__init__()
        self.handlers: dict[str, None] = {}
        self.styles: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for given, value in attrs:
            name = given.strip(_FILLED)
            if value and _FILLED not in value and (name == "style" or name.startswith("on")):
                (self.styles if name == "style" else self.handlers)[value] = None


# ── what a template can show ──


def texts_of(texts: ScreenTexts) -> dict[str, str]:
    """The texts of a screen under the names templates know them by. Those a tenant made up (``var-terms-of-use``,
    there ``varTermsOfUse``) may link somewhere, in the way of Markdown."""
    shown: dict[str, str] = {}
    for key in texts.keys:
        if key.startswith("var-"):
            first, *rest = key.split("-")
            shown[first + "".join(part[:1].upper() + part[1:] for part in rest)] = _linked(texts(key))
        else:
            shown[key] = texts(key)
    return shown


def _linked(text: str) -> Markup:
    made, end = [], 0
    for found in _LINK.finditer(text):
        made += [escape(text[end : found.start()]), Markup('<a href="{}">{}</a>').format(found[2], found[1])]
        end = found.end()
    return Markup("").join([*made, escape(text[end:])])
