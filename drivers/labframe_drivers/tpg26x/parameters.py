"""What the simulated controller keeps when it is told, and tells when it is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["PARAMETERS", "Kept"]

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,2})?")


@dataclass(frozen=True, slots=True)
class _Field:
    """One parameter: whole numbers up to ``highest``, or a number in a format."""

    default: str
    lowest: int = 0
    highest: int = 0
    form: str = ""

    def kept(self, given: str) -> str | None:
        """Return it as it is told afterwards; None: it is not taken."""
        if self.form:
            return f"{float(given):{self.form}}" if _NUMBER.fullmatch(given) else None
        if not given.isdecimal() or not self.lowest <= int(given) <= self.highest:
            return None
        return str(int(given))


_ZERO = _Field("0.0000E+00", form=".4E")
_LOWER, _UPPER = _Field("1.0000E-03", form=".4E"), _Field("2.0000E-03", form=".4E")
_CONTROL = (
    _Field("2", highest=4), _Field("2", highest=4),
    _Field("1.00E-03", form=".2E"), _Field("2.00E-03", form=".2E"),
)  # fmt: skip

PARAMETERS: dict[str, tuple[_Field, ...]] = {
    "BAU": (_Field("0"),),  # 0: 9600; another rate would need another cable
    "SCT": (_Field("0", highest=1),),
    "DCD": (_Field("2", 2, 3),),
    "FIL": (_Field("1", highest=2),) * 2,
    "CAL": (_Field("1.000", form=".3f"),) * 2,
    "FSR": (_Field("5", highest=9),) * 2,
    "OFC": (_Field("0", highest=2),) * 2,
    "OFD": (_ZERO,) * 2,
    "SP1": (_Field("0", highest=1), _LOWER, _UPPER),
    "SP2": (_Field("0", highest=1), _LOWER, _UPPER),
    "SP3": (_Field("1", highest=1), _LOWER, _UPPER),
    "SP4": (_Field("1", highest=1), _LOWER, _UPPER),
    "SC1": _CONTROL,
    "SC2": _CONTROL,
}
"""By mnemonic, as on pages 76 to 82 of the manual; BAU, SCT and DCD as pyLabLib uses them."""


class Kept:
    """The parameters of one controller."""

    def __init__(self) -> None:
        self._values = {
            name: [field.default for field in fields] for name, fields in PARAMETERS.items()
        }

    def told(self, name: str) -> str:
        """Return the values of a mnemonic."""
        return ",".join(self._values[name])

    def keep(self, name: str, given: Sequence[str]) -> bool:
        """Set the values of a mnemonic; tell whether they were taken."""
        fields = PARAMETERS[name]
        if len(given) != len(fields):
            return False
        kept = [field.kept(text) for field, text in zip(fields, given, strict=True)]
        if None in kept:
            return False
        self._values[name] = [text for text in kept if text is not None]
        return True

    def switching(self, number: int) -> tuple[int, float, float]:
        """Return gauge, lower and upper threshold of a switching function."""
        gauge, lower, upper = self._values[f"SP{number}"]
        return int(gauge), float(lower), float(upper)
