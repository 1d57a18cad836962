"""The tenant every trip runs in: many clients, APIs and people, so that nothing can be remembered for all."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Iterable
from typing import Any

import msgspec

from doorward.app import Doorward
from doorward.management.new_tenant import CLIENT_DEFAULTS, RESOURCE_SERVER_DEFAULTS, new_document
from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind, Put
from doorward.model.identifiers import new_client_secret
from doorward.model.user import Identifiers, User
from doorward.oauth import token_policy
from doorward.oauth.proof import Proof
from doorward.oauth.token_issue import current_key, make_access_token

HOST = "tenant.bench"
API = "https://api.bench/"
API_HS256 = "https://api-hs256.bench/"
SCOPES = ("read:things", "write:things", "delete:things")
CALLBACK = "https://app.bench/callback"
MACHINES = 1000
APPLICATIONS = 200
PEOPLE = 2000
AT_A_TIME = 64
OPERATOR = f"operator{0:024d}"
DATABASE = "Username-Password-Authentication"


async def together(writes: Iterable[Awaitable[Any]]) -> None:
    """Await writes, no more at a time than a database lets wait."""
    waiting = iter(writes)
    while batch := list(itertools.islice(waiting, AT_A_TIME)):
        await asyncio.gather(*batch)


class World:
    """A made tenant, and what trips need to seed themselves."""

    def __init__(self, door: Doorward) -> None:
        self.door = door
        self.ports = door.ports
        self.issuer = f"https://{HOST}/"

    @property
    def directory(self) -> TenantDirectory:
        return self.ports.directory.tenant(HOST)

    @property
    def now(self) -> float:
        return self.ports.clock.now()

    @property
    def machines(self) -> list[Client]:
        return [client for id_, client in self.directory.clients.items() if id_.startswith("machine")]

    @property
    def operator(self) -> Client:
        """A machine that may read and change clients, and import users, through the Management API."""
        return self.directory.clients[OPERATOR]

    @property
    def applications(self) -> list[Client]:
        return [client for id_, client in self.directory.clients.items() if id_.startswith("webapp")]

    @property
    def certificate(self) -> str:
        """PEM of the key that signs."""
        return current_key(self.directory).cert

    @property
    def user_ids(self) -> list[str]:
        return [f"auth0|{number:024x}" for number in range(PEOPLE)]

    def credentials(self, clients: list[Client]) -> list[list[str]]:
        return [[client.client_id, client.client_secret] for client in clients]

    async def access_token(
        self, client: Client, user: User | None, audience: str | None, scope: tuple[str, ...]
    ) -> str:
        """A token as the server would issue it."""
        grant = "authorization_code" if user is not None else "client_credentials"
        proof = Proof(grant_type=grant, client=client, user=user, audience=audience, requested=scope or None)
        issuer = self.ports.directory.issuer(HOST)
        assert issuer is not None
        plan = token_policy.decide(proof, self.directory, issuer)
        return await make_access_token(plan, proof, self.directory, self.ports, now=int(self.now))

    async def make(self) -> None:
        """Create the tenant."""
        await self.door.create_tenant(HOST, HOST)
        await self.ports.directory.change(HOST, [*_apis(), *self._clients()])
        await self.ports.directory.change(HOST, [self.enabled()])
        await together(self._person(number) for number in range(PEOPLE))

    def _clients(self) -> list[Put]:
        made: list[Put] = []
        for number in range(MACHINES):
            client_id = f"machine{number:025d}"
            made.append(self.client(client_id, "non_interactive", ["client_credentials"]))
            for audience in (API, API_HS256):
                made.append(_grant(client_id, audience, SCOPES[:2]))
        for number in range(APPLICATIONS):
            made.append(
                self.client(
                    f"webapp{number:026d}",
                    "regular_web",
                    ["authorization_code", "refresh_token"],
                    callbacks=[CALLBACK],
                    refresh_token={
                        **CLIENT_DEFAULTS["refresh_token"],
                        "rotation_type": "rotating",
                        "expiration_type": "expiring",
                        "infinite_token_lifetime": False,
                        "infinite_idle_token_lifetime": False,
                    },
                )
            )
        made.append(self.client(OPERATOR, "non_interactive", ["client_credentials"]))
        made.append(
            _grant(
                OPERATOR,
                f"{self.issuer}api/v2/",
                ("read:clients", "read:client_keys", "update:clients", "create:users"),
            )
        )
        return made

    def client(self, client_id: str, app_type: str, grant_types: list[str], **more: Any) -> Put:
        """An application, as it is to be put into the tenant."""
        body = {
            **CLIENT_DEFAULTS,
            "client_id": client_id,
            "name": f"The application called {client_id}",
            "app_type": app_type,
            "oidc_conformant": True,
            "token_endpoint_auth_method": "client_secret_post",
            "grant_types": grant_types,
            "jwt_configuration": {**CLIENT_DEFAULTS["jwt_configuration"], "alg": "RS256"},
            **more,
        }
        return new_document(Kind.CLIENT, client_id, body, client_secret=new_client_secret(self.ports.entropy))

    def enabled(self) -> Put:
        """The database of people, for every application."""
        document = next(d for d in self.directory.documents[Kind.CONNECTION].values() if d.body["name"] == DATABASE)
        body = {**document.body, "enabled_clients": [client.client_id for client in self.applications]}
        return Put(document=msgspec.structs.replace(document, body=body), expected_revision=document.revision)

    async def _person(self, number: int) -> None:
        user_id = self.user_ids[number]
        email = f"person{number}@people.bench"
        user = User(
            user_id=user_id,
            connection=DATABASE,
            profile={
                "email": email,
                "email_verified": True,
                "name": f"Person Number {number}",
                "given_name": "Person",
                "family_name": f"Number {number}",
                "nickname": f"person{number}",
                "picture": f"https://people.bench/{number}.png",
            },
            identities=({"provider": "auth0", "user_id": user_id.partition("|")[2], "isSocial": False},),
            created_at=self.now,
            updated_at=self.now,
        )
        await self.ports.users.create(HOST, user, Identifiers(email=email), None, events=())


def _apis() -> list[Put]:
    scopes = [{"value": scope, "description": scope} for scope in SCOPES]
    common = {**RESOURCE_SERVER_DEFAULTS, "scopes": scopes, "allow_offline_access": True}
    return [
        new_document(
            Kind.RESOURCE_SERVER,
            id_,
            {
                **common,
                "id": id_,
                "name": identifier,
                "identifier": identifier,
                "signing_alg": alg,
                "skip_consent_for_verifiable_first_party_clients": True,
            },
            unique_key=identifier,
            **secrets,
        )
        for id_, identifier, alg, secrets in (
            ("0" * 24, API, "RS256", {}),
            ("1" * 24, API_HS256, "HS256", {"signing_secret": "a secret of the API that is 32 bytes or longer"}),
        )
    ]


def _grant(client_id: str, audience: str, scopes: tuple[str, ...]) -> Put:
    id_ = f"cgr_{client_id[:3]}{client_id[-8:]}{('rs', 'hs')[audience == API_HS256]}"
    body = {
        "id": id_, "client_id": client_id, "audience": audience, "scope": list(scopes), "subject_type": "client",
    }  # fmt: skip
    return new_document(Kind.CLIENT_GRANT, id_, body, unique_key=f"{client_id} {audience} client")
