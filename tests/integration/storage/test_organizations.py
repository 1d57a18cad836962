"""Members and invitations: what two nodes do at a time comes out right, and nothing outlives its organization."""

from __future__ import annotations

import asyncio

import pytest
from tests.integration.storage.conftest import OTHER, Nodes, T
from tests.integration.storage.values import event, known_as, user

from doorward.backends.storage.store import Storage
from doorward.model.document import Delete, Document, Forget, Kind, Put
from doorward.model.organization import Invitation
from doorward.ports import Conflict

ORG = "org_1"


async def found(nodes: Nodes, organization_id: str = ORG) -> None:
    """An organization is founded."""
    await nodes.one.directory.change(T, [Put(document=Document(kind=Kind.ORGANIZATION, id=organization_id, body={}))])


async def dissolve(storage: Storage, organization_id: str = ORG) -> None:
    forget = Forget(organization_id=organization_id, at=1e6)
    await storage.directory.change(T, [Delete(kind=Kind.ORGANIZATION, id=organization_id), forget])


async def people(nodes: Nodes, *names: str) -> list[str]:
    for name in names:
        await nodes.one.users.create(T, user(name), known_as(name), None, events=())
    return [f"auth0|{name}" for name in names]


def invitation(id_: str = "uinv_1", **more: object) -> Invitation:
    given = {
        "id": id_, "organization_id": ORG, "ticket_id": f"ticket {id_}", "client_id": "web", "created_at": 1e6,
        "expires_at": 2e6, "details": {"invitee": {"email": "eve@example.test"}}, **more,
    }  # fmt: skip
    return Invitation(**given)  # type: ignore[arg-type]


async def ids(storage: Storage, organization_id: str = ORG, *, role: str | None = None) -> list[str]:
    members, total = await storage.organizations.members(T, organization_id, limit=100, role=role)
    assert len(members) == total
    return [member.user_id for member in members]


async def test_all_join_or_none_and_once_each_in_their_order(nodes: Nodes) -> None:
    await found(nodes)
    await found(nodes, "org_2")
    ada, eve, bob = await people(nodes, "ada", "eve", "bob")
    join = nodes.one.organizations.add_members
    assert await join(T, ORG, [ada, "auth0|nobody", eve], events=(event("sapi"),)) == "auth0|nobody"
    assert await ids(nodes.two) == []
    assert await join(T, ORG, [eve, ada], events=()) is None
    assert await join(T, ORG, [ada, bob, ada], events=()) is None
    assert await ids(nodes.two) == [eve, ada, bob]
    first, total = await nodes.two.organizations.members(T, ORG, limit=2)
    rest, _ = await nodes.two.organizations.members(T, ORG, limit=2, after=first[-1].position)
    assert ([m.user_id for m in first], [m.user_id for m in rest], total) == ([eve, ada], [bob], 3)
    assert await nodes.two.organizations.members(T, ORG, limit=2, offset=3) == ([], 3)
    assert first[0].profile == {"email": "eve@example.test"}
    assert await ids(nodes.two, "org_2") == []
    assert await nodes.two.organizations.of_user(T, ada) == {ORG}
    assert await nodes.two.organizations.of_user(OTHER, ada) == frozenset()
    assert (await nodes.one.log.page(T, offset=0, limit=10))[1] == 0, "what is refused is not logged as done"


async def test_many_add_the_same_members_at_a_time(nodes: Nodes) -> None:
    await found(nodes)
    users = await people(nodes, "ada", "eve", "bob", "joe")
    outcomes = await asyncio.gather(
        *(
            node.organizations.add_members(T, ORG, users[turn % 4 :] + users[: turn % 4], events=())
            for turn, node in enumerate(nodes.turns(12))
        )
    )
    assert outcomes == [None] * 12
    members, total = await nodes.one.organizations.members(T, ORG, limit=10)
    assert (sorted(member.user_id for member in members), total) == (sorted(users), 4)
    assert [member.position for member in members] == [1, 2, 3, 4], "no two have one place"


async def test_nobody_joins_what_is_dissolved_meanwhile(nodes: Nodes) -> None:
    users = await people(nodes, *(f"u{number}" for number in range(20)))
    for turn in range(5):
        await found(nodes)

        async def join(turn: int = turn) -> str:
            try:
                await nodes.two.organizations.add_members(T, ORG, users, events=())
                await nodes.two.organizations.invite(T, invitation(f"uinv_{turn}"), events=())
            except Conflict as conflict:
                return conflict.field
            return "joined"

        joined, _ = await asyncio.gather(join(), dissolve(nodes.one))
        assert joined in ("joined", "revision")
        assert await ids(nodes.one) == []
        assert (await nodes.one.organizations.invitations(T, ORG, offset=0, limit=9))[1] == 0
        assert await nodes.one.organizations.of_user(T, users[0]) == frozenset()
    with pytest.raises(Conflict) as gone:
        await nodes.two.organizations.invite(T, invitation(), events=())
    assert gone.value.field == "revision"


