"""What a plug may raise."""

from __future__ import annotations


class StorageUnavailable(Exception):
    """The database is lost, locked or too slow; nothing was half-written."""


class TooCostly(Exception):
    """A search that cannot be answered in the time it may take."""


class TooMuch(Exception):
    """What is asked for at once is more than one answer may hold."""


class Conflict(Exception):
    """A unique value is taken (``field``, ``value``), or a document changed since it was read."""

    def __init__(self, field: str, value: str = "") -> None:
        super().__init__(f"{field}: {value}")
        self.field = field
        self.value = value


class UnknownTenant(LookupError):
    """There is no such tenant, or there is none any more."""


class UnusableSnapshot(Exception):
    """A tenant cannot be restored from this; says why, as a sentence about "it". ``other_key``: another master key
    opens it."""

    def __init__(self, why: str, *, other_key: bool = False) -> None:
        super().__init__(why)
        self.other_key = other_key


class SignupImpossible(Exception):
    """Nobody is signed up with this: ``code`` is Auth0's text key. ``taken``: there is such an account."""

    def __init__(self, code: str, *, taken: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.taken = taken


class InvalidToken(Exception):
    """A JWT or JWE that is malformed, wrongly signed, or not for us; ``reason`` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreachable(Exception):
    """Somebody else's server did not answer, or must not be asked. ``reason`` is for the operator: to anybody else
    it would tell of a network they are not in."""

    def __init__(self, reason: str) -> None:
        super().__init__("the address cannot be reached")
        self.reason = reason


class Overloaded(Exception):
    """A bounded pool is full; ``retry_after`` in seconds."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__("overloaded")
        self.retry_after = retry_after
