"""What a unit answers when it does not do what it was asked; manual of the TC 400, page 25.

::

    LabframeError
    └── Tc400Refused
        ├── NoParameter (NoValue)      NO_DEF: this unit has no such parameter
        ├── OutOfRange                 _RANGE: the data is outside the permitted range
        └── AccessViolation            _LOGIC: not allowed so, or not now
"""

from __future__ import annotations

from labframe import LabframeError, NoValue

__all__ = ["REFUSALS", "AccessViolation", "NoParameter", "OutOfRange", "Tc400Refused"]


class Tc400Refused(LabframeError):
    """A unit answered with one of its three errors.

    Attributes:
        code: The error as it came: ``NO_DEF``, ``_RANGE`` or ``_LOGIC``.
        parameter: The number of the parameter.
    """

    code = ""
    meaning = ""

    def __init__(self, name: str, parameter: int, what: str) -> None:
        super().__init__(
            f"{name}: the unit refuses {what} (parameter {parameter:03d}): {self.code}, "
            f"{self.meaning}"
        )
        self.parameter = parameter


class NoParameter(Tc400Refused, NoValue):
    """The unit does not have this parameter; others of its family do."""

    code = "NO_DEF"
    meaning = "it has no such parameter"


class OutOfRange(Tc400Refused):
    """The data is outside of the range that this unit permits."""

    code = "_RANGE"
    meaning = "the value is outside of its range"


class AccessViolation(Tc400Refused):
    """The parameter may not be read or written so, or not at present."""

    code = "_LOGIC"
    meaning = "not allowed so, or not now (does another interface have control?)"


REFUSALS: dict[str, type[Tc400Refused]] = {
    one.code: one for one in (NoParameter, OutOfRange, AccessViolation)
}
"""The error for each of the answers."""
