"""The simulated giant laser on the moon against its manual, the README beside it."""

from __future__ import annotations

import re
from pathlib import Path

import labframe_drivers
import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st
from labframe_drivers.moon_laser import MoonLaserSimulator

from labframe.simulation import Answer, PtyCarrier, SimulationError, available

README = Path(labframe_drivers.__file__).parent / "moon_laser" / "README.md"


class Dialogue:
    """Asks at times that the test sets."""

    def __init__(self, **state: object) -> None:
        self.simulator = MoonLaserSimulator(**{"noise": 0, "late_every": 0, "rest_s": 0, **state})
        self.now = 0.0

    def __call__(self, request: str, at: float | None = None) -> str:
        self.now = self.now if at is None else at
        (answer,) = self.simulator.feed(request.encode() + b"\r\n", self.now)
        assert answer.data.endswith(b"\r\n")
        return answer.data[:-2].decode()


def test_it_says_who_it_is_after_five_milliseconds() -> None:
    assert MoonLaserSimulator().feed(b"ID?\r\n", 0.0) == [
        Answer(b"MOONLASER,GL-1,0001,1.0\r\n", 0.005)
    ]
    assert Dialogue(serial_number="42")("ID?") == "MOONLASER,GL-1,42,1.0"


def test_a_pulse_is_charged_fired_and_over() -> None:
    ask = Dialogue()
    assert (ask("STATE?", 0), ask("MEAS:POW?"), ask("MEAS:DUR?")) == ("IDLE", "0.0", "0.00")
    assert ask("FIRE", 1) == "OK"
    assert (ask("STATE?", 3.9), ask("MEAS:POW?")) == ("CHARGING", "0.0")
    assert ask("STATE?", 4.1) == "FIRING"
    assert float(ask("MEAS:POW?", 8)) == pytest.approx(1200, rel=0.02)
    assert ask("MEAS:DUR?") == "4.00"
    assert float(ask("MEAS:TEMP?")) > 256
    assert (ask("STATE?", 12.1), ask("MEAS:POW?"), ask("MEAS:DUR?")) == ("IDLE", "0.0", "8.00")
    assert ask("STATE?", 3000) == "IDLE"
    assert float(ask("MEAS:TEMP?")) == pytest.approx(255.0)


def test_it_fires_by_itself_until_it_is_stopped() -> None:
    ask = Dialogue(rest_s=6, charge_s=3, duration_s=8)
    assert [ask("STATE?", t) for t in (0, 5, 7, 10, 16, 18, 23, 24)] == [
        "IDLE",
        "IDLE",
        "CHARGING",
        "FIRING",
        "FIRING",
        "IDLE",
        "CHARGING",
        "CHARGING",
    ]
    assert ask("STOP", 27) == "OK"
    assert (ask("STATE?"), ask("MEAS:POW?")) == ("IDLE", "0.0")
    assert {ask("STATE?", t) for t in range(28, 100)} == {"IDLE"}
    assert ask("FIRE") == "OK"
    assert [ask("STATE?", t) for t in (103, 112, 118)] == ["FIRING", "IDLE", "CHARGING"]


def test_how_often_it_is_asked_does_not_change_what_happens() -> None:
    often, seldom = Dialogue(rest_s=6), Dialogue(rest_s=6)
    seldom("STATE?", 0)
    for step in range(1001):
        often("STATE?", step / 10)
    for request in ("STATE?", "MEAS:DUR?", "MEAS:TEMP?"):
        assert often(request, 100) == seldom(request, 100)


def test_a_pulse_that_is_cut_short_from_outside_keeps_its_past() -> None:
    ask = Dialogue()
    ask("FIRE", 0)
    assert ask("MEAS:DUR?", 7) == "4.00"
    ask.simulator.duration_s = 1
    assert (ask("STATE?", 7.5), ask("MEAS:DUR?")) == ("IDLE", "4.00")


def test_settings_are_read_back_as_they_were_set() -> None:
    ask = Dialogue()
    assert (ask("SET:POW?"), ask("SET:FOC?"), ask("SET:DUR?")) == ("1200.0", "100.0", "8.00")
    assert ask("SET:DIST?") == "384400.0"
    assert (ask("SET:POW 2500.04"), ask("SET:POW?")) == ("OK", "2500.0")
    assert (ask("SET:FOC 12.34"), ask("SET:FOC?")) == ("OK", "12.3")
    assert (ask("SET:DIST 363300"), ask("SET:DIST?")) == ("OK", "363300.0")
    assert (ask("SET:DUR +0.1"), ask("SET:DUR?")) == ("OK", "0.10")
    ask("FIRE")
    assert ask("STATE?", 3.05) == "FIRING"
    assert ask("STATE?", 3.15) == "IDLE"


