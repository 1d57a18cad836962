"""``/attack-protection``, ``/risk-assessments`` and ``/supplemental-signals``: when the tenant grows suspicious."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from doorward.management.kit.context import Call
from doorward.management.kit.errors import not_supported
from doorward.management.kit.operation import Effect
from doorward.management.kit.schema import BOOLEAN, Record, Rule, choice, integer, items, mapping, record, text
from doorward.management.kit.shapes import Shape, Singleton, merged_deeply
from doorward.model.bot_detection import CAPTCHA_ID, BotDetection
from doorward.model.bot_detection import SETTINGS_ID as BOT_DETECTION_ID
from doorward.model.breached_passwords import SETTINGS_ID as BREACHED_PASSWORDS_ID
from doorward.model.breached_passwords import BreachedPasswordDetection
from doorward.model.brute_force import PER_ADDRESS, PER_IDENTIFIER, BruteForce
from doorward.model.brute_force import SETTINGS_ID as BRUTE_FORCE_ID
from doorward.model.document import Document
from doorward.model.suspicious_ip import SETTINGS_ID as SUSPICIOUS_IP_ID
from doorward.model.suspicious_ip import SuspiciousIp

ALLOWLIST = items(text(format="ip-or-network"))
CHALLENGE = choice("never", "when_risky", "always")
KEY = text(max=100)
DAY = 86_400_000  # milliseconds


def stages(**rules: Rule) -> Record:
    """What may be said for each step of a login; the wire joins their words with hyphens."""
    return record({name.replace("_", "-"): rule for name, rule in rules.items()})


def throttle(most: int, shortest: int) -> Record:
    """So many attempts, and the milliseconds until there is another one."""
    return record({"max_attempts": integer(min=1, max=most), "rate": integer(min=shortest, max=DAY)})


def captcha(*names: str, **more: Rule) -> Record:
    """A provider's keys, all of them needed."""
    return record({**dict.fromkeys(names, KEY), **more}, required=names)


STAGE_SHIELDS = record({"shields": items(choice("block", "admin_notification"))})
BOT_DETECTION = {
    "bot_detection_level": choice("low", "medium", "high"),
    "challenge_password_policy": CHALLENGE,
    "challenge_passwordless_policy": CHALLENGE,
    "challenge_password_reset_policy": CHALLENGE,
    "allowlist": ALLOWLIST,
    "monitoring_mode_enabled": BOOLEAN,
}
BREACHED_PASSWORDS = {
    "enabled": BOOLEAN,
    "shields": items(choice("block", "user_notification", "admin_notification")),
    "admin_notification_frequency": items(choice("immediately", "daily", "weekly", "monthly")),
    "method": choice("standard", "enhanced"),
    "stage": stages(pre_user_registration=STAGE_SHIELDS, pre_change_password=STAGE_SHIELDS),
}
BRUTE_FORCE = {
    "enabled": BOOLEAN,
    "shields": items(choice("block", "user_notification")),
    "allowlist": ALLOWLIST,
    "mode": choice(PER_ADDRESS, PER_IDENTIFIER),
    "max_attempts": integer(min=1, max=100),
}
SUSPICIOUS_IP = {
    "enabled": BOOLEAN,
    "shields": items(choice("block", "admin_notification")),
    "allowlist": ALLOWLIST,
    "stage": stages(
        pre_login=throttle(2500, 34_560),
        pre_user_registration=throttle(72_000, 1_200),
        pre_custom_token_exchange=throttle(72_000, 1_200),
    ),
}
CAPTCHA = {
    "arkose": captcha("site_key", "secret", client_subdomain=KEY, verify_subdomain=KEY, fail_open=BOOLEAN),
    "auth_challenge": record({"fail_open": BOOLEAN}, required=("fail_open",)),
    "hcaptcha": captcha("site_key", "secret"),
    "friendly_captcha": captcha("site_key", "secret"),
    "recaptcha_enterprise": captcha("site_key", "api_key", "project_id"),
    "recaptcha_v2": captcha("site_key", "secret"),
    "simple_captcha": mapping(),
}


