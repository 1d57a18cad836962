"""Against passwords that leaked elsewhere: where they are looked for, and what follows."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

SETTINGS_ID = "attack-protection/breached-password-detection"


class Stage(StrEnum):
    """When a password is looked at."""

    SIGNUP = "pre-user-registration"
    LOGIN = "login"
    CHANGE = "pre-change-password"


class StageShields(Struct, frozen=True):
    shields: tuple[str, ...] = ()


class BreachedPasswordDetection(Struct, frozen=True, kw_only=True):
    """The settings of ``GET /api/v2/attack-protection/breached-password-detection``.

    Without shields what is found is logged and nothing else. ``stage`` holds those of a signup and of a change,
    ``shields`` those of a login.
    """

    enabled: bool = False
    shields: tuple[str, ...] = ()
    admin_notification_frequency: tuple[str, ...] = ()
    method: str = "standard"
    stage: dict[str, StageShields] = field(
        default_factory=lambda: {stage.value: StageShields() for stage in (Stage.SIGNUP, Stage.CHANGE)}
    )

    def blocks(self, stage: Stage) -> bool:
        """Whether a leaked password is refused."""
        return self.enabled and "block" in self._shields(stage)

    def tells_administrators(self, stage: Stage, frequency: str) -> bool:
        """Whether administrators hear of a leaked password: ``immediately``, or by a number ``daily``, ``weekly``,
        ``monthly``. Where nothing else is said, immediately."""
        wanted = self.admin_notification_frequency or ("immediately",)
        return self.enabled and "admin_notification" in self._shields(stage) and frequency in wanted

    def _shields(self, stage: Stage) -> tuple[str, ...]:
        return self.shields if stage is Stage.LOGIN else self.stage.get(stage.value, StageShields()).shields

    @property
    def tells_users(self) -> bool:
        return self.enabled and "user_notification" in self.shields
