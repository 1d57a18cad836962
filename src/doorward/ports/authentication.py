"""Who proves to be whom, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from doorward.model.authentication import PasswordOutcome
from doorward.model.client import Client
from doorward.model.connection import Connection
from doorward.model.counter import Counter
from doorward.model.directory import TenantDirectory
from doorward.model.login_assessment import AssessedLogin, Confidence
from doorward.model.mfa import Factor, MfaSubject, OtpEnrollment, Outcome, Standing
from doorward.model.passkey import Enrollment, Newcomer, PasskeyLogin, PasskeyState
from doorward.model.request_context import RequestContext
from doorward.model.user import User
from doorward.model.webauthn import Assertion, RegisteredKey, RelyingParty


class Attempts(Protocol):
    """Counters of failed attempts; atomic across nodes."""

    async def count(self, tenant: str, key: str) -> int:
        """Failures counted so far."""

    async def look(self, tenant: str, keys: Sequence[str]) -> Mapping[str, Counter]:
        """The counters under these keys, in one read; a key nothing is counted under is left out."""

    async def fail(self, tenant: str, key: str, *, at: float, window: float) -> int:
        """Count one failure and return the new number; a counter untouched for ``window`` seconds starts again."""

    async def admit(self, tenant: str, key: str, *, at: float, interval: float, burst: int) -> bool:
        """Let one through of those who come under a key: ``burst`` at once, and one more every ``interval`` seconds.
        ``False`` for one too many, which does not count."""

    async def clear(self, tenant: str, prefix: str) -> int:
        """Forget all counters whose key starts with ``prefix``; returns how many there were."""

    async def matching(self, tenant: str, prefix: str, suffix: str = "") -> list[tuple[str, int]]:
        """Keys that start with ``prefix`` and end in ``suffix``, and their counts."""


class Passwords(Protocol):
    """Password hashing in a bounded pool of its own; raises ``Overloaded`` when that is full."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, stored: str | None) -> tuple[bool, bool]:
        """(right, needs rehash). ``None`` verifies against a dummy, so an unknown user costs the same."""


class BreachedPasswords(Protocol):
    """A list of passwords that leaked somewhere."""

    async def is_breached(self, password: str) -> bool:
        """``False`` also where nobody could be asked: nobody is kept out because a service is down."""


class Authenticator(Protocol):
    """The person, as the protocol asks for them; ``identity`` answers."""

    async def password(
        self,
        directory: TenantDirectory,
        connection: Connection,
        username: str,
        password: str,
        context: RequestContext,
        *,
        verified: bool = False,
    ) -> PasswordOutcome:
        """Check an identifier and a password against one database connection: counts failures,
        logs them, and upgrades old hashes. ``verified`` says that a page asked for a challenge where bot detection
        wants one. Raises ``Overloaded`` when hashing is full."""

    async def identify(self, directory: TenantDirectory, connection: Connection, username: str) -> User | None:
        """Whom an identifier names in one database connection; no password is checked, nothing is counted."""


class CodeAuthenticator(Protocol):
    """The person who gives back a code they were sent, as the protocol asks for them; ``identity`` answers."""

    async def code(
        self,
        directory: TenantDirectory,
        connection: Connection,
        client: Client,
        username: str,
        code: str,
        context: RequestContext,
    ) -> PasswordOutcome:
        """Check an address and the code ``client`` had sent to it over a passwordless connection: spends it, counts
        and logs failures, and makes a user of somebody who is new."""


class LoginAssessor(Protocol):
    """What is thought of logins; asked only where the policy of a tenant is ``confidence-score``."""

    async def assess(self, directory: TenantDirectory, login: AssessedLogin) -> Confidence:
        """Whether a login is believed without a second factor. Asked again for each request of a session until a
        factor is proved in it. What it raises ends the login; nothing waits longer than it does."""


