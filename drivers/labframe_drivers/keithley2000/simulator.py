"""A simulated Keithley 2000; what it does, and who says so, is in ``README.md``."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import ClassVar

from labframe.simulation import Answer, LineSimulator, Settable
from labframe_drivers.keithley2000.measuring import Measuring
from labframe_drivers.keithley2000.scpi import MESSAGES, ScpiError, Tree, quoted
from labframe_drivers.keithley2000.scpi_settings import (
    ELEMENTS,
    FUNCTIONS,
    SOURCES,
    Function,
    FunctionSettings,
    choice,
    number,
    truth,
    whole,
)

__all__ = ["Keithley2000Simulator"]

_QUEUE = 10
_OVERFLOW = "+9.9E37"
_DRIFT_PERIOD_S = 60.0
_LACKS = {
    "device_error": "it refuses with silence, and an entry in its error queue",
    "busy": "it never says so: commands wait until it comes to them",
    "spoiled_checksum": "its answers carry no checksum",
    "readdressed": "its answers carry no address",
}
_BREAKS = re.compile(rb"[\x03\x18]")
_MSS = 64


class Keithley2000Simulator(LineSimulator):
    """A Keithley 2000 on its RS-232."""

    driver = "keithley2000"
    usb_name = "Simulated_Keithley_2000"
    baudrate: ClassVar[int | None] = 9600
    terminator = b"\n"
    number_pattern = re.compile(rb"[+-]\d\.\d+E[+-]?\d+[A-Z0-9]*")
    no_number_text = _OVERFLOW.encode()
    calm = MappingProxyType({"drift": 0})

    latency_s = Settable(0.005, "time from a request to its answer, s", limits=(0, 60))
    volts_dc = Settable(0.823456, "what is at the input: DC, V")
    volts_ac = Settable(0.512345, "AC, V")
    amperes_dc = Settable(0.00423456, "DC, A")
    amperes_ac = Settable(0.234567, "AC, A")
    ohms = Settable(1234.567, "two wires, Ω")
    ohms_4w = Settable(1233.21, "four wires, Ω")
    hertz = Settable(50.02, "Hz", limits=(1e-3, 1e9))
    celsius = Settable(23.45, "temperature, °C")
    volts_diode = Settable(0.6543, "across a diode, V")
    drift = Settable(2e-4, "how far the values move, as a share; 0: they stay", limits=(0, 0.5))
    external_trigger_s = Settable(
        0.0, "the period of the triggers from outside, s; 0: none come", limits=(0, 3600)
    )
    is_front = Settable(True, "whether the front terminals are chosen")

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self._now = 0.0
        self._wait_s = 0.0
        self._busy_s = 0.0
        self._errors: deque[int] = deque()
        self._standard_events = 128  # power on
        self._enabled = {"ESE": 0, "SRE": 0, "MEAS": 0, "OPER": 0, "QUES": 0}
        self._elements = ["READ"]
        self._switches = {"beeper": 1, "display": 1, "autozero": 1, "automatic_delay": 1}
        self._functions = {one.name: FunctionSettings(one) for one in FUNCTIONS.values()}
        self._function = "VOLT:DC"
        self._measuring = Measuring(self._reading, self._duration_s)
        self._measuring.external_s = self.external_trigger_s
        self._tree = Tree()
        self._add_common()
        self._add_system()
        self._add_triggers()
        self._add_measurements()
        for settings in self._functions.values():
            settings.add_to(self._tree, lambda one: self._value(one, self._now))

    def changed(self, name: str) -> None:
        """Have triggers come as often as they are set to."""
        if name == "external_trigger_s":
            self._measuring.external_s = self.external_trigger_s

    @property
    def function(self) -> str:
        """What it measures, as ``:CONF?`` tells it."""
        return self._function

    @property
    def error_queue(self) -> tuple[int, ...]:
        """The numbers of the errors that nobody read yet."""
        return tuple(self._errors)

    # Messages.

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Answer the messages that are now whole; ^C and ^X clear what came before."""
        if _BREAKS.search(data):
            self._rest = b""
            self._free_at = now
            data = _BREAKS.split(data)[-1]
        return super().feed(data.replace(b"\r", b"\n"), now)

    def respond(self, line: bytes, now: float) -> bytes | None:
        """Carry out a message; its queries are answered together, with ``;`` between them."""
        self._now, self._wait_s = max(now, self._free_at), 0.0
        answers, errors = self._tree.run(line.decode("latin-1"))
        for code in errors:
            self._queue(code)
        self._busy_s = self._wait_s
        return ";".join(answers).encode("latin-1") if answers else None

    def latency(self, now: float) -> float:
        """Return how long the answer takes, with the measurement that it waits for."""
        return super().latency(now) + self._busy_s

    def lacks(self, hook: str) -> str | None:
        """Return why a hook is of no use here, or None."""
        return _LACKS.get(hook) or super().lacks(hook)

    def power_cycled(self, now: float) -> list[Answer] | None:
        """Be as after it was switched on: everything at its default, and measuring."""
        self._preset([])
        self._errors.clear()
        self._measuring.begin(now)
        return super().power_cycled(now)

    def _queue(self, code: int) -> None:
        self._standard_events |= 32 if -200 < code < 0 else 16 if -300 < code < 0 else 8
        if len(self._errors) == _QUEUE:
            self._errors[-1] = 350
        else:
            self._errors.append(code)

    def _next_error(self, _: Sequence[str] = ()) -> str:
        if not self._errors:
            return '0,"No error"'
        code = self._errors.popleft()
        return f'{code},"{MESSAGES[code]}"'

    # Readings.

    def _reading(self, at: float) -> tuple[str, bool]:
        settings = self._functions[self._function]
        value = self._value(settings.function, at)
        if not settings.reaches(value):
            return _OVERFLOW, True
        if settings.values["relative"]:
            value -= float(settings.values["reference"])
        return f"{value:+.8E}", False

    def _value(self, function: Function, at: float) -> float:
        value = 1 / self.hertz if function.name == "PER" else float(getattr(self, function.value))
        return value * (1 + self.drift * math.sin(2 * math.pi * at / _DRIFT_PERIOD_S))

    def _duration_s(self) -> float:
        return self._functions[self._function].integration_s

    def _sent(self, reading: str) -> str:
        if reading == _OVERFLOW or "UNIT" not in self._elements:
            sent = reading
        else:
            sent = f"{reading}{FUNCTIONS[self._function].units}"
        return f"{sent},0" if "CHAN" in self._elements else sent

    def _read(self, _: Sequence[str] = ()) -> str | None:
        if self._measuring.is_continuous:  # it cannot be initiated: it is not idle
            self._queue(-213)
            return self._fetch()
        readings, ready = self._measuring.read(self._now + self._wait_s)
        if not readings:
            return None
        self._wait_s = ready - self._now
        return ",".join(map(self._sent, readings))

    def _fetch(self, _: Sequence[str] = ()) -> str:
        reading = self._measuring.latest(self._now + self._wait_s)
        if reading is None:
            raise ScpiError(-230)
        return self._sent(reading)

    def _fresh(self, _: Sequence[str] = ()) -> str | None:
        reading, ready = self._measuring.fresh(self._now + self._wait_s)
        if ready == float("inf"):
            return None
        if reading is None:
            raise ScpiError(-230)
        self._wait_s = ready - self._now
        return self._sent(reading)

    def _configure(self, name: str, given: Sequence[str]) -> None:
        self._function = name
        settings = self._functions[name]
        settings.reset()
        self._measuring.reset(is_continuous=False)
        if given and settings.function.ranges:
            settings.expect(number(0, 0, settings.function.highest)(given[:1]))

    def _measure(self, name: str, given: Sequence[str]) -> str | None:
        self._configure(name, given)
        return self._read()

    # Commands.

    def _add_common(self) -> None:
        add = self._tree.add
        serial = "KEITHLEY INSTRUMENTS INC.,MODEL 2000,0712345,A19  /A02"
        add("*IDN", ask=lambda _: serial)
        add("*RST", set=self._reset)
        add("*CLS", set=self._clear)
        add("*OPC", ask=lambda _: "1", set=lambda _: None)
        add("*OPT", ask=lambda _: "0,0")
        add("*TST", ask=lambda _: "0")
        add("*WAI", set=lambda _: None)
        add("*TRG", set=lambda _: self._measuring.trigger(self._now, source="BUS"))
        add("*ESR", ask=self._read_standard_events)
        add("*STB", ask=lambda _: str(self._status_byte()))
        for name in ("ESE", "SRE"):
            self._add_number(f"*{name}", name, 255)

    def _add_system(self) -> None:
        add = self._tree.add
        add("SYSTem:ERRor:[NEXT]", ask=self._next_error)
        add("STATus:QUEue:[NEXT]", ask=self._next_error)
        add("STATus:QUEue:CLEar", set=lambda _: self._errors.clear())
        add("SYSTem:CLEar", set=lambda _: self._errors.clear())
        add("STATus:PRESet", set=lambda _: self._enabled.update(MEAS=0, OPER=0, QUES=0))
        add("STATus:MEASurement:[EVENt]", ask=lambda _: str(self._measuring.events(self._now)))
        events = self._measuring.events
        add("STATus:MEASurement:CONDition", ask=lambda _: str(events(self._now, clear=False)))
        for header, name in (("OPERation", "OPER"), ("QUEStionable", "QUES")):
            add(f"STATus:{header}:[EVENt]", ask=lambda _: "0")
            add(f"STATus:{header}:CONDition", ask=lambda _: "0")
            self._add_number(f"STATus:{header}:ENABle", name, 65535)
        self._add_number("STATus:MEASurement:ENABle", "MEAS", 65535)
        add("SYSTem:VERSion", ask=lambda _: "1991.0")
        add("SYSTem:PRESet", set=self._preset)
        add("SYSTem:FRSWitch", ask=lambda _: str(int(self.is_front)))
        for word in ("LOCal", "REMote", "RWLock"):
            add(f"SYSTem:{word}", set=lambda _: None)
        add("SYSTem:BEEPer:[IMMediate]", set=lambda _: None)
        self._add_switch("SYSTem:BEEPer:STATe", "beeper")
        self._add_switch("SYSTem:AZERo:STATe", "autozero")
        self._add_switch("DISPlay:ENABle", "display")
        add("FORMat:[DATA]", set=_refuse_all_but_text, ask=lambda _: "ASC")
        add("FORMat:ELEMents", set=self._choose_elements, ask=lambda _: ",".join(self._elements))

    def _add_triggers(self) -> None:
        add, measuring = self._tree.add, self._measuring
        add("ABORt", set=self._abort)
        add("INITiate:[IMMediate]", set=self._initiate)
        add("INITiate:CONTinuous", set=self._continue, ask=lambda _: f"{measuring.is_continuous:d}")
        source, delay = choice(SOURCES), number(0, 0, 999999.999)
        timer, samples = number(0.1, 0.001, 999999.999), whole(1, 1, 1024)

        def count(given: Sequence[str]) -> float:
            text = given[0].upper() if given else ""
            return float("inf") if text.startswith("INF") else whole(1, 1, 9999)(given)

        def put(name: str, parse: Callable[[Sequence[str]], object]) -> Callable[..., None]:
            return lambda given: setattr(measuring, name, parse(given))

        header = "TRIGger:[SEQuence1]"
        add(f"{header}:SOURce", set=put("source", source), ask=lambda _: measuring.source)
        add(f"{header}:DELay", set=put("delay_s", delay), ask=lambda _: f"{measuring.delay_s:.6E}")
        self._add_switch(f"{header}:DELay:AUTO", "automatic_delay")
        add(f"{header}:TIMer", set=put("timer_s", timer), ask=lambda _: f"{measuring.timer_s:.6E}")
        add(f"{header}:COUNt", set=put("triggers", count), ask=lambda _: self._shown_count())
        add(f"{header}:SIGNal", set=lambda _: measuring.trigger(self._now))
        add("SAMPle:COUNt", set=put("samples", samples), ask=lambda _: str(measuring.samples))
        add("TRACe:CLEar", set=lambda _: measuring.clear_buffer())
        points = whole(1024, 2, 1024)
        add("TRACe:POINts", set=put("points", points), ask=lambda _: str(measuring.points))
        add("TRACe:FEED", set=lambda _: None, ask=lambda _: "SENS")
        add("TRACe:FEED:CONTrol", set=self._feed_buffer, ask=lambda _: self._buffer_control())
        add("TRACe:DATA", ask=lambda _: ",".join(measuring.buffer()))

    def _add_measurements(self) -> None:
        add = self._tree.add
        add("READ", ask=self._read)
        add("FETCh", ask=self._fetch)
        add("[SENSe1]:DATA:[LATest]", ask=self._fetch)
        add("[SENSe1]:DATA:FRESh", ask=self._fresh)
        add("[SENSe1]:FUNCtion", set=self._select, ask=lambda _: f'"{self._function}"')
        add("CONFigure", ask=lambda _: f'"{self._function}"')
        add("MEASure", ask=lambda _: self._measure(self._function, []))
        for one in FUNCTIONS.values():
            name = one.name
            add(f"CONFigure:{one.header}", set=lambda given, n=name: self._configure(n, given))  # type: ignore[misc]  # n is bound here
            add(f"MEASure:{one.header}", ask=lambda given, n=name: self._measure(n, given))  # type: ignore[misc]  # n is bound here

    def _add_number(self, header: str, name: str, highest: int) -> None:
        parse = whole(0, 0, highest)
        self._tree.add(
            header,
            set=lambda given: self._enabled.update({name: parse(given)}),
            ask=lambda _: str(self._enabled[name]),
        )

    def _add_switch(self, header: str, name: str) -> None:
        self._tree.add(
            header,
            set=lambda given: self._switches.update({name: truth(given)}),
            ask=lambda _: str(self._switches[name]),
        )

    def _reset(self, _: Sequence[str]) -> None:
        self._restore(is_continuous=False)

    def _preset(self, _: Sequence[str]) -> None:
        self._restore(is_continuous=True)
        self._measuring.begin(self._now)

    def _restore(self, *, is_continuous: bool) -> None:
        for settings in self._functions.values():
            settings.reset()
        self._function = "VOLT:DC"
        self._elements = ["READ"]
        self._measuring.reset(is_continuous=is_continuous)
        self._measuring.feeds = False

    def _clear(self, _: Sequence[str]) -> None:
        self._errors.clear()
        self._standard_events = 0
        self._measuring.events(self._now)

    def _read_standard_events(self, _: Sequence[str]) -> str:
        events, self._standard_events = self._standard_events, 0
        return str(events)

    def _status_byte(self) -> int:
        measured = self._measuring.events(self._now, clear=False) & self._enabled["MEAS"]
        standard = self._standard_events & self._enabled["ESE"]
        byte = bool(measured) | bool(self._errors) << 2 | bool(standard) << 5
        return byte | (_MSS if byte & self._enabled["SRE"] else 0)

    def _shown_count(self) -> str:
        count = self._measuring.triggers
        return _OVERFLOW if count == float("inf") else str(int(count))

    def _choose_elements(self, given: Sequence[str]) -> None:
        self._elements = [choice(ELEMENTS)([one]) for one in given] or ["READ"]

    def _select(self, given: Sequence[str]) -> None:
        name = quoted(given[0]).upper() if given else ""
        name = {"VOLT": "VOLT:DC", "CURR": "CURR:DC"}.get(name, name)
        if name not in FUNCTIONS:
            raise ScpiError(-109 if not given else -224)
        self._function = name

    def _abort(self, _: Sequence[str]) -> None:
        self._measuring.idle()
        if self._measuring.is_continuous:
            self._measuring.begin(self._now)

    def _initiate(self, _: Sequence[str]) -> None:
        if self._measuring.is_continuous:
            raise ScpiError(-213)
        self._measuring.begin(self._now)

    def _continue(self, given: Sequence[str]) -> None:
        was_continuous, is_continuous = self._measuring.is_continuous, bool(truth(given))
        self._measuring.is_continuous = is_continuous
        if is_continuous and not was_continuous:
            self._measuring.begin(self._now)
        elif not is_continuous:
            self._measuring.idle()

    def _feed_buffer(self, given: Sequence[str]) -> None:
        control = choice({"NEXT": "NEXT", "NEV": "NEV", "NEVER": "NEV"})(given)
        self._measuring.feeds = control == "NEXT"
        if control == "NEXT":
            self._measuring.clear_buffer()

    def _buffer_control(self) -> str:
        return "NEXT" if self._measuring.feeds else "NEV"


def _refuse_all_but_text(given: Sequence[str]) -> None:
    choice({"ASC": "ASC", "ASCII": "ASC"})(given)
