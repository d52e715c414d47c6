"""The driver of the Keithley 2000; what is sent, and who says so, is in ``README.md``.

No meter was at hand: only a recorded transcript would prove that this agrees with one.
"""

from __future__ import annotations

from collections.abc import Mapping

from labframe import Instrument, command, reading
from labframe.points import Value
from labframe_drivers.keithley2000.conversation import Conversation
from labframe_drivers.keithley2000.functions import AMPERES, FUNCTIONS, OHMS, SOURCES, VOLTS

__all__ = ["Keithley2000", "Keithley2000Amperes", "Keithley2000Ohms"]


class Volts(Conversation):
    """What is read and set of it where it measures volts."""

    options = {"function": "dc_voltage"}
    measures = ("dc_voltage", "ac_voltage")

    @reading(unit="V", every=1.0)
    def voltage(self) -> float:
        """Measure the voltage."""
        return self._measure()

    @reading(unit="V", on_demand=True)
    def range(self) -> float:
        """Read the range."""
        return self._set_to("RANG")

    @command(unit="V", choices=VOLTS, read_back="range", safe_value=1000)
    def set_range(self, value: float) -> None:
        """Choose the range; 1000 V is for DC, 757.5 V for AC."""
        self._set_range(value)


class Amperes(Conversation):
    """What is read and set of it where it measures amperes."""

    options = {"function": "dc_current"}
    measures = ("dc_current", "ac_current")

    @reading(unit="A", every=1.0)
    def current(self) -> float:
        """Measure the current."""
        return self._measure()

    @reading(unit="A", on_demand=True)
    def range(self) -> float:
        """Read the range."""
        return self._set_to("RANG")

    @command(unit="A", choices=AMPERES, read_back="range", safe_value=3)
    def set_range(self, value: float) -> None:
        """Choose the range; AC has 1 A and 3 A."""
        self._set_range(value)


class Ohms(Conversation):
    """What is read and set of it where it measures ohms."""

    options = {"function": "resistance"}
    measures = ("resistance", "resistance_4w")

    @reading(unit="Ω", every=1.0)
    def resistance(self) -> float:
        """Measure the resistance."""
        return self._measure()

    @reading(unit="Ω", on_demand=True)
    def range(self) -> float:
        """Read the range."""
        return self._set_to("RANG")

    @command(unit="Ω", choices=OHMS, read_back="range", safe_value=100e6)
    def set_range(self, value: float) -> None:
        """Choose the range."""
        self._set_range(value)


class Settings(Conversation):
    """What is read and set of it, whatever it measures."""

    @classmethod
    def with_options(cls, options: Mapping[str, Value]) -> type[Instrument]:
        """Return the class for volts, amperes or ohms."""
        function = options.get("function", "dc_voltage")
        for kind in (Keithley2000, Keithley2000Amperes, Keithley2000Ohms):
            if function in kind.measures:
                return kind
        raise ValueError(f"function = {function!r}: must be one of {', '.join(FUNCTIONS)}")

    @reading(every=10.0)
    def errors(self) -> str:
        """Read and empty the error queue: none, or the meter's own words."""
        return "; ".join(f"{code}, {text}" for code, text in self._emptied()) or "none"

    @reading(unit="1", on_demand=True)
    def nplc(self) -> float:
        """Read how long it integrates, in periods of the mains."""
        return self._set_to("NPLC")

    @reading(on_demand=True)
    def auto_range(self) -> bool:
        """Read whether the meter chooses the range itself."""
        return self._set_to("RANG:AUTO") != 0

    @reading(on_demand=True)
    def trigger(self) -> str:
        """Read what triggers a measurement: immediate, external, or what the meter calls it."""
        source = self._trigger_source()
        return {short: word for word, short in SOURCES.items()}.get(source, source)

    @command(unit="1", limits=(0.01, 10), read_back="nplc", safe_value=1)
    def set_nplc(self, periods: float) -> None:
        """Integrate so many periods of the mains: less is faster, more is quieter."""
        self._set(f":SENS:{self._function}:NPLC {periods:g}")

    @command(read_back="auto_range")
    def set_auto_range(self, is_on: bool) -> None:
        """Have the meter choose the range itself, or stay where it is."""
        self._set(f":SENS:{self._function}:RANG:AUTO {'ON' if is_on else 'OFF'}")

    @command(choices=tuple(SOURCES), read_back="trigger")
    def set_trigger(self, source: str) -> None:
        """Measure at each poll, or at each trigger at the rear; then a poll takes what is there."""
        self._set(f":TRIG:SOUR {SOURCES[source]}")
        self._set(f":INIT:CONT {'OFF' if source == 'immediate' else 'ON'}")
        self._source = SOURCES[source]

    @command()
    def choose_function(self) -> None:
        """Measure what the configuration says, after somebody chose otherwise at the meter."""
        self._choose_function()

    @command()
    def clear_errors(self) -> None:
        """Forget what stands in the error queue and the event registers."""
        self.tell("*CLS")


class Keithley2000(Settings, Volts):
    """Keithley 2000 multimeter on RS-232: the option function chooses volts, amperes or ohms."""

    driver = "keithley2000"
    protocol = "SCPI"


class Keithley2000Amperes(Settings, Amperes):
    """Keithley 2000 digital multimeter, measuring amperes."""

    driver = "keithley2000"
    protocol = "SCPI"


class Keithley2000Ohms(Settings, Ohms):
    """Keithley 2000 digital multimeter, measuring ohms."""

    driver = "keithley2000"
    protocol = "SCPI"
