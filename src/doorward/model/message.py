"""Messages to people: what is to be said to whom, before anybody decided how."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct


class Channel(StrEnum):
    """How a message reaches a person."""

    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message to one person.

    ``template`` is a name of ``/api/v2/email-templates`` (``verify_email``), or for a phone a type of
    ``/api/v2/branding/phone/templates`` (``otp_verify``). ``to`` is an e-mail address, or a phone number (E.164).
    ``values`` is what the template can show beside what is known of the tenant, the user and the application: above
    all ``url`` and ``code``, which are secrets. ``locale`` is the language the person asked for (BCP 47).
    ``id`` is given when it is put into the outbox; it stays the same however often sending is tried.
    """

    template: str
    to: str
    channel: Channel = Channel.EMAIL
    values: Mapping[str, Any] = {}
    user_id: str | None = None
    client_id: str | None = None
    organization_id: str | None = None
    connection: str | None = None
    locale: str = ""
    id: str = ""

    def __repr__(self) -> str:
        return f"Message({self.template!r} by {self.channel.value}, {self.id!r})"


class Received(Struct, frozen=True, kw_only=True):
    """A message as it reached the inbox of a development server, at ``at`` (epoch seconds).

    ``subject`` and ``html`` are empty for a text message or a call. ``link`` and ``code`` are what it was sent for.
    """

    id: str
    at: float
    channel: Channel
    template: str
    sender: str
    to: str
    subject: str = ""
    html: str = ""
    text: str
    link: str | None = None
    code: str | None = None
    user_id: str | None = None
    client_id: str | None = None
