"""Rules for every test: asynchronous ones run on asyncio, and nothing skips where all must run."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings
from tests.databases import database as database
from tests.databases import postgresql as postgresql

RUN_ALL = os.environ.get("DOORWARD_TEST_ALL") == "1"
# The same examples each time, however slow the machine: a run that fails is a run that can be repeated. Where all must
# run there are more of them.
settings.register_profile(
    "doorward", derandomize=True, database=None, deadline=None, max_examples=100 if RUN_ALL else 40
)
settings.load_profile("doorward")
pytest.register_assert_rewrite("tests.sdk_families")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


# Data that is no part of the project: without it these tests are reported as absent everywhere.
OUTSIDE = ("DOORWARD_SHARED names no folder", "DOORWARD_TEST_VECTORS names no folder")


def refuse_skip(report: Any) -> Any:
    # An expected failure is reported as skipped too; that one is no gap in the run.
    absent = any(reason in str(report.longrepr) for reason in OUTSIDE)
    if RUN_ALL and report.skipped and not absent and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where every test must run: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    return refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    return refuse_skip((yield))  # a whole module can skip itself
