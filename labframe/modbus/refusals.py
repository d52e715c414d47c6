"""What a Modbus instrument says when it does not do something: its exceptions, as errors.

The codes and their names are those of the Modbus application protocol specification V1.1b3,
section 7 (modbus.org).

::

    LabframeError
    └── ModbusRefused                it answered with an exception; a code without a name
        ├── IllegalFunction          01: it does not know the function, or not now
        ├── IllegalAddress           02: it has no such register
        ├── IllegalValue             03: a value, or a number of registers, that it does not take
        ├── InstrumentFailed         04: something went wrong while it did it
        ├── TakesLonger              05: it has begun, and will need some time
        ├── InstrumentBusy           06: it does something else; ask again
        ├── MemoryParityError        08: its memory is damaged
        ├── NoGatewayPath            0A: the gateway has no way to it
        └── NoAnswerAtGateway        0B: the gateway got no answer from it
"""

from __future__ import annotations

from typing import ClassVar, Final

from labframe.errors import LabframeError

__all__ = [
    "REFUSALS",
    "IllegalAddress",
    "IllegalFunction",
    "IllegalValue",
    "InstrumentBusy",
    "InstrumentFailed",
    "MemoryParityError",
    "ModbusRefused",
    "NoAnswerAtGateway",
    "NoGatewayPath",
    "TakesLonger",
]


class ModbusRefused(LabframeError):
    """The instrument answered with an exception, and did not do it.

    Args:
        where: The instrument.
        what: What was asked: ``to read holding register 0x0006``.
        code: The exception code.

    Attributes:
        code: The exception code.
    """

    meaning: ClassVar[str] = "which the Modbus specification does not name; its manual might"

    def __init__(self, where: str, what: str, code: int) -> None:
        super().__init__(
            f"{where}: the instrument refuses {what}: exception {code:02X}, {self.meaning}"
        )
        self.code = code


class IllegalFunction(ModbusRefused):
    """Exception 01."""

    meaning = "illegal function: it does not know this function, or not in its present state"


class IllegalAddress(ModbusRefused):
    """Exception 02."""

    meaning = (
        "illegal data address: it has no such register. Manuals often count from 1, or from 40001, "
        "where the line counts from 0"
    )


class IllegalValue(ModbusRefused):
    """Exception 03."""

    meaning = "illegal data value: a value, or a number of registers, that it does not take"


class InstrumentFailed(ModbusRefused):
    """Exception 04."""

    meaning = "device failure: something went wrong inside while it did it"


class TakesLonger(ModbusRefused):
    """Exception 05."""

    meaning = "acknowledge: it has begun, and needs some time; look later what became of it"


class InstrumentBusy(ModbusRefused):
    """Exception 06."""

    meaning = "device busy: it does something that takes long; ask again later"


class MemoryParityError(ModbusRefused):
    """Exception 08."""

    meaning = "memory parity error: what it has stored there is damaged"


class NoGatewayPath(ModbusRefused):
    """Exception 0A."""

    meaning = "gateway path unavailable: the gateway is set wrongly, or overloaded"


class NoAnswerAtGateway(ModbusRefused):
    """Exception 0B."""

    meaning = "no answer at the gateway: is the instrument behind it on, and its address right?"


REFUSALS: Final[dict[int, type[ModbusRefused]]] = {
    0x01: IllegalFunction,
    0x02: IllegalAddress,
    0x03: IllegalValue,
    0x04: InstrumentFailed,
    0x05: TakesLonger,
    0x06: InstrumentBusy,
    0x08: MemoryParityError,
    0x0A: NoGatewayPath,
    0x0B: NoAnswerAtGateway,
}
"""The error for each exception code that the specification names."""
