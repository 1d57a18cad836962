"""The challenge of a form: work for a script of ours, a pause for whoever has no scripts, or a provider's widget.

A challenge is a ticket of ours: made for one login, good once, and nothing is stored until it is used up. It asks for
a number that gives a hash with so many leading zero bits: half a second for a browser, and the same for whoever tries
a list, each time. Without scripts somebody waits instead, and an address may wait only so often.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct, field

from doorward.model.bot_detection import Account
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import address_key
from doorward.ports import Attempts, Clock, Entropy, HttpOut, OneTimeValues, Unreachable

FIELD = "captcha"
WORK_BITS = 17
LIFETIME = 3600.0
LONGEST = 4096
# Seconds to wait without scripts; how many of an address may at once, and then one each so many seconds.
PAUSE = 10
PAUSES, PAUSES_EVERY = 3, 60.0


class CaptchaRefused(Exception):
    """No proof of a person came; ``code`` is the key of the text that says so."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


class Provider(Struct, frozen=True):
    """Somebody else's challenge: ``field`` is what its widget adds to a form, ``url`` takes the answer, called
    ``answer`` there, and with it the site key where it ``takes_site_key``. One that ``assesses`` answers in JSON what
    it was asked in JSON, under the project and key in its address."""

    field: str
    url: str
    answer: str = "response"
    takes_site_key: bool = False
    assesses: bool = False


PROVIDERS: Mapping[str, Provider] = {
    "hcaptcha": Provider("h-captcha-response", "https://api.hcaptcha.com/siteverify"),
    "friendly_captcha": Provider(
        "frc-captcha-solution",
        "https://api.friendlycaptcha.com/api/v1/siteverify",
        answer="solution",
        takes_site_key=True,
    ),
    "recaptcha_v2": Provider("g-recaptcha-response", "https://www.google.com/recaptcha/api/siteverify"),
    "recaptcha_enterprise": Provider(
        "g-recaptcha-response",
        "https://recaptchaenterprise.googleapis.com/v1/projects/{project}/assessments?key={key}",
        assesses=True,
    ),
}


class _Token(Struct):
    valid: bool = False


class _Verdict(Struct):
    """What providers answer, as far as it matters."""

    success: bool = False
    token: _Token = field(default_factory=_Token, name="tokenProperties")


class Challenges:
    """Makes challenges and takes them back."""

    def __init__(
        self, clock: Clock, entropy: Entropy, attempts: Attempts, one_time_values: OneTimeValues, http: HttpOut
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._attempts = attempts
        self._one_time_values = one_time_values
        self._http = http

    def new(self, directory: TenantDirectory, login: bytes, typed: str = "") -> str:
        """A challenge for the login with the digest ``login``; the one that came back (``typed``) where somebody only
        did not wait long enough."""
        issued, _, counter = _parts(typed)
        if not counter and self._is_ours(directory, login, typed) and self._clock.now() < issued + PAUSE:
            return typed
        head = f"{int(self._clock.now()):x}.{self._entropy.token(16)}"
        return f"{head}.{_mac(directory, login, head)}"

    async def check(self, directory: TenantDirectory, login: bytes, form: Mapping[str, str], ip: str) -> None:
        """Whether a form shows that somebody took the challenge of the login. Raises ``CaptchaRefused``."""
        account = directory.captcha.account
        if account is not None:
            await self._ask(account, form)
            return
        typed = form.get(FIELD, "")
        issued, challenge, counter = _parts(typed)
        now, tenant = self._clock.now(), directory.tenant.id
        if not self._is_ours(directory, login, challenge) or not issued <= now < issued + LIFETIME:
            raise CaptchaRefused("invalid-captcha")
        if not counter:
            await self._wait(tenant, issued, ip)
        elif not is_solved(challenge, counter):
            raise CaptchaRefused("invalid-captcha")
        if not await self._one_time_values.use(tenant, digest(challenge), at=now, expires_at=issued + LIFETIME):
            raise CaptchaRefused("invalid-captcha")

    def _is_ours(self, directory: TenantDirectory, login: bytes, challenge: str) -> bool:
        head, _, mac = challenge.rpartition(".")
        return hmac.compare_digest(mac.encode(), _mac(directory, login, head).encode())

    async def _wait(self, tenant: str, issued: float, ip: str) -> None:
        now = self._clock.now()
        if now < issued + PAUSE:
            raise CaptchaRefused("captcha-too-soon")
        key = address_key("captcha-pause", ip)
        if not await self._attempts.admit(tenant, key, at=now, interval=PAUSES_EVERY, burst=PAUSES):
            raise CaptchaRefused("captcha-too-many", status=429)

    async def _ask(self, account: Account, form: Mapping[str, str]) -> None:
        provider = PROVIDERS[account.provider]
        answer = form.get(provider.field, "")
        if not answer or len(answer) > LONGEST:
            raise CaptchaRefused("invalid-captcha")
        if provider.assesses:
            kind = "application/json"
            body = msgspec.json.encode({"event": {"token": answer, "siteKey": account.site_key}})
        else:
            kind = "application/x-www-form-urlencoded"
            named = {"sitekey": account.site_key} if provider.takes_site_key else {}
            body = urlencode({"secret": account.secret, provider.answer: answer, **named}).encode()
        url = provider.url.format(project=quote(account.project_id, safe=""), key=quote(account.secret, safe=""))
        try:
            told = await self._http.send("POST", url, headers={"content-type": kind}, body=body)
            said = msgspec.json.decode(told.body, type=_Verdict)
        except (Unreachable, msgspec.DecodeError):
            raise CaptchaRefused("captcha-validation-failure") from None
        if told.status != 200:
            raise CaptchaRefused("captcha-validation-failure")
        if not (said.token.valid if provider.assesses else said.success):
            raise CaptchaRefused("invalid-captcha")


def is_solved(challenge: str, counter: str) -> bool:
    """Whether the number was worked for."""
    hashed = hashlib.sha256(f"{challenge}.{counter}".encode()).digest()
    return int.from_bytes(hashed[:8], "big") >> (64 - WORK_BITS) == 0


def _parts(typed: str) -> tuple[float, str, str]:
    """When a challenge was made (epoch seconds; 0 for none), the challenge, and the number that came with it."""
    parts = typed.split(".") if len(typed) <= 200 and typed.isascii() else []
    if len(parts) not in (3, 4):
        return 0.0, "", ""
    try:
        issued = float(int(parts[0][:12], 16))
    except ValueError:
        return 0.0, "", ""
    return issued, ".".join(parts[:3]), parts[3] if len(parts) == 4 else ""


def _mac(directory: TenantDirectory, login: bytes, head: str) -> str:
    sealed = hmac.digest(directory.token_key, b"captcha" + login + head.encode(), "sha256")
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
