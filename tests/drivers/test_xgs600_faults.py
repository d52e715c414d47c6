"""The XGS-600 driver on a bad line: an error, or no value, but never a wrong number."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from labframe_drivers.xgs600 import Xgs600, Xgs600Refused, Xgs600Simulator

from labframe import LabframeError, LineError, NoValue
from labframe.errors import IncompleteReply, NoReply, PortGone
from labframe.simulation import FaultySimulator, PtyCarrier, SimulationError, available

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not available(), reason="no pseudo-terminals here"),
]

PRESSURES = {"HFIG1": 1.234e-06, "CNV1": 4.321e-01, "CNV2": 9.876e02, "IMG1": 3.141e-07}


class Quick(Xgs600):
    line = replace(Xgs600.line, first_byte_s=0.1, gap_s=0.1, total_s=0.25, min_gap_s=0.0)

    def open(self) -> None:
        """Connect; again if a busy computer held the simulator up for longer than that."""
        with suppress(NoReply, IncompleteReply):
            return super().open()
        return super().open()


class Untiring(Xgs600Simulator):
    """Does not mind to be asked more often than ten times a second."""

    def latency(self, now: float) -> float:
        return self.latency_s


def faulty_gauges() -> FaultySimulator:
    pressures = [f"{value:.3E}" for value in PRESSURES.values()]
    return FaultySimulator(
        Untiring(late_every=0, latency_s=0.0, pumpdown_s=0, pressures_mbar=",".join(pressures))
    )


def readings(driver: Xgs600) -> Mapping[str, object] | None:
    """Return what the driver reads, None for an error; doubt the line then, as the host does."""
    try:
        return driver.pressures()
    except (LabframeError, ValueError):
        line = driver._line
        assert line is not None
        line.doubt()
        if not line.is_open:
            line.open()
        return None


def assert_nothing_wrong(found: Mapping[str, object] | None) -> None:
    for label, value in (found or {}).items():
        if not isinstance(value, NoValue):
            assert value in PRESSURES.values()
            assert value == PRESSURES.get(label, value), f"{label} shows another gauge's"


noise = st.binary(min_size=1, max_size=4)
index = st.integers(-45, 45)
plans: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just("truncate"), st.integers(0, 40)),
    st.tuples(st.just("drop"), index),
    # A digit made another digit is noticed by nobody: the protocol has no checksum.
    st.tuples(st.just("garble"), index, st.integers(0x80, 0xFF)),
    st.tuples(st.just("noise_before"), noise),
    st.tuples(st.just("noise_after"), noise),
    st.tuples(st.just("parity_noise"), st.sampled_from("EO")),
    st.tuples(st.just("wrong_baud"), st.sampled_from([300, 1200, 4800, 19200, 115200])),
    st.tuples(st.just("wrong_terminator")),
    st.tuples(st.just("extra_line"), st.sampled_from([b"", b">", b">01", b"?FF"]), st.booleans()),
    st.tuples(st.just("device_error")),
    st.tuples(st.just("nan_text"), st.sampled_from([b"", b"-----", b"LO<E-11"])),
    st.tuples(st.just("duplicate")),
    st.tuples(st.just("stale_first")),
    st.tuples(st.just("bus_collision"), st.integers(1, 30)),
    st.tuples(st.just("no_answer")),
    st.tuples(st.just("echo")),
    st.tuples(st.just("slow"), st.sampled_from([0.01, 0.05])),
    st.tuples(st.just("late"), st.sampled_from([0.12, 0.17])),
    st.tuples(st.just("split"), st.integers(1, 40), st.sampled_from([0.01, 0.08])),
)


@settings(
    max_examples=30, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
@given(
    st.lists(
        st.tuples(plans, st.integers(1, 3), st.integers(0, 3), st.booleans()),
        min_size=1, max_size=3,
    )
)  # fmt: skip
def test_no_fault_makes_a_number_that_the_instrument_did_not_have(
    plan: list[tuple[tuple[Any, ...], int, int, bool]],
) -> None:
    faulty = faulty_gauges()
    with PtyCarrier(faulty) as carrier, Quick(carrier.url) as driver:
        for fault, times, after, _ in plan:
            faulty.inject(*fault, times=times, after=after)
        for _ in range(4):
            assert_nothing_wrong(readings(driver))
        faulty.clear()
        found = [readings(driver) for _ in range(4)]  # a late answer may spoil the first ones
        assert pytest.approx(PRESSURES) in found, "well again after the faults"
        assert carrier.failure is None


@settings(max_examples=30, deadline=None, derandomize=True)
@given(plans)
def test_nor_does_a_fault_that_lasts_while_the_driver_connects(fault: tuple[Any, ...]) -> None:
    faulty = faulty_gauges()
    with PtyCarrier(faulty) as carrier:
        faulty.inject(*fault, times=None)
        driver = Quick(carrier.url)
        try:
            with driver:
                assert_nothing_wrong(readings(driver))
        except (LabframeError, ValueError):
            pass


def test_no_lost_byte_makes_another_number() -> None:
    faulty = faulty_gauges()
    with PtyCarrier(faulty) as carrier, Quick(carrier.url) as driver:
        for i in range(len(">1.234E-06,4.321E-01,9.876E+02,3.141E-07")):
            with faulty.fault("drop", i, when=b"0F"):
                assert_nothing_wrong(readings(driver))


@pytest.mark.parametrize(("request_", "answer"), [(b"0013", ">01"), (b"0001", ">10403AFEFEFE")])
def test_no_lost_byte_makes_another_unit_or_other_boards(request_: bytes, answer: str) -> None:
    faulty = faulty_gauges()
    with PtyCarrier(faulty) as carrier, Quick(carrier.url) as driver:
        for i in range(len(answer)):
            with faulty.fault("drop", i, when=request_), pytest.raises(LineError):
                driver.on_connect()


def test_a_whole_relay_word_is_read_or_none() -> None:
    faulty = faulty_gauges()
    with PtyCarrier(faulty) as carrier, Quick(carrier.url) as driver:
        assert driver.relays() == "-"
        for i in range(len(">0000")):
            with faulty.fault("drop", i), pytest.raises(LineError):
                driver.relays()


def test_the_instruments_own_troubles_are_told_from_the_lines() -> None:
    faulty = faulty_gauges()
    with PtyCarrier(faulty) as carrier, Quick(carrier.url) as driver:
        with faulty.fault("device_error"), pytest.raises(Xgs600Refused):
            driver.relays()
        with faulty.fault("nan_text"):
            assert "OPEN" in str(driver.pressures()["HFIG1"])
        with faulty.fault("nan_text", "-----"):
            assert "no emission" in str(driver.pressures()["IMG1"])
        with faulty.fault("unplug", 1), pytest.raises(PortGone):
            driver.relays()


def test_a_request_that_flow_control_holds_back_is_not_sent_later() -> None:
    faulty = faulty_gauges()
    with PtyCarrier(faulty) as carrier, Quick(carrier.url) as driver:
        with faulty.fault("write_blocked", 0.3):
            driver.relays()
            with pytest.raises(NoReply, match="could not be sent"):
                driver.pressures()
        readings(driver)
        assert readings(driver) == pytest.approx(PRESSURES)
        assert b"".join(carrier.seen).count(b"#000F\r") == 2


def test_a_power_cycle_lights_the_gauges_as_at_the_beginning() -> None:
    faulty = faulty_gauges()
    faulty.feed(b"#0030UHFIG1\r", 0.0)
    assert faulty.feed(b"#0032UHFIG1\r", 0.1)[0].data == b">00\r"
    with faulty.fault("power_cycle"):
        assert faulty.feed(b"#0032UHFIG1\r", 0.2) == []
    assert faulty.feed(b"#0032UHFIG1\r", 0.3)[0].data == b">01\r"


@pytest.mark.parametrize("name", ["bad_checksum", "wrong_address", "busy"])
def test_what_its_protocol_has_not_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(SimulationError, match=r"carry no|as far as it was found, knows no such"):
        faulty_gauges().inject(name)
