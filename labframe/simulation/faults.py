r"""The vocabulary of faults: the one home of their names, parameters and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from labframe.nearest import did_you_mean
from labframe.simulation import fault_effects as effects
from labframe.simulation.core import Cable, SimulatedInstrument
from labframe.simulation.errors import SimulationError
from labframe.simulation.fault_kind import FaultKind
from labframe.simulation.fault_parameter import Parameter

__all__ = ["FAULTS", "applicable", "fault_kind"]

_HOUR = (0, 3600)
_BAUDS = (1, 12_000_000)
_INDEX = (-65536, 65535)


def _noise(where: str) -> Parameter:
    return Parameter("noise", bytes, b"\x00\xff", f"what comes {where}")


def _cut(why: str) -> Parameter:
    return Parameter(
        "n", int, None, f"how many bytes come{why}", "bytes", (0, 65535), otherwise="half"
    )


_ALL = (
    # Time.
    FaultKind("no_answer", "the answer stays away", on_wire=effects.no_answer),
    FaultKind(
        "late",
        "the answer comes after the driver gave up; later ones queue behind it",
        (Parameter("s", float, 2.0, "how much later; more than the driver waits", "s", _HOUR),),
        on_wire=effects.late,
    ),
    FaultKind(
        "slow",
        "the answer comes late, but in time",
        (Parameter("s", float, 0.1, "how much later; less than the driver waits", "s", _HOUR),),
        on_wire=effects.late,
    ),
    FaultKind(
        "pace",
        "the answer comes byte by byte, slowly",
        (Parameter("baud", int, None, "bits per second", "baud", _BAUDS,
                   otherwise="a tenth of its own"),),
        on_wire=effects.pace,
    ),
    FaultKind(
        "split",
        "the answer comes in two pieces",
        (
            Parameter("at", int, None, "where the second piece begins", "bytes", (1, 65535),
                      otherwise="half"),
            Parameter("gap", float, 0.05, "the pause between them", "s", _HOUR),
        ),
        on_wire=effects.split,
    ),
    # Bytes.
    FaultKind("truncate", "the end of the answer is lost", (_cut(""),), on_bytes=effects.truncate),
    FaultKind(
        "drop",
        "one byte of the answer is lost",
        (Parameter("i", int, 0, "which; -1 is the last", limits=_INDEX),),
        on_bytes=effects.drop,
    ),
    FaultKind(
        "garble",
        "some bits of one byte are turned over; without a checksum, a digit made another "
        "digit is noticed by nobody",
        (
            Parameter("i", int, 0, "which byte; -1 is the last", limits=_INDEX),
            Parameter("xor", int, 0x80, "which bits: 1 the lowest, 128 the highest",
                      limits=(1, 255)),
        ),
        on_bytes=effects.garble,
    ),
    FaultKind(
        "bad_checksum",
        "the checksum of the answer does not fit",
        on_bytes=effects.bad_checksum,
        hook="spoiled_checksum",
    ),
    FaultKind(
        "noise_before", "noise comes before the answer", (_noise("before it"),),
        on_bytes=effects.noise_before,
    ),
    FaultKind(
        "noise_after", "noise comes after the answer", (_noise("after it"),),
        on_bytes=effects.noise_after,
    ),
    FaultKind(
        "parity_noise",
        "the answer has seven data bits and parity, where eight are read: bit 7 is set in places",
        (Parameter("parity", str, "E", "E even, O odd", choices=("E", "O")),),
        on_bytes=effects.parity_noise,
    ),
    FaultKind(
        "wrong_baud",
        "the answer is sent at a wrong baud rate: never text, never a valid frame",
        (Parameter("baud", int, None, "the rate", "baud", _BAUDS, otherwise="half its own"),),
        on_bytes=effects.wrong_baud,
    ),
    # Answers that are whole, and wrong.
    FaultKind("duplicate", "the answer comes twice", on_bytes=effects.duplicate),
    FaultKind(
        "stale_first", "the answer before comes again, then the right one",
        on_bytes=effects.stale_first,
    ),
    FaultKind(
        "wrong_address", "the answer comes from another address",
        on_bytes=effects.wrong_address, hook="readdressed",
    ),
    FaultKind(
        "wrong_terminator",
        "the answer ends with another terminator",
        (Parameter("terminator", bytes, None, "with which", otherwise="another one"),),
        on_bytes=effects.wrong_terminator,
        hook="line_end",
    ),
    FaultKind(
        "extra_line",
        "a line comes that nobody asked for",
        (
            Parameter("line", bytes, b"WARNING", "the line, without terminator"),
            Parameter("before", bool, False, "before the answer, not after it"),
        ),
        on_bytes=effects.extra_line,
        hook="line_end",
    ),
    FaultKind(
        "echo", "the request comes back before its answer, as from a two-wire adapter",
        on_wire=effects.echo,
    ),
    FaultKind(
        "device_error",
        "the instrument refuses the request",
        (Parameter("code", str, "", "which of its errors; empty: the most usual one"),),
        on_bytes=effects.device_error,
        hook="device_error",
        try_out=lambda simulator, given: simulator.device_error(b"", given["code"]),
    ),
    FaultKind(
        "busy", "the instrument says that it is busy", on_bytes=effects.busy, hook="busy"
    ),
    FaultKind(
        "nan_text",
        "a text stands where a number should be",
        (Parameter("text", bytes, b"", "the text; empty: what the instrument shows"),),
        on_bytes=effects.nan_text,
        hook="no_number",
    ),
    FaultKind(
        "overflow",
        "bytes without an end in place of the answer",
        (Parameter("s", float, 2.0, "for how long, at its baud rate", "s", (0, 60)),),
        on_wire=effects.overflow,
    ),
    FaultKind(
        "bus_collision",
        "the answer and the one before it are sent at once: each 0 wins over a 1",
        (Parameter("shift", int, 3, "how much later the other one is sent", "bits", (0, 10_000)),),
        on_bytes=effects.bus_collision,
    ),
    # Cable and power.
    FaultKind(
        "unplug",
        "the cable is pulled in the middle of the answer, and stays out",
        (_cut(" before that"),),
        on_wire=effects.unplug,
        is_cable=True,
    ),
    FaultKind(
        "replug",
        "the cable is pulled in the middle of the answer, and put back",
        (
            Parameter("new_node", bool, True, "as a device with another number"),
            Parameter("s", float, 0.5, "how long it is out", "s", _HOUR),
            _cut(" before it is pulled"),
        ),
        on_wire=effects.replug,
        is_cable=True,
    ),
    FaultKind(
        "power_cycle",
        "the answer is lost, and what the instrument forgets without power; then it says what it "
        "says when it is switched on",
        on_wire=effects.power_cycle,
        hook="power_cycled",
    ),
    FaultKind(
        "write_blocked",
        "after the answer nothing can be written: flow control holds it back",
        (Parameter("s", float, 1.0, "for how long", "s", _HOUR),),
        on_wire=effects.write_blocked,
        is_cable=True,
        holds_output=True,
    ),
)  # fmt: skip

FAULTS: Final[Mapping[str, FaultKind]] = MappingProxyType({kind.name: kind for kind in _ALL})
"""Every fault by its name."""


def applicable(simulator: SimulatedInstrument, carrier: Cable | None) -> tuple[str, ...]:
    """Return the names of the faults that a simulator with its carrier can show."""
    return tuple(kind.name for kind in _ALL if kind.why_not(simulator, carrier) is None)


def fault_kind(name: str, simulator: SimulatedInstrument, carrier: Cable | None) -> FaultKind:
    """Return the fault with this name.

    Raises:
        SimulationError: If there is none, or the simulator or its carrier cannot show it.
    """
    kind = FAULTS.get(name)
    if kind is None:
        near = did_you_mean(name, FAULTS)
        raise SimulationError(f"there is no fault {name!r}{near} There are: {', '.join(FAULTS)}")
    reason = kind.why_not(simulator, carrier)
    if reason is not None:
        raise SimulationError(
            f"the simulated {simulator.driver} cannot show {name}: {reason}. "
            f"It can show: {', '.join(applicable(simulator, carrier))}"
        )
    return kind
