"""A simulated Sensirion SPS30 on its UART.

What it does, and who says so: the table in ``README.md`` beside this file; its marks are used here.
No sensor was at hand: only a recorded transcript proves that this simulator is right.

* Three states: idle after power-up, measuring, asleep. What a state does not allow is answered with
  the error 43 [SE, issue 84: wake-up while awake; PyPMS: start while measuring; the rest mem].
* A frame with a wrong checksum, length or address is not answered [mem].
* A measurement a second, the first one a second after the start; asked twice for the same one, it
  answers without data [vendor]. While the fan is cleaned, for 10 s, there is none [ep].
* Asleep it hears nothing. The first byte wakes the interface for 100 ms and is lost itself; a
  wake-up command in that time ends the sleep [vendor].
* A reset is answered first [nF]; then it is deaf for 0.1 s [shdlc-sps30].
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import ClassVar

from labframe.simulation import Answer, Settable, SimulatedInstrument, SimulationError
from labframe_drivers.sps30.octets import FrameReader, content_of, framed
from labframe_drivers.sps30.particles import as_floats, as_whole_numbers, awkward, drifting

__all__ = ["Sps30Simulator"]

_BOOT_S = 0.1
_ERRORS = ("43", "01", "02", "04", "28")
"""The execution errors of SHDLC, in hexadecimal: ``README.md`` has their sources."""


class _Refused(Exception):
    """The command is answered with an execution error."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def _noise(given: object) -> str:
    noise = bytes.fromhex(str(given))
    if b"\x7e" in noise:
        raise ValueError("7E would begin a frame")
    return noise.hex(" ")


def _short_ascii(given: object) -> str:
    text = str(given)
    if not (text.isascii() and text.isprintable() and len(text) <= 31):
        raise ValueError("must be 31 ASCII characters at most")
    return text


def _concentration(value: float, doc: str, unit: str, most: float) -> Settable[float]:
    return Settable(value, f"{doc}, {unit}", limits=(0, most))


