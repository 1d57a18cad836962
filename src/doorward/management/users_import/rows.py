"""The elements of a JSON array, one by one, out of a file of any size."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any

MAX_ROW = 1024 * 1024
_SPACE = " \t\r\n"


class MalformedFile(Exception):
    """Not a JSON array in UTF-8, or an element of more than ``MAX_ROW`` characters."""


def read_rows(pieces: Iterable[bytes]) -> Iterator[tuple[Any, int]]:
    """The elements of the array whose text comes in ``pieces``, each with the length of its text; of that, no more
    than one element and two pieces are held at a time. Raises ``MalformedFile``."""
    text = _Text(pieces)
    if text.next() != "[":
        raise MalformedFile
    separator = text.next(peek=True)
    if separator == "]":
        text.next()
    while separator != "]":
        yield text.value()
        separator = text.next()
        if separator not in ("]", ","):
            raise MalformedFile
    if text.next():
        raise MalformedFile


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


class _Text:
    """A window on the text that moves along it."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._decode = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode
        self._window = ""
        self._at = 0
        self._ended = False

    def _more(self) -> bool:
        """Take in another piece; ``False`` at the end."""
        if self._ended:
            return False
        piece = next(self._pieces, b"")
        self._ended = not piece
        try:
            self._window = self._window[self._at :] + self._utf8.decode(piece, self._ended)
        except UnicodeDecodeError:
            raise MalformedFile from None
        self._at = 0
        return True

    def next(self, *, peek: bool = False) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            while self._at < len(self._window):
                character = self._window[self._at]
                if character not in _SPACE:
                    self._at += not peek
                    return character
                self._at += 1
            if not self._more():
                return ""

    def value(self) -> tuple[Any, int]:
        """The value that begins here, and the length of its text."""
        self.next(peek=True)
        while True:
            try:
                value, end = self._decode(self._window, self._at)
                if end < len(self._window):  # a number could go on in the next piece
                    start, self._at = self._at, end
                    return value, end - start
            except (ValueError, RecursionError):
                pass
            if len(self._window) - self._at > MAX_ROW or not self._more():
                raise MalformedFile
