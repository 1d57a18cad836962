"""How much an attempt looks like the work of a script: a pure function of what is remembered.

Nothing of it depends on whether there is such an account, so a challenge tells nobody.
"""

from __future__ import annotations

from msgspec import Struct

from doorward.model.bot_detection import Risk


class Signals(Struct, frozen=True, kw_only=True):
    """What came before an attempt: failures of its address and about its identifier of late; whether the address is
    ``hurried``, with more attempts than one person makes; whether it is ``new``, and nobody signed in from it of late.
    """

    failures_of_address: int = 0
    failures_of_identifier: int = 0
    hurried: bool = False
    new: bool = False


def risk(signals: Signals) -> Risk:
    """Some forgotten passwords, a first visit: each is a little; a list being tried is a lot."""
    points = _reached(signals.failures_of_address, 3, 10, 30) + _reached(signals.failures_of_identifier, 3, 10)
    points += 2 * signals.hurried + signals.new
    return Risk(min(points, Risk.HIGH))


def _reached(count: int, *marks: int) -> int:
    return sum(count >= mark for mark in marks)
