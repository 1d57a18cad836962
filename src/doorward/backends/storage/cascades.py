"""What people hold of a client, an API, a role, a connection or an organization that goes away."""

from __future__ import annotations

import msgspec

from doorward.backends.storage.database import Query, Verb
from doorward.backends.storage.refresh_tokens import revoke_family
from doorward.backends.storage.session_ends import SessionEnds, Told
from doorward.model.document import Forget
from doorward.model.session_end import Cause

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode

FAMILIES_OF_CLIENT = """
SELECT DISTINCT family FROM refresh_token
WHERE tenant = :tenant AND client_id = :client_id AND revoked_at IS NULL"""
CONSENTS_OF_CLIENT = "DELETE FROM consent_grant WHERE tenant = :tenant AND client_id = :client_id"
DEVICE_KEYS_OF_CLIENT = "DELETE FROM device_credential WHERE tenant = :tenant AND client_id = :client_id"
FAMILIES_OF_AUDIENCE = """
SELECT DISTINCT family FROM refresh_token
WHERE tenant = :tenant AND audience = :audience AND revoked_at IS NULL"""
CONSENTS_OF_AUDIENCE = "DELETE FROM consent_grant WHERE tenant = :tenant AND audience = :audience"
PERMISSIONS_OF_AUDIENCE = """
DELETE FROM user_permission WHERE tenant = :tenant AND resource_server_identifier = :audience"""
ONE_PERMISSION = """
DELETE FROM user_permission
WHERE tenant = :tenant AND resource_server_identifier = :audience AND permission_name = :name"""
ASSIGNMENTS_OF_ROLE = (
    "DELETE FROM user_role WHERE tenant = :tenant AND role_id = :role_id",
    "DELETE FROM organization_member_role WHERE tenant = :tenant AND role_id = :role_id",
)
OF_ORGANIZATION = (
    "DELETE FROM organization_member WHERE tenant = :tenant AND organization_id = :organization_id",
    "DELETE FROM organization_invitation WHERE tenant = :tenant AND organization_id = :organization_id",
)
INVITATIONS_OF_CLIENT = "DELETE FROM organization_invitation WHERE tenant = :tenant AND client_id = :client_id"
INVITATIONS_OF_CONNECTION = """
DELETE FROM organization_invitation WHERE tenant = :tenant AND connection_id = :connection_id"""
FAMILIES_OF_CONNECTION = """
SELECT DISTINCT t.family FROM refresh_token t
JOIN user_account u ON u.tenant = t.tenant AND u.user_id = t.user_id
WHERE t.tenant = :tenant AND u.connection = :connection AND t.revoked_at IS NULL"""
_USERS_OF_CONNECTION = "SELECT user_id FROM user_account WHERE tenant = :tenant AND connection = :connection"
SESSIONS_OF_CONNECTION = f"""
DELETE FROM session WHERE tenant = :tenant AND user_id IN ({_USERS_OF_CONNECTION}) RETURNING document, metadata"""  # noqa: S608
OF_CONNECTION = (
    f"DELETE FROM consent_grant WHERE tenant = :tenant AND user_id IN ({_USERS_OF_CONNECTION})",  # noqa: S608
    f"DELETE FROM authorization_code WHERE tenant = :tenant AND user_id IN ({_USERS_OF_CONNECTION})",  # noqa: S608
    f"DELETE FROM device_credential WHERE tenant = :tenant AND user_id IN ({_USERS_OF_CONNECTION})",  # noqa: S608
    "DELETE FROM user_account WHERE tenant = :tenant AND connection = :connection",
)
# Then those who are left with an identity there began elsewhere.
LINKED = """
SELECT u.user_id, u.identities FROM user_account u WHERE u.tenant = :tenant AND u.user_id IN
    (SELECT d.user_id FROM user_identity d WHERE d.tenant = :tenant AND d.connection = :connection)"""
DELETE_LINKED = "DELETE FROM user_identity WHERE tenant = :tenant AND connection = :connection"
SET_IDENTITIES = """
UPDATE user_account SET identities = :identities, revision = revision + 1
WHERE tenant = :tenant AND user_id = :user_id"""


class Cascades:
    """``directory.Forgetting``: takes along what hangs on a document that goes."""

    def __init__(self, ends: SessionEnds) -> None:
        self._ends = ends

    def forget(self, tenant: str, change: Forget, told: Told) -> Verb[None]:
        """Statements that remove it; for the inside of another verb. Which applications are told that somebody went is
        added to ``told``."""
        if change.client_id is not None:
            key = {"tenant": tenant, "client_id": change.client_id}
            yield from _revoke(tenant, FAMILIES_OF_CLIENT, key, change.at)
            yield Query(CONSENTS_OF_CLIENT, key)
            yield Query(DEVICE_KEYS_OF_CLIENT, key)
            yield Query(INVITATIONS_OF_CLIENT, key)
        if change.audience is not None and change.permissions is not None:
            for name in change.permissions:
                yield Query(ONE_PERMISSION, {"tenant": tenant, "audience": change.audience, "name": name})
        elif change.audience is not None:
            key = {"tenant": tenant, "audience": change.audience}
            yield from _revoke(tenant, FAMILIES_OF_AUDIENCE, key, change.at)
            yield Query(CONSENTS_OF_AUDIENCE, key)
            yield Query(PERMISSIONS_OF_AUDIENCE, key)
        if change.role_id is not None:
            for statement in ASSIGNMENTS_OF_ROLE:
                yield Query(statement, {"tenant": tenant, "role_id": change.role_id})
        if change.organization_id is not None:
            for statement in OF_ORGANIZATION:
                yield Query(statement, {"tenant": tenant, "organization_id": change.organization_id})
        if change.connection_id is not None:
            yield Query(INVITATIONS_OF_CONNECTION, {"tenant": tenant, "connection_id": change.connection_id})
        if change.connection is not None:
            key = {"tenant": tenant, "connection": change.connection}
            yield from _revoke(tenant, FAMILIES_OF_CONNECTION, key, change.at)
            sessions = yield Query(SESSIONS_OF_CONNECTION, key)
            yield from self._ends.tell(tenant, sessions, Cause.DELETED, told)
            for statement in OF_CONNECTION:
                yield Query(statement, key)
            for user_id, identities in (yield Query(LINKED, key)):
                kept = [identity for identity in _decode(identities) if identity.get("connection") != change.connection]
                written = {"tenant": tenant, "user_id": user_id, "identities": _encode(kept).decode()}
                yield Query(SET_IDENTITIES, written)
            yield Query(DELETE_LINKED, key)

    def wake(self, told: Told) -> None:
        """Have applications told at once."""
        self._ends.wake(told)


def _revoke(tenant: str, families: str, key: dict[str, str], at: float) -> Verb[None]:
    for (family,) in (yield Query(families, key)):
        yield from revoke_family(tenant, family, at)
