"""Challenges for authenticators, and what comes back (W3C Web Authentication §7).

A challenge is good once, for one purpose, in one login (its ``binding``), and for a while; all of that is in the
challenge itself, under a key of the tenant, so none is kept before it comes back. Whatever comes back uses it up.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Collection, Iterable, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from doorward.model.authentication_method import AuthenticationMethod
from doorward.model.client import Client
from doorward.model.digest import digest
from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind
from doorward.model.webauthn import ALGORITHMS, AnsweredBefore, Assertion, InvalidAnswer, RegisteredKey, RelyingParty
from doorward.ports import AuthenticationMethods, Clock, Entropy, OneTimeValues, WebAuthn

LIFETIME = 3600.0  # of a challenge, in seconds: a page may wait for as long as a login may
TIMEOUT = 300_000  # milliseconds that browsers wait for an authenticator
MAX_ANSWER = 65_536
NONCE = 16
MAC = 32


class Answer(Struct, frozen=True, kw_only=True):
    """What an authenticator answered, before anything of it is believed. ``whole`` is all of it."""

    key_id: str
    challenge: bytes
    user_handle: str | None
    attachment: str | None
    whole: dict[str, Any]


class _Response(Struct):
    client_data: str = msgspec.field(name="clientDataJSON")
    user_handle: str | None = msgspec.field(name="userHandle", default=None)


class _Credential(Struct):
    id: str
    response: _Response
    attachment: str | None = msgspec.field(name="authenticatorAttachment", default=None)


class _ClientData(Struct):
    challenge: str


def read(text: str | dict[str, Any]) -> Answer:
    """The answer in the JSON of a ``PublicKeyCredential``. Raises ``InvalidAnswer``."""
    if isinstance(text, str) and len(text) > MAX_ANSWER:
        raise InvalidAnswer("the answer is too long")
    try:
        whole = msgspec.json.decode(text, type=dict[str, Any]) if isinstance(text, str) else text
        credential = msgspec.convert(whole, _Credential)
        client_data = msgspec.json.decode(from_base64url(credential.response.client_data), type=_ClientData)
        challenge = from_base64url(client_data.challenge)
    except (msgspec.MsgspecError, UnicodeError, binascii.Error, ValueError, RecursionError):
        raise InvalidAnswer("the answer cannot be read") from None
    return Answer(
        key_id=credential.id,
        challenge=challenge,
        user_handle=credential.response.user_handle,
        attachment=credential.attachment,
        whole={"rawId": credential.id, **whole},
    )


class Ceremonies:
    """Challenges, and what answers to them are worth."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        verifier: WebAuthn,
        methods: AuthenticationMethods,
        one_time_values: OneTimeValues,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._verifier = verifier
        self._methods = methods
        self._one_time_values = one_time_values

    def challenge(self, directory: TenantDirectory, purpose: str, binding: bytes, *, seconds: float = LIFETIME) -> str:
        """A new challenge (base64url), good for ``seconds``."""
        head = struct.pack(">Q", int(self._clock.now() + seconds)) + from_base64url(self._entropy.token(NONCE))
        return to_base64url(head + _mac(directory, purpose, binding, head))

    async def registered(
        self,
        directory: TenantDirectory,
        purpose: str,
        binding: bytes,
        party: RelyingParty,
        answer: Answer,
        *,
        verified: bool = False,
    ) -> RegisteredKey:
        """The key that was made; ``verified``: only one of a person the authenticator knows. Raises
        ``InvalidAnswer``."""
        await self._use_up(directory, purpose, binding, answer.challenge)
        return self._verifier.registered(answer.whole, party, challenge=answer.challenge, verified=verified)

    async def asserted(
        self,
        directory: TenantDirectory,
        purpose: str,
        binding: bytes,
        party: RelyingParty,
        answer: Answer,
        method: AuthenticationMethod,
        *,
        verified: bool = False,
    ) -> Assertion:
        """The key of ``method``, used. Raises ``InvalidAnswer``, also where the authenticator counted less than it
        did before."""
        await self._use_up(directory, purpose, binding, answer.challenge)
        known = method.properties.get("user_handle")
        if known and answer.user_handle and answer.user_handle.rstrip("=") != known:
            raise InvalidAnswer("the key is somebody else's")
        assertion = self._verifier.asserted(
            answer.whole,
            party,
            challenge=answer.challenge,
            public_key=method.properties.get("public_key", ""),
            verified=verified,
        )
        if assertion.key_id != method.key_id:
            raise InvalidAnswer("the answer is of another key")
        if not await self._methods.use_key(directory.tenant.id, method.id, assertion.sign_count):
            raise InvalidAnswer("the authenticator counted back: its key may have been copied")
        return assertion

    async def _use_up(self, directory: TenantDirectory, purpose: str, binding: bytes, challenge: bytes) -> None:
        head, mac = challenge[:-MAC], challenge[-MAC:]
        if len(challenge) != 8 + NONCE + MAC or not hmac.compare_digest(mac, _mac(directory, purpose, binding, head)):
            raise InvalidAnswer("the challenge is not of this login")
        now, (until,) = self._clock.now(), struct.unpack(">Q", head[:8])
        if now >= until:
            raise InvalidAnswer("the challenge is expired")
        once = digest(f"webauthn {to_base64url(challenge)}")
        if not await self._one_time_values.use(directory.tenant.id, once, at=now, expires_at=until):
            raise AnsweredBefore


