"""Mails, text messages and calls as they are sent, and what their headers may hold."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import getaddresses

from msgspec import Struct

from doorward.model.message import Channel

SPACE = re.compile(r"\s+")


class Mail(Struct, frozen=True, kw_only=True):
    """An e-mail as it is sent. ``sender`` is empty where nobody said who sends it."""

    id: str
    sender: str
    to: str
    subject: str
    html: str
    text: str


class Spoken(Struct, frozen=True, kw_only=True):
    """A text message or a call. In a call, ``parts`` are said with a pause between them."""

    id: str
    channel: Channel
    sender: str
    to: str
    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.parts)


class NoWords(Exception):
    """There is no such template."""


def mailbox(text: str) -> str:
    """One address with or without a name before it, as a header can carry it; empty for anything else."""
    found = getaddresses([one_line(text)])
    if len(found) != 1:
        return ""
    name, address = found[0]
    try:
        return str(Address(display_name=name, addr_spec=address)) if address else ""
    except (HeaderParseError, ValueError, IndexError):
        return ""


def address_of(sender: str) -> tuple[str, str]:
    """Name and address of a mailbox."""
    return getaddresses([sender])[0]


def is_address(text: str) -> bool:
    """Whether this is one address and nothing else."""
    return bool(mailbox(text)) and address_of(text) == ("", text)


def one_line(text: str) -> str:
    """What has to stand in one line."""
    return SPACE.sub(" ", "".join(c for c in text if c.isprintable() or c.isspace())).strip()
