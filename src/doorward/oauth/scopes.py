"""Scope values: parsing them, and the ones OpenID Connect and Auth0 define for everybody."""

from __future__ import annotations

from collections.abc import Iterable

from doorward.oauth.errors import InvalidScope

STANDARD_OIDC_SCOPES = ("openid", "profile", "email", "address", "phone")
SINGLE_CLAIM_SCOPES = (
    "name", "given_name", "family_name", "nickname", "picture", "created_at", "identities", "email_verified",
)  # fmt: skip
OIDC_SCOPES = frozenset(STANDARD_OIDC_SCOPES + SINGLE_CLAIM_SCOPES)
OFFLINE_ACCESS = "offline_access"
ONLINE_ACCESS = "online_access"

# The only scopes a user token for the Management API may carry, and the only ones the API heeds in it.
CURRENT_USER_SCOPES = frozenset({
    "read:current_user",
    "delete:current_user",
    "update:current_user_identities",
    "create:current_user_metadata",
    "update:current_user_metadata",
    "delete:current_user_metadata",
    "create:current_user_device_credentials",
    "delete:current_user_device_credentials",
})  # fmt: skip

MAX_SCOPE_LENGTH = 2048
MAX_SCOPE_TOKENS = 100


def parse_scope(value: str | None) -> tuple[str, ...]:
    """The scope tokens of a parameter, in order, without repeats (RFC 6749 §3.3).

    Raises ``InvalidScope`` for more than 2 KiB or 100 tokens, or for characters outside
    ``%x21 / %x23-5B / %x5D-7E``.
    """
    if not value:
        return ()
    if len(value) > MAX_SCOPE_LENGTH:
        raise InvalidScope("The scope parameter is too long")
    tokens = tuple(dict.fromkeys(value.split(" ")))
    if "" in tokens:
        tokens = tuple(token for token in tokens if token)
    if len(tokens) > MAX_SCOPE_TOKENS:
        raise InvalidScope("The scope parameter has too many values")
    if not value.isascii() or not value.isprintable() or '"' in value or "\\" in value:
        raise InvalidScope("The scope parameter contains a character that is not allowed")
    return tokens


def join_scope(scopes: Iterable[str]) -> str:
    return " ".join(scopes)
