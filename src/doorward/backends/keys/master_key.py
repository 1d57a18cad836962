"""The master key: 32 bytes that everything kept secret in the database is sealed under."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path

from doorward.backends.keys.local_ca import write_private

LENGTH = 32


class MasterKeyError(Exception):
    """The master key cannot be used; ``what``, ``why`` and ``fix`` say so to the operator."""

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(what)
        self.what, self.why, self.fix = what, why, fix


def from_text(text: str) -> bytes:
    """A key given as base64 (an environment variable)."""
    try:
        key = base64.b64decode(text.strip(), altchars=b"-_" if "-" in text or "_" in text else None, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != LENGTH:
        raise MasterKeyError(
            "the master key is not usable",
            f"it has to be {LENGTH} random bytes in base64",
            "openssl rand -base64 32",
        )
    return key


def from_file(path: Path, *, create: bool = False) -> bytes:
    """A key kept in a file of its own, readable by its owner only; ``create`` makes it once."""
    if create and not path.exists():
        write_private(path, base64.b64encode(os.urandom(LENGTH)) + b"\n")
    try:
        mode = path.stat().st_mode
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise MasterKeyError(
            f"the master key file {path} cannot be read",
            str(error),
            f"openssl rand -base64 32 > {path} && chmod 600 {path}",
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise MasterKeyError(
            f"the master key file {path} is open to others",
            f"its mode is {stat.S_IMODE(mode):o}; only its owner may read it",
            f"chmod 600 {path}",
        )
    return from_text(text)
