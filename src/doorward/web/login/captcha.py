"""The challenge of a form as a page shows it: ours, or a provider's widget with what its policy has to let in."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from doorward.identity.captcha import PAUSE, WORK_BITS
from doorward.model.bot_detection import Captcha as Settings
from doorward.web.login import assets
from doorward.web.login.pages import Captcha


class Widget(Struct, frozen=True):
    """Where a provider's script is, the class of the element it fills, and where its parts come from; ``integrity`` of
    a script that never changes."""

    script: str
    element: str
    sources: Mapping[str, str]
    module: bool = False
    integrity: str = ""


_GOOGLE = {"frame-src": "https://www.google.com/recaptcha/ https://recaptcha.google.com/recaptcha/"}
_HCAPTCHA = "https://hcaptcha.com https://*.hcaptcha.com"
WIDGETS: Mapping[str, Widget] = {
    "hcaptcha": Widget(
        "https://js.hcaptcha.com/1/api.js",
        "h-captcha",
        {"frame-src": _HCAPTCHA, "style-src": _HCAPTCHA, "connect-src": _HCAPTCHA},
    ),
    # It works on its puzzle in workers that it makes itself; its own style sheet stays out.
    "friendly_captcha": Widget(
        "https://cdn.jsdelivr.net/npm/friendly-challenge@0.9.19/widget.module.min.js",
        "frc-captcha",
        {
            "script-src": "'wasm-unsafe-eval'",
            "worker-src": "blob:",
            "child-src": "blob:",
            "connect-src": "https://api.friendlycaptcha.com",
        },
        module=True,
        integrity="sha384-Kbb8dkpzOA9EGNFLB9pTvHJT145DNPoR4/15AmyEHykdUWwZJb2G3j2PutJRify1",
    ),
    "recaptcha_v2": Widget("https://www.google.com/recaptcha/api.js", "g-recaptcha", _GOOGLE),
    "recaptcha_enterprise": Widget("https://www.google.com/recaptcha/enterprise.js", "g-recaptcha", _GOOGLE),
}


def captcha_of(settings: Settings, challenge: str) -> Captcha:
    """What a form shows; ``challenge`` where the challenge is ours."""
    account = settings.account
    if account is None:
        return Captcha(
            script=assets.path("challenge.js"), module=True, challenge=challenge, bits=WORK_BITS, pause=PAUSE
        )
    widget = WIDGETS[account.provider]
    return Captcha(
        script=widget.script,
        module=widget.module,
        integrity=widget.integrity,
        widget=widget.element,
        site_key=account.site_key,
        sources=widget.sources,
    )
