"""Paths to operations: a tree of segments, since identifiers stand between the words."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from doorward.management.kit.operation import Operation

MAX_SEGMENTS = 12


class _Node:
    __slots__ = ("children", "operations", "parameter")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.operations: dict[str, tuple[Operation, tuple[str, ...]]] = {}


class Paths:
    """Finds the operation of a method and path; a fixed word is preferred to a parameter."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        node, names = self._root, []
        for segment in operation.path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment.strip("{}"))
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.children.setdefault(segment, _Node())
        if operation.method in node.operations:
            raise ValueError(f"{operation.method} {operation.path} is declared twice")
        node.operations[operation.method] = (operation, tuple(names))

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation and its decoded path parameters. ``path`` is percent-encoded."""
        segments = path.strip("/").split("/")
        if len(segments) > MAX_SEGMENTS:
            return None
        return _walk(self._root, method, segments, 0, [])


def _walk(
    node: _Node, method: str, segments: list[str], depth: int, values: list[str]
) -> tuple[Operation, dict[str, str]] | None:
    if depth == len(segments):
        found = node.operations.get(method)
        return (found[0], dict(zip(found[1], map(unquote, values), strict=True))) if found else None
    segment = segments[depth]
    child = node.children.get(segment)
    if child is not None:
        result = _walk(child, method, segments, depth + 1, values)
        if result is not None:
            return result
    if node.parameter is None or not segment:
        return None
    return _walk(node.parameter, method, segments, depth + 1, [*values, segment])
