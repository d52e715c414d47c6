"""The simulated XGS-600 against what is published about the instrument."""

from __future__ import annotations

import itertools
from pathlib import Path

import labframe_drivers
import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st
from labframe_drivers.xgs600 import Xgs600Simulator

from labframe.simulation import Answer, PtyCarrier, SimulatedBus, SimulationError, available

README = Path(labframe_drivers.__file__).parent / "xgs600" / "README.md"


def still(**state: object) -> Xgs600Simulator:
    """Return one whose pressures do not move and whose answers are never late."""
    return Xgs600Simulator(
        **{
            "slots": "HFIG,CNV",
            "labels": "ION,FORE,GATE",
            "pressures_mbar": "1.234e-7,OPEN,7.6e2",
            "pumpdown_s": 0,
            "late_every": 0,
            **state,
        }
    )


class Dialogue:
    """Asks once a second, as a polite driver does."""

    def __init__(self, simulator: Xgs600Simulator) -> None:
        self.simulator = simulator
        self.now = 0.0

    def __call__(self, command: str) -> bytes:
        self.now += 1.0
        return b"".join(a.data for a in self.simulator.feed(command.encode() + b"\r", self.now))


def test_all_pressures_in_slot_order_after_ten_milliseconds() -> None:
    assert still().feed(b"#000F\r", 0.0) == [Answer(b">1.234E-07,OPEN    ,7.600E+02\r", 0.01)]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("#0002UION", b">1.234E-07\r"),
        ("#0002UFORE", b">OPEN    \r"),
        ("#0002I1", b">1.234E-07\r"),
        ("#0002T2", b">7.600E+02\r"),
        ("#0001", b">1040FEFEFEFE\r"),
        ("#0003", b">0000\r"),
        ("#0005", b">0104,0104,0104\r"),
        ("#0013", b">01\r"),
        ("#005F8", b">0\r"),
        ("#005E83", b">\r"),
        ("#0030UION", b">\r"),
        ("#0032UION", b">01\r"),
        ("#0061UGATE1.000E-03", b">\r"),
        ("#0078T22.000E-03", b">\r"),
        ("#0004UGATE", b">0000\r"),
        ("#00I1", b">ION\r"),
        ("#00T1", b">FORE\r"),
    ],
)
def test_a_command_is_answered(command: str, answer: bytes) -> None:
    assert Dialogue(still())(command) == answer


@pytest.mark.parametrize(
    "command",
    [
        "#00",
        "#00ZZ",
        "#0056UION",
        "#0002",
        "#0002UNONE",
        "#0002ION",
        "#0002uION",
        "#0002I2",
        "#0002T3",
        "#0002UION ",
        "#000F1",
        "#0001X",
        "#0010X",
        "#005E92",
        "#005E12",
        "#005E1",
        "#005F0",
        "#0030UFORE",
        "#0032T1",
        "#006",
        "#0061",
        "#0069UGATE1.000E-03",
        "#0061UGATE1.0E-03",
        "#0061UNONE1.000E-03",
        "#00I2",
        "#00T0",
        "#00\xff\xfe",
    ],
)
def test_a_bad_command_bad_data_or_a_bad_length_is_an_error(command: str) -> None:
    assert Dialogue(still())(command) == b"?FF\r"


@pytest.mark.parametrize("line", [b"#0102UION\r", b"#0\r", b"\r", b"0002UION\r", b"#0002UION"])
def test_silence_for_a_wrong_address_no_sign_and_no_carriage_return(line: bytes) -> None:
    assert still().feed(line, 0.0) == []


def test_a_line_feed_is_ignored_on_rs232() -> None:
    simulator = still()
    assert simulator.feed(b"#0013\r\n", 0.0)[0].data == b">01\r"
    assert simulator.feed(b"#0013\r\n#0001\r\n", 1.0)[1].data == b">1040FEFEFEFE\r"


def test_a_line_feed_spoils_the_answer_on_rs485() -> None:
    simulator = still(address="0A")
    assert simulator.feed(b"#0A13\r", 0.0)[0].data == b">01\r"
    assert simulator.feed(b"#0A13\r\n", 1.0)[0].data == b"\xbe01\r"
    assert simulator.feed(b"#0013\r", 2.0) == []


def test_only_addresses_up_to_hex_20_exist() -> None:
    assert still(address="20").feed(b"#2013\r", 0.0)
    for wrong in ("21", "1", "0a"):
        with pytest.raises(SimulationError, match="address"):
            still(address=wrong)


