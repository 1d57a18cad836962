"""Proof Key for Code Exchange (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import string

UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
MIN_VERIFIER, MAX_VERIFIER = 43, 128
S256_CHALLENGE_LENGTH = 43
BASE64URL = frozenset(string.ascii_letters + string.digits + "-_")


def is_verifier(value: str) -> bool:
    """§4.1: 43 to 128 unreserved characters."""
    return MIN_VERIFIER <= len(value) <= MAX_VERIFIER and UNRESERVED.issuperset(value)


def is_challenge(value: str, method: str) -> bool:
    """§4.2: an S256 challenge is 43 base64url characters; a plain one is a verifier."""
    if method == "S256":
        return len(value) == S256_CHALLENGE_LENGTH and BASE64URL.issuperset(value)
    return method == "plain" and is_verifier(value)


def s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


def verifies(verifier: str, challenge: str, method: str) -> bool:
    """§4.6, in constant time."""
    if not is_verifier(verifier):
        return False
    expected = s256(verifier) if method == "S256" else verifier
    return hmac.compare_digest(expected.encode(), challenge.encode())
