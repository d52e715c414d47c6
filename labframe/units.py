"""The accepted units, written down, so that a typing error in one is found when a driver loads."""

from __future__ import annotations

import difflib
import re
from types import MappingProxyType
from typing import Final

from labframe.errors import LabframeError

__all__ = ["UNITS", "UnitError", "check_unit"]


class UnitError(LabframeError, ValueError):
    """A text is no unit that labframe knows."""


_PREFIXES: Final = {
    "f": "femto", "p": "pico", "n": "nano", "µ": "micro", "m": "milli", "c": "centi", "h": "hecto",
    "k": "kilo", "M": "mega", "G": "giga", "T": "tera",
}  # fmt: skip

_SCALED: Final = {
    "V": ("volt", "n µ m k M"),
    "A": ("ampere", "f p n µ m k"),
    "W": ("watt", "p n µ m k M G"),
    "J": ("joule", "n µ m k M"),
    "Ω": ("ohm", "µ m k M G T"),
    "S": ("siemens", "n µ m"),
    "F": ("farad", "f p n µ m"),
    "H": ("henry", "n µ m"),
    "C": ("coulomb", "p n µ m"),
    "T": ("tesla", "n µ m"),
    "G": ("gauss", "µ m k"),
    "Pa": ("pascal", "n µ m h k M G"),
    "bar": ("bar", "µ m k"),
    "Torr": ("torr", "µ m"),
    "Hz": ("hertz", "m k M G T"),
    "s": ("second", "f p n µ m"),
    "m": ("metre", "f p n µ m c k"),
    "g": ("gram", "p n µ m k"),
    "L": ("litre", "n µ m"),
    "mol": ("mole", "p n µ m k"),
    "K": ("kelvin", "n µ m"),
    "N": ("newton", "n µ m k"),
    "eV": ("electronvolt", "µ m k M G"),
    "Bq": ("becquerel", "k M G"),
    "Sv": ("sievert", "n µ m"),
    "Gy": ("gray", "µ m"),
    "cd": ("candela", "m"),
    "lm": ("lumen", "m k"),
    "lx": ("lux", "m k"),
    "rad": ("radian", "µ m"),
    "Wb": ("weber", "µ m"),
    "cps": ("counts per second", "k M"),
}

_PLAIN: Final = {
    "1": "a number without dimension",
    "%": "per cent",
    "%RH": "relative humidity",
    "wt%": "per cent of the weight",
    "vol%": "per cent of the volume",
    "mol%": "per cent of the amount",
    "at%": "per cent of the atoms",
    "‰": "per mille",
    "ppm": "parts per million",
    "ppb": "parts per billion",
    "ppt": "parts per trillion",
    "°C": "degree Celsius",
    "°F": "degree Fahrenheit",
    "°": "degree of angle",
    "arcmin": "minute of angle",
    "arcsec": "second of angle",
    "sr": "steradian",
    "min": "minute",
    "h": "hour",
    "d": "day",
    "a": "year",
    "Å": "ångström",
    "u": "atomic mass unit",
    "Da": "dalton",
    "t": "tonne",
    "e": "elementary charge",
    "atm": "standard atmosphere",
    "psi": "pound per square inch",
    "psia": "pound per square inch, absolute",
    "psig": "pound per square inch above the atmosphere",
    "inHg": "inch of mercury",
    "mmHg": "millimetre of mercury",
    "cmH₂O": "centimetre of water",
    "in": "inch",
    "ft": "foot",
    "rpm": "revolutions per minute",
    "sccm": "standard cubic centimetre per minute",
    "slm": "standard litre per minute",
    "ML": "monolayer",
    "√Hz": "square root of a hertz, for noise: nV/√Hz",
    "dB": "decibel",
    "dBm": "decibel above a milliwatt",
    "dBV": "decibel above a volt",
    "pH": "acidity",
    "M": "mole per litre",
    "mM": "millimole per litre",
    "µM": "micromole per litre",
    "nM": "nanomole per litre",
    "OD": "optical density",
    "NTU": "turbidity",
    "VA": "voltampere",
    "var": "voltampere reactive",
    "Wh": "watt hour",
    "kWh": "kilowatt hour",
    "Ah": "ampere hour",
    "mAh": "milliampere hour",
    "cal": "calorie",
    "kcal": "kilocalorie",
    "erg": "erg",
    "Oe": "oersted",
    "cP": "centipoise",
    "cSt": "centistokes",
    "bit": "bit",
    "B": "byte",
    "kB": "kilobyte",
    "MB": "megabyte",
    "GB": "gigabyte",
    "KiB": "kibibyte",
    "MiB": "mebibyte",
    "GiB": "gibibyte",
    "counts": "counts",
    "px": "pixel",
}


def _written_down() -> dict[str, str]:
    units = dict(_PLAIN)
    for symbol, (name, prefixes) in _SCALED.items():
        units.setdefault(symbol, name)
        for prefix in prefixes.split():
            units.setdefault(prefix + symbol, _PREFIXES[prefix] + name)
    return units


UNITS: Final = MappingProxyType(_written_down())
"""Every unit that stands alone, with its name.

Quotients and products of them are units too: ``mL/min``, ``mbar·L/s``, ``W/m²``, ``1/cm³``.
"""

