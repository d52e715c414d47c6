"""The simulated TPG 26x takes byte by byte, as its manual says (BG 5195 BEN / A)."""

from __future__ import annotations

import pytest
from labframe_drivers.tpg26x import Tpg26xSimulator

from labframe.simulation import FaultySimulator, SimulatedInstrument, SimulationError

ACK, NAK, ENQ, ETX = b"\x06\r\n", b"\x15\r\n", b"\x05", b"\x03"


def still(**state: object) -> Tpg26xSimulator:
    return Tpg26xSimulator(**{"drift": 0, **state})


def said(simulator: SimulatedInstrument, data: bytes, now: float = 0.0) -> bytes:
    return b"".join(answer.data for answer in simulator.feed(data, now))


def asked(simulator: SimulatedInstrument, mnemonic: str, now: float = 0.0) -> bytes:
    assert said(simulator, mnemonic.encode() + b"\r", now) == ACK
    return said(simulator, ENQ, now)


def test_the_worked_answer_of_both_gauges() -> None:
    simulator = still(pressures_mbar=[1.234e-3], gauges=["CMR"])
    # p. 71: x,sx.xxxxEsxx,y,sy.yyyyEsyy; status 5 comes with 2.0000E-2
    assert asked(simulator, "PRX") == b"0,+1.2340E-03,5,+2.0000E-02\r\n"
    assert asked(simulator, "PR1") == b"0,+1.2340E-03\r\n"
    assert asked(simulator, "TID") == b"CMR,noSEn\r\n"


def test_each_enq_repeats_the_last_mnemonic() -> None:  # p. 67
    simulator = still()
    first = asked(simulator, "PRX")
    assert said(simulator, ENQ + ENQ) == first + first


def test_bytes_may_come_one_by_one_with_blanks_and_either_end() -> None:  # p. 67
    simulator = still()
    assert [said(simulator, bytes([byte])) for byte in b"P R\rPNR\r\n"] == [
        b"", b"", b"", NAK, b"", b"", b"", ACK, b"",
    ]  # fmt: skip
    assert said(simulator, ENQ) == b"302-510-A\r\n"


def test_etx_clears_the_input_buffer() -> None:  # p. 67
    simulator = still()
    assert said(simulator, b"XXXX" + ETX + b"PNR\r") == ACK


def test_enq_without_a_mnemonic_gets_the_error_word_which_clears_it() -> None:  # p. 67, 72
    simulator = still()
    assert said(simulator, ENQ) == b"0000\r\n"
    assert said(simulator, b"XYZ\r") == NAK
    assert said(simulator, ENQ) == b"0001\r\n"
    assert said(simulator, b"UNI,3\r") == NAK
    assert asked(simulator, "ERR") == b"0010\r\n"
    assert asked(simulator, "ERR") == b"0000\r\n"


def test_two_errors_are_in_one_word() -> None:
    simulator = still()
    assert said(simulator, b"XYZ\rUNI,3\r") == NAK + NAK
    assert asked(simulator, "ERR") == b"0011\r\n"


@pytest.mark.parametrize(
    ("state", "status"),
    [("under", 1), ("over", 2), ("error", 3), ("off", 4), ("none", 5), ("unknown", 6)],
)
def test_each_state_has_its_number(state: str, status: int) -> None:  # p. 71
    simulator = still(pressures_mbar=[state, "1e-3"])
    assert asked(simulator, "PRX").startswith(b"%d,+" % status)


def test_the_unit_changes_the_numbers() -> None:
    simulator = still(pressures_mbar=["1e-3", "none"], gauges=["CMR"])
    assert asked(simulator, "UNI,1") == b"1\r\n"
    assert asked(simulator, "PR1") == b"0,+7.5006E-04\r\n"
    assert asked(simulator, "UNI,2") == b"2\r\n"
    assert asked(simulator, "PRX") == b"0,+1.0000E-01,5,+2.0000E-02\r\n"
    assert simulator.unit == "Pa"


def test_logarithmic_gauges_end_with_two_zeros() -> None:  # p. 71, note 1
    simulator = still(pressures_mbar=["1.2345e-6", "1.2345e-6"], gauges=["PKR", "CMR"])
    assert asked(simulator, "PRX") == b"0,+1.2300E-06,0,+1.2345E-06\r\n"


