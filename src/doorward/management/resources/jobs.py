"""``/jobs``: imports and exports of users, and verification mails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.management.kit.bodies import refusal
from doorward.management.kit.context import NOTHING, Answer, Call
from doorward.management.kit.errors import ApiError, invalid_body, not_found, not_supported
from doorward.management.kit.schema import ANY, BOOLEAN, Unfit, choice, integer, items, record, text
from doorward.management.kit.shapes import Command, Shape, View
from doorward.management.kit.wire import timestamp
from doorward.management.kit.writing import api_event
from doorward.management.resources.connection_body import CONNECTION_ID
from doorward.management.resources.tickets import VERIFICATION_EMAIL, verifiable
from doorward.management.resources.users import no_such_user
from doorward.management.users_export.content import MAX_COLUMNS, WHOLE_OBJECTS
from doorward.management.users_export.link import location
from doorward.management.users_export.running import UsersExport
from doorward.management.users_import.running import ALIVE_SECONDS, UsersImport
from doorward.model.connection import Connection
from doorward.model.identifiers import new_id
from doorward.model.job import COMPLETED, PENDING, Job, Summary
from doorward.model.log_event import LogEvent

IMPORT, EXPORT, VERIFICATION = "users_import", "users_export", "verification_email"
# Of each kind; of imports Auth0 allows as many.
AT_A_TIME = 2
IMPORT_FORM = record(
    {
        "connection_id": CONNECTION_ID,
        "upsert": BOOLEAN,
        "external_id": text(max=1000),
        "send_completion_email": BOOLEAN,
    },
    open=True,
)
EXPORT_BODY = record(
    {
        "connection_id": CONNECTION_ID,
        "format": choice("json", "csv"),
        "limit": integer(min=1),
        "fields": items(
            record({"name": text(min=1, max=100), "export_as": text(min=1, max=100)}, required=("name",)), max=1000
        ),
    }
)


def new_job(call: Call, type_: str, asked: Mapping[str, Any]) -> Job:
    """A job that begins now, at a moment of its own: below the milliseconds everybody sees, chance decides."""
    now = call.ports.clock.now()
    moment = int(now * 1000) / 1000 + (int(call.ports.entropy.hexadecimal(6), 16) % 998 + 1) / 1_000_000
    return Job(
        id=new_id(call.ports.entropy, "job_"),
        type=type_,
        created_at=moment,
        asked=dict(asked),
        alive_until=now + ALIVE_SECONDS,
    )


def show(call: Call, job: Job) -> dict[str, Any]:
    """A job as the API answers it."""
    shown: dict[str, Any] = {"type": job.type, "status": job.status, **job.asked}
    shown |= {"created_at": timestamp(job.created_at), "id": job.id}
    for name in ("percentage_done", "time_left_seconds", "status_details"):
        if (value := getattr(job, name)) is not None:
            shown[name] = value
    if job.summary is not None or (job.type == IMPORT and job.status != PENDING):
        summary = job.summary or Summary()
        shown["summary"] = {
            "failed": summary.failed,
            "updated": summary.updated,
            "inserted": summary.inserted,
            "total": summary.total,
        }
    if job.type == EXPORT and job.status == COMPLETED:
        shown["location"] = location(call.directory, call.request.issuer, job.id, call.ports.clock.now())
    return shown


def connection_of(call: Call, id_: str) -> Connection:
    """The connection with this id. Raises ``ApiError`` (400)."""
    connection = call.directory.connection_of(id_)
    if connection is None:
        raise ApiError(400, "The connection does not exist.", "inexistent_connection")
    return connection


def too_many(kind: str) -> ApiError:
    return ApiError(
        429,
        f"There are {AT_A_TIME} active {kind} users jobs, please wait until some of them are finished and try again",
    )


async def _job(call: Call) -> Job:
    found = await call.ports.jobs.find(call.tenant, call.id, at=call.ports.clock.now())
    if found is None:
        raise not_found("The job does not exist", "inexistent_job")
    return found


async def _read(call: Call) -> Any:
    return show(call, await _job(call))


async def _errors(call: Call) -> Answer:
    job = await _job(call)
    errors = await call.ports.jobs.errors(call.tenant, job.id)
    if not errors:
        return Answer(status=204, body=NOTHING)
    return Answer(body=[{"user": error.user, "errors": error.errors} for error in errors])


# ── imports ──


async def _import(call: Call) -> Answer:
    if "users" not in call.files:
        raise invalid_body("Must provide 'users' file as multipart part.")
    if not call.files["users"].size:
        raise invalid_body("Users file must not be empty.")
    if "connection_id" not in call.body:
        raise invalid_body("Must provide 'connection_id' as multipart part.")
    connection = connection_of(call, call.body["connection_id"])
    if not connection.is_database:
        raise not_supported("Connection must be a database connection")
    if not connection.enabled_clients:
        raise not_supported("Connection must be enabled")
    asked = {"connection_id": connection.id, "connection": connection.name}
    for name in ("upsert", "external_id", "send_completion_email"):
        if call.body.get(name):
            asked[name] = call.body[name]
    job = new_job(call, IMPORT, asked)
    event = api_event(call, status=202)
    if not await call.ports.jobs.create(call.tenant, job, at_most=AT_A_TIME, events=(event,)):
        raise too_many("import")
    work = UsersImport(
        call.ports, call.tenant, job, connection, call.files.pop("users"), done=_completion_mail(call, job)
    )
    await call.ports.background.start(work.run)
    return Answer(status=202, body=show(call, job))


def _completion_mail(call: Call, job: Job) -> tuple[LogEvent, ...]:
    """The mail to the owners when an import is done: Doorward's tenants have no mailbox of an owner."""
    if call.body.get("send_completion_email", True) is False:
        return ()
    return (not_sent(call, f"Completion of job {job.id}: there is no address to tell"),)


