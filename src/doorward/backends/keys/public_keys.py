"""Public keys and certificates somebody else made, as PEM."""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from doorward.backends.keys.compact import encode
from doorward.model.credential import PublicKey

MAX_PEM = 16 * 1024
CERTIFICATE = "-----BEGIN CERTIFICATE-----"


def read_public_key(pem: str) -> PublicKey:
    """What a PEM public key or certificate says. Raises ``ValueError`` for anything else, private keys too."""
    if len(pem) > MAX_PEM:
        raise ValueError("the PEM is too long")
    try:
        data = pem.strip().encode("ascii")
        certificate = x509.load_pem_x509_certificate(data) if CERTIFICATE in pem else None
        key = certificate.public_key() if certificate is not None else serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise ValueError("the PEM is neither a public key nor a certificate") from error
    kind, bits, members = _members(key)
    thumbprint = encode(hashlib.sha256(members.encode()).digest())
    if certificate is None:
        return PublicKey(kind=kind, bits=bits, thumbprint=thumbprint)
    return PublicKey(
        kind=kind,
        bits=bits,
        thumbprint=thumbprint,
        subject=certificate.subject.rfc4514_string(),
        expires_at=certificate.not_valid_after_utc.timestamp(),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def _members(key: object) -> tuple[str, int, str]:
    """Type, size and the canonical JSON whose digest is the thumbprint (RFC 7638 §3.2)."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        e, n = (_unsigned(value) for value in (numbers.e, numbers.n))
        return "RSA", key.key_size, f'{{"e":"{e}","kty":"RSA","n":"{n}"}}'
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        point = key.public_numbers()
        x, y = (encode(value.to_bytes(32, "big")) for value in (point.x, point.y))
        return "EC", key.key_size, f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    raise ValueError("the key is neither RSA nor on the curve P-256")


def _unsigned(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))
