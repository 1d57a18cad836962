"""Every family of the Management API, once for all SDKs: a test of an SDK brings an ``Sdk`` and runs ``SCENARIOS``."""

from __future__ import annotations

from tests.sdk_families import people, plain, settings

SCENARIOS = [*plain.SCENARIOS, *settings.SCENARIOS, *people.SCENARIOS]
