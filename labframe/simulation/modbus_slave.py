"""Instruments that speak Modbus RTU: frames, functions, exceptions; a subclass has the registers.

Written from the specification (modbus.org: application protocol V1.1b3, serial line V1.02) alone,
and on purpose without anything that drivers use: two who agree have not made the same mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from labframe.simulation.core import Answer, SimulatedInstrument
from labframe.simulation.errors import SimulationError
from labframe.simulation.settable import Settable

__all__ = ["ModbusRefusal", "ModbusSimulator", "modbus_crc"]

_PAUSE_S = 0.05
"""After so long a pause what came before is no part of a request. The specification has 3.5
characters, 4 ms at 9600 baud; a loaded computer may hold up a client's bytes for longer."""
_LONGEST = 256
_EXCEPTIONS = ("1", "2", "3", "4", "5", "6", "8", "10", "11")


class ModbusRefusal(Exception):  # it is an answer, not a mistake
    """The request is answered with an exception.

    Args:
        code: The exception's code: 1 illegal function, 2 illegal address, 3 illegal value.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def modbus_crc(content: bytes) -> bytes:
    """Return the two bytes of the checksum as they follow the content, bit by bit."""
    register = 0xFFFF
    for octet in content:
        register ^= octet
        for _ in range(8):
            carry = register & 1
            register >>= 1
            if carry:
                register ^= 0xA001
    return bytes((register % 256, register // 256))


class ModbusSimulator(SimulatedInstrument):
    """A Modbus RTU slave; a subclass writes ``registers`` and ``store``, or the same for bits.

    What is not for its address, or has a wrong checksum, is not answered. What is for address 0 is
    carried out, and not answered. A request is whole as soon as its length and checksum say so.

    Attributes:
        broadcasts: How many requests were for everybody.
    """

    functions: ClassVar[frozenset[int]] = frozenset({1, 2, 3, 4, 5, 6, 8, 15, 16})
    """The functions that it knows; the others are answered with exception 1."""
    longest_message: ClassVar[int] = _LONGEST
    """How many bytes an answer may have; a request for more is answered with exception 3."""

    address = Settable(1, "the address (Modbus unit), 1 to 247", limits=(1, 247))
    latency_s = Settable(0.002, "time from a request to its answer, s", limits=(0, 60))

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.broadcasts = 0
        self._heard = b""
        self._heard_at = float("-inf")
        self._free_at = float("-inf")

    # What a subclass writes.

    def registers(self, table: str, first: int, count: int, now: float) -> Sequence[int]:
        """Return registers of the table ``holding`` or ``input``, 0 to 65535 each.

        Raises:
            ModbusRefusal: If it has no such registers.
        """
        del table, first, count, now
        raise ModbusRefusal(2)

    def store(self, first: int, values: Sequence[int], now: float) -> None:
        """Take holding registers; raises as ``registers``."""
        del first, values, now
        raise ModbusRefusal(2)

    def bits(self, table: str, first: int, count: int, now: float) -> Sequence[bool]:
        """Return bits of the table ``coil`` or ``discrete``; raises as ``registers``."""
        del table, first, count, now
        raise ModbusRefusal(2)

    def store_bits(self, first: int, bits: Sequence[bool], now: float) -> None:
        """Take coils; raises as ``registers``."""
        del first, bits, now
        raise ModbusRefusal(2)

    # The protocol.

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Answer each request that is now whole, if it is for this unit and its checksum fits."""
        if now - self._heard_at > _PAUSE_S:
            self._heard = b""
        self._heard, self._heard_at = self._heard + data, now
        requests, self._heard = _split(self._heard)
        answers: list[Answer] = []
        for request in requests:
            content = self._answer(request, now)
            if content is not None:
                self._free_at = max(self._free_at, now) + self.latency_s
                answers.append(Answer(content + modbus_crc(content), self._free_at - now))
        return answers

    def _answer(self, request: bytes, now: float) -> bytes | None:
        content, crc = request[:-2], request[-2:]
        if modbus_crc(content) != crc or content[0] not in (0, self.address):
            return None
        unit, function = content[0], content[1]
        if unit == 0:
            self.broadcasts += 1
        try:
            answer = bytes((unit, function)) + self._carried_out(function, content[2:], now)
        except ModbusRefusal as refusal:
            answer = bytes((unit, function | 0x80, refusal.code))
        return answer if unit else None

    def _carried_out(self, function: int, data: bytes, now: float) -> bytes:
        if function not in self.functions:
            raise ModbusRefusal(1)
        if function == 8:
            if data[:2] != b"\0\0":
                raise ModbusRefusal(1)
            return data
        first, second = data[0] * 256 + data[1], data[2] * 256 + data[3]
        if function in (5, 6):
            self._store_one(function, first, second, now)
            return data
        most = {1: 2000, 2: 2000, 3: 125, 4: 125, 15: 1968, 16: 123}[function]
        if not 1 <= second <= most:
            raise ModbusRefusal(3)
        if first + second > 65536:
            raise ModbusRefusal(2)
        if function in (1, 2, 3, 4):
            return self._read(function, first, second, now)
        self._store_many(function, first, second, data[5:], now)
        return data[:4]

    def _read(self, function: int, first: int, count: int, now: float) -> bytes:
        size = 2 * count if function in (3, 4) else (count + 7) // 8
        if size + 5 > self.longest_message:
            raise ModbusRefusal(3)
        if function in (3, 4):
            table = "holding" if function == 3 else "input"
            values = self.registers(table, first, count, now)
            return bytes((size,)) + b"".join(bytes(divmod(value, 256)) for value in values)
        packed = bytearray(size)
        for place, bit in enumerate(
            self.bits("coil" if function == 1 else "discrete", first, count, now)
        ):
            if bit:
                packed[place // 8] |= 1 << place % 8
        return bytes((size,)) + bytes(packed)

    def _store_one(self, function: int, first: int, value: int, now: float) -> None:
        if function == 6:
            self.store(first, [value], now)
        elif value in (0xFF00, 0):
            self.store_bits(first, [value != 0], now)
        else:
            raise ModbusRefusal(3)

    def _store_many(self, function: int, first: int, count: int, data: bytes, now: float) -> None:
        if len(data) != (2 * count if function == 16 else (count + 7) // 8):
            raise ModbusRefusal(3)
        if function == 16:
            pairs = zip(data[0::2], data[1::2], strict=True)
            self.store(first, [high * 256 + low for high, low in pairs], now)
        else:
            bits = [data[place // 8] >> place % 8 & 1 == 1 for place in range(count)]
            self.store_bits(first, bits, now)

    # Faults.

    def split_requests(self, data: bytes) -> list[bytes]:
        """Return the whole requests at the beginning of ``data``."""
        return _split(data)[0]

    def spoiled_checksum(self, answer: bytes) -> bytes | None:
        """Turn over a bit of the checksum."""
        return answer[:-1] + bytes((answer[-1] ^ 1,))

    def readdressed(self, answer: bytes) -> bytes | None:
        """Answer as the next unit would, with a checksum that fits."""
        content = bytes((answer[0] % 247 + 1,)) + answer[1:-2]
        return content + modbus_crc(content)

    def device_error(self, request: bytes, code: str) -> bytes | None:
        """Refuse with an exception: 2, an illegal address, unless another one is asked for."""
        if (code or "2") not in _EXCEPTIONS:
            raise SimulationError(
                f"Modbus has no exception {code!r}; it has: {', '.join(_EXCEPTIONS)}"
            )
        content = bytes((request[0], request[1] | 0x80, int(code or "2"))) if request else b"\0\0\0"
        return content + modbus_crc(content)

    def busy(self, request: bytes) -> bytes | None:
        """Refuse with exception 6, busy."""
        return self.device_error(request, "6")

    def power_cycled(self, now: float) -> list[Answer] | None:
        """Forget half a request."""
        del now
        self._heard = b""
        return []


def _split(heard: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole frames at the beginning, and what is left."""
    frames: list[bytes] = []
    while len(heard) >= 4:
        length = _length(heard)
        if length is None or len(heard) < length:
            break
        frames.append(heard[:length])
        heard = heard[length:]
    return frames, heard[-_LONGEST:]


def _length(heard: bytes) -> int | None:
    """Return how long the request is that begins so; None: that is not known yet."""
    function = heard[1]
    if function in (1, 2, 3, 4, 5, 6, 8):
        return 8
    if function in (15, 16):
        return 9 + heard[6] if len(heard) > 6 else None
    whole = modbus_crc(heard[:-2]) == heard[-2:]  # of an unknown function only the checksum tells
    return len(heard) if whole else None
