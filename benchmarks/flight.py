"""What the flight recorder costs for each chunk: ``python benchmarks/flight.py``."""

from __future__ import annotations

import time
import timeit

from labframe.line.flight import FLIGHT_BYTES, FlightRecorder
from labframe.line.tapped import TappedChannel

ROUNDS = 300_000
ANSWER = b"1.234E-07,7.600E+02\r\n"


class Port:
    """A channel that is always ready."""

    def drop_input(self) -> bytes:
        """Return nothing."""
        return b""

    def monotonic(self) -> float:
        """Return the time."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Do not wait."""

    def write(self, data: bytes, timeout_s: float) -> bool:
        """Send nothing."""
        del data, timeout_s
        return True

    def receive(self, timeout_s: float) -> bytes:
        """Return an answer at once."""
        del timeout_s
        return ANSWER

    def listen(self, timeout_s: float, alarm: object) -> bytes:
        """Return an answer at once."""
        del timeout_s, alarm
        return ANSWER

    def set_baudrate(self, baudrate: int) -> None:
        """Do nothing."""

    def hung_up(self) -> bool:
        """Return False."""
        return False

    def node(self) -> None:
        """Return None."""

    def close(self) -> None:
        """Do nothing."""


def main() -> None:
    """Print the time for a chunk with and without the recorder."""
    port, flight = Port(), FlightRecorder(FLIGHT_BYTES)
    tapped = TappedChannel(port, flight.chunk, lambda _: None)
    for _ in range(10_000):  # full: each chunk has to make room
        tapped.receive(1.0)
    for name, bare, recorded in (
        ("read", lambda: port.receive(1.0), lambda: tapped.receive(1.0)),
        ("write", lambda: port.write(ANSWER, 1.0), lambda: tapped.write(ANSWER, 1.0)),
    ):
        before, after = (
            min(timeit.repeat(call, number=ROUNDS, repeat=7)) / ROUNDS for call in (bare, recorded)
        )
        print(f"{name}: {(after - before) * 1e9:.0f} ns for each chunk")
    print(f"{len(flight.noted())} chunks of {len(ANSWER)} bytes are kept in {FLIGHT_BYTES} bytes")


if __name__ == "__main__":
    main()
