"""The help a terminal or a log leads to: one page per rule of the decision trace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from tests.integration.door import Door

from doorward.oauth.request_rules import ALL_RULES


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}").start()
    await door.tenant({})
    yield door
    await door.stop()


async def test_every_rule_has_a_page_that_says_what_it_means(door: Door) -> None:
    async with door.http() as http:
        for code, rule in ALL_RULES.items():
            page = await http.get(f"/_doorward/help/{code}")
            assert page.status_code == 200
            assert f'<h1 dir="auto">{rule.sentence}</h1>' in unescape(page.text)
            assert f'<code dir="ltr">{code}</code>' in page.text
            assert "'none'" in page.headers["content-security-policy"]


async def test_the_list_leads_to_each(door: Door) -> None:
    async with door.http() as http:
        page = await http.get("/_doorward/help")
    assert all(f'href="/_doorward/help/{code}"' in page.text for code in ALL_RULES)


async def test_an_unknown_rule_has_none(door: Door) -> None:
    async with door.http() as http:
        assert (await http.get("/_doorward/help/no.such_rule")).status_code == 404
