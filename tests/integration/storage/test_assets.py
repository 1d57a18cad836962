"""Files of the login pages, on both databases."""

from __future__ import annotations

from tests.integration.storage.conftest import OTHER, Nodes, T

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
