"""What a token may not do to its reader, whatever it says of itself (C1 to C5): it is read or refused by type."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from doorward.backends.chance import SystemEntropy
from doorward.backends.clock import SystemClock
from doorward.backends.keys import compact
from doorward.backends.keys.jose import JoseBackend, load_public_pem
from doorward.backends.keys.signing_keys import SigningKeyMaker
from doorward.model.credential import SigningKey
from doorward.model.tenant import Issuer
from doorward.oauth.bearer import _bearer
from doorward.oauth.errors import InvalidTokenError
from doorward.ports import InvalidToken

RS256 = frozenset({"RS256"})
KEY = SigningKeyMaker(SystemClock(), SystemEntropy()).make("tenant.test")
PRIVATE: Any = serialization.load_pem_private_key(KEY.private_pem.encode(), None)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SECRET = "s" * 32
CLAIMS = {"sub": "a"}


def encoded(value: Any) -> str:
    return compact.encode(value if isinstance(value, bytes) else json.dumps(value).encode())


def signed(header: Any, claims: Any = CLAIMS, key: rsa.RSAPrivateKey = PRIVATE) -> str:
    data = f"{encoded(header)}.{encoded(claims)}"
    return f"{data}.{encoded(key.sign(data.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def keyed(header: Any, secret: bytes = SECRET.encode(), claims: Any = CLAIMS) -> str:
    data = f"{encoded(header)}.{encoded(claims)}"
    return f"{data}.{encoded(hmac.digest(secret, data.encode(), hashlib.sha256))}"


def our_key(kid: str | None) -> SigningKey | None:
    return KEY if kid == KEY.kid else None


def read(token: str) -> dict[str, Any]:
    return JoseBackend().verify(token, our_key, RS256)[1]


GOOD = {"alg": "RS256", "typ": "JWT", "kid": KEY.kid}


def test_a_good_token_is_read() -> None:
    assert read(signed(GOOD)) == CLAIMS
    assert JoseBackend().verify_symmetric(keyed({"alg": "HS256"}), SECRET, frozenset({"HS256"}))[1] == CLAIMS


def public_jwk(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    n, e = (encoded(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in (numbers.n, numbers.e))
    return {"kty": "RSA", "n": n, "e": e}


@pytest.mark.parametrize(
    "token",
    [
        f"{encoded({'alg': 'none'})}.{encoded(CLAIMS)}.", f"{encoded({**GOOD, 'alg': 'none'})}.{encoded(CLAIMS)}.",
        f"{encoded({**GOOD, 'alg': 'NONE'})}.{encoded(CLAIMS)}.", signed({**GOOD, "alg": "RS512"}),
        signed({**GOOD, "alg": "rs256"}), signed({**GOOD, "alg": ["RS256"]}), signed({"kid": KEY.kid}),
        signed({**GOOD, "kid": "unknown"}), signed({**GOOD, "kid": 1}), signed({"alg": "RS256"}),
        signed(GOOD, key=STRANGER), signed({**GOOD, "jwk": public_jwk(STRANGER)}, key=STRANGER),
        signed({"alg": "RS256", "jwk": public_jwk(STRANGER)}, key=STRANGER),
        signed({**GOOD, "jku": "https://evil.test/jwks"}, key=STRANGER),
        signed({**GOOD, "x5u": "https://evil.test/cert"}, key=STRANGER), signed({**GOOD, "x5c": ["x"]}, key=STRANGER),
        signed({**GOOD, "crit": ["exp"]}), signed({**GOOD, "crit": []}), signed({**GOOD, "zip": "DEF"}),
        signed({**GOOD, "b64": False, "crit": ["b64"]}), signed({**GOOD, "b64": True}),
        keyed({**GOOD, "alg": "HS256"}, KEY.cert.encode()),
    ],
    ids=lambda _: "token",  # keys are new each time, names are not
)  # fmt: skip
def test_c1_a_header_chooses_among_what_is_expected_and_nothing_else(token: str) -> None:
    with pytest.raises(InvalidToken):
        read(token)


def test_c1_an_algorithm_of_ours_that_is_not_expected_is_refused_though_the_signature_is_right() -> None:
    data = f"{encoded({**GOOD, 'alg': 'RS512'})}.{encoded(CLAIMS)}"
    token = f"{data}.{encoded(PRIVATE.sign(data.encode(), padding.PKCS1v15(), hashes.SHA512()))}"
    assert JoseBackend().verify(token, our_key, frozenset({"RS512"}))[1] == CLAIMS
    for algs in (RS256, frozenset({"PS256", "HS256"}), frozenset[str]()):
        with pytest.raises(InvalidToken):
            JoseBackend().verify(token, our_key, algs)
    with pytest.raises(InvalidToken):
        JoseBackend().verify_symmetric(keyed({"alg": "HS256"}), SECRET, frozenset({"HS512"}))


def test_c1_a_public_key_is_no_hmac_secret() -> None:
    pem = PRIVATE.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    for algs in (RS256, frozenset({"RS256", "HS256"})):
        with pytest.raises(InvalidToken):
            JoseBackend().verify_pem(keyed({"alg": "HS256"}, pem), pem.decode(), algs)


def pem_of(key: Any) -> str:
    encoded: bytes = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode()


@pytest.mark.parametrize(
    "make",
    [
        lambda: rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key(),
        lambda: rsa.RSAPublicNumbers(3, STRANGER.public_key().public_numbers().n).public_key(),
        lambda: ec.generate_private_key(ec.SECP521R1()).public_key(),
        lambda: ec.generate_private_key(ec.SECP256K1()).public_key(),
        lambda: ed25519.Ed25519PrivateKey.generate().public_key(), lambda: dsa.generate_private_key(1024).public_key(),
    ],
)  # fmt: skip
def test_c2_a_key_that_is_weak_or_of_no_use_here_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(InvalidToken):
        load_public_pem(pem_of(make()))


def test_c2_a_private_key_is_no_public_one() -> None:
    for pem in (KEY.private_pem, "", "-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----\nAAAA\n"):
        with pytest.raises(InvalidToken):
            load_public_pem(pem)


def test_c2_algorithm_and_curve_have_to_be_the_keys() -> None:
    p256, p384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
    algs = frozenset({"ES256", "ES384", "RS256", "PS256"})
    for alg, key in (("ES384", p256), ("ES256", p384), ("RS256", p256), ("ES256", STRANGER)):
        for size in (64, 96, 256):
            with pytest.raises(InvalidToken):
                JoseBackend().verify_pem(
                    f"{encoded({'alg': alg})}.{encoded(CLAIMS)}.{encoded(b'1' * size)}", pem_of(key.public_key()), algs
                )


HEAD, PAYLOAD, SIGNATURE = signed(GOOD).split(".")
STRAY = SIGNATURE[:-1] + chr(ord(SIGNATURE[-1]) + 1)


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "..", "a.b", f"{HEAD}.{PAYLOAD}", f"{HEAD}.{PAYLOAD}.{SIGNATURE}.", f".{PAYLOAD}.{SIGNATURE}",
        f"{HEAD}.{PAYLOAD}.{SIGNATURE}=", f"{HEAD}=.{PAYLOAD}.{SIGNATURE}", f" {HEAD}.{PAYLOAD}.{SIGNATURE}",
        f"{HEAD}.{PAYLOAD}.{SIGNATURE}\n", f"{HEAD}.{PAYLOAD}.{SIGNATURE[:9]} {SIGNATURE[9:]}",
        f"{HEAD}.{PAYLOAD}.{SIGNATURE.replace('-', '+').replace('_', '/')}+", f"{HEAD}.{PAYLOAD}.{STRAY}",
        f"{HEAD}.{PAYLOAD}.é", signed(b'{"alg":"RS256","alg":"RS256","kid":"%s"}' % KEY.kid.encode()),
        signed(GOOD, b'{"sub":"a","sub":"b"}'), signed(GOOD, b'{"a":{"b":1,"b":2}}'), signed(GOOD, b"[]"),
        signed(GOOD, b'"text"'), signed(GOOD, b"\xff"), signed(GOOD, b'{"exp":NaN}'), signed(GOOD, b'{"exp":Infinity}'),
        signed(GOOD, b'{"a":' + b"[" * 32 + b"]" * 32 + b"}"), signed(GOOD, b'{"a":' + b'{"a":' * 3000),
        signed(GOOD, b'{"a":"' + b"x" * 16384 + b'"}'), signed({**GOOD, "x": "x" * 8192}),
        json.dumps({"protected": HEAD, "payload": PAYLOAD, "signature": SIGNATURE}),
    ],
    ids=lambda _: "token",  # keys are new each time, names are not
)  # fmt: skip
def test_c3_only_what_is_written_one_way_is_read(token: str) -> None:
    with pytest.raises(InvalidToken):
        read(token)


def test_c3_what_is_too_long_is_not_even_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(text: str) -> bytes:
        raise AssertionError("decoded")

    monkeypatch.setattr(compact, "decode", decode)
    compact.header_of.cache_clear()
    for token in (f"{HEAD}.{'A' * 16384}.{SIGNATURE}", f"{'A' * 8193}.{PAYLOAD}.{SIGNATURE}"):
        with pytest.raises(InvalidToken):
            compact.compact_jws(token)


@given(st.text(max_size=120) | st.binary(max_size=120).map(lambda b: base64.urlsafe_b64encode(b).decode() + "." * 4))
def test_c3_any_text_is_read_or_refused(text: str) -> None:
    jose = JoseBackend()
    for attempt in (
        lambda: read(text),
        lambda: jose.peek(text),
        lambda: jose.open(b"k" * 32, text),
        lambda: jose.verify_symmetric(text, SECRET, frozenset({"HS256"})),
        lambda: read(f"{HEAD}.{PAYLOAD}.{text}"),
        lambda: read(f"{text}.{PAYLOAD}.{SIGNATURE}"),
    ):
        with pytest.raises(InvalidToken):
            attempt()


def sealed_parts() -> list[str]:
    return JoseBackend().seal(b"k" * 32, "https://tenant.test/", CLAIMS).split(".")


def test_c4_only_a_token_sealed_here_is_opened() -> None:
    jose, parts = JoseBackend(), sealed_parts()
    assert jose.open(b"k" * 32, ".".join(parts)) == CLAIMS
    reasons = set()
    for header in (
        {"alg": "dir", "enc": "A256GCM", "zip": "DEF"}, {"alg": "dir", "enc": "A128GCM"}, {"alg": "dir"},
        {"alg": "PBES2-HS256+A128KW", "enc": "A256GCM", "p2c": 10**9, "p2s": "AA"}, {"alg": "RSA1_5", "enc": "A256GCM"},
        {"alg": "dir", "enc": "A256GCM", "iss": "https://evil.test/"},
    ):  # fmt: skip
        with pytest.raises(InvalidToken):
            jose.open(b"k" * 32, ".".join([encoded(header), *parts[1:]]))
    for header in ({"alg": "dir", "enc": "A128GCM"}, {"alg": "A256KW", "enc": "A256GCM"}):
        head = encoded(header)  # of a maker who has the key
        made = AESGCM(b"k" * 32).encrypt(b"1" * 12, b"{}", head.encode())
        with pytest.raises(InvalidToken):
            jose.open(b"k" * 32, f"{head}..{encoded(b'1' * 12)}.{encoded(made[:-16])}.{encoded(made[-16:])}")
    iv, tag = encoded(b"1" * 12), encoded(b"1" * 16)
    for place, instead in ((1, "AAAA"), (2, iv), (2, ""), (3, encoded(b"x")), (4, tag), (4, "")):
        with pytest.raises(InvalidToken) as refused:
            jose.open(b"k" * 32, ".".join([*parts[:place], instead, *parts[place + 1 :]]))
        reasons.add(str(refused.value))
    with pytest.raises(InvalidToken) as refused:
        jose.open(b"K" * 32, ".".join(parts))
    assert reasons == {str(refused.value)}, "failures are told apart"


ISSUER = Issuer(tenant="t", host="tenant.test")
ACCESS = {"iss": ISSUER.url, "sub": "auth0|u", "aud": "https://api/", "azp": "W", "exp": 9, "iat": 1, "scope": "r"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": None}, {"exp": "9"}, {"exp": 9.5}, {"exp": 1e400}, {"exp": [9]}, {"iss": None},
        {"iss": ISSUER.url[:-1]},
        {"iss": "https://tenant.test/evil"}, {"iss": ["https://tenant.test/"]}, {"iss": "https://login.tenant.test/"},
        {"sub": None}, {"sub": 1}, {"sub": ["auth0|u"]}, {"aud": None}, {"aud": []}, {"aud": {"https://api/": 1}},
        {"aud": 1}, {"azp": None}, {"azp": 7}, {"scope": ["r"]}, {"scope": None},
    ],
)  # fmt: skip
def test_c5_claims_are_of_their_type_and_compared_whole(wrong: dict[str, Any]) -> None:
    assert _bearer(ACCESS, b"", False, ISSUER).audience == ("https://api/",)
    with pytest.raises(InvalidTokenError):
        _bearer({**ACCESS, **wrong}, b"", False, ISSUER)
