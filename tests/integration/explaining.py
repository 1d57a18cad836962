"""A tenant in which every refusal and every loss can be provoked, served by the real application."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.engine import make_url

from doorward.app import Doorward, build
from doorward.management.new_tenant import management_client
from doorward.management.tenant_file.loading import load
from doorward.model.role import Permission
from doorward.model.user import Identifiers, Password, User

CANONICAL = "acme.test"
CUSTOM = "login.acme.test"
USERINFO = f"https://{CANONICAL}/userinfo"
MANAGEMENT = f"https://{CANONICAL}/api/v2/"
API = "https://api.acme.test"
ROLES_API = "https://roles.acme.test/"
SECRET_API = "https://hs.acme.test/"
GRANTED_API = "https://granted.acme.test/"
CLOSED_API = "https://closed.acme.test/"
BIG_API = "https://big.acme.test/"
DATABASE = "Users"
ADA, BOB, BLOCKED, OUTSIDER = "auth0|ada", "auth0|bob", "auth0|blocked", "auth0|outsider"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CALLBACK = "https://app.acme.test/callback"
LOOPBACK = "http://localhost:3000/callback"

WEB_GRANTS = ["authorization_code", "refresh_token", "implicit", "password", "client_credentials"]
WEB_GRANTS.append("http://auth0.com/oauth/grant-type/password-realm")


def _client(client_id: str, **more: Any) -> dict[str, Any]:
    base = {"client_id": client_id, "name": client_id, "client_secret": f"secret-of-{client_id}"}
    return {**base, "token_endpoint_auth_method": "client_secret_post", "callbacks": [CALLBACK, LOOPBACK], **more}


def _api(identifier: str, scopes: str = "read:items write:items", **more: Any) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "name": identifier,
        "scopes": [{"value": scope} for scope in scopes.split()],
        "allow_offline_access": True,
        "skip_consent_for_verifiable_first_party_clients": True,
        **more,
    }


BIG_SCOPES = " ".join(f"manage:a-rather-long-permission-name-{number}" for number in range(150))
CREDENTIAL = {
    "credential_type": "public_key",
    "pem": """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAscirno+KPOuwiXr7N8bd
