"""What all codes have in common: how many are sent, what brings them, and how they may be typed."""

from __future__ import annotations

from typing import Any

from doorward.model.challenge import Challenge
from doorward.model.identifiers import plain, sending_keys
from doorward.model.message import Message
from doorward.model.pace import Pace
from doorward.ports import Attempts

MAX_CODE = 128
# How many at once, and after how many seconds each one more: to an address as one place asks for it, as that place
# asks for it in all, of a tenant.
OF_ONE_PLACE = (Pace(10, 360.0), Pace(50, 72.0), Pace(10_000, 0.36))
# Of the first, so many whatever others ask for; beyond that an address gets no more than so many from everywhere.
ANYHOW, FROM_EVERYWHERE = Pace(3, 360.0), Pace(30, 120.0)
# With three tries each, that is also how often a code can be guessed, whoever has how many places.
AT_MOST = Pace(100, 864.0)
UNREACHED = "no messages are sent to this country"


class TooManyCodes(Exception):
    """Too much was sent already, at the ``pace`` there is."""

    def __init__(self, pace: Pace) -> None:
        super().__init__("too many codes")
        self.pace = pace


async def admit(attempts: Attempts, tenant: str, connection: str, address: str, ip: str, *, at: float) -> None:
    """Count a message. Nobody uses up what somebody else is sent: some are left to each place that asks. Raises
    ``TooManyCodes``."""

    async def is_left(key: str, pace: Pace) -> bool:
        return await attempts.admit(tenant, key, at=at, interval=pace.interval, burst=pace.burst)

    there, here, everywhere, at_most, place, all_ = sending_keys(connection, address, ip)
    for key, pace in zip((there, place, all_), OF_ONE_PLACE, strict=True):
        if not await is_left(key, pace):
            raise TooManyCodes(pace)
    counted = await is_left(everywhere, FROM_EVERYWHERE)
    if not await is_left(here, ANYHOW) and not counted:
        raise TooManyCodes(FROM_EVERYWHERE)
    if not await is_left(at_most, AT_MOST):
        raise TooManyCodes(AT_MOST)


def message_of(challenge: Challenge, template: str, values: dict[str, Any], locale: str) -> Message:
    """What brings a code there."""
    return Message(
        template=template,
        to=challenge.address,
        channel=challenge.channel,
        values=values,
        user_id=challenge.user_id,
        client_id=challenge.client_id,
        connection=challenge.connection,
        locale=locale,
    )


def typed(code: str) -> str:
    """A code as it was sent, however it was typed."""
    return "".join(c for c in plain(code[:MAX_CODE]) if not c.isspace() and c != "-")
