"""A real browser for tests: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from playwright.sync_api import Browser, BrowserContext, Playwright

CHROMIUM = shutil.which("chromium")
NO_CHROMIUM = "Chromium is not installed (Debian: apt-get install chromium)"


# Windows without a profile refuse cookies to framed sites, whatever the preferences say.
PREFERENCES = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}

NOT_LOADED = "Failed to load resource:"  # a form that was not taken, a picture that is not there


@contextlib.contextmanager
def browser(driver: Playwright, hosts: Mapping[str, str] = MappingProxyType({})) -> Iterator[Browser]:
    """A browser for windows without a profile, each with cookies of its own. ``hosts`` are names it finds
    elsewhere: ``{"login.test": "127.0.0.1:8443"}``."""
    started = driver.chromium.launch(executable_path=_program(), args=_arguments(hosts))
    try:
        yield started
    finally:
        started.close()


@contextlib.contextmanager
def profile(driver: Playwright, folder: Path) -> Iterator[BrowserContext]:
    """A browser with a profile in ``folder``, as people have one: framed sites get their cookies too."""
    (folder / "Default").mkdir(parents=True)
    (folder / "Default" / "Preferences").write_text(json.dumps(PREFERENCES))
    context = driver.chromium.launch_persistent_context(
        folder, executable_path=_program(), args=_arguments({}), ignore_https_errors=True
    )
    try:
        yield context
    finally:
        context.close()


def _program() -> str:
    if CHROMIUM is None:
        raise RuntimeError(NO_CHROMIUM)
    return CHROMIUM


def _arguments(hosts: Mapping[str, str]) -> list[str]:
    rules = ", ".join(f"MAP {name} {address}" for name, address in hosts.items())
    return [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-extensions",
        *([f"--host-resolver-rules={rules}"] if rules else []),
    ]


class Complaints:
    """What the browser finds wrong with the pages of a context, in whatever tab, window or frame they are: scripts that
    fail, and what a content policy forbade."""

    def __init__(self, context: BrowserContext) -> None:
        self.heard: list[str] = []
        context.on("weberror", lambda failed: self.heard.append(str(failed.error)))
        context.on("console", lambda message: self._listen(message.text) if message.type == "error" else None)

    def _listen(self, text: str) -> None:
        if not text.startswith(NOT_LOADED):
            self.heard.append(text)