@pytest.mark.parametrize(
    ("request_line", "error"),
    [
        ("", "ERR 1 unknown request"),
        ("id?", "ERR 1 unknown request"),
        ("MEAS:POW", "ERR 1 unknown request"),
        ("SET:POW", "ERR 1 unknown request"),
        ("SET:XYZ 1", "ERR 1 unknown request"),
        ("FIRE 3", "ERR 1 unknown request"),
        ("\xff\x00", "ERR 1 unknown request"),
        ("SET:POW much", "ERR 2 not a number"),
        ("SET:POW 1e3", "ERR 2 not a number"),
        ("SET:POW nan", "ERR 2 not a number"),
        ("SET:POW ", "ERR 2 not a number"),
        ("SET:POW  1", "ERR 2 not a number"),
        ("SET:POW 5000.1", "ERR 3 out of range 0 to 5000"),
        ("SET:POW -1", "ERR 3 out of range 0 to 5000"),
        ("SET:DUR 0", "ERR 3 out of range 0.1 to 60"),
        ("SET:FOC 101", "ERR 3 out of range 0 to 100"),
        ("SET:DIST 1", "ERR 3 out of range 356400 to 406700"),
    ],
)
def test_a_bad_request_is_an_error_and_changes_nothing(request_line: str, error: str) -> None:
    ask = Dialogue()
    (answer,) = ask.simulator.feed(request_line.encode("latin-1") + b"\r\n", 0.0)
    assert answer.data == error.encode() + b"\r\n"
    assert (ask("SET:POW?"), ask("SET:FOC?"), ask("SET:DUR?")) == ("1200.0", "100.0", "8.00")
    assert (ask("SET:DIST?"), ask("STATE?")) == ("384400.0", "IDLE")


def test_it_fires_once_at_a_time_but_is_set_in_every_state() -> None:
    ask = Dialogue()
    ask("FIRE", 0)
    assert ask("FIRE") == "ERR 4 not while CHARGING"
    assert ask("FIRE", 4) == "ERR 4 not while FIRING"
    assert (ask("SET:POW 1"), ask("SET:POW?")) == ("OK", "1.0")


def spectrum(text: str) -> list[tuple[float, float]]:
    pairs = [pair.split(":") for pair in text.split(",")]
    return [(float(nm), float(intensity)) for nm, intensity in pairs]


def test_the_spectrum_has_64_points_and_a_line_that_moves_with_the_heat() -> None:
    ask = Dialogue(duration_s=60)
    dark = ask("MEAS:SPEC?")
    assert len(dark) == 831
    assert len(spectrum(dark)) == 64
    assert (spectrum(dark)[0][0], spectrum(dark)[-1][0]) == (516.0, 547.5)
    assert max(intensity for _, intensity in spectrum(dark)) < 0.01
    ask("FIRE")
    cold, warm = spectrum(ask("MEAS:SPEC?", 5)), spectrum(ask("MEAS:SPEC?", 60))

    def centre(points: list[tuple[float, float]]) -> float:
        return sum(nm * y for nm, y in points) / sum(y for _, y in points)

    assert max(intensity for _, intensity in warm) == pytest.approx(1.2, abs=0.03)
    assert 0.4 < centre(warm) - centre(cold) < 2


def test_measured_values_carry_noise_that_can_be_repeated() -> None:
    def temperatures(seed: int) -> list[str]:
        ask = Dialogue(noise=0.002, seed=seed)
        return [ask("MEAS:TEMP?", n) for n in range(10)]

    assert temperatures(1) == temperatures(1) != temperatures(2)
    assert len(set(temperatures(1))) > 5
    assert all(abs(float(kelvin) - 255) < 1 for kelvin in temperatures(1))


def test_now_and_then_an_answer_is_late() -> None:
    simulator = MoonLaserSimulator()
    late = [n for n in range(100) if simulator.feed(b"ID?\r\n", n)[0].delay_s > 0.2]
    assert late == [46, 93]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SimulationError, match="must be from 0 to 5000"):
        MoonLaserSimulator(power_kw=9000)
    with pytest.raises(SimulationError, match="did you mean 'power_kw'"):
        MoonLaserSimulator(power=9000)


@given(st.binary(max_size=60), st.floats(0, 1e6))
def test_any_line_is_answered_with_a_line(noise: bytes, now: float) -> None:
    simulator = MoonLaserSimulator()
    answers = simulator.feed(b"ID?\r\n", 0.0) + simulator.feed(noise + b"\r\n", now)
    assert len(answers) == 1 + (noise + b"\r\n").count(b"\r\n")
    assert all(re.fullmatch(rb"[ -~]+\r\n", answer.data) for answer in answers)


@pytest.mark.skipif(not available(), reason="no pseudo-terminals here")
def test_a_plain_serial_port_reads_it() -> None:
    laser = MoonLaserSimulator(late_every=0, rest_s=0)
    with PtyCarrier(laser) as carrier, serial.Serial(carrier.url, 115200, timeout=5) as port:
        port.write(b"MEAS:SPEC?\r\nSTA")
        assert len(spectrum(port.read_until(b"\r\n").decode())) == 64
        port.write(b"TE?\r\n")
        assert port.read_until(b"\r\n") == b"IDLE\r\n"


def test_each_line_of_the_manual_is_true() -> None:
    table = re.findall(r"^\| `([A-Z][^`]*)` \| (.*?) \|", README.read_text("utf-8"), re.MULTILINE)
    requests = [request for request, _ in table if not request.startswith("ERR")]
    assert len(requests) == 16
    for request, answers in table:
        if request.startswith("ERR"):
            continue
        got = Dialogue()(request)
        shapes = [re.sub(r"\d+", "0", one) for one in re.findall("`([^`]*)`", answers)]
        assert re.sub(r"\d+", "0", got.split(",516.5")[0]) in [s.split(",0.0:")[0] for s in shapes]


def test_the_readme_names_every_value_that_can_be_set() -> None:
    text = README.read_text(encoding="utf-8")
    assert [name for name in MoonLaserSimulator.settables() if f"`{name}`" not in text] == []
