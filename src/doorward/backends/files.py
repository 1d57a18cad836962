"""Files of jobs: uploads without a name, and exports that are kept for a day."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO

from doorward.ports import Clock, StorageUnavailable

PIECE = 64 * 1024
KEPT_SECONDS = 24 * 3600.0
UNFINISHED = ".part"
GZIP = 31  # zlib's name for a gzip container and the largest window


class JobFiles:
    """``ports.Files`` in ``folder``, which is made at first need and readable by its owner only.

    Processes that share a database can share the folder: what one exported, all can hand out.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def spool(self) -> TemporarySpool:
        with _full():
            return TemporarySpool(tempfile.TemporaryFile(dir=self._made()))

    def export(self, name: str) -> GzipFile:
        with _full():
            return GzipFile(self._made() / name)

    def open(self, name: str) -> OpenFile | None:
        try:
            return OpenFile(open(self._folder / name, "rb"))
        except OSError:
            return None

    def _made(self) -> Path:
        """The folder. Raises ``OSError`` when somebody else could look into it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self._folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise PermissionError(f"{self._folder} has to be a folder of this user alone")
        return self._folder

    def remove_old(self) -> None:
        """Delete what was exported more than a day ago, and what was never finished."""
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                with contextlib.suppress(OSError):
                    if path.stat().st_mtime < self._clock.now() - KEPT_SECONDS:
                        path.unlink()


class TemporarySpool:
    """``ports.Spool``."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0

    def write(self, data: bytes) -> None:
        with _full():
            self._file.write(data)
        self.size += len(data)

    def pieces(self) -> Iterator[bytes]:
        self._file.seek(0)
        while piece := self._file.read(PIECE):
            yield piece

    def close(self) -> None:
        self._file.close()


class GzipFile:
    """``ports.ExportFile``. Compressing takes long enough to leave the loop for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unfinished = path.with_name(path.name + UNFINISHED)
        self._file = open(os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")  # noqa: SIM115
        self._compressor = zlib.compressobj(wbits=GZIP)

    async def write(self, data: bytes) -> None:
        with _full():
            await asyncio.to_thread(self._write, data)

    def _write(self, data: bytes) -> None:
        self._file.write(self._compressor.compress(data))

    async def finish(self) -> None:
        with _full():
            await asyncio.to_thread(self._finish)

    def _finish(self) -> None:
        self._file.write(self._compressor.flush())
        self._file.close()
        self._unfinished.rename(self._path)

    def discard(self) -> None:
        self._file.close()
        self._unfinished.unlink(missing_ok=True)


class OpenFile:
    """``ports.FileBody``."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = os.fstat(file.fileno()).st_size

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            while piece := self._file.read(PIECE):
                yield piece
        finally:
            self._file.close()

    def close(self) -> None:
        self._file.close()


@contextlib.contextmanager
def _full() -> Iterator[None]:
    """A disk that takes no more is a storage that is not available."""
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"files of jobs: {error}") from None
