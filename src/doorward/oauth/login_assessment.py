"""The policy ``confidence-score``: a second factor is asked for where a login is doubted."""

from __future__ import annotations

from msgspec.structs import replace

from doorward.model.directory import TenantDirectory
from doorward.model.login_assessment import AssessedLogin, Confidence
from doorward.oauth.mfa_policy import Demand
from doorward.oauth.token_rules import Reason
from doorward.ports import LoginAssessor

MAX_REASON = 200
CONFIDENT = Reason("mfa", "mfa.confident", False)


class NoAssessment:
    """``ports.LoginAssessor`` that doubts nobody."""

    async def assess(self, directory: TenantDirectory, login: AssessedLogin) -> Confidence:
        return Confidence(True)


async def weighed(wanted: Demand, directory: TenantDirectory, login: AssessedLogin, assessor: LoginAssessor) -> Demand:
    """The demand of a policy that ``weighs``, once it is said what is thought of the login."""
    confidence = await assessor.assess(directory, login)
    reason = confidence.reason[:MAX_REASON]
    if confidence.confident:
        return replace(wanted, settled=Reason("mfa", "mfa.confident", reason or False))
    return replace(wanted, reason=Reason("mfa", "mfa.low_confidence", reason or True))
