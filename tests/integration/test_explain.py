"""``POST /_doorward/api/v1/explain`` over the real application."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.integration import explaining as e
from tests.integration.explaining import Served, serve


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with serve(tmp_path_factory.mktemp("explain")) as served:
        yield served


async def test_smoke(served: Served) -> None:
    import json

    for params in (
        dict(grant_type="client_credentials", client_id="machine", audience=e.API),
        dict(grant_type="client_credentials", client_id="machine", audience=e.API + "/"),
        dict(
            grant_type="authorization_code",
            client_id="spa",
            audience=e.ROLES_API,
            scope="openid read:items write:items offline_access",
            user_id=e.ADA,
        ),
        dict(response_type="code", client_id="web", redirect_uri=e.CALLBACK, scope="openid"),
        dict(response_type="code", client_id="web", redirect_uri=e.CALLBACK + "/", scope="openid"),
        dict(grant_type="refresh_token", client_id="web", audience=e.API, scope="openid"),
        dict(
            grant_type="refresh_token", client_id="web", audience=e.ROLES_API, scope="openid read:items", user_id=e.ADA
        ),
        dict(grant_type="password", client_id="web", username="ada@acme.test"),
    ):
        print(json.dumps(await served.explain(**params), indent=1)[:100000])
