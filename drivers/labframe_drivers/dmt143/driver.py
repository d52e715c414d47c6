"""The driver of the Vaisala DMT143; what is sent, and who says so, is in ``README.md``.

No transmitter was at hand: only a recorded transcript would prove that this agrees with one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from labframe import IdentityError, Instrument, LabframeError, NoValue, SerialLine, command, reading
from labframe.errors import BadReply
from labframe.line import Silence
from labframe_drivers.dmt143 import lines

__all__ = ["Dmt143", "Dmt143Refused"]

_PARTS: Final[Mapping[str, str | None]] = {
    "dew_point": "°C", "dew_point_atm": "°C", "h2o": "ppm", "status": None, "errors": None,
}  # fmt: skip
_PRODUCT: Final = "DMT143"
_TRIES: Final = 3
"""S may be lost while the transmitter sends a line."""
_PRESSURE: Final = re.compile(r"\D*: *(\d+(?:\.\d+)?) *bar.*")


class Dmt143Refused(LabframeError):
    """The transmitter answered, but did not do it; the message has its words."""


class Dmt143(Instrument):
    """Vaisala DMT143 dew point transmitter, which sends its measurements by itself."""

    driver = "dmt143"
    protocol = "text lines that come unasked"
    line = SerialLine(
        baudrate=19200, write_terminator=b"\r", read_terminator=b"\r\n",
        first_byte_s=0.5, gap_s=0.1, total_s=1.0,
    )  # fmt: skip
    options: Mapping[str, Any] = {"interval_s": 1, "format": "checked"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_checked = self._option("format", ("checked", "as it is")) == "checked"
        interval = self.options["interval_s"]
        if type(interval) is not int or not 0 <= interval <= 255:
            raise LookupError(f"{self.name}: interval_s = {interval!r}: not 0 to 255, in seconds")

    def check_identity(self) -> str | None:
        """Stop what it sends and ask for product and serial number; not where it is left as is."""
        if not self._is_checked:
            return None
        with contextlib.suppress(BadReply):
            self._stop()
            self.hush("ECHO OFF")
        product = self.ask("VERS")
        if not product.startswith(_PRODUCT):
            raise IdentityError(self.name, _PRODUCT, product, "VERS")
        serial = self._serial_number()
        if self.identity is not None and self.identity != serial:
            raise IdentityError(self.name, self.identity, serial, "serial number")
        return f"{product}, {serial}"

    def on_connect(self) -> None:
        """Set format and interval, and have it send."""
        if self._is_checked:
            self._order(f"FORM {lines.FORM}", "OK")
            self._order(f"INTV {self.options['interval_s']} S", "Output interval")
            self.tell("R")

    @reading(
        unit=_PARTS,
        every=1.0,
        pushed="Tdf=",
    )
    def air(self, line: str) -> dict[str, float | str | NoValue] | None:
        """Take a line that it sends by itself."""
        if not self._is_checked:
            return self._from_factory(line)
        if lines.is_from_factory(line):  # from before it was set up
            return None
        measured = lines.checked(line)
        bad = "temperature measurement" in measured.errors or "F measurement" in measured.errors
        values: dict[str, float | str | NoValue] = {
            "dew_point": measured.dew_point,
            "dew_point_atm": measured.dew_point_atm,
            "h2o": measured.h2o,
        }
        if bad:
            why = NoValue(f"{self.name}: the transmitter reports {', '.join(measured.errors)}")
            values = dict.fromkeys(values, why)
        return {**values, "status": measured.state, "errors": ", ".join(measured.errors) or "none"}

    @reading(unit="bar", on_demand=True)
    def pressure(self) -> float:
        """Read the absolute pressure that it calculates with."""
        with self._stopped():
            return self._pressure(self.ask("XPRES"))

    @reading(on_demand=True)
    def active_errors(self) -> str:
        """Read its active errors in its own words; "none"."""
        with self._stopped():
            return lines.active_errors(self._ask_all("ERRS"))

    @reading(on_demand=True)
    def serial_number(self) -> str:
        """Read the serial number."""
        with self._stopped():
            return self._serial_number()

    @command(unit="bar", limits=(0.1, 50), read_back="pressure", tolerance=1e-5, safe_value=1.01325)
    def set_pressure(self, pressure: float) -> None:
        """Have it calculate with an absolute pressure, until its power is off (XPRES)."""
        with self._stopped():
            self._order(f"XPRES {pressure:.5f}", "Pressure")

    def _from_factory(self, line: str) -> dict[str, float | str | NoValue]:
        measured = lines.from_factory(line)
        why = NoValue(f"{self.name}: the factory's format does not tell")
        return {
            "dew_point": measured.dew_point,
            "dew_point_atm": measured.dew_point_atm,
            "h2o": measured.h2o,
            "status": why,
            "errors": why,
        }

    @contextlib.contextmanager
    def _stopped(self) -> Iterator[None]:
        """Have it take commands, which it does not while it sends."""
        if not self._is_checked:
            raise Dmt143Refused(
                f'{self.name}: not asked: with format = "as it is" nothing is ever sent to it'
            )
        try:
            self._stop()
            yield
        finally:
            self.tell("R")

    def _stop(self) -> None:
        """Send S, again if a line came meanwhile, in which S is lost."""
        for left in reversed(range(_TRIES)):
            try:
                if not self.hush("S"):
                    return
            except BadReply:
                if not left:
                    raise

    def _order(self, request: str, expected: str) -> str:
        answer = self.ask(request)
        if not answer.lower().startswith(expected.lower()):
            raise Dmt143Refused(f"{self.name}: {request!r}: {answer!r}")
        return answer

    def _pressure(self, answer: str) -> float:
        found = _PRESSURE.fullmatch(answer)
        if found is None:
            raise BadReply(f"{self.name}: XPRES: {answer!r} is no pressure", received=b"")
        return float(found[1])

    def _serial_number(self) -> str:
        answer = self.ask("SNUM")
        name, colon, serial = answer.rpartition(":")
        if not serial.strip().isalnum() or (colon and "serial" not in name.lower()):
            raise BadReply(f"{self.name}: SNUM: {answer!r} is no serial number", received=b"")
        return serial.strip()

    def _ask_all(self, request: str) -> list[str]:
        """Ask for something of several lines, which end with silence."""
        usual = self.settings
        assert usual is not None  # it has a line
        self.settings = dataclasses.replace(usual, framing=Silence())
        try:
            answer = self.ask(request + "\r")
        finally:
            self.settings = usual
        text, end, rest = answer.rpartition("\r\n")
        if not end or rest.strip():
            raise BadReply(f"{self.name}: {request}: {answer!r} is not whole", received=b"")
        return text.split("\r\n")

    def _option(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.options[name]
        if value not in allowed:
            raise LookupError(f"{self.name}: {name} = {value!r}: not one of {', '.join(allowed)}")
        return str(value)
