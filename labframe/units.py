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
    "bar": ("bar", "µ m"),
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
    "in": "inch",
    "ft": "foot",
    "rpm": "revolutions per minute",
    "sccm": "standard cubic centimetre per minute",
    "slm": "standard litre per minute",
    "ML": "monolayer",
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

_MEANT: Final = {
    "": "1", "-": "1", "none": "1", "C": "°C", "celsius": "°C", "degc": "°C", "deg c": "°C",
    "degree_celsius": "°C", "degf": "°F", "deg": "°", "degree": "°", "kelvin": "K", "degk": "K",
    "ohm": "Ω", "ohms": "Ω", "torr": "Torr", "mtorr": "mTorr", "l": "L", "ml": "mL", "percent": "%",
    "micron": "µm", "angstrom": "Å", "sec": "s", "hr": "h", "hour": "h", "minute": "min",
    "volt": "V", "volts": "V", "amp": "A", "ampere": "A", "watt": "W", "pascal": "Pa",
    "hertz": "Hz",
    "count": "counts", "amu": "u", "m3": "m³", "cm3": "cm³", "m2": "m²", "cm2": "cm²",
}  # fmt: skip

_FACTOR: Final = re.compile(r"(?P<symbol>.+?)(?P<power>[²³⁴]?)")


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
    if "/" in below or (slash and not below):
        return False
    factors = above.split("·") + (below.split("·") if slash else [])
    return all(_is_factor(factor) for factor in factors) and below != "1"


def _is_factor(factor: str) -> bool:
    found = _FACTOR.fullmatch(factor)
    return found is not None and found["symbol"] in UNITS


def _nearest(unit: str) -> str:
    text = unit.strip().replace("\u03bc", "µ").replace("\u2126", "Ω").replace("\u212b", "Å")
    text = text.replace("^", "").replace("*", "·").replace("\u00ba", "°")
    if text in UNITS or _is_compound(text):
        return text
    if "/" in text or "·" in text:
        pieces = re.split(r"([/·])", text)
        found = [one if one in "/·" else _nearest_factor(one) for one in pieces]
        made = "".join(found)
        return made if all(found) and _is_compound(made) else ""
    return _nearest_factor(text)


def _nearest_factor(text: str) -> str:
    text = text.strip()
    if _is_factor(text):
        return text
    meant = _MEANT.get(text) or _MEANT.get(text.lower())
    if meant:
        return meant
    if text.endswith(("2", "3")) and _is_factor(text[:-1]):
        return text[:-1] + {"2": "²", "3": "³"}[text[-1]]
    if text.startswith("u") and f"µ{text[1:]}" in UNITS:
        return f"µ{text[1:]}"
    if text.lower().endswith("ohm") and f"{text[:-3]}Ω" in UNITS:
        return f"{text[:-3]}Ω"
    same = [known for known in UNITS if known.lower() == text.lower()]
    if same:
        return same[0]
    return next(iter(difflib.get_close_matches(text, UNITS, 1, 0.5)), "")
