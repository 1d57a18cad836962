"""Requests, applications and people that are turned away before anything is decided."""

from __future__ import annotations

from urllib.parse import quote

from doorward.oauth.fixes.facts import REFUSED, Facts, patch_client, patch_tenant
from doorward.oauth.trace import Change, Fix


def callback(facts: Facts) -> Fix:
    hint = (facts.error.hint if facts.error is not None else None) or ""
    client = facts.client
    if client is None or facts.redirect_uri is None or hint.startswith("The redirect_uri can never"):
        return Fix(REFUSED, hint)
    return Fix(
        REFUSED,
        hint,
        ("Send a registered redirect_uri, or add this one to the application's callbacks.",),
        patch_client(client, callbacks=[*client.callbacks, facts.redirect_uri]),
    )


def missing(facts: Facts) -> Fix:
    error, client = facts.error, facts.client
    if error is not None and error.description.endswith("redirect_uri") and client is not None and not client.callbacks:
        return Fix(
            REFUSED,
            f"{facts.name} has no callbacks, so no redirect_uri can be right.",
            ("Add one to the application's callbacks.",),
            patch_client(client, callbacks=["https://app.example.com/callback"]),
        )
    return Fix(REFUSED, error.description if error else "", (error.hint,) if error and error.hint else ())


def unknown_client(facts: Facts) -> Fix:
    return Fix(
        REFUSED,
        f"No application of {facts.directory.tenant.domain} has this client_id.",
        ("Compare it with the application's settings.", "Or ask the tenant it belongs to."),
    )


def authentication(facts: Facts) -> Fix:
    if facts.client is None and facts.error is not None and facts.error.description == "Unauthorized":
        return unknown_client(facts)
    why = (facts.error.hint or facts.error.description) if facts.error is not None else ""
    return Fix(REFUSED, why, ("Copy the secret again, or rotate it.",))


def web_origin(facts: Facts) -> Fix:
    hint = (facts.error.hint if facts.error is not None else None) or ""
    return Fix(REFUSED, "A web_message goes to a registered web origin only.", (hint,) if hint else ())


def blocked(facts: Facts) -> Fix:
    change = None
    if facts.user is not None:
        change = Change(f"PATCH /api/v2/users/{quote(facts.user.user_id, safe='')}", {"blocked": False})
    return Fix(REFUSED, "An administrator blocked this user.", ("Unblock the user.",), change)


def connection(facts: Facts) -> Fix:
    client = facts.client
    name = facts.user.connection if facts.user is not None and facts.user.connection else ""
    connection = facts.directory.connections.get(name)
    if client is None or connection is None:
        return Fix(
            REFUSED,
            f"No connection is enabled for {facts.name}, so nobody can log in.",
            ("Enable a connection for the application.",),
        )
    if not client.is_first_party:
        why = f"Third-party applications reach domain-level connections only, and {name} is none."
        return Fix(
            REFUSED,
            why,
            ("Make it one.",),
            Change(f"PATCH /api/v2/connections/{connection.id}", {"is_domain_connection": True}),
        )
    body = {"enabled_clients": [*connection.enabled_clients, client.client_id]}
    return Fix(
        REFUSED,
        f"The connection {name} is not enabled for {facts.name}.",
        ("Enable it.",),
        Change(f"PATCH /api/v2/connections/{connection.id}", body),
    )


def no_directory(facts: Facts) -> Fix:
    names = [c.name for c in facts.directory.connections.values() if c.is_database]
    return Fix(
        REFUSED,
        "The password grant logs in to the tenant's default directory, and none is set.",
        (f"Set default_directory to one of: {', '.join(names)}.", "Or use the password-realm grant with a realm."),
        patch_tenant(default_directory=names[0] if names else ""),
    )
