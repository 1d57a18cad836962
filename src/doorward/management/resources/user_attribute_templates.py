"""The user attribute profile to start from: the attributes of SCIM (RFC 7643) and OpenID Connect Core 5.1."""

from __future__ import annotations

from typing import Any, NamedTuple

CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
GROUP = "http://schemas.xmlsoap.org/claims/Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WORK = 'addresses[type eq "work"]'
SEVERAL = ("oidc", "samlp")


class Attribute(NamedTuple):
    """What the protocols call an attribute; ``in_scim_of`` is its SCIM name with some strategies only."""

    name: str
    scim: str | None = None
    claim: str | None = None
    saml: str | None = None
    in_scim_of: tuple[tuple[str, ...], str] | None = None

    @property
    def shown(self) -> dict[str, Any]:
        label = self.name.replace("_", " ").capitalize()
        shown: dict[str, Any] = {
            "label": label,
            "description": f"{label} of the user",
            "profile_required": self.name == "email",
            "auth0_mapping": self.name,
        }
        if self.claim is not None:
            shown["oidc_mapping"] = {"mapping": self.claim, "display_name": label}
        if self.saml is not None:
            shown["saml_mapping"] = [self.saml]
        if self.scim is not None:
            shown["scim_mapping"] = self.scim
        if self.in_scim_of is not None:
            strategies, name = self.in_scim_of
            shown["strategy_overrides"] = {strategy: {"scim_mapping": name} for strategy in strategies}
        return shown


ATTRIBUTES = (
    Attribute(
        "email", "emails[primary eq true].value", "email", f"{CLAIMS}/emailaddress",
        (("waad",), 'emails[type eq "work"].value'),
    ),
    Attribute("email_verified", None, "email_verified"),
    Attribute("username", None, "preferred_username", None, (("samlp",), "userName")),
    Attribute("preferred_username", None, "preferred_username", None, (("oidc", "okta"), "userName")),
    Attribute("upn", None, None, f"{CLAIMS}/upn", (("waad",), "userName")),
    Attribute("external_id", "externalId"),
    Attribute("blocked", "active"),
    Attribute("name", "displayName", "name", f"{CLAIMS}/name"),
    Attribute("given_name", "name.givenName", "given_name", f"{CLAIMS}/givenname"),
    Attribute("family_name", "name.familyName", "family_name", f"{CLAIMS}/surname"),
    Attribute("middle_name_oidc", None, "middle_name"),
    Attribute("middle_name_scim", None, None, None, (("okta",), "name.middleName")),
    Attribute("honorific_prefix", None, None, None, (("okta",), "name.honorificPrefix")),
    Attribute("honorific_suffix", None, None, None, (("okta",), "name.honorificSuffix")),
    Attribute("nickname", "nickName", "nickname"),
    Attribute("picture", "photos[primary eq true].value", "picture"),
    Attribute("profile_url", "profileUrl"),
    Attribute("title", "title"),
    Attribute("user_type", "userType"),
    Attribute("language", "preferredLanguage"),
    Attribute("locale", "locale"),
    Attribute("federated_locale", None, None, None, (("okta",), "locale")),
    Attribute("timezone_oidc", None, "zoneinfo"),
    Attribute("timezone_scim", "timezone"),
    Attribute("federated_zoneinfo", None, None, None, (("okta",), "timezone")),
    Attribute("phone_number", None, "phone_number", f"{CLAIMS}/mobilephone"),
    Attribute("primary_phone_number", None, None, None, (("okta",), "phoneNumbers[primary eq true].value")),
    Attribute("mobile_phone_number_scim", 'phoneNumbers[type eq "mobile"].value'),
    Attribute(
        "work_phone_number", None, None, None, ((*SEVERAL, "waad"), 'phoneNumbers[type eq "work"].value')
    ),
    Attribute("home_phone_number", None, None, None, (SEVERAL, 'phoneNumbers[type eq "home"].value')),
    Attribute("fax_number", None, None, None, (("waad",), 'phoneNumbers[type eq "fax"].value')),
    Attribute("postal_address", f"{WORK}.formatted"),
    Attribute("street_address", f"{WORK}.streetAddress"),
    Attribute("city", f"{WORK}.locality"),
    Attribute("state", f"{WORK}.region"),
    Attribute("postal_code", f"{WORK}.postalCode"),
    Attribute("country", f"{WORK}.country"),
    Attribute("employee_id", f"{ENTERPRISE}:employeeNumber"),
    Attribute("cost_center", f"{ENTERPRISE}:costCenter"),
    Attribute("organization", f"{ENTERPRISE}:organization"),
    Attribute("division", f"{ENTERPRISE}:division"),
    Attribute("department", f"{ENTERPRISE}:department"),
    Attribute("manager", f"{ENTERPRISE}:manager"),
    Attribute("roles_scim", None, None, None, (SEVERAL, "roles")),
    Attribute("role_saml", None, None, ROLE),
    Attribute("entitlements", None, None, None, (SEVERAL, "entitlements")),
    Attribute("groups_saml", None, None, GROUP),
    Attribute("federated_groups", None, None, None, (("okta",), "groups")),
)  # fmt: skip
TEMPLATES: dict[str, dict[str, Any]] = {
    "enterprise": {
        "id": "enterprise",
        "display_name": "Enterprise",
        "template": {
            "name": "Enterprise",
            "user_id": {
                "oidc_mapping": "sub",
                "saml_mapping": [f"{CLAIMS}/nameidentifier", f"{CLAIMS}/upn", f"{CLAIMS}/name"],
                "scim_mapping": "externalId",
                "strategy_overrides": {
                    "google-apps": {"oidc_mapping": "email"},
                    "waad": {"oidc_mapping": "oid"},
                    "samlp": {"scim_mapping": "userName"},
                },
            },
            "user_attributes": {attribute.name: attribute.shown for attribute in ATTRIBUTES},
        },
    }
}
