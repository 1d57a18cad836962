"""Configuration kept for what does not act yet: event streams, flows, forms, network ACLs, rate-limit policies."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.management.kit.operation import Effect
from doorward.management.registry import built

from .conftest import A, Api, B, House, ok

pytestmark = pytest.mark.anyio
WEBHOOK = {
    "type": "webhook",
    "configuration": {
        "webhook_endpoint": "https://hooks.test",
        "webhook_authorization": {"method": "bearer", "token": "t0ken-4711"},
    },
}
RULE = {"action": {"block": True}, "match": {"geo_country_codes": ["AQ"]}, "scope": "tenant"}
ACL = {"description": "D", "active": True, "priority": 1, "rule": RULE}
POLICY = {
    "resource": "oauth_authentication_api",
    "consumer": "client",
    "consumer_selector": "default",
    "configuration": {"action": "block", "limit": 100},
}
PLAIN: dict[str, tuple[str, str, dict[str, Any], dict[str, Any], int]] = {
    "/event-streams": ("eventStreams", "est_", {"name": "N", "destination": WEBHOOK}, {"name": "M"}, 201),
    "/flows": ("flows", "af_", {"name": "N"}, {"name": "M", "actions": []}, 201),
    "/flows/vault/connections": ("connections", "ac_", {"name": "N", "app_id": "HTTP"}, {"name": "M"}, 201),
    "/forms": ("forms", "ap_", {"name": "N", "nodes": []}, {"name": "M", "style": {"css": "x{}"}}, 201),
    "/network-acls": ("network_acls", "acl_", ACL, {"description": "E", "priority": 2}, 201),
    "/rate-limit-policies": (
        "rate_limit_policies",
        "rlp_",
        POLICY,
        {"configuration": {"action": "redirect", "limit": 5, "redirect_uri": "https://a.test/"}},
        201,
    ),
}


@pytest.mark.parametrize("path", PLAIN)
async def test_it_is_made_listed_changed_and_gone(api: Api, house: House, path: str) -> None:
    key, prefix, body, change, created = PLAIN[path]
    made = await api.post(path, body, created)
    assert made["id"].startswith(prefix)
    assert made["created_at"] == made["updated_at"] == "2023-11-14T22:13:20.000Z"
    assert made.items() >= {name: value for name, value in body.items() if name != "destination"}.items()
    one = f"{path}/{made['id']}"
    assert (await api.get(one)).items() >= made.items()
    listed = (
        await api.get(path, take=50)
        if path in ("/event-streams", "/rate-limit-policies")
        else {key: await api.get(path)}
    )
    assert [item["id"] for item in listed[key]] == [made["id"]]
    assert await (await house.api(B)).refused("GET", one) == (404, None)
    house.clock.time += 60
    changed = await api.patch(one, change)
    assert changed.items() >= change.items()
    assert changed["updated_at"] > made["updated_at"]
    assert await api.refused("PATCH", one, {"toaster": 1}) == (400, "invalid_body")
    gone = await api.call("DELETE", one)
    assert gone.status_code == (200 if path == "/network-acls" else 204)
    assert (await api.refused("GET", one))[0] == 404
    again = await api.call("DELETE", one)
    assert again.status_code == (204 if path == "/event-streams" else 404)


async def test_a_webhook_keeps_its_token_and_shows_none(api: Api, house: House) -> None:
    made = await api.post("/event-streams", {"destination": WEBHOOK})
    assert made["destination"]["configuration"]["webhook_authorization"] == {"method": "bearer"}
    assert (made["status"], made["subscriptions"]) == ("enabled", [])
    path = f"/event-streams/{made['id']}"
    await api.patch(path, {"subscriptions": [{"event_type": "user.created"}]})
    assert (await api.patch(path, {"subscriptions": []}))["subscriptions"] == []
    await api.patch(path, {"destination": made["destination"], "status": "disabled"})
    stored = house.ports.directory.tenant(A).documents["event_stream"][made["id"]]
    assert list(stored.secrets.values()) == ["t0ken-4711"]
    assert "t0ken-4711" not in str(stored.body) + str([event.details for event in await house.log()])
    bridge = {"type": "eventbridge", "configuration": {"aws_account_id": "1" * 12, "aws_region": "us-east-2"}}
    assert await api.refused("PATCH", path, {"destination": bridge}) == (400, "operation_not_supported")
    made = await api.post("/event-streams", {"destination": bridge})
    assert made["destination"]["configuration"]["aws_partner_event_source"].startswith("aws.partner/")
    moved = {"type": "eventbridge", "configuration": {"aws_account_id": "2" * 12, "aws_region": "us-east-2"}}
    path = f"/event-streams/{made['id']}"
    assert await api.refused("PATCH", path, {"destination": moved}) == (400, "operation_not_supported")
    assert (await api.patch(path, {"destination": bridge}))["destination"] == made["destination"]


async def test_an_event_stream_takes_its_action_along(api: Api) -> None:
    action = {"name": "A", "supported_triggers": [{"id": "event-stream"}], "deploy": True}
    id_ = (await api.post("/actions/actions", action))["id"]
    destination = {"type": "action", "configuration": {"action_id": id_}}
    nowhere = {"type": "action", "configuration": {"action_id": "nowhere"}}
    assert await api.refused("POST", "/event-streams", {"destination": nowhere}) == (404, None)
    streams = [(await api.post("/event-streams", {"destination": destination}))["id"] for _ in range(2)]
    await api.delete(f"/event-streams/{streams[0]}")
    await api.get(f"/actions/actions/{id_}")
    await api.delete(f"/event-streams/{streams[1]}")
    assert await api.refused("GET", f"/actions/actions/{id_}") == (404, None)


async def test_an_event_stream_says_that_nothing_was_delivered(api: Api) -> None:
    path = f"/event-streams/{(await api.post('/event-streams', {'destination': WEBHOOK}))['id']}"
    assert await api.get(f"{path}/deliveries") == []
    assert (await api.get(f"{path}/stats"))["buckets"] == []
    answer = await api.call("GET", "/event-streams/est_invalid_id_1234567890")
    assert answer.json()["message"] == (
        "Path validation error: 'Object didn't pass validation for format event-stream-id: est_invalid_id_1234567890'"
        " on property id (Unique identifier for the event stream)."
    )


async def test_the_setup_of_a_vault_connection_is_never_shown(api: Api, house: House) -> None:
    setup = {"type": "BEARER", "token": "t0ken-4711"}
    made = await api.post("/flows/vault/connections", {"name": "N", "app_id": "HTTP", "setup": setup})
    assert (made["ready"], "setup" in made) == (True, False)
    path = f"/flows/vault/connections/{made['id']}"
    assert (await api.patch(path, {"name": "M"}))["fingerprint"] == made["fingerprint"]
    assert house.ports.directory.tenant(A).documents["flow_vault_connection"][made["id"]].secrets == {"setup": setup}
    assert (await api.patch(path, {"setup": {**setup, "token": "2nd-token"}}))["fingerprint"] != made["fingerprint"]
    assert not {"t0ken-4711", "2nd-token"} & set(str([event.details for event in await house.log()]).split("'"))
    assert (await api.get("/flows/vault/connections", include_totals=True))["total"] == 1


async def test_a_list_of_forms_counts_their_flows(api: Api) -> None:
    flow = {"id": "a", "type": "FLOW", "config": {"flow_id": "af_1"}}
    await api.post("/forms", {"name": "F", "nodes": [flow, {**flow, "id": "b"}]})
    await api.post("/forms", {"name": "G", "ending": {"after_submit": {"flow_id": "af_2"}}})
    await api.post("/forms", {"name": "H", "ending": {"after_submit": "later"}})
    assert [form["flow_count"] for form in await api.get("/forms")] == [1, 1, 0]


async def test_a_network_acl_is_replaced_and_its_rule_makes_sense(api: Api) -> None:
    made = await api.post("/network-acls", ACL)
    path = f"/network-acls/{made['id']}"
    whole = await api.get(path)
    assert (whole["tenant_id"], whole["deleted_at"]) == (A, None)
    other = {"description": "E", "active": False, "rule": {**RULE, "scope": "authentication"}}
    replaced = ok(await api.call("PUT", path, other), 200)
    assert (replaced["id"], "priority" in replaced) == (made["id"], False)
    await api.post("/network-acls", ACL)
    assert (await api.refused("PATCH", path, {"priority": 1}))[0] == 409
    assert (await api.refused("POST", "/network-acls", ACL))[0] == 409
    curated = {**RULE, "match": {"auth0_managed": ["auth0.totally_made_up"]}}
    twice = {**RULE, "match": {"auth0_managed": ["auth0.low_reputation"] * 2}}
    for rule, message in (
        (
            curated,
            "Invalid curated list name(s): auth0.totally_made_up. Allowed curated list names are: auth0.low_reputation,"
            " auth0.icloud_relay_proxy",
        ),
        (
            twice,
            "Payload validation error: 'Array items are not unique (indexes 0 and 1)' on property"
            " rule.match.auth0_managed.",
        ),
        (
            {**RULE, "action": {"redirect": True}},
            "Payload validation error: Action type of `redirect` requires a `redirect_uri`",
        ),
    ):
        refused = await api.call("PATCH", path, {"rule": rule})
        assert (refused.status_code, refused.json()["message"]) == (400, message)
    for method in ("GET", "DELETE"):
        assert await api.refused(method, "/network-acls/acl_invalid_id") == (400, "invalid_uri")


async def test_a_rate_limit_policy_is_for_somebody_once(api: Api) -> None:
    made = await api.post("/rate-limit-policies", POLICY)
    assert (await api.refused("POST", "/rate-limit-policies", POLICY))[0] == 409
    await api.post("/rate-limit-policies", {**POLICY, "consumer_selector": "other"})
    found = await api.get("/rate-limit-policies", consumer_selector="default")
    assert [policy["id"] for policy in found["rate_limit_policies"]] == [made["id"]]
    for wrong in ({"action": "block"}, {"action": "shout"}, {"limit": 5}, {"action": "redirect", "limit": 5}):
        path = f"/rate-limit-policies/{made['id']}"
        assert await api.refused("PATCH", path, {"configuration": wrong}) == (400, "invalid_body")


async def test_there_are_no_rules_and_no_hooks(api: Api) -> None:
    assert await api.get("/rules") == await api.get("/hooks") == await api.get("/rules-configs") == []
    assert await api.get("/rules", include_totals=True) == {"start": 0, "limit": 50, "total": 0, "rules": []}
    assert await api.refused("GET", "/rules/x") == (404, "inexistent_rule")
    assert await api.refused("GET", "/hooks/x") == (404, "HookDoesNotExist")
    assert await api.refused("POST", "/rules", {"name": "R"}) == (403, "insufficient_scope")


async def test_what_does_not_act_says_so() -> None:
    stored = {"actions", "log-streams", "flows", "forms", "event-streams", "network-acls", "rate-limit-policies"}
    empty = {"rules", "hooks", "rules-configs"}
    for operation in built():
        family = operation.path.split("/")[1]
        if family in stored:
            assert operation.effect in (Effect.STORED, Effect.EMPTY), operation.path
        if family in empty:
            assert operation.effect is Effect.EMPTY, operation.path
