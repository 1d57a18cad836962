"""May this application have a token for the API at all?"""

from __future__ import annotations

from doorward.oauth.fixes.facts import REFUSED, Facts, apis, patch_api, patch_client, words
from doorward.oauth.trace import Change, Fix


def no_client_grant(facts: Facts) -> Fix:
    subject = facts.reason.setting.value if facts.reason.setting is not None else "client"
    scopes = _wanted(facts)
    body = {
        "client_id": facts.client.client_id if facts.client is not None else "",
        "audience": facts.api.identifier if facts.api is not None else "",
        "scope": list(scopes),
        "subject_type": subject,
    }
    return Fix(
        REFUSED,
        f"{facts.name} has no grant ({subject}) for {body['audience']}.",
        (f"Create a client grant with the scopes {words(scopes) or '(none)'}.",),
        Change("POST /api/v2/client-grants", body),
    )


def _wanted(facts: Facts) -> tuple[str, ...]:
    """The scopes asked for that the API defines, or all it defines when none was asked for."""
    defined = tuple(scope.value for scope in facts.api.scopes) if facts.api is not None else ()
    return tuple(scope for scope in facts.asked if scope in defined) or defined[:10]


def deny_all(facts: Facts) -> Fix:
    setting = facts.reason.setting
    field = setting.field if setting is not None else "subject_type_authorization"
    kind = "client" if ".client." in field else "user"
    allowed = "require_client_grant" if kind == "client" else "allow_all"
    return Fix(
        REFUSED,
        f"The API refuses every {kind} token ({field} is deny_all).",
        (f"Set it to {allowed}.",),
        patch_api(facts.api, subject_type_authorization={kind: {"policy": allowed}}) if facts.api else None,
    )


def system_api(facts: Facts) -> Fix:
    return Fix(
        REFUSED,
        "Strict third-party applications never get tokens for system APIs.",
        ("Use a first-party application, or a machine with client credentials.",),
    )


def userinfo_machine(facts: Facts) -> Fix:
    return Fix(REFUSED, "Client credentials have no user to read about.", (f"Send an audience: {apis(facts)}.",))


def grant_type(facts: Facts) -> Fix:
    client, error = facts.client, facts.error
    grant = error.description.split("'")[1] if error is not None and "'" in error.description else ""
    if client is None:
        return Fix(REFUSED, "The application may not use this grant type.")
    if grant == "client_credentials" and client.is_public:
        return Fix(
            REFUSED,
            f"{facts.name} is public (token_endpoint_auth_method none): it has no secret to prove itself with.",
            ("Use a machine-to-machine application with a secret.",),
        )
    warning = " It hands tokens or passwords to the browser: prefer authorization_code with PKCE."
    return Fix(
        REFUSED,
        f"Grant {grant} is off for {facts.name} (on: {', '.join(client.grant_types) or 'none'}).",
        (f"Add {grant} to its grant_types." + (warning if grant in ("implicit", "password") else ""),),
        patch_client(client, grant_types=[*client.grant_types, grant]),
    )
