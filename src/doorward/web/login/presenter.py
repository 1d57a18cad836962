"""Pages in answer to a request: the tenant's look, the reader's language, the right headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import parse_qs

import msgspec

from doorward.liquid_thread import LiquidThread
from doorward.management.resources.branding import PAGE_TEMPLATE
from doorward.management.resources.branding_assets import assets_of
from doorward.management.resources.branding_dark import ID as BRANDING_DARK
from doorward.management.resources.branding_themes import THEME as BRANDING_THEME
from doorward.management.resources.prompts import CUSTOM_TEXT, PARTIALS
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind
from doorward.model.log_event import LogEvent
from doorward.oauth.authorization import TransactionGone
from doorward.oauth.errors import InvalidRequest, OAuthError
from doorward.ports import Clock, Directory, Log, Overloaded
from doorward.web.login import assets, headers, locales
from doorward.web.login.advanced_rendering import drawing_of, is_drawn
from doorward.web.login.catalogue import Texts
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
from doorward.web.login.page_template import PageTemplate, UnfilledTemplate
from doorward.web.login.pages import ErrorPage, Page
from doorward.web.login.render import (
    render,
    render_demo,
    render_error,
    render_form_post,
    render_front,
    render_help,
    render_inbox,
    render_preview,
    render_web_message,
)
from doorward.web.login.template_variables import about
from doorward.web.wire.http import Later, Request, Response, made, redirect, text_response, with_query
from doorward.web.wire.parameters import query_parameters

MAX_LOOKS = 1000
FORBIDDEN_IN_FRAMES = re.compile(rb"<script\b.*?</script>|(<\w[^>]*?) autofocus", re.DOTALL)


class Presenter:
    """Renders for one server. ``shows_hints``: error pages tell a developer what to mend."""

    def __init__(self, directory: Directory, log: Log, clock: Clock, *, shows_hints: bool) -> None:
        self._directory = directory
        self._log = log
        self._clock = clock
        self._shows_hints = shows_hints
        self._thread = LiquidThread("pages")
        self._looks: dict[str, tuple[TenantDirectory, Look]] = {}

    def _look(self, directory: TenantDirectory) -> Look:
        """The tenant's look, made anew when its configuration is another."""
        known = self._looks.get(directory.tenant.id)
        if known is None or known[0] is not directory:
            if len(self._looks) >= MAX_LOOKS:
                self._looks.pop(next(iter(self._looks)))
            known = self._looks[directory.tenant.id] = (directory, look_of(directory))
        return known[1]

    def render(
        self,
        request: Request,
        page: Page,
        asked: Mapping[str, str] = MappingProxyType({}),
        connection: Connection | None = None,
    ) -> Response:
        """The page as an answer. ``asked`` are the parameters of the authorization request; ``connection`` is the one
        it is about."""
        tenant = self._directory.tenant(request.issuer.tenant)
        look, locale = self._look(tenant), _locale(request, tenant, asked.get("ui_locales", ""))
        drawing = None
        if is_drawn(tenant, page):
            told = about(tenant, request.issuer, page, look, asked)
            drawing = drawing_of(tenant, page, told, asked, connection)
        template = look.template if drawing is None or drawing.rendering.in_template else None
        stock = msgspec.structs.replace(look, template=None) if look.template is not None else look
        if template is None:
            return render(page, stock, locale, drawing=drawing)

        def fill(told: Callable[[UnfilledTemplate], None]) -> Response:
            known = about(tenant, request.issuer, page, look, asked)
            return render(page, look, locale, about=known, told=told, drawing=drawing)

        return self._filled(request, page, template, fill, lambda: render(page, stock, locale, drawing=drawing))

    def _filled(
        self,
        request: Request,
        page: Page,
        template: PageTemplate,
        fill: Callable[[Callable[[UnfilledTemplate], None]], Response],
        stock: Callable[[], Response],
    ) -> Response:
        """What a template of the tenant's makes of the page, beside the loop; ``fill`` tells what it could not use.
        While the template rests, or too much is to be filled, the answer is the ``stock`` one."""
        if template.rests(self._clock.now()):
            return stock()
        tenant, faults = request.issuer.tenant, list[UnfilledTemplate]()

        async def make() -> Response:
            try:
                response = await self._thread.run(tenant, lambda: fill(faults.append))
            except Overloaded:
                return stock()
            now = self._clock.now()
            for fault in faults:
                if fault.costly:
                    template.leave_alone(now)
                if template.is_news(page.screen.prompt, page.screen.name):
                    self._log.write(tenant, _unfilled(fault, page, request, now))
            return response

        return Later(make)

    def locale(self, request: Request, ui_locales: str = "") -> str:
        """The language of the tenant's that the reader of ``request`` reads best (BCP 47)."""
        return _locale(request, self._directory.tenant(request.issuer.tenant), ui_locales)

    def document(self, request: Request, document: FormPostDocument | WebMessageDocument) -> Response:
        """An answer that carries itself to the application."""
        tenant = self._directory.tenant(request.issuer.tenant)
        look, locale = self._look(tenant), _locale(request, tenant, "")
        if isinstance(document, FormPostDocument):
            return render_form_post(document, look, locale)
        return render_web_message(document, look, locale)

    async def static_file(self, request: Request) -> Response:
        """Style sheets and scripts of the pages, at addresses that name their content."""
        look = self._look(self._directory.tenant(request.issuer.tenant))
        found, kept = assets.find(request.path, look), assets.CACHE_CONTROL
        if found is None and request.path.endswith(f"/{assets.THEME}"):
            # A page of before the last change, or of a server that knows of it already.
            found, kept = assets.current_theme(look), "no-store"
        if found is None:
            return text_response("Not Found\n", 404)
        described = (("content-type", found.content_type), ("cache-control", kept), ("etag", found.etag))
        return Response(200, found.body, described)

    def help(self, request: Request, document: HelpDocument) -> Response:
        """What the rules of the decision trace mean."""
        tenant = self._directory.tenant(request.issuer.tenant)
        return render_help(document, self._look(tenant), _locale(request, tenant, ""))

    def demo(self, request: Request, document: DemoDocument) -> Response:
        """Where the demo application is answered."""
        tenant = self._directory.tenant(request.issuer.tenant)
        return render_demo(document, self._look(tenant), _locale(request, tenant, ""))

    def inbox(self, request: Request, document: InboxDocument) -> Response:
        """What a development server would have sent."""
        tenant = self._directory.tenant(request.issuer.tenant)
        return render_inbox(document, self._look(tenant), _locale(request, tenant, ""))

    def preview(self, request: Request, document: PreviewDocument) -> Response:
        """Every screen of a development server's tenant."""
        tenant = self._directory.tenant(request.issuer.tenant)
        return render_preview(document, self._look(tenant), _locale(request, tenant, ""))

    async def sample(self, request: Request, page: Page, language: str, *, framed: bool) -> Response:
        """One of them as it may look in life, which another page of ours may have in a frame; ``framed`` it is without
        what its sandbox would forbid it, and the browser complain of."""
        shown = await made(self.render(request, page, {"ui_locales": language}))
        body = FORBIDDEN_IN_FRAMES.sub(rb"\1", shown.body) if framed and isinstance(shown.body, bytes) else shown.body
        return Response(200, body, headers.framed_by_us(shown.headers))

    def front(
        self, request: Request, logins: Mapping[str, Mapping[str, str]], inbox: str, paths: tuple[str, ...]
    ) -> Response:
        """What a development server shows at its address."""
        tenant = self._directory.tenant(request.issuer.tenant)
        look = self._look(tenant)
        document = FrontDocument(look.company_name, request.issuer.host, logins, inbox, paths)
        return render_front(document, look, _locale(request, tenant, ""))

    def error(self, request: Request, error: OAuthError, client: Client | None = None) -> Response:
        """An error nobody may be redirected with, in the name of the ``client`` that asked where it is known; a tenant
        can have a page of its own for it."""
        tenant = self._directory.tenant(request.issuer.tenant)
        look, locale = self._look(tenant), _locale(request, tenant, "")
        told = {**_named(request), "lang": locale, "error": error.error, "error_description": error.description}
        told["tracking"] = request.request_id
        elsewhere = (tenant.settings.error_page or {}).get("url")
        if isinstance(elsewhere, str) and elsewhere.startswith("https://"):
            return redirect(with_query(elsewhere, told))
        page = ErrorPage(
            error=error.error,
            detail=error.description,
            tracking=request.request_id,
            hint=(error.hint or "") if self._shows_hints else "",
            client_name=client.name if client is not None else "",
            client_id=client.client_id if client is not None else "",
            status=error.status,
        )
        own = look.error_page
        if own is None:
            return self.render(request, page)

        def fill(refuse: Callable[[UnfilledTemplate], None]) -> Response:
            try:
                return render_error(own, told, look, page.http_status)
            except UnfilledTemplate as fault:
                refuse(fault)
                return self.render(request, page)

        return self._filled(request, page, own, fill, lambda: self.render(request, page))

    def gone(self, request: Request, gone: TransactionGone, *, came_twice: bool) -> Response:
        """There is no login to go on with: back to where logins begin, or a page that says so. A request that may have
        ``came_twice`` goes where the one before it led."""
        if came_twice and gone.leads_on:
            return redirect(gone.way_on)
        tenant = self._directory.tenant(request.issuer.tenant)
        start = gone.client.initiate_login_uri if gone.client is not None else ""
        start = start or tenant.settings.default_redirection_uri
        if start.startswith("https://"):
            return redirect(start)
        return self.render(
            request,
            ErrorPage(
                error="invalid_request",
                detail=_GONE[gone.reason],
                tracking=request.request_id,
                client_name=gone.client.name if gone.client is not None else "",
                expired=True,
                start_again=start or gone.way_on,
            ),
        )