def test_the_unit_changes_with_every_pressure() -> None:
    ask = Dialogue(still(pressures_mbar=(1013.25, 1.0, "OPEN")))
    assert ask("#0010") == b">\r"
    assert (ask("#0013"), ask("#000F")) == (b">00\r", b">7.600E+02,7.501E-01,OPEN    \r")
    assert ask("#0012") == b">\r"
    assert (ask("#0013"), ask("#000F")) == (b">02\r", b">1.013E+05,1.000E+02,OPEN    \r")
    assert ask("#0011") == b">\r"
    assert (ask("#0013"), ask("#000F")) == (b">01\r", b">1.013E+03,1.000E+00,OPEN    \r")


def test_an_ion_gauge_without_emission_shows_dashes() -> None:
    ask = Dialogue(still())
    assert ask("#0030UION") == b">\r"
    assert ask("#0032UION") == b">00\r"
    assert ask("#000F") == b">-----,OPEN    ,7.600E+02\r"
    assert ask("#0031UION") == b">\r"
    assert ask("#0002UION") == b">1.234E-07\r"
    assert ask("#0033UION") == b">\r"
    assert (ask("#0032UION"), ask("#0034UION")) == (b">02\r", b">02\r")
    assert Dialogue(still(emission="off"))("#0032UION") == b">00\r"


def test_the_manuals_other_opinion_on_emission_can_be_had() -> None:
    ask = Dialogue(still(emission_swapped=True, emission=False))
    assert ask("#0030UION") == b">\r"
    assert ask("#0032UION") == b">01\r"
    assert ask("#0031UION") == b">\r"
    assert ask("#0032UION") == b">00\r"


def test_relays_are_bits_and_follow_orders() -> None:
    ask = Dialogue(still())
    ask("#005E11")
    ask("#005E31")
    assert ask("#0003") == b">0005\r"
    assert (ask("#005F1"), ask("#005F2"), ask("#005F3")) == (b">1\r", b">0\r", b">1\r")
    ask("#005E10")
    ask("#005E81")
    assert ask("#0003") == b">0084\r"


def test_a_relay_follows_the_pressure_between_its_two_levels() -> None:
    simulator = still(pressures_mbar="1.234e-7,5e-3,OPEN")
    ask = Dialogue(simulator)
    for command in ("#0062UFORE1.000E-03", "#0072UFORE2.000E-03", "#005E23"):
        assert ask(command) == b">\r"
    assert (ask("#0004UFORE"), ask("#0004UION")) == (b">0002\r", b">0000\r")
    states = []
    for pressure in ("5e-3", "1.5e-3", "0.9e-3", "1.5e-3", "2.1e-3", "0.9e-3", "OPEN"):
        simulator.pressures_mbar = f"1e-7,{pressure},OPEN"
        states.append(ask("#0003"))
    off, on = b">0000\r", b">0002\r"
    assert states == [off, off, on, on, off, on, off]


def test_a_level_is_in_the_unit_that_is_shown() -> None:
    ask = Dialogue(still(pressures_mbar="1e-7,5e-3,OPEN"))
    for command in ("#0012", "#0062UFORE4.000E-01", "#005E23", "#0061UFORE6.000E-01", "#005E13"):
        ask(command)
    assert ask("#0003") == b">0001\r"  # 0.4 Pa < 0.005 mbar < 0.6 Pa


def test_pressures_fall_slowly_and_stay_plausible() -> None:
    simulator = Xgs600Simulator(late_every=0)
    values = [
        float(simulator.feed(b"#0002UHFIG1\r", minute * 60.0)[0].data[1:])
        for minute in range(0, 120, 10)
    ]
    assert values[0] == pytest.approx(2e-6, rel=0.01)
    assert values[:3] == sorted(values[:3], reverse=True)
    assert values[-1] == pytest.approx(1e-7, rel=0.02)
    assert len(set(values)) == len(values)


def test_new_pressures_begin_a_new_pump_down() -> None:
    simulator = Xgs600Simulator(late_every=0)
    simulator.feed(b"#0013\r", 0.0)
    simulator.pressures_mbar = "5e-5"
    assert float(simulator.feed(b"#0002UHFIG1\r", 6000.0)[0].data[1:]) == pytest.approx(5e-5)
    later = float(simulator.feed(b"#0002UHFIG1\r", 12000.0)[0].data[1:])
    assert later == pytest.approx(2.5e-6, rel=0.01)


def test_more_than_ten_queries_a_second_slow_it_down() -> None:
    polite = still()
    assert {polite.feed(b"#0013\r", n / 10)[0].delay_s for n in range(50)} == {0.01}
    assert polite.hurried == 0
    hasty = still()
    delays = [hasty.feed(b"#0013\r", n * 0.02)[0].delay_s for n in range(20)]
    assert delays[:10] == [0.01] * 10
    assert delays[-1] > 0.1
    assert hasty.hurried == 10
    assert hasty.feed(b"#0013\r", 10.0)[0].delay_s == 0.01


