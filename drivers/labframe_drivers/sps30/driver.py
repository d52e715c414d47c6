"""The driver of the Sensirion SPS30; what is sent, and who says so, is in ``README.md``.

No sensor was at hand: only a recorded transcript would prove that this agrees with one.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from labframe import IdentityError, Instrument, NoValue, SerialLine, command, reading
from labframe.errors import BadReply, NoReply
from labframe.line import Checked, Stuffed
from labframe_drivers.sps30 import telegrams
from labframe_drivers.sps30.refusals import (
    REFUSALS,
    Asleep,
    NotAllowedNow,
    Sps30Refused,
    UnknownCommand,
)
from labframe_drivers.sps30.telegrams import PARTS

__all__ = ["Sps30"]

_START, _STOP, _READ = 0x00, 0x01, 0x03
_SLEEP, _WAKE, _CLEAN, _AUTO_CLEAN = 0x10, 0x11, 0x56, 0x80
_INFORMATION, _VERSION, _STATUS, _RESET = 0xD0, 0xD1, 0xD2, 0xD3

_FLOATS: Final = b"\x01\x03"
_PRODUCT: Final = "00080000"
_WHOLE_NUMBERS: Final = 20
"""Bytes of a measurement in the other format, which another program may have chosen."""

_FIRST_WAIT_S: Final = 1.5
"""The first measurement is there a second after the start."""
_REPEATED_S: Final = 1.5
"""So long a measurement is the newest one: the sensor makes one a second, and is asked as often."""
_AGAIN_S: Final = 0.1
_BOOT_S: Final = 0.2


class Sps30(Instrument):
    """Sensirion SPS30 particulate matter sensor, on its UART."""

    driver = "sps30"
    protocol = "SHDLC: binary frames, stuffed, with checksum"
    line = SerialLine(
        baudrate=115200, framing=Checked(Stuffed(reserved=b"\x11\x13"), "sum_inverted"),
        first_byte_s=0.25, gap_s=0.1, total_s=0.5,
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        waking = Checked(Stuffed(reserved=b"\x11\x13", wake=b"\xff"), "sum_inverted")
        self._waking = self.settings and dataclasses.replace(self.settings, framing=waking)
        self._is_measuring = False
        self._is_asleep = False
        self._newest: dict[str, float] = {}
        self._newest_at = 0.0

    def check_identity(self) -> str:
        """Ask for product type and serial number; a sensor that sleeps is woken for that."""
        self._is_asleep = False
        try:
            product = self._text("the product type", b"\x00")
        except NoReply:
            self.wake()
            product = self._text("the product type", b"\x00")
        if product != _PRODUCT:
            raise IdentityError(self.name, _PRODUCT, product, "product type")
        serial = self.serial_number()
        if self.identity is not None and self.identity != serial:
            raise IdentityError(self.name, self.identity, serial, "serial number")
        return f"SPS30 {serial}, firmware {self.firmware()}"

    def on_connect(self) -> None:
        """Start the measurement, and wait for its first values."""
        self.start_measurement()
        until = self.monotonic() + _FIRST_WAIT_S
        while not self._has_new() and self.monotonic() < until:
            self.pause(_AGAIN_S)

    @reading(unit=PARTS, every=1.0)
    def air(self) -> dict[str, float]:
        """Read the newest measurement."""
        self._has_new()
        if not self._newest or self.monotonic() - self._newest_at > _REPEATED_S:
            raise NoValue(
                f"{self.name}: no new measurement; there is one a second, and none for 10 s while "
                "the fan is cleaned"
            )
        return dict(self._newest)

    @reading(every=10.0)
    def status(self) -> str:
        """Read how fan and laser are: ok, or what is wrong."""
        return self._status(b"\x00")

    @reading(unit="s", on_demand=True)
    def auto_clean_interval(self) -> int:
        """Read after how much measuring the fan is cleaned; 0 is never."""
        data = self._order("the interval of cleaning", _AUTO_CLEAN, b"\x00")
        return int.from_bytes(self._sized(data, 4), "big")

    @reading(on_demand=True)
    def serial_number(self) -> str:
        """Read the serial number."""
        return self._text("the serial number", b"\x03")

    @reading(on_demand=True)
    def firmware(self) -> str:
        """Read the version of the firmware."""
        major, minor = self._sized(self._order("the version", _VERSION), 7)[:2]
        return f"{major}.{minor}"

    @command()
    def start_measurement(self) -> None:
        """Measure, with fan and laser on; harmless when it is measuring."""
        try:
            self._order("to start", _START, _FLOATS)
        except NotAllowedNow:
            self.log.debug("%s: it is measuring already", self.name)
        else:
            self._newest = {}
        self._is_measuring = True

    @command()
    def stop_measurement(self) -> None:
        """Switch fan and laser off, until the next start or the next connect."""
        self._order("to stop", _STOP)
        self._is_measuring = False

    @command()
    def clean_fan(self) -> None:
        """Blow the dust out with full speed, for 10 s; only while it is measuring."""
        self._order("to clean the fan", _CLEAN)

    @command(unit="s", limits=(0, 2**32 - 1), read_back="auto_clean_interval", tolerance=0)
    def set_auto_clean_interval(self, interval: int) -> None:
        """Clean the fan after so much measuring, by itself; 0 is never."""
        data = b"\x00" + interval.to_bytes(4, "big")
        self._order("this interval of cleaning", _AUTO_CLEAN, data)

    @command()
    def clear_status(self) -> str:
        """Forget what was wrong with fan and laser; return it."""
        return self._status(b"\x01")

    @command()
    def sleep(self) -> None:
        """Sleep with least power; only when the measurement was stopped."""
        self._order("to sleep", _SLEEP)
        self._is_asleep = True

    @command()
    def wake(self) -> None:
        """End the sleep; the measurement stays stopped. Harmless when it is awake."""
        usual, self.settings = self.settings, self._waking
        try:
            self._is_asleep = False
            self._order("to wake", _WAKE)
        except (NotAllowedNow, UnknownCommand):
            self.log.debug("%s: it is awake already", self.name)
        finally:
            self.settings = usual

    @command()
    def reset(self) -> None:
        """Restart the sensor; if it was measuring, it does so again."""
        self._order("to reset", _RESET)
        self.pause(_BOOT_S)
        if self._is_measuring:
            self.start_measurement()

    def _has_new(self) -> bool:
        """Ask for a measurement; tell whether there was a new one, and keep it."""
        try:
            data = self._order("a measurement", _READ)
        except NotAllowedNow as error:
            if not self._is_measuring:
                raise NoValue(
                    f"{self.name}: the measurement was stopped; start it with start_measurement"
                ) from error
            self.log.warning("%s: it had stopped measuring by itself; started again", self.name)
            self.start_measurement()
            return False
        if len(data) == _WHOLE_NUMBERS:
            self.log.warning("%s: it measured in whole numbers; now in floats", self.name)
            self.stop_measurement()
            self.start_measurement()
            return False
        if data:
            self._newest, self._newest_at = telegrams.measured(data), self.monotonic()
        return bool(data)

    def _status(self, clear: bytes) -> str:
        try:
            data = self._order("the status", _STATUS, clear)
        except UnknownCommand as error:
            raise NoValue(str(error)) from error
        return telegrams.status_text(int.from_bytes(self._sized(data, 5)[:4], "big"))

    def _text(self, what: str, which: bytes) -> str:
        return telegrams.text(self._order(what, _INFORMATION, which))

    def _sized(self, data: bytes, length: int) -> bytes:
        if len(data) != length:
            raise BadReply(
                f"{self.name}: {data.hex(' ')}: {len(data)} bytes of data, not {length}",
                received=data,
            )
        return data

    def _order(self, what: str, command: int, data: bytes = b"") -> bytes:
        """Send a command and return the data of the answer.

        Raises:
            Asleep: If it was put to sleep, so that it would not hear.
            Sps30Refused: If the sensor says that it did not do it.
            LineError: If no good answer comes.
        """
        if self._is_asleep:
            raise Asleep(f"{self.name}: not asked for {what}: it sleeps; wake it with wake")
        reply = self.ask_bytes(telegrams.request(command, data))
        try:
            code, answer = telegrams.answered(reply, command)
        except BadReply as error:
            self._opened().doubt()
            raise BadReply(f"{self.name}: {error}", received=reply) from error
        if code:
            raise REFUSALS.get(code, Sps30Refused)(self.name, what, code)
        return answer
