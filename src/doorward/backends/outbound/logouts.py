"""Logout tokens to applications: one POST, whose answer changes nothing for the person who logged out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from doorward.backends.outbound.sending import NotSent, expect_success
from doorward.model.client import Client
from doorward.model.log_event import EVENT_TYPES, LogEvent
from doorward.model.logout_notice import LogoutNotice
from doorward.oauth.backchannel_logout import logout_token, logout_url
from doorward.ports import Clock, Directory, HttpOut, Jose, UnknownTenant, Unreachable

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0
UNREACHABLE = "the application cannot be reached, or did not answer within 5 seconds"
SUCCEEDED, FAILED = "oidc_backchannel_logout_succeeded", "oidc_backchannel_logout_failed"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class LogoutCarrier:
    """Makes the token when it is sent, so that it is never late, and never kept. A client that is gone, or has no URL
    any more, is not told."""

    carries = LogoutNotice
    at_a_time = 64
    of_a_tenant = 8
    pauses = (10.0, 60.0, 300.0)

    def __init__(self, directory: Directory, jose: Jose, clock: Clock, http: HttpOut) -> None:
        self._directory = directory
        self._jose = jose
        self._clock = clock
        self._http = http

    def name(self, message: LogoutNotice) -> str:
        return f"the logout of {message.client_id}"

    async def admit(self, tenant: str, message: LogoutNotice) -> None:
        """There is no limit: nobody is to stay logged in because many log out."""

    async def deliver(self, tenant: str, message: LogoutNotice) -> Sequence[LogEvent]:
        """Raises ``NotSent``."""
        directory = self._directory.tenant(tenant)
        client = directory.clients.get(message.client_id)
        url = logout_url(message, client, directory) if client is not None else None
        if client is None or url is None:
            return ()
        token = await logout_token(message, client, directory, self._jose, now=int(self._clock.now()))
        try:
            answer = await self._http.send(
                "POST", url, headers=FORM, body=urlencode({"logout_token": token}).encode(), seconds=ANSWER_SECONDS
            )
        except Unreachable as error:
            logger.info("%s cannot be told: %s", self.name(message), error.reason)
            raise NotSent(UNREACHABLE, final=False) from None
        expect_success(answer, "the application")
        return (self._event(SUCCEEDED, message, client, url, answer.status),)

    def failed(self, tenant: str, message: LogoutNotice, error: NotSent) -> LogEvent | None:
        try:
            directory = self._directory.tenant(tenant)
        except UnknownTenant:
            return None
        client = directory.clients.get(message.client_id)
        if client is None:
            return None
        url = logout_url(message, client, directory) or ""
        return self._event(FAILED, message, client, url, error.status, error.reason)

    def _event(
        self, type_: str, notice: LogoutNotice, client: Client, url: str, status: int | None, reason: str = ""
    ) -> LogEvent:
        details: dict[str, Any] = {
            "initiator": notice.initiator.value,
            "request": {"method": "POST", "backchannel_logout_uri": url},
            "response": {"statusCode": status} if status is not None else {},
            "session_id": notice.sid,
        }
        if reason:
            details["errors"] = [reason]
        if notice.session_metadata:
            details["session_metadata"] = dict(notice.session_metadata)
        return LogEvent(
            type=type_,
            date=self._clock.now(),
            description=f"{EVENT_TYPES[type_]}: {reason}" if reason else EVENT_TYPES[type_],
            client_id=client.client_id,
            client_name=client.name,
            user_id=notice.user_id,
            hostname=notice.host,
            details=details,
        )
