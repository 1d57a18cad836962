"""Code kept for the points at which a tenant can be extended: ``/actions``."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import A, Api, B, House, ok

pytestmark = pytest.mark.anyio
ACTIONS, MODULES = "/actions/actions", "/actions/modules"
LOGIN = [{"id": "post-login", "version": "v3"}]
CODE = "exports.onExecutePostLogin = async () => {};"
NANOSECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")


async def make(api: Api, name: str = "A", **more: Any) -> Any:
    return await api.post(ACTIONS, {"name": name, "supported_triggers": LOGIN, "code": CODE, **more})


async def deploy(api: Api, action: dict[str, Any]) -> Any:
    return await api.post(f"{ACTIONS}/{action['id']}/deploy", None, 200)


async def bind(api: Api, *references: tuple[str, str], trigger: str = "post-login") -> Any:
    bindings = [{"ref": {"type": type_, "value": value}} for type_, value in references]
    return (await api.patch(f"/actions/triggers/{trigger}/bindings", {"bindings": bindings}))["bindings"]


async def bound(api: Api, trigger: str = "post-login") -> list[str]:
    answer = await api.get(f"/actions/triggers/{trigger}/bindings")
    return [binding["action"]["name"] for binding in answer["bindings"]]


async def test_an_action_is_written_built_deployed_and_gone(api: Api) -> None:
    made = await make(api)
    assert made["status"] == "built"
    assert made["runtime"] == "node22"
    assert (made["dependencies"], made["secrets"], made["all_changes_deployed"]) == ([], [], False)
    assert NANOSECONDS.fullmatch(made["created_at"])
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made["id"])
    path = f"{ACTIONS}/{made['id']}"
    assert await api.get(path) == made
    version = await deploy(api, made)
    assert (version["number"], version["deployed"], version["status"], version["code"]) == (1, True, "built", CODE)
    assert version["action"]["all_changes_deployed"] is True
    shown = await api.get(path)
    assert shown["deployed_version"]["id"] == shown["current_version"]["id"] == version["id"]
    changed = await api.patch(path, {"code": "other"})
    assert (changed["all_changes_deployed"], changed["deployed_version"]["code"]) == (False, CODE)
    assert (await api.patch(path, {"code": CODE}))["all_changes_deployed"] is True
    await api.delete(path)
    for method in ("GET", "PATCH", "DELETE"):
        assert await api.refused(method, path, {"code": ""} if method == "PATCH" else None) == (404, None)
    assert await api.get(ACTIONS) == {"actions": [], "page": 0, "per_page": 50, "total": 0}


async def test_it_can_be_deployed_as_it_is_made(api: Api) -> None:
    made = await make(api, deploy=True)
    assert made["all_changes_deployed"] is True
    assert (await api.get(f"{ACTIONS}/{made['id']}"))["deployed_version"]["number"] == 1


async def test_names_are_unique_and_triggers_known(api: Api, house: House) -> None:
    made = await make(api)
    body = {"name": "A", "supported_triggers": LOGIN}
    assert (await api.refused("POST", ACTIONS, body))[0] == 409
    other = await make(api, "B")
    assert (await api.refused("PATCH", f"{ACTIONS}/{other['id']}", {"name": "A"}))[0] == 409
    assert (await api.patch(f"{ACTIONS}/{made['id']}", {"name": "C"}))["name"] == "C"
    await make(api, "A")
    await make(await house.api(B), "A")
    for triggers in ([], [{"id": "post-lunch"}], [{"id": "post-login", "version": "v9"}], LOGIN * 2):
        wrong = {"name": "D", "supported_triggers": triggers}
        assert await api.refused("POST", ACTIONS, wrong) == (400, "invalid_body")
    assert await api.refused("POST", ACTIONS, {"name": "D"}) == (400, "invalid_body")


async def test_only_names_and_dates_of_secrets_are_returned(api: Api, house: House) -> None:
    path = f"{ACTIONS}/" + (await make(api, secrets=[{"name": "KEY", "value": "s3cret-value"}]))["id"]
    before = (await api.get(path))["secrets"]
    assert [set(entry) for entry in before] == [{"name", "updated_at"}]
    house.clock.time += 60
    assert (await api.patch(path, {"code": "x"}))["secrets"] == before
    assert (await api.patch(path, {"secrets": [{"name": "KEY"}]}))["secrets"] == before
    changed = await api.patch(path, {"secrets": [{"name": "KEY", "value": "n3w-value"}, {"name": "B", "value": "2"}]})
    assert [entry["name"] for entry in changed["secrets"]] == ["KEY", "B"]
    assert changed["secrets"][0]["updated_at"] > before[0]["updated_at"]
    await deploy(api, changed)
    for kind in ("action", "action_version"):
        for document in house.ports.directory.tenant(A).documents[kind].values():
            assert document.secrets == {"values": {"KEY": "n3w-value", "B": "2"}}
            assert "value" not in str(document.body)
    assert "3w-value" not in str([event.details for event in await house.log()])
    assert await api.refused("PATCH", path, {"secrets": [{"name": "NEW"}]}) == (400, "invalid_body")
    twice = {"secrets": [{"name": "X", "value": "1"}, {"name": "X", "value": "2"}]}
    assert await api.refused("PATCH", path, twice) == (400, "invalid_body")
    assert (await api.patch(path, {"secrets": []}))["all_changes_deployed"] is False


async def test_versions_are_numbered_and_an_older_one_can_be_deployed_again(api: Api) -> None:
    made = await make(api)
    path = f"{ACTIONS}/{made['id']}"
    first = await deploy(api, made)
    await api.patch(path, {"code": "second"})
    await deploy(api, made)
    listed = await api.get(f"{path}/versions")
    assert [(v["number"], v["code"], v["deployed"]) for v in listed["versions"]] == [
        (2, "second", True),
        (1, CODE, False),
    ]
    assert listed["total"] == 2
    assert (await api.get(f"{path}/versions/{first['id']}"))["number"] == 1
    again = await api.post(f"{path}/versions/{first['id']}/deploy", None, 200)
    assert (again["number"], again["code"], again["deployed"]) == (3, CODE, True)
    shown = await api.get(path)
    assert (shown["code"], shown["all_changes_deployed"]) == ("second", False)
    await api.post(f"{path}/versions/{first['id']}/deploy", {"update_draft": True}, 200)
    shown = await api.get(path)
    assert (shown["code"], shown["all_changes_deployed"]) == (CODE, True)
    other = await make(api, "B")
    assert await api.refused("GET", f"{ACTIONS}/{other['id']}/versions/{first['id']}") == (404, None)
    await api.delete(path)
    assert await api.refused("GET", f"{path}/versions") == (404, None)


async def test_only_so_many_versions_are_kept(api: Api, house: House) -> None:
    made = await make(api)
    for _ in range(52):
        await deploy(api, made)
    versions = house.ports.directory.tenant(A).documents["action_version"]
    assert sorted(version.body["number"] for version in versions.values()) == list(range(3, 53))


async def test_bindings_are_an_ordered_list_that_keeps_what_stays(api: Api) -> None:
    for name in ("A", "B"):
        await deploy(api, await make(api, name))
    first, second = await bind(api, ("action_name", "A"), ("action_name", "B"))
    assert await bound(api) == ["A", "B"]
    assert (first["display_name"], first["trigger_id"]) == ("A", "post-login")
    assert first["action"]["deployed_version"]["number"] == 1
    turned = await bind(api, ("binding_id", second["id"]), ("action_id", first["action"]["id"]))
    assert [binding["id"] for binding in turned] == [second["id"], first["id"]]
    assert await bound(api) == ["B", "A"]
    page = await api.get("/actions/triggers/post-login/bindings", page=1, per_page=1)
    assert [binding["id"] for binding in page["bindings"]] == [first["id"]]
    assert (page["total"], page["per_page"], page["page"]) == (2, 1, 1)
    assert await bind(api) == []
    assert await bound(api) == []


async def test_what_is_bound_exists_is_deployed_and_fits(api: Api) -> None:
    made = await make(api)
    path = "/actions/triggers/post-login/bindings"

    async def refused(type_: str, value: str, where: str = path) -> tuple[int, Any]:
        return await api.refused("PATCH", where, {"bindings": [{"ref": {"type": type_, "value": value}}]})

    assert await refused("action_name", "A") == (400, "invalid_body")
    await deploy(api, made)
    assert await refused("action_name", "nobody") == (404, None)
    assert await refused("action_id", "nobody") == (404, None)
    assert await refused("binding_id", "nobody") == (404, None)
    assert await refused("color", "red") == (400, "invalid_body")
    assert await refused("action_name", "A", path.replace("post-login", "credentials-exchange")) == (
        400,
        "invalid_body",
    )
    assert await refused("action_name", "A", path.replace("post-login", "post-lunch")) == (400, "invalid_uri")
    twice = {"bindings": [{"ref": {"type": "action_name", "value": "A"}}] * 2}
    assert await api.refused("PATCH", path, twice) == (400, "invalid_body")
    assert await bound(api) == []


async def test_a_bound_action_goes_only_by_force(api: Api) -> None:
    made = await make(api, deploy=True)
    await deploy(api, await make(api, "B"))
    await bind(api, ("action_name", "A"), ("action_name", "B"))
    path = f"{ACTIONS}/{made['id']}"
    assert await api.refused("DELETE", path) == (400, "operation_not_supported")
    ok(await api.call("DELETE", path, force=True), 204)
    assert await bound(api) == ["B"]


async def test_lists_filter(api: Api) -> None:
    await make(api, "A", deploy=True)
    await make(api, "B", supported_triggers=[{"id": "credentials-exchange"}])

    async def names(**query: Any) -> list[str]:
        return [action["name"] for action in (await api.get(ACTIONS, **query))["actions"]]

    assert await names() == ["A", "B"]
    assert await names(actionName="B") == ["B"]
    assert await names(triggerId="post-login") == ["A"]
    assert await names(deployed=True) == ["A"]
    assert await names(deployed=False) == ["B"]
    assert await names(installed=True) == []


async def test_nothing_runs_the_code_and_nothing_says_otherwise(api: Api) -> None:
    made = await make(api)
    tested = await api.post(f"{ACTIONS}/{made['id']}/test", {"payload": {"event": {}}}, 200)
    assert tested["payload"]["error"]["name"] == "NotSupportedError"
    assert set(tested["payload"]["stats"].values()) == {0}
    assert await api.refused("GET", "/actions/executions/x") == (404, None)
    triggers = (await api.get("/actions/triggers"))["triggers"]
    assert [t["version"] for t in triggers if t["id"] == "post-login" and t["status"] == "CURRENT"] == ["v3"]


async def test_a_module_is_published_and_rolled_back(api: Api, house: House) -> None:
    made = await api.post(MODULES, {"name": "M", "code": "1", "secrets": [{"name": "K", "value": "hush-hush"}]})
    path = f"{MODULES}/{made['id']}"
    assert (made["all_changes_published"], made["actions_using_module_total"]) == (False, 0)
    assert "latest_version" not in made
    first = await api.post(f"{path}/versions", None, 200)
    assert (first["version_number"], first["module_id"], first["code"]) == (1, made["id"], "1")
    assert (await api.refused("POST", f"{path}/versions"))[0] == 409
    assert (await api.patch(path, {"code": "2"}))["all_changes_published"] is False
    await api.post(f"{path}/versions", None, 200)
    shown = await api.get(path)
    assert (shown["latest_version"]["code"], shown["latest_version_number"]) == ("2", 2)
    assert [v["version_number"] for v in (await api.get(f"{path}/versions"))["versions"]] == [2, 1]
    rolled = await api.post(f"{path}/rollback", {"module_version_id": first["id"]}, 200)
    assert (rolled["code"], rolled["all_changes_published"]) == ("1", False)
    assert (await api.refused("POST", f"{path}/rollback", {"module_version_id": first["id"]}))[0] == 409
    assert await api.refused("POST", f"{path}/rollback", {"module_version_id": "x"}) == (404, None)
    assert (await api.get(f"{path}/versions/{first['id']}"))["code"] == "1"
    assert "hush-hush" not in str([event.details for event in await house.log()])


async def test_a_module_in_use_stays(api: Api, house: House) -> None:
    module = await api.post(MODULES, {"name": "M", "code": "1", "publish": True})
    assert module["latest_version"]["version_number"] == 1
    assert (await api.refused("POST", MODULES, {"name": "M", "code": ""}))[0] == 409
    user = await make(api, modules=[{"module_id": module["id"], "module_version_number": 1}])
    path = f"{MODULES}/{module['id']}"
    assert (await api.get(f"{path}/actions"))["actions"] == [
        {"action_id": user["id"], "action_name": "A", "module_version_number": 1, "supported_triggers": LOGIN}
    ]
    assert (await api.get(path))["actions_using_module_total"] == 1
    assert (await api.refused("DELETE", path))[0] == 412
    await api.patch(f"{ACTIONS}/{user['id']}", {"modules": []})
    await api.delete(path)
    assert await api.refused("DELETE", path) == (404, None)
    assert not house.ports.directory.tenant(A).documents["action_module_version"]
    assert (await api.get(MODULES))["total"] == 0
