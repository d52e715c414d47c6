"""What simulated instruments cost: ``python benchmarks/simulation.py``, about a minute.

A round trip is a request written to a descriptor and its answer read from it, without driver or
line. What the carrier adds is that less the same with a bare thread at the other end of a
pseudo-terminal, which reads and answers and does nothing else; both are measured in turns.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Final

from labframe.simulation import LineSimulator, PtyCarrier

__all__ = ["main"]

_ROUNDS: Final = 15
_TIMES: Final = 300
_SET_UPS: Final = 200
_CONTRACTS: Final = Path(__file__).parents[1] / "tests" / "contracts"


class Echo(LineSimulator):
    """Answers with the request, at once."""

    driver = "echo"

    def respond(self, line: bytes, now: float) -> bytes:
        """Return the request."""
        del now
        return line


def _answer(fd: int) -> None:
    """Answer like the simulator, with nothing around it."""
    try:
        while True:
            os.write(fd, os.read(fd, 4096))
    except OSError:
        return


def _median_us(ask: Callable[[], object]) -> float:
    taken = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e6


def _asking(fd: int) -> Callable[[], bytes]:
    def ask() -> bytes:
        os.write(fd, b"hello\r\n")
        return os.read(fd, 4096)

    return ask


def _round_trips() -> tuple[float, float]:
    """Return the medians of a bare round trip and of one through the carrier, in us."""
    instrument, client = os.openpty()
    tty.setraw(client)
    threading.Thread(target=_answer, args=(instrument,), daemon=True).start()
    bare, carried = [], []
    with PtyCarrier(Echo()) as carrier:
        fd = os.open(carrier.url, os.O_RDWR | os.O_NOCTTY)
        for _ in range(_ROUNDS):
            bare.append(_median_us(_asking(client)))
            carried.append(_median_us(_asking(fd)))
        os.close(fd)
    return statistics.median(bare), statistics.median(carried)


def _set_up_ms() -> float:
    taken = []
    for _ in range(_SET_UPS):
        began = time.perf_counter()
        PtyCarrier(Echo()).close()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e3


def _contract_s(driver: str, carrier: str) -> float:
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(_CONTRACTS),
         "-k", f"{driver} and {carrier}"],
        check=True, capture_output=True,
    )  # fmt: skip
    return time.monotonic() - began


def _line(what: str, value: float, bar: float, unit: str) -> None:
    verdict = "holds" if value <= bar else "MISSED"
    print(f"{what:<58} {value:8.2f} {unit:<3} (bar {bar:g})  {verdict}")


def main() -> None:
    """Measure everything, and print it beside its bars."""
    bare, carried = _round_trips()
    print(f"round trip on a pty: bare {bare:.1f} us, through the carrier {carried:.1f} us")
    _line("added by the pty carrier", carried - bare, 60, "us")
    _line("set-up and tear-down of a pty carrier", _set_up_ms(), 1, "ms")
    for carrier, bar in (("sim", 3), ("pty", 15)):
        for driver in ("Xgs600", "Sps30", "MoonLaser"):
            _line(f"contract of {driver} on {carrier}", _contract_s(driver, carrier), bar, "s")


if __name__ == "__main__":
    main()
