"""What a section of a tenant file is: how it is read from the Management API, and written to it.

A section holds entities (``Entities``), entities whose names are given (``Named``), one object (``Settings``),
or one object per property (``Grouped``). All of them make the calls that the official tool would make.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from doorward.management.kit.bodies import refusal
from doorward.management.kit.errors import ApiError
from doorward.management.kit.schema import Either, Record, Rule, Unfit, plain, pruned
from doorward.management.kit.shapes import without_nulls
from doorward.management.tenant_file.rehearsal import Names, NotBuilt, Rehearsal

Entry = dict[str, Any]
Key = tuple[Any, ...]
IMMUTABLE = "cannot be changed, remove the entity first"
ALWAYS_READ_ONLY = frozenset(("created_at", "updated_at"))


class TenantFileError(Exception):
    """The document cannot be loaded: ``what`` is wrong, and ``fix``; ``position`` where one of a list is."""

    def __init__(self, what: str, fix: str = "", position: int | None = None) -> None:
        super().__init__(what)
        self.what, self.fix, self.position = what, fix, position


class Problem(Struct, frozen=True, omit_defaults=True):
    """What is wrong with an entry: the ``position`` of it in its ``section``, and what it is called."""

    section: str
    name: str
    what: str
    fix: str = ""
    position: int | None = None

    @property
    def sentence(self) -> str:
        return f"{self.section} {self.name}".rstrip() + f": {self.what}"


class Untouched(Exception):
    """The entry is about something that is never touched."""


class Work:
    """A file on its way into a tenant, and what there is to say about it.

    ``left_out`` are the dotted paths of what has no effect, ``touched`` the entries that changed something. ``idle``
    are, by section and reason, the names of those that are kept while nothing acts on them.
    """

    def __init__(self, api: Rehearsal, *, verified: bool = False) -> None:
        self.api = api
        self.verified = verified
        self.problems: list[Problem] = []
        self.left_out: list[str] = []
        self.touched: list[tuple[str, str]] = []
        self.idle: dict[tuple[str, str], list[str]] = {}
        self._failed: set[str] = set()

    @contextmanager
    def entry(self, section: str, name: str = "", position: int | None = None) -> Iterator[None]:
        """Write one entry: whole, or not at all and with a problem."""
        mark = self.api.stage.mark()
        self.api.idle.clear()
        try:
            yield
        except Untouched:
            self.api.stage.go_back(mark)
            return
        except NotBuilt:
            self.left_out.append(section)
        except ApiError as error:
            self.problems.append(Problem(section, name, error.message, position=position))
        except Unfit as error:
            self.problems.append(Problem(section, name, refusal(error).message, position=position))
        except TenantFileError as error:
            if error.what not in self._failed:  # what failed itself is told once
                self.problems.append(Problem(section, name, error.what, error.fix, position))
        else:
            if self.api.stage.changed_since(mark):
                self.touched.append((section, name))
                for reason in self.api.idle:
                    self.idle.setdefault((section, reason), []).append(name)
            else:
                self.api.stage.go_back(mark)
            return
        self._failed.add(missing(section, name))
        self.api.stage.go_back(mark)

    def fitting(self, rule: Rule | None, given: Any, path: str) -> Any:
        """What of ``given`` the rule knows; the rest is left out."""
        return pruned(rule, given, path, self.left_out)


KINDS = {"clients": "client", "connections": "connection", "databases": "connection", "actions": "Action"}


def missing(section: str, name: Any) -> str:
    return f"no {KINDS.get(section, f'entry of {section}')} is named {name}"


class Section(Struct, frozen=True, kw_only=True):
    """``order`` is when it is written: after what it names. One of our ``own`` is none of the official tool's, which
    refuses a file that has it."""

    key: str
    order: int = 50
    own: bool = False

    async def read(self, api: Rehearsal) -> Any:
        """The section as a file holds it, secrets included; ``None`` when there is nothing to say.

        Raises ``NotBuilt`` and ``ApiError``."""
        raise NotImplementedError

    async def write(self, work: Work, value: Any) -> None:
        """Make the tenant what ``value`` says."""
        raise NotImplementedError

    async def remove(self, work: Work, value: Any) -> None:
        """Remove what ``value`` does not name."""

    def called(self, entry: Mapping[str, Any]) -> str:
        """What an entry is called where people read it."""
        return str(entry.get("name") or "")

    def named(self, value: Any) -> dict[str, Entry]:
        """The entries of what ``read`` gave, by what they are called."""
        return {"": value} if value else {}


# ── entities ──

Tidy = Callable[[Rehearsal, Entry], Entry]
Adapt = Callable[[Work, Entry, "Item | None"], Awaitable[Entry]]
After = Callable[[Work, str, Entry], Awaitable[None]]


class Item(Struct, frozen=True):
    """An entity that is there: its ``id``, and what a file would say of it."""

    id: str
    entry: Entry


class Part(Struct, frozen=True, kw_only=True):
    """What belongs to an entity and is read and written at a path below it."""

    name: str

    async def read(self, api: Rehearsal, base: str) -> list[Entry]:
        raise NotImplementedError

    async def write(self, work: Work, base: str, given: Any) -> None:
        raise NotImplementedError


def _as_shown(api: Rehearsal, entry: Entry) -> Entry:
    return entry


def _every(api: Rehearsal, shown: Mapping[str, Any]) -> bool:
    return True


class Entities(Section, frozen=True, kw_only=True):
    """Entities at ``path``, matched by the properties ``by``.

    ``listed`` is where they are listed, if elsewhere. ``defaults`` are what an entry leaves out. ``references`` are
    properties, however deep, that hold ids on the wire and names in the file, with the section of those names.
    ``keeps`` says which ones a file is about; ``tidy`` completes what a file says of one, ``adapt`` what is asked of
    the API, and ``after`` does what is left to do once it is written. ``beyond`` are properties only a file may choose.
    """

    path: str
    by: tuple[str, ...] = ("name",)
    id: str = "id"
    listed: str = ""
    defaults: Mapping[str, Any] = {}
    read_only: frozenset[str] = frozenset()
    references: Mapping[str, str] = {}
    parts: tuple[Part, ...] = ()
    keeps: Callable[[Rehearsal, Mapping[str, Any]], bool] = _every
    tidy: Tidy = _as_shown
    adapt: Adapt | None = None
    after: After | None = None
    beyond: frozenset[str] = frozenset()
    title: Callable[[Mapping[str, Any]], str] | None = None

    def key_of(self, entry: Mapping[str, Any]) -> Key:
        """What an entry is matched by. Raises ``TenantFileError`` where nothing of it is there."""
        key = tuple(entry.get(name, self.defaults.get(name)) for name in self.by)
        if not isinstance(key[0], str) or not key[0]:
            raise TenantFileError(f"an entry of {self.key} has no {self.by[0]}")
        return key

    def called(self, entry: Mapping[str, Any]) -> str:
        if self.title is not None:
            return self.title(entry)
        return str(entry.get(self.by[0]) or "")

    async def items(self, api: Rehearsal, base: str = "") -> list[Item]:
        return [
            Item(shown[self.id], await self._entry(api, shown, base))
            for shown in await api.every(base + (self.listed or self.path))
            if self.keeps(api, shown)
        ]

    async def _entry(self, api: Rehearsal, shown: Mapping[str, Any], base: str) -> Entry:
        hidden = self.read_only | ALWAYS_READ_ONLY | {self.id}
        entry = {name: value for name, value in shown.items() if value is not None and name not in hidden}
        for name, section in self.references.items():
            entry = renamed(entry, name, partial(called, (await names(api, section)).by_id, api.keep))
        for part in self.parts:
            held = await part.read(api, f"{base}{self.path}/{quote(str(shown[self.id]), safe='')}")
            if held:
                entry[part.name] = held
        return self.tidy(api, {**entry, **({self.id: shown[self.id]} if self.id in self.beyond else {})})

    async def read(self, api: Rehearsal) -> list[Entry]:
        found = [item.entry for item in await self.items(api) if item.id not in api.keep]
        return sorted(found, key=lambda entry: str(self.key_of(entry)))

    def named(self, value: Any) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for entry in value or ():
            name = self.called(entry)
            found[name if name not in found else f"{name} ({len(found)})"] = entry
        return found

    async def write(self, work: Work, value: Any) -> None:
        await self.write_at(work, "", value)

    async def write_at(self, work: Work, base: str, value: Any) -> None:
        items = await self.items(work.api, base)
        known = {self.key_of(item.entry): item for item in reversed(items)}
        by_id = {item.id: item for item in items} if self.id in self.beyond else {}
        for position, entry in enumerate(objects(self.key, value)):
            if base:
                await self._put(work, base, {**self.defaults, **entry}, known.get(self.key_of(entry)))
                continue
            with work.entry(self.key, self.called(entry), position):
                await self._put(work, base, {**self.defaults, **entry}, self._known(known, by_id, entry))

    def _known(self, known: Mapping[Key, Item], by_id: Mapping[Any, Item], entry: Entry) -> Item | None:
        if self.id in self.beyond and entry.get(self.id) is not None:
            return by_id.get(entry[self.id]) if isinstance(entry[self.id], str) else None
        return known.get(self.key_of(entry))

    async def _put(self, work: Work, base: str, entry: Entry, item: Item | None) -> None:
        if item is not None and item.id in work.api.keep:
            raise Untouched
        parts = [(part, entry[part.name]) for part in self.parts if entry.get(part.name) is not None]
        given = {name: value for name, value in entry.items() if all(name != part.name for part in self.parts)}
        hidden = self.read_only | ALWAYS_READ_ONLY
        if item is not None or self.id not in self.beyond:
            hidden |= {self.id}
        given = {name: value for name, value in given.items() if name not in hidden}
        for name in self.references:
            if isinstance(given.get(name), list):
                given[name] = sorted(given[name], key=str)  # as they are read
        if self.adapt is not None:
            given = await self.adapt(work, given, item)
        id_ = await self._create(work, base, given) if item is None else await self._update(work, base, given, item)
        for part, held in parts:
            await part.write(work, f"{base}{self.path}/{quote(id_, safe='')}", held)
        if self.after is not None:
            await self.after(work, f"{base}{self.path}/{quote(id_, safe='')}", entry)

    async def _create(self, work: Work, base: str, given: Entry) -> str:
        path = base + self.path
        beyond = {name: given.pop(name) for name in self.beyond if given.get(name) is not None}
        whole = without_nulls(await self._ids(work.api, given))
        unknown: list[str] = []
        body = pruned(work.api.rule("POST", path), whole, self.key, unknown)
        made = await work.api.call("POST", path, body, beyond=beyond)
        made_at = f"{path}/{quote(str(made[self.id]), safe='')}"
        later = whole.keys() & self._changed_later(work.api, made_at, unknown)
        work.left_out += [one for one in unknown if one.removeprefix(f"{self.key}.") not in later]
        if changes := differing({name: whole[name] for name in sorted(later)}, made):
            await work.api.call("PATCH", made_at, changes)
        return str(made[self.id])

    def _changed_later(self, api: Rehearsal, path: str, unknown: Sequence[str]) -> frozenset[str]:
        """The properties that a PATCH takes, of those ``unknown`` to a POST."""
        try:
            changing = properties(api.rule("PATCH", path)) if unknown else None
        except NotBuilt:
            return frozenset()
        return (changing or frozenset()) & {one.removeprefix(f"{self.key}.") for one in unknown}

    async def _update(self, work: Work, base: str, given: Entry, item: Item) -> str:
        path = f"{base}{self.path}/{quote(item.id, safe='')}"
        changes = differing(given, item.entry)
        rule = work.api.rule("PATCH", path) if changes else None
        allowed = properties(rule)
        if changes and allowed is not None:
            creating = properties(work.api.rule("POST", base + self.path)) or ()
            for name in sorted(changes.keys() - allowed):
                if name not in creating:
                    work.left_out.append(f"{self.key}.{name}")
                elif name in item.entry and changes[name] is not None:
                    raise TenantFileError(f"{name} {IMMUTABLE}")
                del changes[name]
        if changes:
            changes = work.fitting(rule, await self._ids(work.api, changes), self.key)
        if changes:
            await work.api.call("PATCH", path, changes)
        return item.id

    async def _ids(self, api: Rehearsal, given: Entry) -> Entry:
        """The entry with ids in place of names."""
        for name, section in self.references.items():
            given = renamed(given, name, partial(identified, section, await names(api, section)))
        return given

    async def remove(self, work: Work, value: Any) -> None:
        await self.remove_at(work, "", value)

    async def remove_at(self, work: Work, base: str, value: Any) -> None:
        entries = objects(self.key, value)
        kept = {self.key_of(entry) for entry in entries if entry.get(self.by[0])}
        ids = {str(entry.get(self.id)) for entry in entries}
        for item in await self.items(work.api, base):
            if self.key_of(item.entry) in kept or item.id in ids or item.id in work.api.keep:
                continue
            path = f"{base}{self.path}/{quote(item.id, safe='')}"
            if base:
                await work.api.call("DELETE", path)
                continue
            with work.entry(self.key, self.called(item.entry)):
                await work.api.call("DELETE", path)


class Nested(Part, frozen=True, kw_only=True):
    """Entities below an entity: the list of a file is all of them."""

    entities: Entities

    async def read(self, api: Rehearsal, base: str) -> list[Entry]:
        found = [item.entry for item in await self.entities.items(api, base)]
        return sorted(found, key=lambda entry: str(self.entities.key_of(entry)))

    async def write(self, work: Work, base: str, given: Any) -> None:
        await self.entities.write_at(work, base, given)
        await self.entities.remove_at(work, base, given)


class Held(Part, frozen=True, kw_only=True):
    """A set that is added to with POST and taken from with DELETE, such as a role's permissions.

    ``path`` is below the entity, ``fields`` tell one from the other, ``body`` names the list in a request.
    """

    path: str
    body: str
    fields: tuple[str, ...]

    async def read(self, api: Rehearsal, base: str) -> list[Entry]:
        held = [{name: shown[name] for name in self.fields} for shown in await api.every(base + self.path)]
        return sorted(held, key=lambda entry: [str(entry[name]) for name in self.fields])

    async def write(self, work: Work, base: str, given: Any) -> None:
        held = await self.read(work.api, base)
        wanted = [self._of(entry) for entry in objects(self.name, given)]
        new = [entry for entry in wanted if entry not in held]
        gone = [entry for entry in held if entry not in wanted]
        if new:
            await work.api.call("POST", base + self.path, {self.body: new})
        if gone:
            await work.api.call("DELETE", base + self.path, {self.body: gone})

    def _of(self, entry: Entry) -> Entry:
        return {name: entry[name] for name in self.fields if name in entry}


# ── one object ──


class Settings(Section, frozen=True, kw_only=True):
    """One object at ``path``, changed with ``method``; ``hidden`` properties are not the file's.

    With ``creates`` it may be absent, and is then made with POST.
    """

    path: str
    method: str = "PATCH"
    hidden: frozenset[str] = frozenset()
    creates: bool = False

    async def read(self, api: Rehearsal) -> Entry | None:
        shown = await api.read(self.path)
        if not shown:
            return None
        return {name: value for name, value in shown.items() if value is not None and name not in self.hidden}

    async def write(self, work: Work, value: Any) -> None:
        given = object_(self.key, value)
        if not given:
            return
        with work.entry(self.key):
            await self.put(work, given)

    async def put(self, work: Work, given: Entry) -> None:
        known = await self.read(work.api)
        changes = differing({n: v for n, v in given.items() if n not in self.hidden}, known or {})
        if not changes:
            return
        method = "POST" if known is None and self.creates else self.method
        rule = work.api.rule(method, self.path)
        # Who replaces sends the whole.
        body = changes if method == "PATCH" else {**(known or {}), **given}
        if body := work.fitting(rule, body, self.key):
            await work.api.call(method, self.path, body)

    async def remove(self, work: Work, value: Any) -> None:
        if (self.creates or self.own) and value == {} and await self.read(work.api) is not None:
            with work.entry(self.key):
                await work.api.call("DELETE", self.path)


class Grouped(Section, frozen=True, kw_only=True):
    """An object each of whose properties is an object at a path of its own."""

    settings: Mapping[str, Settings]

    async def read(self, api: Rehearsal) -> Entry | None:
        found = {}
        for name, settings in self.settings.items():
            try:
                value = await settings.read(api)
            except (NotBuilt, ApiError):
                continue
            if value:
                found[name] = value
        return found or None

    async def write(self, work: Work, value: Any) -> None:
        for name, given in object_(self.key, value).items():
            if name not in self.settings:
                work.left_out.append(f"{self.key}.{name}")
                continue
            with work.entry(self.key, name):
                try:
                    await self.settings[name].put(work, object_(f"{self.key}.{name}", given))
                except NotBuilt:
                    work.left_out.append(f"{self.key}.{name}")

    def named(self, value: Any) -> dict[str, Entry]:
        return dict(value or {})


# ── entities whose names are given ──


class Named(Section, frozen=True, kw_only=True):
    """A list of objects whose names are given, each written whole at ``path`` (with its ``{name}``).

    ``listed`` is where all are listed; else the ``names`` are asked for one by one. With ``creates`` (a path) one
    that is not there yet is made with POST.
    """

    path: str
    name: str = "name"
    method: str = "PUT"
    listed: str = ""
    names: tuple[str, ...] = ()
    creates: str = ""
    hidden: frozenset[str] = frozenset()

    async def read(self, api: Rehearsal) -> list[Entry]:
        if self.listed:
            found = await api.every(self.listed)
        else:
            each = [(name, await api.read(self._at(name))) for name in self.names]
            found = [{self.name: name, **shown} for name, shown in each if shown]
        entries = [{n: v for n, v in shown.items() if v is not None and n not in self.hidden} for shown in found]
        return sorted(entries, key=lambda entry: str(entry[self.name]))

    def _at(self, name: str) -> str:
        return self.path.replace("{name}", quote(name, safe=""))

    def called(self, entry: Mapping[str, Any]) -> str:
        return str(entry.get(self.name) or "")

    def named(self, value: Any) -> dict[str, Entry]:
        return {self.called(entry): entry for entry in value or ()}

    async def write(self, work: Work, value: Any) -> None:
        known = self.named(await self.read(work.api))
        for position, entry in enumerate(objects(self.key, value)):
            with work.entry(self.key, str(entry.get(self.name) or ""), position):
                name = entry.get(self.name)
                if not isinstance(name, str) or not name:
                    raise TenantFileError(f"an entry of {self.key} has no {self.name}")
                await self._put(work, name, entry, known.get(name))

    async def _put(self, work: Work, name: str, entry: Entry, known: Entry | None) -> None:
        given = {n: v for n, v in entry.items() if n not in self.hidden}
        if known is not None and not differing(given, known):
            return
        method, path = ("POST", self.creates) if known is None and self.creates else (self.method, self._at(name))
        rule = work.api.rule(method, path)
        allowed = properties(rule)
        if allowed is not None and self.name not in allowed:
            given.pop(self.name, None)
        if self.method == "PUT" and known is not None:
            given = {**{n: v for n, v in known.items() if allowed is None or n in allowed}, **given}
        await work.api.call(method, path, work.fitting(rule, given, self.key))


# ── names and ids ──


async def names(api: Rehearsal, section: str) -> Names:
    """What the entries of a section are called."""
    if section == "clients":
        return api.client_names
    path, id_, name = LOOKUPS[section]
    return Names({str(shown[id_]): str(shown[name]) for shown in await api.every(path)})


# Where ids that a file writes as names are looked up: the list, the id, the name.
LOOKUPS: dict[str, tuple[str, str, str]] = {
    "connections": ("/connections", "id", "name"),
    "actions": ("/actions/actions", "id", "name"),
    "userAttributeProfiles": ("/user-attribute-profiles", "id", "name"),
    "connectionProfiles": ("/connection-profiles", "id", "name"),
    "flowVaultConnections": ("/flows/vault/connections", "id", "name"),
    "flows": ("/flows", "id", "name"),
    "forms": ("/forms", "id", "name"),
}


def called(known: Mapping[str, str], hidden: frozenset[str], value: Any) -> Any:
    """Ids as names, a list of them in order of the names and without the ``hidden``; what has no name stays."""
    if isinstance(value, list):
        return sorted((known.get(one, one) for one in value if one not in hidden), key=str)
    return known.get(value, value)


def identified(section: str, known: Names, value: Any) -> Any:
    """Names as ids. Raises ``TenantFileError`` for one that nothing has."""
    if isinstance(value, list):
        return [identified(section, known, one) for one in value]
    id_ = known.id_of(value)
    if id_ is None:
        raise TenantFileError(missing(section, value), f"Name an entry of {section}, or give its id.")
    return id_


async def id_of(api: Rehearsal, section: str, name: Any) -> str:
    """The id of what is called ``name`` (or of what has that id). Raises ``TenantFileError``."""
    return str(identified(section, await names(api, section), name))


def renamed(value: Any, name: str, convert: Callable[[Any], Any]) -> Any:
    """A copy with every property ``name`` converted, however deep; what is empty stays."""
    if isinstance(value, dict):
        return {
            one: convert(item) if one == name and item else renamed(item, name, convert) for one, item in value.items()
        }
    return [renamed(item, name, convert) for item in value] if isinstance(value, list) else value


async def optional(api: Rehearsal, path: str) -> Any:
    """What a GET answers, ``None`` where there is nothing or no such operation."""
    try:
        return await api.read(path)
    except NotBuilt:
        return None


# ── comparing ──


def without(entry: Mapping[str, Any], *names: str) -> Entry:
    return {name: value for name, value in entry.items() if name not in names}


def covers(have: Any, given: Any) -> bool:
    """Whether ``have`` says all that ``given`` says; what ``given`` leaves out may be anything."""
    if given is None:
        return have is None
    if isinstance(given, dict):
        return isinstance(have, dict) and all(covers(have.get(name), item) for name, item in given.items())
    if isinstance(given, list):
        return (
            isinstance(have, list)
            and len(have) == len(given)
            and all(covers(one, other) for one, other in zip(have, given, strict=True))
        )
    return bool(have == given and isinstance(have, bool) is isinstance(given, bool))


def differing(given: Mapping[str, Any], have: Mapping[str, Any]) -> Entry:
    """The properties of ``given`` that are not so yet."""
    return {name: value for name, value in given.items() if not covers(have.get(name), value)}


def properties(rule: Rule | None) -> frozenset[str] | None:
    """The names of the properties a body may have, ``None`` where any will do."""
    rule = plain(rule)
    if isinstance(rule, Record):
        return None if rule.open else frozenset(rule.properties)
    if isinstance(rule, Either):
        each = [properties(one) for one in rule.rules]
        return None if None in each else frozenset(name for one in each for name in one or ())
    return None


# ── what a document has to hold ──


def objects(section: str, value: Any) -> Sequence[Entry]:
    """Raises ``TenantFileError`` for what is no list of objects."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise TenantFileError(f"{section} has to be a list of objects")
    for position, entry in enumerate(value):
        if not isinstance(entry, dict):
            raise TenantFileError(f"{section} has to be a list of objects", position=position)
    return value


def object_(section: str, value: Any) -> Entry:
    """Raises ``TenantFileError`` for what is no object."""
    if not value:
        return {}
    if not isinstance(value, dict):
        raise TenantFileError(f"{section} has to be an object")
    return value
