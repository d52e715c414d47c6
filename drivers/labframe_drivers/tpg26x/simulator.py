"""A simulated Pfeiffer TPG 261 or 262; what it does, and who says so, is in ``README.md``.

It takes byte by byte, as the controller does: a mnemonic is worked off at its CR, an ENQ at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import ClassVar, Final

from labframe.simulation import Answer, Settable, SimulatedInstrument, SimulationError
from labframe_drivers.tpg26x.parameters import PARAMETERS, Kept

__all__ = ["Tpg26xSimulator"]

_ETX, _ENQ, _CR, _LF, _BLANK = 0x03, 0x05, 0x0D, 0x0A, 0x20
_ACK: Final = b"\x06\r\n"
_NAK: Final = b"\x15\r\n"
_END: Final = b"\r\n"

_LONGEST_INPUT = 64
_BOTH = (0, 1)
_STATES = {"under": 1, "over": 2, "error": 3, "off": 4, "none": 5, "unknown": 6}
_IN_MBAR = {"mbar": 1.0, "Torr": 1.333224, "Pa": 0.01}
_STREAM_S = {"0": 0.1, "1": 1.0, "2": 60.0}
_SWITCHABLE = ("IKR9", "IKR11", "PKR", "PBR", "IMR")
_LINEAR = ("CMR",)
_ERROR_WORDS = ("1000", "0100", "0010", "0001")
_DRIFT_PERIOD_S = 60.0
_REQUEST = re.compile(rb"[^\r\x05]*(?:\r\n?|\x05)")
_NUMBER = re.compile(rb"[+-]\d\.\d{4}E[+-]\d\d")

Reply = Callable[[], str]


class _Refused(Exception):
    """The command is answered with NAK; the argument is its digit of the error word."""


def _pressures(given: object) -> tuple[float | str, ...]:
    parts = given.split(",") if isinstance(given, str) else given
    if not isinstance(parts, (list, tuple)) or not 1 <= len(parts) <= 2:
        raise TypeError("must be one or two, in a list or with a comma")
    return tuple(map(_pressure_or_state, parts))


def _pressure_or_state(given: object) -> float | str:
    text = str(given).strip()
    if text in _STATES:
        return text
    value = float(text)
    if not 1e-99 < value < 1e6:
        raise ValueError(f"{text} is no pressure")
    return value


class Tpg26xSimulator(SimulatedInstrument):
    """A TPG 262 with a cold cathode gauge and a Pirani gauge, or what it is told to be."""

    driver: ClassVar[str] = "tpg26x"
    usb_name: ClassVar[str] = "Simulated_TPG_262"
    baudrate: ClassVar[int | None] = 9600
    tick_s = 0.02
    calm = MappingProxyType({"drift": 0})

    latency_s = Settable(0.005, "time from a request to its answer, s", limits=(0, 60))
    pressures_mbar = Settable[tuple[float | str, ...]](
        (2.4e-7, 3.6e-2),
        f"of each gauge, mbar, or a state: {', '.join(_STATES)}; one: a TPG 261",
        parse=_pressures,
    )
    gauges = Settable[tuple[str, ...]](
        ("PKR", "TPR"), "the kinds of the gauges: TPR, IKR9, IKR11, PKR, PBR, IMR, CMR"
    )
    drift = Settable(0.03, "how far the pressures move, as a share; 0: they stay", limits=(0, 0.5))
    unit = Settable("mbar", "the unit that is shown", choices=tuple(_IN_MBAR))
    program = Settable("302-510-A", "the program number")
    errors = Settable[tuple[str, ...]]((), "the numbers of the errors that it has, such as 9")

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self._input = bytearray()
        self._selected: Reply | None = None
        self._word = "0000"
        self._off: set[int] = set()
        self._kept = Kept()
        self._closed: set[int] = set()
        self._stream_s: float | None = None
        self._before = 0
        self._next_line = 0.0
        self._now = 0.0
        self._free_at = float("-inf")
        self._commands: dict[str, Callable[[list[str]], Reply | None]] = {
            "PR1": lambda given: self._pressure(given, 0),
            "PR2": lambda given: self._pressure(given, 1),
            "PRX": self._all_pressures,
            "COM": self._stream,
            "TID": self._kinds,
            "SEN": self._switch,
            "UNI": self._show_in,
            "PNR": lambda given: self._plain(given, lambda: self.program),
            "ERR": lambda given: self._plain(given, self._read_word),
            "RES": self._reset,
            "SPS": lambda given: self._plain(given, self._switching),
            **{name: partial(self._parameter, name) for name in PARAMETERS},
        }

    @property
    def is_streaming(self) -> bool:
        """Whether it sends lines by itself."""
        return self._stream_s is not None

    # Bytes.

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Take the bytes one by one; answer at each CR and each ENQ."""
        self._now = now
        answers: list[Answer] = []
        for byte in data:
            before, self._before = self._before, byte
            if (before, byte) == (_CR, _LF):  # the rest of a terminator
                continue
            self._stream_s = None  # any byte ends the stream
            if byte == _ETX:
                self._input.clear()
            elif byte == _ENQ:
                answers.append(self._timed(self._enquired()))
            elif byte == _CR:
                answers.append(self._timed(self._received()))
            elif byte not in (_LF, _BLANK):
                self._input.append(byte)
                del self._input[:-_LONGEST_INPUT]
        return answers

    def tick(self, now: float) -> list[Answer]:
        """Send the lines of the stream that are due."""
        self._now = now
        if self._stream_s is None or now < self._next_line:
            return []
        self._next_line += self._stream_s
        return [Answer(self._line().encode("ascii") + _END)]

    def _timed(self, data: bytes) -> Answer:
        self._free_at = max(self._free_at, self._now) + self.latency_s
        return Answer(data, self._free_at - self._now)

    def _enquired(self) -> bytes:
        reply = self._selected or self._read_word
        return reply().encode("ascii") + _END

    def _received(self) -> bytes:
        text = self._input.decode("latin-1")
        self._input.clear()
        self._selected = None
        mnemonic, *given = text.split(",")
        try:
            if mnemonic not in self._commands:
                raise _Refused("0001")
            self._selected = self._commands[mnemonic](given)
        except _Refused as error:
            self._blame(str(error))
            return _NAK
        return _ACK

    def _blame(self, word: str) -> None:
        self._word = "".join(map(max, self._word, word))

    def _read_word(self) -> str:
        word, self._word = self._word, "0000"
        return word

    # Mnemonics: each takes its parameters, and returns what an ENQ then gets.

    def _plain(self, given: list[str], reply: Reply) -> Reply:
        if given:
            raise _Refused("0001")
        return reply

    def _pressure(self, given: list[str], index: int) -> Reply:
        return self._plain(given, lambda: self._shown(index))

    def _all_pressures(self, given: list[str]) -> Reply:
        return self._plain(given, self._line)

    def _stream(self, given: list[str]) -> Reply | None:
        mode = self._parameters(given, 1, _STREAM_S) or ["1"]
        self._stream_s = _STREAM_S[mode[0]]
        self._next_line = self._now + self._stream_s
        return None

    def _kinds(self, given: list[str]) -> Reply:
        return self._plain(given, lambda: ",".join(map(self._kind, _BOTH)))

    def _switch(self, given: list[str]) -> Reply:
        wanted = self._parameters(given, 2, ("0", "1", "2"))
        for index, digit in enumerate(wanted):
            if self._kind(index) in _SWITCHABLE and digit != "0":
                (self._off.add if digit == "1" else self._off.discard)(index)
        return lambda: ",".join(map(self._switched, _BOTH))

    def _show_in(self, given: list[str]) -> Reply:
        units = list(_IN_MBAR)
        wanted = self._parameters(given, 1, ("0", "1", "2"))
        if wanted:
            self.unit = units[int(wanted[0])]
        return lambda: str(units.index(self.unit))

    def _reset(self, given: list[str]) -> Reply:
        if self._parameters(given, 1, ("1",)):
            self.errors = ()
        return lambda: ",".join(self.errors) or "0"

    def _parameters(self, given: list[str], count: int, allowed: object) -> list[str]:
        if given and len(given) > 2:
            raise _Refused("0001")
        if given and (len(given) < count or not all(one in allowed for one in given)):  # type: ignore[operator]  # any container
            raise _Refused("0010")
        return given[:count]

    def _parameter(self, name: str, given: list[str]) -> Reply:
        if given and not self._kept.keep(name, given):
            raise _Refused("0010")
        return lambda: self._kept.told(name)

    def _switching(self) -> str:
        for number in range(1, 5):
            index, lower, upper = self._kept.switching(number)
            pressure = self._pressure_now(index)
            if pressure is None or pressure > upper:
                self._closed.discard(number)
            elif pressure < lower:
                self._closed.add(number)
        return ",".join(str(int(number in self._closed)) for number in range(1, 5))

    # Gauges.

    def _state(self, index: int) -> float | str:
        """Return pressure or state; a TPG 261 tells of a second gauge, too, that is not there."""
        return self.pressures_mbar[index] if index < len(self.pressures_mbar) else "none"

    def _kind(self, index: int) -> str:
        state = self._state(index)
        if state in ("none", "unknown"):
            return "noSEn" if state == "none" else "noid"
        return self.gauges[index] if index < len(self.gauges) else "TPR"

    def _switched(self, index: int) -> str:
        if self._kind(index) not in _SWITCHABLE:
            return "0"
        return "1" if self._is_off(index) else "2"

    def _is_off(self, index: int) -> bool:
        return index in self._off or self._state(index) == "off"

    def _line(self) -> str:
        return ",".join(map(self._shown, _BOTH))

    def _pressure_now(self, index: int) -> float | None:
        """Return the pressure in the unit that is shown; None if it is not measured."""
        state = self._state(index)
        if isinstance(state, str) or self._is_off(index):
            return None
        moved = 1 + self.drift * math.sin(2 * math.pi * self._now / _DRIFT_PERIOD_S + index)
        return state * moved / _IN_MBAR[self.unit]

    def _shown(self, index: int) -> str:
        pressure = self._pressure_now(index)
        if pressure is not None:
            return f"0,{self._number(pressure, index)}"
        state = "off" if self._is_off(index) else str(self._state(index))
        if state == "none":
            return "5,+2.0000E-02"
        return f"{_STATES[state]},{self._number(1e-9, index)}"

    def _number(self, value: float, index: int) -> str:
        if self._kind(index) in _LINEAR:
            return f"{value:+.4E}"
        mantissa, _, exponent = f"{value:+.2E}".partition("E")
        return f"{mantissa}00E{exponent}"

    # What only the instrument knows of its faults.

    def split_requests(self, data: bytes) -> list[bytes]:
        """Return the mnemonics and enquiries that are whole."""
        return _REQUEST.findall(data)

    def line_end(self, answer: bytes) -> bytes:
        """Return CR LF."""
        return _END if answer.endswith(_END) else b""

    def device_error(self, request: bytes, code: str) -> bytes | None:
        """Answer a mnemonic with NAK, and keep the error word; an enquiry is never refused."""
        if code not in ("", *_ERROR_WORDS):
            raise SimulationError(
                f"the simulated tpg26x has no error {code!r}; it has: {', '.join(_ERROR_WORDS)}"
            )
        if request.endswith(b"\x05"):
            return None
        if request:
            self._selected = None
            self._blame(code or "0010")
        return _NAK

    def no_number(self, request: bytes, answer: bytes, text: bytes) -> bytes | None:
        """Put a text in the place of each pressure."""
        del request
        spoiled, found = _NUMBER.subn(lambda _: text or b"-----", answer)
        return spoiled if found else None

    def power_cycled(self, now: float) -> list[Answer]:
        """Forget half a request, the stream, the error word and which gauges were off."""
        self._input.clear()
        self._selected = None
        self._stream_s = None
        self._word = "0000"
        self._off.clear()
        self._free_at = now
        return []
