"""Paths to handlers: exact paths by dictionary, then prefixes, then those with parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from enum import Enum, auto

from msgspec import Struct

from doorward.management.kit.paths import Paths
from doorward.web.wire.http import Request, Response

Handler = Callable[[Request], Awaitable[Response]]


class Readers(Enum):
    """Pages of which other sites may read what is answered: of none, of all, of whoever has a token to show, of those
    that an application registered."""

    NOBODY = auto()
    EVERYBODY = auto()
    WITH_TOKEN = auto()
    REGISTERED = auto()


class Route(Struct, frozen=True):
    """One URL: a path whose ``{name}`` segments are parameters. With ``streams`` its handler reads the body."""

    method: str
    path: str
    handler: Handler
    streams: bool = False
    readers: Readers = Readers.NOBODY


class Mount(Struct, frozen=True):
    """Everything below a prefix, whatever the method."""

    prefix: str
    handler: Handler


class Router:
    """Finds the handler of a method and path; a HEAD goes to the GET handler."""

    def __init__(self, routes: Iterable[Route | Mount]) -> None:
        self._exact: dict[tuple[str, str], Handler] = {}
        self._mounts: list[Mount] = []
        self._paths: Paths[Handler] = Paths()
        self._streaming: set[Handler] = set()
        for route in routes:
            if isinstance(route, Mount):
                self._mounts.append(route)
                continue
            self._paths.put(route.method, route.path, route.handler)
            if route.streams:
                self._streaming.add(route.handler)
            if "{" not in route.path:
                self._exact[route.method, route.path] = route.handler

    def find(self, method: str, path: str) -> tuple[Handler | None, dict[str, str], tuple[str, ...]]:
        """The handler, its decoded path parameters, and, where only the method is wrong, the methods there are."""
        if method == "HEAD":
            method = "GET"
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact, {}, ()
        for mount in self._mounts:
            if path.startswith(mount.prefix):
                return mount.handler, {}, ()
        if not path.startswith("/") or path.startswith("//") or path.endswith("/"):
            return None, {}, ()
        found = self._paths.find(method, path)
        if found is not None:
            return *found, ()
        return None, {}, self._paths.methods(path)

    def streams(self, handler: Handler) -> bool:
        """Whether the handler reads the body itself."""
        return handler in self._streaming
