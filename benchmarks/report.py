"""What was measured beside what was promised, as a table and as JSON."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

import labframe

__all__ = ["Row", "Unit", "as_json", "header", "percentile", "table"]

Unit: TypeAlias = Literal["times", "ms"]


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement.

    Attributes:
        name: What was measured.
        measured: The median over the rounds.
        quartiles: Between these is the middle half of the rounds.
        unit: ``times`` what labframe is compared with, or milliseconds.
        bar: What ``measured`` must not exceed; None is shown for comparison only.
        details: Further numbers to show, with the text of their unit.
    """

    name: str
    measured: float
    quartiles: tuple[float, float]
    unit: Unit
    bar: float | None
    details: str

    @classmethod
    def of(
        cls, name: str, values: Sequence[float], unit: Unit, bar: float | None, details: str
    ) -> Self:
        """Return the row for the values of all rounds."""
        low, median, high = (percentile(values, share) for share in (0.25, 0.5, 0.75))
        return cls(name, median, (low, high), unit, bar, details)

    @classmethod
    def ratio(
        cls,
        name: str,
        times: Mapping[str, Sequence[float]],
        bar: float | None,
        unit: str,
        ratio_of: tuple[str, str] = ("labframe", "plain"),
    ) -> Self:
        """Return the row for times that were taken in turns: the ratio is taken in each round.

        Args:
            name: What was measured.
            times: The time in each round, by what took it.
            bar: What the ratio must not exceed.
            unit: The unit of the times.
            ratio_of: Which of them is divided by which.
        """
        above, below = (times[name] for name in ratio_of)
        ratios = [one / other for one, other in zip(above, below, strict=True)]
        details = ", ".join(
            f"{what} {percentile(taken, 0.5):.3g} {unit}" for what, taken in times.items()
        )
        if "echo" in times and "plain" in times:
            echo = percentile(times["echo"], 0.5) / percentile(times["plain"], 0.5)
            details += f" (echo / plain: {_text(echo, 'times')})"
        return cls.of(name, ratios, "times", bar, details)

    @property
    def verdict(self) -> str:
        """Whether the bar holds; ``too busy`` when the machine let nothing be measured."""
        if self.bar is None:
            return ""
        if math.isnan(self.measured):
            return "too busy"
        return "holds" if self.measured <= self.bar else "MISSED"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that so great a share of them does not exceed; NaN of none."""
    return sorted(values)[math.ceil(share * len(values)) - 1] if values else math.nan


def header() -> str:
    """Return the line that tells what ran where."""
    where = Path(labframe.__file__).parent
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.system()} "
        f"{platform.machine()}; labframe from {where}"
    )


def table(rows: Iterable[Row]) -> str:
    """Return the rows as aligned text."""
    cells = [("", "bar", "measured", "", "half of the rounds", "")]
    for row in rows:
        low, high = (_text(value, row.unit) for value in row.quartiles)
        bar = "" if row.bar is None else f"<= {_text(row.bar, row.unit)}"
        measured = _text(row.measured, row.unit)
        cells.append((row.name, bar, measured, row.verdict, f"{low} .. {high}", row.details))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def as_json(rows: Iterable[Row]) -> dict[str, Any]:
    """Return the rows as what ``json.dumps`` takes."""
    return {
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "rows": [
            {
                **asdict(row),
                "measured": _finite(row.measured),
                "quartiles": [_finite(value) for value in row.quartiles],
                "verdict": row.verdict,
            }
            for row in rows
        ],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _text(value: float, unit: Unit) -> str:
    if unit == "ms":
        return f"{value:.3g} ms"
    return f"1/{1 / value:.3g}" if value < 1 else f"{value:.3g}"
