"""The simulated red-y smart: its registers, its physics, what it refuses."""

from __future__ import annotations

import struct

import pytest
from labframe_drivers.vogtlin import VogtlinSimulator

from labframe.simulation import SimulationError, modbus_crc


def said(simulator: VogtlinSimulator, request: str, now: float = 0.0) -> str:
    """Return its answer without checksum, in hexadecimal; "" is silence."""
    content = bytes.fromhex(request)
    answers = simulator.feed(content + modbus_crc(content), now)
    return answers[0].data[:-2].hex(" ").upper() if answers else ""


def real(simulator: VogtlinSimulator, register: int, now: float = 0.0) -> float:
    answer = bytes.fromhex(said(simulator, f"F7 03 {register:04X} 00 02", now))
    value: float
    (value,) = struct.unpack(">f", answer[3:])
    return value


def test_the_flow_comes_near_the_setpoint_in_its_time_constant() -> None:
    simulator = VogtlinSimulator(setpoint=0, time_constant_s=2)
    assert real(simulator, 0) == 0
    said(simulator, "F7 10 00 06 00 02 04 42 C8 00 00")  # 100
    assert real(simulator, 0, 2.0) == pytest.approx(63.2, abs=0.1)
    assert real(simulator, 0, 4.0) == pytest.approx(86.5, abs=0.1)
    assert real(simulator, 0, 40.0) == pytest.approx(100)


def test_the_totaliser_adds_up_what_has_flown() -> None:
    simulator = VogtlinSimulator(setpoint=60, total=0, time_constant_s=2)
    assert real(simulator, 4) == 0
    assert real(simulator, 4, 30.0) == pytest.approx(30)
    said(simulator, "F7 06 00 0E 00 16", 30.0)  # closed: what is on its way, 2 s of it, flows
    assert real(simulator, 4, 90.0) == pytest.approx(32)
    said(simulator, "F7 10 00 04 00 02 04 00 00 00 00", 90.0)
    assert real(simulator, 4, 95.0) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("F7 03 00 0F 00 01", "F7 83 02"),  # no such register
        ("F7 03 00 0E 00 02", "F7 83 02"),  # one that there is, and one that is not
        ("F7 03 00 00 00 08", "F7 83 03"),  # more than 20 bytes
        ("F7 06 00 0C 00 01", "F7 86 02"),  # it cannot be written
        ("F7 06 00 06 00 01", "F7 86 03"),  # half a float
        ("F7 10 00 0E 00 02 04 00 00 00 00", "F7 90 03"),
        ("F7 10 00 06 00 02 04 44 16 40 00", "F7 90 03"),  # 601
        ("F7 10 00 06 00 02 04 BF 80 00 00", "F7 90 03"),  # -1
        ("F7 10 00 06 00 02 04 7F C0 00 00", "F7 90 03"),  # not a number
        ("F7 10 00 0A 00 02 04 42 CA 00 00", "F7 90 03"),  # 101 %
        ("F7 06 00 0E 00 05", "F7 86 03"),  # no control function
        ("F7 06 00 13 00 F8", "F7 86 03"),  # no address
        ("F7 04 00 00 00 02", "F7 84 01"),
        ("F7 05 00 00 FF 00", "F7 85 01"),
        ("F7 08 00 00 12 34", "F7 08 00 00 12 34"),
        ("F6 03 00 00 00 02", ""),
    ],
)
def test_what_it_does_not_do_is_answered_with_an_exception(request_: str, answer: str) -> None:
    assert said(VogtlinSimulator(), request_) == answer


def test_half_a_float_can_be_read() -> None:
    assert said(VogtlinSimulator(setpoint=12.5), "F7 03 00 01 00 02") == "F7 03 04 00 00 41 B4"


def test_another_address_is_taken_at_once() -> None:
    simulator = VogtlinSimulator()
    assert said(simulator, "F7 06 00 13 00 05") == "F7 06 00 13 00 05"
    assert said(simulator, "F7 03 00 13 00 01") == ""
    assert said(simulator, "05 03 00 13 00 01") == "05 03 02 00 05"


def test_old_instruments_have_texts_and_range_elsewhere() -> None:
    old, new = VogtlinSimulator(old_firmware=True), VogtlinSimulator()
    for register in ("00 16", "00 1A", "40 48"):
        assert said(old, f"F7 03 {register} 00 04").startswith("F7 03 08")
        assert said(new, f"F7 03 {register} 00 04") == "F7 83 02"
    for register in ("60 42", "60 46", "63 86", "10 04"):
        assert said(new, f"F7 03 {register} 00 04").startswith("F7 03 08")
        assert said(old, f"F7 03 {register} 00 04") == "F7 83 02"


def test_what_is_set_while_it_runs_is_taken() -> None:
    simulator = VogtlinSimulator(time_constant_s=0)
    simulator.setpoint, simulator.total = 20.0, 5.0
    assert (real(simulator, 6), real(simulator, 0), real(simulator, 4)) == (20, 20, 5)
    simulator.mode = "closed"
    assert real(simulator, 0) == 0
    with pytest.raises(SimulationError, match="8 ASCII characters"):
        simulator.unit = "litres per minute"


def test_without_power_it_forgets_what_was_written() -> None:
    simulator = VogtlinSimulator(time_constant_s=0)
    said(simulator, "F7 10 00 06 00 02 04 42 C8 00 00")
    said(simulator, "F7 06 00 0E 00 16")
    assert simulator.power_cycled(1.0) == []
    assert (real(simulator, 6, 1.0), simulator.control) == (12.5, 0)
