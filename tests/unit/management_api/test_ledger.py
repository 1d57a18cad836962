"""The ledger of operations against what is built."""

from __future__ import annotations

from doorward.management.kit.operation import Operation
from doorward.management.kit.paths import Paths
from doorward.management.ledger import DOCUMENTED, operations
from doorward.management.registry import built, shape_of
from doorward.management.registry import operations as every_operation
from doorward.management.system_scopes import EVERY_SCOPE

OWN = {"read:current_user", "delete:current_user", "update:current_user_identities", "update:current_user_metadata"}


def test_the_ledger_holds_the_452_operations_of_the_document() -> None:
    documented = list(operations(DOCUMENTED))
    assert len(documented) == len({(method, path) for method, path, _ in documented}) == 452


def test_every_operation_that_is_built_is_in_the_ledger_with_the_same_scopes() -> None:
    ledger = {(method, shape_of(path)): set(scopes) for method, path, scopes in operations()}
    for operation in built():
        assert ledger[operation.method, shape_of(operation.path)] == {*operation.scopes, *operation.own}, operation.path


def test_every_operation_of_the_ledger_is_found_by_its_path() -> None:
    paths: Paths[Operation] = Paths()
    for operation in every_operation():
        paths.put(operation.method, operation.path, operation)
    for method, path, scopes in operations():
        found = paths.find(method, shape_of(path).replace("{}", "x%7Cy"))
        assert found is not None, path
        assert set(found[1].values()) <= {"x|y"}
        assert {*found[0].scopes, *found[0].own} == set(scopes)


def test_every_scope_can_be_granted() -> None:
    for _, path, scopes in operations():
        assert set(scopes) <= {*EVERY_SCOPE, *OWN} or "current_user" in str(scopes), path
