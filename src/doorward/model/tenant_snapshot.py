"""What is known of a tenant's snapshot: everything but its content."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class TenantSnapshot(Struct, frozen=True, kw_only=True):
    """A copy of ``tenant`` as it was at ``taken_at`` (epoch seconds), in the tables of ``schema``.

    ``domain`` is where it was served, ``size`` the bytes it takes, ``rows`` how much it holds of each table.
    """

    id: str = ""
    tenant: str
    domain: str
    taken_at: float
    schema: str
    size: int = 0
    rows: Mapping[str, int] = {}
