"""What the document of an organization holds of other entities, by their ids.

``Part`` declares the operations on one of these mappings: list, add, read, update and remove entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from doorward.management.kit.answers import entity, page_of
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import ApiError, not_found
from doorward.management.kit.operation import Effect
from doorward.management.kit.paging import Paging
from doorward.management.kit.schema import Record, Rule
from doorward.management.kit.shapes import Command, Shape, View, without_nulls
from doorward.management.kit.writing import commit
from doorward.model.document import Change, Document, Kind, Need, Put, Unchanged

CONNECTIONS, CLIENTS, CLIENT_GRANTS, DOMAINS = PARTS = ("connections", "clients", "client_grants", "discovery_domains")
STANDS_FOR = {CONNECTIONS: Kind.CONNECTION, CLIENTS: Kind.CLIENT, CLIENT_GRANTS: Kind.CLIENT_GRANT}
Entry = dict[str, Any]


def no_such_organization(_: str = "") -> ApiError:
    return not_found("No organization found by that id or name")


def organization(call: Call) -> Document:
    """The organization the path begins with. Raises ``ApiError`` (404)."""
    found = call.directory.documents[Kind.ORGANIZATION].get(call.id)
    if found is None:
        raise no_such_organization()
    return found


def needs(part: str, ids: Iterable[str]) -> list[Need]:
    """That the entities with these ids are still there when entries for them are written."""
    return [Need(kind=STANDS_FOR[part], id=id_) for id_ in ids] if part in STANDS_FOR else []


async def write(call: Call, document: Document, part: str, entries: Mapping[str, Entry], status: int) -> None:
    """Replace a part of an organization. Raises ``ports.Conflict``, also where what is new in it is gone."""
    added = entries.keys() - document.body.get(part, {}).keys()
    changed = msgspec.structs.replace(document, body={**document.body, part: entries})
    await commit(call, [*needs(part, added), Put(document=changed, expected_revision=document.revision)], status=status)


def without(call: Call, gone: Mapping[str, set[str]]) -> list[Change]:
    """What has to change when entities go away: organizations forget them. ``gone`` are their ids, by part."""
    changes: list[Change] = [Unchanged(kind=Kind.ORGANIZATION, since=call.directory.tenant.revision)]
    for document in call.directory.documents[Kind.ORGANIZATION].values():
        body = document.body
        changed = {
            part: {id_: entry for id_, entry in body[part].items() if id_ not in ids}
            for part, ids in gone.items()
            if not ids.isdisjoint(body.get(part, ()))
        }
        if changed:
            after = msgspec.structs.replace(document, body={**body, **changed})
            changes.append(Put(document=after, expected_revision=document.revision))
    return changes


def _all(call: Call, id_: str, entry: Entry) -> bool:
    return True


def merged(call: Call, id_: str, entry: Entry, given: Entry) -> Entry:
    return without_nulls({**entry, **given})


class Part(Struct, frozen=True, kw_only=True):
    """The entries of one ``part``, under ``/organizations/{id}/{segment}`` and there under their ids.

    ``one`` and ``many`` name them in log entries; ``scopes`` is the noun of their scopes. ``make`` turns the body
    of a POST into an id and an entry, ``revise`` that of a PATCH into the next entry. ``taken`` refuses an id that
    is in already; removing what is not in is no error. One without ``reads`` is listed only.
    """

    part: str
    segment: str
    one: str
    many: str
    scopes: str
    paging: Paging
    add: Record
    make: Callable[[Call, Document, Entry], tuple[str, Entry]]
    show: Callable[[Call, str, Entry], Entry]
    missing: Callable[[], ApiError]
    taken: Callable[[], ApiError]
    update: Record | None = None
    revise: Callable[[Call, str, Entry, Entry], Entry] = merged
    show_added: Callable[[Call, str, Entry], Entry] | None = None
    keep: Callable[[Call, str, Entry], bool] = _all
    filters: Mapping[str, Rule] = {}
    shows: Mapping[str, Rule] = {}
    reads: bool = True

    def shapes(self) -> tuple[Shape, ...]:
        path = f"/organizations/{{id}}/{self.segment}"
        item = f"{path}/{{entry_id}}"
        noun, stored = self.scopes, Effect.STORED
        one = entity(self.add, self.update, shows=self.shows)
        shapes: list[Shape] = [
            View(
                path=path,
                scopes=(f"read:{noun}",),
                summary=f"Get {self.many} of an organization",
                answer=self._list,
                shows=page_of(one, self.paging),
                query={**self.paging.rules, **self.filters},
                effect=stored,
            ),
            Command(
                method="POST",
                path=path,
                scopes=(f"create:{noun}",),
                summary=f"Add a {self.one} to an organization",
                run=self._add,
                body=self.add,
                answers={201: one},
                effect=stored,
            ),
            Command(
                method="DELETE",
                path=item,
                scopes=(f"delete:{noun}",),
                summary=f"Remove a {self.one} from an organization",
                run=self._remove,
                effect=stored,
            ),
        ]
        if self.reads:
            read = View(
                path=item,
                scopes=(f"read:{noun}",),
                summary=f"Get a {self.one} of an organization",
                answer=self._read,
                shows=one,
                effect=stored,
            )
            shapes.append(read)
        if self.update is not None:
            update = Command(
                method="PATCH",
                path=item,
                scopes=(f"update:{noun}",),
                summary=f"Update a {self.one} of an organization",
                run=self._update,
                body=self.update,
                answers={200: one},
                effect=stored,
            )
            shapes.append(update)
        return tuple(shapes)

    def entries(self, document: Document) -> dict[str, Entry]:
        return dict(document.body.get(self.part, {}))

    def get(self, call: Call, document: Document) -> tuple[str, Entry]:
        """The entry the path names. Raises ``missing``."""
        id_ = call.arguments["entry_id"]
        entry = self.entries(document).get(id_)
        if entry is None or not self.keep(call, id_, entry):
            raise self.missing()
        return id_, entry

    async def _list(self, call: Call) -> Any:
        kept = [item for item in self.entries(organization(call)).items() if self.keep(call, *item)]
        return self.paging.of(kept, call.query, lambda item: self.show(call, *item))

    async def _read(self, call: Call) -> Any:
        return self.show(call, *self.get(call, organization(call)))

    async def _add(self, call: Call) -> Answer:
        document = organization(call)
        entries = self.entries(document)
        id_, entry = self.make(call, document, call.body)
        if id_ in entries:
            raise self.taken()
        await write(call, document, self.part, {**entries, id_: entry}, 201)
        return Answer(status=201, body=(self.show_added or self.show)(call, id_, entry))

    async def _update(self, call: Call) -> Answer:
        document = organization(call)
        id_, entry = self.get(call, document)
        after = self.revise(call, id_, entry, call.body)
        await write(call, document, self.part, {**self.entries(document), id_: after}, 200)
        return Answer(body=self.show(call, id_, after))

    async def _remove(self, call: Call) -> Answer:
        document = organization(call)
        entries = self.entries(document)
        if entries.pop(call.arguments["entry_id"], None) is not None:
            await write(call, document, self.part, entries, 204)
        return Answer(status=204, body=NOTHING)
