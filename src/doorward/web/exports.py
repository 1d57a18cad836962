"""Handing out what an export wrote, to whoever has the link a job showed."""

from __future__ import annotations

from doorward.management.users_export.link import PATH, job_of
from doorward.ports import Ports
from doorward.web.router import Handler, Route
from doorward.web.wire.http import NO_STORE, Request, Response, text_response

GONE = "This link leads nowhere any more; ask for the job again to get another one\n"


def exports(ports: Ports) -> list[Route]:
    return [Route("GET", f"/{PATH}/{{link}}", _download(ports))]


def _download(ports: Ports) -> Handler:
    async def handler(request: Request) -> Response:
        directory = ports.directory.tenant(request.issuer.tenant)
        now = ports.clock.now()
        job_id = job_of(directory, request.path_parameters["link"], now)
        job = None if job_id is None else await ports.jobs.find(directory.tenant.id, job_id, at=now)
        file = None if job is None else ports.files.open(job.id)
        if job is None or file is None:
            return text_response(GONE, 404, NO_STORE)
        name = f"{_plain(directory.tenant.id)}.{job.asked['format']}.gz"
        headers = (("content-type", "application/gzip"), ("content-disposition", f'attachment; filename="{name}"'))
        return Response(200, file, (*headers, *NO_STORE))

    return handler


def _plain(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-._") else "-" for c in name)
