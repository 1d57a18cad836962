"""The five shapes of the API; each unfolds into ``Operation`` values.

``Collection``: list, create, read, update, delete of documents of one kind. ``Singleton``: one
document, read and update. ``Link``: what belongs to an entity, listed, added and removed. ``View``: a
computed answer. ``Command``: a verb with an effect. Where a resource has rules of its own, it hands a
plain function to its declaration.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from doorward.management.kit.answers import EMPTY, Answers, entity, page_of
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import ApiError, conflict
from doorward.management.kit.operation import Effect, Handler, Operation
from doorward.management.kit.paging import Paging
from doorward.management.kit.projection import RULES as PROJECTION
from doorward.management.kit.projection import project
from doorward.management.kit.schema import ANY, Record, Rule, text
from doorward.management.kit.secrets import opened, sealed
from doorward.management.kit.secrets import shown as secrets_shown
from doorward.management.kit.writing import commit
from doorward.model.document import Change, Delete, Document, Kind, Need, Put
from doorward.ports import Conflict

Show = Callable[[Call, Document], dict[str, Any]]
Prepare = Callable[[Call, dict[str, Any]], Document]
Revise = Callable[[Call, Document, dict[str, Any]], Document]
Also = Callable[[Call, Document], Sequence[Change]]
AlsoRevise = Callable[[Call, Document, Document], Sequence[Change]]
Keep = Callable[[Call, Document], bool]
Find = Callable[[Call, str], Document | None]
USUAL: Mapping[str, Answers] = {
    "GET": {200: ANY},
    "POST": {201: ANY},
    "PATCH": {200: ANY},
    "PUT": {200: ANY},
    "DELETE": EMPTY,
}
ACTIONS = ("list", "create", "read", "update", "delete")
VERBS = {
    "list": "read",
    "create": "create",
    "read": "read",
    "update": "update",
    "replace": "update",
    "delete": "delete",
}


def _nothing_else(call: Call, document: Document) -> Sequence[Change]:
    return ()


def _nothing_else_changes(call: Call, before: Document, after: Document) -> Sequence[Change]:
    return ()


def _all(call: Call, document: Document) -> bool:
    return True


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' and not noun.startswith('user') else 'a'} {noun}"


def as_is(call: Call, document: Document) -> dict[str, Any]:
    return dict(document.body)


def merged(call: Call, document: Document, body: dict[str, Any]) -> Document:
    """A PATCH that replaces top-level properties; ``null`` removes one."""
    return msgspec.structs.replace(document, body=without_nulls({**document.body, **body}))


def replaced(call: Call, document: Document, body: dict[str, Any]) -> Document:
    """A PUT: what the body leaves out goes."""
    identity = {"id": document.body["id"]} if "id" in document.body else {}
    return msgspec.structs.replace(document, body={**identity, **without_nulls(body)})


def merged_deeply(call: Call, document: Document, body: dict[str, Any]) -> Document:
    """A PATCH that merges objects property by property, however deep."""
    return msgspec.structs.replace(document, body=_merge(document.body, body))


def _merge(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for name, value in given.items():
        known = merged.get(name)
        merged[name] = _merge(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return without_nulls(merged)


def without_nulls(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


class Collection(Struct, frozen=True, kw_only=True):
    """Documents of one ``kind`` under ``path``.

    ``one`` and ``many`` name them in log entries; ``scopes`` is the noun of their scopes, or the scopes by
    action. ``prepare`` makes the document of a POST, ``revise`` that of a PATCH; ``created_with``,
    ``revised_with`` and ``removed_with`` add what has to change in the same transaction. ``keep`` filters a
    list, ``sorts`` are the names ``sort`` orders it by (``name:1``, ``name:-1``). ``shows`` are properties that read
    otherwise than they are written. ``find`` looks an entity up where its id is not the only name. ``gone`` is the
    status of a DELETE of what is not there: ``None`` refuses it as ``missing``. ``removal`` are query parameters of a
    DELETE. ``replace`` is the body of a PUT. ``unique`` names the property no two may share.

    ``secret`` and ``write_only`` are paths (``sink.token``) of properties kept encrypted at rest: the former are
    part of what ``show`` is given, the latter are never shown. A change that leaves them out keeps them.
    """

    path: str
    kind: str
    one: str
    many: str
    scopes: str | Mapping[str, tuple[str, ...]]
    create: Rule
    update: Record
    prepare: Prepare
    missing: Callable[[str], ApiError]
    paging: Paging
    revise: Revise = merged
    replace: Rule | None = None
    replaced: Revise = replaced
    show: Show = as_is
    secret: tuple[str, ...] = ()
    write_only: tuple[str, ...] = ()
    unique: str | None = None
    show_created: Show | None = None
    parameter: str = "id"
    created_with: Also = _nothing_else
    revised_with: AlsoRevise = _nothing_else_changes
    removed_with: Also = _nothing_else
    keep: Keep = _all
    find: Find | None = None
    filters: Mapping[str, Rule] = {}
    sorts: Mapping[str, Callable[[Document], Any]] = {}
    shows: Mapping[str, Rule] = {}
    projects: bool = False
    always: tuple[str, ...] = ()
    created: int = 201
    deleted: int = 204
    deleted_body: Callable[[Call], Any] | None = None
    gone: int | None = 204
    removal: Mapping[str, Rule] = {}
    taken: Callable[[Document], ApiError] = lambda document: conflict("The resource already exists.")
    without: tuple[str, ...] = ()
    parameters: Mapping[str, Rule] = {}
    effect: Effect = Effect.ACTS

    def operations(self) -> list[Operation]:
        item = f"{self.path}/{{{self.parameter}}}"
        projection = PROJECTION if self.projects else {}
        declared = {
            "list": (
                "GET",
                self.path,
                f"Get {self.many}",
                self._list,
                {**self.paging.rules, **projection, **self.filters, **self._sort},
            ),
            "create": ("POST", self.path, f"Create {_a(self.one)}", self._create, {}),
            "read": ("GET", item, f"Get {_a(self.one)} by ID", self._read, projection),
            "update": ("PATCH", item, f"Update {_a(self.one)}", self._update, {}),
            "replace": ("PUT", item, f"Replace {_a(self.one)}", self._replace, {}),
            "delete": ("DELETE", item, f"Delete {_a(self.one)}", self._delete, self.removal),
        }
        bodies = {"create": self.create, "update": self.update, "replace": self.replace}
        one = entity(self.create, self.update, shows=self.shows)
        removed = None if self.deleted_body is None else ANY
        answers: dict[str, Answers] = {
            "list": {200: page_of(one, self.paging)},
            "create": {self.created: one},
            "read": {200: one},
            "update": {200: one},
            "replace": {200: one},
            "delete": {self.deleted: removed} if self.gone is None else {self.gone: None, self.deleted: removed},
        }
        return [
            Operation(
                method=method,
                path=path,
                scopes=self._scopes(action),
                summary=summary,
                run=run,
                query=query,
                body=bodies.get(action),
                answers=answers[action],
                parameters=self.parameters,
                secrets=(*self.secret, *self.write_only),
                effect=self.effect,
            )
            for action, (method, path, summary, run, query) in declared.items()
            if action not in self.without and (action != "replace" or self.replace is not None)
        ]

    @property
    def _sort(self) -> dict[str, Rule]:
        return {"sort": text(pattern=f"({'|'.join(self.sorts)}):-?1")} if self.sorts else {}

    def _scopes(self, action: str) -> tuple[str, ...]:
        return (f"{VERBS[action]}:{self.scopes}",) if isinstance(self.scopes, str) else self.scopes[action]

    def get(self, call: Call, id_: str) -> Document:
        """The document with this id. Raises ``missing``."""
        found = self.find(call, id_) if self.find is not None else call.directory.documents[self.kind].get(id_)
        if found is None:
            raise self.missing(id_)
        return found

    def shown(self, call: Call, document: Document) -> dict[str, Any]:
        shown = project(self.show(call, opened(document, self.secret)), call.query, self.always)
        call.disclosed |= secrets_shown(shown, document)
        return shown

    def stored(self, document: Document, given: Any) -> Document:
        """The document made of the body ``given`` as it is stored: secrets apart, the unique value in its place."""
        if self.unique is not None:
            value = document.body.get(self.unique)
            document = msgspec.structs.replace(document, unique_key=None if value is None else str(value))
        return sealed(document, (*self.secret, *self.write_only), given)

    async def _list(self, call: Call) -> Answer:
        kept = [document for document in call.directory.documents[self.kind].values() if self.keep(call, document)]
        name, _, direction = call.query.get("sort", "").partition(":")
        if name:
            kept.sort(key=self.sorts[name], reverse=direction == "-1")
        position = None if name else (lambda document: document.sequence)
        return Answer(body=self.paging.of(kept, call.query, lambda document: self.shown(call, document), position))

    async def _read(self, call: Call) -> Answer:
        return Answer(body=self.shown(call, self.get(call, call.id)))

    async def _create(self, call: Call) -> Answer:
        new = self.stored(self.prepare(call, call.body), call.body)
        try:
            directory = await commit(call, [Put(document=new), *self.created_with(call, new)], status=self.created)
        except Conflict as error:
            raise self._refusal(error, new) from None
        show = self.show_created or self.show
        made = opened(directory.documents[self.kind][new.id], self.secret)
        return Answer(status=self.created, body=show(call, made))

    async def _update(self, call: Call) -> Answer:
        return await self._change(call, self.revise)

    async def _replace(self, call: Call) -> Answer:
        return await self._change(call, self.replaced)

    async def _change(self, call: Call, revise: Revise) -> Answer:
        before = self.get(call, call.id)
        after = self.stored(revise(call, before, call.body), call.body)
        changes = [Put(document=after, expected_revision=before.revision), *self.revised_with(call, before, after)]
        try:
            directory = await commit(call, changes)
        except Conflict as error:
            raise self._refusal(error, after) from None
        return Answer(body=self.show(call, opened(directory.documents[self.kind][before.id], self.secret)))

    def _refusal(self, error: Conflict, document: Document) -> Exception:
        return error if error.field == "revision" else self.taken(document)

    async def _delete(self, call: Call) -> Answer:
        try:
            document = self.get(call, call.id)
        except ApiError:
            if self.gone is None:
                raise
            return Answer(status=self.gone, body=NOTHING)
        changes = [Delete(kind=self.kind, id=document.id), *self.removed_with(call, document)]
        await commit(call, changes, status=self.deleted)
        return Answer(status=self.deleted, body=self.deleted_body(call) if self.deleted_body else NOTHING)


class Singleton(Struct, frozen=True, kw_only=True):
    """One document under ``path``, which may have parameters: then there is one for each of their values.

    ``id`` is the document's id, with the parameters in braces. ``scopes`` is the noun of its scopes.
    ``create`` is the body of POST, ``update`` that of PATCH, ``replace`` that of PUT; without one there is no
    such operation. ``made``, ``revise`` and ``replaced`` turn these bodies into the document.
    A document that was never written reads as ``default``, unless ``missing`` refuses it; ``taken`` refuses a POST
    of one that is there. With ``removable`` there is a DELETE; ``gone`` is its status for what is not there:
    ``None`` refuses it as ``missing``. One that is not ``readable`` has no GET. ``within`` is what the path leads
    through and raises ``ApiError`` where it does not exist; it has to be there still when the document is written.
    ``put_created`` is the status of a PUT that makes the document;
    ``answers`` is what a write answers where that is not the document.
    ``secret`` and ``write_only`` as in ``Collection``; ``answers`` is given both. ``warns`` says what of a document has
    no effect: a header says so with it, and the tenant log when it is written.
    """

    path: str
    id: str
    scopes: str
    summary: str
    kind: str = Kind.CONFIGURATION
    create: Rule | None = None
    update: Rule | None = None
    replace: Rule | None = None
    made: Revise = replaced
    revise: Revise = merged
    replaced: Revise = replaced
    show: Callable[[Call, Document], Any] = as_is
    secret: tuple[str, ...] = ()
    write_only: tuple[str, ...] = ()
    default: Mapping[str, Any] = {}
    missing: Callable[[], ApiError] | None = None
    taken: Callable[[Document], ApiError] = lambda document: conflict("The resource already exists.")
    within: Callable[[Call], Document | None] = lambda call: None
    readable: bool = True
    removable: bool = False
    gone: int | None = None
    removed_with: Also = _nothing_else
    put_created: int = 200
    put: int = 200
    answers: Callable[[Call, Document], Any] | None = None
    shows: Mapping[str, Rule] = {}
    projects: bool = False
    parameters: Mapping[str, Rule] = {}
    effect: Effect = Effect.ACTS
    warns: Callable[[Call, Document], str] = lambda call, document: ""

    def operations(self) -> list[Operation]:
        declared: list[tuple[str, str, Handler, Rule | None]] = []
        if self.readable:
            declared.append(("GET", "Get", self._read, None))
        if self.create is not None:
            declared.append(("POST", "Create", self._create, self.create))
        if self.update is not None:
            declared.append(("PATCH", "Update", self._update, self.update))
        if self.replace is not None:
            declared.append(("PUT", "Set", self._replace, self.replace))
        if self.removable:
            declared.append(("DELETE", "Delete", self._delete, None))
        verbs = {"GET": "read", "POST": "create", "DELETE": "delete"}
        one = entity(self.create, self.update, self.replace, shows=self.shows)
        answer = one if self.answers is None else ANY
        answers: dict[str, Answers] = {
            "GET": {200: one},
            "POST": {201: one},
            "PATCH": {200: answer},
            "PUT": {self.put_created: answer, self.put: None if self.put == 204 else answer},
            "DELETE": EMPTY,
        }
        return [
            Operation(
                method=method,
                path=self.path,
                scopes=(f"{verbs.get(method, 'update')}:{self.scopes}",),
                summary=f"{verb} {self.summary}",
                run=run,
                query=PROJECTION if self.projects and method == "GET" else {},
                body=body,
                answers=answers[method],
                parameters=self.parameters,
                secrets=(*self.secret, *self.write_only),
                effect=self.effect,
            )
            for method, verb, run, body in declared
        ]

    def stored(self, call: Call) -> Document | None:
        """The document as it was written, if it was. Raises what ``within`` does."""
        self.within(call)
        return call.directory.documents[self.kind].get(self.id.format_map(call.arguments))

    def get(self, call: Call) -> Document:
        """The document, or what stands for one that was never written. Raises ``missing``."""
        found = self.stored(call)
        if found is None and self.missing is not None:
            raise self.missing()
        return found or self._new(call)

    def _new(self, call: Call) -> Document:
        return Document(kind=self.kind, id=self.id.format_map(call.arguments), body=self.default)

    def _shown(self, call: Call, document: Document) -> Any:
        shown = project(self.show(call, opened(document, self.secret)), call.query)
        call.disclosed |= secrets_shown(shown, document)
        return shown

    async def _read(self, call: Call) -> Answer:
        document = self.get(call)
        return Answer(body=self._shown(call, document), headers=_warning(self.warns(call, document)))

    async def _create(self, call: Call) -> Answer:
        known = self.stored(call)
        if known is not None:
            raise self.taken(known)
        return await self._write(call, self.made(call, self._new(call), call.body), 201)

    async def _update(self, call: Call) -> Answer:
        return await self._write(call, self.revise(call, self.get(call), call.body), 200)

    async def _replace(self, call: Call) -> Answer:
        known = self.stored(call)
        status = self.put if known is not None else self.put_created
        return await self._write(call, self.replaced(call, known or self._new(call), call.body), status)

    async def _write(self, call: Call, after: Document, status: int) -> Answer:
        secrets = (*self.secret, *self.write_only)
        after = sealed(after, secrets, call.body)
        holder = self.within(call)
        needs = [Need(kind=holder.kind, id=holder.id)] if holder is not None else []
        change = Put(document=after, expected_revision=after.revision or None)
        warning = self.warns(call, after)
        directory = await commit(call, [*needs, change], status=status, warning=warning)
        written, headers = directory.documents[self.kind][after.id], _warning(warning)
        if status == 204:
            return Answer(status=204, body=NOTHING, headers=headers)
        if self.answers is not None:
            return Answer(status=status, body=self.answers(call, opened(written, secrets)), headers=headers)
        return Answer(status=status, body=self.show(call, opened(written, self.secret)), headers=headers)

    async def _delete(self, call: Call) -> Answer:
        known = self.stored(call)
        if known is None and self.missing is not None and self.gone is None:
            raise self.missing()
        if known is not None:
            changes = [Delete(kind=self.kind, id=known.id), *self.removed_with(call, known)]
            await commit(call, changes, status=204)
        return Answer(status=204, body=NOTHING)


def _warning(text: str) -> dict[str, str]:
    """The header (RFC 7234 §5.5) for a warning, if there is one."""
    return {"warning": f'299 - "{text}"'} if text else {}


class Link(Struct, frozen=True, kw_only=True):
    """What belongs to the entity at ``path``: listed with GET, added with POST, removed with DELETE.

    ``body`` is the rule of both bodies. Handlers answer ``list``; ``add`` and ``remove`` write, and answer
    ``added`` and ``removed``.
    """

    path: str
    body: Rule
    reading: tuple[str, ...]
    adding: tuple[str, ...]
    removing: tuple[str, ...]
    summaries: tuple[str, str, str]
    list: Handler
    add: Handler | None = None
    remove: Handler | None = None
    added: Answers = EMPTY
    removed: Answers = EMPTY
    paging: Paging
    effect: Effect = Effect.ACTS

    def operations(self) -> Sequence[Operation]:
        read = Operation(
            method="GET",
            path=self.path,
            scopes=self.reading,
            summary=self.summaries[0],
            run=self.list,
            query=self.paging.rules,
            answers={200: page_of(ANY, self.paging)},
            effect=self.effect,
        )
        writes = (
            ("POST", self.adding, self.summaries[1], self.add, self.added),
            ("DELETE", self.removing, self.summaries[2], self.remove, self.removed),
        )
        return [
            read,
            *(
                Operation(
                    method=method,
                    path=self.path,
                    scopes=scopes,
                    summary=summary,
                    run=run,
                    body=self.body,
                    answers=answers,
                    effect=self.effect,
                )
                for method, scopes, summary, run, answers in writes
                if run is not None
            ),
        ]


class View(Struct, frozen=True, kw_only=True):
    """A computed answer to GET; what ``answer`` returns becomes the body, whose rule is ``shows``."""

    path: str
    scopes: tuple[str, ...]
    summary: str
    answer: Callable[[Call], Awaitable[Any]]
    shows: Rule = ANY
    query: Mapping[str, Rule] = {}
    own: tuple[str, ...] = ()
    parameters: Mapping[str, Rule] = {}
    effect: Effect = Effect.ACTS

    def operations(self) -> Sequence[Operation]:
        return [
            Operation(
                method="GET",
                path=self.path,
                scopes=self.scopes,
                summary=self.summary,
                run=self._run,
                query=self.query,
                answers={200: self.shows},
                own=self.own,
                parameters=self.parameters,
                effect=self.effect,
            )
        ]

    async def _run(self, call: Call) -> Answer:
        return Answer(body=await self.answer(call))


class Command(Struct, frozen=True, kw_only=True):
    """A verb with an effect; ``answers`` are its successes, where they are not the usual ones of its method.
    ``secrets`` are paths in the body whose values no log may hold."""

    method: str
    path: str
    scopes: tuple[str, ...]
    summary: str
    run: Handler
    query: Mapping[str, Rule] = {}
    body: Rule | None = None
    uploads: tuple[str, ...] = ()
    answers: Answers = {}
    own: tuple[str, ...] = ()
    names_person: bool = True
    every_scope: bool = False
    parameters: Mapping[str, Rule] = {}
    secrets: tuple[str, ...] = ()
    effect: Effect = Effect.ACTS

    def operations(self) -> Sequence[Operation]:
        return [
            Operation(
                method=self.method,
                path=self.path,
                scopes=self.scopes,
                summary=self.summary,
                run=self.run,
                query=self.query,
                body=self.body,
                uploads=self.uploads,
                answers=self.answers or USUAL[self.method],
                own=self.own,
                names_person=self.names_person,
                every_scope=self.every_scope,
                parameters=self.parameters,
                secrets=self.secrets,
                effect=self.effect,
            )
        ]


Shape = Collection | Singleton | Link | View | Command
