"""Everything the Management API offers, and everything it does not."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from doorward.management import resources
from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import insufficient_scope
from doorward.management.kit.operation import Effect, Operation
from doorward.management.kit.shapes import Shape
from doorward.management.ledger import entries


def _declared(name: str) -> tuple[Shape, ...]:
    """What every module in ``resources`` declares under ``name``; one without has what others declare with."""
    modules = sorted(module.name for module in iter_modules(resources.__path__))
    imported = (import_module(f"{resources.__name__}.{module}") for module in modules)
    return tuple(shape for module in imported for shape in getattr(module, name, ()))


RESOURCES, OUR_RESOURCES = _declared("RESOURCES"), _declared("OUR_RESOURCES")


def own() -> list[Operation]:
    """The operations of our own API, for what Auth0 has no endpoint for. No path of theirs is one of Auth0's."""
    return [operation for shape in OUR_RESOURCES for operation in shape.operations()]


def built() -> list[Operation]:
    """The operations this server performs."""
    return [operation for shape in RESOURCES for operation in shape.operations()]


def operations() -> list[Operation]:
    """Every operation of the API; those not built are marked as such."""
    performed = built()
    known = {(operation.method, shape_of(operation.path)) for operation in performed}
    return performed + [
        Operation(
            method=entry.method, path=entry.path, scopes=entry.scopes, summary="", run=_refuse, effect=Effect.REFUSED
        )
        for entry in entries()
        if (entry.method, shape_of(entry.path)) not in known
    ]


def reason(operation: Operation) -> str:
    """Why an operation does not act, as the ledger has it; empty if it does."""
    return _reasons()[operation.method, shape_of(operation.path)]


@cache
def _reasons() -> dict[tuple[str, str], str]:
    return {(entry.method, shape_of(entry.path)): entry.reason for entry in entries()}


def shape_of(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"{[^}]*}", "{}", path)


async def _refuse(call: Call) -> Answer:
    raise insufficient_scope(())
