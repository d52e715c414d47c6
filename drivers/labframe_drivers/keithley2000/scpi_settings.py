"""The settings that the simulated meter has for each function, and the headers that set them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labframe_drivers.keithley2000.scpi import ScpiError, Tree, quoted

__all__ = [
    "ELEMENTS",
    "FUNCTIONS",
    "SOURCES",
    "Function",
    "FunctionSettings",
    "choice",
    "number",
    "truth",
    "whole",
]

_OVERRANGE = 1.2
_FILTERS = {"MOV": "MOV", "MOVING": "MOV", "REP": "REP", "REPEAT": "REP"}


@dataclass(frozen=True, slots=True)
class Function:
    """What the meter can measure.

    Attributes:
        name: As ``:CONF?`` tells it.
        header: Its header.
        value: The simulator's value that is measured.
        units: What stands behind a reading when ``:FORM:ELEM`` asks for units.
        ranges: The ranges; empty: none that can be chosen.
        highest: The highest expected reading that ``:RANG`` takes.
        is_ac: Whether it has a detector with a bandwidth.
        is_timed: Whether it has an aperture instead of NPLC.
    """

    name: str
    header: str
    value: str
    units: str
    ranges: tuple[float, ...] = ()
    highest: float = 0.0
    is_ac: bool = False
    is_timed: bool = False


_OHMS = (100.0, 1e3, 10e3, 100e3, 1e6, 10e6, 100e6)
_VOLTS = (0.1, 1.0, 10.0, 100.0)

FUNCTIONS = {
    one.name: one
    for one in (
        Function("VOLT:DC", "VOLTage:[DC]", "volts_dc", "VDC", (*_VOLTS, 1000.0), 1010.0),
        Function("VOLT:AC", "VOLTage:AC", "volts_ac", "VAC", (*_VOLTS, 757.5), 757.5, True),
        Function("CURR:DC", "CURRent:[DC]", "amperes_dc", "ADC", (0.01, 0.1, 1.0, 3.0), 3.1),
        Function("CURR:AC", "CURRent:AC", "amperes_ac", "AAC", (1.0, 3.0), 3.1, True),
        Function("RES", "RESistance", "ohms", "OHM", _OHMS, 120e6),
        Function("FRES", "FRESistance", "ohms_4w", "OHM4W", _OHMS, 120e6),
        Function("FREQ", "FREQuency", "hertz", "HZ", is_timed=True),
        Function("PER", "PERiod", "", "SECS", is_timed=True),
        Function("TEMP", "TEMPerature", "celsius", "C"),
        Function("DIOD", "DIODe", "volts_diode", "VDC"),
        Function("CONT", "CONTinuity", "ohms", "OHM"),
    )
}


SOURCES = {
    word: short
    for short, long in (
        ("IMM", "IMMEDIATE"), ("EXT", "EXTERNAL"), ("BUS", "BUS"), ("TIM", "TIMER"),
        ("MAN", "MANUAL"),
    )
    for word in (short, long)
}  # fmt: skip
ELEMENTS = {
    word: short
    for short, long in (("READ", "READING"), ("CHAN", "CHANNEL"), ("UNIT", "UNITS"))
    for word in (short, long)
}
"""Words that a parameter may be, and their short forms."""


class FunctionSettings:
    """How one function is set; ``add_to`` gives a tree the headers."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.reset()

    def reset(self) -> None:
        """Be as after ``*RST``."""
        function = self.function
        self.range = function.ranges[-1] if function.ranges else 0.0
        self.values: dict[str, float | str] = {
            "auto": 1, "nplc": 1.0, "digits": 7, "reference": 0.0, "relative": 0,
            "averages": 0, "count": 10, "filter": "MOV", "bandwidth": 30.0, "aperture": 1.0,
            "threshold": 10.0,
        }  # fmt: skip

    @property
    def integration_s(self) -> float:
        """How long a measurement takes."""
        if self.function.is_timed:
            return float(self.values["aperture"])
        filtered = self.values["averages"] and self.values["filter"] == "REP"
        return float(self.values["nplc"]) / 50 * (int(self.values["count"]) if filtered else 1)

    def expect(self, value: float) -> None:
        """Choose the most sensitive range for this reading, for good."""
        fitting = [one for one in self.function.ranges if one >= abs(value)]
        self.range = fitting[0] if fitting else self.function.ranges[-1]
        self.values["auto"] = 0

    def reaches(self, value: float) -> bool:
        """Tell whether a value can be measured; with autorange, choose the range first."""
        ranges = self.function.ranges
        if not ranges:
            return True
        if self.values["auto"]:
            self.range = next(
                (one for one in ranges if abs(value) <= _limit(self, one)), ranges[-1]
            )
        return abs(value) <= _limit(self, self.range)

    def add_to(self, tree: Tree, value: Callable[[Function], float]) -> None:
        """Give a tree what can be set of this function; ``value`` is what it would measure."""
        header = f"[SENSe1]:{self.function.header}"
        if self.function.ranges:
            self._add_range(tree, header)
        if self.function.is_ac:
            self._add(tree, f"{header}:DETector:BANDwidth", "bandwidth", number(30, 3, 300e3))
        if self.function.is_timed:
            self._add(tree, f"{header}:APERture", "aperture", number(1, 0.01, 1))
            threshold = f"{header}:THReshold:VOLTage:RANGe"
            self._add(tree, threshold, "threshold", number(10, 0, 1010))
        else:
            self._add(tree, f"{header}:NPLCycles", "nplc", number(1, 0.01, 10))
        self._add(tree, f"{header}:DIGits", "digits", whole(7, 4, 7))
        self._add(tree, f"{header}:REFerence", "reference", number(0, -120e6, 120e6))
        self._add(tree, f"{header}:REFerence:STATe", "relative", truth)
        tree.add(
            f"{header}:REFerence:ACQuire",
            set=lambda _: self.values.update(reference=value(self.function)),
        )
        self._add(tree, f"{header}:AVERage:[STATe]", "averages", truth)
        self._add(tree, f"{header}:AVERage:COUNt", "count", whole(10, 1, 100))
        self._add(tree, f"{header}:AVERage:TCONtrol", "filter", choice(_FILTERS))

    def _add_range(self, tree: Tree, header: str) -> None:
        function = self.function
        top = function.ranges[-1]
        parse = number(top, 0, function.highest, named_max=top)
        tree.add(
            f"{header}:RANGe:[UPPer]",
            set=lambda given: self.expect(float(parse(given))),
            ask=lambda given: f"{parse(given) if given else self.range:.6E}",
        )
        self._add(tree, f"{header}:RANGe:AUTO", "auto", truth)

    def _add(
        self, tree: Tree, header: str, name: str, parse: Callable[[Sequence[str]], float | str]
    ) -> None:
        def put(given: Sequence[str]) -> None:
            self.values[name] = parse(given)

        def get(given: Sequence[str]) -> str:
            value = parse(given) if given else self.values[name]
            return f"{value:.6E}" if isinstance(value, float) else str(value)

        tree.add(header, set=put, ask=get)


