"""Services that know leaked passwords without being told any: ``ports.BreachedPasswords``.

The range protocol of Have I Been Pwned: asked for five of forty hexadecimal digits of the SHA-1 digest, the service
answers the rest of all digests that begin so, one a line with how often each was seen. Padded answers are alike in
size; the lines that pad them are seen zero times.
"""

from __future__ import annotations

import hashlib
import logging
import unicodedata

from doorward.ports import HttpOut, Unreachable

logger = logging.getLogger(__name__)

SHOWN = 5
SECONDS = 2.0
LARGEST = 512 * 1024


class NoBreachedPasswords:
    """Nobody to ask."""

    async def is_breached(self, password: str) -> bool:
        return False


class RangeService:
    """A service at ``url``, to which the five digits are added."""

    def __init__(self, url: str, http: HttpOut) -> None:
        self._url = url if url.endswith("/") else f"{url}/"
        self._http = http

    async def is_breached(self, password: str) -> bool:
        normalised = unicodedata.normalize("NFC", password).encode(errors="surrogatepass")
        digits = hashlib.sha1(normalised, usedforsecurity=False).hexdigest().upper()
        try:
            answer = await self._http.send(
                "GET", f"{self._url}{digits[:SHOWN]}", headers={"add-padding": "true"}, seconds=SECONDS, largest=LARGEST
            )
        except Unreachable as unreachable:
            return self._unknown(unreachable.reason)
        if answer.status != 200:
            return self._unknown(f"status {answer.status}")
        for line in answer.body.decode("ascii", "replace").splitlines():
            rest, _, seen = line.strip().partition(":")
            if rest.upper() == digits[SHOWN:]:
                return seen.strip() != "0"
        return False

    def _unknown(self, why: str) -> bool:
        """Nobody is kept out for it, but the operator should know."""
        logger.warning("breached passwords cannot be looked up: %s", why)
        return False
