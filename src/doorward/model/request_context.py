"""What is known of the caller of one request; for the log and for attack protection."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class RequestContext(Struct, frozen=True, kw_only=True):
    """``ip`` is the end user's address as far as it is trusted; ``forwarded_for`` the one a backend names
    in ``auth0-forwarded-for``, not trusted yet; ``origin`` the ``Origin`` header; ``auth0_client`` the
    decoded telemetry header of an SDK."""

    ip: str = ""
    forwarded_for: str | None = None
    user_agent: str = ""
    hostname: str = ""
    origin: str | None = None
    auth0_client: dict[str, Any] | None = None
