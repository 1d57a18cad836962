"""Paths to what answers them: a tree of segments, since identifiers stand between the words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar
from urllib.parse import unquote

MAX_SEGMENTS = 12

T = TypeVar("T")


class _Node(Generic[T]):
    __slots__ = ("children", "found", "parameter")

    def __init__(self) -> None:
        self.children: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.found: dict[str, tuple[T, tuple[str, ...]]] = {}


class Paths(Generic[T]):
    """Finds what was put at a method and path; a fixed word is preferred to a parameter."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def put(self, method: str, path: str, value: T) -> None:
        """Segments of ``path`` like ``{name}`` are parameters. Raises ``ValueError`` where something is already."""
        node, names = self._root, []
        for segment in path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment.strip("{}"))
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.children.setdefault(segment, _Node())
        if method in node.found:
            raise ValueError(f"{method} {path} is declared twice")
        node.found[method] = (value, tuple(names))

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """What is there, and its decoded path parameters. ``path`` is percent-encoded."""
        for node, values in self._at(path):
            found = node.found.get(method)
            if found is not None:
                return found[0], dict(zip(found[1], map(unquote, values), strict=True))
        return None

    def methods(self, path: str) -> tuple[str, ...]:
        """Every method with something at the path."""
        return tuple(sorted({method for node, _ in self._at(path) for method in node.found}))

    def _at(self, path: str) -> Iterator[tuple[_Node[T], list[str]]]:
        segments = path.strip("/").split("/")
        return _walk(self._root, segments, 0, []) if len(segments) <= MAX_SEGMENTS else iter(())


def _walk(node: _Node[T], segments: list[str], depth: int, values: list[str]) -> Iterator[tuple[_Node[T], list[str]]]:
    """Every node the path leads to, the one with the most fixed words first, and its parameters."""
    if depth == len(segments):
        yield node, values
        return
    segment = segments[depth]
    child = node.children.get(segment)
    if child is not None:
        yield from _walk(child, segments, depth + 1, values)
    if node.parameter is not None and segment:
        yield from _walk(node.parameter, segments, depth + 1, [*values, segment])
