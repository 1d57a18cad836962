"""Second factors as they are configured: ``/guardian``."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.model.document import Kind

from .conftest import A, Api, House, ok

pytestmark = pytest.mark.anyio
FACTORS = "/guardian/factors"


async def put(api: Api, path: str, body: Any) -> Any:
    return ok(await api.call("PUT", path, body), 200)


async def test_a_factor_is_switched_on_and_listed(api: Api) -> None:
    before = await api.get(FACTORS)
    assert [factor["name"] for factor in before] == [
        "sms", "push-notification", "otp", "email", "duo", "webauthn-roaming", "webauthn-platform", "recovery-code",
    ]  # fmt: skip
    assert not any(factor["enabled"] or factor["trial_expired"] for factor in before)
    assert await put(api, f"{FACTORS}/otp", {"enabled": True}) == {"enabled": True}
    assert [factor["name"] for factor in await api.get(FACTORS) if factor["enabled"]] == ["otp"]
    assert await put(api, f"{FACTORS}/otp", {"enabled": False}) == {"enabled": False}
    assert await api.get(FACTORS) == before
    assert await api.refused("PUT", f"{FACTORS}/smoke-signal", {"enabled": True}) == (400, "invalid_uri")
    assert await api.refused("PUT", f"{FACTORS}/otp", {}) == (400, "invalid_body")


async def test_policies_are_a_bare_array(api: Api) -> None:
    assert await api.get("/guardian/policies") == []
    assert await put(api, "/guardian/policies", ["all-applications"]) == ["all-applications"]
    assert await api.get("/guardian/policies") == ["all-applications"]
    assert await api.refused("PUT", "/guardian/policies", ["sometimes"]) == (400, "invalid_body")
    assert await api.refused("PUT", "/guardian/policies", {}) == (400, "invalid_body")
    assert await put(api, "/guardian/policies", None) == []


async def test_the_former_sms_paths_are_the_phone_settings(api: Api) -> None:
    assert await api.get(f"{FACTORS}/sms/selected-provider") == {"provider": "auth0"}
    await put(api, f"{FACTORS}/phone/selected-provider", {"provider": "twilio"})
    assert await api.get(f"{FACTORS}/sms/selected-provider") == {"provider": "twilio"}
    templates = {"enrollment_message": "in", "verification_message": "again"}
    await put(api, f"{FACTORS}/sms/templates", templates)
    assert await api.get(f"{FACTORS}/phone/templates") == templates
    assert await put(api, f"{FACTORS}/phone/message-types", {"message_types": ["sms"]}) == {"message_types": ["sms"]}


async def test_what_was_never_configured_reads_as_nothing(api: Api) -> None:
    assert await api.get(f"{FACTORS}/duo/settings") == {}
    assert await api.get(f"{FACTORS}/phone/providers/twilio") == {}
    assert await api.get(f"{FACTORS}/push-notification/providers/sns") == {}
    assert await api.get(f"{FACTORS}/push-notification/selected-provider") == {"provider": "guardian"}
    assert (await api.get(f"{FACTORS}/webauthn-platform/settings"))["overrideRelyingParty"] is False
    assert (await api.get(f"{FACTORS}/webauthn-roaming/settings"))["userVerification"] == "preferred"


async def test_duo_returns_its_key_and_the_log_says_who_read_it(api: Api, house: House) -> None:
    given = {"host": "api-1.test", "ikey": "I", "skey": "very secret"}
    assert await put(api, f"{FACTORS}/duo/settings", given) == given
    stored = house.ports.directory.tenant(A).documents[Kind.CONFIGURATION]["guardian/duo/settings"]
    assert "skey" not in stored.body
    assert stored.secrets["skey"] == "very secret"
    assert await api.get(f"{FACTORS}/duo/settings") == given
    assert (await house.log(type_="mgmt_api_read"))[0].details["accessedSecrets"] == ["skey"]
    assert (await api.patch(f"{FACTORS}/duo/settings", {"host": "api-2.test"})) == {**given, "host": "api-2.test"}
    assert "very secret" not in str([event.details for event in await house.log()])


async def test_what_the_push_services_must_know_is_never_returned(api: Api, house: House) -> None:
    sns = f"{FACTORS}/push-notification/providers/sns"
    given = {"aws_access_key_id": "A", "aws_secret_access_key": "S3CRET-of-sns", "aws_region": "us-west-1"}
    assert await put(api, sns, given) == given
    assert await api.get(sns) == {"aws_access_key_id": "A", "aws_region": "us-west-1"}
    assert "aws_secret_access_key" not in await api.patch(sns, {"aws_region": "eu-west-1"})
    documents = house.ports.directory.tenant(A).documents
    assert documents[Kind.CONFIGURATION]["guardian/push-notification/providers/sns"].secrets == {
        "aws_secret_access_key": "S3CRET-of-sns"
    }
    await api.patch(sns, {"aws_secret_access_key": None})
    documents = house.ports.directory.tenant(A).documents
    assert not documents[Kind.CONFIGURATION]["guardian/push-notification/providers/sns"].secrets
    assert await api.refused("PUT", sns, {"aws_region": "mars-1"}) == (400, "invalid_body")

    apns = f"{FACTORS}/push-notification/providers/apns"
    assert await api.get(apns) == {"sandbox": False, "bundle_id": "", "enabled": False}
    shown = await put(api, apns, {"sandbox": True, "bundle_id": "com.my.app", "p12": "PKCS-of-apns"})
    assert shown == {"sandbox": True, "bundle_id": "com.my.app", "enabled": True}
    assert await api.get(apns) == shown
    for provider, secret in (("fcm", "server_key"), ("fcmv1", "server_credentials")):
        path = f"{FACTORS}/push-notification/providers/{provider}"
        assert await put(api, path, {secret: "K3Y-of-fcm"}) == {}
        assert await api.patch(path, {secret: "K3Y-of-fcm"}) == {}
        assert await api.refused("GET", path) == (404, None)
    assert not {"S3CRET-of-sns", "PKCS-of-apns", "K3Y-of-fcm"} & set(
        str([event.details for event in await house.log()]).split("'")
    )
