"""Passwords that another system hashed: they sign in, and are hashed anew when they do.

The hashes are published vectors, or made here by other means than the server's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Any

import argon2.low_level
import bcrypt
import pytest

from doorward.backends.keys.imported_hashes import digest as openssl_digest
from doorward.management.new_tenant import DEFAULT_CONNECTION

from .conftest import A, Api, House
from .test_users_imports import connection_id, counts, errors_of, imported

pytestmark = pytest.mark.anyio
SECRET = "correct horse"
UMLAUT = "Zürich"
EURO = "5 €"


def b64(raw: bytes, *, padded: bool = True, url: bool = False) -> str:
    encoded = (base64.urlsafe_b64encode if url else base64.b64encode)(raw).decode()
    return encoded if padded else encoded.rstrip("=")


def of(algorithm: str, value: str, encoding: str | None = None, **more: Any) -> dict[str, Any]:
    """A ``custom_password_hash``."""
    hash_ = {"value": value, **({"encoding": encoding} if encoding else {}), **more.pop("hash", {})}
    return {"algorithm": algorithm, "hash": hash_, **more}


def plain(name: str, data: bytes) -> bytes:
    """A digest. Those Python does not have are held to their published vectors below."""
    if name in ("md4", "ripemd160", "whirlpool", "mdc2"):
        from cryptography.hazmat.primitives.hashes import Hash

        hashing = Hash(openssl_digest(name))
        hashing.update(data)
        return hashing.finalize()
    return hashlib.new(name, data).digest()


def keyed(name: str, key: bytes, data: bytes) -> bytes:
    """HMAC as RFC 2104 defines it; MDC-2 gives more than the block it takes, of which OpenSSL uses the beginning."""
    block = 128 if name in ("sha384", "sha512") else 8 if name == "mdc2" else 64
    key = (plain(name, key) if len(key) > block else key).ljust(block, b"\0")[:block]
    inner = plain(name, bytes(b ^ 0x36 for b in key) + data)
    return plain(name, bytes(b ^ 0x5C for b in key) + inner)


def stretched(name: str, password: bytes, salt: bytes, iterations: int, length: int) -> bytes:
    """PBKDF2 as RFC 8018 defines it."""
    made = b""
    for block in range(1, length // len(keyed(name, b"", b"")) + 2):
        last = total = keyed(name, password, salt + block.to_bytes(4, "big"))
        for _ in range(iterations - 1):
            last = keyed(name, password, last)
            total = bytes(a ^ b for a, b in zip(total, last, strict=True))
        made += total
    return made[:length]


def ldap(name: str, scheme: str, salt: bytes = b"") -> dict[str, Any]:
    return of("ldap", f"{{{scheme}}}{b64(plain(name, SECRET.encode() + salt) + salt)}", "utf8")


def hmacs() -> dict[str, tuple[str, dict[str, Any]]]:
    names = ("md4", "md5", "ripemd160", "sha1", "sha224", "sha256", "sha384", "sha512", "whirlpool")
    key = b"k\x00\xff" * 30
    return {
        f"hmac {name}": (
            SECRET,
            of("hmac", keyed(name, key, SECRET.encode()).hex(), "hex",
               hash={"digest": name, "key": {"value": b64(key), "encoding": "base64"}}),
        )
        for name in names
    }  # fmt: skip


def pbkdf2s() -> dict[str, tuple[str, dict[str, Any]]]:
    names = {"md4": "md4", "RSA-MD5": "md5", "mdc2": "mdc2", "rmd160": "ripemd160", "sha1WithRSAEncryption": "sha1",
             "RSA-SHA1-2": "sha1", "sha224": "sha224", "sha384": "sha384", "whirlpool": "whirlpool"}  # fmt: skip
    made = {}
    for written, name in names.items():
        raw = stretched(name, SECRET.encode(), b"salt of it", 3, 40)
        value = f"$pbkdf2-{written}$i=3,l=40${b64(b'salt of it', padded=False)}${b64(raw, padded=False)}"
        made[f"pbkdf2 {written}"] = SECRET, of("pbkdf2", value)
    return made


def argon2_of(kind: argon2.low_level.Type) -> dict[str, Any]:
    hashed = argon2.low_level.hash_secret(SECRET.encode(), b"saltsalt", 1, 8, 1, 16, kind)
    return of("argon2", hashed.decode())


SHA512_PBKDF2 = hashlib.pbkdf2_hmac("sha512", SECRET.encode(), b"salt", 100_000, 64)
SCRYPT = hashlib.scrypt(UMLAUT.encode("latin-1"), salt=b"\x00salt", n=16, r=4, p=2, dklen=24)
# name: the password, and the hash of it
HASHES: dict[str, tuple[str, dict[str, Any]]] = {
    # published
    "bcrypt": ("hello", of("bcrypt", "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K")),
    "argon2i of its README": (
        "password", of("argon2", "$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG", "utf8"),
    ),
    "md4 of RFC 1320": ("message digest", of("md4", "d9130a8164549fe818874806e1c7014b", "hex")),
    "NTLM": (
        "password", of("md4", "8846F7EAEE8FB117AD06BDD830B7586C", "hex", password={"encoding": "utf16le"}),
    ),
    "md5 of salt and password": (
        "password",
        of("md5", "67A1E09BB1F83F5007DC119C14D663AA", "hex", salt={"value": "salt", "position": "prefix"}),
    ),
    "hmac of RFC 4231": (
        "what do ya want for nothing?",
        of("hmac", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "hex",
           hash={"digest": "sha256", "key": {"value": "Jefe"}}),
    ),
    "pbkdf2 of RFC 6070": (
        "password",
        of("pbkdf2", f"$pbkdf2-sha1$i=4096,l=20${b64(b'salt', padded=False)}$"
           + b64(bytes.fromhex("4b007901b765489abead49d926f721d065a429c1"), padded=False)),
    ),
    "scrypt of RFC 7914": (
        "pleaseletmein",
        of("scrypt", "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
           "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887", "hex",
           salt={"value": "SodiumChloride"}, keylen=64),
    ),
    # made here
    "bcrypt 2a": (SECRET, of("bcrypt", bcrypt.hashpw(SECRET.encode(), bcrypt.gensalt(4, b"2a")).decode(), "utf8")),
    "bcrypt 2y": (
        SECRET, of("bcrypt", bcrypt.hashpw(SECRET.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")),
    ),
    "bcrypt with a salt": (
        "p" * 80,
        of("bcrypt", bcrypt.hashpw(b"pepper" + b"p" * 66, bcrypt.gensalt(4)).decode(), salt={"value": "pepper"}),
    ),
    "argon2d": (SECRET, argon2_of(argon2.low_level.Type.D)),
    "argon2id": (SECRET, argon2_of(argon2.low_level.Type.ID)),
    "md5 base64": (SECRET, of("md5", b64(hashlib.md5(SECRET.encode()).digest()), "base64")),
    "sha1 url-safe": (
        "8", of("sha1", b64(hashlib.sha1(b"8").digest(), padded=False, url=True), "base64"),
    ),
    "sha256 with a hex salt behind": (
        SECRET,
        of("sha256", hashlib.sha256(SECRET.encode() + b"\xab\xcd").hexdigest().upper(), "hex",
           salt={"value": "ABCD", "encoding": "hex", "position": "suffix"}),
    ),
    "sha512 with a base64 salt": (
        SECRET,
        of("sha512", hashlib.sha512(b"\xfa\xfb" + SECRET.encode()).hexdigest(), "hex",
           salt={"value": "-vs", "encoding": "base64"}),
    ),
    "latin1": (UMLAUT, of("sha1", hashlib.sha1(b"Z\xfcrich").hexdigest(), "hex", password={"encoding": "latin1"})),
    "binary": (
        EURO, of("sha1", hashlib.sha1(b"5 \xac").hexdigest(), "hex", password={"encoding": "binary"}),
    ),
    "ascii": (SECRET, of("sha1", hashlib.sha1(SECRET.encode()).hexdigest(), "hex", password={"encoding": "ascii"})),
    "ucs2": (
        EURO,
        of("sha256", hashlib.sha256(b"5\0 \0\xac\x20").hexdigest(), "hex", password={"encoding": "ucs2"}),
    ),
    "utf8, decomposed": ("Zu\u0308rich", of("md5", hashlib.md5("Zu\u0308rich".encode()).hexdigest(), "hex")),
    "hmac with a salt": (
        SECRET,
        of("hmac", hmac.digest(b"\x01\x02", b"s-" + SECRET.encode(), "sha1").hex(), "hex",
           hash={"digest": "sha1", "key": {"value": "0102", "encoding": "hex"}}, salt={"value": "s-"}),
    ),
    "pbkdf2 without parameters": (
        SECRET, of("pbkdf2", f"$pbkdf2-sha512${b64(b'salt', padded=False)}${b64(SHA512_PBKDF2, padded=False)}"),
    ),
    "scrypt": (
        UMLAUT,
        of("scrypt", b64(SCRYPT), "base64", salt={"value": "0073616c74", "encoding": "hex"}, keylen=24, cost=16,
           blockSize=4, parallelization=2, password={"encoding": "latin1"}),
    ),
    "ldap MD5": (SECRET, ldap("md5", "MD5")),
    "ldap SMD5": (SECRET, ldap("md5", "SMD5", b"salt")),
    "ldap SHA": (SECRET, ldap("sha1", "SHA")),
    "ldap ssha": (SECRET, ldap("sha1", "ssha", b"0123456789abcdef")),
    "ldap SHA256": (SECRET, ldap("sha256", "SHA256")),
    "ldap SSHA224": (SECRET, ldap("sha224", "SSHA224", b"x")),
    "ldap SSHA384": (SECRET, ldap("sha384", "SSHA384", b"salt")),
    "ldap SSHA512": (SECRET, ldap("sha512", "SSHA512", b"salt")),
    **hmacs(),
    **pbkdf2s(),
}  # fmt: skip
PUBLISHED = {
    "ripemd160": "5d0689ef49d2fae572b881b123a85ffa21595f36",
    "md4": "d9130a8164549fe818874806e1c7014b",
    "whirlpool": "378c84a4126e2dc6e56dcc7458377aac838d00032230f53ce1f5700c0ffb4d3b"
    "8421557659ef55c106b4b52ac5a4aaa692ed920052838f3362e86dbd37a8903e",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_old_digests_are_the_published_ones(name: str) -> None:
    assert plain(name, b"message digest").hex() == PUBLISHED[name]


Login = Callable[[str, str], Any]


@pytest.fixture
async def login(api: Api) -> Login:
    """Signs in with the password grant; the status of the answer."""
    client = await api.post(
        "/clients",
        {"name": "Old", "grant_types": ["http://auth0.com/oauth/grant-type/password-realm"], "app_type": "regular_web"},
    )
    found = (await api.get("/connections", name=DEFAULT_CONNECTION))[0]["id"]
    await api.call("PATCH", f"/connections/{found}/clients", [{"client_id": client["client_id"], "status": True}])

    async def sign_in(username: str, password: str) -> int:
        answer = await api.http.post(
            "/oauth/token",
            data={
                "grant_type": "http://auth0.com/oauth/grant-type/password-realm",
                "realm": DEFAULT_CONNECTION,
                "client_id": client["client_id"],
                "client_secret": client["client_secret"],
                "username": username,
                "password": password,
                "scope": "openid",
            },
        )
        return answer.status_code

    return sign_in


async def stored(house: House, email: str) -> str:
    found = await house.ports.users.find_by_identifier(A, DEFAULT_CONNECTION, "email", email)
    assert found is not None
    assert found[1] is not None
    return found[1].hash


def address(name: str) -> str:
    return re.sub(r"\W", "-", name.lower()) + "@example.test"


@pytest.mark.parametrize("name", HASHES)
async def test_the_password_signs_in_and_is_hashed_anew(api: Api, house: House, login: Login, name: str) -> None:
    password, hashed = HASHES[name]
    job = await imported(api, [{"email": address(name), "custom_password_hash": hashed}])
    assert await errors_of(api, job) == 204
    before = await stored(house, address(name))
    assert await login(address(name), "!" + password) == 403
    assert await stored(house, address(name)) == before
    assert await login(address(name), password) == 200
    after = await stored(house, address(name))
    assert after.startswith("$argon2id$v=19$m=8,")
    assert after != before
    assert await login(address(name), password) == 200
    assert await login(address(name), password + "x") == 403


async def test_password_hash_is_bcrypt(api: Api, login: Login) -> None:
    hashed = "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"
    await imported(api, [{"email": "a@example.test", "password_hash": hashed}, {"email": "b@example.test"}])
    assert await login("a@example.test", "hello") == 200
    assert await login("b@example.test", "hello") == 403


async def test_an_upsert_replaces_a_hash_nobody_signed_in_with(api: Api, login: Login) -> None:
    def rows(password: str) -> list[dict[str, Any]]:
        hashed = of("sha256", hashlib.sha256(password.encode()).hexdigest(), "hex")
        return [{"email": "a@example.test", "custom_password_hash": hashed}]

    await imported(api, rows("first"))
    assert (await imported(api, rows("second"), upsert="true"))["summary"] == counts(updated=1)
    assert await login("a@example.test", "first") == 403
    assert await login("a@example.test", "second") == 200
    assert (await imported(api, rows("third"), upsert="true"))["summary"] == counts(updated=1)
    assert await login("a@example.test", "third") == 403
    assert await login("a@example.test", "second") == 200


HEX16 = "ab" * 16
BCRYPT = "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"


@pytest.mark.parametrize(
    ("hashed", "path"),
    [
        (of("rot13", "x"), "custom_password_hash.algorithm"),
        ({"algorithm": "md5"}, "custom_password_hash"),
        (of("md5", HEX16), "custom_password_hash.hash.encoding"),
        (of("md5", HEX16, "utf8"), "custom_password_hash.hash.encoding"),
        (of("md5", HEX16[:-2], "hex"), "custom_password_hash.hash.value"),
        (of("md5", "zz" * 16, "hex"), "custom_password_hash.hash.value"),
        (of("md5", "?", "base64"), "custom_password_hash.hash.value"),
        (of("md5", HEX16, "hex", salt={"value": "x", "encoding": "hex"}), "custom_password_hash.salt.value"),
        (of("md5", HEX16, "hex", salt={"value": "x", "position": "middle"}), "custom_password_hash.salt.position"),
        (of("md5", HEX16, "hex", password={"encoding": "ebcdic"}), "custom_password_hash.password.encoding"),
        (of("md5", HEX16, "hex", rounds=3), "custom_password_hash"),
        (of("hmac", HEX16, "hex", hash={"digest": "md5"}), "custom_password_hash.hash"),
        (of("hmac", HEX16, "hex", hash={"key": {"value": "k"}}), "custom_password_hash.hash"),
        (of("hmac", HEX16, "hex", hash={"digest": "sha1", "key": {"value": "k"}}), "custom_password_hash.hash.value"),
        (of("bcrypt", BCRYPT.replace("$2b$10$", "$2b$17$")), "custom_password_hash.hash.value"),
        (of("bcrypt", BCRYPT.replace("$2b$", "$2x$")), "custom_password_hash.hash.value"),
        (of("bcrypt", BCRYPT, "hex"), "custom_password_hash.hash.encoding"),
        (of("argon2", "$argon2id$v=19$m=65536,t=2,p=1$x"), "custom_password_hash.hash.value"),
        (
            of("argon2", "$argon2i$v=19$m=9999999,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG"),
            "custom_password_hash.hash.value",
        ),
        (
            of("argon2", "$argon2i$v=19$m=64,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub", salt={"value": "x"}),
            "custom_password_hash.salt",
        ),
        (of("ldap", "{CRYPT}abcdefghijklm"), "custom_password_hash.hash.value"),
        (of("ldap", "{SHA}" + b64(b"x" * 19)), "custom_password_hash.hash.value"),
        (of("ldap", "{SSHA}" + b64(b"x" * 20)), "custom_password_hash.hash.value"),
        (of("pbkdf2", "$pbkdf2-sha3$i=1,l=3$c2FsdA$YWJj"), "custom_password_hash.hash.value"),
        (of("pbkdf2", "$pbkdf2-sha1$i=1,l=4$c2FsdA$YWJj"), "custom_password_hash.hash.value"),
        (of("pbkdf2", "$pbkdf2-sha1$i=99999999,l=3$c2FsdA$YWJj"), "custom_password_hash.hash.value"),
        (of("scrypt", HEX16, "hex"), "custom_password_hash"),
        (of("scrypt", HEX16, "hex", keylen=16, cost=1000), "custom_password_hash.cost"),
        (of("scrypt", HEX16, "hex", keylen=16, cost=2**20, blockSize=8), "custom_password_hash"),
        (of("scrypt", HEX16, "hex", keylen=16, parallelization=10_000), "custom_password_hash"),
    ],
)
async def test_a_hash_nobody_could_sign_in_with_is_refused(api: Api, hashed: Any, path: str) -> None:
    await connection_id(api)
    job = await imported(api, [{"email": "a@example.test", "custom_password_hash": hashed}])
    (told,) = await errors_of(api, job)
    assert told["errors"][0].get("path") == path, told


async def test_there_is_one_hash_or_the_other(api: Api) -> None:
    rows = [{"email": "a@example.test", "password_hash": BCRYPT, "custom_password_hash": of("bcrypt", BCRYPT)}]
    job = await imported(api, rows)
    assert job["summary"] == counts(failed=1)
