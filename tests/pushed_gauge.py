"""A gauge that talks without being asked, with its driver, for the tests of pushed readings."""

from __future__ import annotations

from typing import ClassVar

from labframe import Instrument, NoValue, SerialLine, command, hookimpl, query, reading
from labframe.simulation import Answer, LineSimulator, Settable
from labframe.simulation.line_simulator import Reply


class PushedGauge(Instrument):
    """A gauge that sends ``P=1.5`` twenty times a second, and answers questions in between."""

    driver = "pushed_gauge"
    line = SerialLine(
        baudrate=115200, terminator=b"\r\n", first_byte_s=1.0, gap_s=0.05, total_s=1.5
    )
    identify = ("WHO", "GAUGE")

    def on_connect(self) -> None:
        """Start what it sends."""
        self.tell("RUN")

    @reading(unit={"pressure": "Pa", "ratio": "1"}, every=0.1, pushed="P=")
    def air(self, line: str) -> dict[str, float | NoValue] | None:
        """Take a line."""
        if line.startswith("P=#"):
            return None
        first, _, second = line.partition(" ")
        if not first.startswith("P="):
            raise ValueError(f"{line!r} is no measurement")
        return {
            "pressure": float(first[2:]),
            "ratio": float(second) if second else NoValue("no ratio"),
        }

    setpoint_now = query("SET?", float, unit="Pa", every=0.2)

    @command(unit="Pa", limits=(0, 10))
    def setpoint(self, target: float) -> None:
        """Set it."""
        self.ask(f"SET {target}")

    @command()
    def stop(self) -> None:
        """Stop what it sends."""
        self.hush("STOP")


class PushedGaugeSimulator(LineSimulator):
    """Sends by itself from the moment that it has power."""

    driver: ClassVar[str] = "pushed_gauge"
    baudrate: ClassVar[int | None] = 115200
    tick_s = 0.05
    pressure = Settable(1.5, "what it shows, Pa", limits=(0, 1000))
    line_to_send = Settable("", "sent in place of the measurement")
    runs = Settable(True, "whether it sends by itself")
    obeys = Settable(True, "whether it answers, and starts when it is told to")

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.set_to = 0.0
        self.sent = 0

    def tick(self, now: float) -> list[Answer]:
        """Send a line."""
        del now
        if not self.runs:
            return []
        self.sent += 1
        line = self.line_to_send or f"P={self.pressure} 0.5"
        return [Answer(line.encode() + b"\r\n")]

    def respond(self, line: bytes, now: float) -> Reply:
        """Answer."""
        del now
        word, _, rest = line.partition(b" ")
        if not self.obeys:
            return None
        if word in (b"RUN", b"STOP"):
            self.runs = word == b"RUN"
            return None
        if word == b"SET":
            self.set_to = float(rest)
            return b"OK"
        return {b"WHO": b"GAUGE 1", b"SET?": str(self.set_to).encode()}.get(word)


@hookimpl
def labframe_instruments() -> list[type[PushedGauge]]:
    """Give the driver."""
    return [PushedGauge]


@hookimpl
def labframe_simulators() -> dict[str, type[PushedGaugeSimulator]]:
    """Give the simulator."""
    return {"pushed_gauge": PushedGaugeSimulator}
