"""Serves the pictures and fonts a tenant's pages show, from what was fetched."""

from __future__ import annotations

from collections import OrderedDict

from doorward.management.resources.branding_assets import assets_of
from doorward.model.asset import PREFIX, Use
from doorward.ports import Assets, Directory
from doorward.web.login import headers
from doorward.web.login.assets import CACHE_CONTROL
from doorward.web.router import Route
from doorward.web.wire.http import Request, Response, text_response

MOST_HELD = 32 * 1024 * 1024


class KeptAssets:
    """``held`` are those asked for last, up to ``MOST_HELD`` bytes."""

    def __init__(self, directory: Directory, assets: Assets) -> None:
        self._directory = directory
        self._assets = assets
        self._held: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._size = 0

    def routes(self) -> list[Route]:
        """Where they are to be had."""
        return [Route("GET", f"{PREFIX}{{digest}}", self.serve)]

    async def serve(self, request: Request) -> Response:
        """A file by what it holds: what is at an address never changes."""
        directory = self._directory.tenant(request.issuer.tenant)
        digest = request.path_parameters["digest"]
        asset = next((one for one in assets_of(directory).values() if one.digest == digest), None)
        content = await self._content(directory.tenant.id, digest) if asset is not None else None
        if asset is None or content is None:
            return text_response("Not Found\n", 404)
        told = (("content-type", asset.content_type), ("cache-control", CACHE_CONTROL), ("etag", f'"{digest}"'))
        # A page in a sandbox, as those of the preview are, is of no origin, and asks for fonts as a stranger does.
        shared = (("access-control-allow-origin", "*"),) if asset.use is Use.FONT else ()
        return Response(200, content, (*told, *shared, *headers.for_asset()))

    async def _content(self, tenant: str, digest: str) -> bytes | None:
        wanted = (tenant, digest)
        if wanted in self._held:
            self._held.move_to_end(wanted)
            return self._held[wanted]
        found = await self._assets.find(tenant, digest)
        if found is not None and wanted not in self._held:
            self._held[wanted] = found
            self._size += len(found)
            while self._size > MOST_HELD:
                self._size -= len(self._held.popitem(last=False)[1])
        return found
