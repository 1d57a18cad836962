"""Everything that is done for people, with a password or without, together."""

from __future__ import annotations

from msgspec import Struct

from doorward.identity.blocked_accounts import BlockedAccounts
from doorward.identity.bot_detection import BotDetector
from doorward.identity.captcha import Challenges
from doorward.identity.code_guard import CodeGuard
from doorward.identity.email_codes import EmailCodes
from doorward.identity.email_verification import EmailVerification
from doorward.identity.identifier_codes import IdentifierCodes
from doorward.identity.new_password import NewPasswords
from doorward.identity.password_change import PasswordChange
from doorward.identity.passwordless import Passwordless
from doorward.identity.reset_codes import ResetCodes
from doorward.identity.signup import Signup


class People(Struct, frozen=True, kw_only=True):
    """Wired once, in ``app.py``; signing in is ``Ports.authenticator``."""

    signup: Signup
    passwords: NewPasswords
    password_change: PasswordChange
    email_verification: EmailVerification
    email_codes: EmailCodes
    blocked_accounts: BlockedAccounts
    bots: BotDetector
    captcha: Challenges
    code_guard: CodeGuard
    passwordless: Passwordless
    identifier_codes: IdentifierCodes
    reset_codes: ResetCodes
