"""The simulated TC 400 at times that a test makes up, telegram by telegram."""

from __future__ import annotations

from pathlib import Path

import labframe_drivers
import pytest
from labframe_drivers.tc400 import Tc400Simulator

from labframe.simulation import SimulatedBus, SimulatedInstrument, SimulationError

README = Path(labframe_drivers.__file__).parent / "tc400" / "README.md"


def summed(content: str) -> bytes:
    return f"{content}{sum(content.encode('latin-1')) % 256:03d}\r".encode("latin-1")


class Bus:
    """Asks at times that the test sets."""

    def __init__(self, *members: SimulatedInstrument) -> None:
        self.wire = members[0] if len(members) == 1 else SimulatedBus(*members)
        self.now = 0.0

    def raw(self, data: bytes) -> bytes:
        return b"".join(one.data for one in self.wire.feed(data, self.now))

    def ask(self, number: int, address: int = 1, at: float | None = None) -> str:
        return self._told(f"{address:03d}00{number:03d}02=?", at)

    def set(self, number: int, data: str, address: int = 1, at: float | None = None) -> str:
        return self._told(f"{address:03d}10{number:03d}{len(data):02d}{data}", at)

    def _told(self, content: str, at: float | None) -> str:
        """Return the data of the answer; an empty text for silence."""
        self.now = self.now if at is None else at
        answer = self.raw(summed(content))
        if not answer:
            return ""
        text = answer.decode("latin-1")
        assert summed(text[:-4]) == answer
        assert (text[:3], text[3:5], text[5:8]) == (content[:3], "10", content[5:8])
        assert int(text[8:10]) == len(text) - 14
        return text[10:-4]


def unit(**state: object) -> Tc400Simulator:
    return Tc400Simulator(**state)


def test_the_pump_runs_up_draws_its_current_and_runs_down() -> None:
    bus = Bus(unit(run_up_s=100, run_down_s=300))
    assert (bus.ask(309), bus.ask(310), bus.ask(307)) == ("000000", "000002", "000000")
    assert bus.set(10, "111111") == "111111"
    assert (bus.ask(309, at=50), bus.ask(398), bus.ask(308)) == ("000750", "045000", "001500")
    assert (bus.ask(307), bus.ask(306), bus.ask(310)) == ("111111", "000000", "000420")
    assert (bus.ask(309, at=100), bus.ask(306), bus.ask(307)) == ("001500", "111111", "000000")
    assert (bus.ask(310), bus.ask(316)) == ("000060", "000014")
    assert bus.set(10, "000000") == "000000"
    assert (bus.ask(309, at=250), bus.ask(308)) == ("000750", "000000")
    assert bus.ask(309, at=1000) == "000000"


def test_standby_and_speed_setting_change_what_it_goes_for() -> None:
    bus = Bus(unit(on=True, speed_hz=1500, run_up_s=1, run_down_s=1))
    assert bus.ask(308) == "001500"
    bus.set(2, "111111")
    assert bus.ask(308) == "001000"  # 66.70 % of 1500 Hz
    bus.set(2, "000000")
    bus.set(707, "005000")
    assert bus.ask(308) == "001500"
    bus.set(26, "001")
    assert bus.ask(308) == "000750"
    assert bus.ask(309, at=10) == "000750"


def test_an_error_stops_the_pump_until_it_is_acknowledged() -> None:
    bus = Bus(unit(on=True, speed_hz=1500, error="Err006"))
    assert (bus.ask(303), bus.ask(308)) == ("Err006", "000000")
    assert bus.set(9, "111111") == "111111"
    assert (bus.ask(303), bus.ask(308)) == ("000000", "001500")


def test_each_address_on_a_bus_is_its_own_unit() -> None:
    bus = Bus(unit(), unit(address=2, unit="HiScroll"), unit(address=3, unit="PPT 100"))
    assert [bus.ask(349, address) for address in (1, 2, 3, 4)] == ["TC_400", "HiScrl", "    A3", ""]
    assert (bus.ask(740, 3), bus.ask(309, 3), bus.ask(20, 2)) == ("120014", "NO_DEF", "000000")


@pytest.mark.parametrize("address", [0, 901, 999])
def test_everybody_and_a_group_obey_and_nobody_answers(address: int) -> None:
    bus = Bus(unit(on=True), unit(address=2, on=True))
    assert bus.set(10, "000000", address) == ""
    assert bus.ask(309, address) == ""
    assert (bus.ask(10, 1), bus.ask(10, 2)) == ("000000", "000000")


