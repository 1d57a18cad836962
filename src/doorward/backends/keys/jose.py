"""Signing, verifying, sealing and encrypting tokens (RFC 7515, 7516, 7518).

On the way out there is no JOSE library: keys are loaded once, headers are kept, and a token costs
little more than its signature.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from doorward.backends.keys import compact
from doorward.model.credential import SigningKey
from doorward.model.resource_server import EncryptionKey
from doorward.ports import InvalidToken

_SHA: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_PKCS1 = padding.PKCS1v15()
_HMAC = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
_CURVES = {"ES256": (ec.SECP256R1, 32), "ES384": (ec.SECP384R1, 48)}
_OAEP: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "RSA-OAEP-256": hashes.SHA256,
    "RSA-OAEP-384": hashes.SHA384,
    "RSA-OAEP-512": hashes.SHA512,
}
_SIGNS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_ROCA = {
    prime: frozenset(pow(65537, exponent, prime) for exponent in range(prime))
    for prime in (
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
        113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    )
}  # fmt: skip
MIN_RSA_BITS = 2048
MIN_EXPONENT = 65537
IV_LENGTH, TAG_LENGTH, KEY_LENGTH = 12, 16, 32

_json = msgspec.json.Encoder()


def _padding(alg: str) -> padding.AsymmetricPadding:
    if alg.startswith("PS"):
        sha = _SHA[alg[2:]]
        return padding.PSS(mgf=padding.MGF1(sha), salt_length=sha.digest_size)
    return _PKCS1


class JoseBackend:
    """``ports.Jose`` on the ``cryptography`` library."""

    def __init__(self) -> None:
        self._private: dict[str, rsa.RSAPrivateKey] = {}
        self._public: dict[str, rsa.RSAPublicKey] = {}
        self._headers: dict[tuple[str, str, str | None], str] = {}
        self._pems: dict[str, Any] = {}
        self._ciphers: dict[bytes, AESGCM] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wanted: list[tuple[asyncio.Future[bytes], rsa.RSAPrivateKey, bytes, str]] = []

    # ── out ──

    async def sign(self, key: SigningKey, alg: str, typ: str, claims: Mapping[str, Any]) -> str:
        if alg not in _SIGNS:
            raise ValueError(f"{alg} is not an RSA signature algorithm")
        private = self._private.get(key.kid)
        if private is None:
            private = self._load_private(key)
        signing_input = f"{self._header(alg, typ, key.kid)}.{compact.encode(_json.encode(claims))}"
        signature = await self._signature(private, signing_input.encode("ascii"), alg)
        return f"{signing_input}.{compact.encode(signature)}"

    def _signature(self, private: rsa.RSAPrivateKey, data: bytes, alg: str) -> asyncio.Future[bytes]:
        """A signature, made in one go with all that are wanted in this turn of the loop: the processor then
        changes between Python and big numbers once a turn, not at every token (6 % of a token request)."""
        if not self._wanted or self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self._sign_wanted)
        future: asyncio.Future[bytes] = self._loop.create_future()
        self._wanted.append((future, private, data, alg))
        return future

    def _sign_wanted(self) -> None:
        wanted, self._wanted = self._wanted, []
        for future, private, data, alg in wanted:
            if future.done():
                continue
            try:
                future.set_result(private.sign(data, _padding(alg), _SHA[alg[2:]]))
            except Exception as error:
                future.set_exception(error)

    def sign_symmetric(self, secret: str, alg: str, typ: str, claims: Mapping[str, Any]) -> str:
        signing_input = f"{self._header(alg, typ, None)}.{compact.encode(_json.encode(claims))}"
        signature = hmac.digest(secret.encode(), signing_input.encode("ascii"), _HMAC[alg])
        return f"{signing_input}.{compact.encode(signature)}"

    def _header(self, alg: str, typ: str, kid: str | None) -> str:
        kept = self._headers.get((alg, typ, kid))
        if kept is None:
            members = {"alg": alg, "typ": typ} if kid is None else {"alg": alg, "typ": typ, "kid": kid}
            kept = self._headers[alg, typ, kid] = compact.encode(_json.encode(members))
        return kept

    def _load_private(self, key: SigningKey) -> rsa.RSAPrivateKey:
        loaded = serialization.load_pem_private_key(
            key.private_pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
        )
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise TypeError("a signing key is an RSA key")
        self._private[key.kid] = loaded
        return loaded

    # ── in ──

    def verify(
        self, token: str, keys: Callable[[str | None], SigningKey | None], algs: frozenset[str]
    ) -> tuple[Mapping[str, Any], dict[str, Any]]:
        header, payload, signed, signature = compact.compact_jws(token)
        alg, kid = header["alg"], header.get("kid")
        if alg not in algs or alg not in _SIGNS:
            raise InvalidToken("the algorithm is not accepted")
        key = keys(kid) if isinstance(kid, str) else None
        if key is None:
            raise InvalidToken("the signing key is unknown or revoked")
        public = self._public.get(key.kid)
        if public is None:
            loaded = self._load_pem(key.cert)
            if not isinstance(loaded, rsa.RSAPublicKey):
                raise InvalidToken("the signing key is not an RSA key")
            public = self._public[key.kid] = loaded
        _verify_rsa(public, alg, signed, signature)
        return header, compact.json_object(payload)

    def verify_symmetric(
        self, token: str, secret: str, algs: frozenset[str]
    ) -> tuple[Mapping[str, Any], dict[str, Any]]:
        header, payload, signed, signature = compact.compact_jws(token)
        if header["alg"] not in algs or header["alg"] not in _HMAC:
            raise InvalidToken("the algorithm is not accepted")
        expected = hmac.digest(secret.encode(), signed, _HMAC[header["alg"]])
        if not hmac.compare_digest(expected, signature):
            raise InvalidToken("the signature is wrong")
        return header, compact.json_object(payload)

    def verify_pem(self, token: str, pem: str, algs: frozenset[str]) -> tuple[Mapping[str, Any], dict[str, Any]]:
        header, payload, signed, signature = compact.compact_jws(token)
        if header["alg"] not in algs:
            raise InvalidToken("the algorithm is not accepted")
        verify_with(self._load_pem(pem), header["alg"], signed, signature)
        return header, compact.json_object(payload)

    def peek(self, token: str) -> tuple[Mapping[str, Any], dict[str, Any]]:
        header, payload, _, _ = compact.compact_jws(token)
        return header, compact.json_object(payload)

    def _load_pem(self, pem: str) -> Any:
        key = self._pems.get(pem)
        if key is None:
            key = load_public_pem(pem)
            if len(self._pems) > 1000:
                self._pems.clear()
            self._pems[pem] = key
        return key

    # ── sealed ──

    def seal(self, key: bytes, issuer: str, claims: Mapping[str, Any]) -> str:
        head = compact.encode(_json.encode({"alg": "dir", "enc": "A256GCM", "iss": issuer}))
        iv = os.urandom(IV_LENGTH)
        sealed = self._cipher(key).encrypt(iv, _json.encode(claims), head.encode("ascii"))
        parts = (iv, sealed[:-TAG_LENGTH], sealed[-TAG_LENGTH:])
        return f"{head}..{'.'.join(map(compact.encode, parts))}"

    def open(self, key: bytes, token: str) -> dict[str, Any]:
        head, wrapped, iv_part, ciphertext, tag = compact.split(token, compact.JWE_PARTS)
        header = compact.header_of(head)
        if header["alg"] != "dir" or header.get("enc") != "A256GCM" or wrapped:
            raise InvalidToken("not a token sealed here")
        iv, sealed = compact.decode(iv_part), compact.decode(ciphertext)
        mac = compact.decode(tag)
        if len(iv) != IV_LENGTH or len(mac) != TAG_LENGTH:
            raise InvalidToken("not a token sealed here")
        try:
            plain = self._cipher(key).decrypt(iv, sealed + mac, head.encode("ascii"))
        except InvalidTag:
            raise InvalidToken("not a token sealed here") from None
        return compact.json_object(plain)

    def _cipher(self, key: bytes) -> AESGCM:
        cipher = self._ciphers.get(key)
        if cipher is None:
            cipher = self._ciphers[key] = AESGCM(key)
        return cipher

    def encrypt(self, key: EncryptionKey, token: str) -> str:
        public = self._load_pem(key.pem)
        sha = _OAEP.get(key.alg)
        if sha is None or not isinstance(public, rsa.RSAPublicKey):
            raise ValueError("access tokens are encrypted with RSA-OAEP-256, -384 or -512")
        members: dict[str, Any] = {"alg": key.alg, "enc": "A256GCM", "cty": "JWT"}
        if key.kid is not None:
            members["kid"] = key.kid
        head = compact.encode(_json.encode(members))
        content_key, iv = os.urandom(KEY_LENGTH), os.urandom(IV_LENGTH)
        wrapped = public.encrypt(content_key, padding.OAEP(mgf=padding.MGF1(sha()), algorithm=sha(), label=None))
        sealed = AESGCM(content_key).encrypt(iv, token.encode(), head.encode("ascii"))
        parts = (wrapped, iv, sealed[:-TAG_LENGTH], sealed[-TAG_LENGTH:])
        return ".".join((head, *(compact.encode(part) for part in parts)))


def load_public_pem(pem: str) -> Any:
    """A public key or certificate in PEM: RSA of at least 2048 bits, or EC P-256 or P-384.

    Raises ``InvalidToken`` for anything else.
    """
    try:
        if "CERTIFICATE" in pem:
            from cryptography import x509

            key: Any = x509.load_pem_x509_certificate(pem.encode()).public_key()
        else:
            key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm, UnicodeError):
        raise InvalidToken("the key cannot be read") from None
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < MIN_RSA_BITS or key.public_numbers().e < MIN_EXPONENT:
            raise InvalidToken("the RSA key is too weak")
        if _is_roca(key.public_numbers().n):
            raise InvalidToken("the RSA key was made by a faulty generator (CVE-2017-15361)")
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in ("secp256r1", "secp384r1"):
        return key
    raise InvalidToken("the key is neither RSA nor EC P-256 or P-384")


def _is_roca(modulus: int) -> bool:
    """Whether a modulus has the fingerprint of the Infineon library: modulo each small prime it is a
    power of 65537."""
    return all(modulus % prime in powers for prime, powers in _ROCA.items())


def verify_with(key: Any, alg: str, signed: bytes, signature: bytes) -> None:
    """Check a signature; the algorithm has to fit the key's type and curve."""
    if alg in _SIGNS and isinstance(key, rsa.RSAPublicKey):
        _verify_rsa(key, alg, signed, signature)
    elif alg in _CURVES and isinstance(key, ec.EllipticCurvePublicKey):
        curve, size = _CURVES[alg]
        if not isinstance(key.curve, curve) or len(signature) != 2 * size:
            raise InvalidToken("the signature does not fit the key")
        r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
        try:
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(_SHA[alg[2:]]))
        except InvalidSignature:
            raise InvalidToken("the signature is wrong") from None
    else:
        raise InvalidToken("the algorithm does not fit the key")


def _verify_rsa(key: rsa.RSAPublicKey, alg: str, signed: bytes, signature: bytes) -> None:
    try:
        key.verify(signature, signed, _padding(alg), _SHA[alg[2:]])
    except InvalidSignature:
        raise InvalidToken("the signature is wrong") from None
