"""From a page to a response."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from doorward.web.login import assets, catalogue, headers, locales
from doorward.web.login.advanced_rendering import Drawing
from doorward.web.login.catalogue import ScreenTexts
from doorward.web.login.countries import names
from doorward.web.login.documents import (
    DemoDocument,
    FormPostDocument,
    FrontDocument,
    HelpDocument,
    InboxDocument,
    PreviewDocument,
    WebMessageDocument,
)
from doorward.web.login.look import Look
from doorward.web.login.monogram import monogram
from doorward.web.login.page_template import Frame, PageTemplate, UnfilledTemplate, texts_of
from doorward.web.login.pages import Page
from doorward.web.login.wording import Wording
from doorward.web.wire.http import Headers, Response, html_response


def render(
    page: Page,
    look: Look,
    locale: str,
    *,
    nonce: str | None = None,
    about: Mapping[str, Any] = MappingProxyType({}),
    told: Callable[[UnfilledTemplate], None] = lambda fault: None,
    drawing: Drawing | None = None,
) -> Response:
    """The page as people see it.

    ``locale`` is a BCP 47 tag (``locales.choose`` picks it); where it has no texts the page speaks
    English and says so. ``nonce`` is the policy's; by default a new one. ``about`` is what a tenant's template can show
    of tenant, application and person; when that template is of no use, ``told`` is, and the page is ours.
    With a ``drawing`` scripts of the tenant's own make the page, and its template, if there is to be one, has no
    widget.
    """
    nonce = nonce or secrets.token_urlsafe(16)
    texts = catalogue.screen_texts(
        locale,
        page.screen.prompt,
        page.screen.name,
        {"clientName": page.client_name or look.company_name, "companyName": look.company_name, **page.texts},
        look.texts,
    )
    wording = Wording(texts, page)
    values = {
        "page": page,
        "look": look,
        "t": texts,
        "wording": wording,
        "nonce": nonce if page.has_form else None,
        "language": texts.language,
        "direction": locales.direction(texts.language),
        "logo": look.logo_url or monogram(look.company_name, look.accent),
        "icon": look.favicon_url or monogram(look.company_name, look.accent),
        "stylesheets": assets.stylesheets(look, *page.stylesheets),
        "scripts": [*map(assets.path, page.scripts)],
        "key_script": assets.path("webauthn.js"),
        "framed": False,
        "titled": False,
        "drawn": "",
    }
    if drawing is not None:
        values["drawn"] = drawing.head(page, texts_of(texts), wording, texts.language, nonce)
        values["titled"] = not drawing.rendering.default_tags
    frame = look.template.frame(page.screen.prompt, page.screen.name) if look.template is not None else None
    html = None
    if frame is not None:
        try:
            html = _framed(frame, page, texts, {**values, "framed": True, "titled": frame.titled}, about, nonce)
        except UnfilledTemplate as fault:
            told(fault)
    if html is None:
        template = page.template if drawing is None else "drawn.html"
        frame, html = None, _environment().get_template(template).render(values)
    policy = headers.for_page(
        nonce=nonce,
        form=page.has_form,
        redirect_uri=page.redirect_uri,
        sources=page.sources,
        pictures=_pictures(about) if frame is not None else (),
        own=frame.allowed if frame is not None else None,
        drawn=drawing is not None,
        framable=look.allow_framing,
    )
    return html_response(html, page.http_status, (*policy, ("content-language", texts.language)))


def render_error(
    template: PageTemplate, told: Mapping[str, str], look: Look, status: int, *, nonce: str | None = None
) -> Response:
    """An error on a page that is the tenant's from end to end; ``told`` is what it can show. Raises
    ``UnfilledTemplate``."""
    nonce = nonce or secrets.token_urlsafe(16)
    frame = template.frame("", "")
    policy = headers.for_page(nonce=nonce, form=False, own=frame.allowed, framable=look.allow_framing)
    return html_response(frame.fill("", "", told, nonce), status, policy)


def _framed(
    frame: Frame, page: Page, texts: ScreenTexts, values: Mapping[str, Any], about: Mapping[str, Any], nonce: str
) -> str:
    """The page in the tenant's template. Raises ``UnfilledTemplate``."""
    drawn = values["drawn"]
    head = _environment().get_template("drawn_head.html" if drawn else "head.html").render(values)
    widget = "" if drawn else _environment().get_template(page.template).render(values)
    said = texts_of(texts)
    shown = {
        **about,
        "prompt": {"name": page.screen.prompt, "screen": {"name": page.screen.name, "texts": said, "text": said}},
        "locale": values["language"],
        "dir": values["direction"],
        "state": page.state,
    }
    return frame.fill(head, widget, shown, nonce)


