"""Pictures and fonts of the login pages: which there are to be, and what became of each.

Whoever writes a URL into branding, theme or settings wants it; a server with that tenant fetches it a moment later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.writing import commit
from doorward.management.resources.branding_dark import ID as DARK
from doorward.management.resources.branding_themes import THEME
from doorward.model.asset import ASSET, Asset, Use, id_of
from doorward.model.directory import TenantDirectory
from doorward.model.document import Delete, Kind


def assets_of(directory: TenantDirectory) -> dict[str, Asset]:
    """What was fetched for a tenant, or was not to be had, by its URL."""
    read = (msgspec.convert(document.body, Asset) for document in directory.documents[ASSET].values())
    return {asset.url: asset for asset in read}


def wanted(directory: TenantDirectory) -> dict[str, Use]:
    """The URLs a tenant's pages are to show something from."""
    found: dict[str, Use] = {}
    for url, use in _named(directory):
        if isinstance(url, str) and url.startswith("https://"):
            found.setdefault(url, use)
    return found


def _named(directory: TenantDirectory) -> Iterator[tuple[object, Use]]:
    branding, dark = (directory.documents[Kind.CONFIGURATION].get(id_) for id_ in ("branding", DARK))
    theme = next(iter(directory.documents[THEME].values()), None)
    yield directory.settings.picture_url, Use.PICTURE
    if branding is not None:
        yield branding.body.get("logo_url"), Use.PICTURE
        yield branding.body.get("favicon_url"), Use.PICTURE
        yield _part(branding.body, "font").get("url"), Use.FONT
    for look in filter(None, (theme, dark)):
        yield _part(look.body, "widget").get("logo_url"), Use.PICTURE
        yield _part(look.body, "page_background").get("background_image_url"), Use.PICTURE
        yield _part(look.body, "fonts").get("font_url"), Use.FONT


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    return part if isinstance(part, Mapping) else {}


async def _listed(call: Call) -> Any:
    """Every file there is to be, and what became of it."""
    known = assets_of(call.directory)
    shown: list[dict[str, Any]] = []
    for url, use in wanted(call.directory).items():
        asset = known.get(url)
        if asset is None:
            shown.append({"url": url, "use": use, "status": "pending"})
            continue
        told = {"path": asset.path, "content_type": asset.content_type, "size": asset.size, "error": asset.error}
        known_of = {name: value for name, value in told.items() if value}
        shown.append({"url": url, "use": use, "status": "kept" if asset.path else "failed", **known_of})
    return shown


async def _forget(call: Call) -> Answer:
    """Have everything fetched again."""
    gone = [Delete(kind=ASSET, id=id_of(url)) for url in assets_of(call.directory)]
    if gone:
        await commit(call, gone, status=204)
    return Answer(status=204, body=NOTHING)


OUR_RESOURCES: tuple[Shape, ...] = (
    View(
        path="/branding/assets",
        scopes=("read:branding",),
        summary="List pictures and fonts of the login pages",
        answer=_listed,
    ),
    Command(
        method="DELETE",
        path="/branding/assets",
        scopes=("update:branding",),
        summary="Fetch pictures and fonts of the login pages again",
        run=_forget,
    ),
)
