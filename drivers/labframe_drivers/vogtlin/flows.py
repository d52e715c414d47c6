"""The units of gas flow that a red-y shows, and how many litres per minute each of them is."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["litres", "litres_per_minute"]

_LITRES: Final = {"ml": 1e-3, "l": 1.0, "m3": 1e3}
_PER_MINUTE: Final = {"s": 60.0, "min": 1.0, "h": 1 / 60}
_VOLUME: Final = re.compile(r"(?P<amount>ml|l|m3)[ns]?")
_FLOW: Final = re.compile(_VOLUME.pattern + r"/(?P<time>s|min|h)")


def litres_per_minute(unit: str) -> float | None:
    """Return how many L/min one ``unit`` is: 0.001 for ``mln/min``; None if it is no volume flow.

    ``n`` and ``s`` stand for the conditions that the litre is meant at; that is kept.
    """
    found = _FLOW.fullmatch(_plain(unit))
    return None if found is None else _LITRES[found["amount"]] * _PER_MINUTE[found["time"]]


def litres(unit: str) -> float | None:
    """Return how many litres one ``unit`` is: 1000 for ``m3n``; None if it is no volume."""
    found = _VOLUME.fullmatch(_plain(unit))
    return None if found is None else _LITRES[found["amount"]]


def _plain(unit: str) -> str:
    return unit.strip().lower().replace("³", "3").replace("^", "")
