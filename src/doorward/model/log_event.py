"""Tenant log events, with Auth0's type codes."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class LogEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the tenant log: ``/api/v2/logs``. ``date`` is epoch seconds.

    ``type`` is one of ``EVENT_TYPES``. ``log_id`` is given when the event is written. ``reasons`` are the
    decisions behind it as they are kept (``oauth.trace.kept``); whoever reads the log finds them told in
    ``details.trace``.
    """

    type: str
    date: float
    description: str = ""
    client_id: str | None = None
    client_name: str | None = None
    user_id: str | None = None
    user_name: str | None = None
    connection: str | None = None
    connection_id: str | None = None
    strategy: str | None = None
    strategy_type: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    hostname: str | None = None
    audience: str | None = None
    scope: str | None = None
    auth0_client: dict[str, Any] | None = None
    details: dict[str, Any] = {}
    reasons: tuple[Any, ...] = ()
    log_id: str | None = None


EVENT_TYPES: dict[str, str] = {
    "s": "Success Login",
    "f": "Failed Login",
    "fp": "Failed Login (Incorrect Password)",
    "fu": "Failed Login (Invalid Email/Username)",
    "ssa": "Success Silent Auth",
    "fsa": "Failed Silent Auth",
    "seacft": "Success Exchange: Authorization Code for Access Token",
    "feacft": "Failed Exchange: Authorization Code for Access Token",
    "seccft": "Success Exchange: Access Token for a Client Credentials Grant",
    "feccft": "Failed Exchange: Access Token for a Client Credentials Grant",
    "sertft": "Success Exchange: Refresh Token for Access Token",
    "fertft": "Failed Exchange: Refresh Token for Access Token",
    "ferrt": "Failed Exchange: Rotating Refresh Token",
    "sepft": "Success Exchange: Password for Access Token",
    "fepft": "Failed Exchange: Password for Access Token",
    "seotpft": "Success Exchange: Password and OTP Challenge for Access Token",
    "feotpft": "Failed Exchange: Password and OTP Challenge for Access Token",
    "seoobft": "Success Exchange: Password and OOB Challenge for Access Token",
    "feoobft": "Failed Exchange: Password and OOB Challenge for Access Token",
    "sepkotpft": "Success Exchange: Passkey and OTP Challenge for Access Token",
    "sepkoobft": "Success Exchange: Passkey and OOB Challenge for Access Token",
    "sepkrcft": "Success Exchange: Passkey and MFA Recovery Code for Access Token",
    "passkey_challenge_started": "Passkey Challenge Started",
    "passkey_challenge_failed": "Passkey Challenge Failed",
    "gd_webauthn_challenge_failed": "MFA WebAuthn Challenge Failed",
    "gd_webauthn_enrollment_failed": "MFA WebAuthn Enrollment Failed",
    "sercft": "Success Exchange: Password and MFA Code for Access Token",
    "fercft": "Failed Exchange: Password and MFA Code for Access Token",
    "mfar": "MFA Required",
    "gd_start_auth": "Second Factor Started",
    "gd_auth_succeed": "Second Factor Succeeded",
    "gd_auth_failed": "Second Factor Failed",
    "gd_otp_rate_limit_exceed": "Too Many Failures of a Second Factor",
    "gd_recovery_succeed": "Recovery Code Succeeded",
    "gd_recovery_failed": "Recovery Code Failed",
    "gd_send_email": "Second Factor Sent by Email",
    "gd_send_sms": "Second Factor Sent by SMS",
    "gd_send_voice": "Second Factor Sent by Voice Call",
    "gd_start_enroll": "Second Factor Enrollment Started",
    "gd_enrollment_complete": "Second Factor Enrollment Completed",
    "gd_unenroll": "Second Factor Unenrolled",
    "my_account_authentication_method_succeeded": "My Account Authentication Method Operation Succeeded",
    "my_account_authentication_method_failed": "My Account Authentication Method Operation Failed",
    "srrt": "Success Revocation: Refresh Token",
    "fpar": "Failed Pushed Authorization Request",
    "ss": "Success Signup",
    "fs": "Failed Signup",
    "scpr": "Success Change Password Request",
    "fcpr": "Failed Change Password Request",
    "scp": "Success Change Password",
    "fcp": "Failed Change Password",
    "svr": "Success Verification Email Request",
    "fvr": "Failed Verification Email Request",
    "sv": "Success Verification Email",
    "fv": "Failed Verification Email",
    "cs": "Code Sent for Passwordless Login",
    "cls": "Code or Link Sent for Passwordless Login",
    "fepotpft": "Failed Exchange of Passwordless OTP for Access Token",
    "pwd_leak": "Breached Password",
    "signup_pwd_leak": "Breached Password on Signup",
    "reset_pwd_leak": "Breached Password on Reset",
    "ublkdu": "User Login Block Released",
    "slo": "Success Logout",
    "flo": "Failed Logout",
    "oidc_backchannel_logout_succeeded": "Successful OIDC Back-Channel Logout request",
    "oidc_backchannel_logout_failed": "Failed OIDC Back-Channel Logout request",
    "fco": "Failed Cross-Origin Request",
    "limit_wc": "Blocked Account",
    "limit_mu": "Blocked IP Address",
    "limit_sul": "Too Many Logins of One User from One IP Address",
    "api_limit": "Rate Limit Reached",
    "pla": "Pre-login Assessment",
    "fn": "Failed Sending Notification",
    "sapi": "Success API Operation",
    "fapi": "Failed API Operation",
    "mgmt_api_read": "Management API Read Operation",
    "w": "Warning",
}

# What is counted for each day: ``/api/v2/stats/daily``.
COUNTED: dict[str, tuple[str, ...]] = {
    "logins": ("s", "sepft"),
    "signups": ("ss",),
    "leaked_passwords": ("pwd_leak", "signup_pwd_leak", "reset_pwd_leak"),
}
