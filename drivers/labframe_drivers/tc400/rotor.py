"""The inside of the simulated pump: a rotor that takes its time, and what its drive draws.

Made up, in the manner of such pumps: full current while it accelerates, little at speed.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Rotor"]

_IDLE_A = 0.02
_AT_SPEED_A = 0.6
_ACCELERATING_A = 4.2


@dataclass(slots=True)
class Rotor:
    """A rotor.

    Attributes:
        hz: Its speed.
        goal_hz: The speed that it goes for.
        at: When that was so, in seconds; None before it was looked at.
    """

    hz: float = 0.0
    goal_hz: float = 0.0
    at: float | None = None

    def turn(self, now: float, up_hz_per_s: float, down_hz_per_s: float) -> None:
        """Let the time until ``now`` pass."""
        passed = 0.0 if self.at is None else max(0.0, now - self.at)
        self.at = now
        if self.hz < self.goal_hz:
            self.hz = min(self.goal_hz, self.hz + passed * up_hz_per_s)
        else:
            self.hz = max(self.goal_hz, self.hz - passed * down_hz_per_s)

    @property
    def accelerates(self) -> bool:
        """Whether it is below the speed that it goes for."""
        return self.hz < self.goal_hz

    @property
    def is_at_goal(self) -> bool:
        """Whether it has reached the speed that it goes for, and that is one."""
        return self.goal_hz > 0 and self.hz == self.goal_hz

    @property
    def current_a(self) -> float:
        """What the drive draws."""
        if self.accelerates:
            return _ACCELERATING_A
        return _AT_SPEED_A if self.is_at_goal else _IDLE_A
