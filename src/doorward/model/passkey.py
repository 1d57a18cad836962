"""Passkeys: what came of one, and whether somebody has one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.user import User


class Newcomer(Struct, frozen=True, kw_only=True):
    """Somebody who is to have an account in ``connection`` with a passkey and no password.

    ``profile`` is what they gave (``email``, ``phone_number``, ``username``, ``name``...), ``identity`` the id they
    will have in the connection; ``binding`` is the digest of the login it happens in. Codes were brought back for what
    is ``verified``; ``embedded``: in the client's own pages or applications.
    """

    directory: TenantDirectory
    connection: Connection
    client: Client
    context: RequestContext
    profile: Mapping[str, str]
    identity: str
    binding: bytes
    metadata: Mapping[str, Any] = {}
    verified: Collection[str] = ()
    embedded: bool = True


class PasskeyLogin(Struct, frozen=True, kw_only=True):
    """What came of an answer: who it is, and in which connection; nobody where it proves nothing.

    ``elsewhere``: the key is on another device than the browser. ``again``: it came in the same login before.
    """

    user: User | None = None
    connection: str | None = None
    elsewhere: bool = False
    again: bool = False


class PasskeyState(StrEnum):
    """Whether somebody has a passkey for a host, or does not want one now."""

    UNAVAILABLE = "unavailable"
    ENROLLED = "enrolled"
    POSTPONED = "postponed"
    NONE = "none"


class Enrollment(StrEnum):
    """What came of a new passkey; the values of refusals are Auth0's text keys. ``AGAIN``: the same came before."""

    DONE = "done"
    AGAIN = "again"
    INVALID = "passkey-enrollment-failure"
    TOO_MANY = "passkey-enrollment-max-allowed-reached"