def test_now_and_then_an_answer_is_late() -> None:
    simulator = Xgs600Simulator()
    late = [n for n in range(200) if simulator.feed(b"#0013\r", n)[0].delay_s > 0.2]
    assert late == [60, 121, 182]


def test_labels_default_to_the_sensors_names() -> None:
    ask = Dialogue(Xgs600Simulator(slots="HFIG,CNV,EMPTY,IMG,CNV,ANALOG", late_every=0))
    assert ask("#0001") == b">1040FE3A404C\r"
    names = ["HFIG1", "CNV1", "CNV2", "IMG1", "CNV3", "CNV4", "ANALOG1"]
    assert [ask(f"#0002U{name}")[:1] for name in names] == [b">"] * 7
    assert ask("#000F").count(b",") == 6
    assert (ask("#00I2"), ask("#00T5")) == (b">IMG1\r", b">ANALOG1\r")


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"slots": "HFIG,TOASTER"}, "at most 6 of HFIG, IMG, CNV, ANALOG, EMPTY"),
        ({"slots": "CNV,CNV,CNV,CNV,CNV,CNV,CNV"}, "at most 6"),
        ({"labels": "A,A"}, "must differ"),
        ({"labels": "A,B,C,D"}, "one for each of the 3 gauges"),
        ({"labels": "fore"}, "must be 1 to 8 of A-Z and 0-9"),
        ({"pressures_mbar": "-1"}, "is no pressure"),
        ({"pressures_mbar": "nan"}, "is no pressure"),
        ({"pressures_mbar": 3}, "must be a list"),
        ({"unit": "bar"}, "must be one of 'Torr', 'mBar', 'Pa'"),
        ({"label": "UFORE"}, "did you mean 'labels'"),
    ],
)
def test_what_cannot_be_is_refused(state: dict[str, object], says: str) -> None:
    with pytest.raises(SimulationError, match=says):
        still(**state)


def test_values_can_be_set_while_it_runs() -> None:
    simulator = still()
    ask = Dialogue(simulator)
    simulator.pressures_mbar = ["9.9e-8", "OPEN", "----"]
    simulator.labels = "A,B,C"
    assert ask("#000F") == b">9.900E-08,OPEN    ,----\r"
    assert ask("#0002UA") == b">9.900E-08\r"


@given(st.binary(max_size=60))
def test_any_bytes_are_answered_as_the_protocol_says_or_not_at_all(noise: bytes) -> None:
    for answer in still().feed(noise + b"\r#00" + noise + b"\r", 0.0):
        assert answer.data.endswith(b"\r")
        assert answer.data == b"?FF\r" or answer.data[:1] == b">"


@given(st.lists(st.integers(0, 40), max_size=8))
def test_split_input_gives_the_same_answers(cuts: list[int]) -> None:
    stream = b"#000F\r#0002UION\r\n#0013\r#00ZZ\r#0102U\r"
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    split = still()
    answers = [a for lo, hi in itertools.pairwise(edges) for a in split.feed(stream[lo:hi], 0)]
    assert answers == still().feed(stream, 0)


@pytest.mark.skipif(not available(), reason="no pseudo-terminals here")
def test_a_plain_serial_port_reads_it() -> None:
    with PtyCarrier(still()) as carrier, serial.Serial(carrier.url, timeout=5) as port:
        port.write(b"#000F\r")
        assert port.read_until(b"\r") == b">1.234E-07,OPEN    ,7.600E+02\r"
        assert carrier.url.endswith("usb-Simulated_XGS-600-if00-port0")
        carrier.unplug()
        with pytest.raises(serial.SerialException):
            port.read(1)
        carrier.replug()
        with serial.Serial(carrier.url, timeout=5) as again:
            again.write(b"#0013\r")
            assert again.read_until(b"\r") == b">01\r"


@pytest.mark.skipif(not available(), reason="no pseudo-terminals here")
def test_two_controllers_share_one_bus() -> None:
    bus = SimulatedBus(still(address="01"), still(address="02", unit="Pa"))
    with PtyCarrier(bus) as carrier, serial.Serial(carrier.url, timeout=5) as port:
        for address, unit in ((1, b"01"), (2, b"02"), (1, b"01")):
            port.write(b"#%02d13\r" % address)
            assert port.read_until(b"\r") == b">" + unit + b"\r"


def test_the_readme_names_every_value_that_can_be_set() -> None:
    text = README.read_text(encoding="utf-8")
    assert [name for name in Xgs600Simulator.settables() if f"`{name}`" not in text] == []
