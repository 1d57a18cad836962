"""A plan for the eye: what is created, changed and deleted, and what that does to tokens."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click

from doorward.cli.tenant_folder import Place
from doorward.cli.terminal import colour

WIDEST = 110
LONGEST = 200
NAMED = 3
SIGNS = {"create": ("+", "green"), "change": ("~", "yellow"), "delete": ("-", "red")}
DONE = {"create": "created", "change": "changed", "delete": "deleted"}


def show_plan(plan: Mapping[str, Any], *, details: bool) -> None:
    """Print a plan; ``details`` also tells the properties of what is new."""
    _View(details).plan(plan)


def show_problems(plan: Mapping[str, Any], place: Callable[[Mapping[str, Any]], Place | None]) -> None:
    """Print what stands against a plan, to standard error; ``place`` says where in the file."""
    _View(details=False).problems(plan["problems"], place)


def counted(plan: Mapping[str, Any], *, done: bool = False) -> str:
    """``2 to create, 1 to change`` or ``2 created, 1 changed``."""
    found = []
    for action in SIGNS:
        number = sum(change["action"] == action for change in plan["changes"])
        if number:
            found.append(f"{number} {DONE[action]}" if done else f"{number} to {action}")
    return ", ".join(found)


class _View:
    def __init__(self, details: bool) -> None:
        self._details = details
        self._width = min(shutil.get_terminal_size((80, 24)).columns, WIDEST)

    # ── changes ──

    def plan(self, plan: Mapping[str, Any]) -> None:
        last = None
        for change in plan["changes"]:
            section, name = change["section"], change["name"]
            if name and section != last:
                _say(f"  {click.style(section, bold=True)}")
            last = section
            sign, paint = SIGNS[change["action"]]
            sign, indent = click.style(sign, fg=paint, bold=True), 4 if name else 2
            shown = click.style(self._cut(name, self._width - 6), fg=paint) if name else click.style(section, bold=True)
            _say(f"{' ' * indent}{sign} {shown}")
            if change["action"] == "change" or (change["action"] == "create" and self._details):
                self._properties(change["properties"], indent + 4)
        self._effects(plan["effects"])
        self._idle(plan["idle"])
        self._left_out(plan["left_out"])

    def _properties(self, properties: list[Mapping[str, Any]], indent: int) -> None:
        label = min(max((len(one["path"]) for one in properties), default=0), self._width // 3)
        for one in properties:
            room = self._width - indent - label - 2
            lines = list(self._values(one, room))
            path = one["path"].ljust(label)
            if len(path) > label:
                _say(f"{' ' * indent}{click.style(path, dim=True)}")
                path = " " * label
            for line in lines:
                _say(f"{' ' * indent}{click.style(path, dim=True)}  {line}")
                path = " " * label

    def _values(self, one: Mapping[str, Any], room: int) -> Iterator[str]:
        if "added" in one or "removed" in one:
            for sign, paint, items in (("-", "red", one.get("removed", ())), ("+", "green", one.get("added", ()))):
                for item in items:
                    yield click.style(f"{sign} {self._cut(_value(item), room - 2)}", fg=paint)
            return
        before, after = one.get("before"), one.get("after")
        if "before" not in one and isinstance(after, list):
            yield from self._values({"added": after}, room)
        elif "before" not in one:
            yield click.style(self._cut(f"+ {_value(after)}", room), fg="green")
        elif "after" not in one:
            yield click.style(self._cut(f"- {_value(before)}", room), fg="red")
        else:
            old, new = _value(before), _value(after)
            if len(old) + len(new) + 4 <= room:
                yield f"{click.style(old, fg='red')} → {click.style(new, fg='green')}"
            else:
                yield click.style(self._cut(f"- {old}", room), fg="red")
                yield click.style(self._cut(f"+ {new}", room), fg="green")

    def _cut(self, text: str, room: int) -> str:
        return text if len(text) <= max(room, 8) else text[: max(room, 8) - 1] + "…"

    # ── what it comes to ──

    def _effects(self, effects: list[Mapping[str, Any]]) -> None:
        if not effects:
            return
        _say(f"\n  {click.style('Tokens', bold=True)}")
        for effect in effects:
            self._warning(effect["sentence"])
            names = ", ".join(effect["clients"])
            if any(name not in effect["sentence"] for name in effect["clients"]):
                for line in textwrap.wrap(names, self._width - 4):
                    _say(f"    {click.style(line, dim=True)}")

    def _idle(self, idle: list[Mapping[str, Any]]) -> None:
        if not idle:
            return
        _say(f"\n  {click.style('Stored, and does not act yet', bold=True)}")
        for one in idle:
            names = one["names"] if len(one["names"]) <= NAMED else [f"{len(one['names'])} entries"]
            what = f"{one['section']} {', '.join(names)}".rstrip()
            self._warning(f"{what}: {one['reason']}")

    def _warning(self, sentence: str) -> None:
        for number, line in enumerate(textwrap.wrap(sentence, self._width - 4)):
            _say(f"  {click.style('!', fg='yellow', bold=True) if not number else ' '} {line}")

    def _left_out(self, left_out: list[str]) -> None:
        if not left_out:
            return
        _say(f"\n  {click.style('Without effect', bold=True)}")
        for one in left_out:
            for line in textwrap.wrap(one, self._width - 6, subsequent_indent="  "):
                _say(click.style(f"    {line}", dim=True))

    def problems(self, problems: list[Mapping[str, Any]], place: Callable[[Mapping[str, Any]], Place | None]) -> None:
        for one in problems:
            where = str(place(one) or "")
            name = f"{one['section']} {one['name']}".rstrip()
            _say(f"\n  {click.style(name, bold=True)}  {click.style(where, dim=True)}", err=True)
            for line in textwrap.wrap(one["what"], self._width - 4):
                _say(f"    {line}", err=True)
            for line in textwrap.wrap(one.get("fix", ""), self._width - 10, subsequent_indent=" " * 6):
                _say(f"    {click.style('fix', dim=True)}   {line}", err=True)


def _value(value: Any) -> str:
    if isinstance(value, str):
        if "\n" in value or len(value) > LONGEST:
            return f"({value.count(chr(10)) + 1} lines, {len(value)} characters)"
        return value if value else '""'
    if isinstance(value, Mapping) and set(value) <= {"value", "description", "name"} and len(value) <= 2:
        return " · ".join(str(item) for item in value.values())
    return json.dumps(value, ensure_ascii=False)


def _say(text: str, *, err: bool = False) -> None:
    click.echo(text, err=err, color=colour())
