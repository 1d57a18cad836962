"""Codes of an authenticator app (RFC 6238 over RFC 4226): SHA-1, six digits, thirty seconds."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import struct
from urllib.parse import quote, urlencode

DIGITS = 6
PERIOD = 30
# A clock may be half a minute off, and a person needs a moment to type (RFC 6238 §5.2).
STEPS_AROUND = 1
SECRET_BYTES = 20
CODE = re.compile(r"[0-9]{6}")


def step_at(now: float) -> int:
    """The number of the time step at ``now`` (epoch seconds)."""
    return int(now // PERIOD)


def code_of(secret: str, step: int) -> str:
    """The code of a secret (base32) in a time step. Raises ``ValueError`` for what is not base32."""
    try:
        key = base64.b32decode(secret.rstrip("=") + "=" * (-len(secret.rstrip("=")) % 8))
    except binascii.Error:
        raise ValueError("the secret is not base32") from None
    mac = hmac.digest(key, struct.pack(">Q", step), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: str, code: str, now: float) -> int | None:
    """The time step whose code this is, of those around ``now`` (epoch seconds); ``None`` for a wrong code."""
    if not CODE.fullmatch(code):
        return None
    current = step_at(now)
    found = None
    for step in range(current - STEPS_AROUND, current + STEPS_AROUND + 1):  # all of them, whichever it is
        if hmac.compare_digest(code_of(secret, step), code):
            found = step
    return found


def derived_secret(key: bytes, binding: bytes, user_id: str) -> str:
    """The secret (base32) offered for an enrolment: the same one as long as the enrolment goes on, and known to
    nobody without ``key``; so nothing of it is kept before it is confirmed. ``binding`` names the enrolment."""
    message = b"totp enrolment" + hashlib.sha256(binding).digest() + user_id.encode()
    return base64.b32encode(hmac.digest(key, message, "sha256")[:SECRET_BYTES]).decode()


def provisioning_uri(secret: str, account: str, issuer: str) -> str:
    """What an app scans or is handed: ``otpauth://totp/ISSUER:ACCOUNT?secret=...``."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='@')}"
    parameters = {"secret": secret, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": PERIOD}
    return f"otpauth://totp/{label}?{urlencode(parameters, quote_via=quote)}"
