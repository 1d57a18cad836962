"""When a second factor is asked for, as one pure function: of the tenant's policies, of what the application asked for,
of what the person has, and of what was proved already. The reasons are the decision trace's (field ``mfa``).
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from doorward.model.directory import TenantDirectory
from doorward.model.mfa import EMAIL, FACTORS, MULTI_FACTOR, ChallengeType, MfaProgress, Standing, screen_of_way, ways
from doorward.model.tenant import Issuer
from doorward.oauth.errors import UnmetAuthenticationRequirements
from doorward.oauth.token_policy import called
from doorward.oauth.token_rules import Reason

RECENT = 900.0  # seconds within which a login or a second factor counts for the My Account API


class Satisfied(Struct, frozen=True):
    """Nothing to ask; ``lacks_factor``: a factor is wanted, and the person has none to prove."""

    reason: Reason
    lacks_factor: bool = False


class Challenge(Struct, frozen=True):
    """A second factor has to be proved, or taken on first (``enrolls``), one of ``factors``, the most secure first;
    ``listed``: of several to take on, people are asked which."""

    factors: tuple[str, ...]
    enrolls: bool
    reason: Reason
    listed: bool = False

    @property
    def progress(self) -> MfaProgress:
        """The login as it begins with this. Nothing is chosen yet where people choose what to take on, nor where it
        depends on what their browser can have."""
        offered = ways(self.factors)
        keys = any(FACTORS[name].type is ChallengeType.WEBAUTHN for name in self.factors)
        if self.enrolls and len(offered) > 1 and (self.listed or keys):
            return MfaProgress(factors=self.factors, enrolls=True)
        way = offered[0] if self.enrolls else self.factors[0]
        return MfaProgress(factors=self.factors, enrolls=self.enrolls, factor=self.factors[0], way=way)

    @property
    def screen(self) -> str:
        """The name of the screen that asks."""
        progress = self.progress
        if not progress.factor:
            return "mfa-begin-enroll-options"
        return screen_of_way(progress.way, enrolls=self.enrolls)


class Demand(Struct, frozen=True):
    """A second factor is wanted: ``anew`` for this very request, whatever was proved before, or proved ``within`` so
    many seconds; ``enrolls`` of those who have none yet, too. One that ``weighs`` is for a login that is doubted, and
    ``settled`` for one that is not."""

    reason: Reason
    anew: bool = False
    within: float | None = None
    enrolls: bool = True
    weighs: bool = False
    settled: Reason | None = None

    def is_met(self, proved_at: float | None, now: float) -> bool:
        """Whether a factor that was proved then (epoch seconds) is enough."""
        return proved_at is not None and not self.anew and (self.within is None or now - proved_at <= self.within)


def manages(directory: TenantDirectory, audience: str | None, resource: str | None) -> bool:
    """Whether a token that is asked for so may turn out to be one for the MFA API."""
    return directory.tenant.mfa_audience in (audience, resource, directory.settings.default_audience)


def assured(directory: TenantDirectory, issuer: Issuer, audience: str | None, resource: str | None) -> bool:
    """The same for the My Account API, where it has a policy of its own (``authorization_policy``; there is one)."""
    own = directory.tenant.my_account_audience
    api = directory.resource_servers.get(own)
    if api is None or api.authorization_policy is None:
        return False
    named = [name for name in (audience, resource) if name] or [directory.settings.default_audience]
    return any(called(name, directory.tenant, issuer) == own for name in named if name)


def demand(
    policies: Collection[str],
    acr_values: Collection[str] = (),
    *,
    manages_factors: bool = False,
    assured: bool = False,
) -> Demand | None:
    """Why a second factor is wanted; ``None`` where it is not.

    ``manages_factors``: the token is to change what factors somebody has; ``assured``: the API has a policy of its
    own. Under the policy ``confidence-score`` it depends on what is thought of the login.
    """
    if MULTI_FACTOR in acr_values:
        return Demand(Reason("mfa", "mfa.acr_values", True), anew=True)
    always = "all-applications" in policies
    if manages_factors:
        return Demand(Reason("mfa", "mfa.manages_factors", True), anew=True, enrolls=always)
    if assured:
        return Demand(Reason("mfa", "mfa.assurance", True), within=RECENT, enrolls=always)
    if always:
        return Demand(Reason("mfa", "mfa.policy", True))
    if "confidence-score" in policies:
        return Demand(Reason("mfa", "mfa.low_confidence", True), weighs=True)
    return None


def decide(
    wanted: Demand | None,
    standing: Standing,
    *,
    proved_now: bool = False,
    proved_in_session: bool = False,
    remembered: bool = False,
    listed: bool = False,
) -> Satisfied | Challenge:
    """What follows from the ``demand``.

    ``proved_now`` is a proof in this very transaction, ``proved_in_session`` an earlier one that is no older than is
    wanted; ``remembered``: in this browser the person proved one and asked to be believed. ``listed``: the tenant lets
    people choose what they take on (``mfa_show_factor_list_on_enrollment``).
    """

    def satisfied(rule: str, *, lacks_factor: bool = False) -> Satisfied:
        return Satisfied(Reason("mfa", rule, False), lacks_factor)

    if wanted is None:
        return satisfied("mfa.not_required")
    if wanted.settled is not None:
        return Satisfied(wanted.settled)
    if proved_now:
        return satisfied("mfa.proved_now")
    if proved_in_session and not wanted.anew:
        return satisfied("mfa.session")
    if standing.challenges:
        if remembered and not wanted.anew and wanted.within is None:
            return satisfied("mfa.remembered_browser")
        return Challenge(standing.challenges, False, wanted.reason)
    if not wanted.enrolls:
        return satisfied("mfa.not_required" if wanted.anew else "mfa.unassured", lacks_factor=True)
    if standing.enrollable:
        rule = "mfa.enrollment_list" if listed and len(ways(standing.enrollable)) > 1 else "mfa.enrollment"
        return Challenge(standing.enrollable, True, Reason("mfa", rule, wanted.reason.value), listed)
    return satisfied("mfa.no_factor", lacks_factor=True)


def before_password_reset(factors: tuple[str, ...]) -> Challenge:
    """One of ``factors`` is proved before a forgotten password is replaced; nobody takes one on by such a link."""
    return Challenge(factors, False, Reason("mfa", "mfa.password_reset", True))


def by_enrollment_ticket(standing: Standing, factor: str | None, *, listed: bool = False) -> Challenge | None:
    """What may be taken on by a link that names a ``factor`` as ``POST /guardian/enrollments/ticket`` does; ``None``
    where the tenant does not offer that. ``listed`` as in ``decide``."""
    offered = (EMAIL.name,) if factor == EMAIL.name and standing.mailbox else standing.enrollable
    factors = tuple(name for name in offered if factor in (None, FACTORS[name].requirement))
    return Challenge(factors, True, Reason("mfa", "mfa.enrollment_ticket", True), listed) if factors else None


def unmet(*reasons: Reason) -> UnmetAuthenticationRequirements:
    """The refusal where a recent factor is wanted, there is none to prove, and the login is no recent one either."""
    return UnmetAuthenticationRequirements(
        "The user has to log in again",
        hint="The user has no second factor, so a login is good for 15 minutes with the My Account API.",
        reasons=(Reason("mfa", "mfa.unmet", True, refused=True), *reasons),
    )
