"""The driver chiller: what the instrument is asked, and what its answers mean."""

from __future__ import annotations

import re

from labframe import Instrument, SerialLine, command, reading
from labframe.errors import BadReply

__all__ = ["Chiller"]

_NUMBER = re.compile(r"-?\d+\.\d\d")


class Chiller(Instrument):
    """An example: a temperature controller with four requests. Put yours in its place."""

    driver = "chiller"
    line = SerialLine(baudrate=9600, terminator=b"\r\n")
    identify = ("*IDN?", "ACME,CHILLER")

    @reading(unit="°C", every=1.0)
    def temperature(self) -> float:
        """Temperature of the sensor."""
        return self._number("TEMP?")

    @reading(unit="°C", every=5.0)
    def setpoint(self) -> float:
        """Temperature that is aimed at."""
        return self._number("SETP?")

    @command(unit="°C", limits=(-20, 150), safe_value=20, read_back="setpoint", tolerance=0.005)
    def set_temperature(self, target: float) -> None:
        """Set the temperature that is aimed at."""
        self.tell(f"SETP {target:.2f}")

    def _number(self, request: str) -> float:
        answer = self.ask(request)
        if not _NUMBER.fullmatch(answer):
            raise BadReply(
                f"{self.name}: the answer {answer!r} to {request!r} is no number like 21.50",
                received=answer.encode(),
            )
        return float(answer)
