from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import doorward

# What only some servers ever need, or only for a moment.
HEAVY = ("alembic", "sqlalchemy", "liquid", "webauthn", "cbor2", "httpcore2", "aiosmtplib")


def test_the_package_and_its_metadata_tell_one_version() -> None:
    assert doorward.__version__ == version("doorward")


def test_a_server_loads_what_is_heavy_when_it_needs_it() -> None:
    script = f"import sys, doorward.app, doorward.cli.dev\nprint(*set(sys.modules) & set({HEAVY!r}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.split() == []


MEASURED = """
import asyncio, re
from doorward.backends.keys import password_hashes

password_hashes.IDLE_SECONDS = 0.2

def resident():
    return int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1])

async def measured():
    hasher = password_hashes.PasswordHasher(workers=1)
    await asyncio.gather(*(hasher.hash("x") for _ in range(4)))
    busy = resident()
    for _ in range(100):
        await asyncio.sleep(0.1)
        if busy - resident() > 15_000:
            break
    print(busy - resident())

asyncio.run(measured())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_of_password_hashes_is_given_back() -> None:
    measured = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True, timeout=60)
    assert int(measured.stdout) > 15_000, "KiB; a hash takes 19,456"
