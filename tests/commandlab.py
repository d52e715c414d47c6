"""Hosts that take commands: a simulated furnace, drivers that are held up, and who asks them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from labhost import Entry, Plugin, lab
from udp import ANSWER_WAIT_S, ask

from labframe import Arg, Host, Instrument, SerialLine, command, hookimpl, reading
from labframe.hookspecs import CommandConsumer
from labframe.simulation import LineSimulator, Settable, SimulatedInstrument

__all__ = [
    "FURNACE",
    "ONE",
    "CommandPlugin",
    "Furnace",
    "Latch",
    "SimulatedFurnace",
    "carrier",
    "code",
    "furnaces",
    "held_up",
    "host_of",
    "json_of",
    "recorded",
    "said",
    "said_to",
    "sent",
    "simulated",
]


class Furnace(Instrument):
    """A furnace that counts what it is told."""

    driver = "furnace"
    line = SerialLine(first_byte_s=0.2, gap_s=0.05, total_s=0.3)
    identify = ("ID?", "FURNACE")

    @reading(unit="K", every=0.1, stale_after=1.0)
    def temperature(self) -> float:
        return float(self.ask("T?"))

    @reading(unit="K", on_demand=True)
    def setpoint_now(self) -> float:
        return float(self.ask("SP?"))

    @command(unit="K", limits=(0, 470), safe_value=0, read_back="setpoint_now")
    def setpoint(self, target: float) -> None:
        """Set what it heats to."""
        self.tell(f"SP {target:g}")

    @command()
    def add(self, number: int) -> int:
        return int(self.ask(f"ADD {number}"))

    @command(label="operating mode")
    def mode(self, name: Literal["local", "remote"] = "local") -> str:
        return self.ask(f"MODE {name}")

    @command()
    def ramp(
        self,
        target: Annotated[float, Arg(unit="K", limits=(0, 470))],
        rate: Annotated[float, Arg(unit="K/min", limits=(0.1, 50))] = 10.0,
    ) -> str:
        return self.ask(f"RAMP {target:g} {rate:g}")

    @command()
    def power(self, on: bool) -> str:
        return self.ask(f"POWER {int(on)}")

    @command()
    def profile(self, steps: list[float]) -> str:
        return self.ask(f"PROFILE {' '.join(map(str, steps))}")

    @command()
    def stop(self) -> str:
        return self.ask("STOP")


class SimulatedFurnace(LineSimulator):
    driver = "furnace"

    setpoint = Settable(300.0, "what it heats to, K")
    is_stuck = Settable(False, "whether it ignores a new setpoint")
    is_mute = Settable(False, "whether it does not tell its setpoint")

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.count = 0
        self.numbers: list[int] = []
        self.requests: list[str] = []

    def respond(self, line: bytes, now: float) -> bytes | None:
        text = line.decode()
        if text == "ID?":
            return b"FURNACE 1"
        if text == "T?":
            return b"295.5"
        if text == "SP?":
            return None if self.is_mute else f"{self.setpoint}".encode()
        self.requests.append(text)
        verb, _, rest = text.partition(" ")
        if verb == "SP":
            if not self.is_stuck:
                self.setpoint = float(rest)
            return None
        if verb == "ADD":
            self.count += 1
            self.numbers.append(int(rest))
            return f"{int(rest) + 1000}".encode()
        return f"{text} OK".encode()


FURNACE = Plugin([Furnace], {"furnace": SimulatedFurnace})


def furnaces(*names: str) -> dict[str, Any]:
    """Return the sections of furnaces, each on a line of its own."""
    return {name: {"driver": "furnace", "port": f"/dev/{name}"} for name in names}


ONE = furnaces("oven")


class Latch:
    """Holds a driver, an interlock or a callback up until the test lets it go.

    Attributes:
        passed: How often it was gone through to the end.
    """

    def __init__(self) -> None:
        self._entered = threading.Semaphore(0)
        self._released = threading.Event()
        self.passed = 0

    def hold(self) -> None:
        """Stay here until it is released."""
        self._entered.release()
        assert self._released.wait(30)
        self.passed += 1

    def entered(self) -> None:
        """Wait until somebody is held up."""
        assert self._entered.acquire(timeout=5)

    def release(self) -> None:
        """Let everybody go, from now on."""
        self._released.set()


def held_up(latch: Latch) -> type[Instrument]:
    """Return a driver without a line, with a command that takes as long as the test wants."""

    class HeldUp(Instrument):
        driver = "held_up"

        @command()
        def wait(self) -> str:
            latch.hold()
            return "done"

        @command()
        def at_once(self) -> str:
            return "done"

        @command()
        def doubled(self, number: float) -> float:
            return 2 * number

    return HeldUp


class CommandPlugin(Plugin):
    """A plugin that gives interlocks and consumers too."""

    def __init__(
        self,
        drivers: Sequence[type[Instrument]] = (Furnace,),
        simulators: Mapping[str, type[SimulatedInstrument]] | None = None,
        *,
        sinks: Sequence[Any] = (),
        interlocks: Sequence[Any] = (),
        consumers: Sequence[CommandConsumer] = (),
    ) -> None:
        super().__init__(drivers, simulators or {"furnace": SimulatedFurnace}, sinks)
        self.interlocks = interlocks
        self.consumers = consumers

    @hookimpl
    def labframe_interlocks(self) -> Sequence[Any]:
        return list(self.interlocks)

    @hookimpl
    def labframe_command_consumers(self) -> Sequence[CommandConsumer]:
        return list(self.consumers)


def host_of(
    state_dir: Path,
    plugin: object = FURNACE,
    instruments: Mapping[str, Any] = ONE,
    *,
    more: Sequence[Entry] = (),
    network: Mapping[str, Any] | None = None,
    **rest: Any,
) -> Host:
    """Return a host, not started, that keeps its state in a directory and has free ports."""
    return lab(
        plugin,
        instruments,
        more=more,
        network={"push_port": 0, **(network or {})},
        host={"name": "test lab", "state_dir": str(state_dir), **rest.pop("host", {})},
        **rest,
    )


def simulated(host: Host, name: str = "oven") -> SimulatedFurnace:
    """Return the simulator behind an instrument."""
    assert host.simulated is not None
    found = host.simulated.simulators[name]
    assert isinstance(found, SimulatedFurnace)
    return found


def carrier(host: Host, name: str = "oven") -> Any:
    """Return what carries the bytes of an instrument: its cable."""
    assert host.simulated is not None
    return host.simulated.carriers[name]


def said(host: Host, method: Any, **arguments: Any) -> str:
    """Return what the push socket answers to a command."""
    port = host.commanding.port
    assert port is not None
    return said_to(port, method, **arguments)


def said_to(port: int, method: Any, **arguments: Any) -> str:
    """Return what a push socket of this computer answers to a command."""
    return ask(port, json_of(method, **arguments))


def sent(host: Host, method: Any, **arguments: Any) -> Callable[[], str]:
    """Send a command to the push socket; return what waits for its answer."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.settimeout(ANSWER_WAIT_S)
    line.sendto(json_of(method, **arguments).encode(), ("127.0.0.1", host.commanding.port or 0))

    def answer() -> str:
        with line:
            return line.recv(65535).decode()

    return answer


def json_of(method: Any, **arguments: Any) -> str:
    """Return the request that carries a command."""
    return "json_wn#" + json.dumps({"method": method, **arguments})


def code(answer: str) -> str:
    """Return the first words of a refusal or a failure: ``ERROR#EXPIRED``."""
    return answer.partition(": ")[0]


def recorded(host: Host, event: str | None = None) -> list[dict[str, Any]]:
    """Return the records of the audit, all or those of one kind."""
    text = (host.state_dir / "commands.jsonl").read_text()
    found = [json.loads(line) for line in text.splitlines()]
    return [one for one in found if event in (None, one["event"])]
