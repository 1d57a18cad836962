"""A person proves a second factor, or takes one on: one door for the pages and for the MFA API."""

from __future__ import annotations

from doorward.identity.mfa.authenticator_app import AuthenticatorApp
from doorward.identity.mfa.recovery import Recovery
from doorward.identity.mfa.security_keys import SecurityKeys
from doorward.identity.mfa.sent_codes import SentCodes


class SecondFactors(AuthenticatorApp, SentCodes, SecurityKeys, Recovery):
    """``ports.SecondFactors``: all there are."""
