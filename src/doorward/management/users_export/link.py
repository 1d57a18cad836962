"""Where an export is fetched: a link that names the job and the moment it is good until, with a MAC over both."""

from __future__ import annotations

import hashlib
import hmac

from doorward.model.directory import TenantDirectory
from doorward.model.tenant import Issuer

PATH = "_doorward/exports"
VALID_SECONDS = 60
_PURPOSE = b"users-export"


def location(directory: TenantDirectory, issuer: Issuer, job_id: str, at: float) -> str:
    """The address of the file of a finished job, good for ``VALID_SECONDS``."""
    until = int(at) + VALID_SECONDS
    return issuer.endpoint(f"{PATH}/{job_id}.{until}.{_seal(directory, job_id, until)}")


def job_of(directory: TenantDirectory, link: str, at: float) -> str | None:
    """The job whose file may be fetched with the last part of such an address."""
    job_id, _, rest = link.partition(".")
    until, _, seal = rest.partition(".")
    if not (until.isascii() and until.isdigit() and len(until) <= 12) or int(until) < at:
        return None
    return job_id if hmac.compare_digest(seal.encode(), _seal(directory, job_id, int(until)).encode()) else None


def _seal(directory: TenantDirectory, job_id: str, until: int) -> str:
    key = hmac.digest(directory.token_key, _PURPOSE, hashlib.sha256)
    return hmac.digest(key, f"{directory.tenant.id}|{job_id}|{until}".encode(), hashlib.sha256).hex()
