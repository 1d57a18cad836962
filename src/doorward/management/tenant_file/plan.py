"""From a tenant document to what would change, and what that does to tokens.

The document is written to a copy of the tenant by way of the Management API (``rehearsal``), and the tenant is
read before and after. Nothing is stored: ``Planned`` holds what to write, at which revision.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from doorward.management.kit.context import Actor, Services
from doorward.management.kit.errors import ApiError
from doorward.management.kit.writing import REDACTED
from doorward.management.tenant_file.differences import Action, Change, Difference, Reading, changes
from doorward.management.tenant_file.effects import TokenEffect, token_effects
from doorward.management.tenant_file.format import ASIDE, BY_KEY, GONE, NOT_YET, in_order
from doorward.management.tenant_file.rehearsal import NotBuilt, Rehearsal
from doorward.management.tenant_file.sections import Entry, Problem, Section, TenantFileError, Work
from doorward.model.directory import TenantDirectory
from doorward.model.document import Change as Write
from doorward.model.log_event import LogEvent
from doorward.model.request_context import RequestContext

KEYWORD = re.compile(r"##\w+##|@@\w+@@")
HIDDEN = "(a secret)"
NOT_REPLACED = " is not replaced)"


class Idle(Struct, frozen=True):
    """Entries of a section that are kept and returned while nothing acts on them, and why nothing does; without
    ``names`` where the section is one object."""

    section: str
    names: Sequence[str]
    reason: str


class Plan(Struct, frozen=True, kw_only=True):
    """What a document would do to the tenant at ``domain``, which is at ``revision``.

    ``left_out`` says which properties have no effect, ``idle`` what of it is kept and does not act yet. With
    ``problems`` nothing can be applied.
    """

    domain: str
    revision: int
    changes: Sequence[Change]
    effects: Sequence[TokenEffect] = ()
    problems: Sequence[Problem] = ()
    left_out: Sequence[str] = ()
    idle: Sequence[Idle] = ()


class Planned(Struct, frozen=True):
    """A plan, and what to write to carry it out."""

    plan: Plan
    writes: Sequence[Write]
    events: Sequence[LogEvent]


async def plan(
    document: Mapping[str, Any],
    directory: TenantDirectory,
    services: Services,
    actor: Actor,
    *,
    removes: bool = False,
    verified_domains: bool = False,
    context: RequestContext | None = None,
) -> Planned:
    """What makes the tenant what ``document`` says, done as ``actor``.

    ``removes``: what a section that is there does not name goes. ``verified_domains``: custom domains count as
    verified at once.
    """
    api = Rehearsal(directory, services, actor, context)
    work = Work(api, verified=verified_domains)
    before = await reading(api)
    known = _known(replaced(document, "", work.left_out), work)
    for section in in_order():
        if known.get(section.key) is not None:
            await _perform(section, work, known[section.key], section.write)
    if removes:
        for section in reversed(in_order()):
            if known.get(section.key) is not None:
                await _perform(section, work, known[section.key], section.remove)
    after = await reading(api)
    found = [*changes(before, after, _given(known))]
    seen = {(change.section, change.name) for change in found}
    hidden = (Difference(HIDDEN, before=REDACTED, after=REDACTED),)
    found += [
        Change(section, name, Action.CHANGE, hidden)
        for section, name in dict.fromkeys(work.touched)
        if (section, name) not in seen and name in after.get(section, {})
    ]
    made = Plan(
        domain=directory.tenant.domain,
        revision=directory.tenant.revision,
        changes=found,
        effects=await token_effects(directory, api.directory, services.ports) if not work.problems else (),
        problems=[_with_keywords(problem, work.left_out) for problem in work.problems],
        left_out=sorted(dict.fromkeys(work.left_out)),
        idle=[Idle(section, [*filter(None, names)], reason) for (section, reason), names in work.idle.items()],
    )
    return Planned(made, api.stage.changes(), api.stage.events)


async def reading(api: Rehearsal) -> Reading:
    """The whole tenant by section and name; sections that cannot be read are not there."""
    found: dict[str, Mapping[str, Entry]] = {}
    for section in in_order():
        try:
            found[section.key] = section.named(await section.read(api))
        except (NotBuilt, ApiError):
            continue
    return found


async def _perform(section: Section, work: Work, value: Any, verb: Any) -> None:
    try:
        await verb(work, value)
    except NotBuilt:
        work.left_out.append(section.key)
    except TenantFileError as error:
        work.problems.append(Problem(section.key, "", error.what, error.fix, error.position))
    except ApiError as error:
        work.problems.append(Problem(section.key, "", error.message))


def _known(document: Mapping[str, Any], work: Work) -> dict[str, Any]:
    """The sections that are written. Others of the format are left out, and why; what is none is a problem, since a
    misspelt section would go unnoticed where it should have changed something."""
    known = {}
    for key, value in document.items():
        if key in BY_KEY:
            known[key] = value
        elif key in GONE:
            if value:
                work.left_out.append(f"{key} ({GONE[key]})")
        elif key in NOT_YET:
            work.left_out.append(key)
        elif key not in ASIDE:
            near = difflib.get_close_matches(str(key), sorted({*BY_KEY, *ASIDE, *GONE, *NOT_YET}), 1)
            meant = f"Did you mean {near[0]}?" if near else "Sections are those of auth0-deploy-cli."
            work.problems.append(Problem(str(key), "", "there is no such section in a tenant file", meant))
    return known


def _given(document: Mapping[str, Any]) -> Reading:
    """What the document itself says of each entry it can name."""
    found: dict[str, Mapping[str, Entry]] = {}
    for key, value in document.items():
        try:
            found[key] = BY_KEY[key].named(value)
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
    return found


def _with_keywords(problem: Problem, left_out: Sequence[str]) -> Problem:
    """What nobody replaced may be what is missing."""
    unknown = [one for one in left_out if one.startswith(f"{problem.section}.") and one.endswith(NOT_REPLACED)]
    if problem.fix or not unknown:
        return problem
    keywords = ", ".join(dict.fromkeys(match for one in unknown for match in KEYWORD.findall(one)))
    return structs.replace(problem, fix=f"Say with --mapping what stands for {keywords}.")


def replaced(value: Any, path: str, unknown: list[str]) -> Any:
    """The document without properties whose whole value is a keyword nobody replaced, and without objects of nothing
    else: what is stored stays."""
    if isinstance(value, dict):
        kept = {}
        for name, item in value.items():
            inside = f"{path}.{name}" if path else str(name)
            if isinstance(item, str) and KEYWORD.fullmatch(item):
                unknown.append(f"{inside} ({item}{NOT_REPLACED}")
                continue
            left = replaced(item, inside, unknown)
            if left != {} or item == {}:
                kept[name] = left
        return kept
    if isinstance(value, list):
        return [replaced(item, path, unknown) for item in value]
    return value
