"""What a password has to be, as a page lists it."""

from __future__ import annotations

from doorward.identity.password_policy import PasswordVerdict, judge
from doorward.model.connection import Connection
from doorward.web.login.pages import PasswordRule


def password_rules(connection: Connection | None, verdict: PasswordVerdict | None) -> tuple[PasswordRule, ...]:
    """The connection's password rules, with what is met once a password was judged."""
    if connection is None:
        return ()
    judged = verdict is not None
    rules = (verdict or judge("", connection)).rules
    return tuple(
        PasswordRule(
            rule["code"],
            count=rule.get("format", (0,))[0],
            items=tuple(
                PasswordRule(item["code"], met=item["verified"] if judged else None) for item in rule.get("items", ())
            ),
            met=rule["verified"] if judged else None,
        )
        for rule in rules
    )
