"""Pfeiffer's telegrams and data types: published ones, and each side against the other.

Driver and simulator share no code, so what they agree on was read twice from the same rules.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labframe_drivers.tc400 import Tc400, Tc400Simulator, telegrams
from labframe_drivers.tc400.data_types import (
    BOOLEAN_NEW,
    BOOLEAN_OLD,
    STRING,
    STRING_16,
    U_EXPO_NEW,
    U_INTEGER,
    U_REAL,
    U_SHORT_INT,
    DataType,
)
from labframe_drivers.tc400.error_codes import meaning_of

from labframe.errors import BadReply
from labframe.line import Framing

unhurried = settings(max_examples=200, deadline=None)


def framing() -> Framing:
    assert Tc400.line is not None
    assert Tc400.line.framing is not None
    return Tc400.line.framing


QUESTIONS = [
    ("actual speed of unit 123: manual of the TC 400, page 25", 123, 309, "1230030902=?112"),
    ("pressure of gauge 1: manual of the PPT 100, page 13", 1, 740, "0010074002=?106"),
    ("name of unit 1: pfeifferpumps, example02.json", 1, 349, "0010034902=?111"),
    ("name of unit 2: pfeifferpumps, example02.json", 2, 349, "0020034902=?112"),
    ("error code: pfeifferpumps, example02.json", 1, 303, "0010030302=?101"),
]

COMMANDS = [
    ("switch on unit 42: manual of the TC 400, page 25", 42, 10, "111111", "0421001006111111020"),
    ("atmosphere of gauge 1: manual of the PPT 100, page 13", 1, 741, "001", "0011074103001130"),
]

ANSWERS = [
    ("633 Hz: manual of the TC 400, page 25", 123, 309, U_INTEGER, 633, "1231030906000633037"),
    ("it is on: manual of the TC 400, page 25", 42, 10, BOOLEAN_OLD, True, "0421001006111111020"),
    ("1000 hPa: manual of the PPT 100, page 13", 1, 740, U_EXPO_NEW, 1000.0, "0011074006100023025"),
    ("a TC 110's name: recorded", 1, 349, STRING, "TC 110", "0011034906TC 110065"),
    ("an MVP 015's name: recorded", 2, 349, STRING, "MVP015", "0021034906MVP015130"),
    ("a TC 110 at 19 Hz: recorded", 1, 309, U_INTEGER, 19, "0011030906000019030"),
    ("a TC 110 at 18 Hz: recorded", 1, 309, U_INTEGER, 18, "0011030906000018029"),
    ("a TC 110 that is off: recorded", 1, 10, BOOLEAN_OLD, False, "0011001006000000009"),
    ("a TC 110's vent mode: recorded", 1, 30, U_SHORT_INT, 0, "0011003003000120"),
    ("a TC 110 without error: recorded", 1, 303, STRING, "000000", "0011030306000000014"),
]

VALUES = [
    (BOOLEAN_OLD, "000000", False), (BOOLEAN_OLD, "111111", True), (U_INTEGER, "000000", 0),
    (U_INTEGER, "999999", 999999), (U_REAL, "001571", 15.71), (STRING, "TC_400", "TC_400"),
    (BOOLEAN_NEW, "0", False), (BOOLEAN_NEW, "1", True), (U_SHORT_INT, "999", 999),
    (U_EXPO_NEW, "100023", 1000.0), (STRING_16, "BrezelBier&Wurst", "BrezelBier&Wurst"),
]  # fmt: skip
"""Manual of the TC 110 PB, page 32."""


@pytest.mark.parametrize(
    ("address", "parameter", "frame"), [one[1:] for one in QUESTIONS], ids=[q[0] for q in QUESTIONS]
)
def test_a_question_is_written_as_published(address: int, parameter: int, frame: str) -> None:
    payload = telegrams.question(address, parameter)
    assert framing().encode(payload) == f"{frame}\r".encode()


@pytest.mark.parametrize(
    ("address", "parameter", "data", "frame"),
    [one[1:] for one in COMMANDS],
    ids=[c[0] for c in COMMANDS],
)
def test_a_command_is_written_as_published(
    address: int, parameter: int, data: str, frame: str
) -> None:
    payload = telegrams.command(address, parameter, data)
    assert framing().encode(payload) == f"{frame}\r".encode()


@pytest.mark.parametrize(
    ("address", "parameter", "data_type", "value", "frame"),
    [one[1:] for one in ANSWERS],
    ids=[a[0] for a in ANSWERS],
)
def test_an_answer_is_read_as_published(
    address: int, parameter: int, data_type: DataType[object], value: object, frame: str
) -> None:
    payload = framing().decoder().feed(f"{frame}\r".encode())
    assert payload is not None
    assert data_type.decode(telegrams.answered(payload, address, parameter)) == value


@pytest.mark.parametrize("frame", ["0011099906NO_DEF206", "0011100006NO_DEF180"])
def test_the_checksum_of_a_refusal_is_as_published(frame: str) -> None:
    assert framing().decoder().feed(f"{frame}\r".encode()) == frame[:-3].encode()


@pytest.mark.parametrize(("data_type", "data", "value"), VALUES)
def test_the_types_are_read_and_written_as_published(
    data_type: DataType[object], data: str, value: object
) -> None:
    assert data_type.decode(data) == value
    assert data_type.encode(value) == data


@unhurried
@given(st.integers(0, 999999))
def test_every_whole_number_comes_back(value: int) -> None:
    assert U_INTEGER.decode(U_INTEGER.encode(value)) == value


@unhurried
@given(st.floats(0, 9999.99))
def test_a_fixed_point_number_comes_back_rounded(value: float) -> None:
    assert U_REAL.decode(U_REAL.encode(value)) == pytest.approx(value, abs=0.00501)


@unhurried
@given(st.floats(1e-20, 9.99e79))
def test_an_exponential_number_comes_back_with_four_digits(value: float) -> None:
    assert math.isclose(U_EXPO_NEW.decode(U_EXPO_NEW.encode(value)), value, rel_tol=5.01e-4)


@unhurried
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=6))
def test_a_text_comes_back_without_the_blanks_behind_it(value: str) -> None:
    assert STRING.decode(STRING.encode(value)) == value


@unhurried
@given(st.text(max_size=8))
def test_no_text_makes_a_type_raise_anything_but_value_error(data: str) -> None:
    for data_type in (BOOLEAN_OLD, U_INTEGER, U_REAL, U_EXPO_NEW, STRING, U_SHORT_INT):
        try:
            data_type.decode(data)
        except ValueError:
            continue
        assert len(data) == data_type.length
        assert data.isascii()


@pytest.mark.parametrize(
    ("data_type", "data"),
    [
        (BOOLEAN_OLD, "111110"), (BOOLEAN_OLD, "222222"), (BOOLEAN_OLD, "1"),
        (U_INTEGER, " 00633"), (U_INTEGER, "-00633"), (U_INTEGER, "00633"), (U_INTEGER, "NO_DEF"),
        (U_INTEGER, "٠٠٠٦٣٣"), (U_REAL, "15.710"), (U_EXPO_NEW, "1.0E23"), (STRING, "TC\x00400"),
    ],
)  # fmt: skip
def test_what_the_manual_does_not_allow_is_no_value(data_type: DataType[object], data: str) -> None:
    with pytest.raises(ValueError, match=data_type.name):
        data_type.decode(data)


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        (U_INTEGER, -1), (U_INTEGER, 10**6), (U_SHORT_INT, 1000), (U_REAL, 10000.0),
        (U_REAL, -0.1), (U_EXPO_NEW, -1.0), (U_EXPO_NEW, 1e80), (U_EXPO_NEW, math.inf),
        (U_EXPO_NEW, 1e-21), (STRING, "too long"),
    ],
)  # fmt: skip
def test_what_a_type_cannot_say_is_refused(data_type: DataType[object], value: object) -> None:
    with pytest.raises(ValueError, match="can say that"):
        data_type.encode(value)


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"001", b"0021030906000633", b"0011030806000633", b"0010030902=?",
        b"001103090700063", b"0011130906000633", b"001103090600063\xb3",
    ],
)  # fmt: skip
def test_the_answer_of_another_unit_or_to_another_question_is_refused(reply: bytes) -> None:
    with pytest.raises(BadReply):
        telegrams.answered(reply, 1, 309)


@unhurried
@given(st.integers(1, 255), st.integers(0, 999), st.sampled_from(["question", "command"]))
def test_the_simulator_understands_what_the_driver_writes(
    address: int, parameter: int, kind: str
) -> None:
    payload = (
        telegrams.question(address, parameter)
        if kind == "question"
        else telegrams.command(address, parameter, "000001")
    )
    (answer,) = Tc400Simulator(address=address).feed(framing().encode(payload), 0.0)
    reply = framing().decoder().feed(answer.data)
    assert reply is not None
    telegrams.answered(reply, address, 797 if parameter == 797 else parameter)


def test_an_error_code_is_told_with_its_meaning() -> None:
    assert meaning_of("000000") == "ok"
    assert meaning_of("Err006") == "Err006: run-up took too long"
    assert meaning_of("Wrn007") == "Wrn007: mains power failed or low"
    assert meaning_of("Err599") == "Err599: see the manual"
    with pytest.raises(ValueError, match="no error code"):
        meaning_of("E00006")
