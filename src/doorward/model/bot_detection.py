"""Against scripts that pretend to be people: when somebody has to show that they are one, and how."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from msgspec import Struct, field

from doorward.model.allowlist import is_listed

SETTINGS_ID = "attack-protection/bot-detection"
CAPTCHA_ID = "attack-protection/captcha"


class Flow(StrEnum):
    """What is attempted, by the setting that says when it takes a challenge."""

    PASSWORD = "challenge_password_policy"
    PASSWORDLESS = "challenge_passwordless_policy"
    PASSWORD_RESET = "challenge_password_reset_policy"


class Policy(StrEnum):
    NEVER = "never"
    WHEN_RISKY = "when_risky"
    ALWAYS = "always"


class Risk(IntEnum):
    """How much an attempt looks like one of many."""

    NONE = 0
    SOME = 1
    MODERATE = 2
    HIGH = 3


class Level(StrEnum):
    """How much risk it takes for a challenge: with the highest level the least."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def least_risk(self) -> Risk:
        return {"low": Risk.HIGH, "medium": Risk.MODERATE, "high": Risk.SOME}[self.value]


class BotDetection(Struct, frozen=True, kw_only=True):
    """The settings of ``GET /api/v2/attack-protection/bot-detection``.

    In monitoring mode what would be challenged is logged and nothing else. Nothing is asked of the addresses and
    networks of the ``allowlist``.
    """

    bot_detection_level: Level = Level.MEDIUM
    challenge_password_policy: Policy = Policy.NEVER
    challenge_passwordless_policy: Policy = Policy.NEVER
    challenge_password_reset_policy: Policy = Policy.NEVER
    allowlist: tuple[str, ...] = ()
    monitoring_mode_enabled: bool = False

    def policy(self, flow: Flow) -> Policy:
        policy: Policy = getattr(self, flow.value)
        return policy

    @property
    def weighs_risk(self) -> bool:
        """Whether it matters what an address did before."""
        return self.monitoring_mode_enabled or any(self.policy(flow) is Policy.WHEN_RISKY for flow in Flow)

    def exempts(self, ip: str) -> bool:
        return is_listed(ip, self.allowlist)


class SiteKey(Struct, frozen=True, kw_only=True):
    """The public keys of an account at a provider; ``project_id`` only where it has projects."""

    site_key: str = ""
    project_id: str = ""


class Account(Struct, frozen=True, kw_only=True):
    """All keys of an account at the provider that is asked."""

    provider: str
    site_key: str
    secret: str
    project_id: str = ""


class Captcha(Struct, frozen=True, kw_only=True):
    """The settings of ``GET /api/v2/attack-protection/captcha``, as far as they are used."""

    active_provider_id: str = "auth_challenge"
    hcaptcha: SiteKey = SiteKey()
    friendly_captcha: SiteKey = SiteKey()
    recaptcha_v2: SiteKey = SiteKey()
    recaptcha_enterprise: SiteKey = SiteKey()
    hcaptcha_secret: str = field(default="", name="hcaptcha.secret")
    friendly_captcha_secret: str = field(default="", name="friendly_captcha.secret")
    recaptcha_v2_secret: str = field(default="", name="recaptcha_v2.secret")
    recaptcha_enterprise_key: str = field(default="", name="recaptcha_enterprise.api_key")

    @property
    def account(self) -> Account | None:
        """Whom to ask; ``None`` where the challenge is ours: also without all keys, since no challenge at all would be
        worse."""
        keys, secret = {
            "hcaptcha": (self.hcaptcha, self.hcaptcha_secret),
            "friendly_captcha": (self.friendly_captcha, self.friendly_captcha_secret),
            "recaptcha_v2": (self.recaptcha_v2, self.recaptcha_v2_secret),
            "recaptcha_enterprise": (self.recaptcha_enterprise, self.recaptcha_enterprise_key),
        }.get(self.active_provider_id, (SiteKey(), ""))
        if not (keys.site_key and secret) or (self.active_provider_id.endswith("enterprise") and not keys.project_id):
            return None
        return Account(
            provider=self.active_provider_id, site_key=keys.site_key, secret=secret, project_id=keys.project_id
        )
