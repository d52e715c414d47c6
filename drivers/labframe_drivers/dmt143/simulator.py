r"""A simulated Vaisala DMT143, which talks into whatever opens the port.

What it does, and who says so: the tables in ``README.md`` beside this file. No transmitter was at
hand: only a recorded transcript proves that this simulator is right.

* It has power from the beginning, and sends lines; a port that is opened hears the rest of one.
* While it sends lines only S and ESC mean anything, and while a line goes out it hears nothing.
* FORM, INTV, SMODE and PRES are kept without power, XPRES is not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import ClassVar

from labframe.simulation import Answer, LineSimulator, Reply, Settable
from labframe_drivers.dmt143 import formatter, vapour

__all__ = ["Dmt143Simulator"]

_FACTORY = r"""
"Tdf=" 4.2 Tdf " " U3 "Tdfatm=" Tdfa " " U3 6.0 "H2O=" H2O " " U3 \r \n
""".strip()
_ESC = b"\x1b"
_UNKNOWN = b"Unknown command."
_SECONDS = {"S": 1, "MIN": 60, "H": 3600}
_ATMOSPHERE_BAR = 1.01325
_BYTE_S = 10 / 19200


class Dmt143Simulator(LineSimulator):
    """A transmitter in compressed air.

    Attributes:
        mode: ``STOP``, ``RUN`` or ``POLL``.
        lines: How many lines it sent by itself.
    """

    driver: ClassVar[str] = "dmt143"
    usb_name: ClassVar[str] = "Simulated_DMT143"
    baudrate: ClassVar[int | None] = 19200
    request_terminator: ClassVar[bytes | None] = b"\r"
    number_pattern: ClassVar[re.Pattern[bytes]] = re.compile(rb"(?<==)\s*-?\d+(\.\d+)?")
    no_number_text: ClassVar[bytes] = b" *****"
    error_answers = {"unknown": _UNKNOWN, "form": b"Invalid format"}  # a ClassVar
    boot_s: ClassVar[float] = 1.0
    boot_banner: ClassVar[bytes] = b"DMT143 / 1.1.4"
    tick_s = 0.02

    dew_point = Settable(-9.8, "the dew point, °C", limits=(-100, 60))
    drift = Settable(0.05, "how far it moves up and down, K", limits=(0, 10))
    unit = Settable("metric", "the units", choices=("metric", "non-metric"))
    smode = Settable("RUN", "what it does when it gets power", choices=("STOP", "RUN", "POLL"))
    address = Settable(0, "its address", limits=(0, 255))
    pressure = Settable(1.01325, "the pressure that was set, bar", limits=(0.01, 100))
    form = Settable("/", "its format as of FORM; /: the factory's")
    interval_s = Settable(1, "the time from line to line, s; 0: each cycle", limits=(0, 918000))
    cycle_s = Settable(1.0, "its own cycle of measuring, s", limits=(0.02, 60))
    echo = Settable(False, "whether it repeats what it hears")
    errors = Settable("0000", "ERR: T, none, F, flash; 1 is wrong")
    status = Settable(" ", "STAT", choices=(" ", "h", "H", "A"))
    serial_number = Settable("W2340432", "the serial number")
    latency_s = Settable(0.01, "time from a request to its answer, s", limits=(0, 60))
    half_duplex = Settable(True, "whether it hears nothing while it sends a line")

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.mode = self.smode
        self.lines = 0
        self._is_open = False
        self._pressure = self.pressure
        self._since = 0.0
        self._next_line = float("-inf")
        self._sends_until = float("-inf")
        self._commands: dict[str, Callable[[str, float], Reply]] = {
            "S": self._stop, "R": self._run, "SEND": self._send, "SMODE": self._smode,
            "FORM": self._form, "INTV": self._intv, "PRES": self._pres, "XPRES": self._xpres,
            "UNIT": self._unit, "ECHO": self._echo, "ERRS": self._errs, "CLOSE": self._close,
            "OPEN": self._stay_open, "ADDR": self._addr, "VERS": self._vers, "SNUM": self._snum,
            "SDELAY": self._sdelay,
            "?": self._settings, "??": self._settings,
        }  # fmt: skip

    def changed(self, name: str) -> None:
        """Take the pressure that somebody sets."""
        if name == "pressure":
            self._pressure = self.pressure

    def tick(self, now: float) -> list[Answer]:
        """Send a line when it is time."""
        self._since = self._since or now
        if self.mode != "RUN" or now < max(self._next_line, self._deaf_until, self._free_at):
            return []
        pace = max(self.interval_s, self.cycle_s)
        self._next_line = max(self._next_line + pace, now)
        if self._next_line <= now:
            self._next_line = now + pace
        line = self._line(now)
        self._sends_until = now + (len(line) - 1) * _BYTE_S
        self.lines += 1
        return [Answer(line)]

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Hear commands; ESC stops at once."""
        if self.half_duplex and now < self._sends_until:
            return []
        answers = [Answer(data)] if self.echo else []
        if _ESC in data:
            data = data.replace(_ESC, b"")
            self._stop("", now)
        return answers + super().feed(data.replace(b"\n", b""), now)

    def respond(self, line: bytes, now: float) -> Reply:
        """Answer a command; in the modes RUN and POLL hardly any."""
        word, _, rest = line.decode("latin-1").strip().partition(" ")
        name, rest = word.upper(), rest.strip()
        if not name or (self.mode == "RUN" and name != "S"):
            return None
        if self.mode == "POLL" and not self._is_open and not self._is_called(name, rest):
            return None
        command = self._commands.get(name)
        return _UNKNOWN if command is None else command(rest, now)

    def power_cycled(self, now: float) -> list[Answer] | None:
        """Begin in the mode that was set for that, with the pressure that is kept."""
        self.mode, self._pressure, self._is_open = self.smode, self.pressure, False
        self._since, self._next_line = now, now + self.boot_s
        return super().power_cycled(now)

    def spoiled_checksum(self, answer: bytes) -> bytes | None:
        """Turn one digit of CS4 over, if the format ends with one."""
        if "CS4" not in self.form.upper() or not answer.startswith(b"Tdf="):
            return None
        text, end = answer[:-3], answer[-3:]
        return text + (b"0" if end[:1] != b"0" else b"1") + end[1:]

    def _line(self, now: float) -> bytes:
        dew_point = self.dew_point + self.drift * math.sin(now / 30)
        pressure = vapour.vapour_bar(dew_point)
        at_atmosphere = vapour.dew_point_c(pressure * _ATMOSPHERE_BAR / self._pressure)
        quantities = {
            "TDF": self._shown(dew_point),
            "TDFA": self._shown(at_atmosphere),
            "H2O": (vapour.parts_per_million(pressure, self._pressure), "ppm"),
        }
        fields = {
            "ADDR": f"{self.address:d}", "ERR": self.errors, "SN": self.serial_number,
            "STAT": self.status, "TIME": f"{now - self._since:.0f}",
        }  # fmt: skip
        form = _FACTORY if self.form == "/" else self.form
        return formatter.formatted(formatter.parsed(form), quantities, fields)

    def _shown(self, celsius: float) -> tuple[float, str]:
        return (celsius, "'C") if self.unit == "metric" else (celsius * 1.8 + 32, "'F")

    def _is_called(self, name: str, rest: str) -> bool:
        return name == "??" or (name in ("OPEN", "SEND") and rest == str(self.address))

    # Commands.

    def _stop(self, rest: str, now: float) -> None:
        del rest, now
        self.mode = "STOP"

    def _run(self, rest: str, now: float) -> None:
        del rest
        self.mode, self._next_line = "RUN", now

    def _send(self, rest: str, now: float) -> Reply:
        del rest
        return [Answer(self._line(now))]

    def _smode(self, rest: str, now: float) -> Reply:
        if rest:
            if rest.upper() not in ("STOP", "RUN", "POLL"):
                return _UNKNOWN
            self.smode = self.mode = rest.upper()
            self._next_line = now + self.cycle_s
        return f"Serial mode    : {self.smode}".encode()

    def _form(self, rest: str, now: float) -> Reply:
        del now
        if not rest:
            return (_FACTORY if self.form == "/" else self.form).encode()
        if rest != "/":
            try:
                formatter.parsed(rest)
            except formatter.NotAFormat:
                return self.error_answers["form"]
        self.form = rest
        return b"OK"

    def _intv(self, rest: str, now: float) -> Reply:
        del now
        if rest:
            found = re.fullmatch(r"(\d{1,3})\s*(S|MIN|H)", rest.upper())
            if found is None or int(found[1]) > 255:
                return _UNKNOWN
            self.interval_s = int(found[1]) * _SECONDS[found[2]]
        for name, size in (("H", 3600), ("MIN", 60)):
            if self.interval_s and self.interval_s % size == 0:
                return f"Output interval: {self.interval_s // size} {name}".encode()
        return f"Output interval: {self.interval_s} S".encode()

    def _pres(self, rest: str, now: float) -> Reply:
        return self._set_pressure(rest, now, is_kept=True)

    def _xpres(self, rest: str, now: float) -> Reply:
        return self._set_pressure(rest, now, is_kept=False)

    def _set_pressure(self, rest: str, now: float, *, is_kept: bool) -> Reply:
        del now
        if rest:
            try:
                wanted = float(rest)
            except ValueError:
                return _UNKNOWN
            if not 0.01 <= wanted <= 100:
                return b"Out of range"
            if is_kept:
                self.pressure = wanted
            self._pressure = wanted
        return self._pressure_line()

    def _pressure_line(self) -> bytes:
        return f"Pressure       : {self._pressure:.5f} bar".encode()

    def _unit(self, rest: str, now: float) -> Reply:
        del now
        if rest:
            self.unit = "non-metric" if rest.upper().startswith("N") else "metric"
        return f"Output units   : {self.unit}".encode()

    def _echo(self, rest: str, now: float) -> Reply:
        del now
        if rest:
            self.echo = rest.upper() == "ON"
        return f"Echo           : {'ON' if self.echo else 'OFF'}".encode()

    def _errs(self, rest: str, now: float) -> Reply:
        del rest, now
        names = ("T MEAS error", "", "Fmeas error", "Flash csum error")
        found = [name for bit, name in zip(self.errors, names, strict=False) if bit == "1"]
        return [name.encode() for name in found] or b"No errors"

    def _stay_open(self, rest: str, now: float) -> Reply:
        del now
        if rest != str(self.address):
            return None
        self._is_open = True
        return f"DMT143 {self.address:3d} line opened for operator commands".encode()

    def _close(self, rest: str, now: float) -> Reply:
        del rest, now
        self._is_open = False
        return b"line closed"

    def _addr(self, rest: str, now: float) -> Reply:
        del now
        if rest:
            if not rest.isdigit() or int(rest) > 255:
                return _UNKNOWN
            self.address = int(rest)
        return f"Address        : {self.address}".encode()

    def _sdelay(self, rest: str, now: float) -> Reply:
        del now
        if rest:
            if not rest.isdigit() or int(rest) > 255:
                return _UNKNOWN
            self.latency_s = int(rest) * 0.004
        return f"Serial delay   : {round(self.latency_s / 0.004):9d}".encode()

    def _vers(self, rest: str, now: float) -> Reply:
        del rest, now
        return b"DMT143 / 1.1.4"

    def _snum(self, rest: str, now: float) -> Reply:
        del rest, now
        return f"Serial number  : {self.serial_number}".encode()

    def _settings(self, rest: str, now: float) -> Reply:
        """Say them all; serial number and pressure stand where PyExpLabSys looks for them."""
        del rest
        said = [
            b"DMT143 / 1.1.4", self._snum("", now), b"Batch number   : W2340001",
            b"Sensor number  : W2310001", b"Sensor model   : DRYCAP180D",
            b"Cal. date      : 20230815", b"Cal. info      : NONE",
            self._addr("", now), b"SCI Baud P D S : 19200 N 8 1",
            f"Serial mode    : {self.mode[0]}".encode(), self._sdelay("", now),
            self._intv("", now), self._unit("", now), self._pressure_line(),
            b"Filter         : 1.000", self._echo("", now),
        ]  # fmt: skip
        return [line for line in said if isinstance(line, bytes)]
