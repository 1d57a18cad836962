"""Many words sought in a large text at once, whatever they are dressed in; the time does not grow with their number.

Of each word some short pieces are remembered: those of which an occurrence, wherever it begins, holds one at a place
that is a multiple of their length. So the text is cut at those places only, and what it shares with the pieces tells
which words to look for in earnest.
"""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import quote

SHORTEST = 8  # characters: what is shorter is found by chance
HEAD, TAIL = 64, 32  # of something long: it may have been cut, or be part of something
DRESSED = 12  # what is shorter than this in base64 or hexadecimal is found by chance
FEWEST_DIGITS, MOST_DIGITS = 6, 12
_WIDTHS = {8: "Q", 4: "I"}


def forms(word: str) -> Iterator[bytes]:
    """A word as it is, encoded for a URL or in JSON, in hexadecimal, and in base64 wherever it begins in a longer text;
    the beginning and the end of a long one. A base32 key also as its bytes."""
    parts = (word,) if len(word) <= HEAD + TAIL else (word[:HEAD], word[-TAIL:])
    for part in parts:
        raw = part.encode()
        yield raw
        for dressed in {quote(part, safe=""), part.replace("\\", "\\\\").replace('"', '\\"'), raw.hex()} - {part}:
            yield dressed.encode()
            yield dressed.upper().encode()
        for before, skipped in ((0, 0), (1, 2), (2, 3)):
            whole = base64.b64encode(bytes(before) + raw)[skipped : (before + len(raw)) * 8 // 6]
            if len(whole) >= DRESSED:
                yield whole
                yield whole.replace(b"+", b"-").replace(b"/", b"_")
    if re.fullmatch("[A-Z2-7]{16,}", word):  # the key of an authenticator app, or a recovery code
        yield base64.b32decode(word[: len(word) // 8 * 8])


class Needles:
    """What is sought: words of eight characters and more anywhere, numbers of six digits and more where they stand
    alone."""

    def __init__(self, words: Iterable[str]) -> None:
        self._pieces: dict[int, dict[int, list[tuple[bytes, str]]]] = {8: defaultdict(list), 4: defaultdict(list)}
        self._numbers: dict[bytes, str] = {}
        for word in words:
            if word.isdecimal() and len(word) <= MOST_DIGITS:
                self._numbers[word.encode()] = word
                continue
            for form in set(forms(word)):
                width = 8 if len(form) >= 15 else 4
                for start in range(width):
                    piece = int.from_bytes(form[start : start + width], "little")
                    self._pieces[width][piece].append((form, word))

    def found(self, text: bytes) -> set[str]:
        """The words that are in a text."""
        found = {
            word
            for number, word in self._numbers.items()
            if number in text and re.search(rb"(?<![\w.])%b(?![\w.])" % number, text)
        }
        view = memoryview(text + bytes(-len(text) % 8)) if self._pieces else memoryview(b"")
        for width, pieces in self._pieces.items():
            for piece in set(pieces).intersection(view.cast("B").cast(_WIDTHS[width])):
                found |= {word for form, word in pieces[piece] if word not in found and form in text}
        return found
