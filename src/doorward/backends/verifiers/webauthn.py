"""Answers of authenticators, checked with py_webauthn."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from doorward.model.webauthn import ALGORITHMS, Assertion, InvalidAnswer, RegisteredKey, RelyingParty

if TYPE_CHECKING:
    from webauthn.helpers.structs import CredentialDeviceType

# Nobody is asked to attest their authenticator: browsers then say nothing of it, or pass on that it signed itself.
FORMATS = frozenset({"none", "packed"})


class WebAuthnVerifier:
    """``ports.WebAuthn``. The library is loaded with the first answer: most servers never see one."""

    def registered(
        self, answer: Mapping[str, Any], party: RelyingParty, *, challenge: bytes, verified: bool
    ) -> RegisteredKey:
        from webauthn import verify_registration_response
        from webauthn.helpers import parse_attestation_object, parse_registration_credential_json
        from webauthn.helpers.cose import COSEAlgorithmIdentifier

        try:
            credential = parse_registration_credential_json(dict(answer))
            attested = parse_attestation_object(credential.response.attestation_object)
            if attested.fmt not in FORMATS or getattr(attested.att_stmt, "x5c", None):
                raise InvalidAnswer("an attestation that was not asked for")
            made = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=party.id,
                expected_origin=list(party.origins),
                require_user_verification=verified,
                supported_pub_key_algs=[COSEAlgorithmIdentifier(alg) for alg in ALGORITHMS],
            )
        except Exception as error:
            raise _invalid(error) from error
        return RegisteredKey(
            key_id=_text(made.credential_id),
            public_key=base64.b64encode(made.credential_public_key).decode(),
            sign_count=made.sign_count,
            aaguid=made.aaguid,
            device_type=_device(made.credential_device_type),
            backed_up=made.credential_backed_up,
            transports=tuple(one.value for one in credential.response.transports or ()),
        )

    def asserted(
        self,
        answer: Mapping[str, Any],
        party: RelyingParty,
        *,
        challenge: bytes,
        public_key: str,
        verified: bool,
    ) -> Assertion:
        from webauthn import verify_authentication_response

        try:
            proved = verify_authentication_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=party.id,
                expected_origin=list(party.origins),
                credential_public_key=base64.b64decode(public_key),
                credential_current_sign_count=0,  # compared where it is stored: of two answers at a time one is first
                require_user_verification=verified,
            )
        except Exception as error:
            raise _invalid(error) from error
        return Assertion(
            key_id=_text(proved.credential_id),
            sign_count=proved.new_sign_count,
            backed_up=proved.credential_backed_up,
            user_verified=proved.user_verified,
        )


def _invalid(error: Exception) -> InvalidAnswer:
    """Whatever an answer is made of, it is refused and breaks nothing: its parsers raise many things."""
    return error if isinstance(error, InvalidAnswer) else InvalidAnswer(str(error) or type(error).__name__)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _device(type_: CredentialDeviceType) -> str:
    return type_.value