def _named(request: Request) -> dict[str, str]:
    """What an error page of the tenant's is told of the request: which application and connection it named."""
    try:
        sent = query_parameters(request)
    except InvalidRequest:
        return {}
    return {name: sent[name] for name in ("client_id", "connection") if name in sent}


_GONE = {
    "unknown": "There is no such login in progress.",
    "other_browser": "This login was begun in another browser, or its cookie is gone.",
    "finished": "This login is finished already.",
    "expired": "This login was left open for too long.",
}


def look_of(directory: TenantDirectory) -> Look:
    """What the tenant's settings, branding, theme and texts change."""
    branding = directory.documents[Kind.CONFIGURATION].get("branding")
    theme = next(iter(directory.documents[BRANDING_THEME].values()), None)  # the one that was made first
    dark = directory.documents[Kind.CONFIGURATION].get(BRANDING_DARK)
    own = {document.id: document.body for document in directory.documents[CUSTOM_TEXT].values()}
    return Look.of(
        directory.settings,
        branding.body if branding is not None else None,
        theme=theme.body if theme is not None else None,
        dark=dark.body if dark is not None else None,
        texts=Texts(own),
        template=_template(directory),
        name=directory.tenant.domain,
        kept={url: asset.path for url, asset in assets_of(directory).items()},
    )


