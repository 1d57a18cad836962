"""Forms with files in them (multipart/form-data): read piece by piece, files spooled to disk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct

from doorward.ports import Spool


class Form(Struct, frozen=True):
    """The text fields of a form, and the parts that are files, by name."""

    fields: Mapping[str, str]
    files: Mapping[str, Spool]


# Reads the body of a request; told which parts are files. Raises ``ApiError`` (400, 413).
ReadForm = Callable[[Sequence[str]], Awaitable[Form]]
