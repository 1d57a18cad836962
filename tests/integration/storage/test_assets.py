"""Files of the login pages, on both databases."""

from __future__ import annotations

from tests.integration.storage.conftest import OTHER, Nodes, T

from doorward.model.asset import ASSET
from doorward.model.document import Delete, Document, Put

CONTENT = bytes(range(256)) * 4096


async def test_a_file_is_kept_as_it_is_by_its_tenant_until_it_goes(nodes: Nodes) -> None:
    await nodes.one.assets.keep(T, "a", CONTENT)
    await nodes.two.assets.keep(T, "a", CONTENT)
    await nodes.one.assets.keep(T, "b", b"b")
    assert await nodes.two.assets.find(T, "a") == CONTENT
    assert await nodes.two.assets.find(OTHER, "a") is None
    await nodes.two.assets.drop(OTHER, ["a"])
    await nodes.two.assets.drop(T, ["a", "c"])
    assert await nodes.one.assets.find(T, "a") is None
    assert await nodes.one.assets.find(T, "b") == b"b"


async def test_what_a_document_names_stays_whoever_drops_it(nodes: Nodes) -> None:
    document = Document(kind=ASSET, id="logo", body={"url": "https://cdn.test/logo.png", "digest": "a"})
    await nodes.one.directory.change(T, [Put(document=document)])
    for tenant in (T, OTHER):
        await nodes.one.assets.keep(tenant, "a", CONTENT)
        await nodes.two.assets.drop(tenant, ["a"])
    assert await nodes.two.assets.find(T, "a") == CONTENT
    assert await nodes.two.assets.find(OTHER, "a") is None
    await nodes.one.directory.change(T, [Delete(kind=ASSET, id="logo")])
    await nodes.two.assets.drop(T, ["a"])
    assert await nodes.one.assets.find(T, "a") is None


async def test_what_no_document_names_is_swept(nodes: Nodes) -> None:
    for url in ("logo", "icon"):
        document = Document(kind=ASSET, id=url, body={"url": f"https://cdn.test/{url}.png", "digest": "a"})
        await nodes.one.directory.change(T, [Put(document=document)])
    for tenant in (T, OTHER):
        for digest in ("a", "b"):
            await nodes.one.assets.keep(tenant, digest, CONTENT)

    async def kept() -> list[tuple[str, str]]:
        return [
            (tenant, digest)
            for tenant in (T, OTHER)
            for digest in ("a", "b")
            if await nodes.one.assets.find(tenant, digest) is not None
        ]

    assert await nodes.two.sweep(nodes.now) == 3
    assert await kept() == [(T, "a")]
    await nodes.one.directory.change(T, [Delete(kind=ASSET, id="logo")])
    await nodes.two.sweep(nodes.now)
    assert await kept() == [(T, "a")], "another one names it"
    await nodes.one.directory.change(T, [Delete(kind=ASSET, id="icon")])
    await nodes.two.sweep(nodes.now)
    assert await kept() == []
