"""A scenario is a function that makes calls of one SDK or another and looks at the answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.dev_server import DevServer


class Sdk(ABC):
    """A ManagementClient with every scope, called by the names of auth0-python and with bodies of the wire.

    ``door`` is its server; ``folder`` is for files. A ``Path`` in a body is a file to send.
    """

    def __init__(self, door: DevServer, folder: Path) -> None:
        self.door = door
        self.folder = folder

    @abstractmethod
    def __call__(self, path: str, *arguments: Any) -> Any:
        """Call ``path`` (``log_streams.update``) with the parameters of the URL, then a body or query if it takes one.

        Returns the answer as JSON would hold it, a list with the items of all pages.
        """

    @abstractmethod
    def refusal(self, path: str, *arguments: Any) -> int:
        """The status of a call that has to be refused."""


Run = Callable[[Sdk], None]


@dataclass(frozen=True)
class Scenario:
    """``families`` are the first segments of the paths it calls."""

    name: str
    families: tuple[str, ...]
    run: Run


def scenario(*families: str) -> Callable[[Run], Scenario]:
    """Make a function the scenario of ``families``."""
    return lambda run: Scenario(run.__name__, families, run)


def assert_shows(answer: Any, expected: Any) -> None:
    """Objects may hold more than is ``expected`` of them; all else is the same."""
    if isinstance(expected, Mapping):
        assert expected.keys() <= answer.keys(), f"{expected.keys() - answer.keys()} missing in {answer}"
        for name, value in expected.items():
            assert_shows(answer[name], value)
    elif isinstance(expected, list):
        assert len(answer) == len(expected), answer
        for item, value in zip(answer, expected, strict=True):
            assert_shows(item, value)
    else:
        assert answer == expected