class Sps30Simulator(SimulatedInstrument):
    """A sensor in a laboratory's air, with values that now and then are hard to send.

    Attributes:
        state: ``idle``, ``measuring`` or ``asleep``.
        cleanings: How often the fan was cleaned.
    """

    driver: ClassVar[str] = "sps30"
    usb_name: ClassVar[str] = "Simulated_SPS30"
    baudrate: ClassVar[int | None] = 115200

    calm = MappingProxyType({"awkward_every": 0, "period_s": 0.01, "auto_clean_s": 0, "drift": 0})

    mass_pm1 = _concentration(4.2, "mass of the particles up to 1 µm", "µg/m³", 1e5)
    mass_pm2_5 = _concentration(6.1, "mass of the particles up to 2.5 µm", "µg/m³", 1e5)
    mass_pm4 = _concentration(7.0, "mass of the particles up to 4 µm", "µg/m³", 1e5)
    mass_pm10 = _concentration(7.4, "mass of the particles up to 10 µm", "µg/m³", 1e5)
    number_pm0_5 = _concentration(27.5, "particles up to 0.5 µm", "1/cm³", 1e6)
    number_pm1 = _concentration(32.6, "particles up to 1 µm", "1/cm³", 1e6)
    number_pm2_5 = _concentration(33.9, "particles up to 2.5 µm", "1/cm³", 1e6)
    number_pm4 = _concentration(34.2, "particles up to 4 µm", "1/cm³", 1e6)
    number_pm10 = _concentration(34.3, "particles up to 10 µm", "1/cm³", 1e6)
    typical_size = _concentration(0.57, "typical size of the particles", "µm", 65)
    drift = Settable(0.05, "how far values move up and down, as a share of them", limits=(0, 1))
    awkward_every = Settable(
        5, "one in so many measurements has bytes that are stuffed; 0: none", limits=(0, 10**9)
    )
    period_s = Settable(1.0, "the time from measurement to measurement, s", limits=(0.01, 3600))
    serial_number = Settable("5A1B7C2D9E3F4A60", "the serial number", parse=_short_ascii)
    product_type = Settable("00080000", "the product type", parse=_short_ascii)
    firmware = Settable("2.2", "the firmware", choices=("1.0", "2.0", "2.1", "2.2"))
    auto_clean_s = Settable(
        604800, "after how much measuring the fan is cleaned, s; 0: never", limits=(0, 2**32 - 1)
    )
    cleaning_s = Settable(10.0, "how long cleaning takes, s", limits=(0, 3600))
    fan_speed_wrong = Settable(False, "whether the fan's speed is out of range (bit 21)")
    laser_failed = Settable(False, "whether the laser's current is out of range (bit 5)")
    fan_failed = Settable(False, "whether the fan stands still (bit 4)")
    latency_s = Settable(0.002, "time from a request to its answer, s", limits=(0, 60))
    hears_s = Settable(0.1, "how long a pulse lets it hear while asleep, s", limits=(0, 3600))
    noise = Settable("", "bytes on the line before each answer, in hex: FE", parse=_noise)

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.state = "idle"
        self.cleanings = 0
        self._reader = FrameReader()
        self._floats = True
        self._heard_until = self._deaf_until = self._free_at = float("-inf")
        self._began = self._cleaned_at = 0.0
        self._cleaning_until = float("-inf")
        self._given = 0
        self._commands: dict[int, Callable[[bytes, float], bytes]] = {
            0x00: self._start,
            0x01: self._stop,
            0x03: self._read,
            0x56: self._clean,
            0x80: self._auto_clean,
            0xD0: self._information,
            0xD1: self._version,
            0xD3: self._reset,
        }
        self._newer: dict[int, Callable[[bytes, float], bytes]] = {
            0x10: self._sleep,
            0x11: self._wake,
            0xD2: self._status,
        }

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Answer the commands that are now whole."""
        answers = []
        for octet in data:
            if now < self._deaf_until:
                continue
            if self.state == "asleep" and now > self._heard_until:
                self._heard_until = now + self.hears_s  # the byte is a pulse, and lost
                self._reader.forget()
                continue
            content = self._reader.take(octet)
            answer = None if content is None else self._answer(content, now)
            if answer is not None:
                self._free_at = max(self._free_at, now) + self.latency_s
                frame = bytes.fromhex(self.noise) + framed(answer)
                answers.append(Answer(frame, self._free_at - now))
        return answers

    def _answer(self, content: bytes, now: float) -> bytes | None:
        if len(content) < 3 or content[0] != 0 or content[2] != len(content) - 3:
            return None
        number, data = content[1], content[3:]
        if self.state == "asleep" and number != 0x11:
            return None
        code, reply = 0, b""
        try:
            reply = self._carried_out(number, data, now)
        except _Refused as refused:
            code = refused.code
        return bytes((0, number, code | (0x80 if self._register() else 0), len(reply))) + reply

    def _carried_out(self, number: int, data: bytes, now: float) -> bytes:
        self._pass_time(now)
        known = self._commands if self.firmware < "2.0" else self._commands | self._newer
        if number not in known:
            raise _Refused(0x02)
        return known[number](data, now)

    def _pass_time(self, now: float) -> None:
        is_due = self.auto_clean_s and now - self._cleaned_at >= self.auto_clean_s
        if self.state == "measuring" and is_due:
            self._begin_cleaning(now)

    def _only(self, state: str) -> None:
        if self.state != state:
            raise _Refused(0x43)

    def _bare(self, data: bytes) -> None:
        if data:
            raise _Refused(0x01)

    def _start(self, data: bytes, now: float) -> bytes:
        if len(data) != 2:
            raise _Refused(0x01)
        formats = {3: True, 5: False} if self.firmware >= "2.0" else {3: True}
        if data[0] != 1 or data[1] not in formats:
            raise _Refused(0x04)
        self._only("idle")
        self.state, self._floats = "measuring", formats[data[1]]
        self._began, self._given, self._cleaned_at = now, 0, now
        return b""

    def _stop(self, data: bytes, now: float) -> bytes:
        del now
        self._bare(data)
        self._only("measuring")
        self.state, self._cleaning_until = "idle", float("-inf")
        return b""

    def _read(self, data: bytes, now: float) -> bytes:
        self._bare(data)
        self._only("measuring")
        turn = int((now - self._began) / self.period_s + 1e-9)
        if turn <= self._given or now < self._cleaning_until:
            return b""
        self._given = turn
        values = drifting(
            [
                self.mass_pm1, self.mass_pm2_5, self.mass_pm4, self.mass_pm10,
                self.number_pm0_5, self.number_pm1, self.number_pm2_5, self.number_pm4,
                self.number_pm10, self.typical_size,
            ],
            self.drift,
            now - self._began,
        )  # fmt: skip
        if self.awkward_every and turn % self.awkward_every == 0:
            values = awkward(values, turn // self.awkward_every)
        return as_floats(values) if self._floats else as_whole_numbers(values)

    def _clean(self, data: bytes, now: float) -> bytes:
        self._bare(data)
        self._only("measuring")
        self._begin_cleaning(now)
        return b""

    def _begin_cleaning(self, now: float) -> None:
        self.cleanings += 1
        self._cleaning_until = now + self.cleaning_s
        self._cleaned_at = now

    def _auto_clean(self, data: bytes, now: float) -> bytes:
        if data[:1] not in (b"", b"\0"):
            raise _Refused(0x04)
        if len(data) == 1:
            return self.auto_clean_s.to_bytes(4, "big")
        if len(data) != 5:
            raise _Refused(0x01)
        self.auto_clean_s = int.from_bytes(data[1:], "big")
        self._cleaned_at = now
        return b""

    def _information(self, data: bytes, now: float) -> bytes:
        del now
        if len(data) != 1:
            raise _Refused(0x01)
        texts = {0: self.product_type, 3: self.serial_number}
        if data[0] not in texts:
            raise _Refused(0x04)
        return texts[data[0]].encode("ascii") + b"\0"

    def _version(self, data: bytes, now: float) -> bytes:
        del now
        self._bare(data)
        major, _, minor = self.firmware.partition(".")
        return bytes((int(major), int(minor), 0, 7, 0, 2, 0))

    def _status(self, data: bytes, now: float) -> bytes:
        del now
        if len(data) != 1:
            raise _Refused(0x01)
        if data[0] > 1:
            raise _Refused(0x04)
        register = self._register()
        if data[0]:
            self.fan_speed_wrong = self.laser_failed = self.fan_failed = False
        return register.to_bytes(4, "big") + b"\0"

    def _register(self) -> int:
        return self.fan_speed_wrong << 21 | self.laser_failed << 5 | self.fan_failed << 4

    def _sleep(self, data: bytes, now: float) -> bytes:
        del now
        self._bare(data)
        self._only("idle")
        self.state = "asleep"
        return b""

    def _wake(self, data: bytes, now: float) -> bytes:
        del now
        self._bare(data)
        self._only("asleep")
        self.state = "idle"
        self._heard_until = float("-inf")
        return b""

    def _reset(self, data: bytes, now: float) -> bytes:
        self._bare(data)
        self.power_cycle(now)
        return b""

    def spoiled_checksum(self, answer: bytes) -> bytes | None:
        """Turn over a bit of the checksum."""
        content = content_of(answer)
        return None if content is None else framed(content, spoil=1)

    def readdressed(self, answer: bytes) -> bytes | None:
        """Answer as address 1 would."""
        content = content_of(answer)
        return None if content is None else framed(b"\x01" + content[1:])

    def device_error(self, request: bytes, code: str) -> bytes | None:
        """Refuse: 43 not in this state, unless another of the errors is asked for."""
        if (code or "43") not in _ERRORS:
            raise SimulationError(
                f"the simulated sps30 has no error {code!r}; it has: {', '.join(_ERRORS)}"
            )
        content = content_of(request) or b"\0\0"
        return framed(bytes((0, content[1], int(code or "43", 16), 0)))

    def power_cycled(self, now: float) -> list[Answer] | None:
        """Begin anew, and say nothing about it."""
        self.power_cycle(now)
        return []

    def power_cycle(self, now: float) -> None:
        """Begin anew, as after switching it off and on; the interval of cleaning is kept."""
        self.state = "idle"
        self._reader.forget()
        self._heard_until = self._cleaning_until = float("-inf")
        self._deaf_until = now + _BOOT_S
