"""The password hashes of an import: what Auth0 takes, as the string that is stored.

bcrypt and argon2 hashes say themselves how they were made and stay as they are; everything else becomes an
``ImportedHash``. What it would cost to verify a hash is bounded: at a login somebody else waits for it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from doorward.management.kit.schema import Unfit, choice, integer, record, text
from doorward.model.imported_hash import ImportedHash

MAX_TEXT = 4096
MAX_BCRYPT_COST = 16
MAX_ARGON2 = {"m": 262_144, "t": 64, "p": 16}
MAX_ITERATIONS = 5_000_000
MAX_SCRYPT_BYTES = 256 * 1024 * 1024
MAX_SCRYPT_WORK = 4 * MAX_SCRYPT_BYTES
MAX_KEY = 1024
# scrypt reads and writes this many bytes per unit of cost and block size.
SCRYPT_UNIT = 128

PLAIN_DIGESTS = {"md4": 16, "md5": 16, "sha1": 20, "sha256": 32, "sha512": 64}
DIGESTS = {
    **PLAIN_DIGESTS,
    "ripemd160": 20, "sha224": 28, "sha384": 48, "whirlpool": 64, "mdc2": 16,
}  # fmt: skip
# Other names OpenSSL has for them.
ALIASES = {
    "RSA-SHA1-2": "sha1", "ripemd": "ripemd160", "rmd160": "ripemd160", "ripemd160WithRSA": "ripemd160",
    "mdc2WithRSA": "mdc2", "ssl3-md5": "md5", "ssl3-sha1": "sha1",
}  # fmt: skip
SALTED_LDAP = re.compile(r"\{(s?)(md5|sha(?:1|-?224|-?256|-?384|-?512)?)\}([A-Za-z0-9+/]+={0,2})", re.IGNORECASE)
BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
ARGON2 = re.compile(
    r"\$argon2(?:id|i|d)(?:\$v=(?:16|19))?\$m=(?P<m>\d{1,9}),t=(?P<t>\d{1,9}),p=(?P<p>\d{1,9})"
    r"\$[A-Za-z0-9+/]{11,342}\$[A-Za-z0-9+/]{6,1366}"
)
PBKDF2 = re.compile(
    r"\$pbkdf2-(?P<digest>[A-Za-z0-9-]{1,32})\$(?:(?P<parameters>[a-z]+=\d{1,9}(?:,[a-z]+=\d{1,9})*)\$)?"
    r"(?P<salt>[A-Za-z0-9+/]+)\$(?P<hash>[A-Za-z0-9+/]+)"
)

_encoding = choice("base64", "hex", "utf8")
_value = text(min=1, max=MAX_TEXT)
PASSWORD_HASH = text(max=MAX_TEXT, pattern=r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}", secret=True)
CUSTOM_PASSWORD_HASH = record(
    {
        "algorithm": choice("argon2", "bcrypt", "hmac", "ldap", "pbkdf2", "scrypt", *PLAIN_DIGESTS),
        "hash": record(
            {
                "value": _value,
                "encoding": _encoding,
                "digest": choice(*(name for name in DIGESTS if name != "mdc2")),
                "key": record({"value": _value, "encoding": _encoding}, required=("value",)),
            },
            required=("value",),
        ),
        "salt": record(
            {"value": text(max=MAX_TEXT), "encoding": _encoding, "position": choice("prefix", "suffix")},
            required=("value",),
        ),
        "password": record({"encoding": choice("ascii", "utf8", "utf16le", "ucs2", "latin1", "binary")}),
        "keylen": integer(min=1, max=MAX_KEY),
        "cost": integer(min=2),
        "blockSize": integer(min=1),
        "parallelization": integer(min=1),
    },
    required=("algorithm", "hash"),
)


# What a row says a password by.
HASHES = {"password_hash": PASSWORD_HASH, "custom_password_hash": CUSTOM_PASSWORD_HASH}


def stored_password(given: Mapping[str, Any]) -> str | None:
    """The string to store for a row that fits ``HASHES``; ``None`` where it says nothing. Raises ``Unfit``."""
    if given.keys() >= HASHES.keys():
        raise Unfit("password_hash and custom_password_hash are mutually exclusive", "password_hash")
    if "password_hash" in given:
        return stored_bcrypt(given["password_hash"])
    return stored_hash(given["custom_password_hash"]) if "custom_password_hash" in given else None


def stored_bcrypt(value: str, path: str = "password_hash") -> str:
    """Raises ``Unfit``."""
    found = BCRYPT.fullmatch(value)
    if found is None or not 4 <= int(found[1]) <= MAX_BCRYPT_COST:
        raise Unfit(f"A bcrypt hash of {MAX_BCRYPT_COST} rounds at most is expected", path)
    return value


def stored_hash(given: Mapping[str, Any]) -> str:
    """The string to store for a ``custom_password_hash`` of the shape ``CUSTOM_PASSWORD_HASH``. Raises ``Unfit``."""
    algorithm = given["algorithm"]
    return _FORMS.get(algorithm, _digest)(given)


def _digest(given: Mapping[str, Any]) -> str:
    size = PLAIN_DIGESTS[given["algorithm"]]
    return ImportedHash(
        algorithm=given["algorithm"], hash=_hash_bytes(given, size), **_salt(given), **_password(given)
    ).text


def _hmac(given: Mapping[str, Any]) -> str:
    hash_ = given["hash"]
    for name in ("digest", "key"):
        if name not in hash_:
            raise Unfit(f"Missing required property: {name}", "custom_password_hash.hash", code="OBJECT_REQUIRED")
    key = _bytes(hash_["key"], "custom_password_hash.hash.key")
    return ImportedHash(
        algorithm="hmac",
        digest=hash_["digest"],
        key=key,
        hash=_hash_bytes(given, DIGESTS[hash_["digest"]]),
        **_salt(given),
        **_password(given),
    ).text


def _argon2(given: Mapping[str, Any]) -> str:
    _no_salt(given)
    value = _text_value(given)
    found = ARGON2.fullmatch(value)
    if found is None:
        raise Unfit("An argon2 hash in PHC string format is expected", "custom_password_hash.hash.value")
    for name, largest in MAX_ARGON2.items():
        if int(found[name]) > largest:
            raise Unfit(f"Value of {name} is greater than maximum {largest}", "custom_password_hash.hash.value")
    if _password(given):
        return ImportedHash(algorithm="argon2", value=value, **_password(given)).text
    return value


def _bcrypt(given: Mapping[str, Any]) -> str:
    value = stored_bcrypt(_text_value(given), "custom_password_hash.hash.value")
    salt, password = _salt(given), _password(given)
    return ImportedHash(algorithm="bcrypt", value=value, **salt, **password).text if salt or password else value


def _ldap(given: Mapping[str, Any]) -> str:
    _no_salt(given)
    found = SALTED_LDAP.fullmatch(_text_value(given))
    name = found[2].lower().replace("-", "") if found is not None else ""
    digest = "sha1" if name == "sha" else name
    raw = _base64(found[3]) if found is not None else None
    size = DIGESTS.get(digest, 0)
    if found is None or raw is None or len(raw) < size or (len(raw) > size) is not bool(found[1]):
        raise Unfit("A userPassword of RFC 2307 is expected: MD5, SMD5, SHA or SSHA", "custom_password_hash.hash.value")
    return ImportedHash(
        algorithm="ldap", digest=digest, hash=raw[:size], salt=raw[size:], salt_last=True, **_password(given)
    ).text


def _pbkdf2(given: Mapping[str, Any]) -> str:
    _no_salt(given)
    found = PBKDF2.fullmatch(_text_value(given))
    if found is None:
        raise Unfit("A pbkdf2 hash in PHC string format is expected", "custom_password_hash.hash.value")
    digest = _digest_name(found["digest"])
    parameters = dict(part.split("=") for part in (found["parameters"] or "").split(",") if part)
    iterations, keylen = int(parameters.get("i", 100_000)), int(parameters.get("l", 64))
    salt, hash_ = _base64(found["salt"]), _base64(found["hash"])
    if digest is None:
        raise Unfit("The digest of a pbkdf2 hash is not known", "custom_password_hash.hash.value")
    if salt is None or hash_ is None or len(hash_) != keylen or not 1 <= keylen <= MAX_KEY:
        raise Unfit("The hash is not as long as it says, or not base64", "custom_password_hash.hash.value")
    if not 1 <= iterations <= MAX_ITERATIONS:
        raise Unfit(f"Between 1 and {MAX_ITERATIONS} iterations are expected", "custom_password_hash.hash.value")
    return ImportedHash(
        algorithm="pbkdf2", digest=digest, iterations=iterations, salt=salt, hash=hash_, **_password(given)
    ).text


def _scrypt(given: Mapping[str, Any]) -> str:
    if "keylen" not in given:
        raise Unfit("Missing required property: keylen", "custom_password_hash", code="OBJECT_REQUIRED")
    cost, block_size = given.get("cost", 16384), given.get("blockSize", 8)
    parallelization = given.get("parallelization", 1)
    if cost & (cost - 1):
        raise Unfit("A power of two is expected", "custom_password_hash.cost")
    memory = SCRYPT_UNIT * cost * block_size
    if memory > MAX_SCRYPT_BYTES or memory * parallelization > MAX_SCRYPT_WORK:
        raise Unfit("cost, blockSize and parallelization are too large together", "custom_password_hash")
    return ImportedHash(
        algorithm="scrypt",
        cost=cost,
        block_size=block_size,
        parallelization=parallelization,
        keylen=given["keylen"],
        hash=_hash_bytes(given, given["keylen"]),
        salt=_salt(given).get("salt", b""),
        **_password(given),
    ).text


_FORMS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "argon2": _argon2,
    "bcrypt": _bcrypt,
    "hmac": _hmac,
    "ldap": _ldap,
    "pbkdf2": _pbkdf2,
    "scrypt": _scrypt,
}


def _digest_name(name: str) -> str | None:
    """The digest an OpenSSL name stands for."""
    name = ALIASES.get(name, name).removeprefix("RSA-").removesuffix("WithRSAEncryption").lower()
    return name if name in DIGESTS else None


def _text_value(given: Mapping[str, Any]) -> str:
    if given["hash"].get("encoding", "utf8") != "utf8":
        raise Unfit("The encoding has to be utf8", "custom_password_hash.hash.encoding", code="ENUM_MISMATCH")
    value: str = given["hash"]["value"]
    return value


def _hash_bytes(given: Mapping[str, Any], size: int) -> bytes:
    """A digest: hex or base64, never a text."""
    if given["hash"].get("encoding") not in ("hex", "base64"):
        raise Unfit("The encoding has to be hex or base64", "custom_password_hash.hash.encoding", code="ENUM_MISMATCH")
    raw = _bytes(given["hash"], "custom_password_hash.hash")
    if len(raw) != size:
        raise Unfit(f"A hash of {size} bytes is expected, these are {len(raw)}", "custom_password_hash.hash.value")
    return raw


def _salt(given: Mapping[str, Any]) -> dict[str, Any]:
    if "salt" not in given:
        return {}
    return {
        "salt": _bytes(given["salt"], "custom_password_hash.salt"),
        "salt_last": given["salt"].get("position", "prefix") == "suffix",
    }


def _no_salt(given: Mapping[str, Any]) -> None:
    if "salt" in given:
        raise Unfit("The salt belongs into the hash", "custom_password_hash.salt")


def _password(given: Mapping[str, Any]) -> dict[str, Any]:
    encoding = given.get("password", {}).get("encoding", "utf8")
    return {} if encoding == "utf8" else {"encoding": encoding}


def _bytes(given: Mapping[str, Any], path: str) -> bytes:
    value, encoding = given["value"], given.get("encoding", "utf8")
    if encoding == "utf8":
        return str(value).encode()
    try:
        raw = bytes.fromhex(value) if encoding == "hex" and value.isascii() and " " not in value else None
    except ValueError:
        raw = None
    if encoding == "base64":
        raw = _base64(value)
    if raw is None:
        raise Unfit(f"The value is not {encoding}", f"{path}.value", code="INVALID_FORMAT")
    return raw


def _base64(value: str) -> bytes | None:
    """Of either alphabet, padded or not; ``None`` for what is none."""
    value = value.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
