"""A simulated Agilent (Varian) XGS-600 gauge controller.

What it does, and who says so. [man N]: read in the manual (DRAFT 4/15/14), page N, in the copies at
easymanua.ls/agilent-technologies/xgs-600 (67, 68, 74, 78, 80) and manualshive.com 2867399 (72, 81).
[PELS], [pyLabLib]: only seen in the drivers of PyExpLabSys or pyLabLib. [mem]: from memory or made
up, not verified. No instrument was at hand: only a recorded transcript proves that this simulator
is right.

* A command is ``#``, address, command number (two hex digits), data, CR; an answer ``>``, data, CR;
  a bad command, bad data or a bad length is answered ``?FF`` CR [man 67, 68]. Letters are upper
  case [man 74].
* No answer to a wrong address, nor without CR [man 68]. The address is 00 on RS-232, at most hex 20
  on RS-485 [man 67]. A line without ``#`` gets no answer [mem].
* LF is ignored on RS-232; on RS-485 it collides with the answer [man 67]: here it spoils the
  answer's first byte if it comes with its command [mem].
* An answer takes about 10 ms; more than 10 queries a second "compromise system responsiveness"
  [man 67]: here each one too many costs 20 ms more, 0.5 s at most [mem].
* Six slots: 10 hot filament, 3A inverted magnetron, 40 convection, 4C analog, FE empty [man 68]. A
  convection board has two gauges [man 78]; one on the others [mem].
* A gauge is named by ``U`` and its user label; by default that is the sensor's ID [man 67], HFIG1,
  CNV1 and so on [mem]. ``I`` or ``T`` and a number count the ion and the other gauges from the left
  [man 74].
* A pressure has the form ``x.xxxE-xx`` [man 68]. ``OPEN`` with four spaces stands in its place in
  an example that our notes have from [man 67-68]. An ion gauge without emission shows dashes
  [man 80]: five of them [mem].
* What each command does: ``README.md`` beside this file, with its sources.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar

from labframe.simulation import Answer, LineSimulator, Settable, SimulationError
from labframe_drivers.xgs600.gauges import MBAR_IN, Gauge, Level, Relay, boards, pumped

__all__ = ["Xgs600Simulator"]

_UNITS = {"Torr": "00", "mBar": "01", "Pa": "02"}
_OPEN = "OPEN    "
_DASHES = "-----"
_SLOTS = 6
_WINDOW_S = 0.95
"""A little under the second, so that exactly ten a second with some jitter are ten."""
_REVISION = "0104"
_PRESSURE = re.compile(r"\d\.\d{3}E[+-]\d\d")
_LACKS = {
    "spoiled_checksum": "its answers carry no checksum",
    "readdressed": "its answers carry no address",
    "busy": "the manual, as far as it was found, knows no such answer",
}
_LABEL = re.compile(r"[A-Z0-9]{1,8}")


class _Refused(Exception):
    """The command is answered with ``?FF``."""


def _mbar_or_text(given: object) -> tuple[float | str, ...]:
    parts = given.split(",") if isinstance(given, str) else given
    if not isinstance(parts, (list, tuple)):
        raise TypeError("must be a list, or a text with commas")
    values: list[float | str] = []
    for part in parts:
        try:
            values.append(float(part))
        except ValueError:
            values.append(str(part).strip().upper())
        if isinstance(values[-1], float) and not 0 < values[-1] < 1e10:
            raise ValueError(f"{part} is no pressure")
    return tuple(values)


class Xgs600Simulator(LineSimulator):
    """Gauges that pump down, relays that follow them, a controller that dislikes haste.

    Attributes:
        hurried: How many queries came faster than 10 a second.
    """

    driver: ClassVar[str] = "xgs600"
    usb_name: ClassVar[str] = "Simulated_XGS-600"
    baudrate: ClassVar[int | None] = 9600
    terminator: ClassVar[bytes] = b"\r"
    number_pattern: ClassVar[re.Pattern[bytes]] = re.compile(_PRESSURE.pattern.encode())
    no_number_text: ClassVar[bytes] = _OPEN.encode()
    error_answers: ClassVar[Mapping[str, bytes]] = {"FF": b"?FF"}

    calm = MappingProxyType({"queries_per_s": 1e6})

    latency_s = Settable(0.010, "time from a query to its answer, s", limits=(0, 60))
    late_every = Settable(61, "one in so many answers is late; 0: none", limits=(0, 10**9))
    address = Settable(
        "00",
        "the address, two hex digits: 00 on RS-232, 01 to 20 on RS-485",
        choices=[f"{number:02X}" for number in range(0x21)],
    )
    slots = Settable[tuple[str, ...]](
        ("HFIG", "CNV", "IMG"), f"the boards from the left: {', '.join(boards)}"
    )
    labels = Settable[tuple[str, ...]]((), "the user labels from the left; empty: the sensors' IDs")
    pressures_mbar = Settable[tuple[float | str, ...]](
        (2.0e-6, 4.0e-1, "OPEN", 3.0e-6),
        "where the gauges begin, from the left, mbar, or a text such as OPEN",
        parse=_mbar_or_text,
    )
    pumpdown_s = Settable(600.0, "the time constant of pumping down, s; 0: none", limits=(0, 1e9))
    queries_per_s = Settable(
        10.0, "so many queries a second are answered at once; more make it slow", limits=(1, 1e6)
    )
    unit = Settable("mBar", "the unit that is shown", choices=tuple(_UNITS))
    emission = Settable(True, "whether ion gauges begin with emission on")
    emission_swapped = Settable(
        False,
        "whether 30 turns emission on and 31 off. The manual contradicts itself: its command table "
        "[man 80, 81] and PELS say that 30 is off, its examples [man 67, 74] that 30 turns on",
    )

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.hurried = 0
        self._asked: deque[float] = deque()
        self._began: float | None = None
        self._age_s = 0.0
        self._relays = [Relay() for _ in range(8)]
        self._gauges = self._wired()
        self._commands: dict[str, Callable[[str], str]] = {
            "01": self._contents,  # [man 68]
            "02": self._pressure,  # [man 68]
            "03": self._relay_states,  # [man 72]; bit 0 is relay 1 [PELS]
            "04": self._assigned_relays,  # [man 72]
            "05": self._revisions,  # [man 68]
            "0F": self._dump,  # [man 68]
            "10": lambda data: self._show_in("Torr", data),  # [man 68]
            "11": lambda data: self._show_in("mBar", data),  # [man 68]
            "12": lambda data: self._show_in("Pa", data),  # [pyLabLib]
            "13": self._shown_unit,  # [man 80]
            "30": lambda data: self._emit(data, int(self.emission_swapped)),  # [man 80]
            "31": lambda data: self._emit(data, int(not self.emission_swapped)),  # [man 81]
            "32": self._emission_status,  # [man 81]
            "33": lambda data: self._emit(data, 2),  # [man 81]
            "34": self._emission_status,  # [PELS], the digits [mem]
            "5E": self._set_relay,  # [man 72]
            "5F": self._relay_mode,  # [man 72]
        }

    def changed(self, name: str) -> None:
        """Rewire after a change of boards, labels or pressures; the pump-down begins anew."""
        if name in ("slots", "labels", "pressures_mbar", "emission"):
            self._gauges = self._wired()
            self._began = None

    def lacks(self, hook: str) -> str | None:
        """Return why a hook is of no use here, or None."""
        return _LACKS.get(hook) or super().lacks(hook)

    def power_cycled(self, now: float) -> list[Answer] | None:
        """Light the ion gauges as at the beginning; relays, levels and unit are kept [mem]."""
        self._gauges = self._wired()
        return super().power_cycled(now)

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Answer the commands that are now whole; see ``respond``."""
        answers = super().feed(data, now)
        if self.address != "00" and b"\r\n" in data:
            return [
                Answer(bytes([answer.data[0] | 0x80]) + answer.data[1:], answer.delay_s)
                for answer in answers
            ]
        return answers

    def respond(self, line: bytes, now: float) -> bytes | None:
        """Answer one command: the table of them is ``README.md``."""
        self._pass_time(now)
        text = line.replace(b"\n", b"").decode("latin-1")
        if not text.startswith(f"#{self.address}"):
            return None
        try:
            return b">" + self._carry_out(text[3:]).encode("ascii")
        except _Refused:
            return b"?FF"

    def latency(self, now: float) -> float:
        """Return 10 ms, more for who asks more often than ``queries_per_s``."""
        self._asked.append(now)
        while self._asked[0] <= now - _WINDOW_S:
            self._asked.popleft()
        too_many = len(self._asked) - self.queries_per_s
        if too_many <= 0:
            return self.latency_s
        self.hurried += 1
        return self.latency_s + min(0.02 * too_many, 0.5)

    def _wired(self) -> list[Gauge]:
        unknown = [slot for slot in self.slots if slot not in boards]
        if unknown or len(self.slots) > _SLOTS:
            raise SimulationError(
                f"slots = {', '.join(self.slots)}: at most {_SLOTS} of {', '.join(boards)}"
            )
        gauges: list[Gauge] = []
        counted: Counter[str] = Counter()
        for slot in self.slots:
            for _ in range(boards[slot].gauges):
                counted[slot] += 1
                gauges.append(self._new_gauge(f"{slot}{counted[slot]}", slot, len(gauges)))
        labels = {gauge.label for gauge in gauges}
        if len(self.labels) > len(gauges) or len(labels) < len(gauges):
            raise SimulationError(
                f"labels = {', '.join(self.labels)}: must differ, one for each of the "
                f"{len(gauges)} gauges at most"
            )
        return gauges

    def _new_gauge(self, sensor_id: str, slot: str, index: int) -> Gauge:
        label = self.labels[index] if index < len(self.labels) else sensor_id
        if not _LABEL.fullmatch(label):
            raise SimulationError(f"label {label!r}: must be 1 to 8 of A-Z and 0-9")
        known = index < len(self.pressures_mbar)
        start = self.pressures_mbar[index] if known else "OPEN"
        lit = self.emission and boards[slot].short == "I"
        return Gauge(label, boards[slot], start, phase=index / 7, emission=int(lit))

    def _pass_time(self, now: float) -> None:
        if self._began is None:
            self._began = now
        self._age_s = now - self._began
        if not any(relay.on or relay.off for relay in self._relays):
            return
        pressures = {
            gauge.label: value
            for gauge in self._gauges
            if isinstance(value := self._value(gauge), float)
        }
        for relay in self._relays:
            relay.follow(pressures)

    def _value(self, gauge: Gauge) -> float | str:
        if gauge.ion and not gauge.emission:
            return _DASHES
        if isinstance(gauge.start, str):
            return _OPEN if gauge.start == "OPEN" else gauge.start
        return pumped(gauge.start, self._age_s, self.pumpdown_s, gauge.phase)

    def _shown(self, gauge: Gauge) -> str:
        value = self._value(gauge)
        return value if isinstance(value, str) else f"{value * MBAR_IN[self.unit]:.3E}"

    def _carry_out(self, command: str) -> str:
        # 6h [man 72] closes below its level, 7h [PELS] opens above: the directions are [mem].
        if level := re.fullmatch(r"([67])([1-8])(.*)", command):
            return self._set_level(*level.groups())
        if re.fullmatch("[IT][1-9]", command):
            return self._gauge(command).label  # [PELS]
        if command[:2] not in self._commands:
            raise _Refused
        return self._commands[command[:2]](command[2:])

    def _bare(self, data: str) -> None:
        if data:
            raise _Refused

    def _gauge(self, name: str) -> Gauge:
        if name[:1] == "U":
            found = [gauge for gauge in self._gauges if gauge.label == name[1:]]
        elif re.fullmatch("[IT][1-9]", name):
            same = [gauge for gauge in self._gauges if gauge.board.short == name[0]]
            found = same[int(name[1]) - 1 : int(name[1])]
        else:
            found = []
        if not found:
            raise _Refused
        return found[0]

    def _contents(self, data: str) -> str:
        self._bare(data)
        slots = [*self.slots, *["EMPTY"] * (_SLOTS - len(self.slots))]
        return "".join(boards[slot].code for slot in slots)

    def _pressure(self, data: str) -> str:
        return self._shown(self._gauge(data))

    def _dump(self, data: str) -> str:
        self._bare(data)
        return ",".join(self._shown(gauge) for gauge in self._gauges)

    def _revisions(self, data: str) -> str:
        self._bare(data)
        return ",".join([_REVISION, *[_REVISION for slot in self.slots if slot != "EMPTY"]])

    def _show_in(self, unit: str, data: str) -> str:
        self._bare(data)
        self.unit = unit
        return ""

    def _shown_unit(self, data: str) -> str:
        self._bare(data)
        return _UNITS[self.unit]

    def _emit(self, data: str, emission: int) -> str:
        self._ion_gauge(data).emission = emission
        return ""

    def _emission_status(self, data: str) -> str:
        return f"{self._ion_gauge(data).emission:02d}"

    def _ion_gauge(self, data: str) -> Gauge:
        gauge = self._gauge(data)
        if not gauge.ion:
            raise _Refused
        return gauge

    def _relay_states(self, data: str) -> str:
        self._bare(data)
        return self._bits([relay.state for relay in self._relays])

    def _assigned_relays(self, data: str) -> str:
        label = self._gauge(data).label
        return self._bits(
            [label in {level.label for level in (r.on, r.off) if level} for r in self._relays]
        )

    def _bits(self, states: list[bool]) -> str:
        return f"{sum(state << index for index, state in enumerate(states)):04X}"

    def _set_relay(self, data: str) -> str:
        if not re.fullmatch("[1-8][013]", data):
            raise _Refused
        self._relays[int(data[0]) - 1].mode = int(data[1])
        return ""

    def _relay_mode(self, data: str) -> str:
        if not re.fullmatch("[1-8]", data):
            raise _Refused
        return str(self._relays[int(data) - 1].mode)

    def _set_level(self, kind: str, relay: str, data: str) -> str:
        name, number = data[:-9], data[-9:]
        if not _PRESSURE.fullmatch(number):
            raise _Refused
        level = Level(self._gauge(name).label, float(number) / MBAR_IN[self.unit])
        if kind == "6":
            self._relays[int(relay) - 1].on = level
        else:
            self._relays[int(relay) - 1].off = level
        return ""
