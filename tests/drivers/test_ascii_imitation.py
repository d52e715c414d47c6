"""The answers that a simulated instrument makes up from its section."""

import re
from typing import Any

import pytest
from labframe_drivers.ascii import Ascii, AsciiSimulator
from labframe_drivers.ascii.imitation import as_in, invented, pieces_of

from labframe.simulation import SimulationError


@pytest.mark.parametrize(
    ("example", "number", "written"),
    [
        ("12.34", 5, "5.00"), ("+1.2340E-03", 0.25, "+2.5000E-01"), ("+12.3", -4, "-4.0"),
        ("007", 42, "042"), ("00.50", 1.25, "01.25"), ("7", 8, "8"), ("1e3", 5, "5e+00"),
        ("TEXT", 0.125, "0.125"), ("-3.5", 2, "2.0"), (".5", 0.75, "0.8"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_the_example_is(example: str, number: float, written: str) -> None:
    assert as_in(example, number) == written


@pytest.mark.parametrize(
    ("example", "pattern", "many", "pieces"),
    [
        ("12.5", None, 1, ["", "12.5", ""]),
        ("1,2,3", None, 3, ["", "1", ",", "2", ",", "3", ""]),
        ("T=12.5 K", r"T=(\S+) K", 1, ["T=", "12.5", " K"]),
        ("A1B2C", r"A(\d)B(\d)C", 2, ["A", "1", "B", "2", "C"]),
        ("ON", "ON|OFF", 1, ["", "ON", ""]),
    ],
)
def test_an_example_is_cut_at_its_values(
    example: str, pattern: str | None, many: int, pieces: list[str]
) -> None:
    assert pieces_of(example, pattern, many) == pieces


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        (r"(.*)", ["12.5"]), (r"TEMP (\S+) K", ["12.5"]), (r"V1 (\d+\.\d+)V?", ["12.5"]),
        (r"([-+.\d]+),([-+.\d]+)", ["1.5", "2.5"]), (r"\+?(?:A=)(\d+)\s*", ["12"]),
        (r"OK|NO=(?:\d+)", []), (r"(?:A|B(?:C|D))(\d+)", ["12"]), (r"A[|](\d+)", ["12"]),
        (r"[^x]{2}(\d+)[a-f]+", ["12"]), (r"\*([0-9.]+)\?", ["1.5"]), (r"[-+.\dE]+", ["1.5E3"]),
    ],
)  # fmt: skip
def test_a_pattern_without_example_gives_an_answer_that_matches_it(
    pattern: str, values: list[str]
) -> None:
    pieces = invented(pattern, values)

    assert pieces[1::2] == values
    found = re.fullmatch(pattern, "".join(pieces))
    assert found is not None
    assert list(found.groups() or (found[0],))[: len(values)] == values


@pytest.mark.parametrize("pattern", [r"Ax|y(\d+)", r"(\d+)(?=K)K", r"(\d{8})", "[A"])
def test_a_pattern_that_needs_more_asks_for_an_example(pattern: str) -> None:
    with pytest.raises(SimulationError, match="write one: example = "):
        invented(pattern, ["12.5"])


def test_a_section_without_an_answer_says_which_reading_lacks_it() -> None:
    table = {"reading": {"t": {"request": "T?", "pattern": r"(\d{8})"}}}
    with pytest.raises(SimulationError, match=r"reading.t: pattern = .* example"):
        AsciiSimulator.for_section(table)


def answered(table: dict[str, Any], request: bytes, **state: object) -> list[bytes]:
    simulator = AsciiSimulator.for_section(table)(latency_s=0, **state)
    return [one.data for one in simulator.feed(request, 0.0)]


def test_what_it_knows_are_the_readings_of_the_section() -> None:
    known = AsciiSimulator.for_section(Ascii.example()).settables()

    assert {"temperature", "setpoint", "running", "status"} <= known.keys()
    assert "°C" in known["temperature"].doc


def test_a_value_may_be_a_word_that_means_none() -> None:
    table = {**Ascii.example()}
    assert answered(table, b"in_pv_00\r", temperature="---.--") == [b"---.--\n"]
    with pytest.raises(SimulationError, match="temperature = 'hot'"):
        answered(table, b"", temperature="hot")


def test_what_it_does_not_know_is_refused_as_the_section_says_or_not_answered() -> None:
    table: dict[str, Any] = {"reading": {"t": {"request": "T?", "unit": "K"}}}
    assert answered(table, b"X?\r\n") == []
    assert answered({**table, "errors": ["ERR \\d\\d"]}, b"X?\r\n") == [b"ERR 00\r\n"]
    assert answered({**table, "setup": ["X?"]}, b"X?\r\n") == []


def test_a_command_out_of_its_limits_changes_nothing() -> None:
    command = {"request": "S {v}", "limits": [0, 10], "read_back": "t", "acknowledge": "OK"}
    table = {
        "reading": {"t": {"request": "T?", "unit": "K"}}, "command": {"s": command},
        "errors": ["NO"],
    }  # fmt: skip
    assert answered(table, b"S 5\r\nT?\r\n") == [b"OK\r\n", b"5.0\r\n"]
    assert answered(table, b"S 50\r\nT?\r\n") == [b"NO\r\n", b"1.5\r\n"]
    assert answered(table, b"S hot\r\n") == [b"NO\r\n"]


@pytest.mark.parametrize(
    ("line", "request_", "answers"),
    [
        ({"terminator": "\r"}, b"T?\r", [b"1.5\r"]),
        ({"write_terminator": "", "read_terminator": ""}, b"T?", [b"1.5"]),
        ({"terminator": ";FF"}, b"T?;FF", [b"1.5;FF"]),
        ({"echo": "command"}, b"T?\r\n", [b"T?\r\n", b"1.5\r\n"]),
        ({"echo": "local"}, b"T?\r\n", [b"T?\r\n", b"1.5\r\n"]),
    ],
)
def test_its_line_is_that_of_the_section(
    line: dict[str, str], request_: bytes, answers: list[bytes]
) -> None:
    table = {"line": line, "reading": {"t": {"request": "T?", "unit": "K"}}}
    assert answered(table, request_) == answers


def test_a_reading_may_have_the_name_of_something_that_every_simulator_has() -> None:
    table = {"reading": {"volatile": {"request": "V?", "unit": "K", "example": "3.0"}}}
    assert answered(table, b"V?\r\n", volatile_value=4) == [b"4.0\r\n"]


def test_a_truth_value_is_written_as_the_pattern_wants_it() -> None:
    table = {"reading": {"on": {"request": "O?", "type": "bool", "pattern": "OUT (ON|OFF)"}}}
    assert answered(table, b"O?\r\n", on=True) == [b"OUT ON\r\n"]
    assert answered(table, b"O?\r\n") == [b"OUT OFF\r\n"]


def test_a_refusal_that_is_a_number_is_made_up_too() -> None:
    table = {"reading": {"t": {"request": "T?", "unit": "K"}}, "errors": [r"\?(\d\d)"]}
    assert answered(table, b"X\r\n") == [b"?00\r\n"]
