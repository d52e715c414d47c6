"""The settings of a line: every field is verified, and the message names the allowed values."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from labframe.line import EnqAck, FixedLength, SerialLine, Terminated


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("baudrate", 0, "a whole number, 50 to 12000000"),
        ("baudrate", 9600.0, "a whole number"),
        ("baudrate", True, "a whole number"),
        ("bytesize", 9, "5, 6, 7 or 8"),
        ("parity", "none", "'N', 'E', 'O', 'M' or 'S'"),
        ("parity", "n", "'N', 'E', 'O', 'M' or 'S'"),
        ("stopbits", 3, "1, 1.5 or 2"),
        ("rtscts", 1, "True or False"),
        ("xonxoff", None, "True or False"),
        ("dtr", "on", "True, False or None (as the system sets it)"),
        ("rts", 0, "True, False or None (as the system sets it)"),
        ("terminator", "\r\n", "bytes such as b'\\r\\n'"),
        ("write_terminator", "\r", "bytes such as b'\\r\\n' or None"),
        ("read_terminator", 13, "bytes such as b'\\r\\n' or None"),
        ("framing", "silence", "a framing such as FixedLength(8), or None"),
        ("encoding", "asci", "a text encoding such as 'ascii' or 'latin-1'"),
        ("encoding", None, "a text encoding"),
        ("first_byte_s", 0, "a number of seconds above 0"),
        ("gap_s", -1.0, "a number of seconds above 0"),
        ("total_s", float("inf"), "a number of seconds above 0"),
        ("total_s", float("nan"), "a number of seconds above 0"),
        ("min_gap_s", -0.1, "a number of seconds, 0 or more"),
        ("min_gap_s", "1", "a number of seconds, 0 or more"),
        ("echo", "on", "'none', 'local' or 'command'"),
    ],
)
def test_a_value_that_cannot_be_is_refused(field: str, value: Any, allowed: str) -> None:
    with pytest.raises(ValueError) as caught:
        SerialLine(**{field: value})
    assert str(caught.value).startswith(f"{field} = {value!r}: not {allowed}")


def test_an_answer_cannot_begin_after_its_end() -> None:
    with pytest.raises(ValueError, match=r"first_byte_s = 5: longer than total_s = 3.*raise total"):
        SerialLine(first_byte_s=5)
    assert SerialLine(first_byte_s=5, total_s=5).first_byte_s == 5


def test_a_handshake_has_no_command_echo() -> None:
    with pytest.raises(ValueError, match="echo = 'command': not with a handshake"):
        SerialLine(framing=EnqAck(), echo="command")


def test_a_configuration_overrides_single_settings() -> None:
    declared = SerialLine(baudrate=9600, bytesize=7, parity="O")
    assert dataclasses.replace(declared, baudrate=19200) == SerialLine(
        baudrate=19200, bytesize=7, parity="O"
    )
    with pytest.raises(ValueError, match="baudrate = 'fast'"):
        dataclasses.replace(declared, baudrate="fast")  # type: ignore[arg-type]  # that is the test


@pytest.mark.parametrize(
    ("settings", "framing"),
    [
        (SerialLine(), Terminated(write=b"\r\n", read=b"\r\n")),
        (SerialLine(terminator=b"\r"), Terminated(write=b"\r", read=b"\r")),
        (SerialLine(write_terminator=b"\r"), Terminated(write=b"\r", read=b"\r\n")),
        (SerialLine(read_terminator=b""), Terminated(write=b"\r\n", read=b"")),
        (SerialLine(framing=FixedLength(8), terminator=b"\r"), FixedLength(8)),
    ],
)
def test_terminators_hold_for_both_directions_unless_said_otherwise(
    settings: SerialLine, framing: object
) -> None:
    assert settings.effective_framing == framing


@pytest.mark.parametrize(
    ("settings", "byte_s"),
    [
        (SerialLine(), 10 / 9600),
        (SerialLine(bytesize=7, parity="O"), 10 / 9600),
        (SerialLine(baudrate=300, stopbits=2), 11 / 300),
    ],
)
def test_a_byte_takes_its_time_on_the_wire(settings: SerialLine, byte_s: float) -> None:
    assert settings.byte_s == pytest.approx(byte_s)
