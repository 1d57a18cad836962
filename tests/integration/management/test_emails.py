"""Who delivers e-mail and what it says: ``/emails/provider`` and ``/email-templates``."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import A, Api, House

pytestmark = pytest.mark.anyio
PROVIDER = "/emails/provider"
SMTP = {"smtp_host": "smtp.test", "smtp_port": 587, "smtp_user": "bob", "smtp_pass": "very-secret"}
OPEN = {"smtp_host": "smtp.test", "smtp_port": 587, "smtp_user": "bob"}
MADE = {"name": "smtp", "enabled": True, "default_from_address": "no-reply@a.test", "credentials": OPEN}


async def post_smtp(api: Api) -> Any:
    body = {"name": "smtp", "default_from_address": "no-reply@a.test", "credentials": SMTP}
    return await api.post(PROVIDER, body)


def secrets(house: House) -> Any:
    return house.ports.directory.tenant(A).documents["configuration"]["email_provider"].secrets


async def test_there_is_no_email_provider_until_one_is_made(api: Api) -> None:
    response = await api.call("GET", PROVIDER)
    assert response.json() == {
        "statusCode": 404,
        "error": "Not Found",
        "message": "There is not a configured email provider",
        "errorCode": "inexistent_email_provider",
    }
    assert (await api.refused("PATCH", PROVIDER, {"enabled": False}))[0] == 404
    assert await post_smtp(api) == MADE
    assert (await api.refused("POST", PROVIDER, {"name": "custom", "credentials": {}}))[0] == 409
    for _ in range(2):
        await api.delete(PROVIDER)
    assert (await api.refused("GET", PROVIDER))[0] == 404
    assert await post_smtp(api) == MADE


async def test_secret_credentials_are_written_and_kept_but_never_read(api: Api, house: House) -> None:
    await post_smtp(api)
    assert await api.get(PROVIDER, fields="credentials,name") == {"name": "smtp", "credentials": OPEN}
    changed = {**OPEN, "smtp_user": "eve"}
    patched = await api.patch(PROVIDER, {"credentials": changed, "enabled": False, "settings": {}})
    assert patched == {**MADE, "credentials": changed, "enabled": False, "settings": {}}
    assert secrets(house) == {"credentials.smtp_pass": "very-secret"}
    assert "very-secret" not in repr(await house.log())


async def test_another_email_provider_brings_its_own_credentials(api: Api, house: House) -> None:
    await post_smtp(api)
    await api.patch(PROVIDER, {"settings": {"headers": {"x": "1"}}})
    assert await api.refused("PATCH", PROVIDER, {"name": "mandrill"}) == (400, "invalid_body")
    mandrill = {"name": "mandrill", "credentials": {"api_key": "Mailer-key-1"}}
    expected = {"name": "mandrill", "enabled": True, "default_from_address": "no-reply@a.test", "credentials": {}}
    assert await api.patch(PROVIDER, mandrill) == expected
    assert secrets(house) == {"credentials.api_key": "Mailer-key-1"}, "the password of the one before is gone"
    mailgun = {"name": "mailgun", "credentials": {"api_key": "Mailer-key-2", "domain": "a.test", "region": "eu"}}
    shown = await api.patch(PROVIDER, mailgun)
    assert shown["credentials"] == {"domain": "a.test", "region": "eu"}


@pytest.mark.parametrize(
    ("name", "credentials"),
    [
        ("pigeon", {}),
        ("mandrill", {}),
        ("sendgrid", SMTP),
        ("smtp", {"smtp_port": 0}),
        ("mailgun", {"api_key": "Mailer-key-2", "region": "us"}),
        ("custom", {"api_key": "Mailer-key-2"}),
    ],
)
async def test_credentials_have_to_be_those_of_the_provider(api: Api, name: str, credentials: Any) -> None:
    body = {"name": name, "credentials": credentials}
    assert await api.refused("POST", PROVIDER, body) == (400, "invalid_body")


TEMPLATE = {
    "template": "verify_email",
    "body": "<p>{{ url }}</p>",
    "from": "me@a.test",
    "subject": "Verify",
    "syntax": "liquid",
    "enabled": True,
    "includeEmailInRedirect": True,
    "urlLifetimeInSeconds": 3600,
    "resultUrl": "https://a.test/done",
}


async def test_a_template_exists_once_it_was_created(api: Api) -> None:
    path = "/email-templates/verify_email"
    for method, body in (("GET", None), ("PATCH", {"enabled": False}), ("PUT", TEMPLATE)):
        response = await api.call(method, path, body)
        assert (response.status_code, response.json()["message"]) == (404, "The template does not exist.")
        assert response.json()["errorCode"] == "inexistent_email_template"
    assert await api.post("/email-templates", TEMPLATE, 200) == TEMPLATE == await api.get(path)
    response = await api.call("POST", "/email-templates", TEMPLATE)
    assert (response.status_code, response.json()["message"]) == (409, "Template verify_email already exists.")
    assert await api.patch(path, {"enabled": False}) == {**TEMPLATE, "enabled": False}
    without = await api.patch(path, {"resultUrl": None})
    assert "resultUrl" not in without
    short = {name: TEMPLATE[name] for name in ("template", "body", "from", "subject", "syntax", "enabled")}
    assert (await api.call("PUT", path, short)).json() == short == await api.get(path)


async def test_templates_have_fixed_names(api: Api) -> None:
    assert await api.refused("GET", "/email-templates/other") == (400, "invalid_uri")
    assert await api.refused("POST", "/email-templates", {**TEMPLATE, "template": "other"}) == (400, "invalid_body")
    await api.post("/email-templates", TEMPLATE, 200)
    moved = await api.patch("/email-templates/verify_email", {"template": "welcome_email"})
    assert moved["template"] == "verify_email"
    assert (await api.refused("GET", "/email-templates/welcome_email"))[0] == 404


@pytest.mark.parametrize("part", ["body", "subject", "from"])
async def test_a_template_that_cannot_be_read_is_refused(api: Api, part: str) -> None:
    whole = {
        "template": "verify_email", "body": "{{ url }}", "from": "", "subject": "s", "syntax": "liquid",
        "enabled": True,
    }  # fmt: skip
    response = await api.call("POST", "/email-templates", {**whole, part: "{% if url %}"})
    assert (response.status_code, response.json()["errorCode"]) == (400, "invalid_body")
    assert response.json()["message"].startswith(f"Template {part} is not valid Liquid: ")
    await api.post("/email-templates", whole, status=200)
    for method, body in (("PATCH", {part: "{{ url"}), ("PUT", {**whole, part: "{{ url"})):
        assert await api.refused(method, "/email-templates/verify_email", body) == (400, "invalid_body")
    assert (await api.get("/email-templates/verify_email"))["body"] == "{{ url }}"
    phone = {"type": "otp_verify", "content": {"body": {"text": "{{ code"}}}
    assert await api.refused("POST", "/branding/phone/templates", phone) == (400, "invalid_body")
