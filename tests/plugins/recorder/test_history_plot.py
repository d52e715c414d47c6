"""Plots in the terminal and in files: gaps open, units on the axes, commands as marks."""

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import Result
from labframe_plugins.recorder import HistoryWriter, open_history
from labframe_plugins.recorder.command_line.choice import Span
from labframe_plugins.recorder.command_line.course import courses, is_logarithmic
from labframe_plugins.recorder.command_line.terminal_plot import Canvas
from recording import START

Shown = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("copenhagen")

EVER = Span(None, None)


def drawn(lines: list[str]) -> list[str]:
    """Return what is behind the axis, filled up with blanks."""
    return [line.partition("┤")[2].ljust(100) for line in lines if "┤" in line]


def columns_of(lines: list[str]) -> str:
    """Return a mark for each column of a plot: whether there is anything in it."""
    rows = drawn(lines)
    return "".join("x" if any(row[at] != " " for row in rows) else " " for at in range(100))


def test_dots_of_a_canvas_are_braille() -> None:
    canvas = Canvas(2, 1)
    for place in ((0, 0), (0, 3), (3, 1), (9, 9)):
        canvas.dot(*place)

    assert canvas.lines() == ["⡁⠠"]
    canvas.line(0, 0, 3, 3)
    assert canvas.lines() == ["⡡⠪"]


def test_in_the_terminal_a_rise_goes_up_and_a_gap_is_left_open(shown: Shown, lab: Path) -> None:
    found = shown("oven", "--plot", "--file", lab, columns=80)

    lines = found.stdout.splitlines()
    assert lines[0] == "oven [K]"
    assert lines[1].startswith("  359 ┤")
    assert lines[8].startswith("  300 ┤")
    assert max(map(len, lines)) <= 80
    first, last = drawn(lines)[-1], drawn(lines)[0]
    assert first.strip()
    assert last.strip()
    assert first.index(first.strip()[0]) < last.index(last.strip()[0])
    gap = re.fullmatch(r"x+( +)x+ *", columns_of(lines))
    assert gap is not None
    assert 20 <= len(gap[1]) <= 26  # 20 of 59 s, in 73 columns


def test_commands_are_marked_where_they_came(shown: Shown, lab: Path) -> None:
    lines = shown("oven", "chiller", "--plot", "--file", lab, columns=80).stdout.splitlines()

    marks = next(line for line in lines if line.strip().startswith("▲") and "2026" not in line)
    axis = next(line for line in lines if "└" in line)
    width, begin = axis.count("─"), axis.index("└") + 1
    places = [at - begin for at, letter in enumerate(marks) if letter == "▲"]
    assert places == pytest.approx([width * 25 / 59, width * 50 / 59], abs=1.1)
    assert lines[-2:] == [
        "▲ 2026-11-18 12:07:05  furnace.setpoint(target = 500): done",
        "▲ 2026-11-18 12:07:30  furnace.setpoint(target = 5000): refused",
    ]
    assert "time (CET = UTC+01:00)" in lines[-4]


def test_pressures_over_decades_are_logarithmic_and_others_on_request(
    shown: Shown, lab: Path
) -> None:
    def heading(*words: str) -> str:
        return shown("--plot", "--file", lab, *words).stdout.splitlines()[0]

    assert heading("chamber_pressure") == "chamber_pressure [mbar], logarithmic"
    assert heading("chamber_pressure", "--linear") == "chamber_pressure [mbar]"
    assert heading("oven") == "oven [K]"
    assert heading("oven", "--log") == "oven [K], logarithmic"
    assert heading("chiller", "--log") == "chiller [°C], logarithmic"  # without what is below 0


def test_a_peak_of_one_point_in_a_million_is_drawn(shown: Shown, tmp_path: Path) -> None:
    values = [0.0] * 100_000
    values[50_000] = 1000.0
    with HistoryWriter(tmp_path / "lab.db") as writer:
        writer.points("oven", [START + one for one in range(100_000)], values)

    top = drawn(shown("oven", "--plot", "--file", "lab.db").stdout.splitlines())[0].rstrip()

    assert len(top.strip()) == 1
    assert len(top) == pytest.approx(48, abs=2)


def test_a_gap_is_open_however_it_is_resampled(lab: Path) -> None:
    with open_history(lab) as history:
        for width in (1000, 41, 30, 12):
            (course,) = courses(history, ["oven"], EVER, width)
            before, after = course.pieces
            assert before[-1].high == 320
            assert after[0].low == 340
        pieces = courses(history, ["oven"], Span(START + 45, None), 100)[0].pieces
    assert [len(piece) for piece in pieces] == [15]


def test_a_short_gap_within_what_is_drawn_as_one_place_cuts_nothing(tmp_path: Path) -> None:
    with HistoryWriter(tmp_path / "lab.db") as writer:
        writer.points("oven", [START + one for one in range(10_000)], range(10_000))
        writer.gap("oven", START + 5003, START + 5004, "error")
        writer.gap("oven", START + 8000, START + 8200, "stale")

    with open_history(tmp_path / "lab.db") as history:
        (course,) = courses(history, ["oven"], EVER, 20)
        assert is_logarithmic([course], None) is False
    assert [len(piece) for piece in course.pieces] == [20]


# Files.


def texts(picture: Path) -> list[str]:
    svg = "{http://www.w3.org/2000/svg}"
    return ["".join(one.itertext()) for one in ElementTree.parse(picture).iter(f"{svg}text")]


def test_a_picture_has_one_axis_for_each_unit_and_the_commands(shown: Shown, lab: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    with HistoryWriter(lab) as writer:
        writer.describe("oven_2", unit="K")
        writer.points("oven_2", [START, START + 50], [310.0, 315.0])

    found = shown("oven*", "chamber_pressure", "--plot", "out.svg", "--file", lab)
    assert found.exit_code == 0, found.output

    told = texts(lab.parent / "out.svg")
    assert "oven and oven_2 [K]" in told
    assert "chamber_pressure [mbar]" in told
    assert "time (CET = UTC+01:00)" in told
    assert "furnace.setpoint(target = 500)" in told
    assert "furnace.setpoint(target = 5000): refused" in told
    assert told.count("oven") == 1  # in the legend


def test_a_picture_leaves_gaps_open_and_is_the_same_each_time(shown: Shown, lab: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")

    for name in ("one.svg", "two.svg"):
        assert shown("oven", "--plot", name, "--file", lab).exit_code == 0

    one = (lab.parent / "one.svg").read_text("utf-8")
    assert one == (lab.parent / "two.svg").read_text("utf-8")
    lines = re.findall(r'd="(M[^"]*)" clip-path="[^"]*" style="fill: none; stroke: #1f77b4', one)
    assert len(lines) == 2


def test_a_picture_may_be_a_png(shown: Shown, lab: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")

    assert shown("oven", "--plot", "out.png", "--log", "--file", lab).exit_code == 0

    assert (lab.parent / "out.png").read_bytes().startswith(b"\x89PNG")
