"""What the Keithley 2000's error queue can say after a setting; the words are the meter's own.

::

    LabframeError
    └── Keithley2000Refused      the meter did not do it; positive codes are Keithley's own
        ├── CommandError         -100 to -199: it does not understand the command
        ├── ExecutionError       -200 to -299: it understands, and does not do it: out of range
        └── DeviceError          -300 to -399: something in the meter is wrong
"""

from __future__ import annotations

import re
from typing import Final

from labframe import LabframeError
from labframe.errors import BadReply

__all__ = [
    "CommandError",
    "DeviceError",
    "ExecutionError",
    "Keithley2000Refused",
    "entry",
    "refusal",
]

_ENTRY: Final = re.compile(r'([+-]?\d{1,4}),\s?"?([A-Za-z][^"]*)"?')


class Keithley2000Refused(LabframeError):
    """The meter put an error into its queue.

    Attributes:
        code: The first error's number.
    """

    def __init__(self, name: str, what: str, errors: list[tuple[int, str]]) -> None:
        said = "; ".join(f"{code}, {text}" for code, text in errors)
        super().__init__(f"{name}: the meter refuses {what!r}: {said}")
        self.code = errors[0][0]


class CommandError(Keithley2000Refused):
    """The meter does not understand the command."""


class ExecutionError(Keithley2000Refused):
    """The meter understands the command, and cannot do it."""


class DeviceError(Keithley2000Refused):
    """Something in the meter is wrong."""


def refusal(name: str, what: str, errors: list[tuple[int, str]]) -> Keithley2000Refused:
    """Return the error for what stood in the queue; the first entry gives the type."""
    kinds = {1: CommandError, 2: ExecutionError, 3: DeviceError}
    code = errors[0][0]
    return kinds.get(-code // 100, Keithley2000Refused)(name, what, errors)


def entry(answer: str) -> tuple[int, str]:
    """Return number and words of an entry of the queue; 0 is none.

    Raises:
        BadReply: If it is no such entry.
    """
    found = _ENTRY.fullmatch(answer)
    if found is None:
        raise BadReply(f"{answer!r} is no entry of an error queue", received=answer.encode())
    return int(found[1]), found[2]
