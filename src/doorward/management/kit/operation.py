"""One operation of the API: what every shape unfolds into."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum

from msgspec import Struct

from doorward.management.kit.answers import Answers
from doorward.management.kit.context import Answer, Call
from doorward.management.kit.schema import Rule

Handler = Callable[[Call], Awaitable[Answer]]


class Effect(Enum):
    """What an operation comes to: it does what it says; what it writes is kept and returned while nothing acts
    on it yet; it answers what a tenant without such a thing would; or it is refused."""

    ACTS = "acts"
    STORED = "stored"
    EMPTY = "empty"
    REFUSED = "refused"


class Operation(Struct, frozen=True, kw_only=True):
    """``scopes``: any one of them is enough, unless ``every_scope``. ``path`` has its parameters in braces.

    ``own`` are the scopes a person's own token may use here; the first path parameter must then be the
    person, if ``names_person``. ``uploads`` names the parts of a form that are files; ``body`` is then about
    the other ones. ``parameters`` are rules for path parameters, by name; ``secrets`` are paths in the body
    whose values no log may hold. One whose ``effect`` is ``REFUSED`` is refused as if the scope were missing,
    which the official tools take as "skip this". ``answers`` are the statuses of its successes, each with the
    rule of the body, or ``None`` where there is none.
    """

    method: str
    path: str
    scopes: tuple[str, ...]
    summary: str
    run: Handler
    query: Mapping[str, Rule] = {}
    body: Rule | None = None
    uploads: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    names_person: bool = True
    every_scope: bool = False
    parameters: Mapping[str, Rule] = {}
    secrets: tuple[str, ...] = ()
    effect: Effect = Effect.ACTS
    answers: Answers = {}

    def allows(self, granted: frozenset[str]) -> bool:
        """Whether these scopes are enough."""
        if self.every_scope:
            return granted.issuperset(self.scopes)
        return not granted.isdisjoint(self.scopes) or not granted.isdisjoint(self.own)
