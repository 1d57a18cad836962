"""Actions and their modules, deployed as a file says, and what runs at each trigger."""

from __future__ import annotations

from typing import Any

from doorward.management.tenant_file.rehearsal import Rehearsal
from doorward.management.tenant_file.sections import (
    IMMUTABLE,
    Entry,
    Item,
    Section,
    TenantFileError,
    Work,
    object_,
    objects,
    without,
)

WRITTEN_OF_ACTION = ("name", "code", "runtime", "dependencies", "supported_triggers", "secrets")


async def deploy(work: Work, path: str, entry: Entry) -> None:
    """A deployed action runs what the file says."""
    if entry.get("deployed") and not (await work.api.call("GET", path)).get("all_changes_deployed"):
        await work.api.call("POST", f"{path}/deploy")


def action(api: Rehearsal, entry: Entry) -> Entry:
    """An action as a file writes it: what it runs, and whether it is deployed."""
    kept = {name: entry[name] for name in WRITTEN_OF_ACTION if name in entry}
    return with_secret_names(api, {**kept, "deployed": bool(entry.get("all_changes_deployed"))})


def with_secret_names(api: Rehearsal, entry: Entry) -> Entry:
    return {**entry, "secrets": [{"name": secret["name"]} for secret in entry.get("secrets") or ()]}


async def without_known_secrets(work: Work, given: Entry, item: Item | None) -> Entry:
    """Secrets without a value are those that are there."""
    body = without(given, "deployed", "status")
    if item is not None and isinstance(body.get("secrets"), list):
        secrets = objects("secrets", body["secrets"])
        valued = any(secret.get("value") is not None for secret in secrets)
        if not valued and {str(s.get("name")) for s in secrets} == {s["name"] for s in item.entry["secrets"]}:
            del body["secrets"]
    return body


async def by_action_id(work: Work, given: Entry, item: Item | None) -> Entry:
    """A file names the action; which one it is stays."""
    if item is None:
        return {**without(given, "action"), **({"action_id": given["action"]} if "action" in given else {})}
    if given.get("action", item.entry["action"]) != item.entry["action"]:
        raise TenantFileError(f"action {IMMUTABLE}")
    return given


async def publish(work: Work, path: str, entry: Entry) -> None:
    """A module is published, unless the file says that there is more to come."""
    if entry.get("all_changes_published", True) and not (await work.api.call("GET", path)).get(
        "all_changes_published", True
    ):
        await work.api.call("POST", f"{path}/versions", {})


class Triggers(Section, frozen=True, kw_only=True):
    """What runs at each trigger, in order."""

    path: str = "/actions/triggers"

    async def read(self, api: Rehearsal) -> dict[str, Any] | None:
        found = {}
        for name in dict.fromkeys(str(trigger["id"]) for trigger in await api.every(self.path)):
            bound = await api.every(f"{self.path}/{name}/bindings")
            if bound:
                found[name] = [
                    {"action_name": binding["action"]["name"], "display_name": binding["display_name"]}
                    for binding in bound
                ]
        return found or None

    async def write(self, work: Work, value: Any) -> None:
        known = await self.read(work.api) or {}
        for name, given in object_(self.key, value).items():
            with work.entry(self.key, str(name)):
                wanted = [
                    {
                        "action_name": entry.get("action_name"),
                        "display_name": entry.get("display_name", entry.get("action_name")),
                    }
                    for entry in objects(f"{self.key}.{name}", given)
                ]
                if wanted == known.get(name, []):
                    continue
                bindings = [
                    {
                        "ref": {"type": "action_name", "value": entry["action_name"]},
                        "display_name": entry["display_name"],
                    }
                    for entry in wanted
                ]
                await work.api.call("PATCH", f"{self.path}/{name}/bindings", {"bindings": bindings})

    async def remove(self, work: Work, value: Any) -> None:
        for name in (await self.read(work.api) or {}).keys() - object_(self.key, value).keys():
            with work.entry(self.key, name):
                await work.api.call("PATCH", f"{self.path}/{name}/bindings", {"bindings": []})

    def named(self, value: Any) -> dict[str, Entry]:
        return {name: {"bindings": bound} for name, bound in (value or {}).items()}