_MEANT: Final[dict[str, str]] = {
    "": "1", "-": "1", "none": "1", "dimensionless": "1", "celsius": "°C", "centigrade": "°C",
    "degc": "°C", "deg c": "°C", "°k": "K", "degree_celsius": "°C", "c°": "°C", "fahrenheit": "°F",
    "degf": "°F", "deg f": "°F", "f°": "°F", "deg": "°", "degree": "°", "degk": "K", "ohms": "Ω",
    "micron": "µm", "angstrom": "Å", "sec": "s", "hr": "h", "percent": "%", "rh": "%RH",
    "amp": "A", "amps": "A", "count": "counts", "cts": "counts", "amu": "u", "cc": "cm³",
    "ccm": "cm³/min", "lpm": "L/min", "slpm": "slm", "sccs": "cm³/s", "nm": "N·m", "bps": "bit/s",
    "gauss": "G", "liter": "L", "meter": "m",
}  # fmt: skip
_NAMES: Final[dict[str, str]] = {name.lower(): unit for unit, name in UNITS.items()}
_WORDS: Final[dict[str, str]] = {
    **_NAMES,
    **{word: unit for word, unit in _MEANT.items() if len(word) > 3},
}

_FACTOR: Final = re.compile(r"(?P<symbol>.+?)(?P<power>[²³⁴]?)")
_POWER: Final = re.compile(r"(?P<symbol>\D+?)\^?(?P<sign>-?)(?P<power>[1234])")
_SUPERSCRIPTS: Final[dict[str, str]] = {"1": "", "2": "²", "3": "³", "4": "⁴"}
_LOOKALIKES: Final = str.maketrans(
    {"\u03bc": "µ", "\u2126": "Ω", "\u212b": "Å", "\u00ba": "°", "*": "·", "\u22c5": "·"}
)


def check_unit(unit: str) -> str:
    """Return ``unit`` if it is one.

    A unit is one of :data:`UNITS`, or a product or quotient of them: factors with ``·`` between
    them, perhaps with ``²``, ``³`` or ``⁴`` behind a symbol, and at most one ``/``.

    Raises:
        UnitError: If it is none; the message names the nearest one.
    """
    if unit in UNITS or _is_compound(unit):
        return unit
    near = _nearest(unit)
    if not unit.strip():
        raise UnitError("the unit is empty: write '1' for a number without dimension")
    hint = (
        f"; did you mean {near!r}?"
        if near
        else ". (A number without dimension has the unit '1'; the page about units in the "
        "documentation lists them all.)"
    )
    raise UnitError(f"unit {unit!r}: not a unit that labframe knows{hint}")


def _is_compound(unit: str) -> bool:
    above, slash, below = unit.partition("/")
    factors = ([] if above == "1" and slash else above.split("·")) + (
        below.split("·") if slash else []
    )
    return all(_is_factor(factor) for factor in factors)


def _is_factor(factor: str) -> bool:
    found = _FACTOR.fullmatch(factor)
    return found is not None and found["symbol"] in UNITS and found["symbol"] != "1"


def _nearest(unit: str) -> str:
    """Return the unit that is probably meant, or an empty text."""
    text = unit.strip().rstrip(" ./").translate(_LOOKALIKES).replace("sqrt", "√")
    if text in UNITS or _is_compound(text):
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    pieces = re.split(r"([/· ])", re.sub(r" *([/·]) *", r"\1", text))
    if len(pieces) == 1:
        inverse = _inverse(text)
        return f"1/{inverse}" if inverse else _nearest_factor(text)
    above: list[str] = []
    below: list[str] = []
    is_below = False
    for piece in pieces:
        if piece in ("/", "·", " "):
            is_below = is_below or piece == "/"
            continue
        inverse = _inverse(piece)
        near = inverse or (piece if piece == "1" else _nearest_factor(piece))
        if not near:
            return ""
        (below if is_below or inverse else above).append(near)
    made = "·".join(above) or "1"
    made += f"/{'·'.join(below)}" if below else ""
    return made if _is_compound(made) else ""


def _inverse(text: str) -> str:
    """Return what ``s-1`` and ``cm^-3`` are one over, or an empty text."""
    found = _POWER.fullmatch(text)
    if found is None or not found["sign"]:
        return ""
    near = _nearest_factor(found["symbol"])
    return near + _SUPERSCRIPTS[found["power"]] if near else ""


def _nearest_factor(text: str) -> str:
    text = text.strip().rstrip(".")
    if _is_factor(text):
        return text
    lower = text.lower()
    singular = lower.removesuffix("s")
    for word in (lower, singular):
        meant = _MEANT.get(word) or _NAMES.get(word)
        if meant:
            return meant
    power = _POWER.fullmatch(text)
    if power is not None and not power["sign"]:
        near = _nearest_factor(power["symbol"])
        return near + _SUPERSCRIPTS[power["power"]] if near else ""
    if lower.startswith("u") and len(text) > 1:
        micro = [known for known in UNITS if known[0] == "µ" and known[1:].lower() == lower[1:]]
        if micro:
            return micro[0]
    if singular.endswith("ohm") and f"{text[: len(singular) - 3]}Ω" in UNITS:
        return f"{text[: len(singular) - 3]}Ω"
    same = [known for known in UNITS if known.lower() == lower]
    if same:
        return max(same, key=lambda known: sum(a == b for a, b in zip(known, text, strict=True)))
    near_words = difflib.get_close_matches(lower, _WORDS, 1, 0.75)
    if near_words:
        return _WORDS[near_words[0]]
    return next(iter(difflib.get_close_matches(text, UNITS, 1, 0.5)), "")
