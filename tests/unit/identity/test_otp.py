"""Codes of authenticator apps: RFC 6238's vectors, and which steps count."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from doorward.identity.mfa import otp, recovery_code

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_the_standard(at: int, code: str) -> None:
    assert otp.code_of(SECRET, otp.step_at(at)) == code


@pytest.mark.parametrize("off", [-3, -2, -1, 0, 1, 2, 3])
def test_the_step_before_and_the_one_after_count_and_no_other(off: int) -> None:
    code = otp.code_of(SECRET, 1000 + off)
    assert otp.matching_step(SECRET, code, 30_000.0) == (1000 + off if abs(off) <= 1 else None)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "287082\n"])
def test_what_is_no_code_never_matches(code: str) -> None:
    assert otp.matching_step(SECRET, code, 59.0) is None


def test_a_key_may_come_with_or_without_padding() -> None:
    assert otp.code_of("JBSWY3DPEHPK3PXP", 1) == otp.code_of("JBSWY3DPEHPK3PXP======", 1)
    with pytest.raises(ValueError, match="base32"):
        otp.code_of("no base 32", 1)


def test_an_enrolment_has_its_own_key() -> None:
    made = {otp.derived_secret(key, binding, user) for key in (b"a", b"b") for binding in (b"1", b"2") for user in "xy"}
    assert len(made) == 8
    assert all(len(base64.b32decode(secret)) == 20 for secret in made)


def test_the_uri_names_issuer_and_account() -> None:
    uri = urlsplit(otp.provisioning_uri(SECRET, "ada+1@example.test", "Süd: Shop"))
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/S%C3%BCd%3A%20Shop:ada%2B1@example.test")
    assert parse_qs(uri.query) == {
        "secret": [SECRET], "issuer": ["Süd: Shop"], "algorithm": ["SHA1"], "digits": ["6"], "period": ["30"],
    }  # fmt: skip


def test_a_recovery_code_is_the_same_however_it_is_typed() -> None:
    code = recovery_code.derived_code(b"k", b"login", "auth0|1")
    assert recovery_code.is_well_formed(code)
    typed = " ".join(code[at : at + 4].lower() for at in range(0, 24, 4))
    assert recovery_code.matches(recovery_code.kept(code), recovery_code.normalise(typed))
    assert not recovery_code.matches({}, code)
    assert code not in str(recovery_code.kept(code))
