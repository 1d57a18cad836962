"""When a person is asked for consent, and what remembered consent covers."""

from __future__ import annotations

from doorward.model.client import Client
from doorward.model.session import ConsentGrant
from doorward.oauth.token_policy import TokenPlan


def consent_is_for(plan: TokenPlan, client: Client) -> bool:
    """Whether tokens of this plan rest on consent at all (Auth0: user consent and third-party
    applications)."""
    if not client.is_first_party:
        return True
    if plan.api is None:
        return False
    return not plan.api.skip_consent_for_verifiable_first_party_clients


def is_covered(plan: TokenPlan, remembered: ConsentGrant | None) -> bool:
    """Whether consent given before covers every scope of the plan."""
    return remembered is not None and set(plan.scope) <= set(remembered.scope)
