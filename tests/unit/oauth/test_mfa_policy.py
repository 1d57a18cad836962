"""When a second factor is asked for: every row of the decision."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from doorward.model.mfa import MULTI_FACTOR, Enrolled, Standing
from doorward.oauth.login_assessment import CONFIDENT
from doorward.oauth.mfa_policy import Challenge, Satisfied, decide, demand
from doorward.oauth.request_rules import ALL_RULES

ALWAYS, ADAPTIVE = ("all-applications",), ("confidence-score",)
ENROLLED = Standing(enrolled=(Enrolled("otp", "dev_1"), Enrolled("recovery-code", "dev_2")), enrollable=("otp",))
NEW = Standing(enrollable=("otp",))
ONLY_RECOVERY = Standing(enrolled=(Enrolled("recovery-code", "dev_2"),), enrollable=("otp",))
NONE = Standing()


@pytest.mark.parametrize(
    ("policies", "acr", "confident", "standing", "proved", "rule", "asks"),
    [
        ((), (), True, ENROLLED, {}, "mfa.not_required", None),
        ((), ("urn:other",), True, ENROLLED, {}, "mfa.not_required", None),
        (ADAPTIVE, (), True, ENROLLED, {}, "mfa.confident", None),
        (ADAPTIVE, (), False, ENROLLED, {}, "mfa.low_confidence", "challenge"),
        (ALWAYS, (), True, ENROLLED, {}, "mfa.policy", "challenge"),
        (ALWAYS, (), True, NEW, {}, "mfa.enrollment", "enroll"),
        (ALWAYS, (), True, ONLY_RECOVERY, {}, "mfa.enrollment", "enroll"),
        (ALWAYS, (), True, NONE, {}, "mfa.no_factor", None),
        (ALWAYS, (), True, ENROLLED, {"proved_in_session": True}, "mfa.session", None),
        (ALWAYS, (), True, ENROLLED, {"remembered": True}, "mfa.remembered_browser", None),
        (ALWAYS, (), True, NEW, {"remembered": True}, "mfa.enrollment", "enroll"),
        (ALWAYS, (), True, ENROLLED, {"proved_now": True}, "mfa.proved_now", None),
        ((), (MULTI_FACTOR,), True, ENROLLED, {}, "mfa.acr_values", "challenge"),
        ((), (MULTI_FACTOR,), True, NEW, {}, "mfa.enrollment", "enroll"),
        ((), (MULTI_FACTOR,), True, ENROLLED, {"proved_in_session": True}, "mfa.acr_values", "challenge"),
        ((), (MULTI_FACTOR,), True, ENROLLED, {"remembered": True}, "mfa.acr_values", "challenge"),
        ((), (MULTI_FACTOR,), True, ENROLLED, {"proved_now": True}, "mfa.proved_now", None),
    ],
)
def test_the_decision(
    policies: tuple[str, ...],
    acr: tuple[str, ...],
    confident: bool,
    standing: Standing,
    proved: dict[str, bool],
    rule: str,
    asks: str | None,
) -> None:
    wanted = demand(policies, acr)
    if wanted is not None and wanted.weighs and confident:
        wanted = replace(wanted, settled=CONFIDENT)
    decision = decide(wanted, standing, **proved)
    assert (decision.reason.field, decision.reason.rule) == ("mfa", rule)
    assert rule in ALL_RULES
    assert isinstance(decision, Satisfied if asks is None else Challenge)
    if isinstance(decision, Challenge):
        assert decision.enrolls == (asks == "enroll")


def test_who_changes_factors_proves_one_and_who_has_none_need_not() -> None:
    wanted = demand((), manages_factors=True)
    assert isinstance(decide(wanted, ENROLLED), Challenge)
    assert decide(wanted, NEW).reason.rule == "mfa.not_required"


@pytest.mark.parametrize(
    ("enrollable", "listed", "rule", "screen", "chosen"),
    [
        (("otp",), False, "mfa.enrollment", "mfa-otp-enrollment-qr", ("otp", "otp")),
        (("otp",), True, "mfa.enrollment", "mfa-otp-enrollment-qr", ("otp", "otp")),
        (("otp", "sms"), False, "mfa.enrollment", "mfa-otp-enrollment-qr", ("otp", "otp")),
        (("otp", "sms"), True, "mfa.enrollment_list", "mfa-begin-enroll-options", ("", "")),
        (("sms", "voice"), True, "mfa.enrollment", "mfa-phone-enrollment", ("sms", "phone")),
        (("webauthn-roaming",), False, "mfa.enrollment", "mfa-webauthn-roaming-enrollment", ("webauthn-roaming",) * 2),
        # Whether the browser can have a key is found out from there.
        (("webauthn-roaming", "otp"), False, "mfa.enrollment", "mfa-begin-enroll-options", ("", "")),
        (("webauthn-roaming", "otp"), True, "mfa.enrollment_list", "mfa-begin-enroll-options", ("", "")),
    ],
)
def test_the_most_secure_factor_is_enrolled_or_one_is_chosen_where_the_tenant_lets_people(
    enrollable: tuple[str, ...], listed: bool, rule: str, screen: str, chosen: tuple[str, str]
) -> None:
    decision = decide(demand(ALWAYS), Standing(enrollable=enrollable), listed=listed)
    assert isinstance(decision, Challenge)
    assert (decision.reason.rule, decision.screen) == (rule, screen)
    assert (decision.progress.factor, decision.progress.way) == chosen
    assert decision.progress.factors == enrollable
    assert rule in ALL_RULES


def test_the_first_factor_is_asked_for_and_the_others_can_be_chosen() -> None:
    asked = decide(demand(ALWAYS), ENROLLED)
    assert isinstance(asked, Challenge)
    assert asked.screen == "mfa-otp-challenge"
    assert asked.progress.factors == ("otp", "recovery-code")


def test_the_my_account_api_wants_a_factor_of_late_where_there_is_one() -> None:
    wanted = demand(ALWAYS, assured=True)
    assert wanted is not None
    assert (wanted.is_met(100.0, 1000.0), wanted.is_met(99.0, 1000.0), wanted.is_met(None, 0.0)) == (True, False, False)
    assert decide(wanted, ENROLLED).reason.rule == "mfa.assurance"
    assert decide(wanted, ENROLLED, proved_in_session=True).reason.rule == "mfa.session"
    assert isinstance(decide(wanted, ENROLLED, remembered=True), Challenge)
    assert decide(wanted, NEW).reason.rule == "mfa.enrollment", "the tenant wants everybody to have one"
    assert decide(demand((), assured=True), NEW).reason.rule == "mfa.unassured"
    anew = demand((), (MULTI_FACTOR,), assured=True)
    assert anew is not None
    assert not anew.is_met(1000.0, 1000.0)
