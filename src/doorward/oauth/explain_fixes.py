"""What to do about it: one entry per rule that can disappoint somebody.

``FIXES`` is keyed by rule id (``token_rules``, ``request_rules``); an entry looks at the facts and answers with
a ``Fix``, or ``None`` where there is nothing to mend.
"""

from __future__ import annotations

from collections.abc import Callable

from doorward.oauth.fixes import access, audience, extras, pages, request, scopes
from doorward.oauth.fixes.facts import REFUSED, Facts
from doorward.oauth.trace import Fix

Mend = Callable[[Facts], Fix | None]


def fix(facts: Facts) -> Fix | None:
    """What to do about one step; for a refusal without an entry of its own, the hint it was raised with."""
    mend = FIXES.get(facts.reason.rule)
    if mend is not None:
        return mend(facts)
    if facts.error is not None:
        return Fix(REFUSED, facts.error.description, (facts.error.hint,) if facts.error.hint else ())
    return None


FIXES: dict[str, Mend] = {
    "format.opaque.userinfo_only": audience.opaque,
    "format.jwe.api": audience.encrypted,
    "audience.unknown_api": audience.unknown_api,
    "audience.no_api": audience.no_api,
    "access.no_client_grant": access.no_client_grant,
    "access.deny_all": access.deny_all,
    "access.system_api": access.system_api,
    "access.userinfo_machine": access.userinfo_machine,
    "signing.api_secret": audience.api_secret,
    "issuer.custom_domain": audience.custom_domain,
    "id_token.no_openid": audience.no_openid,
    "scope.undefined_dropped": scopes.undefined,
    "scope.current_user_only": scopes.current_user,
    "scope.third_party_no_oidc": scopes.third_party_oidc,
    "scope.client_grant_dropped": scopes.grant_dropped,
    "scope.client_grant_refused": scopes.grant_refused,
    "scope.rbac_not_granted": scopes.rbac,
    "scope.narrowed": scopes.narrowed,
    "refresh.not_requested": extras.refresh,
    "refresh.api_forbids": extras.refresh,
    "refresh.client_lacks_grant": extras.refresh,
    "refresh.rotation_required": extras.refresh,
    "refresh.front_channel": extras.refresh,
    "refresh.machine": extras.machine_refresh,
    "permissions.dialect": extras.no_permissions,
    "permissions.rbac_off": extras.no_permissions,
    "permissions.opaque": extras.no_permissions,
    "permissions.included": extras.permissions,
    "size.large": extras.large,
    "request.grant_type": access.grant_type,
    "request.callback_mismatch": request.callback,
    "request.missing_parameter": request.missing,
    "request.unknown_client": request.unknown_client,
    "request.client_authentication": request.authentication,
    "request.web_origin": request.web_origin,
    "request.no_default_directory": request.no_directory,
    "grant.no_refresh_token": extras.no_refresh_token,
    "user.blocked": request.blocked,
    "user.connection_disabled": request.connection,
    "login.no_session": pages.login,
    "login.sso_disabled": pages.login,
    "login.max_age": pages.login,
    "login.prompt_login": pages.login,
    "login.prompt_create": pages.login,
    "login.select_account": pages.login,
    "login.other_connection": pages.login,
    "consent.first_party_api": pages.consent,
    "consent.third_party": pages.consent,
    "consent.prompt_consent": pages.consent,
    "confirmation.non_verifiable_callback": pages.confirmation,
}
