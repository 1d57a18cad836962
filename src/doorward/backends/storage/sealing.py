"""Secrets at rest: envelope encryption with AES-256-GCM.

A root key outside the database seals one data key per tenant; the data key seals that tenant's
secrets, each bound to the place it is kept in. The first bytes of a sealed value name the key.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_LENGTH = 32
IV_LENGTH = 12
KEY_ID_LENGTH = 4


class WrongMasterKey(Exception):
    """The database was written under another master key."""


def key_id(key: bytes) -> bytes:
    """Four bytes that tell keys apart without telling anything of them."""
    return hmac.digest(key, b"doorward key id", hashlib.sha256)[:KEY_ID_LENGTH]


def seal(key: bytes, plain: bytes, place: str) -> bytes:
    """``plain`` sealed under ``key`` (32 bytes), bound to ``place``."""
    iv = os.urandom(IV_LENGTH)
    return key_id(key) + iv + AESGCM(key).encrypt(iv, plain, place.encode())


def unseal(key: bytes, sealed: bytes, place: str) -> bytes:
    """The plain value. Raises ``WrongMasterKey`` for another key, another place or a changed value."""
    named, iv, body = sealed[:KEY_ID_LENGTH], sealed[KEY_ID_LENGTH : KEY_ID_LENGTH + IV_LENGTH], sealed[16:]
    if not hmac.compare_digest(named, key_id(key)):
        raise WrongMasterKey(place)
    try:
        return AESGCM(key).decrypt(iv, body, place.encode())
    except (InvalidTag, ValueError):  # changed, or cut short
        raise WrongMasterKey(place) from None


def derive(key: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose (HKDF-Expand with one block, RFC 5869 §2.3; ``key`` is random)."""
    return hmac.digest(key, purpose.encode() + b"\x01", hashlib.sha256)
