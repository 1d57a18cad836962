"""Sessions, the login transaction a browser is in, and remembered consent."""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec import Struct

from doorward.model.mfa import SHOWN_AFTER, MfaProgress
from doorward.model.request_context import RequestContext
from doorward.model.tenant import TenantSettings
from doorward.model.ticket import OpenedTicket


class Session(Struct, frozen=True, kw_only=True):
    """An SSO session on one host. Times are epoch seconds.

    ``sid`` is public (the ID token carries it); the cookie value is another secret, stored as
    ``cookie_hash`` only. One that is not ``persistent`` ends with the browser, and has shorter limits.
    ``idle_lifetime`` (seconds) is the longest idle time it was made with. ``ip`` and ``user_agent`` are
    those of the sign-in, ``last_ip`` and ``last_user_agent`` of its last use. ``mfa_at`` is when the person
    last proved a second factor in it.
    """

    sid: str
    cookie_hash: bytes
    host: str
    user_id: str
    connection: str
    authenticated_at: float
    created_at: float
    last_interacted_at: float
    idle_expires_at: float
    expires_at: float
    idle_lifetime: float
    persistent: bool = True
    clients: tuple[str, ...] = ()
    ip: str = ""
    user_agent: str = ""
    last_ip: str | None = None
    last_user_agent: str | None = None
    mfa_at: float | None = None

    def is_live(self, host: str, now: float) -> bool:
        """Whether it still signs its user in on ``host`` at ``now`` (epoch seconds)."""
        return self.host == host and now < self.idle_expires_at and now < self.expires_at

    def touched(self, settings: TenantSettings, now: float, client_id: str, context: RequestContext) -> Session:
        """The session after an interaction with a client: the idle end moves, the absolute one never later.

        Limits that were shortened since act at once; longer ones are for new sessions.
        """
        idle, lifetime = settings.session_limits(persistent=self.persistent)
        idle = min(self.idle_lifetime, idle)
        end = min(self.expires_at, self.created_at + lifetime)
        return msgspec.structs.replace(
            self,
            last_interacted_at=now,
            idle_lifetime=idle,
            idle_expires_at=min(now + idle, end),
            expires_at=end,
            clients=self.clients if client_id in self.clients else (*self.clients, client_id),
            last_ip=context.ip,
            last_user_agent=context.user_agent,
        )


class SignIn(Struct, frozen=True, kw_only=True):
    """A person has just proved who they are: the session it makes, and the one it takes the place of.

    With ``renews`` it is the session they had in this browser, with another cookie: applications know it by its
    ``sid`` and go on.
    """

    session: Session
    replaces: str | None = None
    renews: bool = False


class Renewal(Struct, frozen=True):
    """A session as it is with another cookie, if that is still the one whose digest was ``cookie_hash``."""

    session: Session
    cookie_hash: bytes


class Step(StrEnum):
    """What an authorization transaction is waiting for."""

    LOGIN = "login"
    SIGNUP = "signup"
    MFA = "mfa"
    PASSKEY = "passkey"
    CONSENT = "consent"
    CONFIRMATION = "confirmation"


class Asked(Struct, frozen=True, omit_defaults=True):
    """One step a login waited at: the rule that asked for it, and when it was asked for and done (epoch seconds).
    ``amr`` is how (RFC 8176, ``phr`` for a passkey), where that is told."""

    step: Step
    rule: str
    at: float
    done_at: float | None = None
    amr: tuple[str, ...] = ()


class Identification(Struct, frozen=True, omit_defaults=True):
    """Who somebody says they are, in which ``connection``: what was ``given`` by its kind (``email``, ``phone_number``,
    ``username``; normalised), and what of it is ``verified`` by a code that came back in this login.

    ``asked`` is the kind whose code is waited for, ``channel`` how it was sent. ``identity`` is the id a new account
    will have in the connection, of somebody whose browser can make a passkey for it. Of one that ``resets`` a code
    leads to another password, and does not sign in; ``linked_at`` is when they were sent a link for that instead.
    """

    connection: str
    given: dict[str, str]
    verified: tuple[str, ...] = ()
    asked: str = ""
    channel: str = "email"
    identity: str = ""
    resets: bool = False
    linked_at: float = 0.0

    @property
    def address(self) -> str:
        """Where the code went that is waited for."""
        return self.given.get(self.asked, "")


