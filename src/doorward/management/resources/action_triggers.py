"""Where Actions can be attached: the triggers, their versions and what runs in them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

RUNTIMES = ("node18", "node22")
RUNTIME = RUNTIMES[-1]
TRIGGER_BOUND, ENTITY_BOUND = "trigger-bound", "entity-bound"


class Trigger(Struct, frozen=True, kw_only=True):
    """``versions`` go from the oldest to the current one."""

    id: str
    versions: tuple[str, ...]
    binding: str = TRIGGER_BOUND

    @property
    def current(self) -> str:
        return self.versions[-1]

    def shown(self) -> list[dict[str, Any]]:
        return [
            {
                "id": self.id,
                "version": version,
                "status": "CURRENT" if version == self.current else "DEPRECATED",
                "runtimes": list(RUNTIMES),
                "default_runtime": RUNTIME,
                "compatible_triggers": [
                    {"id": self.id, "version": older} for older in self.versions[: self.versions.index(version)]
                ],
                "binding_policy": self.binding,
            }
            for version in self.versions
        ]


V1, V2, V3 = ("v1",), ("v1", "v2"), ("v1", "v2", "v3")
TRIGGERS = {
    trigger.id: trigger
    for trigger in (
        Trigger(id="post-login", versions=V3),
        Trigger(id="credentials-exchange", versions=V2),
        Trigger(id="pre-user-registration", versions=V2),
        Trigger(id="post-user-registration", versions=V2),
        Trigger(id="post-change-password", versions=V2),
        Trigger(id="send-phone-message", versions=V2),
        Trigger(id="password-reset-post-challenge", versions=V1),
        Trigger(id="custom-phone-provider", versions=V1),
        Trigger(id="custom-email-provider", versions=V1),
        Trigger(id="custom-token-exchange", versions=V1, binding=ENTITY_BOUND),
        Trigger(id="event-stream", versions=V1, binding=ENTITY_BOUND),
        Trigger(id="password-hash-migration", versions=V1),
        Trigger(id="login-post-identifier", versions=V1),
        Trigger(id="signup-post-identifier", versions=V1),
        Trigger(id="mcp-tool", versions=V1, binding=ENTITY_BOUND),
    )
}
