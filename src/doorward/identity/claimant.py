"""Somebody who says that an address is theirs: whom a code is sent to, and who brings it back."""

from __future__ import annotations

import hmac

from msgspec import Struct

from doorward.identity.log_events import person_event
from doorward.model.challenge import TRIES, Challenge, Purpose
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.identifiers import SEPARATOR
from doorward.model.log_event import LogEvent
from doorward.model.message import Channel
from doorward.model.request_context import RequestContext
from doorward.model.session import LoginTransaction
from doorward.model.user import User


class Attempt(Struct, frozen=True):
    """A secret that is brought back, in the form it was kept in: what it is looked up by, and what it has to be."""

    id_hash: bytes
    code_hash: bytes


class Claimant(Struct, frozen=True, kw_only=True):
    """Somebody who says that an address in ``connection`` is theirs, and has yet to show it (NIST SP 800-63-4:
    claimant). ``field`` is its kind, ``email`` or ``phone_number``; ``address`` is normalised. ``holder`` is who may
    bring a code back, from ``of_client`` or ``of_browser``."""

    directory: TenantDirectory
    connection: Connection
    field: str
    address: str
    client: Client
    context: RequestContext
    holder: str

    @property
    def tenant(self) -> str:
        return self.directory.tenant.id

    def place_in(self, user: User) -> int | None:
        """Which of the identities of ``user`` has the address."""
        return user.place_of(self.connection.name, self.field, self.address)

    def event(self, type_: str, at: float, *, user: User | None = None, description: str = "") -> LogEvent:
        """What they did, as an event of the tenant log; ``user`` is who has the address, if anybody."""
        return person_event(
            type_, at, self.connection, self.context,
            user=user, name=self.address, client=self.client, description=description,
        )  # fmt: skip

    def challenge(
        self, purpose: Purpose, secret: str, *, until: float, user: User | None, channel: Channel = Channel.EMAIL
    ) -> Challenge:
        """What is kept of a ``secret`` that is sent to them, good ``until`` then (epoch seconds); ``user`` as above."""
        kept = self.attempt(purpose, secret)
        return Challenge(
            id_hash=kept.id_hash,
            subject=self._subject(purpose),
            purpose=purpose,
            channel=channel,
            address=self.address,
            code_hash=kept.code_hash,
            tries=TRIES[purpose],
            expires_at=until,
            connection=self.connection.name,
            client_id=self.client.client_id,
            user_id=user.user_id if user is not None else None,
        )

    def attempt(self, purpose: Purpose, secret: str) -> Attempt:
        """``secret`` as they bring it back."""
        subject = self._subject(purpose)
        handle = digest(f"{subject.hex()}{SEPARATOR}{self.holder}")
        return Attempt(handle, sealed(self.directory, subject, secret))

    def _subject(self, purpose: Purpose) -> bytes:
        """Of the codes sent to an address the last one counts, whoever asked for it."""
        return digest(SEPARATOR.join((purpose, self.connection.id, self.address)))


def of_client(client: Client) -> str:
    """Whose a code is that an application had sent."""
    return f"client{SEPARATOR}{client.client_id}"


def of_browser(transaction: LoginTransaction) -> str:
    """Whose a code is that a login page sent: the application's in one browser, in whichever of its tabs."""
    return SEPARATOR.join(("browser", transaction.browser_hash.hex(), transaction.client_id))


def sealed(directory: TenantDirectory, subject: bytes, secret: str) -> bytes:
    """A secret as it is kept: under a key that is not in the database."""
    return hmac.digest(directory.token_key, b"one-time code" + subject + secret.encode(), "sha256")
