"""A plot in a file, drawn by matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from labframe_plugins.recorder.command_line.course import Course, Mark, is_logarithmic
from labframe_plugins.recorder.command_line.times import Clock
from labframe_plugins.recorder.frames import MissingLibrary

__all__ = ["draw"]

_STYLE: Final = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "labframe",  # the same picture is the same file
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
_SVG_FACTS: Final = ("Creator", "Date", "Format", "Type")  # left out: nothing is to be fetched
_INCHES: Final = (10.0, 2.6)
_MOST_TEXTS: Final = 30


def draw(
    file: Path, drawn: Sequence[Course], marks: Sequence[Mark], *, log: bool | None = None
) -> None:
    """Write a picture: one axis for each unit, gaps left open, commands as marks with their text.

    Args:
        file: ``.png``, ``.svg`` or ``.pdf``.
        drawn: What to draw.
        marks: What to mark.
        log: Whether the axes are logarithmic; None is for pressures that span a decade.

    Raises:
        MissingLibrary: If matplotlib is not installed.
    """
    try:
        matplotlib, figures = import_module("matplotlib"), import_module("matplotlib.figure")
    except ImportError as error:
        raise MissingLibrary(
            "a plot in a file needs matplotlib: pip install 'labframe[plot]', or pip install "
            "matplotlib; --plot alone draws in the terminal"
        ) from error
    units = list(dict.fromkeys(course.unit for course in drawn))
    with matplotlib.rc_context(_STYLE):
        width, height = _INCHES
        figure = figures.Figure((width, 1.2 + height * len(units)), layout="constrained")
        axes = figure.subplots(len(units), 1, sharex=True, squeeze=False)[:, 0]
        for axis, unit in zip(axes, units, strict=True):
            _fill(axis, [course for course in drawn if course.unit == unit], log)
        _mark(axes, marks)
        _time(axes[-1], drawn)
        figure.align_ylabels(axes)
        suffix = file.suffix.lower()
        stamp = {".svg": dict.fromkeys(_SVG_FACTS), ".pdf": {"CreationDate": None}}.get(suffix)
        figure.savefig(file, dpi=150, metadata=stamp)


def _fill(axis: Any, group: Sequence[Course], log: bool | None) -> None:
    for number, course in enumerate(group):
        colour = f"C{number % 10}"
        for place, piece in enumerate(course.pieces):
            times = [_moment(one.time) for one in piece]
            label = course.codename if place == 0 else None
            style = "." if len(piece) == 1 else "-"
            axis.plot(times, [one.mean for one in piece], style, color=colour, lw=1.2, label=label)
            lows, highs = [one.low for one in piece], [one.high for one in piece]
            if lows != highs:
                axis.fill_between(times, lows, highs, color=colour, alpha=0.3, lw=0)
    names = " and ".join(course.codename for course in group) if len(group) < 3 else ""
    unit = f"[{group[0].unit}]" if group[0].unit else ""
    axis.set_ylabel(f"{names} {unit}".strip())
    if len(group) > 1:
        axis.legend(loc="upper left", frameon=False)
    if is_logarithmic(group, log):
        axis.set_yscale("log")


def _mark(axes: Sequence[Any], marks: Sequence[Mark]) -> None:
    for number, mark in enumerate(marks):
        colour = "0.35" if mark.outcome == "done" else "tab:red"
        for axis in axes:
            axis.axvline(_moment(mark.time), color=colour, lw=0.8, ls="--")
        if number < _MOST_TEXTS:
            text = mark.text if mark.outcome == "done" else f"{mark.text}: {mark.outcome}"
            axes[0].annotate(
                text.replace("$", r"\$"), (_moment(mark.time), 1.0),
                xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
                rotation=15, fontsize=8, color=colour, annotation_clip=False,
            )  # fmt: skip


def _time(axis: Any, drawn: Sequence[Course]) -> None:
    dates = import_module("matplotlib.dates")
    times = [place.time for course in drawn for place in course.places()]
    clock = Clock((min(times), max(times)))
    zone = datetime.fromtimestamp(max(times), UTC).astimezone().tzinfo
    locator = dates.AutoDateLocator(tz=zone)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=zone))
    axis.set_xlabel(f"time ({clock.zone})")


def _moment(time: float) -> datetime:
    return datetime.fromtimestamp(time, UTC)
