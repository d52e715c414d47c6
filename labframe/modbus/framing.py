"""Modbus RTU frames: unit, function, data, checksum; how long an answer is, its function says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labframe.errors import BadReply
from labframe.line import Decoder, checksum

__all__ = ["ModbusRtu"]

_CRC: Final = checksum("crc16_modbus")
_LONGEST: Final = 256
_EXCEPTION: Final = 0x80
_READS: Final = frozenset((1, 2, 3, 4))
_ECHOES: Final = frozenset((5, 6, 8, 15, 16))
_FASTEST_SILENCE_S: Final = 0.00175
"""From 19200 baud on the silence stays that long: "Modbus over serial line" V1.02, section 2.5.1.1.

That is also where the 3.5 characters come from.
"""


@dataclass(frozen=True, slots=True)
class ModbusRtu:
    """The frames of Modbus RTU: a payload is unit, function and data, without the checksum.

    An answer is whole as soon as it has the length that its function gives it, so that nobody waits
    for the silence after it. Of functions that are not known here, silence ends the answer. The
    line keeps 3.5 characters of silence before each request, at any baud rate.
    """

    def encode(self, payload: bytes) -> bytes:
        """Return the frame of a payload.

        Raises:
            ValueError: If it is too short for one, or too long.
        """
        if not 2 <= len(payload) <= _LONGEST - _CRC.size:
            raise ValueError(
                f"a Modbus request of {len(payload)} bytes: not 2 (unit and function) to "
                f"{_LONGEST - _CRC.size}"
            )
        return payload + _CRC.of(payload)

    def decoder(self) -> Decoder:
        """Return a decoder that knows the length from the function, and verifies the checksum."""
        return _OneAnswer()

    def least_gap_s(self, byte_s: float) -> float:
        """Return the silence before a request, where a character takes ``byte_s`` seconds."""
        return max(3.5 * byte_s, _FASTEST_SILENCE_S)


class _OneAnswer:
    __slots__ = ("_data", "rest")

    def __init__(self) -> None:
        self.rest = b""
        self._data = b""

    def feed(self, data: bytes) -> bytes | None:
        self._data = data = self._data + data
        length = _length(data)
        if length is None or len(data) < length:
            if len(data) > _LONGEST:
                raise BadReply(f"more than {_LONGEST} bytes without a silence", received=data)
            return None
        self.rest = data[length:]
        return _verified(data[:length])

    def silence(self) -> bytes | None:
        """End an answer of unknown length; one of known length is cut off."""
        data = self._data
        return None if len(data) < 4 or _length(data) is not None else _verified(data)


def _length(data: bytes) -> int | None:
    """Return how long the frame is that begins so, as far as it is known."""
    if len(data) < 3:
        return None
    function = data[1]
    if function & _EXCEPTION:
        return 3 + _CRC.size
    if function in _READS:
        return 3 + data[2] + _CRC.size
    return 6 + _CRC.size if function in _ECHOES else None


def _verified(frame: bytes) -> bytes:
    payload, received = frame[: -_CRC.size], frame[-_CRC.size :]
    if not _CRC.matches(payload, received):
        raise BadReply(
            f"the checksum is {received.hex(' ')} in place of {_CRC.of(payload).hex(' ')}",
            received=frame,
        )
    return payload
