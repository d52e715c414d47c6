"""``sim://``: a simulated instrument within the program, through the real line."""

from __future__ import annotations

import threading
import time
from typing import ClassVar

import pytest
import serial

from labframe import Instrument, SerialLine, query, reading
from labframe.errors import LineError, NoReply, PortBusy, PortGone, PortNotFound
from labframe.line import Line, register_urls
from labframe.simulation import Answer, LineSimulator, Settable, SimCarrier, SimulationError
from labframe.wires import ManualClock


class Gauge(LineSimulator):
    driver: ClassVar[str] = "gauge"
    baudrate: ClassVar[int | None] = 9600
    bytesize: ClassVar[int | None] = 7
    parity: ClassVar[str | None] = "O"
    terminator = b"\r"
    pressure = Settable(1.5, "mbar")

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.lines: list[tuple[bool, bool]] = []

    def port_set(self, dtr: bool, rts: bool) -> None:
        self.lines.append((dtr, rts))

    def respond(self, line: bytes, now: float) -> bytes | None:
        return f"{self.pressure}".encode() if line == b"P?" else None


SETTINGS = SerialLine(
    baudrate=9600, bytesize=7, parity="O", terminator=b"\r", first_byte_s=0.5, total_s=2.0
)


def test_a_driver_reads_it_and_its_bytes_take_their_time() -> None:
    with SimCarrier(Gauge()) as carrier, Line(carrier.url, SETTINGS) as line:
        began = time.monotonic()
        assert line.transact(b"P?") == b"1.5"
        assert time.monotonic() - began >= 4 * 10 / 9600
        assert carrier.seen == [b"P?\r"]
        assert carrier.settings is not None
        assert carrier.settings[:4] == (9600, 7, "O", 1)


def test_on_a_manual_clock_a_timeout_takes_no_time_and_is_exact() -> None:
    clock = ManualClock()
    with SimCarrier(Gauge(), clock=clock) as carrier, Line(carrier.url, SETTINGS) as line:
        began, then = time.monotonic(), clock.monotonic()
        with pytest.raises(NoReply, match=r"no answer to b'X\?\\r' within 0.5 s"):
            line.transact(b"X?")
        assert time.monotonic() - began < 0.2
        assert clock.monotonic() - then == pytest.approx(0.5, abs=0.01)
        assert line.transact(b"P?") == b"1.5"


@pytest.mark.parametrize(
    "wrong",
    [
        {"baudrate": 19200},
        {"parity": "E"},
        {"bytesize": 8, "parity": "O"},
        {"bytesize": 8, "parity": "N"},
    ],
)
def test_a_line_that_is_set_wrongly_gets_no_number(wrong: dict[str, object]) -> None:
    settings = SerialLine(
        **{"baudrate": 9600, "bytesize": 7, "parity": "O", "terminator": b"\r", **wrong}  # type: ignore[arg-type]  # one of them is changed
    )
    clock = ManualClock()
    with (
        SimCarrier(Gauge(), clock=clock) as carrier,
        Line(carrier.url, settings) as line,
        pytest.raises(LineError),
    ):
        float(line.transact(b"P?"))


def test_it_sees_the_control_lines() -> None:
    settings = SerialLine(baudrate=9600, bytesize=7, parity="O", dtr=False)
    gauge = Gauge()
    with SimCarrier(gauge) as carrier, Line(carrier.url, settings):
        assert gauge.lines == [(False, True)]


def test_the_cable_is_pulled_and_put_back() -> None:
    with SimCarrier(Gauge()) as carrier, Line(carrier.url, SETTINGS) as line:
        carrier.unplug()
        assert not line.present()
        with pytest.raises(PortGone, match="the port is gone"):
            line.transact(b"P?")
        with pytest.raises(PortNotFound, match="nothing is plugged in there"):
            line.open()
        assert not line.present()
        carrier.replug()
        assert line.present()
        line.open()
        assert line.transact(b"P?") == b"1.5"


def test_pulling_the_cable_ends_a_wait_at_once() -> None:
    with SimCarrier(Gauge()) as carrier, Line(carrier.url, SETTINGS) as line:
        puller = threading.Timer(0.05, carrier.unplug)
        puller.start()
        began = time.monotonic()
        with pytest.raises(PortGone):
            line.transact(b"X?")
        puller.join()
        assert time.monotonic() - began < 0.4


def test_two_lines_do_not_share_it() -> None:
    with (
        SimCarrier(Gauge()) as carrier,
        Line(carrier.url, SETTINGS),
        pytest.raises(PortBusy, match="another line of this program"),
    ):
        Line(carrier.url, SETTINGS).open()


def test_a_name_that_nobody_has_is_an_error_that_tells_which_there_are() -> None:
    with SimCarrier(Gauge(), "there"):
        with pytest.raises(PortNotFound, match="there are: sim://there"):
            Line("sim://elsewhere", SETTINGS).open()
        with pytest.raises(SimulationError, match="of this name already"):
            SimCarrier(Gauge(), "there")
    with SimCarrier(Gauge(), "there"):
        pass


def test_output_that_is_held_back_is_a_write_that_times_out() -> None:
    clock = ManualClock()
    with SimCarrier(Gauge(), clock=clock) as carrier, Line(carrier.url, SETTINGS) as line:
        carrier.hold_output()
        with pytest.raises(LineError, match="flow control"):
            line.transact(b"P?")
        carrier.hold_output(False)
        assert line.transact(b"P?") == b"1.5"


class Stream(LineSimulator):
    driver: ClassVar[str] = "stream"
    tick_s = 0.5

    def tick(self, now: float) -> list[Answer]:
        return [Answer(b"tick\r\n")]


def test_an_instrument_that_talks_by_itself_is_heard() -> None:
    clock = ManualClock()
    with SimCarrier(Stream(), clock=clock) as carrier:
        register_urls()
        with serial.serial_for_url(carrier.url, timeout=2.0) as port:
            clock.advance(0.75)
            assert port.read(12) == b"tick\r\n" * 2
            assert clock.monotonic() == pytest.approx(1000.75)
            assert port.read(6) == b"tick\r\n"
            assert clock.monotonic() == pytest.approx(1001.0)


def test_pyserial_opens_it_by_its_url_like_any_port() -> None:
    register_urls()
    register_urls()
    with SimCarrier(Gauge()) as carrier:
        port = serial.serial_for_url(
            carrier.url, baudrate=9600, bytesize=7, parity="O", timeout=1.0
        )
        with port:
            port.write(b"P?\r")
            assert port.read_until(b"\r") == b"1.5\r"
            assert (port.in_waiting, port.cts, port.dsr) == (0, True, True)
            port.dtr = False
            assert carrier.settings is not None
            assert not carrier.settings.dtr
            carrier.unplug()
            with pytest.raises(serial.SerialException, match="unplugged"):
                port.read(1)
        with pytest.raises(serial.SerialException, match="could not open port"):
            port.open()


def test_a_driver_works_on_it_unchanged() -> None:
    class GaugeDriver(Instrument):
        driver = "gauge"
        line = SETTINGS
        pressure = query("P?", float, unit="mbar")

        @reading(unit="mbar")
        def doubled(self) -> float:
            return 2 * self.pressure()

    with SimCarrier(Gauge(pressure=3)) as carrier, GaugeDriver(carrier.url) as gauge:
        assert (gauge.pressure(), gauge.doubled()) == (3.0, 6.0)
