"""From a page to a response."""

from __future__ import annotations

import secrets
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from doorward.web.login import assets, catalogue, headers, locales
from doorward.web.login.documents import (
    DemoDocument,
    FormPostDocument,
    FrontDocument,
    HelpDocument,
    InboxDocument,
    WebMessageDocument,
)
from doorward.web.login.look import Look
from doorward.web.login.monogram import monogram
from doorward.web.login.pages import Page
from doorward.web.login.wording import Wording
from doorward.web.wire.http import Headers, Response, html_response


def render(page: Page, look: Look, locale: str, *, nonce: str | None = None) -> Response:
    """The page as people see it.

    ``locale`` is a BCP 47 tag (``locales.choose`` picks it); where it has no texts the page speaks
    English and says so. ``nonce`` is the policy's; by default a new one.
    """
    nonce = nonce or secrets.token_urlsafe(16)
    texts = catalogue.screen_texts(
        locale,
        page.screen.prompt,
        page.screen.name,
        {"clientName": page.client_name or look.company_name, "companyName": look.company_name, **page.texts},
        look.texts,
    )
    language = texts.language
    html = (
        _environment()
        .get_template(page.template)
        .render(
            page=page,
            look=look,
            t=texts,
            wording=Wording(texts, page),
            nonce=nonce if page.has_form else None,
            language=language,
            direction=locales.direction(language),
            logo=look.logo_url or monogram(look.company_name, look.accent),
            icon=look.favicon_url or monogram(look.company_name, look.accent),
            stylesheets=assets.stylesheets(look),
            script=assets.path("login.js"),
        )
    )
    policy = headers.for_page(
        nonce=nonce,
        form=page.has_form,
        redirect_uri=page.redirect_uri,
        pictures=look.pictures,
        font=look.font_url,
        framable=look.allow_framing,
    )
    return html_response(html, page.http_status, (*policy, ("content-language", language)))


def render_form_post(document: FormPostDocument, look: Look, locale: str, *, nonce: str | None = None) -> Response:
    """A form that posts itself; without scripts a button does."""
    nonce = nonce or secrets.token_urlsafe(16)
    policy = headers.for_form_post(
        nonce=nonce, redirect_uri=document.redirect_uri, pictures=look.pictures, font=look.font_url
    )
    return _document("form_post.html", document, policy, look, locale, nonce)


def render_web_message(document: WebMessageDocument, look: Look, locale: str, *, nonce: str | None = None) -> Response:
    """``postMessage`` to the opener of a popup or the parent of a frame, to one origin."""
    if not headers.is_origin(document.origin):
        raise ValueError(f"not an origin: {document.origin!r}")
    nonce = nonce or secrets.token_urlsafe(16)
    policy = headers.for_web_message(nonce=nonce, pictures=look.pictures, font=look.font_url)
    return _document("web_message.html", document, policy, look, locale, nonce)


def render_help(document: HelpDocument, look: Look, locale: str) -> Response:
    """What a rule means. No form, no script."""
    policy = _without_form(look, secrets.token_urlsafe(16))
    return _document("help.html", document, policy, look, locale)


def render_demo(document: DemoDocument, look: Look, locale: str, *, nonce: str | None = None) -> Response:
    """The demo application's page."""
    nonce = nonce or secrets.token_urlsafe(16)
    return _document("demo.html", document, _without_form(look, nonce), look, locale, nonce)


def render_inbox(document: InboxDocument, look: Look, locale: str, *, nonce: str | None = None) -> Response:
    """Messages that were not sent, or one of them in a frame of its own."""
    nonce = nonce or secrets.token_urlsafe(16)
    policy = headers.for_page(nonce=nonce, form=False, frames=True)
    return _document("inbox.html", document, policy, look, locale, nonce)


def render_front(document: FrontDocument, look: Look, locale: str) -> Response:
    """What stands at the address of a development server. No form, no script."""
    policy = _without_form(look, secrets.token_urlsafe(16))
    return _document("front.html", document, policy, look, locale)


def _document(
    template: str,
    document: FormPostDocument | WebMessageDocument | HelpDocument | DemoDocument | FrontDocument | InboxDocument,
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
            stylesheets=assets.stylesheets(look),
        )
    )
    return html_response(html, 200, (*policy, ("content-language", texts.language)))


def _without_form(look: Look, nonce: str) -> Headers:
    return headers.for_page(nonce=nonce, form=False, pictures=look.pictures, font=look.font_url)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("doorward.web.login"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
