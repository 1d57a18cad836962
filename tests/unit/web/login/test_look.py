"""A tenant's branding, as the Management API has it, becomes the look of its pages."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.model.tenant import TenantFlags, TenantSettings
from doorward.web.login.look import Look
from doorward.web.login.monogram import monogram


def test_a_new_tenant_looks_good_by_default() -> None:
    look = Look.of(TenantSettings())
    assert look == Look()
    assert look.company_name == "Doorward"


def test_settings_and_branding_are_taken() -> None:
    settings = TenantSettings(
        friendly_name="Acme",
        picture_url="https://acme.test/old.png",
        support_email="help@acme.test",
        support_url="https://acme.test/help",
        flags=TenantFlags(disable_clickjack_protection_headers=True),
    )
    branding = {
        "logo_url": "https://acme.test/logo.svg",
        "favicon_url": "https://acme.test/i.ico",
        "colors": {"primary": "#E4B400", "page_background": "#FFF"},
    }
    kept = {"https://acme.test/logo.svg": "/_doorward/asset/1", "https://acme.test/i.ico": "/_doorward/asset/2"}
    assert Look.of(settings, branding, kept=kept) == Look(
        company_name="Acme",
        logo_url="/_doorward/asset/1",
        favicon_url="/_doorward/asset/2",
        primary="#e4b400",
        background="#ffffff",
        support_email="help@acme.test",
        support_url="https://acme.test/help",
        allow_framing=True,
    )


def test_a_gradient_is_taken() -> None:
    page = {"type": "linear-gradient", "start": "#111111", "end": "#222222", "angle_deg": 35}
    look = Look.of(TenantSettings(), {"colors": {"page_background": page}})
    assert (look.background, look.background_end, look.background_angle) == ("#111111", "#222222", 35)


@pytest.mark.parametrize(
    "branding",
    [
        {"logo_url": "http://acme.test/x.png", "favicon_url": "javascript:alert(1)"},
        {"logo_url": 3, "colors": []},
        {"colors": {"primary": "red", "page_background": 7}},
        {"colors": {"page_background": {"start": "x", "end": None, "angle_deg": "y"}}},
        None,
    ],
)
def test_f5_what_a_page_cannot_use_counts_as_absent(branding: dict[str, Any] | None) -> None:
    assert Look.of(TenantSettings(support_url="javascript:alert(1)"), branding) == Look()


def test_name_and_picture_of_the_settings_are_the_fallback() -> None:
    kept = {"https://acme.test/old.png": "/_doorward/asset/3"}
    look = Look.of(TenantSettings(picture_url="https://acme.test/old.png"), {}, name="acme.test", kept=kept)
    assert (look.company_name, look.logo_url) == ("acme.test", "/_doorward/asset/3")


def test_what_was_not_fetched_is_not_shown() -> None:
    branding = {"logo_url": "https://acme.test/new.png", "font": {"url": "https://acme.test/f.woff2"}}
    kept = {"https://acme.test/old.png": "/_doorward/asset/3", "https://acme.test/new.png": ""}
    look = Look.of(TenantSettings(picture_url="https://acme.test/old.png"), branding, kept=kept)
    assert (look.logo_url, look.font_url) == ("", "")


@pytest.mark.parametrize(("name", "initial"), [("acme", "A"), ("  <b>", "B"), ("!!", "D"), ("", "D"), ("ßtraße", "S")])
def test_a_tenant_without_a_logo_shows_its_initial(name: str, initial: str) -> None:
    picture = monogram(name)
    assert picture.startswith("data:image/svg+xml,")
    assert f"%3E{initial}%3C/text" in picture
    assert '"' not in picture
    assert "'" not in picture
