"""The digest under which secrets handed out are stored and looked up."""

from __future__ import annotations

import hashlib


def digest(secret: str) -> bytes:
    """SHA-256 of a random secret of at least 256 bits: enough without salt or stretching."""
    return hashlib.sha256(secret.encode()).digest()
