"""What a controller answers when it does not do what it was asked; manual, page 24.

::

    LabframeError
    └── OmegaRefused               an error that the manual does not name
        ├── CommandRefused         ?43: no such command letter or index
        ├── FormatRefused          ?46: too short, or no hexadecimal digits
        ├── ParityRefused          ?50: a byte came with the wrong parity
        └── AddressRefused         ?56: a new address above 199
"""

from __future__ import annotations

from labframe import LabframeError

__all__ = [
    "REFUSALS",
    "AddressRefused",
    "CommandRefused",
    "FormatRefused",
    "OmegaRefused",
    "ParityRefused",
]


class OmegaRefused(LabframeError):
    """The controller answered with an error.

    Attributes:
        code: The error as it came: ``?43``.
    """

    meaning = "an error that the manual does not name"

    def __init__(self, name: str, request: str, code: str) -> None:
        super().__init__(f"{name}: the controller refuses {request!r}: {code}, {self.meaning}")
        self.code = code


class CommandRefused(OmegaRefused):
    """The letter or the index of a command is not valid."""

    meaning = "command error: it does not know this letter or index"


class FormatRefused(OmegaRefused):
    """A request is shorter than it should be, or its data is not hexadecimal."""

    meaning = "format error: too short, or no hexadecimal digits"


class ParityRefused(OmegaRefused):
    """A byte came with another parity than the controller is set to."""

    meaning = "parity error: are data bits and parity set as on the controller?"


class AddressRefused(OmegaRefused):
    """A new address is larger than 199."""

    meaning = "address error: larger than 199"


REFUSALS: dict[str, type[OmegaRefused]] = {
    "?43": CommandRefused,
    "?46": FormatRefused,
    "?50": ParityRefused,
    "?56": AddressRefused,
}
"""The error for each code that the manual names."""
