"""How one talks with a Keithley 2000: function, trigger, readings, settings, the error queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeVar

from labframe import Instrument, NoValue, SerialLine
from labframe.errors import BadReply
from labframe_drivers.keithley2000 import functions
from labframe_drivers.keithley2000.functions import FUNCTIONS
from labframe_drivers.keithley2000.refusals import entry, refusal

__all__ = ["Conversation"]

T = TypeVar("T")

_MOST_ENTRIES: Final = 12
"""The error queue holds 10 (manual, page 5-63)."""
_AVAILABLE: Final = 1 << 5
"""A reading was taken: bit of the measurement event register (manual, page 5-53)."""


class Conversation(Instrument):
    """How it is connected, asked and set, whatever it measures; it declares nothing."""

    line = SerialLine(baudrate=9600, terminator=b"\n", first_byte_s=1.0, gap_s=0.2, total_s=1.5)
    identify = ("*IDN?", "KEITHLEY INSTRUMENTS INC.,MODEL 2000,")
    measures: ClassVar[tuple[str, ...]] = ()
    """The options ``function`` that are for this class."""

    _source = "IMM"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        function = str(self.options["function"])
        if function not in self.measures:
            raise ValueError(
                f"{self.name}: function = {function!r}: {type(self).__name__} measures "
                f"{' or '.join(self.measures)}; Keithley2000.with_options gives the class for each"
            )
        self._function = FUNCTIONS[function]

    def on_connect(self) -> None:
        """Choose the function with its range and speed as they are, and find the trigger.

        What stands in the error queue is from before, and logged. A reading that was triggered
        before is old, nobody knows how old: it is not taken.
        """
        self._log_errors()
        self._choose_function()
        self._source = self._trigger_source()
        self.tell(f":INIT:CONT {'OFF' if self._source == 'IMM' else 'ON'}")
        self._events()

    def _choose_function(self) -> None:
        """Have it measure what it should, and say with each reading what that is."""
        self._set(f":SENS:FUNC '{self._function}'")
        self._set(":FORM:ELEM READ,UNIT")

    # What its readings and settings have in common.

    def _measure(self) -> float:
        """Take a reading.

        Raises:
            NoValue: If it is the overflow, or no trigger came since the last poll.
        """
        if self._source == "IMM":
            return self._asked(":READ?", self._reading)
        if not self._events() & _AVAILABLE:
            raise NoValue(f"{self.name}: no trigger came since the last poll ({self._source})")
        return self._asked(":DATA?", self._reading)

    def _reading(self, answer: str) -> float:
        return functions.reading(answer, self._function)

    def _events(self) -> int:
        """Read the measurement event register, which clears it."""
        return int(self._asked(":STAT:MEAS:EVEN?", functions.number))

    def _set_to(self, setting: str) -> float:
        return self._asked(f":SENS:{self._function}:{setting}?", functions.number)

    def _set_range(self, value: float) -> None:
        self._set(f":SENS:{self._function}:RANG {value:g}")

    def _trigger_source(self) -> str:
        return self.ask(":TRIG:SOUR?").strip()

    def _set(self, setting: str) -> None:
        """Send a setting, and read what the meter says to it.

        Raises:
            Keithley2000Refused: If it has put an error into its queue.
        """
        self._log_errors()
        self.tell(setting)
        found = self._emptied()
        if found:
            raise refusal(self.name, setting, found)

    def _log_errors(self) -> None:
        for code, text in self._emptied():
            self.log.warning("%s: in the error queue from before: %d, %s", self.name, code, text)

    def _emptied(self) -> list[tuple[int, str]]:
        """Empty the error queue."""
        found: list[tuple[int, str]] = []
        for _ in range(_MOST_ENTRIES):
            code, text = self._asked(":SYST:ERR?", entry)
            if code == 0:
                return found
            found.append((code, text))
        return found

    def _asked(self, request: str, understood: Callable[[str], T]) -> T:
        answer = self.ask(request).strip()
        try:
            return understood(answer)
        except BadReply as error:
            self._opened().doubt()
            raise BadReply(f"{self.name}: {request!r}: {error}", received=error.received) from error
