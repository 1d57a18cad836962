"""Answers of authenticators: what is taken, and everything that is not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.authenticator import PRESENT, VERIFIED, Authenticator, raw, text

from doorward.backends.verifiers.webauthn import WebAuthnVerifier
from doorward.identity.webauthn import above, can_have_keys
from doorward.model.webauthn import Assertion, InvalidAnswer, RegisteredKey, RelyingParty

ORIGIN = "https://login.example.test:8443"
PARTY = RelyingParty(id="login.example.test", origins=(ORIGIN,))
CHALLENGE = b"a challenge that was just made up"
CREATION = {
    "rp": {"id": PARTY.id},
    "challenge": text(CHALLENGE),
    "user": {"id": text(b"somebody")},
}
REQUEST = {"rpId": PARTY.id, "challenge": text(CHALLENGE)}
VERIFIER = WebAuthnVerifier()


def registered(answer: dict[str, Any], *, challenge: bytes = CHALLENGE, verified: bool = False) -> RegisteredKey:
    return VERIFIER.registered(answer, PARTY, challenge=challenge, verified=verified)


def asserted(answer: dict[str, Any], key: RegisteredKey, *, verified: bool = False) -> Assertion:
    return VERIFIER.asserted(answer, PARTY, challenge=CHALLENGE, public_key=key.public_key, verified=verified)


@pytest.mark.parametrize("alg", [-8, -7, -257])
def test_a_key_is_made_and_used(alg: int) -> None:
    device = Authenticator(ORIGIN, alg=alg, synced=True)
    key = registered(device.create(CREATION), verified=True)
    assert raw(key.key_id) == device.id
    assert (key.device_type, key.backed_up, key.transports) == ("multi_device", True, ("internal",))
    assert base64.b64decode(key.public_key)
    proved = asserted(device.get(REQUEST), key, verified=True)
    assert (proved.key_id, proved.sign_count, proved.user_verified) == (key.key_id, 1, True)


def test_a_key_of_an_algorithm_nobody_asked_for_is_refused() -> None:
    with pytest.raises(InvalidAnswer):
        registered(Authenticator(ORIGIN, alg=-37).create(CREATION))


@pytest.mark.parametrize(
    "spoil",
    [
        {"origin": "https://login.example.test"},
        {"origin": "https://evil.test"},
        {"party": "example.test"},
        {"flags": VERIFIED},
    ],
    ids=["other-port", "other-origin", "other-party", "absent"],
)
def test_what_is_for_somebody_else_is_refused(spoil: dict[str, Any]) -> None:
    device = Authenticator(ORIGIN)
    key = registered(device.create(CREATION))
    assert asserted(device.get(REQUEST), key)
    for name, value in spoil.items():
        setattr(device, name, value)
    with pytest.raises(InvalidAnswer):
        asserted(device.get(REQUEST), key)
    with pytest.raises(InvalidAnswer):
        registered(device.create(CREATION))


def test_a_person_the_authenticator_does_not_know_is_refused_where_that_matters() -> None:
    device = Authenticator(ORIGIN)
    device.flags = PRESENT
    key = registered(device.create(CREATION))
    assert not asserted(device.get(REQUEST), key).user_verified
    with pytest.raises(InvalidAnswer):
        registered(device.create(CREATION), verified=True)
    with pytest.raises(InvalidAnswer):
        asserted(device.get(REQUEST), key, verified=True)


def test_another_challenge_another_ceremony_and_another_key_are_refused() -> None:
    device, other = Authenticator(ORIGIN), Authenticator(ORIGIN)
    key, foreign = registered(device.create(CREATION)), registered(other.create(CREATION))
    with pytest.raises(InvalidAnswer):
        registered(device.create(CREATION), challenge=b"another")
    with pytest.raises(InvalidAnswer):
        asserted(device.get({**REQUEST, "challenge": text(b"another")}), key)
    with pytest.raises(InvalidAnswer):
        asserted(device.get(REQUEST), foreign)
    answer = device.get(REQUEST)
    client = json.loads(raw(answer["response"]["clientDataJSON"])) | {"type": "webauthn.create"}
    answer["response"]["clientDataJSON"] = text(json.dumps(client).encode())
    with pytest.raises(InvalidAnswer):
        asserted(answer, key)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id": "x", "rawId": "x", "type": "public-key", "response": {}},
        {
            "id": "x", "rawId": "x", "type": "public-key",
            "response": {"clientDataJSON": "e30", "attestationObject": "!"},
        },
        {"id": 1, "rawId": [], "type": "public-key", "response": None},
        {
            "id": "AA", "rawId": "AA", "type": "public-key",
            "response": {"clientDataJSON": "e30", "attestationObject": "oA", "authenticatorData": "", "signature": ""},
        },
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_breaks_nothing(answer: dict[str, Any]) -> None:
    key = registered(Authenticator(ORIGIN).create(CREATION))
    with pytest.raises(InvalidAnswer):
        registered(answer)
    with pytest.raises(InvalidAnswer):
        asserted(answer, key)


def test_nobody_is_attested_by_others() -> None:
    device = Authenticator(ORIGIN)
    for spoiled in ({"fmt": "tpm"}, {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"", "x5c": [b""]}}):
        with pytest.raises(InvalidAnswer):
            registered(device.create(CREATION, **spoiled))


@pytest.mark.parametrize(
    ("wanted", "party"),
    [
        ("example.test", "example.test"),
        ("login.example.test", "login.example.test"),
        ("ample.test", "login.example.test"),
        ("test", "login.example.test"),
        ("evil.test", "login.example.test"),
        (None, "login.example.test"),
    ],
)
def test_a_relying_party_is_the_host_or_a_domain_above(wanted: str | None, party: str) -> None:
    assert above("login.example.test", wanted) == party


@pytest.mark.parametrize(
    ("host", "can"),
    [("localhost:3000", True), ("a.test", True), ("127.0.0.1:3000", False), ("[::1]:8443", False), ("[::1]", False)],
)
def test_numbers_have_no_keys(host: str, can: bool) -> None:
    assert can_have_keys(host) is can
