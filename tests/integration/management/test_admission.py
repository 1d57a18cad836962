"""Who is let in: for every operation of the ledger, what is no token for it is refused, and nothing is answered.

Most tokens here are signed with the tenant's own key, so that each is wrong in one thing only.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from doorward.management.kit.schema import Choice
from doorward.management.ledger import entries
from doorward.management.new_tenant import new_document
from doorward.management.registry import RESOURCES, shape_of
from doorward.management.system_scopes import EVERY_SCOPE
from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind

from .conftest import A, Api, B, House
from .people import add_user

pytestmark = pytest.mark.anyio
OPERATIONS = [(entry.method, entry.path, entry.scopes) for entry in entries()]
BUILT = {(o.method, shape_of(o.path)): o for shape in RESOURCES for o in shape.operations()}
CUSTOM = "login.custom.test"
DAY = 86400


def filled(path: str) -> str:
    return shape_of(path).replace("{}", "x")


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


class Forge:
    """Tokens like one that is good, each with something changed."""

    def __init__(self, house: House, good: str) -> None:
        self.house = house
        self.good = claims_of(good)

    def directory(self, tenant: str = A) -> TenantDirectory:
        return self.house.ports.directory.tenant(tenant)

    def signed(self, *, typ: str = "JWT", alg: str = "RS256", key_of: str = A, **changes: Any) -> str:
        claims = {name: value for name, value in {**self.good, **changes}.items() if value is not None}
        key = self.directory(key_of).signing_keys[0]
        header = {"alg": alg, "typ": typ, "kid": key.kid}
        return jwt.encode(header, claims, RSAKey.import_key(key.private_pem), algorithms=[alg])

    def allowed(self, *scopes: str) -> str:
        return self.signed(scope=" ".join(scopes))

    @property
    def secret(self) -> str:
        """The secret of the client the good token was given to."""
        return self.directory().clients[self.good["azp"]].client_secret or ""

    def symmetric(self, secret: str) -> str:
        return self.house.ports.jose.sign_symmetric(secret, "HS256", "JWT", self.good)

    def unsigned(self) -> str:
        parts = ({"alg": "none", "typ": "JWT"}, self.good)
        return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."

    def opaque(self) -> str:
        directory = self.directory()
        return self.house.ports.jose.seal(directory.token_key, f"https://{A}/", self.good)


@pytest.fixture
async def forge(house: House) -> Forge:
    return Forge(house, await house.token(A))


async def refused_everywhere(http: Any, token: str, expected: int) -> None:
    """Every operation answers this status with a whole error body, and nothing else."""
    api = Api(http, token)
    for method, path, _ in OPERATIONS:
        status, _ = await api.refused(method, filled(path))
        assert status == expected, f"{method} {path}"


async def test_the_forge_makes_tokens_that_are_let_in(house: House, forge: Forge) -> None:
    await Api(house.http(A), forge.signed()).get("/clients")


Make = Callable[[Forge], str]
NOT_TOKENS: dict[str, Make] = {
    "none": lambda forge: "",
    "no JWT": lambda forge: "x.y.z",
    "another API": lambda forge: forge.signed(aud="https://api.test/"),
    "the profile": lambda forge: forge.signed(aud=f"https://{A}/userinfo"),
    "without the slash": lambda forge: forge.signed(aud=f"https://{A}/api/v2"),
    "ID token": lambda forge: forge.signed(aud=forge.good["azp"], azp=None, scope=None, nonce="n"),
    "ID token with our audience": lambda forge: forge.signed(azp=None, scope=None, nonce="n"),
    "opaque": lambda forge: forge.opaque(),
    "HS256 by the client": lambda forge: forge.symmetric(forge.secret),
    "HS256 by our public key": lambda forge: forge.symmetric(forge.directory().signing_keys[0].cert),
    "unsigned": lambda forge: forge.unsigned(),
    "expired": lambda forge: forge.signed(exp=forge.good["iat"] - 1),
    "without an end": lambda forge: forge.signed(exp=None),
    "another issuer": lambda forge: forge.signed(iss=f"https://{B}/"),
    "issuer without the slash": lambda forge: forge.signed(iss=f"https://{A}"),
    "another tenant's key": lambda forge: forge.signed(key_of=B),
    "another tenant": lambda forge: forge.signed(key_of=B, iss=f"https://{B}/", aud=f"https://{B}/api/v2/"),
    "a cut signature": lambda forge: forge.signed()[:-4],
}  # fmt: skip


@pytest.mark.parametrize("make", NOT_TOKENS.values(), ids=NOT_TOKENS.keys())
async def test_g4_what_is_no_token_of_this_api_opens_no_operation(house: House, forge: Forge, make: Make) -> None:
    await refused_everywhere(house.http(A), make(forge), 401)


async def test_a_token_in_query_or_body_is_not_looked_at(house: House, api: Api) -> None:
    bare = Api(house.http(A), "")
    assert (await bare.refused("GET", "/clients", access_token=api.token))[0] == 401
    assert (await bare.refused("POST", "/clients", {"name": "x", "access_token": api.token}))[0] == 401


async def test_a_token_works_only_on_the_domain_it_was_issued_on(house: House, api: Api) -> None:
    body = {"custom_domain_id": "cd_x", "domain": CUSTOM, "status": "ready", "primary": True}
    await house.ports.directory.change(A, [new_document(Kind.CUSTOM_DOMAIN, "cd_x", body, unique_key=CUSTOM)])
    custom = Api(house.http(CUSTOM), await house.token(A, host=CUSTOM))
    await custom.get("/clients")
    await refused_everywhere(house.http(A), custom.token, 401)
    await refused_everywhere(house.http(CUSTOM), api.token, 401)
    await refused_everywhere(house.http(B), api.token, 401)


async def test_an_expired_token_is_told_so(house: House, api: Api) -> None:
    house.clock.time += DAY + 1
    response = await api.call("GET", "/clients")
    assert response.json()["message"] == "Expired token received for JSON Web Token validation"


async def test_a_token_for_another_api_is_told_which_it_should_be_for(house: House, forge: Forge) -> None:
    response = await Api(house.http(A), forge.signed(aud="https://other.test")).call("GET", "/clients")
    assert (response.status_code, response.json()["message"]) == (401, "Bad audience: https://a.test/api/v2/")


# ── scopes ──


async def test_g4_every_operation_is_refused_without_its_scopes_whatever_else_is_granted(
    house: House, forge: Forge
) -> None:
    http = house.http(A)
    for method, path, scopes in OPERATIONS:
        others = [scope for scope in EVERY_SCOPE if scope not in scopes]
        response = await Api(http, forge.allowed(*others)).call(method, filled(path))
        assert response.status_code == 403, f"{method} {path}"
        error = response.json()
        assert error["errorCode"] == "insufficient_scope"
        told = re.fullmatch(r"Insufficient scope, expected (?:any|all) of: (\S+)", error["message"])
        assert told is not None
        assert set(told[1].split(",")) >= set(scopes)


async def test_each_scope_of_an_operation_is_enough_unless_all_are_needed(house: House, forge: Forge) -> None:
    http = house.http(A)
    for (method, path), operation in BUILT.items():
        for scope in operation.scopes:
            response = await Api(http, forge.allowed(scope)).call(method, filled(path))
            refused = "Insufficient scope, expected all of" if operation.every_scope else "Insufficient scope"
            listed = f"{refused}: {','.join(operation.scopes)}"
            told = response.json()["message"] if response.status_code == 403 else ""
            assert (told == listed) is operation.every_scope, f"{method} {path} with {scope}: {told}"
            assert response.status_code < 500


async def test_what_is_not_built_is_refused_even_with_every_scope(api: Api) -> None:
    for method, path, _ in OPERATIONS:
        if (method, shape_of(path)) not in BUILT:
            assert await api.refused(method, filled(path)) == (403, "insufficient_scope"), f"{method} {path}"


async def test_a_persons_token_reaches_nobody_else_whatever_its_scopes(house: House, forge: Forge) -> None:
    own = "read:current_user update:current_user_metadata update:current_user_identities delete:current_user"
    for user_id in (await add_user(house), await add_user(house, user_id="mallory@clients")):
        token = forge.signed(sub=user_id, scope=f"{own} {' '.join(EVERY_SCOPE)}")
        await refused_everywhere(house.http(A), token, 403)


async def test_b9_a_persons_token_ends_with_the_person(house: House, api: Api, forge: Forge) -> None:
    user_id = await add_user(house)
    mine = Api(house.http(A), forge.signed(sub=user_id, scope="read:current_user"))
    assert (await mine.get(f"/users/{user_id}"))["user_id"] == user_id
    await api.patch(f"/users/{user_id}", {"blocked": True})
    assert (await mine.refused("GET", f"/users/{user_id}"))[0] == 401
    await api.patch(f"/users/{user_id}", {"blocked": False})
    assert (await mine.call("GET", f"/users/{user_id}")).status_code == 200
    await api.delete(f"/users/{user_id}")
    assert (await mine.refused("GET", f"/users/{user_id}"))[0] == 401


# ── bodies ──


def closed_bodies() -> Iterator[tuple[str, str, Any]]:
    for (method, path), operation in BUILT.items():
        if operation.body is not None and hasattr(operation.body, "properties"):
            fitting = (fit(rule) for rule in operation.parameters.values())
            yield method, path.replace("{}", next(fitting, "x")), operation.body


def fit(rule: Any) -> str:
    """A path parameter its rule takes."""
    if isinstance(rule, Choice):
        return str(rule.values[0])
    return f"est_{'1' * 22}" if getattr(rule, "format", None) == "event-stream-id" else "x"


async def test_g5_no_body_may_hold_what_is_unknown_or_the_servers_own(api: Api, house: House) -> None:
    for method, path, rule in closed_bodies():
        for name in ("toaster", "tenant", "global", "is_system", "created_at", "__proto__"):
            assert name not in rule.properties, f"{method} {path} takes {name}"
            status, code = await api.refused(method, path, {name: "x"})
            assert (status, code) == (400, "invalid_body"), f"{method} {path} {name}"


async def test_unknown_paths_and_methods_are_not_found(api: Api) -> None:
    for method, path in (("GET", "/toasters"), ("PUT", "/clients"), ("GET", "/"), ("GET", "/clients/a/b/c/d/e")):
        assert await api.refused(method, path) == (404, None)


async def test_the_order_of_checks_is_scope_then_query_then_body_then_existence(house: House) -> None:
    reader = await house.api(scopes=["read:clients"])
    assert (await reader.refused("PATCH", "/clients/unknown", {"name": 1}))[0] == 403
    api = await house.api()
    assert await api.refused("PATCH", "/clients/unknown", {"name": 1}) == (400, "invalid_body")
    assert await api.refused("PATCH", "/clients/unknown", {"name": "ok"}) == (404, "inexistent_client")
    assert await api.refused("GET", "/clients/unknown", include_fields="maybe") == (400, "invalid_query_string")


async def test_a_form_body_is_read_like_json(house: House, api: Api) -> None:
    response = await api.http.post(
        "/api/v2/clients",
        data={
            "name": "Form",
            "is_first_party": "false",
            "callbacks[]": ["https://a.test/1", "https://a.test/2"],
            "jwt_configuration[lifetime_in_seconds]": "60",
        },
        headers={"authorization": f"Bearer {api.token}"},
    )
    made = response.json()
    assert response.status_code == 201, made
    assert made["is_first_party"] is False
    assert made["callbacks"] == ["https://a.test/1", "https://a.test/2"]
    assert made["jwt_configuration"]["lifetime_in_seconds"] == 60
