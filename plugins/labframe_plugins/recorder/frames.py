"""Tables of pandas and polars, where they are installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from labframe import LabframeError
from labframe_plugins.recorder.records import Buckets, Points

__all__ = ["MissingLibrary", "frame"]


class MissingLibrary(LabframeError):
    """What is asked for needs a library that is not installed."""


def frame(parts: Sequence[Points] | Sequence[Buckets], using: str) -> Any:
    """Return points or buckets of codenames as one table.

    Raises:
        MissingLibrary: If the library is not installed.
    """
    if using not in ("pandas", "polars"):
        raise MissingLibrary(f"using = {using!r}: 'pandas' or 'polars'")
    try:
        library = import_module(using)
    except ImportError as error:
        raise MissingLibrary(f"{using} is not installed: pip install {using}") from error
    columns: dict[str, list[Any]] = {"codename": [], "time": []}
    for part in parts:
        columns["codename"] += [part.codename] * len(part.times)
        columns["time"] += list(part.times)
        for name, values in _values(part).items():
            columns.setdefault(name, []).extend(values)
    table = library.DataFrame(columns)
    if using == "pandas":
        table["time"] = library.to_datetime(table["time"], unit="s", utc=True)
        return table
    microseconds = (library.col("time") * 1e6).round().cast(library.Int64)
    return table.with_columns(
        library.from_epoch(microseconds, time_unit="us").dt.replace_time_zone("UTC").alias("time")
    )


def _values(part: Points | Buckets) -> dict[str, Any]:
    if isinstance(part, Points):
        return {"value": part.values}
    return {"low": part.lows, "mean": part.means, "high": part.highs, "count": part.counts}