class SecondFactors(Protocol):
    """A second factor of a person; ``identity`` answers. Every code that is tried counts against the factor until a
    right one comes, and is logged."""

    async def standing(self, directory: TenantDirectory, user: User) -> Standing:
        """What somebody can be challenged with, or enrol in."""

    def otp_enrollment(self, subject: MfaSubject) -> OtpEnrollment:
        """What an authenticator app is set up with: the same as long as the binding is."""

    async def enroll_otp(self, subject: MfaSubject, code: str, *, first: bool = True) -> Outcome:
        """Keep the authenticator app that shows ``code``; with a first factor comes a recovery code, where the tenant
        has them. ``first``: nobody who has a factor already may add one this way."""

    async def prove_otp(self, subject: MfaSubject, code: str) -> Outcome: ...

    async def send_code(
        self, subject: MfaSubject, factor: Factor, address: str, handle: str, *, enrolls: bool
    ) -> Outcome:
        """Send a code to be given back under ``handle``: to prove the factor, or to enrol in it. ``RIGHT`` when it is
        under way, ``TOO_MANY`` when too many were sent already."""

    async def prove_code(self, subject: MfaSubject, factor: Factor, handle: str, code: str) -> Outcome:
        """Give back the code that was sent for ``handle``."""

    async def enroll_address(
        self, subject: MfaSubject, factor: Factor, handle: str, code: str, *, first: bool = True
    ) -> Outcome:
        """Keep the number or the e-mail address the code of ``handle`` was sent to, as ``enroll_otp`` keeps an app."""

    async def prove_recovery_code(self, subject: MfaSubject, code: str) -> Outcome:
        """A right one is spent, and another takes its place."""

    def coming_recovery_code(self, subject: MfaSubject) -> str | None:
        """The recovery code that will come with a first factor; ``None`` where the tenant has them switched off."""

    async def new_recovery_code(self, subject: MfaSubject) -> str:
        """Put another recovery code in the place of the one there was."""

    async def key_enrollment(self, subject: MfaSubject, factor: str) -> dict[str, Any]:
        """``PublicKeyCredentialCreationOptions`` (JSON) for a key as second factor, ``webauthn-roaming`` or
        ``webauthn-platform``."""

    async def enroll_key(
        self, subject: MfaSubject, factor: str, answer: str, *, first: bool = True
    ) -> tuple[Outcome, str]:
        """Keep the key an authenticator made; with what came of it, the id of the method."""

    async def key_challenge(self, subject: MfaSubject, factor: str) -> dict[str, Any]:
        """``PublicKeyCredentialRequestOptions`` (JSON) for the keys somebody has."""

    async def prove_key(self, subject: MfaSubject, factor: str, answer: str) -> Outcome: ...

    async def name_key(self, subject: MfaSubject, method: str, name: str) -> bool:
        """Call a key of the person something; ``False`` when it is gone."""

    def key_failed(self, subject: MfaSubject, factor: str, why: str, *, enrolls: bool) -> None:
        """Note what a browser says went wrong."""

    async def keeps_recovery_code(self, subject: MfaSubject) -> None:
        """The person says that they keep the one that was shown."""

    async def renewed_recovery_code(self, subject: MfaSubject) -> str | None:
        """Another one in the place of one that nobody says they keep, to be shown; ``None`` where there is no such."""

    async def recovery_code(self, subject: MfaSubject) -> str | None:
        """The recovery code this binding gave, to be shown; ``None`` when it gave none, or it is not good any more."""


class Passkeys(Protocol):
    """A key in the place of a password; ``identity`` answers. ``binding`` is the digest of the login it happens in.
    An answer is the JSON of a ``PublicKeyCredential``, as text or read."""

    def request(
        self, directory: TenantDirectory, hostname: str, binding: bytes, *, seconds: float | None = None
    ) -> dict[str, Any]:
        """``PublicKeyCredentialRequestOptions`` (JSON) for whichever passkey somebody has for a host (with its
        port). ``seconds`` is how long it may be answered, where that is not as long as a login."""

    async def prove(
        self,
        directory: TenantDirectory,
        connections: Sequence[Connection],
        given: str | dict[str, Any],
        binding: bytes,
        context: RequestContext,
        client: Client,
        *,
        embedded: bool = False,
    ) -> PasskeyLogin:
        """Whose passkey answered, in one of ``connections``. ``embedded``: in the client's own pages or applications.
        A refusal is logged."""

    async def state(
        self, directory: TenantDirectory, connection: Connection, user: User, hostname: str
    ) -> PasskeyState: ...

    async def creation(self, subject: MfaSubject, *, local: bool = False) -> dict[str, Any]:
        """``PublicKeyCredentialCreationOptions`` (JSON) for a new passkey; ``local``: on this device."""

    async def enroll(self, subject: MfaSubject, place: int, given: str | dict[str, Any]) -> Enrollment:
        """Keep the passkey an authenticator made, for the identity at ``place``."""

    async def new_account(self, newcomer: Newcomer, *, seconds: float) -> dict[str, Any]:
        """``PublicKeyCredentialCreationOptions`` (JSON) for somebody who has no account yet, good for so many
        ``seconds``. Raises ``SignupImpossible``."""

    def first(self, newcomer: Newcomer) -> dict[str, Any]:
        """The same on a login page, where whether there is an account is told after the passkey was made."""

    async def sign_up(self, newcomer: Newcomer, given: str | dict[str, Any]) -> User | None:
        """The new account, with the passkey an authenticator made; ``None`` where that proves nothing. Raises
        ``SignupImpossible``, and ``AnsweredBefore`` where the same made it already, or is about to."""

    def failed(self, subject: MfaSubject, why: str) -> None:
        """Note what a browser says went wrong with a new passkey."""

    async def postpone(self, directory: TenantDirectory, user: User, *, for_good: bool) -> None:
        """Somebody wants no passkey now; nobody asks again for a month, or ever."""


class WebAuthn(Protocol):
    """What authenticators answer (W3C Web Authentication §7): challenge, origin, relying party, presence, signature.

    ``answer`` is the JSON of a ``PublicKeyCredential``. ``verified``: the authenticator has to know the person.
    """

    def registered(
        self, answer: Mapping[str, Any], party: RelyingParty, *, challenge: bytes, verified: bool
    ) -> RegisteredKey:
        """The key that was made, of one of ``model.webauthn.ALGORITHMS``. Raises ``InvalidAnswer``."""

    def asserted(
        self, answer: Mapping[str, Any], party: RelyingParty, *, challenge: bytes, public_key: str, verified: bool
    ) -> Assertion:
        """What was proved with a key that is known (a COSE key in base64). Raises ``InvalidAnswer``. How often it was
        used before is the caller's to compare."""
