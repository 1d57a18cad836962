"""Client credentials: what a machine is given."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.vectors.world import A, C, H, World, claims, error


async def test_v25_a_machine_gets_everything_it_was_granted(world: World) -> None:
    response = await world.machine(audience=A)
    body: dict[str, Any] = response.json()
    token = claims(body.pop("access_token"))
    assert (response.status_code, body) == (200, {"scope": "r w", "expires_in": 86400, "token_type": "Bearer"})
    assert token["sub"] == f"{world.client('M').client_id}@clients"
    assert (token["gty"], token["aud"]) == ("client-credentials", A)


async def test_v26_a_machine_may_ask_for_less(world: World) -> None:
    assert (await world.machine(audience=A, scope="r")).json()["scope"] == "r"


async def test_v30_no_audience_and_no_default(world: World) -> None:
    assert error(await world.machine()) == (
        403, "access_denied", "Non-global clients are not allowed access to APIv1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"audience": A, "scope": "r x"}, (403, "access_denied", "Client has not been granted scopes: x")),
        ({"audience": "https://no/"}, (403, "access_denied", "Service not enabled within domain: https://no/")),
        ({"audience": A, "client_secret": "wrong"}, (401, "access_denied", "Unauthorized")),
        ({"audience": A, "scope": "openid r"}, (403, "access_denied", "Client has not been granted scopes: openid")),
    ],
    ids=["v27", "v29", "v32", "v35"],
)
async def test_v27_v29_v32_v35_what_a_machine_is_refused(
    world: World, parameters: dict[str, str], expected: tuple[int, str, str]
) -> None:
    assert error(await world.machine(**parameters)) == expected


async def test_v28_an_api_without_a_grant_is_refused(world: World) -> None:
    status, code, text = error(await world.machine(audience=H))
    assert (status, code) == (403, "access_denied")
    assert text.startswith('Client is not authorized to access "https://hs/".')


async def test_v31_the_default_audience_serves_machines_too(world: World) -> None:
    await world.default_audience(A)
    assert claims((await world.machine()).json()["access_token"])["aud"] == A


async def test_v33_a_public_client_is_no_machine(world: World) -> None:
    refused = await world.door.token(C, grant_type="client_credentials", **world.credentials("P"))
    assert error(refused) == (
        403, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client.",
    )  # fmt: skip


async def test_v34_a_grant_type_is_needed(world: World) -> None:
    refused = await world.door.token(C, **world.credentials("M"))
    assert error(refused) == (400, "invalid_request", "Missing required parameter: grant_type")
