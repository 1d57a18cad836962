"""Every screen as a development server's tenant has it: ``/_doorward/preview``, each in a frame or on its own."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from doorward.ports import Directory
from doorward.web.login.documents import PreviewDocument
from doorward.web.login.pages import Page
from doorward.web.login.presenter import Presenter
from doorward.web.router import Handler, Route
from doorward.web.wire.http import Request, Response, text_response

PATH = "/_doorward/preview"


def routes(directory: Directory, presenter: Presenter) -> list[Route]:
    from doorward.web.login.samples import SAMPLES  # which no other server needs

    return [
        Route("GET", PATH, _list(directory, presenter, SAMPLES)),
        Route("GET", f"{PATH}/{{name}}", _screen(presenter, SAMPLES)),
    ]


def _list(directory: Directory, presenter: Presenter, samples: Mapping[str, Page]) -> Handler:
    """The screens there are, and one of them: ``?screen=``, ``?language=``."""

    async def handler(request: Request) -> Response:
        languages = tuple(directory.tenant(request.issuer.tenant).settings.enabled_locales)
        asked = _asked(request, "screen")
        shown = asked if asked in samples else next(iter(samples))
        language = presenter.locale(request, _asked(request, "language"))
        return presenter.preview(request, PreviewDocument(tuple(samples), shown, languages, language))

    return handler


def _screen(presenter: Presenter, samples: Mapping[str, Page]) -> Handler:
    async def handler(request: Request) -> Response:
        page = samples.get(request.path_parameters["name"])
        if page is None:
            return text_response("There is no such screen\n", 404)
        return await presenter.sample(
            request, page, _asked(request, "language"), framed=bool(_asked(request, "framed"))
        )

    return handler


def _asked(request: Request, name: str) -> str:
    return parse_qs(request.query.decode("ascii", "replace")).get(name, [""])[-1]
