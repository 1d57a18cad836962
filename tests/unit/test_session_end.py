"""What ends with what, as one table says it."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.model.session_end import ENDS, Cause, Initiator, Reach, changed_account


def test_every_cause_is_in_the_table() -> None:
    assert set(ENDS) == set(Cause)


def test_applications_are_told_exactly_when_sessions_end() -> None:
    for cause, ends in ENDS.items():
        assert (ends.initiator is None) is (ends.sessions is Reach.NONE), cause


def test_only_an_identity_provider_can_log_out_as_one() -> None:
    """Every other initiator is the reason of something that can happen."""
    assert set(Initiator) - {ends.initiator for ends in ENDS.values()} == {Initiator.IDP_LOGOUT}


def test_refresh_tokens_go_no_further_than_sessions() -> None:
    """An application goes with its own tokens; everything else that ends tokens ends the sessions they are of."""
    for cause, ends in ENDS.items():
        if cause is not Cause.CLIENT_DELETED:
            assert ends.refresh_tokens is not Reach.ALL or ends.sessions is Reach.ALL, cause


@pytest.mark.parametrize(
    ("change", "more", "cause"),
    [
        ({}, {}, None),
        ({"name": "Ada"}, {}, None),
        ({"email": "b@x.test"}, {}, Cause.EMAIL_CHANGED),
        ({"email": "b@x.test", "email_verified": False}, {}, Cause.EMAIL_CHANGED),
        ({"email_verified": False}, {}, Cause.IDENTIFIER_CHANGED),
        ({"username": "b"}, {}, Cause.IDENTIFIER_CHANGED),
        ({"phone_number": "+1"}, {}, Cause.IDENTIFIER_CHANGED),
        ({"email": "b@x.test"}, {"password": True}, Cause.PASSWORD_CHANGED),
        ({"email": "b@x.test"}, {"password": True, "blocked": True}, Cause.BLOCKED),
    ],
)
def test_what_a_changed_account_is(change: dict[str, Any], more: dict[str, bool], cause: Cause | None) -> None:
    before = {"email": "a@x.test", "email_verified": True}
    assert changed_account(before, {**before, **change}, **more) is cause
