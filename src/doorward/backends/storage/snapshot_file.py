"""A tenant's snapshot as a file: a head anybody can read, then parts that only the master key opens.

::

    doorward-snapshot\\n
    {"version":1,"schema":…,"tenant":…,"domain":…,"taken_at":…,"key":…}\\n
    length (4 bytes, big-endian), sealed part      … repeated; the last one says that it is the last

``key`` is the file's own key, sealed under the master key. A part is AES-256-GCM under it, with its number as the
nonce and the head as associated data, so that nothing can be changed, left out, moved or cut off unnoticed. Inside
is MessagePack, compressed: a table, its columns, and some of its rows.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from doorward.backends.storage import sealing
from doorward.ports import UnusableSnapshot

MAGIC = b"doorward-snapshot\n"
VERSION = 1
MAX_HEAD = 16 * 1024
MAX_PART = 256 * 1024 * 1024
LENGTH = 4
LAST, NOT_LAST = b"\x01", b"\x00"

_pack = msgspec.msgpack.Encoder().encode


class Head(Struct, frozen=True, kw_only=True):
    """What a snapshot says of itself without its key; ``key`` is sealed under the master key."""

    version: int
    schema: str
    tenant: str
    domain: str
    taken_at: float
    key: bytes


class Part(Struct, frozen=True, array_like=True):
    """Some rows of a table. The last part has no table, and counts the rows of all before it."""

    table: str
    columns: tuple[str, ...] = ()
    rows: Sequence[Sequence[Any]] = ()
    counts: dict[str, int] = {}


class SnapshotWriter:
    """Writes a snapshot to ``file``; ``finish`` ends it, and without it the file is none."""

    def __init__(
        self, file: BinaryIO, root_key: bytes, *, schema: str, tenant: str, domain: str, taken_at: float
    ) -> None:
        key = os.urandom(sealing.KEY_LENGTH)
        sealed = sealing.seal(root_key, key, _place(tenant))
        head = Head(version=VERSION, schema=schema, tenant=tenant, domain=domain, taken_at=taken_at, key=sealed)
        written = MAGIC + msgspec.json.encode(head) + b"\n"
        self._file = file
        self._cipher = AESGCM(key)
        self._bound_to = hashlib.sha256(written).digest()
        self._parts = 0
        self.counts: Counter[str] = Counter()
        self.size = file.write(written)

    def write(self, table: str, columns: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
        self.counts[table] += len(rows)
        self._write(Part(table, columns, rows), NOT_LAST)

    def finish(self) -> None:
        self._write(Part("", counts=dict(self.counts)), LAST)
        self._file.flush()

    def _write(self, part: Part, last: bytes) -> None:
        plain = zlib.compress(_pack(part), 1)
        sealed = self._cipher.encrypt(_nonce(self._parts, last), plain, self._bound_to)
        self._parts += 1
        self.size += self._file.write(len(sealed).to_bytes(LENGTH, "big") + sealed)


class SnapshotReader:
    """Reads a snapshot from ``file``. Raises ``UnusableSnapshot``, also while its parts are read."""

    def __init__(self, file: BinaryIO, root_key: bytes) -> None:
        written = file.readline(len(MAGIC))
        if written != MAGIC:
            raise UnusableSnapshot("it is no snapshot of a tenant")
        written += file.readline(MAX_HEAD)
        try:
            self.head = msgspec.json.decode(written[len(MAGIC) :], type=Head)
        except msgspec.DecodeError:
            raise UnusableSnapshot("its beginning cannot be read") from None
        if self.head.version != VERSION:
            raise UnusableSnapshot(
                f"it has version {self.head.version} of the format, and this Doorward reads version {VERSION}"
            )
        try:
            key = sealing.unseal(root_key, self.head.key, _place(self.head.tenant))
        except sealing.WrongMasterKey:
            raise UnusableSnapshot("it was taken under another master key", other_key=True) from None
        self._file = file
        self._cipher = AESGCM(key)
        self._bound_to = hashlib.sha256(written).digest()

    def parts(self) -> Iterator[Part]:
        """Every part but the last, once."""
        counts: Counter[str] = Counter()
        for number in range(2**32):
            sealed = self._next()
            part = self._open(sealed, _nonce(number, NOT_LAST))
            if part is None:
                part = self._open(sealed, _nonce(number, LAST))
                if part is None or part.counts != counts or self._file.read(1):
                    break
                return
            counts[part.table] += len(part.rows)
            yield part
        raise UnusableSnapshot("it is damaged")

    def _next(self) -> bytes:
        length = int.from_bytes(self._file.read(LENGTH), "big")
        sealed = self._file.read(length) if 0 < length <= MAX_PART else b""
        if not sealed or len(sealed) < length:
            raise UnusableSnapshot("it ends too early" if length <= MAX_PART else "it is damaged")
        return sealed

    def _open(self, sealed: bytes, nonce: bytes) -> Part | None:
        try:
            plain = self._cipher.decrypt(nonce, sealed, self._bound_to)
        except InvalidTag:
            return None
        return msgspec.msgpack.decode(zlib.decompress(plain), type=Part)


def _nonce(number: int, last: bytes) -> bytes:
    return number.to_bytes(sealing.IV_LENGTH - 1, "big") + last


def _place(tenant: str) -> str:
    return f"snapshot|{tenant}"
