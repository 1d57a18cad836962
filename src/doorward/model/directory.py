"""One tenant's configuration as an immutable snapshot: what the hot path reads."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from doorward.model.bot_detection import BotDetection, Captcha
from doorward.model.breached_passwords import BreachedPasswordDetection
from doorward.model.brute_force import BruteForce
from doorward.model.client import Client, ClientGrant, SubjectType
from doorward.model.connection import Connection
from doorward.model.credential import KeyState, SigningKey
from doorward.model.document import Documents, Kind
from doorward.model.resource_server import ResourceServer
from doorward.model.role import Role
from doorward.model.suspicious_ip import SuspiciousIp
from doorward.model.tenant import CustomDomain, Tenant, TenantSettings


class TenantDirectory(Struct, frozen=True, kw_only=True):
    """Everything configured in one tenant, at one revision.

    Typed maps serve the protocol; ``documents`` (by kind, then id, in order of creation) serve the
    Management API. ``token_key`` (32 bytes) seals opaque access tokens.
    """

    tenant: Tenant
    settings: TenantSettings
    brute_force: BruteForce = BruteForce()
    breached_passwords: BreachedPasswordDetection = BreachedPasswordDetection()
    suspicious_ip: SuspiciousIp = SuspiciousIp()
    bot_detection: BotDetection = BotDetection()
    captcha: Captcha = Captcha()
    clients: Mapping[str, Client]
    resource_servers: Mapping[str, ResourceServer]
    client_grants: Mapping[tuple[str | None, str, SubjectType], ClientGrant]
    connections: Mapping[str, Connection]
    roles: Mapping[str, Role]
    signing_keys: tuple[SigningKey, ...]
    custom_domains: Mapping[str, CustomDomain]
    documents: Documents
    token_key: bytes

    @property
    def asks_identifier_first(self) -> bool:
        """Whether the login pages ask for the identifier before the password (``prompts.identifier_first``)."""
        prompts = self.documents[Kind.CONFIGURATION].get("prompts")
        return prompts is None or prompts.body.get("identifier_first") is not False

    def verification_key(self, kid: str | None) -> SigningKey | None:
        """The key a token was signed with, unless it is revoked."""
        for key in self.signing_keys:
            if key.kid == kid and key.state is not KeyState.REVOKED:
                return key
        return None

    def connection_of(self, id_: str) -> Connection | None:
        """The connection with an id; ``connections`` has them by name."""
        return next((connection for connection in self.connections.values() if connection.id == id_), None)

    def client_grant(self, client_id: str, audience: str, subject: SubjectType) -> ClientGrant | None:
        """The grant made to this very client, if any."""
        return self.client_grants.get((client_id, audience, subject))

    def third_party_default_grant(self, audience: str, subject: SubjectType) -> ClientGrant | None:
        """The grant that stands in for every third-party client without one of its own."""
        return self.client_grants.get((None, audience, subject))
