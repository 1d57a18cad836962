"""``{custom_domain.metadata.public_…}`` in the addresses a client registered (Auth0 multiple custom domains).

The placeholder stands in the host of an http or https address and takes the value that the custom domain a
request came to has in its ``domain_metadata``. On a domain without that value the entry counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from doorward.model.client import Client
from doorward.model.directory import TenantDirectory
from doorward.model.tenant import Issuer

_PLACEHOLDER = re.compile(r"\{custom_domain\.metadata\.(public_[A-Za-z0-9_]+|PUBLIC_[A-Za-z0-9_]+)\}")
_HOST_CHARACTERS = re.compile(r"[A-Za-z0-9.-]+")
_LISTS = ("callbacks", "web_origins", "allowed_origins", "allowed_logout_urls")


def client_on(client: Client, issuer: Issuer, directory: TenantDirectory) -> Client:
    """The client as it is on the domain of ``issuer``: addresses with placeholders filled in or left out."""
    changed = {}
    for name in _LISTS:
        entries: tuple[str, ...] = getattr(client, name)
        known = resolved(entries, issuer, directory)
        if known is not entries:
            changed[name] = known
    return msgspec.structs.replace(client, **changed) if changed else client


def resolved(entries: tuple[str, ...], issuer: Issuer, directory: TenantDirectory) -> tuple[str, ...]:
    """The entries as they are on the domain of ``issuer``."""
    if not any("{" in entry for entry in entries):
        return entries
    domain = directory.custom_domains.get(issuer.host) or directory.custom_domains.get(issuer.host.partition(":")[0])
    metadata = domain.domain_metadata if domain is not None else {}
    filled = (_filled(entry, metadata) if "{" in entry else entry for entry in entries)
    return tuple(entry for entry in filled if entry is not None)


def _filled(entry: str, metadata: Mapping[str, str]) -> str | None:
    """The entry with its placeholders' values, ``None`` where one has none or stands outside the host."""
    scheme, separator, rest = entry.partition("://")
    host, slash, path = rest.partition("/")
    if scheme not in ("http", "https") or not separator or "{" in path or "*" in entry:
        return None
    values = {name: metadata.get(name) for name in _PLACEHOLDER.findall(host)}
    if any(not value or not _HOST_CHARACTERS.fullmatch(value) for value in values.values()):
        return None
    filled = _PLACEHOLDER.sub(lambda found: values[found[1]] or "", host)
    return None if "{" in filled else f"{scheme}://{filled}{slash}{path}"
