"""``/connections/{id}/keys``: what a connection would sign its own requests to the provider with."""

from __future__ import annotations

from typing import Any

import msgspec

from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import conflict, not_supported
from doorward.management.kit.operation import Effect
from doorward.management.kit.schema import ANY, choice, items, record
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import commit
from doorward.management.resources.connections import CONNECTIONS, KEYS
from doorward.model.credential import KeyState, SigningKey
from doorward.model.document import Document, Kind, Need, Put

STRATEGIES = frozenset(("okta", "oidc"))
DEFAULT_ALGORITHM = "RS256"
ALGORITHMS = (DEFAULT_ALGORITHM, "RS384", "RS512", "PS256", "PS384")
NOT_MADE_HERE = ("ES256", "ES384")
BODY = record({"signing_alg": choice(*ALGORITHMS, *NOT_MADE_HERE)})
NEXT = {KeyState.NEXT: KeyState.CURRENT, KeyState.CURRENT: KeyState.PREVIOUS}
PATH = "/connections/{id}/keys"


def show(key: dict[str, Any]) -> dict[str, Any]:
    state = {name.value: key["state"] == name for name in (KeyState.CURRENT, KeyState.NEXT, KeyState.PREVIOUS)}
    return {**{name: value for name, value in key.items() if name != "state"}, "key_use": "signing", **state}


def stored(call: Call) -> Document:
    """The keys of a connection, newest first. Raises ``ApiError`` (404)."""
    connection = CONNECTIONS.get(call, call.id)
    known = call.directory.documents[KEYS].get(connection.id)
    return known or Document(kind=KEYS, id=connection.id, body={"keys": []})


async def _list(call: Call) -> list[dict[str, Any]]:
    return [show(key) for key in stored(call).body["keys"]]


async def _make(call: Call, algorithm: str, state: KeyState) -> tuple[dict[str, Any], SigningKey]:
    key = await call.ports.keys.signing_key(call.directory.tenant)
    return {
        "kid": key.kid,
        "cert": key.cert,
        "pkcs": key.pkcs7,
        "fingerprint": key.fingerprint,
        "thumbprint": key.thumbprint,
        "algorithm": algorithm,
        "subject_dn": f"/CN={call.directory.tenant.domain}",
        **_moved({}, state, call),
    }, key


def _moved(key: dict[str, Any], state: KeyState, call: Call) -> dict[str, Any]:
    since = {"current_since": timestamp(call.ports.clock.now())} if state is KeyState.CURRENT else {}
    return {**key, "state": state.value, **since}


async def _write(call: Call, document: Document, keys: list[dict[str, Any]], *new: SigningKey) -> None:
    """What will not sign any more has no private half."""
    secrets = {**document.secrets, **{key.kid: key.private_pem for key in new}}
    kept = {key["kid"]: secrets[key["kid"]] for key in keys if key["state"] in NEXT}
    changed = msgspec.structs.replace(document, body={"keys": keys}, secrets=kept)
    need = Need(kind=Kind.CONNECTION, id=document.id)
    await commit(call, [need, Put(document=changed, expected_revision=document.revision or None)], status=201)


def _algorithm(call: Call, document: Document) -> str:
    """The one asked for, or the one in use. Raises ``ApiError`` (400)."""
    if CONNECTIONS.get(call, call.id).body["strategy"] not in STRATEGIES:
        raise not_supported("The connection signs no requests")
    used = next((key["algorithm"] for key in document.body["keys"]), DEFAULT_ALGORITHM)
    algorithm: str = call.body.get("signing_alg", used)
    if algorithm in NOT_MADE_HERE:
        raise not_supported(f"Keys for {algorithm} are not made by this server, use one of {', '.join(ALGORITHMS)}")
    return algorithm


async def _create(call: Call) -> Answer:
    document = stored(call)
    algorithm = _algorithm(call, document)
    if document.body["keys"]:
        raise conflict("Keys have already been created for this connection.")
    (following, one), (current, other) = [
        await _make(call, algorithm, state) for state in (KeyState.NEXT, KeyState.CURRENT)
    ]
    await _write(call, document, [following, current], one, other)
    return Answer(status=201, body=[show(following), show(current)])


async def _rotate(call: Call) -> Answer:
    """Answers the key that waits to be used next."""
    document = stored(call)
    new, key = await _make(call, _algorithm(call, document), KeyState.NEXT)
    states = ((known, KeyState(known["state"])) for known in document.body["keys"])
    moved = [_moved(known, NEXT[state], call) for known, state in states if state in NEXT]
    await _write(call, document, [new, *moved], key)
    return Answer(status=201, body=show(new))


RESOURCES: tuple[Shape, ...] = (
    View(
        path=PATH,
        scopes=("read:connections_keys",),
        summary="Get connection keys",
        answer=_list,
        shows=items(ANY),
        effect=Effect.STORED,
    ),
    Command(
        method="POST",
        path=PATH,
        scopes=("create:connections_keys",),
        summary="Create connection keys",
        run=_create,
        body=BODY,
        answers={201: items(ANY)},
        effect=Effect.STORED,
    ),
    Command(
        method="POST",
        path=f"{PATH}/rotate",
        scopes=("create:connections_keys", "update:connections_keys"),
        every_scope=True,
        summary="Rotate connection keys",
        run=_rotate,
        body=BODY,
        effect=Effect.STORED,
    ),
)
