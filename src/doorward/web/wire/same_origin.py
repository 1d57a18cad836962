"""Whether a form was posted by a page of ours: the browser's own word for it."""

from __future__ import annotations

from doorward.web.wire.http import Request


def is_same_origin(request: Request) -> bool:
    """By ``Sec-Fetch-Site``, else by ``Origin``. A client that sends neither is no browser that could be
    made to forge a form; it still has to know the transaction and its cookie."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.origin
    return origin is None or origin.lower() == f"https://{request.issuer.host}"
