"""Paths to handlers: exact paths by dictionary, the rest by a tree of segments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from msgspec import Struct

from doorward.web.wire.http import Request, Response

Handler = Callable[[Request], Awaitable[Response]]


class Route(Struct, frozen=True):
    """One URL: a path whose ``{name}`` segments are parameters."""

    method: str
    path: str
    handler: Handler


class Mount(Struct, frozen=True):
    """Everything below a prefix, whatever the method."""

    prefix: str
    handler: Handler


class _Node:
    __slots__ = ("children", "handlers", "parameter")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.handlers: dict[str, tuple[Handler, tuple[str, ...]]] = {}


class Router:
    """Finds the handler of a method and path; a HEAD goes to the GET handler."""

    def __init__(self, routes: Iterable[Route | Mount]) -> None:
        self._exact: dict[tuple[str, str], Handler] = {}
        self._mounts: list[Mount] = []
        self._root = _Node()
        for route in routes:
            if isinstance(route, Mount):
                self._mounts.append(route)
            else:
                self._add(route)

    def _add(self, route: Route) -> None:
        if "{" not in route.path:
            self._exact[route.method, route.path] = route.handler
        node, names = self._root, []
        for segment in route.path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment.strip("{}"))
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.children.setdefault(segment, _Node())
        node.handlers[route.method] = (route.handler, tuple(names))

    def find(self, method: str, path: str) -> tuple[Handler | None, dict[str, str], tuple[str, ...]]:
        """The handler, its path parameters (still percent-encoded), and, where only the method is
        wrong, the methods there are."""
        if method == "HEAD":
            method = "GET"
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact, {}, ()
        for mount in self._mounts:
            if path.startswith(mount.prefix):
                return mount.handler, {}, ()
        if not path.startswith("/"):
            return None, {}, ()
        values: list[str] = []
        node = self._walk(self._root, path[1:].split("/"), 0, values)
        if node is None:
            return None, {}, ()
        found = node.handlers.get(method)
        if found is None:
            return None, {}, tuple(sorted(node.handlers))
        return found[0], dict(zip(found[1], values, strict=True)), ()

    def _walk(self, node: _Node, segments: list[str], depth: int, values: list[str]) -> _Node | None:
        if depth == len(segments):
            return node if node.handlers else None
        segment = segments[depth]
        child = node.children.get(segment)
        if child is not None:
            found = self._walk(child, segments, depth + 1, values)
            if found is not None:
                return found
        if node.parameter is not None and segment:
            values.append(segment)
            found = self._walk(node.parameter, segments, depth + 1, values)
            if found is not None:
                return found
            values.pop()
        return None
