"""The sockets in the wall: everything the protocol needs from the world.

``backends`` holds the plugs. Storage verbs are atomic: what must happen together is one call, and
whether a thing was still unspent is decided inside it. Every storage verb takes the tenant id
first. Times are epoch seconds, digests are SHA-256 bytes (see ``model.digest``).

Storage verbs raise ``StorageUnavailable`` when the database cannot answer in time; the edge turns
it into 503 with ``Retry-After``.
"""

from __future__ import annotations

from msgspec import Struct

from doorward.ports.authentication import (
    Attempts,
    Authenticator,
    BreachedPasswords,
    CodeAuthenticator,
    LoginAssessor,
    Passkeys,
    Passwords,
    SecondFactors,
    WebAuthn,
)
from doorward.ports.clock_and_entropy import Clock, Entropy
from doorward.ports.configuration import Assets, Directory, RootCredential, Snapshots
from doorward.ports.credentials import (
    AuthorizationCodes,
    Challenges,
    DeviceCredentials,
    OneTimeValues,
    PushedRequests,
    RefreshTokens,
    Tickets,
)
from doorward.ports.cryptography import Jose, KeyMaker
from doorward.ports.jobs import Background, ExportFile, FileBody, Files, Jobs, Spool
from doorward.ports.log import Log
from doorward.ports.messages import HttpAnswer, HttpOut, Inbox, Outbox
from doorward.ports.people import AuthenticationMethods, Consents, Organizations, Users
from doorward.ports.refusals import (
    Conflict,
    InvalidToken,
    Overloaded,
    SignupImpossible,
    StorageUnavailable,
    TooCostly,
    TooMuch,
    UnknownTenant,
    Unreachable,
    UnusableSnapshot,
)
from doorward.ports.sessions import Described, LoginTransactions, RememberedBrowsers, Sessions

__all__ = [
    "Assets",
    "Attempts",
    "AuthenticationMethods",
    "Authenticator",
    "AuthorizationCodes",
    "Background",
    "BreachedPasswords",
    "Challenges",
    "Clock",
    "CodeAuthenticator",
    "Conflict",
    "Consents",
    "Described",
    "DeviceCredentials",
    "Directory",
    "Entropy",
    "ExportFile",
    "FileBody",
    "Files",
    "HttpAnswer",
    "HttpOut",
    "Inbox",
    "InvalidToken",
    "Jobs",
    "Jose",
    "KeyMaker",
    "Log",
    "LoginAssessor",
    "LoginTransactions",
    "OneTimeValues",
    "Organizations",
    "Outbox",
    "Overloaded",
    "Passkeys",
    "Passwords",
    "Ports",
    "PushedRequests",
    "RefreshTokens",
    "RememberedBrowsers",
    "RootCredential",
    "SecondFactors",
    "Sessions",
    "SignupImpossible",
    "Snapshots",
    "Spool",
    "StorageUnavailable",
    "Tickets",
    "TooCostly",
    "TooMuch",
    "UnknownTenant",
    "Unreachable",
    "UnusableSnapshot",
    "Users",
    "WebAuthn",
]


class Ports(Struct, frozen=True, kw_only=True):
    """What one server runs on; built once in ``app.py`` and handed down."""

    clock: Clock
    entropy: Entropy
    directory: Directory
    snapshots: Snapshots
    root_credential: RootCredential
    codes: AuthorizationCodes
    refresh_tokens: RefreshTokens
    device_credentials: DeviceCredentials
    pushed_requests: PushedRequests
    one_time_values: OneTimeValues
    users: Users
    organizations: Organizations
    authentication_methods: AuthenticationMethods
    remembered_browsers: RememberedBrowsers
    sessions: Sessions
    transactions: LoginTransactions
    consents: Consents
    attempts: Attempts
    jobs: Jobs
    tickets: Tickets
    challenges: Challenges
    background: Background
    files: Files
    outbox: Outbox
    inbox: Inbox | None
    http: HttpOut
    assets: Assets
    log: Log
    jose: Jose
    keys: KeyMaker
    passwords: Passwords
    breached_passwords: BreachedPasswords
    authenticator: Authenticator
    passwordless: CodeAuthenticator
    login_assessor: LoginAssessor
    second_factors: SecondFactors
    passkeys: Passkeys
