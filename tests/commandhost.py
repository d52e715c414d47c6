"""A host to command: a furnace on a real pseudo-terminal, and a network that loses datagrams."""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from labhost import Plugin, lab

from labframe import Arg, Host, Instrument, LabframeError, SerialLine, command, reading
from labframe.simulation import LineSimulator, Settable

__all__ = ["Furnace", "FurnaceSimulator", "command_host", "lossy"]


class Furnace(Instrument):
    """A furnace with everything that a command may have."""

    driver = "furnace"
    line = SerialLine(terminator=b"\r\n", first_byte_s=0.5, gap_s=0.5, total_s=5.0)

    @reading(unit="K", every=0.2)
    def target(self) -> float:
        return float(self.ask("TARGET?"))

    @command(unit="K", limits=(0, 470), safe_value=0, read_back="target")
    def setpoint(self, target: float) -> None:
        """Set the temperature to hold."""
        self.ask(f"TARGET {target}")

    @command(return_unit="K")
    def ramp(
        self,
        rate: Annotated[float, Arg(unit="K/min", limits=(0.1, 60))],
        gas: Literal["none", "argon"] = "none",
        steps: list[float] | None = None,
        soak: bool = False,
    ) -> float:
        """Go to the target slowly."""
        return rate * 2

    @command(dangerous=True)
    def vent(self) -> str:
        """Open the valve to the air."""
        return self.ask("VENT")

    @command()
    def count(self) -> int:
        """Count one more."""
        return int(self.ask("COUNT"))

    @command()
    def anneal(self) -> str:
        """Be busy for a while, and say what came of it."""
        return self.ask("ANNEAL")

    @command(after_reconnect="reapply")
    def label(self, text: str, number: int | None = None) -> str:
        """Write on the display."""
        if text == "broken":
            raise LabframeError("the display is broken")
        return f"{text} {number}"


class FurnaceSimulator(LineSimulator):
    """Answers every request; an annealing takes ``anneal_s``."""

    driver: ClassVar[str] = "furnace"
    counted: ClassVar[int] = 0
    released: ClassVar[threading.Event] = threading.Event()

    target = Settable(300.0, "what it holds, K", limits=(0, 1000))

    def respond(self, line: bytes, now: float) -> bytes | None:
        if line.startswith(b"TARGET "):
            self.target = float(line[7:])
            return b"OK"
        if line == b"TARGET?":
            return b"%.1f" % self.target
        if line == b"COUNT":
            FurnaceSimulator.counted += 1
            return b"%d" % FurnaceSimulator.counted
        if line == b"ANNEAL":
            FurnaceSimulator.released.wait(0.4)
            return b"annealed"
        return line.lower()


INSTRUMENTS: Final = {
    "cryo": {"driver": "furnace", "port": "somewhere"},
    "oven": {"driver": "furnace", "port": "elsewhere"},
}


@contextlib.contextmanager
def command_host(directory: Path, **network: Any) -> Iterator[Host]:
    """Give a running host with the instruments ``cryo`` and ``oven``, both connected."""
    FurnaceSimulator.counted = 0
    FurnaceSimulator.released.clear()
    plugin = Plugin([Furnace], {"furnace": FurnaceSimulator})
    host = lab(
        plugin, INSTRUMENTS, audit={"file": str(directory / "commands.jsonl")},
        network={"push_port": 0, "default_instrument": "cryo", **network},
    )  # fmt: skip
    with host:
        host.wait_fresh("cryo_target")
        host.wait_fresh("oven_target")
        yield host


@contextlib.contextmanager
def lossy(port: int, lost: float, seed: int = 1) -> Iterator[int]:
    """Give the UDP port of a proxy that loses a part of the datagrams in both directions.

    Args:
        port: Where it passes them on to.
        lost: Which part, 0 to 1.
        seed: Of the random numbers that decide.
    """
    rng = random.Random(seed)
    with contextlib.ExitStack() as closing, selectors.DefaultSelector() as selector:
        front = closing.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        front.bind(("127.0.0.1", 0))
        wake, woken = socket.socketpair()
        closing.enter_context(wake)
        closing.enter_context(woken)
        selector.register(front, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        ways: dict[Any, socket.socket] = {}

        def run() -> None:
            while True:
                for key, _ in selector.select():
                    if key.fileobj is woken:
                        return
                    line: Any = key.fileobj
                    datagram, sender = line.recvfrom(65535)
                    if line is front:
                        way = ways.get(sender)
                        if way is None:
                            way = ways[sender] = closing.enter_context(
                                socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                            )
                            selector.register(way, selectors.EVENT_READ, sender)
                        if rng.random() >= lost:
                            way.sendto(datagram, ("127.0.0.1", port))
                    elif rng.random() >= lost:
                        front.sendto(datagram, key.data)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield front.getsockname()[1]
        finally:
            wake.send(b"x")
            thread.join()
