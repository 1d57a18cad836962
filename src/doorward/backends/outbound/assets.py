"""Fetches what tenants want to show on their login pages, and keeps it: never while somebody waits for a page.

Every serving process looks at the tenants whose configuration changed, once a second, and at what is to be asked for
again; of those that find the same file one fetches it. A tenant has a few of its files under way at a time, and is
looked after apart from the others: silent servers hold up its own. What is no longer wanted goes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from urllib.parse import urljoin

import msgspec

from doorward.backends.outbound.relay import GRACE_SECONDS
from doorward.management.resources.branding_assets import assets_of, wanted
from doorward.model.asset import ASSET, LARGEST, Asset, Use, digest_of, id_of, sniffed
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.document import Change, Delete, Document, Put
from doorward.model.log_event import LogEvent
from doorward.ports import (
    Assets,
    Clock,
    Conflict,
    Directory,
    HttpOut,
    OneTimeValues,
    StorageUnavailable,
    UnknownTenant,
    Unreachable,
)

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
FETCH_SECONDS = 15.0  # for a file, however often it is redirected
LEASE_SECONDS = 60.0
AT_A_TIME, OF_A_TENANT = 16, 4  # files, of up to ``LARGEST`` bytes
REDIRECTS = 3
DAY = 24 * 3600.0
PAUSES = (60.0, 600.0, 3600.0)  # after the first failure, the second, ...; then once a day
ACCEPT = {"accept": "image/*,font/*;q=0.9,*/*;q=0.1"}
REDIRECTING = frozenset({301, 302, 303, 307, 308})


class NotFetched(Exception):
    """Says why, without what the other side said."""


class AssetFetcher:
    """``start`` and ``stop`` it with the server."""

    def __init__(
        self, directory: Directory, assets: Assets, one_time_values: OneTimeValues, clock: Clock, http: HttpOut
    ) -> None:
        self._directory = directory
        self._assets = assets
        self._one_time_values = one_time_values
        self._clock = clock
        self._http = http
        self._seen: dict[str, tuple[TenantDirectory, float]] = {}  # and when to look again
        self._room = asyncio.Semaphore(AT_A_TIME)
        self._under_way: dict[str, asyncio.Task[int]] = {}  # the tenants that are looked after
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="assets")

    async def stop(self) -> None:
        """What is being fetched is fetched by another process, or after the next start."""
        task, self._task = self._task, None
        late = {*self._under_way.values(), *((task,) if task is not None else ())}
        for one in late:
            one.cancel()
        if late:
            await asyncio.wait(late, timeout=GRACE_SECONDS)

    async def _run(self) -> None:
        while True:
            self._begin()
            await asyncio.sleep(POLL_SECONDS)

    async def send_due(self) -> int:
        """Fetch everything that is due; how many files were asked for."""
        self._begin()
        return sum(await asyncio.gather(*self._under_way.values()))

    def _begin(self) -> None:
        """Look after every tenant where something is due, unless that is being done."""
        now = self._clock.now()
        self._under_way = {tenant: task for tenant, task in self._under_way.items() if not task.done()}
        for tenant in self._directory.tenants():
            directory = self._directory.tenant(tenant.id)
            seen, again_at = self._seen.get(tenant.id, (None, 0.0))
            if tenant.id not in self._under_way and (seen is not directory or now >= again_at):
                task = asyncio.create_task(self._look_after(directory, now), name="assets of a tenant")
                self._under_way[tenant.id] = task

    async def _look_after(self, directory: TenantDirectory, now: float) -> int:
        tenant = directory.tenant.id
        try:
            return await self._settle(directory, now)
        except (Conflict, UnknownTenant):  # somebody else was faster: look at what there is then
            self._seen.pop(tenant, None)
        except StorageUnavailable:
            logger.debug("the files of a tenant's pages cannot be kept now")
        except Exception:  # what nobody foresaw
            logger.exception("the files of a tenant's pages were not fetched")
            self._seen[tenant] = (directory, now + DAY)
        return 0

    async def _settle(self, directory: TenantDirectory, now: float) -> int:
        """One tenant. Raises ``Conflict``, ``UnknownTenant``."""
        tenant, known, uses = directory.tenant.id, assets_of(directory), wanted(directory)
        await self._drop(directory, [asset for url, asset in known.items() if url not in uses])
        due = [url for url in uses if url not in known or known[url].again_at <= now]
        room = asyncio.Semaphore(OF_A_TENANT)

        async def settled(url: str) -> bool:
            """Whether it was this process that asked for it."""
            async with room, self._room:
                if not await self._take(directory, url, self._clock.now()):
                    return False
                asset, content = await self._fetched(url, uses[url], known.get(url), now)
                await self._write(tenant, asset, content, known.get(url))
                return True

        asked: list[bool] = []
        for done in await asyncio.gather(*map(settled, due), return_exceptions=True):
            if isinstance(done, BaseException):
                raise done
            asked.append(done)
        directory = self._directory.tenant(tenant)
        times = [asset.again_at for asset in assets_of(directory).values()]
        times += [now + LEASE_SECONDS for mine in asked if not mine]
        self._seen[tenant] = (directory, min(times, default=now + DAY))
        return sum(asked)

    async def _take(self, directory: TenantDirectory, url: str, now: float) -> bool:
        """Whether this process is the one to fetch."""
        document = directory.documents[ASSET].get(id_of(url))
        turn = digest(f"asset|{url}|{document.revision if document is not None else 0}")
        until = now + LEASE_SECONDS
        return await self._one_time_values.use(directory.tenant.id, turn, at=now, expires_at=until)

    async def _fetched(self, url: str, use: Use, before: Asset | None, now: float) -> tuple[Asset, bytes]:
        """What is to be known of the file from now on, and what is new in it."""
        before = before or Asset(url=url, use=use, again_at=now)
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                content, type_ = await self._fetch(url, use)
        except (NotFetched, TimeoutError) as error:
            why = str(error) or "it took too long"
            pause = PAUSES[before.tries] if before.tries < len(PAUSES) else DAY
            asset = msgspec.structs.replace(before, error=why, tries=before.tries + 1, again_at=now + pause, use=use)
            return asset, b""
        name, size = digest_of(content), len(content)
        return Asset(url=url, use=use, again_at=now + DAY, digest=name, content_type=type_, size=size), content

    async def _fetch(self, url: str, use: Use) -> tuple[bytes, str]:
        """Raises ``NotFetched``."""
        at = url
        for _ in range(REDIRECTS + 1):
            try:
                answer = await self._http.send("GET", at, headers=ACCEPT, seconds=FETCH_SECONDS, largest=LARGEST)
            except Unreachable as error:  # what names and addresses there are inside is no tenant's to ask
                logger.info("a file of a tenant's pages cannot be fetched: %s", error.reason)
                raise NotFetched(f"it cannot be reached, or is larger than {LARGEST} bytes") from None
            if answer.status in REDIRECTING and "location" in answer.headers:
                at = urljoin(at, answer.headers["location"])
                if not at.startswith("https://"):
                    raise NotFetched("it is redirected to what is not https")
                continue
            if answer.status != 200:
                raise NotFetched(f"it was answered {answer.status}")
            type_ = sniffed(answer.body, use)
            if type_ is None:
                raise NotFetched(f"it is no {use} a page can show")
            return answer.body, type_
        raise NotFetched("it is redirected too often")

    async def _write(self, tenant: str, asset: Asset, content: bytes, before: Asset | None) -> None:
        """Raises ``Conflict``, ``UnknownTenant``."""
        id_ = id_of(asset.url)
        directory = self._directory.tenant(tenant)
        if asset.url not in wanted(directory):
            return
        known = directory.documents[ASSET].get(id_)
        document = Document(kind=ASSET, id=id_, body=msgspec.to_builtins(asset))
        put = Put(document=document, expected_revision=known.revision if known is not None else None)
        is_news = asset.error and (before is None or before.error != asset.error)
        if content:
            await self._assets.keep(tenant, asset.digest, content)
        await self._directory.change(tenant, [put], (self._event(asset),) if is_news else ())
        if content:  # in between another process may have dropped what no document named
            await self._assets.keep(tenant, asset.digest, content)
        if before is not None and before.digest not in ("", asset.digest):
            await self._assets.drop(tenant, [before.digest])

    async def _drop(self, directory: TenantDirectory, assets: Sequence[Asset]) -> None:
        """Remove what nobody wants, of the tenant as it was seen. Raises ``Conflict``, ``UnknownTenant``."""
        if not assets:
            return
        tenant = directory.tenant
        gone: list[Change] = [Delete(kind=ASSET, id=id_of(asset.url)) for asset in assets]
        await self._directory.change(tenant.id, gone, at_revision=tenant.revision)
        await self._assets.drop(tenant.id, [asset.digest for asset in assets])

    def _event(self, asset: Asset) -> LogEvent:
        return LogEvent(
            type="w",
            date=self._clock.now(),
            description=f"A {asset.use} of the login pages cannot be fetched: {asset.error}",
            details={"url": asset.url, "use": asset.use},
        )
