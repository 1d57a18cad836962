"""Committing a change together with its tenant log event; nothing secret goes into the log."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from doorward.management.kit.context import Call
from doorward.management.kit.secrets import masked
from doorward.model.directory import TenantDirectory
from doorward.model.document import Change
from doorward.model.log_event import LogEvent

REDACTED = "*****"
MAX_LOGGED = 2000
SECRET_NAMES = re.compile(
    r"secret|password|passphrase|private|token$|tokens$|credential|api_?key|signing_key|cert$|pem$|hash|"
    r"cookie|authorization|x-api|auth_?code|configuration|headers|scripts|customScripts|sasKey|masterkey|storageAccessKey",
    re.IGNORECASE,
)
NOT_SECRET = re.compile(
    r"lifetime|_method|enable|rotation|allow|policy|expiry|^initial_access_token_|jwt_configuration|token_endpoint$|"
    r"_dialect|^refresh_token$|^token_exchange|^session_transfer|token_quota|my_organization_configuration"
)
TOKEN_SHAPED = re.compile(r"eyJ[A-Za-z0-9_-]{8,}|-----BEGIN")


def redact(value: Any, depth: int = 0) -> Any:
    """A copy without anything that names or looks like a secret."""
    if isinstance(value, Mapping):
        return {
            name: REDACTED if item and _secret(name, item) else redact(item, depth + 1) for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(item, depth + 1) for item in value]
    if isinstance(value, str):
        return REDACTED if TOKEN_SHAPED.search(value) else value[:MAX_LOGGED]
    return value


def _secret(name: str, value: Any) -> bool:
    return not isinstance(value, bool) and bool(SECRET_NAMES.search(name)) and not NOT_SECRET.search(name)


def api_event(call: Call, *, type_: str = "sapi", status: int = 200, message: str = "") -> LogEvent:
    """The tenant log event of a call: what was asked, by whom, with what result."""
    request, actor, context = call.request, call.actor, call.request.context
    details: dict[str, Any] = {
        "request": {
            "method": request.method.lower(),
            "path": f"{request.prefix}{request.path}",
            "query": redact(call.query),
            "body": redact(masked(call.body, call.secrets, REDACTED)) if call.body is not None else {},
            "userAgent": context.user_agent,
            "channel": "api",
            "ip": context.ip,
            "auth": {
                "user": {} if actor.is_machine else {"user_id": actor.subject},
                "strategy": "jwt",
                "credentials": {"scopes": sorted(actor.scopes)[:300]},
            },
        },
        "response": {"statusCode": status, "body": {"message": message} if message else {}},
    }
    if type_ == "mgmt_api_read":
        details["accessedSecrets"] = sorted(call.disclosed)
    return LogEvent(
        type=type_,
        date=call.ports.clock.now(),
        description=call.summary,
        client_id=actor.client_id,
        client_name=call.directory.clients[actor.client_id].name if actor.client_id in call.directory.clients else None,
        user_id=None if actor.is_machine else actor.subject,
        ip=context.ip,
        user_agent=context.user_agent,
        hostname=context.hostname,
        auth0_client=context.auth0_client,
        details=details,
    )


async def commit(call: Call, changes: Sequence[Change], *, status: int = 200, warning: str = "") -> TenantDirectory:
    """Write documents and the log event in one transaction, with a ``warning`` if there is one; the call goes on with
    the new snapshot.

    Raises ``ports.Conflict``.
    """
    events = [api_event(call, status=status)]
    if warning:
        events.append(msgspec.structs.replace(events[0], type="w", description=warning))
    call.directory = await call.ports.directory.change(call.tenant, changes, events)
    return call.directory
