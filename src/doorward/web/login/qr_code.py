"""QR codes as pictures a page carries itself."""

from __future__ import annotations

import segno


def picture_of(text: str) -> str:
    """A QR code (ISO/IEC 18004, error correction M) as a ``data:`` URI, dark on white in every colour scheme.

    A PNG, since that is a third of the size of an SVG; fine enough for screens of any density.
    """
    code = segno.make(text, error="m", micro=False)
    uri: str = code.png_data_uri(border=4, scale=8)
    return uri
