"""What ``pushed`` may stand with, and what a class with it is like without a host."""

from typing import Any

import pushed_gauge
import pytest
from pushed_gauge import PushedGauge, PushedGaugeSimulator

from labframe import Instrument, SerialLine, command, reading
from labframe.cli.values import pace
from labframe.errors import BadReply, DeclarationError, LineError, NoReply
from labframe.host.draft import Draft
from labframe.simulation import SimCarrier
from labframe.testing.hosts import explicit_plugins
from labframe.transcripts import Transcript
from labframe.wires import ManualClock

LINE = SerialLine()


def declare(method: Any, *more: Any, line: SerialLine | None = LINE) -> None:
    body = {one.__name__: one for one in (method, *more)}
    type("Gauge", (Instrument,), {"line": line, **body})


def test_what_cannot_be_pushed_is_refused_with_the_way_out() -> None:
    @reading(unit="Pa", pushed=True)
    def without_a_frame(self: Any) -> float:
        return 0.0

    @reading(unit="Pa", pushed=True, on_demand=True)
    def on_demand(self: Any, line: str) -> float:
        return 0.0

    @reading(unit="Pa", pushed="(")
    def like_nothing(self: Any, line: str) -> float:
        return 0.0

    @reading(unit="Pa", pushed=True)
    def good(self: Any, line: str) -> float:
        return 0.0

    @reading(unit="Pa", pushed=True)
    def another(self: Any, line: str) -> float:
        return 0.0

    @reading(pushed=True)
    def bare(self: Any, line: str) -> float | None:
        return 0.0

    @command(unit="Pa", limits=(0, 1), read_back="good")
    def setting(self: Any, target: float) -> None:
        return None

    for methods, says in (
        ((without_a_frame,), "one argument beside self"),
        ((on_demand,), "either pushed or on_demand"),
        ((like_nothing,), "not a regular expression"),
        ((good, another), "good and another: one reading may be pushed"),
        ((bare,), "a number needs a unit"),
        ((good, setting), "not a reading of one value"),
    ):
        with pytest.raises(DeclarationError, match=says):
            declare(*methods)
    with pytest.raises(DeclarationError, match="needs a line"):
        declare(good, line=None)


def test_text_and_bytes_and_sweeps_may_be_pushed() -> None:
    class Talker(Instrument):
        line = SerialLine()

        @reading(unit="counts", x_unit="nm", sweep=True, every=30.0, pushed=True)
        def spectrum(self, frame: bytes) -> tuple[list[float], list[float]] | None:
            del frame
            return None

    class Speaker(Instrument):
        line = SerialLine()

        @reading(every=2.0, pushed="ok")
        def word(self, line: str) -> str | None:
            return line

    spectrum, word = Talker.readings()["spectrum"], Speaker.readings()["word"]
    assert (spectrum.takes_bytes, spectrum.stale_after, spectrum.like) == (True, 90.0, None)
    assert (word.takes_bytes, word.stale_after, word.unit) == (False, 6.0, None)
    assert word.like is not None
    assert Talker.pushed_reading() is spectrum
    assert Instrument.pushed_reading() is None


@pytest.fixture
def carrier() -> Any:
    with SimCarrier(PushedGaugeSimulator(), clock=ManualClock()) as carrier:
        yield carrier


def test_a_script_hears_what_comes(carrier: SimCarrier) -> None:
    simulator = carrier.simulator
    assert isinstance(simulator, PushedGaugeSimulator)
    with PushedGauge(carrier.url) as gauge:
        assert gauge.hear() == {"pressure": 1.5, "ratio": 0.5}
        assert gauge.setpoint_now() == 0.0
        simulator.line_to_send = "P=\u00e9"
        with pytest.raises(BadReply, match="no ascii text"):
            gauge.hear()
        simulator.line_to_send = "P=# nothing"
        with pytest.raises(NoReply, match="nothing came by itself for 2 s"):
            gauge.hear(2.0)
        gauge.stop()
        with pytest.raises(NoReply, match=r"for 0\.3 s"):
            gauge.hear()


def test_a_driver_without_such_a_reading_hears_nothing() -> None:
    class Asked(Instrument):
        line = SerialLine()

    with pytest.raises(LineError, match="declares no reading with pushed"):
        Asked("sim://nobody").hear()


def test_a_recorded_line_has_what_came_unasked(carrier: SimCarrier, tmp_path: Any) -> None:
    file = tmp_path / "gauge.jsonl"
    with PushedGauge(f"record://{file}?url={carrier.url}") as gauge:
        gauge.hear()
        gauge.hear()
    received = b"".join(one.data for one in Transcript.load(file).chunks if not one.sent)
    assert received.count(b"P=1.5 0.5\r\n") >= 2


def test_a_configuration_says_how_often_it_should_come(tmp_path: Any) -> None:
    section = {
        "driver": "pushed_gauge", "port": "/dev/ttyUSB0",
        "reading": {"air": {"every": 10.0}, "pressure": {"scale": 2.0, "codename": "inlet"}},
    }  # fmt: skip
    draft = Draft({"instrument": {"gauge": section}}, explicit_plugins(pushed_gauge), tmp_path)
    (air, _) = draft.plan.instruments[0].readings
    assert [(one.codename, one.stale_after, one.scale) for one in air.outputs] == [
        ("inlet", 30.0, 2.0),
        ("gauge_ratio", 30.0, 1.0),
    ]
    assert pace(air.every, is_pushed=air.declaration.pushed) == "pushed, 10 s"
    assert (pace(None), pace(1.0)) == ("on demand", "1 s")
