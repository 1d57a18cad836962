"""Checkpoints as they are handed out: a place in a list, and a MAC that binds it to the tenant, the list, and what of
the list was asked for. One that was handed out for something else, or never, is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import msgspec

from doorward.management.kit.context import Answer, Call
from doorward.management.kit.errors import invalid_query
from doorward.management.kit.operation import Operation
from doorward.management.kit.paging import CHECKPOINT

SEAL_LENGTH = 16
_PURPOSE = b"checkpoint"
# What a page looks like, and not what the list holds.
LOOKS = frozenset({"from", "take", "page", "per_page", "include_totals", "fields", "include_fields"})


def open_checkpoint(call: Call, operation: Operation) -> None:
    """Put the place into the query that its ``from`` stands for. Raises ``ApiError`` (400)."""
    if operation.query.get("from") is not CHECKPOINT or "from" not in call.query:
        return
    given: str = call.query["from"]
    try:
        plain = base64.b64decode(given + "=" * (-len(given) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        plain = b""
    seal, place = plain[:SEAL_LENGTH], plain[SEAL_LENGTH:]
    if not hmac.compare_digest(seal, _seal(call, operation, place)):
        raise invalid_query("Invalid checkpoint: use the next value of the page before as from")
    call.query["from"] = place.decode()


def seal_checkpoint(call: Call, operation: Operation, answer: Answer) -> Answer:
    """The answer, its ``next`` (if it has one) as it is handed out."""
    if operation.query.get("from") is not CHECKPOINT or not isinstance(answer.body, dict) or "next" not in answer.body:
        return answer
    place: bytes = answer.body["next"].encode()
    sealed = base64.urlsafe_b64encode(_seal(call, operation, place) + place).decode().rstrip("=")
    return msgspec.structs.replace(answer, body={**answer.body, "next": sealed})


def _seal(call: Call, operation: Operation, place: bytes) -> bytes:
    asked = sorted((name, value) for name, value in call.query.items() if name not in LOOKS)
    about = msgspec.json.encode([operation.path, list(call.arguments.values()), asked])
    key = hmac.digest(call.directory.token_key, _PURPOSE, hashlib.sha256)
    # A digest of what is asked, so that no part of it can be taken for a part of the place.
    return hmac.digest(key, hashlib.sha256(about).digest() + place, hashlib.sha256)[:SEAL_LENGTH]
