"""Points of a CSV file: one a line, or one column for each codename."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from labframe.closing import Closing
from labframe.units import UnitError, check_unit
from labframe_plugins.recorder.command_line.merging import Given
from labframe_plugins.recorder.history import HistoryError

__all__ = ["CsvFile"]

_TIMES: Final = ("time", "timestamp", "unixtime", "datetime", "date")
_MISSING: Final = frozenset({"", "null", "\\n", "nan", "none", "na", "n/a"})
_COLUMN: Final = re.compile(r"(?P<codename>[A-Za-z0-9_]{1,64})\s*([\[(](?P<unit>[^\])]*)[\])])?")
_UNIX_FROM: Final = 1e8
_UNIX_BEFORE: Final = 1e11
_IGNORED: Final = ("local",)


class CsvFile(Closing):
    """A CSV file with a heading; all of it is looked at first, so that it is right or left alone.

    Args:
        file: The file.
        units: Units by codename, each ``oven=K``; those of the file do not count then.

    Attributes:
        units: The units, by codename; those in a column of their own come with the points.

    Raises:
        HistoryError: If a line of it is wrong; it names the line.
    """

    def __init__(self, file: Path, units: Sequence[str] = ()) -> None:
        self._file = file
        self.units: dict[str, str] = {}
        self._text = file.open(encoding="utf-8-sig", newline="")
        try:
            self._given = dict(self._unit(one) for one in units)
            for _ in self.points():
                pass
        except BaseException:
            self._text.close()
            raise
        if unknown := [name for name in self._given if name not in self.units]:
            self._text.close()
            raise HistoryError(f"{file} has no codename {', '.join(unknown)}, named by --unit")

    def close(self) -> None:
        """Close the file."""
        self._text.close()

    def _unit(self, text: str) -> tuple[str, str]:
        name, equals, unit = text.partition("=")
        if not equals:
            raise HistoryError(f"--unit {text}: write CODENAME=UNIT, for example oven=K")
        return name, check_unit(unit)

    def points(self) -> Iterator[Given]:
        """Yield the points, line by line.

        Raises:
            HistoryError: If a line of it is wrong; it names the line.
        """
        self._text.seek(0)
        try:
            first = self._text.readline()
            delimiter = max(",;\t", key=first.count)
            self._text.seek(0)
            lines = csv.reader(self._text, delimiter=delimiter, strict=True)
            heading = [one.strip() for one in next(lines, [])]
            read = self._reader(heading)
            numbers = _Numbers(comma=delimiter != ",")
            for cells in lines:
                if not any(cells):
                    continue
                try:
                    if len(cells) != len(heading):
                        raise ValueError(f"{len(cells)} cells under {len(heading)} headings")
                    yield from read(cells, numbers)
                except (ValueError, OverflowError, OSError) as error:
                    raise HistoryError(f"{self._file}:{lines.line_num}: {error}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise HistoryError(f"{self._file} is no CSV in UTF-8: {error}") from error

    def _reader(self, heading: Sequence[str]) -> Callable[..., Iterator[Given]]:
        low = [one.lower() for one in heading]
        time = next((low.index(one) for one in _TIMES if one in low), None)
        if time is None:
            raise HistoryError(
                f"{self._file}:1: no column 'time' in {', '.join(heading) or 'an empty line'}; "
                "the first line names the columns: time,codename,value, or time,oven,chiller"
            )
        if "codename" in low and "value" in low:
            return self._long(time, {name: place for place, name in enumerate(low)})
        return self._wide(time, heading)

    def _long(self, time: int, places: Mapping[str, int]) -> Callable[..., Iterator[Given]]:
        name, value = places["codename"], places["value"]
        unit, x = places.get("unit"), places.get("x")

        def read(cells: Sequence[str], numbers: _Numbers) -> Iterator[Given]:
            found = _COLUMN.fullmatch(cells[name].strip())
            if found is None or found["unit"] is not None:
                raise ValueError(f"{cells[name]!r} is no codename: letters, digits and _")
            codename = found["codename"]
            if codename not in self.units:
                told = "" if unit is None else cells[unit].strip()
                self.units[codename] = self._given.get(codename) or (told and check_unit(told))
            y = numbers.value(codename, cells[value])
            if y is not None:
                at = None if x is None or not cells[x] else numbers.number(cells[x])
                yield Given(codename, numbers.time(cells[time]), y, at)

        return read

    def _wide(self, time: int, heading: Sequence[str]) -> Callable[..., Iterator[Given]]:
        columns: list[tuple[int, str]] = []
        for place, text in enumerate(heading):
            if place == time or text.lower() in _IGNORED:
                continue
            found = _COLUMN.fullmatch(text)
            if found is None:
                raise HistoryError(
                    f"{self._file}:1: column {place + 1}, {text!r}, is no codename: letters, "
                    "digits and _, and a unit in brackets if you like: oven [K]"
                )
            codename = found["codename"]
            if codename in (one for _, one in columns):
                raise HistoryError(f"{self._file}:1: two columns are named {codename}")
            try:
                told = found["unit"] and check_unit(found["unit"].strip())
            except UnitError as error:
                raise HistoryError(f"{self._file}:1: column {place + 1}: {error}") from error
            self.units[codename] = self._given.get(codename) or told or ""
            columns.append((place, codename))

        def read(cells: Sequence[str], numbers: _Numbers) -> Iterator[Given]:
            at = numbers.time(cells[time])
            for place, codename in columns:
                y = numbers.value(codename, cells[place])
                if y is not None:
                    yield Given(codename, at, y)

        return read


class _Numbers:
    """Reads cells; what was a number once stays one, so that a misprint is found.

    Args:
        comma: Whether a decimal comma may be meant: a comma does not part cells then.
    """

    def __init__(self, *, comma: bool) -> None:
        self._comma = comma
        self._is_number: dict[str, bool] = {}

    def number(self, text: str) -> float:
        """Return the number in a cell."""
        return float(text.replace(",", ".") if self._comma else text)

    def value(self, codename: str, text: str) -> Any:
        """Return the value in a cell; None if there is none."""
        text = text.strip()
        if text.lower() in _MISSING:
            return None
        try:
            number = self.number(text)
        except ValueError:
            if self._is_number.setdefault(codename, False):
                raise ValueError(
                    f"{codename}: {text!r} is no number, and those before it are"
                ) from None
            return text
        return number if self._is_number.setdefault(codename, True) else text

    def time(self, text: str) -> float:
        """Return the unix time in a cell."""
        text = text.strip()
        try:
            seconds = self.number(text)
        except ValueError:
            return _dated(text)
        if not _UNIX_FROM <= seconds < _UNIX_BEFORE:
            raise ValueError(f"{text} is no unix time in seconds (now it is about 1.8e9)")
        return seconds


def _dated(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise ValueError(
            f"{text!r} is no time: unix time in seconds, or 2026-11-24 10:00:00, with +01:00 or Z "
            "behind it where it is not local"
        ) from None
