"""A password hash that another system made, as one string that says how it was made."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

# What other stored hashes begin with is a dollar sign.
PREFIX = "{"


class ImportedHash(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``hash``, ``salt`` and ``key`` are the bytes themselves; ``value`` is a hash that is a text (bcrypt, PHC,
    RFC 2307). ``encoding`` is that of the password; ``digest`` is what HMAC and PBKDF2 are built on; ``cost``,
    ``block_size``, ``parallelization`` and ``keylen`` are scrypt's, and with ``iterations`` PBKDF2's."""

    algorithm: str
    hash: bytes = b""
    value: str = ""
    salt: bytes = b""
    salt_last: bool = False
    key: bytes = b""
    digest: str = ""
    encoding: str = "utf8"
    iterations: int = 0
    cost: int = 0
    block_size: int = 0
    parallelization: int = 0
    keylen: int = 0

    @property
    def text(self) -> str:
        """The string to store."""
        return msgspec.json.encode(self).decode()


def imported_hash(text: str) -> ImportedHash:
    """Raises ``msgspec.ValidationError`` or ``DecodeError`` for what is none."""
    decoded: Any = msgspec.json.decode(text, type=ImportedHash)
    found: ImportedHash = decoded
    return found