@pytest.mark.parametrize(
    "telegram",
    [
        b"0010030902=?108\r", summed("0020030902=?"), summed("0010030903=?"), b"=?\r", b"\r",
        b"0010030902=?107", summed("0010230902=?"), summed("0010030902=!"), summed("001003090\xb2"),
    ],
    ids=["checksum", "address", "length", "short", "empty", "no CR", "action", "data", "no ASCII"],
)  # fmt: skip
def test_what_is_not_in_order_or_not_for_it_is_not_answered(telegram: bytes) -> None:
    assert Bus(unit()).raw(telegram) == b""


def test_a_line_feed_behind_a_telegram_does_no_harm() -> None:
    bus = Bus(unit())
    assert bus.raw(b"0010030902=?107\r\n") == summed("0011030906000000")
    assert bus.raw(b"0010030902=?107\r\n") == summed("0011030906000000")


def test_it_refuses_with_three_errors() -> None:
    bus = Bus(unit())
    assert bus.ask(999) == "NO_DEF"
    assert bus.set(999, "000001") == "NO_DEF"
    assert [bus.set(707, data) for data in ("001999", "010001", "12345", "NO_DEF")] == [
        "_RANGE"
    ] * 4
    assert [bus.set(10, data) for data in ("111110", "000001", "1")] == ["_RANGE"] * 3
    assert (bus.set(309, "000100"), bus.ask(9)) == ("_LOGIC", "_LOGIC")
    bus.wire.remote_priority = True  # type: ignore[attr-defined]  # a settable of the unit
    assert (bus.set(10, "111111"), bus.ask(10)) == ("_LOGIC", "000000")


@pytest.mark.parametrize(
    ("number", "data"),
    [
        (1, "111111"), (30, "002"), (27, "001"), (700, "000120"), (701, "000035"), (707, "002000"),
        (717, "010000"), (720, "098"), (721, "000006"), (742, "000150"), (740, "450018"),
    ],
)  # fmt: skip
def test_what_was_set_is_answered(number: int, data: str) -> None:
    bus = Bus(unit())
    assert bus.set(number, data) == data
    assert bus.ask(number) == data


def test_it_hears_a_new_address_at_once() -> None:
    bus = Bus(unit())
    assert bus.set(797, "000007") == "000007"
    assert (bus.ask(797, 1), bus.ask(797, 7)) == ("", "000007")


def test_after_a_power_cut_its_error_is_forgotten_and_its_settings_are_not() -> None:
    simulator = unit()
    bus = Bus(simulator)
    bus.set(721, "000060")
    simulator.error = "Wrn007"
    assert simulator.power_cycled(1.0) == []
    assert (bus.ask(303, at=2), bus.ask(721)) == ("000000", "000060")


def test_values_are_set_from_outside_while_it_runs() -> None:
    simulator = unit()
    bus = Bus(simulator)
    simulator.on, simulator.speed_hz = True, 1500
    simulator.temperature_motor, simulator.pressure_hpa = 61, 0
    assert (bus.ask(10), bus.ask(309), bus.ask(346)) == ("111111", "001500", "000061")
    assert bus.ask(740) == "000000"


@pytest.mark.parametrize(
    "state", [{"address": 0}, {"address": 256}, {"unit": "TC 600"}, {"error": "Err6"}]
)
def test_values_that_no_unit_has_are_refused(state: dict[str, object]) -> None:
    with pytest.raises(SimulationError, match=next(iter(state))):
        unit(**state)


def test_its_faults_are_telegrams_in_order_and_anything_else_is_left_alone() -> None:
    simulator = unit()
    answer = summed("0011030906000633")
    assert answer.endswith(b"032\r")
    assert simulator.spoiled_checksum(answer) == answer[:-4] + b"033\r"
    assert simulator.readdressed(answer) == summed("0021030906000633")
    assert simulator.readdressed(b"\x00\xff") is None
    assert simulator.spoiled_checksum(b"0011030906000633") is None
    assert simulator.device_error(b"0010030902=?107\r", "") == summed("0011030906NO_DEF")
    assert simulator.device_error(b"", "_LOGIC") == summed("0011099906_LOGIC")
    with pytest.raises(SimulationError, match="it has: NO_DEF, _RANGE, _LOGIC"):
        simulator.device_error(b"", "?FF")
    assert simulator.lacks("no_number") is not None


def test_the_readme_names_every_value_that_can_be_set() -> None:
    text = README.read_text(encoding="utf-8")
    assert [name for name in Tc400Simulator.settables() if f"`{name}`" not in text] == []
