"""Values in the form Auth0 writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from doorward.model.timestamp import timestamp as timestamp


def same_moment(value: str) -> str:
    """An RFC 3339 moment with a zone, in Auth0's form."""
    return timestamp(datetime.fromisoformat(value).timestamp())


def nanoseconds(at: float) -> str:
    """Epoch seconds as ``YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ``, the form of Actions."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
