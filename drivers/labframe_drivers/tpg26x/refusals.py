"""What the TPG 26x's error word can say after a NAK; the codes are those of its manual.

::

    LabframeError
    └── Tpg26xRefused            the controller said NAK; its error word has no known digit
        ├── SyntaxRefused        0001: it does not know the mnemonic, or not in this form
        ├── ParameterRefused     0010: a parameter that it does not take
        ├── NoHardware           0100: what the command is for is not built in
        └── ControllerError      1000: the controller itself is faulty; see its display
"""

from __future__ import annotations

from labframe import LabframeError

__all__ = [
    "ControllerError",
    "NoHardware",
    "ParameterRefused",
    "SyntaxRefused",
    "Tpg26xRefused",
    "refusal",
]


class Tpg26xRefused(LabframeError):
    """The controller answered with NAK.

    Attributes:
        word: The error word that was read after it; empty if there was none.
    """

    meaning = "no reason that its manual names"

    def __init__(self, name: str, request: str, word: str) -> None:
        said = f"{word}, {self.meaning}" if word else "and gave no error word"
        super().__init__(f"{name}: the controller refuses {request!r} (NAK): {said}")
        self.word = word


class SyntaxRefused(Tpg26xRefused):
    """The controller does not know the command."""

    meaning = "syntax error (a controller of another kind, or an older one?)"


class ParameterRefused(Tpg26xRefused):
    """The controller does not take a parameter."""

    meaning = "inadmissible parameter"


class NoHardware(Tpg26xRefused):
    """The controller lacks what the command is for."""

    meaning = "no hardware for that is built in"


class ControllerError(Tpg26xRefused):
    """The controller is faulty."""

    meaning = "controller error (its display shows which; reset_errors may end it)"


_BY_DIGIT = (ControllerError, NoHardware, ParameterRefused, SyntaxRefused)


def refusal(name: str, request: str, word: str) -> Tpg26xRefused:
    """Return the error for an error word; of several reasons the gravest gives the type."""
    if len(word) == len(_BY_DIGIT):
        for digit, kind in zip(word, _BY_DIGIT, strict=True):
            if digit == "1":
                return kind(name, request, word)
    return Tpg26xRefused(name, request, word)
