"""Scopes that were asked for and are not in the token."""

from __future__ import annotations

from urllib.parse import quote

from doorward.oauth.fixes.facts import REFUSED, WARNING, Facts, apis, lost_scopes, patch_api, words
from doorward.oauth.scopes import CURRENT_USER_SCOPES, OIDC_SCOPES
from doorward.oauth.trace import Change, Fix


def undefined(facts: Facts) -> Fix:
    gone = words(lost_scopes(facts))
    if facts.api is None:
        return Fix(
            WARNING,
            f"{gone}: a token for /userinfo carries OpenID scopes only.",
            (f"Send an audience: {apis(facts)}.",),
        )
    scopes = [{"value": s.value, "description": s.description} for s in facts.api.scopes]
    return Fix(
        WARNING,
        f"{gone}: not defined on {facts.api.identifier}.",
        ("Correct the spelling, or add the permission to the API.",),
        patch_api(facts.api, scopes=scopes + [{"value": scope} for scope in lost_scopes(facts)]),
    )


def current_user(facts: Facts) -> Fix:
    return Fix(
        WARNING,
        f"{words(lost_scopes(facts))}: user tokens for the Management API carry current_user scopes only "
        f"({', '.join(sorted(CURRENT_USER_SCOPES))}).",
        ("Do administrative work from a backend, with client credentials.",),
    )


def third_party_oidc(facts: Facts) -> Fix:
    return Fix(
        WARNING,
        f"{words(lost_scopes(facts))}: strict third-party applications get no OpenID scopes, and no ID token.",
        ("The mode is chosen when the application is made: create it with third_party_security_mode permissive.",),
    )


def grant_dropped(facts: Facts) -> Fix:
    return Fix(
        WARNING,
        f"{words(lost_scopes(facts))}: outside the client grant of {facts.name}.",
        ("Add it to the client grant.",),
        patch_grant(facts),
    )


def patch_grant(facts: Facts) -> Change | None:
    if facts.client is None or facts.api is None:
        return None
    for grant in facts.directory.client_grants.values():
        if grant.client_id == facts.client.client_id and grant.audience == facts.api.identifier:
            return Change(f"PATCH /api/v2/client-grants/{grant.id}", {"scope": [*grant.scope, *lost_scopes(facts)]})
    return None


def grant_refused(facts: Facts) -> Fix:
    gone = lost_scopes(facts)
    why = f"{words(gone)}: not in the client grant of {facts.name}."
    if any(scope in OIDC_SCOPES for scope in gone):
        return Fix(REFUSED, why, ("Leave the OpenID scopes out: client credentials have no user.",))
    do = ("Add them to the client grant.", "Or leave scope out: the machine then gets all it was granted.")
    return Fix(REFUSED, why, do, patch_grant(facts))


def rbac(facts: Facts) -> Fix:
    gone, user = lost_scopes(facts), facts.user
    identifier = facts.api.identifier if facts.api is not None else ""
    if user is None:
        why = f"{words(gone)}: the API enforces roles, and no user was named to look at."
        return Fix(WARNING, why, ("Name a user (user_id) to see what they would get.",))
    held = [role.name for role in (facts.directory.roles.get(id_) for id_ in user.roles) if role is not None]
    fitting = [
        role
        for role in facts.directory.roles.values()
        if role.owner_id is None
        and any(p.resource_server_identifier == identifier and p.permission_name in gone for p in role.permissions)
    ]
    path = f"POST /api/v2/users/{quote(user.user_id, safe='')}"
    if fitting:
        do = f"Give the user the role {' or '.join(role.name for role in fitting)}."
        change = Change(f"{path}/roles", {"roles": [fitting[0].id]})
    else:
        do = "Give the user the permission, or a role with it."
        permissions = [{"resource_server_identifier": identifier, "permission_name": scope} for scope in gone]
        change = Change(f"{path}/permissions", {"permissions": permissions})
    return Fix(
        WARNING,
        f"{words(gone)}: the API enforces roles, and no role of the user has it ({', '.join(held) or 'no roles'}).",
        (do, "Or switch enforce_policies off for the API."),
        change,
    )


def narrowed(facts: Facts) -> Fix | None:
    original = facts.reason.before or ()
    beyond = tuple(scope for scope in facts.asked if scope not in original)
    if not beyond:
        return None
    return Fix(
        WARNING,
        f"{words(beyond)}: not among the scopes of the first login, and a refresh cannot add any.",
        ("Send the user through /authorize again with the wider scope.",),
    )
