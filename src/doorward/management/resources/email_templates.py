"""``/email-templates``: what the tenant's e-mail says. There is one of each name, once it was created."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.answers import read_back
from doorward.management.kit.bodies import require_liquid
from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import ApiError, conflict, not_found
from doorward.management.kit.schema import BOOLEAN, choice, number, record, text
from doorward.management.kit.shapes import Command, Shape, Singleton, merged, replaced, without_nulls
from doorward.management.kit.writing import commit
from doorward.model.document import Document, Put

TEMPLATE = "email_template"
MAX_BODY = 200_000
NAMES = (
    "verify_email", "verify_email_by_code", "auth_email_by_code", "reset_email", "reset_email_by_code",
    "welcome_email", "blocked_account", "stolen_credentials", "enrollment_email", "mfa_oob_code", "user_invitation",
    "change_password", "password_reset", "async_approval",
)  # fmt: skip
NAME = choice(*NAMES)
CREATE = record(
    {
        "template": NAME,
        "body": text(max=MAX_BODY).or_null,
        "from": text(max=2048).or_null,
        "resultUrl": text(max=8192).or_null,
        "subject": text(max=4096).or_null,
        "syntax": text(max=64).or_null,
        "urlLifetimeInSeconds": number(min=0).or_null,
        "includeEmailInRedirect": BOOLEAN,
        "enabled": BOOLEAN.or_null,
    },
    required=("template", "body", "from", "subject", "syntax", "enabled"),
)


def missing() -> ApiError:
    return not_found("The template does not exist.", "inexistent_email_template")


def _readable(call: Call, given: dict[str, Any]) -> None:
    require_liquid(call.services.check_template, **{name: given.get(name) for name in ("body", "subject", "from")})


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    _readable(call, given)
    return merged(call, before, {**given, "template": before.id})


def put(call: Call, before: Document, given: dict[str, Any]) -> Document:
    if not before.revision:
        raise missing()
    _readable(call, given)
    return replaced(call, before, {**given, "template": before.id})


ONE = Singleton(
    path="/email-templates/{templateName}",
    kind=TEMPLATE,
    id="{templateName}",
    scopes="email_templates",
    summary="email template",
    update=CREATE.patch(),
    revise=revise,
    replace=CREATE,
    replaced=put,
    missing=missing,
    parameters={"templateName": NAME},
)


async def _create(call: Call) -> Answer:
    name = call.body["template"]
    if name in call.directory.documents[TEMPLATE]:
        raise conflict(f"Template {name} already exists.")
    _readable(call, call.body)
    new = Document(kind=TEMPLATE, id=name, body=without_nulls(call.body))
    directory = await commit(call, [Put(document=new)])
    return Answer(body=dict(directory.documents[TEMPLATE][name].body))


RESOURCES: tuple[Shape, ...] = (
    ONE,
    Command(
        method="POST",
        path="/email-templates",
        scopes=("create:email_templates",),
        summary="Create an email template",
        run=_create,
        body=CREATE,
        answers={200: read_back(CREATE)},
    ),
)
