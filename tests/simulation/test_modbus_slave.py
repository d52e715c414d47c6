"""The simulated Modbus slave: what it hears, what it refuses, and when it is silent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modbus.registers import RegistersSimulator

from labframe.simulation import ModbusSimulator, SimulationError, modbus_crc


def framed(text: str) -> bytes:
    content = bytes.fromhex(text)
    return content + modbus_crc(content)


def answers(simulator: ModbusSimulator, *chunks: bytes, pause_s: float = 0.0) -> list[str]:
    """Return what it says to chunks that come one after the other, without checksums."""
    said = [
        answer.data
        for n, chunk in enumerate(chunks)
        for answer in simulator.feed(chunk, n * pause_s)
    ]
    assert all(modbus_crc(one[:-2]) == one[-2:] for one in said)
    return [one[:-2].hex(" ").upper() for one in said]


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("01 03 00 00 00 02", "01 03 04 00 00 00 00"),
        ("01 04 00 01 00 03", "01 04 06 00 07 00 0E 00 15"),
        ("01 02 00 00 00 0A", "01 02 02 49 02"),
        ("01 05 00 03 FF 00", "01 05 00 03 FF 00"),
        ("01 06 00 03 12 34", "01 06 00 03 12 34"),
        ("01 08 00 00 A5 37", "01 08 00 00 A5 37"),
        ("01 0F 00 00 00 0A 02 CD 01", "01 0F 00 00 00 0A"),
        ("01 10 00 01 00 02 04 00 0A 01 02", "01 10 00 01 00 02"),
        ("01 2B 0E 01 00", "01 AB 01"),  # a function that it does not know
        ("01 08 00 01 00 00", "01 88 01"),  # a sub-function that it does not know
        ("01 03 00 63 00 02", "01 83 02"),  # the last register, and one more
        ("01 03 00 00 00 00", "01 83 03"),  # none at all
        ("01 03 00 00 00 7E", "01 83 03"),  # 126
        ("01 03 FF FF 00 02", "01 83 02"),
        ("01 05 00 03 12 34", "01 85 03"),  # neither on nor off
        ("01 0F 00 00 00 0A 01 CD", "01 8F 03"),  # too few bytes for ten bits
        ("01 10 00 01 00 02 02 00 0A", "01 90 03"),
        ("01 10 00 63 00 02 04 00 0A 01 02", "01 90 02"),
    ],
)
def test_a_request_has_the_answer_of_the_specification(request_: str, answer: str) -> None:
    assert answers(RegistersSimulator(), framed(request_)) == [answer]


def test_what_was_written_is_read() -> None:
    simulator = RegistersSimulator()
    answers(simulator, framed("01 0F 00 13 00 0A 02 CD 01"))  # the specification's example
    assert answers(simulator, framed("01 01 00 13 00 0A")) == ["01 01 02 CD 01"]
    answers(simulator, framed("01 10 00 01 00 02 04 00 0A 01 02"))
    assert answers(simulator, framed("01 03 00 01 00 02")) == ["01 03 04 00 0A 01 02"]


@pytest.mark.parametrize(
    "heard",
    [
        framed("02 03 00 00 00 02"),  # for another unit
        framed("01 03 00 00 00 02")[:-1] + b"\0",  # a wrong checksum
        framed("00 03 00 00 00 02"),  # a broadcast that reads
        framed("01 03 00 00 00 02")[:-1],
        b"",
        bytes(600),
    ],
)
def test_it_is_silent(heard: bytes) -> None:
    assert answers(RegistersSimulator(), heard) == []


def test_a_broadcast_is_carried_out_without_an_answer() -> None:
    simulator = RegistersSimulator()
    assert answers(simulator, framed("00 06 00 03 12 34")) == []
    assert (simulator.words["holding"][3], simulator.broadcasts) == (0x1234, 1)


def test_requests_come_in_pieces_and_together() -> None:
    one = framed("01 06 00 03 12 34")
    assert answers(RegistersSimulator(), *(one[n : n + 1] for n in range(len(one)))) == [
        "01 06 00 03 12 34"
    ]
    assert len(answers(RegistersSimulator(), one + one + one[:3], one[3:])) == 3


def test_after_a_pause_a_new_request_begins() -> None:
    one = framed("01 06 00 03 12 34")
    assert answers(RegistersSimulator(), one[:5], one, pause_s=0.1) == ["01 06 00 03 12 34"]


def test_a_longest_message_is_kept() -> None:
    class Short(RegistersSimulator):
        longest_message = 20

    assert answers(Short(), framed("01 04 00 00 00 07"))[0].startswith("01 04 0E")
    assert answers(Short(), framed("01 04 00 00 00 08")) == ["01 84 03"]


def test_answers_queue_behind_each_other() -> None:
    simulator = RegistersSimulator(latency_s=0.01)
    one = framed("01 06 00 03 12 34")
    assert [answer.delay_s for answer in simulator.feed(one + one, 5.0)] == [
        pytest.approx(0.01),
        pytest.approx(0.02),
    ]


@given(noise=st.binary(max_size=80))
def test_no_noise_makes_it_stumble(noise: bytes) -> None:
    simulator = RegistersSimulator()
    simulator.feed(noise, 0.0)
    assert answers(simulator, b"", framed("01 08 00 00 A5 37"), pause_s=1) == ["01 08 00 00 A5 37"]


def test_its_faults_are_frames() -> None:
    simulator = RegistersSimulator()
    request, answer = framed("01 03 00 00 00 01"), framed("01 03 02 00 00")
    assert simulator.readdressed(answer) == framed("02 03 02 00 00")
    assert simulator.device_error(request, "") == framed("01 83 02")
    assert simulator.device_error(request, "11") == framed("01 83 0B")
    assert simulator.busy(request) == framed("01 83 06")
    spoiled = simulator.spoiled_checksum(answer)
    assert spoiled is not None
    assert spoiled[:-1] == answer[:-1]
    assert spoiled != answer
    assert simulator.split_requests(request + request[:4]) == [request]
    with pytest.raises(SimulationError, match="Modbus has no exception '7'"):
        simulator.device_error(request, "7")


def test_a_slave_without_registers_refuses_every_address() -> None:
    for function in ("01", "02", "03", "04", "05", "06"):
        (said,) = answers(ModbusSimulator(), framed(f"01 {function} 00 00 00 00"[:-2] + "01"
                          if function < "05" else f"01 {function} 00 00 00 00"))  # fmt: skip
        assert said == f"01 {int(function) | 0x80:02X} 02"
