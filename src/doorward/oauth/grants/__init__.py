"""One module per grant type; each exports ``prove``.

``prove`` reads what a request presents and returns a ``Proof``; it changes nothing, except that a
failed check that must burn the thing presented (a wrong verifier) does so at once. Spending is the
mint's. ``PROVE`` is the registry.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from doorward.model.directory import TenantDirectory
from doorward.model.request_context import RequestContext
from doorward.model.tenant import Issuer
from doorward.oauth.client_authentication import AuthenticatedClient
from doorward.oauth.grants import (
    authorization_code,
    client_credentials,
    mfa,
    passkey,
    password,
    passwordless_otp,
    refresh_token,
)
from doorward.oauth.proof import Proof
from doorward.oauth.token_request import (
    AuthorizationCodeRequest,
    ClientCredentialsRequest,
    MfaOobRequest,
    MfaOtpRequest,
    MfaRecoveryCodeRequest,
    PasskeyRequest,
    PasswordlessOtpRequest,
    PasswordRequest,
    RefreshTokenRequest,
)
from doorward.ports import Ports

Prove = Callable[[Any, AuthenticatedClient, Issuer, TenantDirectory, RequestContext, Ports], Awaitable[Proof]]

PROVE: dict[type, Prove] = {
    AuthorizationCodeRequest: authorization_code.prove,
    ClientCredentialsRequest: client_credentials.prove,
    RefreshTokenRequest: refresh_token.prove,
    PasswordRequest: password.prove,
    PasskeyRequest: passkey.prove,
    PasswordlessOtpRequest: passwordless_otp.prove,
    MfaOtpRequest: mfa.prove_otp,
    MfaOobRequest: mfa.prove_oob,
    MfaRecoveryCodeRequest: mfa.prove_recovery_code,
}
