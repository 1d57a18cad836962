"""A certificate authority for development: made once, trusted once.

Strict clients (OpenSSL's X509_STRICT, Node) want every name in full and an authority key id; no
client accepts a wildcard directly under ``localhost``.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BACKDATE = timedelta(minutes=10)
CA_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)
ALWAYS = ("localhost", "127.0.0.1", "::1")


class LocalCa:
    """The authority kept in ``folder``: ``ca.pem`` for clients to trust, ``ca-key.pem`` to sign."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate_path = folder / "ca.pem"
        self._key_path = folder / "ca-key.pem"
        self._leaf_path = folder / "server.pem"
        if not (self.certificate_path.exists() and self._key_path.exists()):
            self._make()

    def leaf(self, names: set[str]) -> Path:
        """A PEM file with key and certificate for these host names (ports are dropped) and the
        loopback ones; the stored one is used while it covers them all."""
        wanted = {name.rpartition(":")[0] if name.rpartition(":")[2].isdigit() else name for name in names}
        wanted = {name for name in wanted if name and "*" not in name} | set(ALWAYS)
        kept = self._kept_names()
        if kept is None or not wanted <= kept:
            self._issue(sorted(wanted | (kept or set())))
        return self._leaf_path

    def _kept_names(self) -> set[str] | None:
        """The names of the stored leaf, or ``None`` when there is none of use."""
        try:
            leaf = x509.load_pem_x509_certificate(self._leaf_path.read_bytes())
            authority = x509.load_pem_x509_certificate(self.certificate_path.read_bytes())
            leaf.verify_directly_issued_by(authority)
        except Exception:
            return None
        if leaf.not_valid_after_utc - datetime.now(UTC) < RENEW_BEFORE:
            return None
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return {str(value) for kind in (x509.DNSName, x509.IPAddress) for value in names.get_values_for_type(kind)}

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Doorward development"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Doorward local CA {secrets.token_hex(4)}"),
        ])  # fmt: skip
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACKDATE)
            .not_valid_after(now + CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        write_private(self._key_path, _private_pem(key))
        write_private(self.certificate_path, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
        self._leaf_path.unlink(missing_ok=True)

    def _issue(self, names: list[str]) -> None:
        authority = x509.load_pem_x509_certificate(self.certificate_path.read_bytes())
        signer = serialization.load_pem_private_key(self._key_path.read_bytes(), password=None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{self._key_path} does not hold the key of a local CA; delete it to make a new one")
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]))
            .issuer_name(authority.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACKDATE)
            .not_valid_after(now + LEAF_LIFE - BACKDATE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
            .sign(signer, hashes.SHA256())
        )
        write_private(self._leaf_path, certificate.public_bytes(serialization.Encoding.PEM) + _private_pem(key))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def write_private(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file whole or not at all, with its mode from the first byte on."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        os.fchmod(descriptor, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
