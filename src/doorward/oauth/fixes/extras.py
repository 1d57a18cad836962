"""What comes with the token or in it: refresh token, permissions, size."""

from __future__ import annotations

from urllib.parse import quote

from doorward.model.client import RotationType
from doorward.oauth.fixes.facts import NOTE, REFUSED, WARNING, Facts, apis, patch_api, patch_client
from doorward.oauth.scopes import OFFLINE_ACCESS
from doorward.oauth.trace import Change, Fix

ROTATING = {"rotation_type": "rotating", "expiration_type": "expiring"}


def refresh(facts: Facts) -> Fix:
    """The whole list of conditions, met or not, so that one look is enough."""
    proof, client, api, rule = facts.proof, facts.client, facts.api, facts.reason.rule
    asked = OFFLINE_ACCESS in facts.asked
    level = REFUSED if facts.error is not None else WARNING if asked else NOTE
    browser = client is not None and (
        client.app_type == "spa" or (client.is_public and proof is not None and proof.browser)
    )
    rotating = client is not None and client.refresh_token.rotation_type is RotationType.ROTATING
    conditions = [
        (asked, "offline_access is in the scope"),
        (api is None or api.allow_offline_access, "the API allows offline access"),
        (client is not None and "refresh_token" in client.grant_types, "the application has the refresh_token grant"),
        (proof is None or not proof.front_channel, "the tokens come from /oauth/token, not from /authorize"),
    ]
    if browser:
        conditions.append((rotating, "the browser application rotates refresh tokens"))
    why = "; ".join(f"{'✓' if met else '✗'} {text}" for met, text in conditions)
    todo: dict[str, tuple[str, Change | None]] = {
        "refresh.not_requested": ("Add offline_access to the scope.", None),
        "refresh.api_forbids": (
            "Allow offline access for the API.",
            patch_api(api, allow_offline_access=True) if api else None,
        ),
        "refresh.client_lacks_grant": (
            "Add refresh_token to the application's grant_types.",
            patch_client(client, grant_types=[*client.grant_types, "refresh_token"]) if client else None,
        ),
        "refresh.rotation_required": (
            "Switch rotation on for the application.",
            patch_client(client, refresh_token=ROTATING) if client else None,
        ),
        "refresh.front_channel": ("Use the authorization code flow.", None),
    }
    do, change = todo.get(rule, ("", None))
    return Fix(level, f"No refresh token: {why}.", (do,) if do else (), change)


def no_refresh_token(facts: Facts) -> Fix:
    return Fix(
        REFUSED,
        f"{facts.error.hint if facts.error else ''}",
        ("Explain the login (grant authorization_code) to see why.",),
    )


def machine_refresh(facts: Facts) -> Fix:
    return Fix(
        NOTE, "Client credentials never give a refresh token.", ("Ask for a new access token when this one ends.",)
    )


def no_permissions(facts: Facts) -> Fix:
    api, rule = facts.api, facts.reason.rule
    if api is None:
        return Fix(NOTE, "An opaque token carries no permissions.", (f"Send an audience: {apis(facts)}.",))
    if rule == "permissions.rbac_off":
        why = "No permissions claim: the API does not enforce roles."
        return Fix(NOTE, why, ("Switch enforce_policies on.",), patch_api(api, enforce_policies=True))
    dialect = "rfc9068_profile_authz" if api.token_dialect.is_rfc9068 else "access_token_authz"
    return Fix(
        NOTE,
        f"No permissions claim: the API's dialect is {api.token_dialect.value}.",
        (f"Set token_dialect to {dialect}" + ("." if api.enforce_policies else " and enforce_policies to true."),),
        patch_api(api, token_dialect=dialect, enforce_policies=True),
    )


def permissions(facts: Facts) -> Fix | None:
    if facts.reason.value:
        return None
    identifier = facts.api.identifier if facts.api is not None else ""
    why = f"permissions is empty: the subject holds no permission on {identifier}, direct or by role."
    user_id = facts.user.user_id if facts.user is not None else ""
    change = Change(f"POST /api/v2/users/{quote(user_id, safe='')}/roles", {"roles": ["…"]}) if user_id else None
    return Fix(WARNING, why, ("Assign a role that holds permissions of this API.",), change)


def large(facts: Facts) -> Fix:
    total, parts = facts.reason.value["bytes"], facts.reason.value["largest"]
    biggest = ", ".join(f"{name} {size / 1000:.1f} kB" for name, size in parts.items())
    return Fix(
        WARNING,
        f"The token is about {total / 1000:.1f} kB ({biggest}); many servers refuse headers over 8 kB, some over 4.",
        ("Use scopes instead of the permissions claim (token_dialect access_token), and ask for fewer of them.",),
        patch_api(facts.api, token_dialect="access_token") if facts.api is not None else None,
    )
