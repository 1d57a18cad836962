"""Verifying the password hashes of other systems.

The digests that OpenSSL keeps for old data only (MD4, RIPEMD-160, Whirlpool, MDC-2) come from the OpenSSL that
``cryptography`` brings along; the system's need not have them.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from functools import cache

import argon2
import bcrypt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from doorward.model.imported_hash import ImportedHash

logger = logging.getLogger(__name__)

BCRYPT_LIMIT = 72
SCRYPT_OVERHEAD = 1024 * 1024
WIDE, NARROW = ("utf16le", "ucs2"), ("ascii", "latin1", "binary")
SIZES = {
    "md4": (16, 64), "md5": (16, 64), "mdc2": (16, 8), "ripemd160": (20, 64), "sha1": (20, 64), "sha224": (28, 64),
    "sha256": (32, 64), "sha384": (48, 128), "sha512": (64, 128), "whirlpool": (64, 64),
}  # fmt: skip


def matches(password: str, stored: ImportedHash) -> bool:
    """Whether this is the password the hash was made of."""
    secret = _encoded(password, stored.encoding)
    if stored.algorithm == "argon2":
        return _argon2(secret, stored.value)
    salted = secret + stored.salt if stored.salt_last else stored.salt + secret
    if stored.algorithm == "bcrypt":
        return _bcrypt(salted, stored.value)
    try:
        return hmac.compare_digest(_made(secret, salted, stored), stored.hash)
    except UnsupportedAlgorithm:
        logger.error("a password hash cannot be verified: this OpenSSL has no %s", stored.digest or stored.algorithm)
        return False


def _encoded(password: str, encoding: str) -> bytes:
    """As Node.js encodes: what takes one byte per character keeps the lower half of it."""
    if encoding in WIDE:
        return password.encode("utf-16-le")
    return password.encode("utf-16-le")[::2] if encoding in NARROW else password.encode()


def _made(secret: bytes, salted: bytes, stored: ImportedHash) -> bytes:
    match stored.algorithm:
        case "hmac":
            keyed = HMAC(stored.key, digest(stored.digest))
            keyed.update(salted)
            return keyed.finalize()
        case "pbkdf2":
            return PBKDF2HMAC(
                algorithm=digest(stored.digest),
                length=len(stored.hash),
                salt=stored.salt,
                iterations=stored.iterations,
            ).derive(secret)
        case "scrypt":
            return hashlib.scrypt(
                secret,
                salt=stored.salt,
                n=stored.cost,
                r=stored.block_size,
                p=stored.parallelization,
                dklen=stored.keylen,
                maxmem=128 * stored.block_size * (stored.cost + stored.parallelization + 2) + SCRYPT_OVERHEAD,
            )
    hashing = hashes.Hash(digest(stored.digest or stored.algorithm))
    hashing.update(salted)
    return hashing.finalize()


def _argon2(secret: bytes, value: str) -> bool:
    try:
        return argon2.PasswordHasher().verify(value, secret)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _bcrypt(salted: bytes, value: str) -> bool:
    try:
        return b"\0" not in salted and bcrypt.checkpw(salted[:BCRYPT_LIMIT], value.encode())
    except ValueError:
        return False


@cache
def digest(name: str) -> hashes.HashAlgorithm:
    """A digest by the name OpenSSL has for it."""
    size, block = SIZES[name]
    of_openssl = type(name, (hashes.HashAlgorithm,), {"name": name, "digest_size": size, "block_size": block})
    algorithm: hashes.HashAlgorithm = of_openssl()
    return algorithm
