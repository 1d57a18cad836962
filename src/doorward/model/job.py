"""Jobs: work that goes on after its request was answered, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from doorward.model.authentication_method import AuthenticationMethod
from doorward.model.user import Identifiers, Password, User

PENDING, COMPLETED, FAILED = "pending", "completed", "failed"


class Summary(Struct, frozen=True, kw_only=True):
    """How many rows of an import came to what."""

    failed: int = 0
    updated: int = 0
    inserted: int = 0

    @property
    def total(self) -> int:
        return self.failed + self.updated + self.inserted


class Job(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One job: ``/api/v2/jobs``. Times are epoch seconds.

    ``asked`` is what it was asked for, under wire names. ``alive_until`` is when the process that works on a
    pending job gives its next sign of life at the latest: a job past it is dead. ``error_bytes`` counts what
    its stored errors take.
    """

    id: str
    type: str
    created_at: float
    status: str = PENDING
    asked: dict[str, Any] = {}
    alive_until: float = 0.0
    summary: Summary | None = None
    percentage_done: int | None = None
    time_left_seconds: int | None = None
    status_details: str | None = None
    error_bytes: int = 0


class JobError(Struct, frozen=True, kw_only=True):
    """What was wrong with one row: ``user`` as it came, without what is secret; ``errors`` as
    ``{code, message, path?}``. ``position`` is the number of the row, from 0."""

    position: int
    user: dict[str, Any]
    errors: tuple[dict[str, Any], ...]


class KnownUser(Struct, frozen=True, kw_only=True):
    """Somebody who has an identifier that a row of an import names too.

    ``field`` is ``email``, ``username``, ``phone_number`` or ``user_id`` (``value`` is then the part behind
    the provider); ``identity_id`` is the account at the connection it belongs to.
    """

    field: str
    value: str
    identity_id: str
    user: User


class NewUser(Struct, frozen=True, kw_only=True):
    """A user to insert."""

    user: User
    identifiers: Identifiers
    password: Password | None = None
    methods: Sequence[AuthenticationMethod] = ()


class ChangedUser(Struct, frozen=True, kw_only=True):
    """A user to write over the one at its revision; ``password`` replaces the stored one."""

    user: User
    password: Password | None = None


class ImportBatch(Struct, frozen=True, kw_only=True):
    """What some rows of an import come to, and the state of the job with them."""

    job: Job
    new: Sequence[NewUser] = ()
    changed: Sequence[ChangedUser] = ()
    errors: Sequence[JobError] = ()
