"""The rules around the token policy: what the request, the client, the person and the pages decide.

Same form as ``token_rules``; together they are the vocabulary of the decision trace. ``authorize_decision``
cites the page rules, ``explain`` finds the rule of a refusal with ``refusal_rule``.
"""

# ruff: noqa: E501 (a table reads best with a row to a line)
# fmt: off

from __future__ import annotations

from doorward.oauth.errors import OAuthError
from doorward.oauth.token_rules import RULES, Rule

REQUEST_RULES: dict[str, Rule] = {
    # what explain took for granted, or was shown
    "assumed.client_authentication": Rule("request", "The client was not asked to prove itself: it is taken to be genuine.", "explain"),
    "assumed.session": Rule("request", "The browser is taken to hold a live session of this user, just logged in.", "explain"),
    "assumed.any_user": Rule("request", "No user was named: somebody without roles or permissions is taken.", "explain"),
    "assumed.code": Rule("request", "The code was not checked: it is taken to be right.", "explain"),
    "assumed.password": Rule("request", "The password was not checked: it is taken to be right.", "explain"),
    "assumed.authorization": Rule("request", "No code was given: the authorization request that would get one is explained.", "explain"),
    "assumed.refresh_token": Rule("request", "No refresh token was given: one of a login with this audience and scope is taken.", "explain"),
    "given.code": Rule("request", "This code was looked at and not spent.", "explain"),
    "given.refresh_token": Rule("request", "This refresh token was looked at and not spent.", "explain"),
    # refusals before anything is decided
    "request.missing_parameter": Rule("request", "A parameter that has to be there is missing.", "RFC 6749 §5.2"),
    "request.unknown_client": Rule("request", "No client of this tenant has this client_id.", "RFC 6749 §2.2"),
    "request.client_authentication": Rule("request", "The client did not prove who it is.", "RFC 6749 §2.3"),
    "request.client_assertion": Rule("request", "The client assertion is not acceptable.", "RFC 7523 §3"),
    "request.grant_type": Rule("request", "The application may not use this grant type.", "Auth0 grant types"),
    "request.unsupported_grant_type": Rule("request", "The server does not know this grant type.", "RFC 6749 §5.2"),
    "request.unsupported_parameter": Rule("request", "The request has a parameter that is not supported here.", "RFC 9101 §6"),
    "request.callback_mismatch": Rule("request", "The redirect_uri is not one of the application's callbacks.", "RFC 9700 §2.1"),
    "request.web_origin": Rule("request", "The origin of the redirect_uri is not one of the application's web origins.", "Auth0 web_message"),
    "request.response_type": Rule("request", "The response_type is unknown, or not open to this application.", "RFC 6749 §3.1.1"),
    "request.response_mode": Rule("request", "The response_mode cannot carry this answer.", "OAuth 2.0 Multiple Response Types §2.1"),
    "request.pkce": Rule("request", "The request has to carry a usable code_challenge.", "RFC 7636 §4.3"),
    "request.pushed": Rule("request", "The application has to push its authorization requests.", "RFC 9126 §5"),
    "request.request_uri": Rule("request", "The pushed request is unknown, used or too old.", "RFC 9126 §4"),
    "request.connection": Rule("request", "The connection that was named cannot be used here.", "Auth0 connection parameter"),
    "request.no_connection": Rule("request", "No connection is open to this application.", "Auth0 third-party applications"),
    "request.realm": Rule("request", "No connection this grant logs in by has the name of the realm.", "Auth0 password-realm"),
    "request.no_default_directory": Rule("request", "The tenant names no directory for the password grant.", "Auth0 default_directory"),
    "request.acr_values": Rule("request", "The tenant knows no such class of authentication (acr_values_supported).", "OpenID Connect Core §3.1.2.1"),
    "request.scope": Rule("request", "The scope parameter cannot be read.", "RFC 6749 §3.3"),
    "request.refused": Rule("request", "The request is not acceptable.", "RFC 6749 §5.2"),
    "grant.code": Rule("proof", "The code is not good: unknown, used, expired, or another client's.", "RFC 6749 §4.1.3"),
    "grant.verifier": Rule("proof", "The code_verifier does not match the code_challenge.", "RFC 7636 §4.6"),
    "grant.redirect_uri": Rule("proof", "The redirect_uri is not that of the authorization request.", "RFC 6749 §4.1.3"),
    "grant.refresh_token": Rule("proof", "The refresh token is not good: unknown, revoked, expired, used, or another client's.", "RFC 6749 §6"),
    "grant.no_refresh_token": Rule("proof", "This login would not have given a refresh token.", "OpenID Connect Core §11"),
    "grant.one_time_code": Rule("proof", "Nobody of the connection has this address, or the code is not good.", "Auth0 passwordless"),
    "grant.password": Rule("proof", "No user of the connection has this identifier.", "RFC 6749 §4.3"),
    "grant.second_factor": Rule("proof", "The mfa_token or the second factor is not good: unknown, spent, expired, another client's, or wrong.", "Auth0 MFA API"),
    "user.blocked": Rule("user", "An administrator blocked the user.", "Auth0 user blocks"),
    "user.locked": Rule("user", "Brute-force protection locked the account for this address.", "Auth0 attack protection"),
    "user.gone": Rule("user", "The user does not exist any more.", "Auth0 users"),
    "user.connection_disabled": Rule("user", "The user's connection is not enabled for the application.", "Auth0 connections"),
    # pages
    "login.no_session": Rule("login", "The browser has no live session.", "OpenID Connect Core §3.1.2.3"),
    "login.fresh": Rule("login", "The person logged in for this very request.", "OpenID Connect Core §3.1.2.3"),
    "login.sso_disabled": Rule("login", "The application always asks for a login.", "Auth0 sso_disabled"),
    "login.prompt_login": Rule("login", "prompt=login asks for a new login.", "OpenID Connect Core §3.1.2.1"),
    "login.select_account": Rule("login", "prompt=select_account lets the person choose who they are.", "OpenID Connect Core §3.1.2.1"),
    "login.prompt_create": Rule("login", "prompt=create asks for a new account.", "Initiating User Registration via OpenID Connect"),
    "login.max_age": Rule("login", "The last login is older than max_age.", "OpenID Connect Core §3.1.2.1"),
    "login.other_connection": Rule("login", "The session came through another connection than the one asked for.", "Auth0 connection parameter"),
    "login.connection_not_enabled": Rule("login", "The session came from a connection the application may not use.", "Auth0 connections"),
    "login.user_gone": Rule("login", "The user of the session does not exist any more.", "OpenID Connect Core §3.1.2.3"),
    "login.session": Rule("login", "The live session is enough.", "OpenID Connect Core §3.1.2.3"),
    "mfa.not_required": Rule("mfa", "Neither the tenant nor the request asks for a second factor.", "Auth0 MFA policies"),
    "mfa.policy": Rule("mfa", "The tenant asks everybody for a second factor (all-applications).", "Auth0 MFA policies"),
    "mfa.low_confidence": Rule("mfa", "The login is doubted (confidence-score), for the reason given.", "Auth0 adaptive MFA"),
    "mfa.confident": Rule("mfa", "Nothing is thought wrong with the login (confidence-score); nobody is doubted where no logins are assessed.", "Auth0 adaptive MFA"),
    "mfa.acr_values": Rule("mfa", "The request asks for a second factor, proved for it (acr_values).", "OpenID Connect Core §3.1.2.1"),
    "mfa.manages_factors": Rule("mfa", "The token is to change what factors the person has, so one of them is proved first.", "Auth0 MFA API"),
    "mfa.assurance": Rule("mfa", "The My Account API wants a second factor proved within 15 minutes (authorization_policy).", "Auth0 My Account API, default policy"),
    "mfa.unassured": Rule("mfa", "The API wants a recent second factor, and the person has none: a login is enough for 15 minutes.", "Auth0 My Account API, default policy"),
    "mfa.unmet": Rule("mfa", "The login is older than 15 minutes, and the person has no second factor to prove.", "Auth0 My Account API, default policy"),
    "mfa.enrollment": Rule("mfa", "A second factor is wanted and the person has none yet, so the most secure one there is for them is enrolled, unless they pick another.", "Auth0 MFA enrollment"),
    "mfa.enrollment_list": Rule("mfa", "A second factor is wanted and the person has none yet, and is asked which to enrol (mfa_show_factor_list_on_enrollment).", "Auth0 MFA enrollment"),
    "mfa.password_reset": Rule("mfa", "A second factor is proved before a forgotten password is replaced (passwords.reset_asks_second_factor).", "Auth0 password reset"),
    "mfa.enrollment_ticket": Rule("mfa", "An administrator lets the person take a second factor on by a link.", "Auth0 MFA enrollment tickets"),
    "mfa.no_factor": Rule("mfa", "A second factor is wanted, but the tenant has none switched on.", "Auth0 MFA factors"),
    "mfa.proved_now": Rule("mfa", "The person proved a second factor for this very request.", "Auth0 MFA"),
    "mfa.session": Rule("mfa", "A second factor was proved earlier in the session.", "Auth0 MFA"),
    "mfa.remembered_browser": Rule("mfa", "The person proved a second factor in this browser and asked to be remembered.", "Auth0 MFA, remember browser"),
    "passkey.unavailable": Rule("passkey", "The connection has no passkeys, or this host cannot have any.", "Auth0 passkeys"),
    "passkey.enrolled": Rule("passkey", "The person has a passkey for this host.", "Auth0 passkeys"),
    "passkey.postponed": Rule("passkey", "The person wanted no passkey when one was last offered.", "Auth0 passkeys"),
    "passkey.not_offered": Rule("passkey", "The connection offers no passkeys after a login like this.", "Auth0 passkey_options"),
    "passkey.progressive": Rule("passkey", "Whoever logs in with a password is offered a passkey (progressive_enrollment_enabled).", "Auth0 passkey_options"),
    "passkey.local": Rule("passkey", "The passkey is on another device, so one is offered for this (local_enrollment_enabled).", "Auth0 passkey_options"),
    "consent.given_now": Rule("consent", "The person consented in this very request.", "Auth0 consent"),
    "consent.prompt_consent": Rule("consent", "prompt=consent asks for consent again.", "OpenID Connect Core §3.1.2.1"),
    "consent.not_needed": Rule("consent", "A first-party application needs no consent here.", "Auth0 consent"),
    "consent.remembered": Rule("consent", "Consent given before covers every scope.", "Auth0 consent"),
    "consent.first_party_api": Rule("consent", "The API does not skip consent for first-party applications.", "skip_consent_for_verifiable_first_party_clients"),
    "consent.third_party": Rule("consent", "A third-party application needs consent that covers every scope.", "Auth0 third-party applications"),
    "confirmation.not_needed": Rule("confirmation", "The callback needs no confirmation.", "Auth0 app impersonation"),
    "confirmation.non_verifiable_callback": Rule("confirmation", "A loopback or custom-scheme callback is confirmed by the person.", "Auth0 app impersonation"),
    # what came out
    "size.fits": Rule("size", "The access token fits into a header everywhere.", "RFC 9110 §5.4"),
    "size.large": Rule("size", "The access token is larger than many servers accept in one header.", "RFC 9110 §5.4"),
}

