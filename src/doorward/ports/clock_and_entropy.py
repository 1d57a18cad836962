"""Time and chance."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Wall-clock time, epoch seconds."""


class Entropy(Protocol):
    def token(self, nbytes: int = 32) -> str:
        """``nbytes`` random bytes as unpadded base64url (32 bytes give 43 characters)."""

    def alphanumeric(self, length: int) -> str:
        """Random characters of ``A-Za-z0-9``."""

    def hexadecimal(self, length: int) -> str:
        """Random lower-case hexadecimal digits."""

    def digits(self, length: int) -> str:
        """Random decimal digits."""
