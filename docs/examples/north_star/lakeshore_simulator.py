"""A simulated Lake Shore 331: what the driver beside it finds at the other end of the cable."""

import math
from collections.abc import Mapping
from typing import ClassVar

from labframe import hookimpl
from labframe.simulation import LineSimulator, Settable, SimulatedInstrument


class LakeShoreSimulator(LineSimulator):
    """A cold finger that follows its setpoint, and a sensor that is never quite still."""

    driver: ClassVar[str] = "lakeshore"
    usb_name: ClassVar[str] = "Simulated_LS331"
    baudrate: ClassVar[int | None] = 9600

    latency_s = Settable(0.02, "time from a request to its answer, s", limits=(0, 60))
    target_k = Settable(77.0, "the setpoint at the start, K", limits=(0, 470))
    time_constant_s = Settable(
        20.0, "how long the cold finger takes to follow, s", limits=(0.1, 1e6)
    )

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self._kelvin = self.target_k
        self._then: float | None = None

    def respond(self, line: bytes, now: float) -> bytes | None:
        """Answer the three requests that the driver makes, and no other."""
        self._pass_time(now)
        if line == b"*IDN?":
            return b"LSCI,MODEL331,123456,032301"
        if line == b"KRDG? A":
            return b"%+.3f" % (self._kelvin + 0.02 * math.sin(now))
        if line.startswith(b"SETP 1,"):
            self.target_k = float(line.removeprefix(b"SETP 1,"))
        return None

    def _pass_time(self, now: float) -> None:
        passed_s = 0.0 if self._then is None else now - self._then
        self._then = now
        self._kelvin += (self.target_k - self._kelvin) * -math.expm1(
            -passed_s / self.time_constant_s
        )


@hookimpl
def labframe_simulators() -> Mapping[str, type[SimulatedInstrument]]:
    """Say which simulator stands opposite to which driver."""
    return {"lakeshore": LakeShoreSimulator}
