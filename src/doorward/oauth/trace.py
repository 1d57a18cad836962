"""The decision trace: the reasons of a request in one form, for explain and for the tenant log.

A trace is ``{decision, error, steps}``. A step is one reason, its rule id is the vocabulary; the decision is
the same reasons read by field. No secret, code, token or password is ever part of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from doorward.model.printable import printable
from doorward.oauth.errors import OAuthError
from doorward.oauth.scopes import OFFLINE_ACCESS, join_scope
from doorward.oauth.token_rules import Reason, Setting


class Because(Struct, frozen=True, omit_defaults=True, gc=False):
    """Which rule decided: its id, what it was about, and (where people read it) its sentence."""

    code: str
    args: dict[str, Any] = {}
    sentence: str = ""


class Change(Struct, frozen=True, omit_defaults=True):
    """The Management API call that would make it come out otherwise."""

    api: str
    body: dict[str, Any] = {}


class Fix(Struct, frozen=True, omit_defaults=True):
    """What to do about a step: ``why`` in one sentence, ``do`` as alternatives, the best one first.

    ``level`` is ``refused``, ``warning`` (something asked for was lost) or ``note``.
    """

    level: str
    why: str
    do: tuple[str, ...] = ()
    change: Change | None = None


class Step(Struct, frozen=True, omit_defaults=True, gc=False):
    """One field decided. ``outcome`` is ``decided``, ``changed`` (``before`` became ``after``) or ``refused``."""

    stage: str
    outcome: str
    after: Any
    because: Because
    before: Any = None
    setting: Setting | None = None
    change: Change | None = None
    fix: Fix | None = None


class Trace(Struct, frozen=True):
    """What came out (``None`` when refused), the refusal (``None`` when not), and how it came about."""

    decision: dict[str, Any] | None
    error: dict[str, Any] | None
    steps: tuple[Step, ...]


def trace(reasons: Sequence[Reason], error: OAuthError | None = None) -> Trace:
    """The trace of one decision, or of one refusal."""
    return Trace(
        decision=decision(reasons) if error is None else None,
        error=error_body(error) if error is not None else None,
        steps=tuple(step(reason) for reason in reasons),
    )


def kept(reasons: Sequence[Reason]) -> tuple[Any, ...]:
    """The reasons as the log keeps them: told in full they would be most of what a busy server writes."""
    return tuple([
        (reason.field, reason.rule, reason.value)
        if reason.setting is None and reason.before is None and not reason.refused
        else (reason.field, reason.rule, reason.value, reason.before, _kept_setting(reason.setting), reason.refused)
        for reason in reasons
    ])  # fmt: skip


def _kept_setting(setting: Setting | None) -> tuple[str, str, str, Any] | None:
    return None if setting is None else (setting.object, setting.id, setting.field, setting.value)


def told(reasons: Sequence[Any], details: Mapping[str, Any]) -> dict[str, Any]:
    """The trace of a log event, as JSON values, from the reasons it was kept with and its ``details``."""
    refusal = details.get("error")
    error = None
    if refusal is not None:
        error = _refusal(refusal["error"], refusal["description"], details.get("hint"))
    again = [_reason(*reason) for reason in reasons]
    made = Trace(decision=decision(again) if error is None else None, error=error, steps=tuple(step(r) for r in again))
    values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(made))
    return values


def _reason(
    field: str, rule: str, value: Any, before: Any = None, setting: Sequence[Any] | None = None, refused: bool = False
) -> Reason:
    return Reason(
        field, rule, _tuple(value), _tuple(before), Setting(*setting) if setting is not None else None, refused
    )


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def step(reason: Reason) -> Step:
    before, after = reason.before, reason.value
    if before is None:
        outcome = "refused" if reason.refused else "decided"
        return Step(reason.field, outcome, after, _because(reason.rule), None, reason.setting)
    outcome = "refused" if reason.refused else "changed" if before != after else "decided"
    because = _because(reason.rule)
    if isinstance(after, tuple):
        gone = [value for value in before if value not in after]
        if gone:
            because = Because(reason.rule, {"dropped": gone})
    return Step(reason.field, outcome, after, because, before, reason.setting)


@cache
def _because(rule: str) -> Because:
    return Because(rule)


def error_body(error: OAuthError) -> dict[str, Any]:
    """The refusal as the client sees it, and what the developer is told besides."""
    return _refusal(error.error, error.description, error.hint)


def _refusal(error: str, description: str, hint: str | None) -> dict[str, Any]:
    body: dict[str, Any] = {"error": error, "error_description": printable(description)}
    if hint:
        body["hint"] = hint
    return body


# Member of the decision: the policy field it is read from.
_MEMBERS = {
    "issuer": "issuer",
    "audience": "audience",
    "format": "format",
    "dialect": "dialect",
    "alg": "signing",
    "aud": "aud",
    "scope": "scope",
    "permissions": "permissions",
    "lifetime": "lifetime",
    "id_token": "id_token",
    "refresh_token": "refresh_token",
}


def decision(reasons: Sequence[Reason], asked: Sequence[str] = ()) -> dict[str, Any] | None:
    """The token these reasons make, or ``None`` where they do not decide one.

    ``scope`` is the wire's string, ``lifetime`` in seconds, ``refresh_token`` is ``issue``, ``rotate``, ``reuse``
    or ``None``; ``dropped`` lists every scope that was asked for and lost, with the rule that took it.
    """
    by_field = {reason.field: reason for reason in reasons}
    if "scope" not in by_field:
        return None
    made: dict[str, Any] = {
        name: by_field[field].value if field in by_field else None for name, field in _MEMBERS.items()
    }
    made["scope"] = join_scope(made["scope"])
    made["dropped"] = dropped(reasons, asked)
    return made


def dropped(reasons: Sequence[Reason], asked: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The scopes that were lost on the way: ``{scope, stage, code, setting}`` each."""
    lost: list[dict[str, Any]] = []
    present: tuple[str, ...] = tuple(asked)
    refresh: Reason | None = None
    for reason in reasons:
        if reason.field == "refresh_token":
            refresh = reason
            continue
        if not reason.field.startswith("scope"):
            continue
        value: tuple[str, ...] = reason.value or ()
        if value == present:
            continue
        for scope in present:
            if scope in value:
                continue
            cause = refresh if reason.field == "scope" and scope == OFFLINE_ACCESS and refresh else reason
            entry: dict[str, Any] = {"scope": scope, "stage": cause.field, "code": cause.rule}
            if cause.setting is not None:
                entry["setting"] = cause.setting
            lost.append(entry)
        present = value
    return lost