async def test_a_user_who_goes_while_joining_is_no_member(nodes: Nodes) -> None:
    await found(nodes)
    others = await people(nodes, *(f"u{number}" for number in range(20)))
    for turn in range(5):
        (ada,) = await people(nodes, f"ada{turn}")
        unknown, gone = await asyncio.gather(
            nodes.one.organizations.add_members(T, ORG, [ada, *others], events=()),
            nodes.two.users.delete(T, ada, at=1e6, events=()),
        )
        assert gone
        assert unknown in (None, ada)
        assert ada not in await ids(nodes.one)


async def test_roles_are_held_by_members_and_go_with_membership_role_user_and_organization(nodes: Nodes) -> None:
    await found(nodes)
    ada, eve, bob = await people(nodes, "ada", "eve", "bob")
    await nodes.one.organizations.add_members(T, ORG, [ada, eve], events=())
    assign = nodes.one.organizations.assign_roles
    assert not await assign(T, ORG, bob, add=["rol_1"], events=(event("sapi"),))
    assert await assign(T, ORG, ada, add=["rol_1", "rol_2", "rol_1"], events=())
    assert await assign(T, ORG, eve, add=["rol_1", "rol_3"], events=())
    assert await assign(T, ORG, eve, add=["rol_1"], remove=["rol_3", "rol_9"], events=())
    member = await nodes.two.organizations.member(T, ORG, ada)
    assert member is not None
    assert sorted(member.roles) == ["rol_1", "rol_2"]
    assert await ids(nodes.two, role="rol_1") == [ada, eve]
    assert await ids(nodes.two, role="rol_2") == [ada]
    await nodes.one.directory.change(T, [Forget(role_id="rol_1", at=1e6)])
    assert await ids(nodes.two, role="rol_1") == []
    await nodes.one.organizations.remove_members(T, ORG, [ada, bob], events=(event("sapi"),))
    assert await nodes.two.organizations.member(T, ORG, ada) is None
    await nodes.one.organizations.add_members(T, ORG, [ada], events=())
    assert await ids(nodes.two, role="rol_2") == [], "who comes back comes back without roles"
    await nodes.one.users.delete(T, eve, at=1e6, events=())
    assert await ids(nodes.two) == [ada]
    await dissolve(nodes.one)
    assert await nodes.two.organizations.member(T, ORG, ada) is None
    assert (await nodes.one.log.page(T, offset=0, limit=10))[1] == 1


async def test_a_role_is_assigned_or_the_member_gone_whatever_comes_first(nodes: Nodes) -> None:
    await found(nodes)
    (ada,) = await people(nodes, "ada")
    roles = [f"rol_{number}" for number in range(30)]
    for _ in range(5):
        await nodes.one.organizations.add_members(T, ORG, [ada], events=())
        assigned, _ = await asyncio.gather(
            nodes.one.organizations.assign_roles(T, ORG, ada, add=roles, events=()),
            nodes.two.organizations.remove_members(T, ORG, [ada], events=()),
        )
        assert assigned in (True, False)
        assert await ids(nodes.one, role="rol_29") == []


async def test_invitations_are_listed_newest_first_withdrawn_once_and_forgotten(nodes: Nodes) -> None:
    await found(nodes)
    made = [invitation(f"uinv_{n}", client_id=f"c{n}", connection_id=f"con_{n}", expires_at=2e6 + n) for n in range(5)]
    for one in made:
        await nodes.one.organizations.invite(T, one, events=())
    storage = nodes.two.organizations
    assert await storage.invitations(T, ORG, offset=1, limit=2) == ([made[3], made[2]], 5)
    assert await storage.invitations(T, ORG, offset=0, limit=1, newest_first=False) == ([made[0]], 5)
    assert await storage.invitations(T, "org_2", offset=0, limit=9) == ([], 0)
    assert await storage.invitation(T, ORG, "uinv_0") == made[0]
    assert await storage.invitation(T, "org_2", "uinv_0") is None
    assert not await storage.withdraw(T, "org_2", "uinv_0", events=(event("sapi"),))
    withdrawn = await asyncio.gather(
        *(node.organizations.withdraw(T, ORG, "uinv_0", events=(event("sapi"),)) for node in nodes.turns(6))
    )
    assert withdrawn.count(True) == 1
    assert (await nodes.one.log.page(T, offset=0, limit=10))[1] == 1
    await nodes.one.directory.change(T, [Forget(client_id="c1", at=1e6), Forget(connection_id="con_2", at=1e6)])
    assert await storage.invitations(T, ORG, offset=0, limit=9) == ([made[4], made[3]], 2)
    await nodes.one.sweep(2e6 + 3 + 30 * 24 * 3600 + 0.5)
    assert await storage.invitations(T, ORG, offset=0, limit=9) == ([made[4]], 1)
