"""Randomness from the operating system."""

from __future__ import annotations

import secrets
import string

ALPHANUMERIC = (string.ascii_letters + string.digits).encode("ascii")
# Every character stands for the same number of byte values; the values left over are thrown away.
_EVEN = 256 - 256 % len(ALPHANUMERIC)
_TO_ALPHANUMERIC = bytes(ALPHANUMERIC[value % len(ALPHANUMERIC)] for value in range(256))
_UNUSED = bytes(range(_EVEN, 256))


class SystemEntropy:
    """``ports.Entropy`` from the operating system's generator."""

    def token(self, nbytes: int = 32) -> str:
        return secrets.token_urlsafe(nbytes)

    def alphanumeric(self, length: int) -> str:
        characters = b""
        while len(characters) < length:
            characters += secrets.token_bytes(2 * length).translate(_TO_ALPHANUMERIC, _UNUSED)
        return characters[:length].decode("ascii")

    def hexadecimal(self, length: int) -> str:
        return secrets.token_hex((length + 1) // 2)[:length]

    def digits(self, length: int) -> str:
        return f"{secrets.randbelow(10**length):0{length}}"