def not_sent(call: Call, description: str, user_id: str | None = None) -> LogEvent:
    """The event of a mail that nobody got."""
    return LogEvent(
        type="fn",
        date=call.ports.clock.now(),
        description=description,
        client_id=call.actor.client_id,
        user_id=user_id,
        hostname=call.request.context.hostname,
    )


# ── exports ──


async def _export(call: Call) -> Answer:
    asked = {name: call.body[name] for name in ("connection_id", "format", "limit", "fields") if name in call.body}
    asked.setdefault("format", "json")
    if "connection_id" in asked:
        asked["connection"] = connection_of(call, asked["connection_id"]).name
    fields = asked.get("fields", [])
    if asked["format"] == "csv":
        if len(fields) > MAX_COLUMNS:
            raise refusal(
                Unfit(f"Array is too long ({len(fields)}), maximum {MAX_COLUMNS}", "fields", code="ARRAY_LENGTH_LONG")
            )
        for field in fields:
            if field["name"] in WHOLE_OBJECTS:
                raise not_supported(f"{field['name']} cannot be a column: name the properties in it")
    job = new_job(call, EXPORT, asked)
    if not await call.ports.jobs.create(call.tenant, job, at_most=AT_A_TIME, events=(api_event(call),)):
        raise too_many("export")
    await call.ports.background.start(UsersExport(call.ports, call.tenant, job).run)
    return Answer(body=show(call, job))


# ── mails ──


async def _verification_email(call: Call) -> Answer:
    user, about = await verifiable(call)
    job = new_job(call, VERIFICATION, {})
    sent = await call.services.people.email_verification.send(
        call.directory,
        user,
        user.place_of_identity((about.provider, about.identity_id)) or 0,
        url=call.request.issuer.url,
        client_id=call.body.get("client_id"),
        organization_id=call.body.get("organization_id"),
    )
    if not sent:
        raise no_such_user()
    await call.ports.jobs.create(call.tenant, job, events=(api_event(call, status=201),))
    done = Job(id=job.id, type=job.type, created_at=job.created_at, status=COMPLETED, asked=job.asked)
    await call.ports.jobs.advance(call.tenant, done)
    return Answer(status=201, body=show(call, job))


RESOURCES: tuple[Shape, ...] = (
    Command(
        method="POST",
        path="/jobs/users-imports",
        scopes=("create:users",),
        summary="Create import users job",
        run=_import,
        body=IMPORT_FORM,
        answers={202: ANY},
        uploads=("users",),
    ),
    Command(
        method="POST",
        path="/jobs/users-exports",
        scopes=("read:users",),
        summary="Create export users job",
        run=_export,
        body=EXPORT_BODY,
        answers={200: ANY},
    ),
    Command(
        method="POST",
        path="/jobs/verification-email",
        scopes=("update:users",),
        summary="Send an email address verification email",
        run=_verification_email,
        body=VERIFICATION_EMAIL,
    ),
    View(path="/jobs/{id}", scopes=("create:users", "read:users"), summary="Get a job", answer=_read),
    Command(
        method="GET",
        path="/jobs/{id}/errors",
        scopes=("create:users", "read:users"),
        summary="Get job error details",
        run=_errors,
        answers={200: ANY, 204: None},
    ),
)
