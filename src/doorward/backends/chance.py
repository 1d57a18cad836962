"""Randomness from the operating system."""

from __future__ import annotations

import secrets
import string

ALPHANUMERIC = string.ascii_letters + string.digits


class SystemEntropy:
    """``ports.Entropy`` from the operating system's generator."""

    def token(self, nbytes: int = 32) -> str:
        return secrets.token_urlsafe(nbytes)

    def alphanumeric(self, length: int) -> str:
        return "".join(secrets.choice(ALPHANUMERIC) for _ in range(length))

    def hexadecimal(self, length: int) -> str:
        return secrets.token_hex((length + 1) // 2)[:length]