def _captcha(call: Call, document: Document, body: dict[str, Any]) -> Document:
    """Raises ``ApiError`` (400) for a provider that no page here can show."""
    if body.get("active_provider_id") == "arkose":
        raise not_supported("This server has no challenges of arkose. Choose another active_provider_id.")
    return merged_deeply(call, document, body)


def settings(
    path: str,
    summary: str,
    properties: dict[str, Rule],
    default: dict[str, Any],
    *,
    effect: Effect = Effect.STORED,
    required: bool = False,
    write_only: tuple[str, ...] = (),
    revise: Callable[[Call, Document, dict[str, Any]], Document] = merged_deeply,
) -> Singleton:
    """Settings that always read as a whole; a PATCH changes what it names."""
    return Singleton(
        path=path,
        id=path.removeprefix("/"),
        scopes="attack_protection",
        summary=summary,
        update=record(properties, required=tuple(properties) if required else ()),
        revise=revise,
        default=default,
        write_only=write_only,
        effect=effect,
    )


RESOURCES: tuple[Shape, ...] = (
    settings(
        f"/{BOT_DETECTION_ID}",
        "Bot Detection settings",
        BOT_DETECTION,
        msgspec.to_builtins(BotDetection()),
        effect=Effect.ACTS,
    ),
    settings(
        f"/{BREACHED_PASSWORDS_ID}",
        "Breached Password Detection settings",
        BREACHED_PASSWORDS,
        msgspec.to_builtins(BreachedPasswordDetection()),
        effect=Effect.ACTS,
    ),
    settings(
        f"/{BRUTE_FORCE_ID}",
        "Brute-force settings",
        BRUTE_FORCE,
        msgspec.to_builtins(BruteForce()),
        effect=Effect.ACTS,
    ),
    settings(
        f"/{SUSPICIOUS_IP_ID}",
        "Suspicious IP Throttling settings",
        SUSPICIOUS_IP,
        msgspec.to_builtins(SuspiciousIp()),
        effect=Effect.ACTS,
    ),
    settings(
        f"/{CAPTCHA_ID}",
        "CAPTCHA configuration",
        {"active_provider_id": choice(*CAPTCHA), **CAPTCHA},
        {
            "active_provider_id": "auth_challenge",
            "arkose": {
                "site_key": "",
                "fail_open": False,
                "client_subdomain": "client-api",
                "verify_subdomain": "verify-api",
            },
            "auth_challenge": {"fail_open": False},
            "hcaptcha": {"site_key": ""},
            "friendly_captcha": {"site_key": ""},
            "recaptcha_enterprise": {"site_key": "", "project_id": ""},
            "recaptcha_v2": {"site_key": ""},
            "simple_captcha": {},
        },
        write_only=(
            *(f"{provider}.secret" for provider in ("arkose", "hcaptcha", "friendly_captcha", "recaptcha_v2")),
            "recaptcha_enterprise.api_key",
        ),
        revise=_captcha,
        effect=Effect.ACTS,
    ),
    settings(
        "/attack-protection/phone-provider-protection",
        "Phone Provider Protection settings",
        {"type": choice("exponential", "none")},
        {"type": "none"},
        required=True,
    ),
    settings(
        "/risk-assessments/settings",
        "risk assessment settings",
        {"enabled": BOOLEAN},
        {"enabled": False},
        required=True,
    ),
    settings(
        "/risk-assessments/settings/new-device",
        "new device assessor",
        {"remember_for": integer(min=1, max=365)},
        {"remember_for": 30},
        required=True,
    ),
    settings(
        "/supplemental-signals",
        "supplemental signals configuration",
        {"akamai_enabled": BOOLEAN},
        {"akamai_enabled": False},
        required=True,
    ),
)