def test_a_gauge_is_switched_if_it_can_be() -> None:
    simulator = still()
    assert asked(simulator, "SEN") == b"2,0\r\n"
    assert asked(simulator, "SEN,1,1") == b"1,0\r\n"
    assert asked(simulator, "PRX").startswith(b"4,")
    assert asked(simulator, "SEN,0,0") == b"1,0\r\n"
    assert asked(simulator, "SEN,2,0") == b"2,0\r\n"


def test_parameters_are_kept_as_they_were_given() -> None:  # p. 76 to 82
    simulator = still()
    assert asked(simulator, "FIL,0,2") == b"0,2\r\n"
    assert asked(simulator, "SP1,1,1e-2,2.5E-2") == b"1,1.0000E-02,2.5000E-02\r\n"
    assert asked(simulator, "SC2,1,4,1e-3,2e-3") == b"1,4,1.00E-03,2.00E-03\r\n"
    for wrong in ("FIL,0", "FIL,0,3", "FIL,0,x", "SP1,2,1,1", "CAL,1,"):
        assert said(simulator, wrong.encode() + b"\r") == NAK, wrong
    assert asked(simulator, "FIL") == b"0,2\r\n"


def test_switching_functions_follow_the_pressure_with_hysteresis() -> None:  # p. 76, 77
    simulator = still(pressures_mbar=["5e-4", "none"])
    assert asked(simulator, "SPS") == b"1,1,0,0\r\n"
    simulator.pressures_mbar = ["1.5e-3", "none"]
    assert asked(simulator, "SPS") == b"1,1,0,0\r\n"
    simulator.pressures_mbar = ["3e-3", "none"]
    assert asked(simulator, "SPS") == b"0,0,0,0\r\n"


@pytest.mark.parametrize(("mode", "period"), [("", 1), (",0", 0.1), (",1", 1), (",2", 60)])
def test_com_sends_a_line_again_and_again(mode: str, period: float) -> None:  # p. 72
    simulator = still(pressures_mbar=[1.234e-3], gauges=["CMR"])
    assert said(simulator, f"COM{mode}\r".encode()) == ACK
    lines = [simulator.tick(now * period / 2 + 1e-6) for now in range(9)]
    assert [len(one) for one in lines] == [0, 0, 1, 0, 1, 0, 1, 0, 1]
    assert lines[2][0].data == b"0,+1.2340E-03,5,+2.0000E-02\r\n"


def test_any_byte_ends_the_stream() -> None:
    for byte in (ETX, ENQ, b"P", b" "):
        simulator = still()
        said(simulator, b"COM,0\r")
        was_streaming = simulator.is_streaming
        said(simulator, byte, 0.15)
        assert (was_streaming, simulator.is_streaming) == (True, False)
        assert simulator.tick(10.0) == []


def test_errors_are_listed_and_reset() -> None:  # p. 75
    simulator = still(errors=["9", "12"])
    assert asked(simulator, "RES") == b"9,12\r\n"
    assert asked(simulator, "RES,1") == b"0\r\n"


def test_without_power_half_a_request_the_stream_and_the_error_word_are_forgotten() -> None:
    simulator = still()
    said(simulator, b"XYZ\rSEN,1,0\rCOM,0\r")
    simulator.power_cycled(1.0)
    assert simulator.tick(10.0) == []
    assert asked(simulator, "ERR", 10.0) == b"0000\r\n"
    assert asked(simulator, "SEN", 10.0) == b"2,0\r\n"


def test_a_fault_refuses_mnemonics_only_and_leaves_its_reason() -> None:
    faulty = FaultySimulator(still())
    with faulty.fault("device_error", "0100"):
        assert said(faulty, b"PRX\r") == NAK
    assert said(faulty, ENQ) == b"0100\r\n"
    with pytest.raises(SimulationError, match="has no error '7'; it has: 1000, 0100, 0010, 0001"):
        faulty.inject("device_error", "7")


def test_what_no_gauge_has_is_refused() -> None:
    for wrong in ("0", "-1", "warm", "1,2,3"):
        with pytest.raises(SimulationError, match="pressures_mbar"):
            still(pressures_mbar=wrong)


def test_the_line_feed_of_a_terminator_does_not_end_the_stream() -> None:
    simulator = Tpg26xSimulator(drift=0)
    assert said(simulator, b"COM,0\r\n") == ACK
    assert simulator.is_streaming

    said(simulator, b"\n")
    assert not simulator.is_streaming
