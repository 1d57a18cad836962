"""Recovery codes: what somebody keeps on paper for the day the other factor is lost. Only a digest is stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from doorward.model.digest import digest

LENGTH = 24
HASH = "recovery_code_hash"
CODE = re.compile(rf"[A-Z0-9]{{{LENGTH}}}")
_BETWEEN = re.compile(r"[\s-]+")


def normalise(typed: str) -> str:
    """A code as it is compared: however it was grouped, and in whichever case."""
    return _BETWEEN.sub("", typed).upper()


def is_well_formed(code: str) -> bool:
    """Whether ``code`` could be one at all."""
    return CODE.fullmatch(code) is not None


def matches(secrets: dict[str, str], code: str) -> bool:
    """Whether ``code`` is the one whose digest is kept."""
    return hmac.compare_digest(secrets.get(HASH, ""), digest(code).hex())


def kept(code: str) -> dict[str, str]:
    """What of a code is stored."""
    return {HASH: digest(code).hex()}


def derived_code(key: bytes, binding: bytes, user_id: str) -> str:
    """The code given in one login or enrolment (``binding``): it can be shown again as long as that goes on, and
    none of it is kept but the digest."""
    message = b"recovery code" + hashlib.sha256(binding).digest() + user_id.encode()
    return base64.b32encode(hmac.digest(key, message, "sha256"))[:LENGTH].decode()