class Typing(Struct, frozen=True):
    """What stood in the form of a ``screen`` (its name) that somebody left to choose the country of their number."""

    screen: str
    values: dict[str, str]


class LoginTransaction(Struct, frozen=True, kw_only=True):
    """An authorization request that waits for a person, kept on the server.

    ``id_hash`` is the digest of the ``state`` the pages carry, ``browser_hash`` of the cookie the
    transaction is bound to. ``parameters`` is the validated request as it came. ``username`` is
    the identifier entered so far, ``alias`` a user name chosen at signup; ``session_sid`` the
    session made or chosen in this transaction; ``authenticated_at`` is set once the person proved
    themselves **in this transaction**. ``interacted`` is true once any page was answered.
    ``country`` (``GB+44``) is what was chosen for a number that says who somebody is, ``typing`` what was typed then.
    ``at`` names a screen the person chose within the step, off the way it usually goes.
    ``identification`` is what is known of somebody who brings codes back, or is about to sign up.
    One that is ``vouched`` for had a challenge solved for what comes next, which takes no other.
    ``pending`` is the user and the connection of somebody who proved a password, and has to verify their address.
    ``asked`` is the scope the consent page showed, ``consented`` what was agreed to.
    ``mfa`` is how far the person is with a second factor, ``mfa_at`` when they proved one **in this transaction**.
    ``passkey`` is why the person may be offered a passkey after this login: they gave a password (``progressive``), or
    their passkey is on another device (``local``).
    ``pushed_request`` is the digest of the ``request_uri`` to spend. ``trail`` is every step so far, and why.
    With a ``ticket`` it is no login at all: somebody opened a link, and proves a second factor or takes one on. There
    is no session then, and no request that could be answered.
    """

    id_hash: bytes
    browser_hash: bytes
    host: str
    client_id: str
    parameters: dict[str, str]
    created_at: float
    expires_at: float
    step: Step = Step.LOGIN
    username: str | None = None
    alias: str | None = None
    country: str = ""
    typing: Typing | None = None
    at: str = ""
    pending: tuple[str, str] | None = None
    identification: Identification | None = None
    vouched: bool = False
    session_sid: str | None = None
    authenticated_at: float | None = None
    interacted: bool = False
    asked: tuple[str, ...] = ()
    asked_audience: str = ""
    consented: tuple[str, ...] | None = None
    pushed_request: bytes | None = None
    confirmed: bool = False
    mfa: MfaProgress | None = None
    mfa_at: float | None = None
    passkey: str = ""
    trail: tuple[Asked, ...] = ()
    ticket: OpenedTicket | None = None
    version: int = 0
    finished: bool = False

    @property
    def shows_what_came(self) -> bool:
        """Whether something is still to be shown of the second factor that was proved."""
        return self.step is Step.MFA and self.mfa_at is not None and self.at in SHOWN_AFTER

    def has_proved_for(self, ticket_hash: bytes) -> bool:
        """Whether a second factor was proved in it since this very link was opened."""
        return self.mfa_at is not None and self.ticket is not None and self.ticket.ticket_hash == ticket_hash

    def trail_until(self, now: float) -> tuple[Asked, ...]:
        """The trail, with what it ended at done ``now``."""
        return tuple(one if one.done_at else msgspec.structs.replace(one, done_at=now) for one in self.trail)

    def done_by(self, amr: tuple[str, ...], now: float) -> tuple[Asked, ...]:
        """The trail when what it ended at was done ``now``, in this way."""
        if not amr or not self.trail:
            return self.trail
        last = msgspec.structs.replace(self.trail[-1], done_at=now, amr=amr)
        return (*self.trail[:-1], last)

    def asked_for(self, step: Step, rule: str, now: float) -> tuple[Asked, ...]:
        """The trail when ``step`` is waited for from ``now`` on; the same step again adds nothing."""
        if self.trail and self.trail[-1].step is step and self.trail[-1].done_at is None:
            return self.trail
        return (*self.trail_until(now), Asked(step, rule, now))


class ConsentGrant(Struct, frozen=True, kw_only=True):
    """Consent a user gave one client for one audience: ``/api/v2/grants``."""

    id: str
    user_id: str
    client_id: str
    audience: str
    scope: tuple[str, ...] = ()