def _template(directory: TenantDirectory) -> PageTemplate | None:
    document = directory.documents[Kind.CONFIGURATION].get(PAGE_TEMPLATE.id)
    if document is None:
        return None
    partials = {prompt: found.body for prompt, found in directory.documents[PARTIALS].items()}
    return PageTemplate(document.body["body"], partials)


def _unfilled(fault: UnfilledTemplate, page: Page, request: Request, at: float) -> LogEvent:
    screen = page.screen
    return LogEvent(
        type="w",
        date=at,
        description=f"The page template cannot be used for {screen.name}, the stock page was shown instead: {fault}",
        client_id=page.client_id or None,
        client_name=page.client_name or None,
        ip=request.context.ip,
        user_agent=request.context.user_agent,
        hostname=request.context.hostname,
        details={"prompt": screen.prompt, "screen": screen.name},
    )


def _locale(request: Request, directory: TenantDirectory, ui_locales: str) -> str:
    """``ui_locales`` are those of the login; a page of none, such as an error or a logout, goes by its own address."""
    if not ui_locales and b"ui_locales=" in request.query:
        ui_locales = parse_qs(request.query.decode("ascii", "replace")).get("ui_locales", [""])[0]
    return locales.choose(directory.settings.enabled_locales, ui_locales, request.headers.get("accept-language"))
