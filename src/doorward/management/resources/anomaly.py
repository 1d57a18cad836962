"""``/anomaly/blocks/ips/{id}``: whether an address is blocked, for anybody or for somebody, and lifting it."""

from __future__ import annotations

from ipaddress import ip_address

from doorward.management.kit.bodies import PATH, refusal
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import not_found
from doorward.management.kit.schema import Unfit
from doorward.management.kit.shapes import Command, Shape
from doorward.management.kit.writing import api_event
from doorward.model.identifiers import ATTEMPTS, attempt_suffix
from doorward.model.suspicious_ip import IpStage


async def _counted(call: Call) -> list[tuple[str, int]]:
    """The counters of failed logins from the address of the path. Raises ``ApiError`` (400)."""
    try:
        ip_address(call.id)
    except ValueError:
        raise refusal(Unfit(f"Object didn't pass validation for format ipv4: {call.id[:100]}", "id"), PATH) from None
    return await call.ports.attempts.matching(call.tenant, ATTEMPTS, attempt_suffix(call.id))


async def _is_throttled(call: Call) -> bool:
    """Whether the address may not log in, or not sign up, whoever it is about."""
    settings, at = call.directory.suspicious_ip, call.ports.clock.now()
    counters = await call.ports.attempts.look(call.tenant, [stage.key(call.id) for stage in IpStage])
    return any(settings.is_blocked(stage, counters, call.id, at) for stage in IpStage)


async def _check(call: Call) -> Answer:
    protection = call.directory.brute_force
    locked = any(
        failures >= protection.max_attempts and protection.counts(key) for key, failures in await _counted(call)
    )
    if not locked and not await _is_throttled(call):
        raise not_found("The IP address is not blocked")
    return Answer(body=NOTHING)


async def _unblock(call: Call) -> Answer:
    counted = [key for key, _ in await _counted(call)]
    for key in (*counted, *(stage.key(call.id) for stage in IpStage)):
        await call.ports.attempts.clear(call.tenant, key)
    call.ports.log.write(call.tenant, api_event(call, status=204))
    return Answer(status=204, body=NOTHING)


RESOURCES: tuple[Shape, ...] = (
    Command(
        method="GET",
        path="/anomaly/blocks/ips/{id}",
        scopes=("read:anomaly_blocks",),
        summary="Check if an IP address is blocked",
        run=_check,
        answers={200: None},
    ),
    Command(
        method="DELETE",
        path="/anomaly/blocks/ips/{id}",
        scopes=("delete:anomaly_blocks",),
        summary="Remove the blocked IP address",
        run=_unblock,
    ),
)
