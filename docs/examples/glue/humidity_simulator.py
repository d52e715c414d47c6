"""A simulated humidity sensor, which can fall silent; ``labframe run --simulate`` finds it."""

import math
from collections.abc import Mapping
from typing import ClassVar

from labframe import hookimpl
from labframe.simulation import LineSimulator, Settable, SimulatedInstrument


class HumiditySimulator(LineSimulator):
    """A room whose air drifts."""

    driver: ClassVar[str] = "humidity"
    usb_name: ClassVar[str] = "Simulated_HT-2"
    baudrate: ClassVar[int | None] = 9600
    terminator: ClassVar[bytes] = b"\r"

    latency_s = Settable(0.02, "time from a request to its answer, s", limits=(0, 60))
    silent = Settable(False, "whether it hangs and answers nothing")

    def respond(self, line: bytes, now: float) -> bytes | None:
        """Answer the two requests of the manual, unless it hangs."""
        if self.silent:
            return None
        if line == b"*IDN?":
            return b"HUMISENSE,HT-2,1.4"
        if line == b"READ?":
            return b"%.4f,%.4f" % (43.0 + math.sin(now / 7.0), 21.5 + 0.5 * math.cos(now / 11.0))
        return b"?"


@hookimpl
def labframe_simulators() -> Mapping[str, type[SimulatedInstrument]]:
    """Say which simulator stands opposite to which driver."""
    return {"humidity": HumiditySimulator}
