"""QR codes as pictures a page carries itself."""

from __future__ import annotations

import segno


def picture_of(text: str) -> str:
    """A QR code (ISO/IEC 18004, error correction M) as a ``data:`` URI, dark on white in every colour scheme."""
    code = segno.make(text, error="m", micro=False)
    uri: str = code.svg_data_uri(border=4, light="#fff", dark="#000", omitsize=True)
    return uri
