"""Project Wycheproof's JOSE vectors through the Jose port (C7): what is valid verifies, what is not is refused.

The folder is named by ``DOORWARD_TEST_VECTORS``. The vectors sign the text ``foo``, while a token has to be a JSON
object: where nothing but that is left to complain about, the signature (or the seal) was accepted. Sets of JWKs
are no input of Doorward's (clients register PEM keys one by one), so of ``json_web_key_test`` and
``json_web_crypto_test`` the groups with one key count.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from doorward.backends.keys import compact
from doorward.backends.keys.jose import JoseBackend
from doorward.ports import InvalidToken

FOLDER = os.environ.get("DOORWARD_TEST_VECTORS", "")
FILES = ("json_web_signature_test", "json_web_encryption_test", "json_web_crypto_test", "json_web_key_test")
HMAC = ("HS256", "HS384", "HS512")
ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")
CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
ONLY_NO_JSON = ("not a JSON object in UTF-8", "not a JSON object")


class Secret(str):
    """An HMAC secret of any bytes: the port takes text."""

    raw: bytes = b""

    def encode(self, *_: Any) -> bytes:
        return self.raw


def groups() -> Iterator[Any]:
    if not FOLDER:
        reason = "DOORWARD_TEST_VECTORS names no folder with the Wycheproof vectors"
        yield pytest.param({}, id="absent", marks=pytest.mark.skip(reason=reason))
        return
    for name in FILES:
        document = json.loads((Path(FOLDER) / f"{name}.json").read_text("utf-8"))
        for index, group in enumerate(document["testGroups"]):
            key = group.get("public") or group.get("private")
            if "keys" not in key:
                yield pytest.param(group, id=f"{name}-{index}-{group['comment']}")


def number(text: str) -> int:
    return int.from_bytes(octets(text), "big")


def octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def pem(jwk: dict[str, Any]) -> str:
    """The public key as a client would register it."""
    if jwk["kty"] == "RSA":
        public: Any = rsa.RSAPublicNumbers(number(jwk["e"]), number(jwk["n"])).public_key()
    else:
        public = ec.EllipticCurvePublicNumbers(number(jwk["x"]), number(jwk["y"]), CURVES[jwk["crv"]]).public_key()
    encoded: bytes = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode()


def accepts(jwk: dict[str, Any], vector: dict[str, Any]) -> bool:
    """Whether the port takes the token; anything but a typed refusal fails the test."""
    jose, alg = JoseBackend(), jwk.get("alg", "")
    token = vector.get("jwe") or vector["jws"]
    if isinstance(token, dict):  # the JSON serialization
        token = json.dumps(token)
    try:
        # The header has to be JSON whatever the payload is.
        compact.header_of(token.partition(".")[0])
    except InvalidToken:
        return False
    try:
        if "jwe" in vector:
            jose.open(octets(jwk["k"]) if jwk["kty"] == "oct" else b"k" * 32, token)
        elif jwk["kty"] == "oct":
            secret = Secret()
            secret.raw = octets(jwk["k"])
            jose.verify_symmetric(token, secret, frozenset({alg}))
        else:
            jose.verify_pem(token, pem(jwk), frozenset({alg}))
    except InvalidToken as error:
        return error.reason in ONLY_NO_JSON
    return True


def can_be_accepted(jwk: dict[str, Any], vector: dict[str, Any]) -> bool:
    """Whether Doorward has the algorithm at all, and the key is for it; else it is refused however valid.

    Two vectors (tcId 372 and 373) allow a reader to skip characters that are not base64url; this one never does.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", vector.get("jwe") or vector["jws"]):
        return False
    header = json.loads(octets((vector.get("jwe") or vector["jws"]).partition(".")[0]))
    if "jwe" in vector:
        return (header.get("alg"), header.get("enc")) == ("dir", "A256GCM") and "zip" not in header
    if jwk.get("use", "sig") != "sig" or header["alg"] != jwk.get("alg"):
        return False
    return jwk.get("alg") in (HMAC if jwk["kty"] == "oct" else ASYMMETRIC)


@pytest.mark.parametrize("group", [*groups()])
def test_c7_every_vector_gives_the_marked_result(group: dict[str, Any]) -> None:
    jwk = group.get("public") or group["private"]
    # Two vectors about padding are, letter for letter, the valid one of their group (tcId 367 and 370).
    valid = [vector.get("jws") for vector in group["tests"] if vector["result"] == "valid"]
    for vector in group["tests"]:
        if vector["result"] != "valid" and vector.get("jws") in valid and "jws" in vector:
            continue
        named = f"tcId {vector['tcId']}: {vector['comment']}"
        if vector["result"] == "valid" and can_be_accepted(jwk, vector):
            assert accepts(jwk, vector), f"refused, {named}"
        else:
            assert not accepts(jwk, vector), f"accepted, {named}"
