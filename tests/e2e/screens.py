"""A command that photographs every screen of Universal Login.

    python -m tests.e2e.screens OUT_DIR [NAME ...] [--locale TAG]

writes one PNG per screen, colour scheme and width, in English or in another language. A name may be a pattern
(``'mfa-*'``). Some screens are there in the
looks of tenants as well.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from doorward.web.login.samples import BRANDED, SAMPLES, STOCK, THEMED

ORIGIN = "https://login.acme.test"
DEVICES = {"desktop": (1280, 860), "phone": (390, 780), "narrow": (320, 640)}
LOOKS = {"": STOCK, "-branded": BRANDED, "-themed": THEMED}
IN_EVERY_LOOK = frozenset(("login-wrong", "login-social", "signup-weak", "consent", "mfa-otp-enrollment-qr"))


def photograph(folder: Path, names: Sequence[str], locale: str) -> None:
    from playwright.sync_api import sync_playwright
    from tests import chromium
    from tests.e2e.login_pages.site import serve

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver, chromium.browser(driver) as browser:
        for scheme in ("light", "dark"):
            for device, (width, height) in DEVICES.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=1.5
                )
                page = context.new_page()
                for name, screen in SAMPLES.items():
                    if not any(fnmatch(name, wanted) for wanted in names or ("*",)):
                        continue
                    for suffix, look in LOOKS.items() if name in IN_EVERY_LOOK else [("", STOCK)]:
                        serve(page, screen, look, locale)
                        page.goto(f"{ORIGIN}/u/page")
                        page.screenshot(path=folder / f"{name}{suffix}-{scheme}-{device}.png", full_page=True)
                context.close()


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--locale", default="en")
    asked = parser.parse_args()
    photograph(asked.folder, asked.names, asked.locale)
