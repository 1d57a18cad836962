"""When a second factor is asked for, as one pure function: of the tenant's policies, of what the application asked for,
of what the person has, and of what was proved already. The reasons are the decision trace's (field ``mfa``).
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from doorward.model.mfa import FACTORS, MULTI_FACTOR, MfaProgress, Standing
from doorward.oauth.token_rules import Reason


class Satisfied(Struct, frozen=True):
    """Nothing to ask."""

    reason: Reason


class Challenge(Struct, frozen=True):
    """A second factor has to be proved, or taken on first (``enrolls``), one of ``factors``, in order."""

    factors: tuple[str, ...]
    enrolls: bool
    reason: Reason

    @property
    def progress(self) -> MfaProgress:
        """The login as it begins with this. Where there is a choice to be made before anything is enrolled, nothing
        is chosen yet."""
        chosen = "" if self.enrolls and len(self.factors) > 1 else self.factors[0]
        return MfaProgress(factors=self.factors, enrolls=self.enrolls, factor=chosen)

    @property
    def screen(self) -> str:
        """The name of the screen that asks."""
        progress = self.progress
        if not progress.factor:
            return "mfa-begin-enroll-options"
        factor = FACTORS[progress.factor]
        return factor.enrollment if self.enrolls else factor.challenge


def demand(
    policies: Collection[str], acr_values: Collection[str] = (), *, confident: bool = True
) -> tuple[Reason, bool] | None:
    """Why a second factor is wanted, and whether it has to be proved anew for this very request; ``None`` where it is
    not. ``confident`` is what is thought of a login under the policy ``confidence-score``."""
    if MULTI_FACTOR in acr_values:
        return Reason("mfa", "mfa.acr_values", True), True
    if "all-applications" in policies:
        return Reason("mfa", "mfa.policy", True), False
    if "confidence-score" in policies and not confident:
        return Reason("mfa", "mfa.low_confidence", True), False
    return None


def decide(
    wanted: tuple[Reason, bool] | None,
    standing: Standing,
    *,
    proved_now: bool = False,
    proved_in_session: bool = False,
    remembered: bool = False,
) -> Satisfied | Challenge:
    """What follows from the ``demand``.

    ``proved_now`` is a proof in this very transaction, ``proved_in_session`` an earlier one; ``remembered``: in this
    browser the person proved one and asked to be believed.
    """

    def satisfied(rule: str) -> Satisfied:
        return Satisfied(Reason("mfa", rule, False))

    if wanted is None:
        return satisfied("mfa.not_required")
    reason, anew = wanted
    if proved_now:
        return satisfied("mfa.proved_now")
    if proved_in_session and not anew:
        return satisfied("mfa.session")
    if standing.challenges:
        if remembered and not anew:
            return satisfied("mfa.remembered_browser")
        return Challenge(standing.challenges, False, reason)
    if standing.enrollable:
        return Challenge(standing.enrollable, True, Reason("mfa", "mfa.enrollment", True))
    return satisfied("mfa.no_factor")
