"""The ids of people who sign up on a page."""

from __future__ import annotations

from doorward.identity.signup import SignupForm, identity_in
from doorward.model.connection import Connection


def test_one_form_makes_one_account_in_each_connection_and_login() -> None:
    people, guests = (Connection(id=f"con_{name}", name=name, strategy="auth0") for name in ("people", "guests"))
    form, same = (SignupForm(email=email, password="Correct-Horse-9") for email in ("a@b.test", " A@B.test"))
    made = identity_in(b"login", people, form)
    assert len(made) == 24
    assert identity_in(b"login", people, same) == made
    assert identity_in(b"login", guests, form) != made
    assert identity_in(b"another", people, form) != made
    assert identity_in(b"login", people, SignupForm(username="a@b.test")) != made
