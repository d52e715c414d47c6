"""What the error codes of parameter 303 mean; pfeiffer-turbo 0.3.4 lists those of manuals."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["meaning_of"]

_NONE: Final = "000000"
_CODE: Final = re.compile("(Err|Wrn)([0-9]{3})", re.IGNORECASE)

_ERRORS: Final = {
    1: "rotates too fast", 2: "overvoltage", 6: "run-up took too long",
    8: "connection to the pump faulty", 10: "internal fault", 21: "pump not recognised",
    41: "motor current too high", 43: "internal configuration fault", 45: "motor too hot",
    46: "initialisation failed", 73: "axial bearing overloaded", 74: "radial bearing overloaded",
    89: "rotor unstable", 91: "internal fault", 92: "connection panel unknown",
    93: "motor temperature sensor faulty", 94: "electronics temperature sensor faulty",
    98: "internal communication fault", 107: "power stage fault",
    108: "measurement of the rotation speed faulty", 109: "firmware not configured",
    114: "power stage temperature sensor faulty", 117: "pump bottom too hot",
    118: "power stage too hot", 119: "bearing too hot", 777: "nominal speed not confirmed",
    800: "position sensors draw too much current", 802: "position sensors not calibrated",
    810: "pump has no data set", 815: "magnetic bearing draws too much current",
    890: "safety bearing worn out", 891: "rotor out of balance",
}  # fmt: skip
_WARNINGS: Final = {
    7: "mains power failed or low", 18: "remote priority conflict", 48: "motor hot",
    76: "electronics hot", 89: "rotor was unstable for a moment", 97: "pump data invalid",
    98: "pump data incomplete", 100: "speed raised to its minimum",
    115: "pump bottom temperature sensor faulty", 116: "bearing temperature sensor faulty",
    117: "pump bottom hot", 118: "power stage hot", 119: "bearing hot",
    168: "decelerates strongly", 801: "brake electronics defective",
    806: "brake resistor defective", 807: "position sensors need calibration",
    890: "safety bearing worn by 75 %", 891: "rotor imbalance above 75 %",
}  # fmt: skip


def meaning_of(code: str) -> str:
    """Return ``ok``, or the code with its meaning: ``Err006: run-up took too long``.

    Raises:
        ValueError: If it is no error code.
    """
    if code == _NONE:
        return "ok"
    found = _CODE.fullmatch(code)
    if found is None:
        raise ValueError(f"{code!r}: no error code such as 000000 or Err006")
    known = _ERRORS if found[1].lower() == "err" else _WARNINGS
    return f"{code}: {known.get(int(found[2]), 'see the manual')}"
