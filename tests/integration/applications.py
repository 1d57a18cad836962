"""Applications elsewhere that hear, over the back channel, that a session ended."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from doorward.ports import HttpAnswer, Unreachable


def decoded(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT; nothing is verified."""
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    return header, claims


class Applications:
    """Everybody's HTTP server: ``asked`` is what came, ``answers`` what it says by host (200 where nothing is said)."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Mapping[str, str], bytes]] = []
        self.answers: dict[str, int | Unreachable] = {}

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        seconds: float = 5.0,
        largest: int = 65_536,
    ) -> HttpAnswer:
        self.asked.append((method, url, headers or {}, body))
        answer = self.answers.get(url.split("/")[2], 200)
        if isinstance(answer, Unreachable):
            raise answer
        return HttpAnswer(answer, {}, b"what it says is nobody's business")

    @property
    def tokens(self) -> list[str]:
        """The logout tokens that came, in order."""
        return [parse_qs(body.decode())["logout_token"][0] for *_, body in self.asked]

    @property
    def told(self) -> dict[str, dict[str, Any]]:
        """The claims of the last logout token by the URL it came to."""
        return {url: decoded(token)[1] for (_, url, *_), token in zip(self.asked, self.tokens, strict=True)}
