"""The simulated SPS30 at times that a test makes up, byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import labframe_drivers
import pytest
from labframe_drivers.sps30 import Sps30Simulator
from labframe_drivers.sps30.octets import FrameReader, framed

from labframe.simulation import SimulationError

README = Path(labframe_drivers.__file__).parent / "sps30" / "README.md"
FLOATS, WHOLE_NUMBERS = b"\x01\x03", b"\x01\x05"
START, STOP, READ, SLEEP, WAKE, CLEAN, AUTO_CLEAN = 0x00, 0x01, 0x03, 0x10, 0x11, 0x56, 0x80
INFORMATION, VERSION, STATUS, RESET = 0xD0, 0xD1, 0xD2, 0xD3
NOT_NOW = 0x43


class Dialogue:
    """Sends commands at times that the test sets."""

    def __init__(self, **state: object) -> None:
        self.simulator = Sps30Simulator(**{"drift": 0, "awkward_every": 0, **state})
        self.now = 0.0

    def raw(self, data: bytes, at: float | None = None) -> bytes:
        self.now = self.now if at is None else at
        return b"".join(one.data for one in self.simulator.feed(data, self.now))

    def __call__(self, command: int, data: bytes = b"", at: float | None = None) -> bytes | int:
        """Return the data of the answer, the code of an error, or -1 for silence."""
        answer = self.raw(framed(bytes((0, command, len(data))) + data), at)
        if not answer:
            return -1
        reader = FrameReader()
        (content,) = [one for octet in answer if (one := reader.take(octet)) is not None]
        assert content[:2] == bytes((0, command))
        assert content[3] == len(content) - 4
        return content[2] & 0x7F or content[4:]


def values(data: bytes | int) -> tuple[float, ...]:
    assert isinstance(data, bytes)
    return struct.unpack(">10f", data)


def test_there_is_one_measurement_a_second_and_nothing_between() -> None:
    ask = Dialogue()
    assert ask(START, FLOATS, at=10) == b""
    assert ask(READ, at=10.9) == b""
    assert values(ask(READ, at=11.1))[:2] == pytest.approx((4.2, 6.1))
    assert ask(READ, at=11.5) == b""
    assert values(ask(READ, at=12.0))[9] == pytest.approx(0.57)
    assert len(values(ask(READ, at=60))) == 10
    assert ask(READ, at=60.5) == b""


def test_values_are_as_they_were_set_and_drift_around_that() -> None:
    ask = Dialogue(mass_pm1=15.8244628, number_pm10=3.0)
    ask(START, FLOATS)
    data = ask(READ, at=1)
    assert isinstance(data, bytes)
    assert data[:4] == bytes.fromhex("417D3100")
    assert values(data)[8] == 3.0
    ask.simulator.drift = 0.1
    found = [values(ask(READ, at=second))[8] for second in range(2, 300)]
    assert 2.7 < min(found) < 2.71
    assert 3.29 < max(found) < 3.3


def test_now_and_then_all_values_have_bytes_that_are_stuffed() -> None:
    ask = Dialogue(awkward_every=5)
    ask(START, FLOATS)
    seen = b""
    for second in range(1, 41):
        data = ask(READ, at=second)
        assert isinstance(data, bytes)
        pairs = [data[index + 2 : index + 4] for index in range(0, 40, 4)]
        if second % 5 == 0:
            assert all(set(pair) & set(b"\x7e\x7d\x11\x13") for pair in pairs)
            assert values(data)[:2] == pytest.approx((4.2, 6.1), rel=0.008)
            seen += data
    assert set(b"\x7e\x7d\x11\x13") <= set(seen)


@pytest.mark.parametrize(
    ("allowed", "orders"),
    [
        ("idle", [(START, FLOATS), (SLEEP, b"")]),
        ("measuring", [(STOP, b""), (READ, b""), (CLEAN, b"")]),
    ],
)
def test_a_command_in_the_wrong_state_is_refused_with_43(
    allowed: str, orders: list[tuple[int, bytes]]
) -> None:
    for command, data in orders:
        for state in ("idle", "measuring"):
            ask = Dialogue()
            if state == "measuring":
                ask(START, FLOATS)
            assert ask(command, data) == (b"" if state == allowed else NOT_NOW)
            assert ask(WAKE) in (NOT_NOW, -1)


def test_a_wake_up_while_awake_is_refused_as_a_sensor_did() -> None:
    """The whole capture of raspberrypi.SE 137657: a pulse, and the command twice."""
    ask = Dialogue(noise="fe")
    wake = bytes.fromhex("7E 00 11 00 EE 7E")  # not stuffed, and a sensor took it so
    assert ask.raw(b"\xff" + wake) == b"\xfe~\x00}1C\x00\xab~"
    ask.simulator.noise = ""
    assert ask.raw(wake) == b"~\x00}1C\x00\xab~"


def test_asleep_it_hears_a_wake_up_only_within_100_ms_of_a_pulse() -> None:
    wake = framed(b"\0\x11\0")
    woken = b"~\x00}1\x00\x00\xee~"
    ask = Dialogue()
    assert ask(SLEEP, at=0) == b""
    assert ask(INFORMATION, b"\x03", at=1) == -1
    assert ask.raw(wake, at=2) == b"", "its first byte is the pulse, and lost"
    assert ask.raw(wake, at=2.2) == b"", "too late"
    assert ask.raw(b"\xff", at=3) == b""
    assert ask(INFORMATION, b"\x03", at=3.05) == -1
    assert ask.raw(wake, at=3.09) == woken
    assert ask(START, FLOATS) == b""
    ask(STOP)
    ask(SLEEP)
    assert ask.raw(b"\xff" + wake, at=4) == woken
    ask(SLEEP)
    assert ask.raw(wake + wake, at=5) == woken, "the first one is the pulse"


def test_while_the_fan_is_cleaned_there_are_no_measurements() -> None:
    ask = Dialogue()
    ask(START, FLOATS, at=0)
    assert ask(CLEAN, at=2) == b""
    assert [ask(READ, at=second) for second in (3, 7, 11.9)] == [b"", b"", b""]
    assert len(values(ask(READ, at=12.1))) == 10
    assert ask.simulator.cleanings == 1
    ask(CLEAN, at=13)
    ask(STOP, at=14)
    ask(START, FLOATS, at=14)
    assert len(values(ask(READ, at=15))) == 10


def test_the_fan_is_cleaned_by_itself_after_its_interval() -> None:
    ask = Dialogue()
    assert ask(AUTO_CLEAN, b"\0") == (604800).to_bytes(4, "big")
    assert ask(AUTO_CLEAN, b"\0" + (60).to_bytes(4, "big")) == b""
    assert ask(AUTO_CLEAN, b"\0") == (60).to_bytes(4, "big")
    ask(START, FLOATS, at=0)
    assert ask(READ, at=59) != b""
    assert ask(READ, at=60) == b""
    assert ask(READ, at=70.5) != b""
    assert ask.simulator.cleanings == 1
    ask(AUTO_CLEAN, bytes(5))
    assert ask(READ, at=1e7) != b""
    assert ask.simulator.cleanings == 1


def test_a_measurement_in_whole_numbers_has_twenty_bytes() -> None:
    ask = Dialogue()
    ask(START, WHOLE_NUMBERS)
    data = ask(READ, at=1)
    assert isinstance(data, bytes)
    assert struct.unpack(">10H", data) == (4, 6, 7, 7, 28, 33, 34, 34, 34, 570)


def test_it_says_who_it_is() -> None:
    ask = Dialogue(serial_number="8BD3E0F1", firmware="2.1")
    assert ask(INFORMATION, b"\0") == b"00080000\0"
    assert ask(INFORMATION, b"\3") == b"8BD3E0F1\0"
    assert ask(VERSION) == bytes((2, 1, 0, 7, 0, 2, 0))


def test_what_is_wrong_is_in_the_register_and_in_every_state_byte() -> None:
    ask = Dialogue(fan_failed=True, laser_failed=True)
    assert ask.raw(framed(b"\0\x01\0")) == framed(b"\0\x01\xc3\0")
    assert ask(STATUS, b"\0") == bytes.fromhex("0000003000")
    ask.simulator.fan_speed_wrong = True
    assert ask(STATUS, b"\1") == bytes.fromhex("0020003000")
    assert ask(STATUS, b"\0") == bytes(5)
    assert ask.raw(framed(b"\0\x01\0")) == framed(b"\0\x01\x43\0")


def test_a_reset_is_answered_then_it_is_deaf_for_a_moment_and_idle() -> None:
    ask = Dialogue()
    ask(START, FLOATS, at=0)
    assert ask(RESET, at=1) == b""
    assert ask(VERSION, at=1.05) == -1
    assert ask(READ, at=1.2) == NOT_NOW


@pytest.mark.parametrize(
    ("command", "data", "code"),
    [
        (0x77, b"", 0x02),
        (START, b"\x01", 0x01),
        (START, b"\x01\x04", 0x04),
        (READ, b"\x00", 0x01),
        (INFORMATION, b"", 0x01),
        (INFORMATION, b"\x09", 0x04),
        (AUTO_CLEAN, b"\x01", 0x04),
        (AUTO_CLEAN, b"\x00\x01", 0x01),
        (STATUS, b"\x02", 0x04),
        (STATUS, b"", 0x01),
    ],
)
def test_a_command_that_cannot_be_is_refused(command: int, data: bytes, code: int) -> None:
    assert Dialogue()(command, data) == code


def test_an_old_firmware_does_not_know_the_newer_commands() -> None:
    ask = Dialogue(firmware="1.0")
    assert [ask(SLEEP), ask(WAKE), ask(STATUS, b"\0")] == [2, 2, 2]
    assert ask(START, WHOLE_NUMBERS) == 0x04
    assert ask(START, FLOATS) == b""


@pytest.mark.parametrize(
    "frame",
    [
        "7E 00 03 00 FD 7E",  # checksum
        "7E 01 03 00 FB 7E",  # address
        "7E 00 03 01 FB 7E",  # length
        "7E 00 03 7D 40 FC 7E",  # an escape of nothing
        "7E 00 03 7E",
    ],
)
def test_a_broken_frame_is_not_answered(frame: str) -> None:
    assert Dialogue().raw(bytes.fromhex(frame)) == b""


def test_noise_before_a_request_is_not_heard() -> None:
    assert Dialogue().raw(b"\xfe\x00}" + framed(b"\0\xd1\0")) != b""


def test_answers_come_after_the_latency_one_behind_the_other() -> None:
    answers = Sps30Simulator(latency_s=0.25).feed(framed(b"\0\xd1\0") * 2, 3.0)
    assert [answer.delay_s for answer in answers] == [0.25, 0.5]


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"noise": "00 7E"}, "7E would begin a frame"),
        ({"noise": "xyz"}, "noise = 'xyz'"),
        ({"serial_number": "x" * 32}, "31 ASCII characters at most"),
        ({"firmware": "9"}, "must be one of"),
        ({"mass_pm1": -1}, "must be from 0"),
        ({"mass_pm": 1}, "did you mean 'mass_pm"),
    ],
)
def test_what_cannot_be_is_refused(state: dict[str, object], says: str) -> None:
    with pytest.raises(SimulationError, match=says):
        Sps30Simulator(**state)


def test_the_readme_names_every_value_that_can_be_set() -> None:
    text = README.read_text(encoding="utf-8")
    assert [name for name in Sps30Simulator.settables() if f"`{name}`" not in text] == []