548S6+on39KGzYCh4nc5UcHfL71zCgjoluJ6U+mdJJPj7mS6M3Za8eC8VIGqgL2n
kCQgrofEjldXTfakmsHOdBSqucmMsBdU59K0Amh0gk+G5ob8OdjFVUN7z/JU7/Rt
MpSahxZZVBLdb0hG6RdM8Qj8sP9Ar/EmWi+5JdRmXPMGA3cueUSDLFStcaCVRVxG
+PA/0nOZIY7SqmAFmGRdN9/obKTGjpcHLOxffhYeLTcXz3zpqMaubMnFxvURl8mL
rCijuQx//HgDKitmEpgUUZ1ol4dwjkSG5rEubySctqgDPEwTRMVGTodAzRoQyclm
hwIDAQAB
-----END PUBLIC KEY-----""",
}
DOCUMENT: dict[str, Any] = {
    "tenant": {"default_directory": DATABASE},
    "resourceServers": [
        _api(API, allow_offline_access=False),
        _api(ROLES_API, enforce_policies=True, token_dialect="access_token_authz"),
        _api(SECRET_API, signing_alg="HS256", signing_secret="x" * 40),
        _api(GRANTED_API, subject_type_authorization={"user": {"policy": "require_client_grant"}}),
        _api(CLOSED_API, subject_type_authorization={"client": {"policy": "deny_all"}, "user": {"policy": "deny_all"}}),
        _api(BIG_API, BIG_SCOPES, enforce_policies=True, token_dialect="rfc9068_profile_authz"),
    ],
    "clients": [
        _client("web", app_type="regular_web", grant_types=WEB_GRANTS, web_origins=["https://app.acme.test"]),
        _client(
            "spa",
            app_type="spa",
            token_endpoint_auth_method="none",
            grant_types=["authorization_code", "refresh_token"],
        ),
        _client("codeonly", app_type="regular_web", grant_types=["authorization_code"], sso_disabled=True),
        _client("machine", app_type="non_interactive", grant_types=["client_credentials"], callbacks=[]),
        _client("big", app_type="non_interactive", grant_types=["client_credentials"]),
        _client("third", is_first_party=False, third_party_security_mode="permissive", grant_types=WEB_GRANTS),
        _client("strict", is_first_party=False, grant_types=["authorization_code"]),
        _client(
            "assertive",
            token_endpoint_auth_method=None,
            client_authentication_methods={"private_key_jwt": {"credentials": [CREDENTIAL]}},
        ),
    ],
    "clientGrants": [
        {"client_id": "machine", "audience": API, "scope": ["read:items"]},
        {"client_id": "big", "audience": BIG_API, "scope": BIG_SCOPES.split()},
        {"client_id": "web", "audience": GRANTED_API, "scope": ["read:items"], "subject_type": "user"},
    ],
    "roles": [
        {
            "name": "Reader",
            "permissions": [{"resource_server_identifier": ROLES_API, "permission_name": "read:items"}],
        },
        {
            "name": "Writer",
            "permissions": [{"resource_server_identifier": ROLES_API, "permission_name": "write:items"}],
        },
    ],
    "databases": [
        {
            "name": DATABASE,
            "enabled_clients": ["web", "spa", "codeonly"],
            "is_domain_connection": True,
        },
        {"name": "Elsewhere", "enabled_clients": []},
    ],
    "customDomains": [{"domain": CUSTOM}],
}


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def now(self) -> float:
        return self.at


class PlainPasswords:
    """Hashing is not what is tested here."""

    async def hash(self, password: str) -> str:
        return f"plain:{password}"

    async def verify(self, password: str, stored: str | None) -> tuple[bool, bool]:
        return stored == f"plain:{password}", False


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Served:
    """The application, called as a server would call it."""

    def __init__(
        self, door: Doorward, database: Path, clock: Clock, management_id: str, management_secret: str
    ) -> None:
        self.door = door
        self.database = database
        self.clock = clock
        self.management_id = management_id
        self._management_secret = management_secret
        self._tokens: dict[str, str] = {}

    async def call(
        self, method: str, path: str, body: bytes = b"", *, host: str = CANONICAL, headers: dict[str, str] | None = None
    ) -> Answer:
        raw_path, _, query = path.partition("?")
        sent = {"host": host, "content-length": str(len(body)), **(headers or {})}
        scope = {
            "type": "http",
            "method": method,
            "raw_path": raw_path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
        }
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            messages.append(dict(message))

        await self.door.application(scope, receive, send)
        answered = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        return Answer(messages[0]["status"], answered, messages[1]["body"])

    async def token(self, parameters: dict[str, str], *, host: str = CANONICAL) -> Answer:
        form = urlencode(parameters).encode()
        return await self.call(
            "POST", "/oauth/token", form, host=host, headers={"content-type": "application/x-www-form-urlencoded"}
        )

    async def management_token(self, host: str = CANONICAL, scope: str = "read:logs") -> str:
        key = f"{host} {scope}"
        if key not in self._tokens:
            parameters = {
                "grant_type": "client_credentials",
                "client_id": self.management_id,
                "client_secret": self._management_secret,
                "audience": MANAGEMENT,
                "scope": scope,
            }
            self._tokens[key] = (await self.token(parameters, host=host)).json["access_token"]
        return self._tokens[key]

    async def ask(self, body: Any, *, token: str | None = None, host: str = CANONICAL) -> Answer:
        token = token if token is not None else await self.management_token(host)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        return await self.call("POST", "/_doorward/api/v1/explain", data, host=host, headers=headers)

    async def explain(self, *, host: str = CANONICAL, **parameters: str) -> dict[str, Any]:
        answer = await self.ask(parameters, host=host)
        assert answer.status == 200, answer.body
        assert set(answer.json) == {"decision", "error", "steps"}
        explained: dict[str, Any] = answer.json
        return explained


@asynccontextmanager
async def serve(folder: Path) -> AsyncIterator[Served]:
    clock = Clock()
    database = folder / "explain.sqlite"
    url = make_url("sqlite:///").set(database=str(database))
    door = build(url.render_as_string(), root_key=b"k" * 32, clock=clock, passwords=PlainPasswords())
    await door.start()
    try:
        await door.create_tenant("acme", CANONICAL)
        ports = door.ports
        directory = ports.directory
        await directory.change("acme", management_client(directory.tenant("acme").tenant, "Management", ports.entropy))
        await load(DOCUMENT, "acme", door.services, verified_domains=True)
        snapshot = directory.tenant("acme")
        roles = {role.name: role.id for role in snapshot.roles.values()}
        for user_id in (ADA, BOB, BLOCKED, OUTSIDER):
            name = user_id.partition("|")[2]
            user = User(
                user_id=user_id,
                connection="Elsewhere" if user_id == OUTSIDER else DATABASE,
                profile={"email": f"{name}@acme.test", "email_verified": True, "name": name},
                blocked=user_id == BLOCKED,
            )
            password = Password(hash="plain:correct", set_at=0)
            await ports.users.create("acme", user, Identifiers(email=f"{name}@acme.test"), password, events=())
        await ports.users.assign_roles("acme", ADA, add=(roles["Reader"],), events=())
        manage_all = [Permission(BIG_API, scope) for scope in BIG_SCOPES.split()]
        await ports.users.assign_permissions("acme", ADA, add=manage_all, events=())
        management = next(c for c in snapshot.clients.values() if c.name == "Management")
        yield Served(door, database, clock, management.client_id, management.client_secret)
    finally:
        await door.stop()
