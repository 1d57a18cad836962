"""Tenant signing keys: RSA with a self-signed certificate."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from doorward.backends.keys.compact import encode
from doorward.model.credential import KeyState, SigningKey
from doorward.model.tenant import Tenant
from doorward.ports import Clock, Entropy

KEY_BITS = 2048
KID_LENGTH = 21
CERTIFICATE_LIFE = timedelta(days=365 * 14)
BACKDATE = timedelta(minutes=5)


class SigningKeyMaker:
    """``ports.KeyMaker``; the mathematics runs in a thread."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy

    async def signing_key(self, tenant: Tenant) -> SigningKey:
        return await asyncio.to_thread(self.make, tenant.domain)

    def make(self, domain: str) -> SigningKey:
        """A new key for a tenant whose canonical domain is ``domain``, in state ``next``."""
        now = self._clock.now()
        private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        certificate = _self_signed(private, domain, datetime.fromtimestamp(now, UTC))
        der = certificate.public_bytes(serialization.Encoding.DER)
        kid = self._entropy.token(16)[:KID_LENGTH]
        thumbprint = certificate.fingerprint(hashes.SHA1())  # noqa: S303 - x5t is SHA-1 by definition (RFC 7515 §4.1.7)
        numbers = private.public_key().public_numbers()
        return SigningKey(
            kid=kid,
            state=KeyState.NEXT,
            cert=certificate.public_bytes(serialization.Encoding.PEM).decode(),
            pkcs7=pkcs7.serialize_certificates([certificate], serialization.Encoding.PEM).decode(),
            fingerprint=thumbprint.hex(":").upper(),
            thumbprint=thumbprint.hex().upper(),
            public_jwk={
                "kty": "RSA",
                "use": "sig",
                "n": encode(numbers.n.to_bytes(KEY_BITS // 8, "big")),
                "e": encode(numbers.e.to_bytes(3, "big")),
                "kid": kid,
                "x5t": encode(thumbprint),
                "x5c": [base64.b64encode(der).decode()],
                "alg": "RS256",
            },
            private_pem=private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
            created_at=now,
        )


def _self_signed(private: rsa.RSAPrivateKey, domain: str, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain[:64])])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + CERTIFICATE_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
