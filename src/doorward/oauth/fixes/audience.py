"""Audience, format and issuer: the token is not the kind of token the API expects."""

from __future__ import annotations

from doorward.oauth import near_misses
from doorward.oauth.fixes.facts import NOTE, REFUSED, WARNING, Facts, apis, first_api, patch_api, patch_tenant
from doorward.oauth.trace import Change, Fix


def opaque(facts: Facts) -> Fix:
    asked = facts.proof is not None and bool(facts.proof.audience)
    return Fix(
        NOTE if asked else WARNING,
        "This token is only for /userinfo, because no API was named: it is opaque, an API cannot read it "
        '(its JWT library says "jwt malformed").',
        (f"Send an audience: {apis(facts)}.", "Or set the tenant's default audience."),
        None if asked else patch_tenant(default_audience=first_api(facts)),
    )


def unknown_api(facts: Facts) -> Fix:
    asked = str(facts.reason.value)
    if near_misses.looks_unset(asked):
        why = f'"{asked}" looks like a variable that was never set.'
        return Fix(REFUSED, why, (f"Set the audience of the application to one of: {apis(facts)}.",))
    near = near_misses.nearest(asked, facts.directory)
    if near is not None:
        identifier, difference = near
        why = f'No API has the identifier "{asked}"; "{identifier}" exists ({difference}). They are compared exactly.'
        return Fix(REFUSED, why, (f"Send audience={identifier}.",))
    return Fix(
        REFUSED,
        f'No API has the identifier "{asked}".',
        (
            f"Send one of: {apis(facts)}.",
            "Or create the API.",
            f"Or ask another tenant: this one is {facts.directory.tenant.domain}.",
        ),
        Change("POST /api/v2/resource-servers", {"name": asked, "identifier": asked}),
    )


def no_api(facts: Facts) -> Fix:
    return Fix(
        REFUSED,
        "A machine has to say which API it wants, and the tenant has no default audience.",
        (f"Send an audience: {apis(facts)}.",),
        patch_tenant(default_audience=first_api(facts)),
    )


def encrypted(facts: Facts) -> Fix:
    return Fix(
        NOTE,
        "The token is encrypted to the API's key and has five parts: the API decrypts it first, then verifies the JWT.",
        ("Give the API its private key, or take token_encryption off the API.",),
        patch_api(facts.api, token_encryption=None) if facts.api is not None else None,
    )


def api_secret(facts: Facts) -> Fix:
    return Fix(
        NOTE,
        f"The token is signed {facts.reason.value} with the API's own secret: the tenant's JWKS cannot verify it, and "
        "/userinfo does not take it.",
        ("Configure the API with its signing secret, or let it sign RS256.",),
        patch_api(facts.api, signing_alg="RS256") if facts.api is not None else None,
    )


def custom_domain(facts: Facts) -> Fix:
    canonical = f"https://{facts.directory.tenant.domain}/"
    return Fix(
        NOTE,
        f"The token was asked for on {facts.issuer.host}, so iss is {facts.issuer.url} and not {canonical}.",
        ("Configure the API with this issuer, final / included, and use one domain everywhere.",),
    )


def no_openid(facts: Facts) -> Fix:
    return Fix(
        NOTE, "Without openid there is no ID token, and /userinfo refuses the token.", ("Add openid to the scope.",)
    )