def _limit(settings: FunctionSettings, of: float) -> float:
    function = settings.function
    return function.highest if of == function.ranges[-1] else _OVERRANGE * of


def number(
    default: float, low: float, high: float, *, named_max: float | None = None
) -> Callable[[Sequence[str]], float]:
    """Return what makes a number of parameters; ``named_max`` is MAX where that is not ``high``."""

    def parse(given: Sequence[str]) -> float:
        text = _one(given).upper()
        named = {"DEF": default, "DEFAULT": default, "MIN": low, "MINIMUM": low}
        named |= dict.fromkeys(("MAX", "MAXIMUM"), high if named_max is None else named_max)
        try:
            value = float(named[text]) if text in named else float(text)
        except ValueError:
            raise ScpiError(-104) from None
        if not low <= value <= high:
            raise ScpiError(-222)
        return value

    return parse


def whole(default: int, low: int, high: int) -> Callable[[Sequence[str]], int]:
    """Return what makes a whole number of parameters."""
    parse = number(default, low, high)
    return lambda given: round(parse(given))


def truth(given: Sequence[str]) -> int:
    """Return 1 for ``ON`` or a number, 0 for ``OFF`` or 0."""
    text = _one(given).upper()
    if text in ("ON", "OFF"):
        return int(text == "ON")
    try:
        return int(float(text) != 0)
    except ValueError:
        raise ScpiError(-104) from None


def choice(words: dict[str, str]) -> Callable[[Sequence[str]], str]:
    """Return what makes the short form of one of some words."""

    def parse(given: Sequence[str]) -> str:
        text = quoted(_one(given)).upper()
        if text not in words:
            raise ScpiError(-224)
        return words[text]

    return parse


def _one(given: Sequence[str]) -> str:
    if not given:
        raise ScpiError(-109)
    if len(given) > 1:
        raise ScpiError(-108)
    return given[0]
