"""How large an access token will be, from its claims alone."""

from __future__ import annotations

from typing import Any

import msgspec

from doorward.oauth.proof import Proof
from doorward.oauth.token_claims import access_token_claims, opaque_token_claims
from doorward.oauth.token_policy import Format, TokenPlan
from doorward.oauth.token_rules import Reason

LARGE = 4096
# Characters besides the claims: header and signature, or the sealing around them.
_SEALED = 110
_SIGNED = {True: 36 + 45, False: 100 + 344}
_ENCRYPTED = 90 + 342 + 40
_SOME_TIME = 1_700_000_000
_SOME_ID = "0" * 22


def size_reason(plan: TokenPlan, proof: Proof) -> Reason:
    """About how many bytes the token has, within a few per cent, and the claims that make it so, three at most."""
    if plan.api is None:
        claims = opaque_token_claims(plan, proof, now=_SOME_TIME, jti=_SOME_ID)
        total = _base64(_bytes(claims)) + _SEALED
    else:
        claims = access_token_claims(plan, proof, now=_SOME_TIME, jti=_SOME_ID)
        total = _base64(_bytes(claims)) + _SIGNED[plan.api.is_symmetric]
        if plan.format is Format.JWE:
            total = _base64(total) + _ENCRYPTED
    value: dict[str, Any] = {"bytes": total}
    if total <= LARGE:
        return Reason("size", "size.fits", value)
    sizes = {name: _bytes(claim) for name, claim in claims.items()}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:3]
    value["largest"] = {name: sizes[name] for name in largest if sizes[name] >= total / 20}
    return Reason("size", "size.large", value)


def _bytes(value: Any) -> int:
    return len(msgspec.json.encode(value))


def _base64(size: int) -> int:
    return -(-size * 4 // 3)