ALL_RULES: dict[str, Rule] = {**RULES, **REQUEST_RULES}

# How a refusal outside the policy begins (the wire's own words, fixed by compatibility): its rule. First match counts.
_REFUSALS: tuple[tuple[str, str], ...] = (
    ("Missing required parameter: code_challenge", "request.pkce"),
    ("Missing required parameter: response_type", "request.response_type"),
    ("Missing required parameter", "request.missing_parameter"),
    ("Unknown client", "request.unknown_client"),
    ("Unauthorized", "request.client_authentication"),
    ("Only one client authentication method", "request.client_authentication"),
    ("client_assertion", "request.client_assertion"),
    ("client_id is not the subject", "request.client_assertion"),
    ("Grant type '", "request.grant_type"),
    ("Unsupported grant type", "request.unsupported_grant_type"),
    ("Callback URL mismatch", "request.callback_mismatch"),
    ("The origin of redirect_uri", "request.web_origin"),
    ("Unsupported response type", "request.response_type"),
    ("Only response_type code", "request.response_type"),
    ("response_type id_token needs", "request.response_type"),
    ("Unsupported response mode", "request.response_mode"),
    ("response_mode query", "request.response_mode"),
    ("Unsupported code_challenge_method", "request.pkce"),
    ("code_challenge", "request.pkce"),
    ("The request_uri is invalid", "request.request_uri"),
    ("Pushed authorization requests are required", "request.pushed"),
    ("the connection was", "request.connection"),
    ("the connection is of a strategy", "request.connection"),
    ("No connection is available", "request.no_connection"),
    ("Unknown realm", "request.realm"),
    ("Authorization server not configured with default connection", "request.no_default_directory"),
    ("parameter organization", "request.unsupported_parameter"),
    ("The request parameter", "request.unsupported_parameter"),
    ("Only a request_uri", "request.unsupported_parameter"),
    ("Unsupported acr_values", "request.acr_values"),
    ("The scope parameter", "request.scope"),
    ("Cannot request both", "request.scope"),
    ("Invalid authorization code", "grant.code"),
    ("Failed to verify code verifier", "grant.verifier"),
    ("The redirect URI is wrong", "grant.redirect_uri"),
    ("Unknown or invalid refresh token", "grant.refresh_token"),
    ("Wrong email or password", "grant.password"),
    ("Wrong email or verification code", "grant.one_time_code"),
    ("Wrong phone number or verification code", "grant.one_time_code"),
    ("Multifactor authentication required", "mfa.policy"),
    ("Malformed mfa_token", "grant.second_factor"),
    ("mfa_token is expired", "grant.second_factor"),
    ("Invalid otp_code", "grant.second_factor"),
    ("Invalid binding_code", "grant.second_factor"),
    ("MFA Authorization rejected", "grant.second_factor"),
    ("Too many failed codes", "user.locked"),
    ("user is blocked", "user.blocked"),
    ("Your account has been blocked", "user.locked"),
    ("The user does not exist", "user.gone"),
    ("The connection is not enabled", "user.connection_disabled"),
)


def refusal_rule(error: OAuthError) -> str:
    """The rule behind a refusal: the one its reasons end with, else the one its wording names."""
    if error.reasons:
        return error.reasons[-1].rule
    for beginning, rule in _REFUSALS:
        if error.description.startswith(beginning):
            return rule
    return "request.refused"
