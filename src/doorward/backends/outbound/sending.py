"""What becomes of an attempt to send: nothing to say when it went well, or one of these."""

from __future__ import annotations

from doorward.ports import HttpAnswer

TRY_AGAIN = frozenset({408, 425, 429})


class NotSent(Exception):
    """It was not sent; ``reason`` says why, without a secret and without what the other side said. ``final`` where
    trying again would change nothing. ``status`` is what an HTTP server answered, if one did."""

    def __init__(self, reason: str, *, final: bool, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        self.status = status


def expect_success(answer: HttpAnswer, whose: str) -> None:
    """Raises ``NotSent`` unless the answer is a success."""
    if not 200 <= answer.status < 300:
        final = answer.status < 500 and answer.status not in TRY_AGAIN
        raise NotSent(f"{whose} answered {answer.status}", final=final, status=answer.status)
