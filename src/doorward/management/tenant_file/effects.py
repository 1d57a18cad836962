"""What a change of configuration does to tokens.

Every token that could come out differently is asked for twice, before and after, by the dry run that also
explains tokens (``oauth.explain``): what is told here is what the token policy itself decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec
from msgspec import Struct

from doorward.model.client import Client, SubjectType
from doorward.model.directory import TenantDirectory
from doorward.model.resource_server import ResourceServer
from doorward.model.role import Role
from doorward.model.tenant import Issuer, TenantSettings
from doorward.model.user import User
from doorward.oauth.eligibility import connection_serves
from doorward.oauth.explain import explain
from doorward.ports import Directory, Ports, Users

MACHINE, PERSON = "client_credentials", "authorization_code"
MOST = 2000  # tokens asked for; what is beyond is told of as one
LOOKS: dict[str, Any] = {
    "friendly_name": "", "picture_url": "", "support_email": "", "support_url": "", "session_lifetime": 0,
    "idle_session_lifetime": 0, "ephemeral_session_lifetime": 0, "idle_ephemeral_session_lifetime": 0,
    "enabled_locales": (), "allowed_logout_urls": (), "session_cookie": None,
    "error_page": None, "country_codes": None,
}  # fmt: skip
NAMED = 3
SOMEBODY = "doorward|somebody"
FORMATS = {"opaque": "opaque", "jwt": "a JWT", "jwe": "an encrypted JWT"}


class TokenEffect(Struct, frozen=True, kw_only=True):
    """One thing that tokens will do otherwise.

    ``aspect`` names what (``lifetime`` in seconds, ``scope``, ``signing``, ...); ``api`` is the audience, empty
    where none is asked for; ``clients`` are the names of the applications it is true for.
    """

    aspect: str
    api: str
    clients: Sequence[str]
    before: Any
    after: Any
    sentence: str


class _Question(Struct, frozen=True):
    """A token to ask for: whose, for which API, as a machine or for a person, who may have a role."""

    client: Client
    audience: str
    grant: str
    scope: tuple[str, ...] = ()
    role: str = ""


class _Snapshot:
    """``ports.Directory`` of one moment."""

    def __init__(self, directory: TenantDirectory) -> None:
        self._directory = directory

    def tenant(self, tenant: str) -> TenantDirectory:
        return self._directory


class _Somebody:
    """``ports.Users`` who know one person, with one role."""

    def __init__(self, user: User) -> None:
        self._user = user

    async def find(self, tenant: str, user_id: str) -> User:
        return self._user


async def token_effects(before: TenantDirectory, after: TenantDirectory, ports: Ports) -> list[TokenEffect]:
    """How tokens of the second snapshot differ from those of the first. Clients and APIs that are only in one of
    them are told of by that."""
    found: dict[tuple[str, str, Any, Any], list[str]] = {}
    signed_out: set[str] = set()
    questions = (*_questions(before, after), *_of_roles(before, after))
    for question in questions[:MOST]:
        was, will_be = await _ask(question, before, ports), await _ask(question, after, ports)
        for aspect, one, other in _compared(was, will_be):
            if not _tells(question, aspect, signed_out):
                continue
            if aspect == "refused" and not question.audience:
                signed_out.add(question.client.client_id)
            who = after.roles[question.role].name if question.role else question.client.name
            names = found.setdefault(("role" if question.role else aspect, question.audience, one, other), [])
            if who not in names:
                names.append(who)
    told = [
        TokenEffect(
            aspect=aspect,
            api=api,
            clients=sorted(names),
            before=one,
            after=other,
            sentence=_sentence(aspect, _named(after, before, api), sorted(names), one, other),
        )
        for (aspect, api, one, other), names in found.items()
    ]
    beyond = len(questions) - MOST
    if beyond > 0:
        sentence = f"{beyond} more combinations of an application and an API were not looked at"
        told.append(TokenEffect(aspect="beyond", api="", clients=[], before=None, after=None, sentence=sentence))
    return told


def _tells(question: _Question, aspect: str, signed_out: set[str]) -> bool:
    """Whether a difference is news: what is true of a role or of every API is told once."""
    if question.role:
        return aspect == "scope"
    if not question.audience:
        return aspect in ("audience", "refused")
    return not (aspect == "refused" and question.grant == PERSON and question.client.client_id in signed_out)


# ── what to ask ──


def _questions(before: TenantDirectory, after: TenantDirectory) -> Iterator[_Question]:
    """Every pair of an application and an API that both have, and that something changed about."""
    everything = _beside_looks(before.settings) != _beside_looks(after.settings)
    grants = _changed(before.client_grants, after.client_grants)
    shared = {key for key in grants if key[0] is None}
    moved = {client for client, _ in _enabled(before) ^ _enabled(after)}
    apis = {
        name: api
        for name, api in after.resource_servers.items()
        if name in before.resource_servers and not api.is_system
    }
    # Of a client that stays as it is only these are asked for: there may be thousands of clients and of APIs.
    places = {name: place for place, name in enumerate(apis)}
    of_all = {name for name, api in apis.items() if api != before.resource_servers[name]} | {key[1] for key in shared}
    of_client: dict[str | None, set[str]] = {}
    for client_id, name, _ in grants:
        of_client.setdefault(client_id, set()).add(name)
    for id_, client in after.clients.items():
        if client.is_global or id_ not in before.clients:
            continue
        changed = everything or client != before.clients[id_] or id_ in moved
        types = {*client.grant_types, *before.clients[id_].grant_types}
        if changed and PERSON in types:
            yield _Question(client, "", PERSON, ("openid", "offline_access"))
        names = apis if changed else sorted((of_all | of_client.get(id_, set())) & apis.keys(), key=places.__getitem__)
        for name in names:
            api, was = apis[name], before.resource_servers[name]
            scopes = _scopes(was, api)
            for grant, subject in ((MACHINE, SubjectType.CLIENT), (PERSON, SubjectType.USER)):
                touched = (id_, name, subject) in grants or (None, name, subject) in shared
                if grant in types and (changed or touched or api != was):
                    granted = any(d.client_grant(id_, name, subject) for d in (before, after))
                    if grant == PERSON or granted or touched:
                        yield _Question(client, name, grant, _asking(grant, scopes))


def _beside_looks(settings: TenantSettings) -> TenantSettings:
    """The settings without those that only pages and sessions know."""
    return msgspec.structs.replace(settings, **LOOKS)


def _scopes(was: ResourceServer, api: ResourceServer) -> tuple[str, ...]:
    return tuple(dict.fromkeys(scope.value for scope in (*was.scopes, *api.scopes)))


def _asking(grant: str, scopes: tuple[str, ...]) -> tuple[str, ...]:
    return ("openid", "offline_access", *scopes) if grant == PERSON else ()


def _of_roles(before: TenantDirectory, after: TenantDirectory) -> Iterator[_Question]:
    """For each role that holds other permissions now: somebody with it, at the first application of each API."""
    people = [c for c in after.clients.values() if PERSON in c.grant_types and c.callbacks and not c.is_global]
    client = next((client for client in people if client.client_id in before.clients), None)
    if client is None:
        return
    for id_ in before.roles.keys() & after.roles.keys():
        changed = _held(before.roles[id_]) ^ _held(after.roles[id_])
        for audience in sorted({audience for audience, _ in changed}):
            api, was = after.resource_servers.get(audience), before.resource_servers.get(audience)
            if api is not None and was is not None:
                yield _Question(client, audience, PERSON, _asking(PERSON, _scopes(was, api)), id_)


def _enabled(directory: TenantDirectory) -> set[tuple[str, str]]:
    """Which client signs people in with which connection."""
    connections = directory.connections.values()
    return {(client, connection.name) for connection in connections for client in connection.enabled_clients}


def _held(role: Role) -> set[tuple[str, str]]:
    return {(held.resource_server_identifier, held.permission_name) for held in role.permissions}


def _changed(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> set[Any]:
    return {key for key in {*before, *after} if before.get(key) != after.get(key)}


# ── asking ──


async def _ask(question: _Question, directory: TenantDirectory, ports: Ports) -> dict[str, Any]:
    parameters = {"client_id": question.client.client_id, "grant_type": question.grant}
    if question.audience:
        parameters["audience"] = question.audience
    defined = directory.resource_servers.get(question.audience)
    values = defined.scope_values if defined is not None else ()
    scope = [one for one in question.scope if one in values or one in ("openid", "offline_access")]
    if scope:
        parameters["scope"] = " ".join(scope)
    changed: dict[str, Any] = {"directory": cast("Directory", _Snapshot(directory))}
    if question.role:
        serving = (c for c in directory.connections.values() if c.is_database and connection_serves(c, question.client))
        connection = next((c.name for c in serving), "")
        person = User(user_id=SOMEBODY, connection=connection, roles=(question.role,))
        changed["users"] = cast("Users", _Somebody(person))
    told = await explain(
        parameters,
        SOMEBODY if question.role else None,
        Issuer(tenant=directory.tenant.id, host=directory.tenant.domain),
        msgspec.structs.replace(ports, **changed),
        confirms_callbacks=False,
    )
    if told.decision is None:
        return {"refused": (told.error or {}).get("error_description", "")}
    return told.decision


def _compared(was: Mapping[str, Any], will_be: Mapping[str, Any]) -> Iterable[tuple[str, Any, Any]]:
    """Each aspect that is different, with both values."""
    if "refused" in was or "refused" in will_be:
        if ("refused" in was) is not ("refused" in will_be):
            yield "refused", was.get("refused"), will_be.get("refused")
        return
    first = was["aud"] if isinstance(was["aud"], str) else was["aud"][0]
    second = will_be["aud"] if isinstance(will_be["aud"], str) else will_be["aud"][0]
    if first != second:
        yield "audience", first, second
        return
    for aspect in ("lifetime", "format", "alg", "dialect"):
        if was[aspect] != will_be[aspect] and not (aspect == "alg" and was["format"] != will_be["format"]):
            yield aspect, was[aspect], will_be[aspect]
    if (was["permissions"] is None) is not (will_be["permissions"] is None):
        yield "permissions", was["permissions"] is not None, will_be["permissions"] is not None
    held, gets = was["scope"].split(), will_be["scope"].split()
    lost = tuple(scope for scope in held if scope not in gets and scope != "offline_access")
    gained = tuple(scope for scope in gets if scope not in held and scope != "offline_access")
    if lost:
        yield "scope", lost, ()
    if gained:
        yield "scope", (), gained
    if bool(was["refresh_token"]) is not bool(will_be["refresh_token"]):
        yield "refresh_token", bool(was["refresh_token"]), bool(will_be["refresh_token"])


# ── telling ──


def _named(after: TenantDirectory, before: TenantDirectory, audience: str) -> str:
    api = after.resource_servers.get(audience) or before.resource_servers.get(audience)
    return (api.name or audience) if api is not None else audience


def _short(audience: str) -> str:
    return "/userinfo" if audience.endswith("/userinfo") else audience


def _sentence(aspect: str, api: str, names: Sequence[str], before: Any, after: Any) -> str:
    who = ", ".join(names) if len(names) <= NAMED else f"{len(names)} applications"
    if aspect == "lifetime":
        return f"Tokens for {api} will expire after {after} s instead of {before} s"
    if aspect == "format":
        return f"Tokens for {api} will be {FORMATS[after]} instead of {FORMATS[before]}"
    if aspect == "alg":
        return f"Tokens for {api} will be signed with {after} instead of {before}"
    if aspect == "dialect":
        return f"Tokens for {api} will have the claims of {after} instead of {before}"
    if aspect == "permissions":
        return f"Tokens for {api} will {'have' if after else 'no longer have'} a permissions claim"
    if aspect == "scope" and after:
        return f"{who} will be granted {' '.join(after)} for {api}"
    if aspect == "scope":
        return f"{who} will no longer be granted {' '.join(before)} for {api}"
    if aspect == "role" and after:
        return f"People with the role {who} will be granted {' '.join(after)} for {api}"
    if aspect == "role":
        return f"People with the role {who} will no longer be granted {' '.join(before)} for {api}"
    if aspect == "refresh_token":
        return f"{who} will {'' if after else 'no longer '}be issued refresh tokens for {api}"
    if aspect == "audience":
        return f"{who} will get tokens for {_short(after)} instead of {_short(before)} where no API is named"
    if not api:
        return f"People will be able to log in to {who}" if after is None else f"Nobody will log in to {who}: {after}"
    if after is None:
        return f"{who} will get tokens for {api}"
    return f"{who} will no longer get tokens for {api}: {after}"
