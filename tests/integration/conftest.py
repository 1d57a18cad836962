"""Every test here has a canary: no secret it sends or gets is kept or told in clear."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.canary import Canary, listening


@pytest.fixture(autouse=True)
def canary(request: pytest.FixtureRequest) -> Iterator[Canary]:
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    with listening() as canary:
        yield canary
        if folder is not None:
            canary.files(folder)
        found = canary.found()
    assert not found, "\n".join(["kept or told in clear:", *found])
