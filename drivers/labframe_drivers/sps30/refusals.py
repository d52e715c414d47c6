"""What the SPS30's state byte can say; the numbers are those of the data sheet, see ``README.md``.

::

    LabframeError
    ├── Sps30Refused               the sensor answered, and did not do it; a code without a name
    │   ├── WrongLength            01: too much or too little data for this command
    │   ├── UnknownCommand         02: an older firmware, perhaps
    │   ├── NoAccess               03: no access right
    │   ├── IllegalParameter       04: a parameter that is none, or out of range
    │   ├── ArgumentOutOfRange     28: an internal function's argument is out of range
    │   └── NotAllowedNow          43: not in the present state
    └── NoValue
        └── Asleep                 it was put to sleep by this driver, so it is not asked
"""

from __future__ import annotations

from labframe import LabframeError, NoValue

__all__ = [
    "REFUSALS",
    "ArgumentOutOfRange",
    "Asleep",
    "IllegalParameter",
    "NoAccess",
    "NotAllowedNow",
    "Sps30Refused",
    "UnknownCommand",
    "WrongLength",
]


class Sps30Refused(LabframeError):
    """The sensor answered with an execution error.

    Attributes:
        code: The state byte without its highest bit.
    """

    meaning = "an error that the data sheet does not name"

    def __init__(self, name: str, what: str, code: int) -> None:
        super().__init__(f"{name}: the sensor refuses {what}: 0x{code:02X}, {self.meaning}")
        self.code = code


class WrongLength(Sps30Refused):
    """The command came with too much or too little data."""

    meaning = "wrong data length for this command"


class UnknownCommand(Sps30Refused):
    """The sensor, or its firmware, does not know the command."""

    meaning = "unknown command (sleep, wake and status need firmware 2.0)"


class NoAccess(Sps30Refused):
    """The command needs access rights."""

    meaning = "no access right for this command"


class IllegalParameter(Sps30Refused):
    """A parameter is illegal, or out of its range."""

    meaning = "illegal parameter, or out of its range"


class ArgumentOutOfRange(Sps30Refused):
    """An argument of a function inside of the sensor is out of range."""

    meaning = "internal function argument out of range (switching it off and on has helped)"


class NotAllowedNow(Sps30Refused):
    """The sensor does not do this while it is measuring, or while it is not."""

    meaning = "not allowed in the present state (measuring, or idle)"


class Asleep(NoValue):
    """The sensor was put to sleep, and hears nothing but ``wake``."""


REFUSALS: dict[int, type[Sps30Refused]] = {
    0x01: WrongLength,
    0x02: UnknownCommand,
    0x03: NoAccess,
    0x04: IllegalParameter,
    0x28: ArgumentOutOfRange,
    0x43: NotAllowedNow,
}
"""The error for each code that the data sheet names."""
