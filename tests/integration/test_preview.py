"""Every screen in the look of a development server's tenant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.integration.door import Door

from doorward.web.login.samples import SAMPLES
from doorward.web.preview import PATH

TENANT = {
    "tenant": {"friendly_name": "Acme & Co", "enabled_locales": ["en", "de"]},
    "branding": {"colors": {"primary": "#123456"}},
    "prompts": {"customText": {"de": {"login": {"login": {"title": "Moin"}}}}},
}


@pytest.mark.parametrize("development", [True, False])
async def test_screens_are_previewed_on_development_servers_alone(tmp_path: Path, development: bool) -> None:
    door = await Door(f"sqlite:///{tmp_path / 'door.sqlite'}", development=development).start()
    try:
        async with (await door.tenant(TENANT)).http() as http:
            listed = await http.get(PATH)
            if not development:
                assert listed.status_code == 404
                assert (await http.get(f"{PATH}/login")).status_code == 404
                return
            assert PATH in (await http.get("/")).text
            assert all(f"?screen={name}&amp;language=en" in listed.text for name in SAMPLES)
            assert "frame-src 'self'" in listed.headers["content-security-policy"]
            chosen = await http.get(PATH, params={"screen": "login", "language": "de"})
            assert f'<iframe src="{PATH}/login?language=de&amp;framed=1" sandbox ' in chosen.text
            shown = await http.get(f"{PATH}/login", params={"language": "de"})
            assert "<h1>Moin</h1>" in shown.text
            assert "Acme &amp; Co" in shown.text
            assert "theme.css" in shown.text
            assert "frame-ancestors 'self'" in shown.headers["content-security-policy"]
            assert shown.headers["x-frame-options"] == "SAMEORIGIN"
            for name in SAMPLES:
                assert (await http.get(f"{PATH}/{name}")).status_code == 200, name
                framed = (await http.get(f"{PATH}/{name}", params={"framed": "1"})).text
                assert not re.search("<script| autofocus", framed), "what a frame without scripts would complain of"
            assert (await http.get(f"{PATH}/nothing")).status_code == 404
            odd = await http.get(PATH, params={"screen": '"><script>', "language": '"><script>'})
            assert "><script>" not in odd.text
    finally:
        await door.stop()