def _mac(directory: TenantDirectory, purpose: str, binding: bytes, head: bytes) -> bytes:
    message = b"webauthn challenge" + digest(purpose) + hashlib.sha256(binding).digest() + head
    return hmac.digest(directory.token_key, message, "sha256")


def user_handle(directory: TenantDirectory, user_id: str) -> str:
    """What authenticators know a person by: it tells nothing of them, and is always the same."""
    return to_base64url(hmac.digest(directory.token_key, b"webauthn user handle" + user_id.encode(), "sha512"))


def passkey_party(directory: TenantDirectory, hostname: str, client: Client | None = None) -> RelyingParty:
    """Whom passkeys are made for on ``hostname`` (with its port, if it has one): the host, or what its custom domain
    says (``relying_party_identifier``). ``client`` may use them at its own origins too, with an API."""
    host = _host(hostname)
    for document in directory.documents[Kind.CUSTOM_DOMAIN].values():
        if document.body.get("domain") in (host, hostname):
            host = above(host, document.body.get("relying_party_identifier"))
    return RelyingParty(id=host, origins=(f"https://{hostname}", *(_origins_of(directory, client) if client else ())))


def factor_party(directory: TenantDirectory, hostname: str, switch: str, client: Client | None = None) -> RelyingParty:
    """Whom keys of a second factor are made for; ``switch`` is its name under ``/guardian/factors``. ``client`` may
    have them made at its own origins."""
    host = _host(hostname)
    settings = factor_settings(directory, switch)
    if settings.get("overrideRelyingParty"):
        host = above(host, settings.get("relyingPartyIdentifier"))
    return RelyingParty(id=host, origins=(f"https://{hostname}", *(_origins_of(directory, client) if client else ())))


def factor_settings(directory: TenantDirectory, switch: str) -> Mapping[str, Any]:
    """What the tenant says of keys (``/guardian/factors/{switch}/settings``)."""
    document = directory.documents[Kind.CONFIGURATION].get(f"guardian/{switch}/settings")
    return document.body if document is not None else {}


def above(host: str, wanted: str | None) -> str:
    """``wanted`` where browsers take it for ``host``: a domain above it; else the host."""
    return wanted if wanted and host.endswith(f".{wanted}") and "." in wanted else host


def _host(hostname: str) -> str:
    """A host without its port, and without the brackets of an address."""
    return urlsplit(f"//{hostname}").hostname or hostname


def can_have_keys(hostname: str) -> bool:
    """Whether browsers make keys for a host: it has a name."""
    try:
        ip_address(_host(hostname))
    except ValueError:
        return True
    return False


def _origins_of(directory: TenantDirectory, client: Client) -> tuple[str, ...]:
    """Where a client's own pages and applications are: allowed origins, and the certificates of an Android app."""
    document = directory.documents[Kind.CLIENT].get(client.client_id)
    android = ((document.body.get("mobile") or {}).get("android") or {}) if document is not None else {}
    prints = android.get("sha256_cert_fingerprints") or ()
    apps = (f"android:apk-key-hash:{_fingerprint(one)}" for one in prints)
    return (*client.allowed_origins, *client.web_origins, *apps)


def _fingerprint(text: str) -> str:
    try:
        return to_base64url(bytes.fromhex(text.replace(":", "")))
    except ValueError:
        return text


def creation_options(
    party: RelyingParty,
    challenge: str,
    *,
    name: str,
    user: tuple[str, str, str],
    exclude: Iterable[AuthenticationMethod] = (),
    resident: bool,
    verification: str = "preferred",
    attachment: str | None = None,
) -> dict[str, Any]:
    """``PublicKeyCredentialCreationOptions`` as JSON; ``user`` is handle, name and name to be shown."""
    selection: dict[str, Any] = {
        "residentKey": "required" if resident else "discouraged",
        "userVerification": verification,
    }
    if attachment is not None:
        selection["authenticatorAttachment"] = attachment
    options = {
        "challenge": challenge,
        "timeout": TIMEOUT,
        "rp": {"id": party.id, "name": name},
        "user": dict(zip(("id", "name", "displayName"), user, strict=True)),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in ALGORITHMS],
        "authenticatorSelection": selection,
    }
    excluded = _descriptors(exclude)
    return {**options, "excludeCredentials": excluded} if excluded else options


def request_options(
    party: RelyingParty,
    challenge: str,
    *,
    allow: Collection[AuthenticationMethod] = (),
    verification: str = "preferred",
) -> dict[str, Any]:
    """``PublicKeyCredentialRequestOptions`` as JSON; without ``allow`` whatever key the authenticator has."""
    options = {"challenge": challenge, "timeout": TIMEOUT, "rpId": party.id, "userVerification": verification}
    return {**options, "allowCredentials": _descriptors(allow)} if allow else options


def _descriptors(methods: Iterable[AuthenticationMethod]) -> list[dict[str, Any]]:
    """Keys, as browsers are told of them."""
    return [
        {
            "type": "public-key",
            "id": method.key_id,
            **({"transports": transports} if (transports := method.properties.get("transports")) else {}),
        }
        for method in methods
        if method.key_id
    ]


def to_base64url(raw: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Raises ``ValueError`` (``binascii.Error``) for anything else."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
