"""Forms with files (multipart/form-data, RFC 7578), read as they arrive: files go to disk, nothing is kept twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from doorward.management.kit.form import Form
from doorward.ports import Spool

MAX_FIELDS = 100
MAX_FIELD = 64 * 1024


class FormTooLarge(Exception):
    """More came than is taken."""


class MalformedForm(Exception):
    """Not a form with parts, or one part twice."""


async def read_form(
    content_type: str,
    pieces: AsyncIterator[bytes],
    uploads: Sequence[str],
    spool: Callable[[], Spool],
    limit: int,
) -> Form:
    """The form whose body comes in ``pieces``, of ``limit`` bytes at most. The parts that ``uploads`` names are
    written to files that ``spool`` makes, and whoever gets the form closes them.

    Raises ``FormTooLarge`` and ``MalformedForm``.
    """
    media_type, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if media_type != b"multipart/form-data" or not boundary:
        raise MalformedForm
    parts = _Parts(uploads, spool)
    size = 0
    try:
        parser = MultipartParser(boundary, parts.callbacks())  # type: ignore[arg-type]
        async for piece in pieces:
            size += len(piece)
            if size > limit:
                raise FormTooLarge
            parser.write(piece)
        parser.finalize()
        if not parts.ended:
            raise MalformedForm
        return Form({name: value.decode() for name, value in parts.fields.items()}, parts.files)
    except (FormParserError, UnicodeDecodeError):
        parts.close()
        raise MalformedForm from None
    except BaseException:
        parts.close()
        raise


class _Parts:
    """What the parser tells, put where it belongs."""

    def __init__(self, uploads: Sequence[str], spool: Callable[[], Spool]) -> None:
        self.fields: dict[str, bytearray] = {}
        self.files: dict[str, Spool] = {}
        self.ended = False
        self._uploads = uploads
        self._spool = spool
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._sink: Callable[[bytes], object] = bytearray().extend

    def callbacks(self) -> dict[str, Callable[..., None]]:
        return {name: getattr(self, name) for name in dir(self) if name.startswith("on_")}

    def close(self) -> None:
        for file in self.files.values():
            file.close()

    def on_part_begin(self) -> None:
        self._disposition = b""

    def on_header_begin(self) -> None:
        self._header = (bytearray(), bytearray())

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = bytes(value)

    def on_headers_finished(self) -> None:
        name = parse_options_header(self._disposition)[1].get(b"name", b"").decode("utf-8", "replace")
        if not name or name in self.fields or name in self.files or len(self.fields) >= MAX_FIELDS:
            raise MalformedForm
        if name in self._uploads:
            file = self.files[name] = self._spool()
            self._sink = file.write
        else:
            field = self.fields[name] = bytearray()
            self._sink = field.extend

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._sink(data[start:end])
        if sum(map(len, self.fields.values())) > MAX_FIELD:
            raise FormTooLarge

    def on_end(self) -> None:
        self.ended = True
