"""``/keys/signing``: the keys tokens are signed with, their rotation and revocation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from doorward.management import key_rotation
from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import ApiError, not_found, not_supported
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import commit
from doorward.model.credential import KeyState, SigningKey
from doorward.model.document import Document, Kind


def show(key: SigningKey) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "kid": key.kid,
        "cert": key.cert,
        "pkcs7": key.pkcs7,
        "current": key.state is KeyState.CURRENT,
        "next": key.state is KeyState.NEXT,
        "previous": key.state is KeyState.PREVIOUS,
        "fingerprint": key.fingerprint,
        "thumbprint": key.thumbprint,
        "revoked": key.state is KeyState.REVOKED,
    }
    for name in ("current_since", "current_until", "revoked_at"):
        at = getattr(key, name)
        if at is not None:
            shown[name] = timestamp(at)
    return shown


def _shown(call: Call, kid: str) -> dict[str, Any]:
    for key in call.directory.signing_keys:
        if key.kid == kid:
            return show(key)
    raise no_such_key()


def no_such_key() -> ApiError:
    return not_found("Signing key not found.")


async def _list(call: Call) -> list[dict[str, Any]]:
    return [show(key) for key in call.directory.signing_keys]


async def _read(call: Call) -> dict[str, Any]:
    return _shown(call, call.id)


def _documents(call: Call) -> Iterable[Document]:
    return call.directory.documents[Kind.SIGNING_KEY].values()


async def _rotate(call: Call) -> Answer:
    """Answers the key that signs from now on."""
    new = await call.ports.keys.signing_key(call.directory.tenant)
    try:
        changes = key_rotation.rotation(_documents(call), new, call.ports.clock.now())
    except key_rotation.TooSoon as error:
        message = "The next signing key was published too recently to be used, try again later"
        headers = {"retry-after": str(error.retry_after)}
        raise ApiError(429, message, "too_many_requests", headers=headers) from None
    directory = await commit(call, changes, status=201)
    current = next(key for key in directory.signing_keys if key.state is KeyState.CURRENT)
    return Answer(status=201, body=show(current))


async def _revoke(call: Call) -> Answer:
    document = call.directory.documents[Kind.SIGNING_KEY].get(call.id)
    if document is None:
        raise no_such_key()
    state = key_rotation.state_of(document)
    if state is not KeyState.PREVIOUS:
        raise not_supported(f"Only the previous signing key can be revoked, this one is {state.value}")
    await commit(call, [key_rotation.revocation(document, call.ports.clock.now())])
    return Answer(body=_shown(call, call.id))


RESOURCES: tuple[Shape, ...] = (
    View(path="/keys/signing", scopes=("read:signing_keys",), summary="Get all application signing keys", answer=_list),
    View(
        path="/keys/signing/{kid}",
        scopes=("read:signing_keys",),
        summary="Get an application signing key by its key id",
        answer=_read,
    ),
    Command(
        method="POST",
        path="/keys/signing/rotate",
        scopes=("create:signing_keys", "update:signing_keys"),
        every_scope=True,
        summary="Rotate the application signing key",
        run=_rotate,
    ),
    Command(
        method="PUT",
        path="/keys/signing/{kid}/revoke",
        scopes=("update:signing_keys",),
        summary="Revoke an application signing key by its key id",
        run=_revoke,
    ),
)
