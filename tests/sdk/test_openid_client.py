"""openid-client, a strict relying party that knows nothing of Auth0: discovery decides everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page
from tests.dev_server import DevServer
from tests.scripted_login import ScriptedLogin
from tests.sdk.conftest import Management, SdkError, SdkProgram, log_in, sdk_program
from tests.sdk.keys import key_pair
from tests.sdk_tenant import AUDIENCE, CONNECTION, EMAIL, NEVER_CALLED, PASSWORD, SERVICE, SINGLE_PAGE, WEB


@pytest.fixture(scope="module")
def program(node: str, environment: Mapping[str, str]) -> Iterator[SdkProgram]:
    with sdk_program(node, "relying_party.mjs", environment) as running:
        yield running


class RelyingParty:
    """Calls of one application."""

    def __init__(self, program: SdkProgram, door: DevServer, name: str, method: str) -> None:
        self._program = program
        client = door.clients[name]
        self._options = {"clientId": client.client_id, "method": method, "redirectUri": NEVER_CALLED}
        if method.startswith("client_secret"):
            self._options["clientSecret"] = client.client_secret

    def __call__(self, path: str, *arguments: Any) -> Any:
        return self._program.call(path, *arguments, **self._options)


@pytest.mark.parametrize(
    ("name", "method"), [(WEB, "client_secret_basic"), (WEB, "client_secret_post"), (SINGLE_PAGE, "none")]
)
@pytest.mark.parametrize("pushed", [False, True], ids=["query", "pushed"])
def test_a_code_flow_from_login_to_revocation(
    program: SdkProgram, door: DevServer, name: str, method: str, pushed: bool
) -> None:
    party = RelyingParty(program, door, name, method)
    asked = {"scope": "openid profile email offline_access read:items", "audience": AUDIENCE}
    with ScriptedLogin(door, EMAIL, PASSWORD) as person:
        callback = person.callback(party("begin", asked, pushed))
    tokens = party("finish", callback)
    assert tokens["claims"]["email"] == EMAIL
    profile = party("userInfo", tokens["access_token"], tokens["claims"]["sub"])
    assert profile["email"] == EMAIL
    renewed = party("refresh", tokens["refresh_token"])
    last = renewed.get("refresh_token", tokens["refresh_token"])
    assert (last != tokens["refresh_token"]) == (name == SINGLE_PAGE)  # that one rotates
    party("revoke", last)
    with pytest.raises(SdkError) as refused:
        party("refresh", last)
    assert refused.value.told["error"] == "invalid_grant"


def test_a_posted_answer(program: SdkProgram, door: DevServer, page: Page) -> None:
    party = RelyingParty(program, door, WEB, "client_secret_post")
    url = party("begin", {"scope": "openid email", "response_mode": "form_post", "max_age": "0"})
    page.goto(url)
    with page.expect_request(lambda request: request.url == NEVER_CALLED) as posted:
        log_in(page)
    assert party("finish", NEVER_CALLED, posted.value.post_data, 0)["claims"]["email"] == EMAIL


def test_the_answer_names_its_issuer(program: SdkProgram, door: DevServer) -> None:
    """RFC 9207; discovery says so, and then openid-client takes no answer without it."""
    party = RelyingParty(program, door, SINGLE_PAGE, "none")
    assert party("metadata")["authorization_response_iss_parameter_supported"] is True
    with ScriptedLogin(door, EMAIL, PASSWORD) as person:
        callback = person.callback(party("begin", {"scope": "openid"}))
    assert parse_qs(urlsplit(callback).query)["iss"] == [door.issuer]
    with pytest.raises(SdkError) as refused:
        party("finish", callback.replace("iss=", "was="))
    assert refused.value.told["code"] == "OAUTH_INVALID_RESPONSE"
    assert "id_token" in party("finish", callback)


def test_a_declined_request_is_the_error_of_the_answer(program: SdkProgram, door: DevServer) -> None:
    party = RelyingParty(program, door, SINGLE_PAGE, "none")
    with ScriptedLogin(door, EMAIL, PASSWORD) as person:
        callback = person.callback(party("begin", {"scope": "openid", "prompt": "none"}))
    with pytest.raises(SdkError) as refused:
        party("finish", callback)
    assert refused.value.told["error"] == "login_required"


def test_logout_with_the_hint_of_the_very_session(program: SdkProgram, door: DevServer) -> None:
    party = RelyingParty(program, door, WEB, "client_secret_basic")
    with ScriptedLogin(door, EMAIL, PASSWORD) as person:
        tokens = party("finish", person.callback(party("begin", {"scope": "openid"})))
        parameters = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": NEVER_CALLED, "state": "bye"}
        assert person.callback(party("endSession", parameters)) == f"{NEVER_CALLED}?state=bye"
        assert person.answer(party("begin", {"scope": "openid", "prompt": "none"}))["error"] == "login_required"


def test_client_credentials(program: SdkProgram, door: DevServer) -> None:
    party = RelyingParty(program, door, SERVICE, "client_secret_basic")
    assert party("clientCredentials", {"audience": AUDIENCE})["scope"] == "read:items write:items"


def test_a_code_flow_with_a_signature_for_a_secret(
    program: SdkProgram, management: Management, door: DevServer
) -> None:
    private, public = key_pair()
    credential = {"credential_type": "public_key", "name": "signs", "pem": public, "alg": "RS256"}
    made = management(
        "clients.create",
        {
            "name": "Signs in",
            "app_type": "regular_web",
            "oidc_conformant": True,
            "grant_types": ["authorization_code", "refresh_token"],
            "callbacks": [NEVER_CALLED],
            "client_authentication_methods": {"private_key_jwt": {"credentials": [credential]}},
        },
    )
    (directory,) = management("connections.list", {"name": CONNECTION})
    management("connections.clients.update", directory["id"], [{"client_id": made["client_id"], "status": True}])
    options = {
        "clientId": made["client_id"],
        "method": "private_key_jwt",
        "privateKey": private,
        "redirectUri": NEVER_CALLED,
    }
    with ScriptedLogin(door, EMAIL, PASSWORD) as person:
        asked = {"scope": "openid offline_access", "audience": AUDIENCE}
        callback = person.callback(program.call("begin", asked, True, **options))
    tokens = program.call("finish", callback, **options)
    assert program.call("refresh", tokens["refresh_token"], **options)["access_token"]
    program.call("revoke", tokens["refresh_token"], **options)
    with pytest.raises(SdkError) as refused:
        program.call("refresh", tokens["refresh_token"], **options)
    assert refused.value.told["error"] == "invalid_grant"
