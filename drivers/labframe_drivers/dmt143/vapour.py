"""Water vapour, for the simulated DMT143: the Magnus formula over ice and over water."""

from __future__ import annotations

import math

__all__ = ["dew_point_c", "parts_per_million", "vapour_bar"]

_ICE = (22.46, 272.62)
_WATER = (17.62, 243.12)
_AT_0_C_BAR = 6.112e-3


def vapour_bar(dew_point_c: float) -> float:
    """Return the pressure of saturated vapour at a dew point, or frost point below 0 °C."""
    a, b = _WATER if dew_point_c >= 0 else _ICE
    return _AT_0_C_BAR * math.exp(a * dew_point_c / (b + dew_point_c))


def dew_point_c(vapour: float) -> float:
    """Return the dew point, or frost point, at which vapour of a pressure in bar is saturated."""
    a, b = _WATER if vapour >= _AT_0_C_BAR else _ICE
    logarithm = math.log(vapour / _AT_0_C_BAR)
    return b * logarithm / (a - logarithm)


def parts_per_million(vapour: float, pressure_bar: float) -> float:
    """Return the volume of vapour in a million volumes of the dry gas."""
    return 1e6 * vapour / (pressure_bar - vapour)
