"""The composition root: everything is made here, once, and handed down."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

from msgspec import Struct

from doorward.backends import dns
from doorward.backends.background import BackgroundTasks
from doorward.backends.breached_passwords import NoBreachedPasswords, RangeService
from doorward.backends.chance import SystemEntropy
from doorward.backends.clock import SystemClock
from doorward.backends.files import JobFiles
from doorward.backends.keys.jose import JoseBackend
from doorward.backends.keys.password_hashes import PasswordHasher
from doorward.backends.keys.public_keys import read_public_key
from doorward.backends.keys.signing_keys import SigningKeyMaker
from doorward.backends.outbound.assets import AssetFetcher
from doorward.backends.outbound.courier import SMTP_PORTS, Courier, MailServer
from doorward.backends.outbound.http import GuardedHttp
from doorward.backends.outbound.inbox import MemoryInbox
from doorward.backends.outbound.logouts import LogoutCarrier
from doorward.backends.outbound.relay import Relay, Relays
from doorward.backends.storage.store import Storage
from doorward.backends.storage.version import sqlite_path
from doorward.backends.verifiers.webauthn import WebAuthnVerifier
from doorward.identity.administrators import Administrators
from doorward.identity.blocked_accounts import BlockedAccounts
from doorward.identity.bot_detection import BotDetector
from doorward.identity.breach_detection import BreachDetection
from doorward.identity.captcha import Challenges
from doorward.identity.code_guard import CodeGuard
from doorward.identity.email_codes import EmailCodes
from doorward.identity.email_verification import EmailVerification
from doorward.identity.identifier_codes import IdentifierCodes
from doorward.identity.mfa.second_factors import SecondFactors
from doorward.identity.new_password import NewPasswords
from doorward.identity.passkeys import Passkeys
from doorward.identity.password_change import PasswordChange
from doorward.identity.password_login import PasswordLogin
from doorward.identity.passwordless import Passwordless
from doorward.identity.people import People
from doorward.identity.reset_codes import ResetCodes
from doorward.identity.signup import Signup
from doorward.identity.webauthn import Ceremonies
from doorward.management.kit.context import LARGEST_UPLOAD, REQUEST_BURST, LookUpTxt, Services
from doorward.management.tenants import Tenants
from doorward.model.directory import TenantDirectory
from doorward.model.document import Put
from doorward.oauth.bearer import BearerTokens
from doorward.oauth.login_assessment import NoAssessment
from doorward.ports import Clock, Entropy, HttpOut, LoginAssessor, Passwords, Ports
from doorward.web.asgi import MAX_ACTIVE, Application
from doorward.web.forwarded import Forwarded, Network
from doorward.web.router import Router
from doorward.web.routes import routes


class Doorward(Struct, frozen=True):
    """One server: its storage, its ports, what manages its tenants, and the ASGI application to run.

    ``relay`` sends what is in the outbox and fetches what the pages show; it is started by who serves.
    """

    storage: Storage
    ports: Ports
    services: Services
    application: Application
    background: BackgroundTasks
    relay: Relays

    async def start(self) -> None:
        await self.storage.start()

    async def stop(self) -> None:
        await self.background.stop()
        await self.relay.stop()
        await self.storage.stop()

    @property
    def tenants(self) -> Tenants:
        return Tenants(self.ports)

    async def create_tenant(self, id_: str, domain: str, more: Sequence[Put] = ()) -> TenantDirectory:
        """A brand-new tenant with its two signing keys, and ``more``, in one write. Raises ``ports.Conflict``."""
        return await self.tenants.create(id_, domain, more)


def build(
    database: str,
    *,
    root_key: bytes,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
    passwords: Passwords | None = None,
    password_change_revokes_refresh_tokens: bool = False,
    password_reset_asks_second_factor: bool = False,
    shared_database: bool = False,
    trusted_proxies: Sequence[Network] = (),
    trust_unix_socket: bool = False,
    max_active: int = MAX_ACTIVE,
    development: bool = False,
    look_up_txt: LookUpTxt | None = None,
    job_folder: Path | None = None,
    largest_import: int | None = None,
    logins_per_minute: int = 0,
    requests_per_second: float = 0.0,
    request_burst: int = REQUEST_BURST,
    log_retention_days: int = 0,
    mail_server: MailServer | None = None,
    inbox: MemoryInbox | None = None,
    http: HttpOut | None = None,
    reaches_loopback: bool = False,
    messages_per_address: int = 0,
    messages_per_tenant: int = 0,
    smtp_ports: Collection[int] = SMTP_PORTS,
    breached_passwords_url: str = "",
    login_assessor: LoginAssessor | None = None,
) -> Doorward:
    """Wire a server on ``database`` (a URL), its secrets sealed under ``root_key`` (32 bytes).

    ``trusted_proxies`` may say who their caller is; ``trust_unix_socket`` lets whoever connects that way.
    ``password_change_revokes_refresh_tokens`` goes further than Auth0, which ends the sessions only;
    ``password_reset_asks_second_factor`` is what an Action does there.
    ``max_active`` requests are worked on at a time.
    ``development`` is the laxness of ``doorward dev``: helpful answers that production does not give, and the
    operator's word for custom domains. ``look_up_txt`` asks something else than the system's DNS about them.
    ``job_folder`` keeps exported users for a day, and uploads while they are read; ``largest_import`` bounds an
    upload in bytes. One account may log in with its password ``logins_per_minute`` from one address, after twice as
    many at once; 0 sets no limit. A caller may make ``request_burst`` requests of the Management API at once and
    ``requests_per_second`` more each second; 0 sets no limit. Events of a tenant are kept for
    ``log_retention_days``; 0 keeps them for ever.
    ``mail_server`` sends the mail of tenants without a provider. With an ``inbox``, which a development server always
    has, nothing is sent and everything is there. Other servers are asked through ``http``, by default on the public
    internet only, or with ``reaches_loopback`` on this machine too. No more than ``messages_per_address`` and
    ``messages_per_tenant`` are sent in an hour; 0 sets no limit. SMTP servers of tenants are spoken to on
    ``smtp_ports``.
    Whether a password leaked is asked of the service at ``breached_passwords_url``, by the range protocol.
    ``login_assessor`` says what is thought of a login, for tenants with the policy ``confidence-score``; without one
    nobody is doubted.
    """
    clock = clock or SystemClock()
    entropy = entropy or SystemEntropy()
    files = JobFiles(job_folder or _job_folder(database), clock)
    storage = Storage(
        database,
        root_key=root_key,
        clock=clock,
        entropy=entropy,
        shared=shared_database,
        log_retention_days=log_retention_days,
        sweep_files=files.remove_old,
    )
    inbox = MemoryInbox() if development and inbox is None else inbox
    reaches_loopback = reaches_loopback or development
    http = http or GuardedHttp(loopback=reaches_loopback)
    courier = Courier(
        storage.directory,
        storage.users,
        storage.log,
        storage.attempts,
        clock,
        http,
        server=mail_server,
        inbox=inbox,
        loopback=reaches_loopback,
        per_address=messages_per_address,
        per_tenant=messages_per_tenant,
        smtp_ports=smtp_ports,
    )
    jose = JoseBackend()
    logouts = LogoutCarrier(storage.directory, jose, clock, http)
    fetcher = AssetFetcher(storage.directory, storage.assets, storage.one_time_values, clock, http)
    relay = Relays([*(Relay(storage.outbox, clock, carrier) for carrier in (courier, logouts)), fetcher])
    hasher = passwords or PasswordHasher()
    background = BackgroundTasks()
    breached = RangeService(breached_passwords_url, http) if breached_passwords_url else NoBreachedPasswords()
    administrators = Administrators(clock, storage.directory, storage.log, storage.outbox, storage.one_time_values)
    storage.swept.append(administrators.count_leaks)
    breaches = BreachDetection(clock, storage.log, storage.one_time_values, breached, administrators)
    blocked = BlockedAccounts(clock, entropy, storage.users, storage.tickets, storage.outbox, storage.one_time_values)
    bots = BotDetector(clock, storage.attempts, storage.log)
    login = PasswordLogin(
        clock,
        entropy,
        storage.users,
        storage.attempts,
        storage.tickets,
        storage.log,
        hasher,
        breaches=breaches,
        blocked=blocked,
        bots=bots,
        administrators=administrators,
        logins_per_minute=logins_per_minute,
    )
    code_guard = CodeGuard(clock, storage.users, storage.challenges, storage.log, login)
    passwordless = Passwordless(
        clock,
        entropy,
        storage.users,
        storage.challenges,
        storage.attempts,
        storage.log,
        code_guard,
        administrators,
    )
    methods, one_time_values = storage.authentication_methods, storage.one_time_values
    ceremonies = Ceremonies(clock, entropy, WebAuthnVerifier(), methods, one_time_values)
    passwords_chosen = NewPasswords(clock, storage.users, hasher, breaches)
    verification = EmailVerification(clock, entropy, storage.users, storage.tickets, storage.log)
    signup = Signup(
        clock,
        entropy,
        storage.directory,
        storage.users,
        storage.attempts,
        storage.log,
        passwords_chosen,
        verification,
        bots,
        administrators,
    )
    ports = Ports(
        clock=clock,
        entropy=entropy,
        directory=storage.directory,
        snapshots=storage.snapshots,
        root_credential=storage.root_credential,
        codes=storage.codes,
        refresh_tokens=storage.refresh_tokens,
        device_credentials=storage.device_credentials,
        pushed_requests=storage.pushed_requests,
        one_time_values=storage.one_time_values,
        users=storage.users,
        authentication_methods=storage.authentication_methods,
        remembered_browsers=storage.remembered_browsers,
        sessions=storage.sessions,
        transactions=storage.transactions,
        consents=storage.consents,
        organizations=storage.organizations,
        attempts=storage.attempts,
        jobs=storage.jobs,
        tickets=storage.tickets,
        challenges=storage.challenges,
        background=background,
        files=files,
        outbox=storage.outbox,
        inbox=inbox,
        http=http,
        assets=storage.assets,
        log=storage.log,
        jose=jose,
        keys=SigningKeyMaker(clock, entropy),
        passwords=hasher,
        breached_passwords=breached,
        authenticator=login,
        passwordless=passwordless,
        login_assessor=login_assessor or NoAssessment(),
        second_factors=SecondFactors(
            clock,
            entropy,
            methods,
            one_time_values,
            storage.challenges,
            storage.attempts,
            storage.log,
            ceremonies,
        ),
        passkeys=Passkeys(clock, entropy, ceremonies, methods, storage.users, one_time_values, storage.log, signup),
    )
    people = People(
        signup=signup,
        passwords=passwords_chosen,
        password_change=PasswordChange(
            ports,
            login,
            passwords_chosen,
            revokes_refresh_tokens=password_change_revokes_refresh_tokens,
            asks_second_factor=password_reset_asks_second_factor,
        ),
        email_verification=verification,
        email_codes=EmailCodes(ports),
        blocked_accounts=blocked,
        bots=bots,
        captcha=Challenges(clock, entropy, storage.attempts, storage.one_time_values, http),
        code_guard=code_guard,
        passwordless=passwordless,
        identifier_codes=IdentifierCodes(ports, code_guard),
        reset_codes=ResetCodes(ports, login, code_guard),
    )
    services = Services(
        ports=ports,
        people=people,
        verify=BearerTokens(clock, ports.jose).verify,
        read_public_key=read_public_key,
        check_template=_check_template,
        lookup_txt=look_up_txt or (None if development else dns.look_up_txt),
        password_change_revokes_refresh_tokens=password_change_revokes_refresh_tokens,
        largest_upload=largest_import or LARGEST_UPLOAD,
        requests_per_second=requests_per_second,
        request_burst=request_burst,
    )
    application = Application(
        Router(routes(services, development=development)),
        ports.directory,
        forwarded=Forwarded(trusted_proxies, unix_socket=trust_unix_socket),
        strict_transport=not development,
        names_tenants=development,
        max_active=max_active,
    )
    return Doorward(storage, ports, services, application, background, relay)


def _check_template(source: str) -> str | None:
    from doorward.liquid_templates import check  # Liquid takes long to import

    return check(source)


def _job_folder(database: str) -> Path:
    """Beside the database file; without one, in the folder for temporary files."""
    path = sqlite_path(database)
    if path is not None:
        return path.with_name(f"{path.name}.jobs")
    return Path(tempfile.gettempdir()) / f"doorward-jobs-{os.getuid()}"
