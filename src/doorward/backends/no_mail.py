"""The mail of a server that has none."""

from __future__ import annotations

from collections.abc import Mapping


class NoMail:
    """``ports.Mail``."""

    async def send(self, tenant: str, template: str, to: str, values: Mapping[str, str]) -> bool:
        return False
