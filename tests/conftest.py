"""Rules for every test: asynchronous ones run on asyncio, and nothing skips where all must run."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest

RUN_ALL = os.environ.get("DOORWARD_TEST_ALL") == "1"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    report = yield
    if RUN_ALL and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped where every test must run: {report.longrepr}"
    return report
