"""What somebody may have meant by an audience that does not exist."""

from __future__ import annotations

import difflib

from doorward.model.directory import TenantDirectory

_UNSET = frozenset({"undefined", "null", "none", "nan", "[object object]", "audience", "todo", "changeme"})
_PLACEHOLDERS = ("your_", "your-", "<", "{", "$", "%", "xxx", "example_api", "api_identifier")
_OWN_DOMAIN = "system APIs keep the tenant's own domain, whatever domain is used"
SIMILAR = 0.8


def looks_unset(audience: str) -> bool:
    """Whether the value looks like a variable nobody filled in."""
    lower = audience.strip().lower()
    return lower in _UNSET or lower.startswith(_PLACEHOLDERS) or "your_api" in lower or "your-api" in lower


def nearest(audience: str, directory: TenantDirectory) -> tuple[str, str] | None:
    """The identifier that comes closest, and what is different about it; ``None`` when nothing is close."""
    management = directory.tenant.management_audience
    for domain in directory.custom_domains.values():
        if audience.rstrip("/") == f"https://{domain.domain}/api/v2":
            return management, _OWN_DOMAIN
        if audience.rstrip("/") == f"https://{domain.domain}/userinfo":
            return (
                directory.tenant.userinfo_audience,
                "system APIs keep the tenant's own domain, whatever domain is used",
            )
    known = list(directory.resource_servers)
    for identifier in known:
        difference = _difference(audience, identifier)
        if difference is not None:
            return identifier, difference
    close = difflib.get_close_matches(audience, known, n=1, cutoff=SIMILAR) if len(audience) <= 512 else []
    return (close[0], "the spelling is close") if close else None


def _difference(asked: str, identifier: str) -> str | None:
    if asked.rstrip("/") == identifier.rstrip("/"):
        return "differs by the final /"
    if asked.strip() == identifier:
        return "differs by a blank"
    if asked.lower() == identifier.lower():
        return "differs in upper and lower case"
    bare, known = _without_scheme(asked), _without_scheme(identifier)
    if bare == known:
        return "differs by the scheme"
    if bare.rstrip("/").lower() == known.rstrip("/").lower():
        return "differs by scheme, case or the final /"
    return None


def _without_scheme(value: str) -> str:
    return value.partition("://")[2] or value
