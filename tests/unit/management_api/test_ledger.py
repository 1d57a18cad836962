"""The ledger of operations against what is built."""

from __future__ import annotations

from doorward.management.kit.operation import Effect, Operation
from doorward.management.kit.paths import Paths
from doorward.management.ledger import DOCUMENTED, REASONS, entries
from doorward.management.registry import built, shape_of
from doorward.management.registry import operations as every_operation
from doorward.management.system_scopes import EVERY_SCOPE

OWN = {"read:current_user", "delete:current_user", "update:current_user_identities", "update:current_user_metadata"}


def test_the_ledger_holds_the_452_operations_of_the_document() -> None:
    documented = list(entries(DOCUMENTED))
    assert len(documented) == len({(entry.method, entry.path) for entry in documented}) == 452


def test_the_ledger_says_of_every_operation_what_is_made_of_it() -> None:
    declared = {(operation.method, shape_of(operation.path)): operation for operation in built()}
    ledger = {(entry.method, shape_of(entry.path)): entry for entry in entries()}
    assert declared.keys() <= ledger.keys()
    for key, entry in ledger.items():
        operation = declared.get(key)
        assert entry.effect is (Effect.REFUSED if operation is None else operation.effect), key
        if operation is not None:
            assert {*operation.scopes, *operation.own} == set(entry.scopes), key


def test_what_does_not_act_has_a_reason_and_every_reason_is_one_for_something() -> None:
    idle = [entry for entry in entries() if entry.effect is not Effect.ACTS]
    assert [entry.path for entry in idle if not entry.reason] == []
    used = {entry.reason_at for entry in idle}
    assert set(REASONS) - used == set()


def test_every_operation_of_the_ledger_is_found_by_its_path() -> None:
    paths: Paths[Operation] = Paths()
    for operation in every_operation():
        paths.put(operation.method, operation.path, operation)
    for entry in entries():
        found = paths.find(entry.method, shape_of(entry.path).replace("{}", "x%7Cy"))
        assert found is not None, entry.path
        assert set(found[1].values()) <= {"x|y"}
        assert {*found[0].scopes, *found[0].own} == set(entry.scopes)


def test_every_scope_can_be_granted() -> None:
    for entry in entries():
        assert set(entry.scopes) <= {*EVERY_SCOPE, *OWN} or "current_user" in str(entry.scopes), entry.path
