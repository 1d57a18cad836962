"""Filling in what tenants wrote: nobody waits for more than their turn."""

from __future__ import annotations

import asyncio
import threading

import pytest

from doorward.liquid_thread import LiquidThread
from doorward.ports import Overloaded

pytestmark = pytest.mark.anyio


async def test_each_tenant_has_its_turn_and_the_event_loop_goes_on() -> None:
    thread, gate, done = LiquidThread("test"), threading.Event(), list[str]()

    def work(name: str) -> None:
        assert gate.wait(10), "the event loop stood still"
        done.append(name)

    greedy = [asyncio.create_task(thread.run("a", lambda n=n: work(f"a{n}"))) for n in range(4)]
    await asyncio.sleep(0)
    modest = asyncio.create_task(thread.run("b", lambda: work("b0")))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*greedy, modest)
    assert done.index("b0") <= 1, done
    assert sorted(done) == ["a0", "a1", "a2", "a3", "b0"]


async def test_a_line_has_an_end() -> None:
    thread, gate = LiquidThread("test", waiting=2), threading.Event()
    waiting = [asyncio.create_task(thread.run("a", lambda: gate.wait(10))) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await thread.run("a", lambda: True)
    gate.set()
    assert await thread.run("b", lambda: "other tenants") == "other tenants"
    assert await asyncio.gather(*waiting) == [True, True]
    assert await thread.run("a", lambda: True)
