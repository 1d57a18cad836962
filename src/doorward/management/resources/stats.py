"""``/stats``: how many logged in and signed up each day, and how many were there in the last month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from doorward.management.kit.bodies import QUERY, refusal
from doorward.management.kit.context import Call
from doorward.management.kit.schema import Unfit, integer, items, record, text
from doorward.management.kit.search import found
from doorward.management.kit.shapes import Shape, View
from doorward.management.kit.wire import timestamp

SCOPES = ("read:stats",)
BEGINNING = date(1970, 1, 1)
DAYS = 30
MOST_DAYS = 366
DAY_SECONDS = 86400.0
OF_DAY = record(
    {
        **dict.fromkeys(("date", "created_at", "updated_at"), text(format="date-time")),
        **dict.fromkeys(("logins", "signups", "leaked_passwords"), integer(min=0)),
    }
)


async def _daily(call: Call) -> list[dict[str, Any]]:
    now = call.ports.clock.now()
    today = datetime.fromtimestamp(now, UTC).date()
    last = min(_day(call, "to") or today, today)
    first = max(_day(call, "from") or last - timedelta(days=min(DAYS - 1, last.toordinal() - 1)), BEGINNING)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    if not 0 < len(days) <= MOST_DAYS:
        raise refusal(Unfit(f"Between from and to there have to be 1 to {MOST_DAYS} days", "from"), QUERY)
    counted = await found(call.ports.log.daily(call.tenant, _digits(first), _digits(last)))
    nothing = dict.fromkeys(("logins", "signups", "leaked_passwords"), 0)
    answer = []
    for day in days:
        begins = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
        times = {"date": begins, "created_at": begins, "updated_at": min(now, begins + DAY_SECONDS - 0.001)}
        told = {name: timestamp(at) for name, at in times.items()}
        answer.append({**told, **(counted.get(_digits(day)) or nothing)})
    return answer


def _digits(day: date) -> str:
    return day.isoformat().replace("-", "")


def _day(call: Call, name: str) -> date | None:
    if name not in call.query:
        return None
    try:
        return datetime.strptime(call.query[name], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise refusal(Unfit("Not a day: use YYYYMMDD", name), QUERY) from None


async def _active_users(call: Call) -> int:
    return await found(call.ports.users.active(call.tenant, call.ports.clock.now() - DAYS * DAY_SECONDS))


RESOURCES: tuple[Shape, ...] = (
    View(
        path="/stats/daily",
        scopes=SCOPES,
        summary="Get daily stats",
        answer=_daily,
        query=dict.fromkeys(("from", "to"), text(pattern=r"[0-9]{8}")),
        shows=items(OF_DAY),
    ),
    View(
        path="/stats/active-users",
        scopes=SCOPES,
        summary="Get active users count",
        answer=_active_users,
        shows=integer(min=0),
    ),
)