def _pictures(about: Mapping[str, Any]) -> tuple[str, ...]:
    """Pictures of application and person, which a template may show."""
    shown = (about.get("application", {}).get("logo_url"), about.get("user", {}).get("picture"))
    return tuple(url for url in shown if isinstance(url, str))


def render_form_post(document: FormPostDocument, look: Look, locale: str, *, nonce: str | None = None) -> Response:
    """A form that posts itself; without scripts a button does."""
    nonce = nonce or secrets.token_urlsafe(16)
    policy = headers.for_form_post(nonce=nonce, redirect_uri=document.redirect_uri)
    return _document("form_post.html", document, policy, look, locale, nonce)


def render_web_message(document: WebMessageDocument, look: Look, locale: str, *, nonce: str | None = None) -> Response:
    """``postMessage`` to the opener of a popup or the parent of a frame, to one origin."""
    if not headers.is_origin(document.origin):
        raise ValueError(f"not an origin: {document.origin!r}")
    nonce = nonce or secrets.token_urlsafe(16)
    policy = headers.for_web_message(nonce=nonce)
    return _document("web_message.html", document, policy, look, locale, nonce)


def render_help(document: HelpDocument, look: Look, locale: str) -> Response:
    """What a rule means. No form, no script."""
    policy = _without_form(secrets.token_urlsafe(16))
    return _document("help.html", document, policy, look, locale)


def render_demo(document: DemoDocument, look: Look, locale: str, *, nonce: str | None = None) -> Response:
    """The demo application's page."""
    nonce = nonce or secrets.token_urlsafe(16)
    return _document("demo.html", document, _without_form(nonce), look, locale, nonce)


def render_inbox(document: InboxDocument, look: Look, locale: str, *, nonce: str | None = None) -> Response:
    """Messages that were not sent, or one of them in a frame of its own."""
    nonce = nonce or secrets.token_urlsafe(16)
    policy = headers.for_page(nonce=nonce, form=False, frames=True)
    return _document("inbox.html", document, policy, look, locale, nonce)


def render_preview(document: PreviewDocument, look: Look, locale: str) -> Response:
    """The screens there are, one of them in a frame. No form, no script."""
    policy = headers.for_page(nonce=secrets.token_urlsafe(16), form=False, frames=True)
    return _document("preview.html", document, policy, look, locale)


def render_front(document: FrontDocument, look: Look, locale: str) -> Response:
    """What stands at the address of a development server. No form, no script."""
    policy = _without_form(secrets.token_urlsafe(16))
    return _document("front.html", document, policy, look, locale)


_CARDS = ("form_post.html", "web_message.html")  # which look as pages of a login do


def _document(
    template: str,
    document: FormPostDocument
    | WebMessageDocument
    | HelpDocument
    | DemoDocument
    | FrontDocument
    | InboxDocument
    | PreviewDocument,
    policy: Headers,
    look: Look,
    locale: str,
    nonce: str | None = None,
) -> Response:
    texts = catalogue.screen_texts(locale, "doorward", template.removesuffix(".html"), {})
    html = (
        _environment()
        .get_template(template)
        .render(
            document=document,
            nonce=nonce,
            t=texts,
            language=texts.language,
            direction=locales.direction(texts.language),
            icon=monogram(look.company_name, look.accent),
            stylesheets=assets.stylesheets(look, *(() if template in _CARDS else ("documents.css",))),
        )
    )
    return html_response(html, 200, (*policy, ("content-language", texts.language)))


def _without_form(nonce: str) -> Headers:
    return headers.for_page(nonce=nonce, form=False)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("doorward.web.login"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["territories"] = names
    return environment
