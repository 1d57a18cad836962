"""Where the tenant log is to go: ``/log-streams``."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.management.resources.log_streams import SECRETS

from .conftest import A, Api, House

pytestmark = pytest.mark.anyio
STREAMS = "/log-streams"
GRID = {
    "azureSubscriptionId": "b69a6835-57c7-4d53-b0d5-1c6ae580b6d5",
    "azureRegion": "northeurope",
    "azureResourceGroup": "logs",
}
MIXPANEL = {
    "mixpanelRegion": "us",
    "mixpanelProjectId": "123456789",
    "mixpanelServiceAccountUsername": "account",
    "mixpanelServiceAccountPassword": "pass-w0rd",
}
SINKS: dict[str, dict[str, Any]] = {
    "http": {
        "httpEndpoint": "https://logs.test/",
        "httpAuthorization": "Bearer t0ken",
        "httpContentFormat": "JSONLINES",
        "httpContentType": "application/json",
        "httpCustomHeaders": [{"header": "x-k", "value": "v4lue"}],
    },
    "eventbridge": {"awsAccountId": "999999999999", "awsRegion": "us-west-2"},
    "eventgrid": GRID,
    "datadog": {"datadogApiKey": "d0g-key-4711", "datadogRegion": "us"},
    "splunk": {
        "splunkDomain": "splunk.test",
        "splunkToken": "spl-tok-4711",
        "splunkPort": "8080",
        "splunkSecure": True,
    },
    "sumo": {"sumoSourceAddress": "https://sumo.test"},
    "segment": {"segmentWriteKey": "wr1te-key"},
    "mixpanel": MIXPANEL,
}


async def make(api: Api, type_: str = "datadog", **sink: Any) -> Any:
    return await api.post(STREAMS, {"name": "S", "type": type_, "sink": {**SINKS[type_], **sink}}, 200)


@pytest.mark.parametrize("type_", SINKS)
async def test_a_stream_of_each_type_returns_its_sink_and_seals_what_is_secret(
    api: Api, house: House, type_: str
) -> None:
    made = await make(api, type_)
    assert made["id"].startswith("lst_")
    assert (made["status"], made["filters"], made["isPriority"]) == ("active", [], False)
    assert made["sink"].items() >= SINKS[type_].items()
    assert await api.get(f"{STREAMS}/{made['id']}") == made
    assert await api.get(STREAMS) == [made]
    secrets = {f"sink.{name}": value for name, value in SINKS[type_].items() if name in SECRETS}
    stored = house.ports.directory.tenant(A).documents["log_stream"][made["id"]]
    assert stored.secrets == secrets
    assert not stored.body["sink"].keys() & set(SECRETS)
    logged = str([event.details for event in await house.log()])
    for value in secrets.values():
        assert str(value) not in logged
    missing = next(iter(SINKS[type_]))
    sink = {name: value for name, value in SINKS[type_].items() if name != missing}
    assert await api.refused("POST", STREAMS, {"type": type_, "sink": sink}) == (400, "invalid_body")


async def test_a_stream_is_paused_renamed_filtered_and_gone(api: Api) -> None:
    path = f"{STREAMS}/{(await make(api))['id']}"
    changes = {
        "name": "T",
        "status": "paused",
        "filters": [{"type": "category", "name": "auth.login.fail"}],
        "pii_config": {"log_fields": ["email"], "method": "hash", "algorithm": "xxhash"},
    }
    assert (await api.patch(path, changes)).items() >= changes.items()
    for wrong in ({"status": "broken"}, {"filters": [{"type": "category", "name": "all"}]}, {"type": "http"}):
        assert await api.refused("PATCH", path, wrong) == (400, "invalid_body")
    await api.delete(path)
    await api.delete(path)
    assert await api.refused("GET", path) == (404, None)
    assert await api.refused("PATCH", path, {}) == (404, None)


async def test_a_sink_is_replaced_but_for_the_secrets_it_leaves_out(api: Api) -> None:
    path = f"{STREAMS}/{(await make(api))['id']}"
    assert (await api.patch(path, {"sink": {"datadogRegion": "eu"}}))["sink"] == {
        "datadogRegion": "eu",
        "datadogApiKey": "d0g-key-4711",
    }
    changed = {"datadogRegion": "us3", "datadogApiKey": "other-4711"}
    assert (await api.patch(path, {"sink": changed}))["sink"] == changed
    for wrong in ({}, {"datadogRegion": "moon"}, SINKS["segment"]):
        assert await api.refused("PATCH", path, {"sink": wrong}) == (400, "invalid_body")
    http = f"{STREAMS}/{(await make(api, 'http'))['id']}"
    sink = {"httpEndpoint": "https://other.test/", "httpCustomHeaders": []}
    assert (await api.patch(http, {"sink": sink}))["sink"] == {**sink, "httpAuthorization": "Bearer t0ken"}


async def test_what_was_agreed_with_another_cloud_stays(api: Api) -> None:
    for type_, name in (("eventbridge", "awsRegion"), ("eventgrid", "azureRegion")):
        made = await make(api, type_)
        path = f"{STREAMS}/{made['id']}"
        other = {**made["sink"], name: "eu-west-1" if type_ == "eventbridge" else "westeurope"}
        assert await api.refused("PATCH", path, {"sink": other}) == (400, "operation_not_supported")
        assert (await api.patch(path, {"name": "N", "sink": SINKS[type_]}))["sink"] == made["sink"]


async def test_a_type_is_known(api: Api) -> None:
    for body in ({"sink": {}}, {"type": "pigeon", "sink": {}}, {"type": ["http"], "sink": SINKS["http"]}, []):
        assert await api.refused("POST", STREAMS, body) == (400, "invalid_body")
