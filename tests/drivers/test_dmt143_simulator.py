"""The simulated DMT143: what the manual publishes, and what other people's drivers send."""

import pytest
from labframe_drivers.dmt143 import Dmt143Simulator, formatter, vapour

from labframe.simulation import Answer, SimulationError

WORKED = [("CS2", "D6"), ("CS4", "06D6"), ("CSX", "6E")]


class Talk:
    """Lets time pass for a simulator, and collects what it says."""

    def __init__(self, **state: object) -> None:
        self.simulator = Dmt143Simulator(**{"drift": 0, **state})
        self.now = 100.0

    def wait(self, seconds: float) -> bytes:
        """Return what it says by itself."""
        said = b""
        until = self.now + seconds
        while self.now < until:
            self.now += 0.02
            said += joined(self.simulator.tick(self.now))
        return said

    def ask(self, request: str) -> str:
        """Return what it answers, and says within 0.9 s, as PyExpLabSys reads it."""
        said = joined(self.simulator.feed(request.encode() + b"\r", self.now))
        return (said + self.wait(0.9)).decode()


def joined(answers: list[Answer]) -> bytes:
    return b"".join(answer.data for answer in answers)


@pytest.mark.parametrize(("field", "checksum"), WORKED)
def test_the_checksums_are_those_that_were_worked_out(field: str, checksum: str) -> None:
    form = f'"Tdf=-21.60 C " "H2O=  874.0 ppm" " " {field}'
    line = formatter.formatted(formatter.parsed(form), {}, {})
    assert line == b"Tdf=-21.60 C H2O=  874.0 ppm " + checksum.encode()


@pytest.mark.parametrize(
    ("dew_point", "h2o"), [(-9.8, 2618), (-9.74, 2632), (-9.72, 2636), (-9.57, 2671)]
)
def test_dew_point_and_parts_per_million_fit_as_in_the_manual(dew_point: float, h2o: int) -> None:
    found = vapour.parts_per_million(vapour.vapour_bar(dew_point), 1.01325)
    assert found == pytest.approx(h2o, abs=3)
    assert vapour.dew_point_c(vapour.vapour_bar(dew_point)) == pytest.approx(dew_point)
    assert vapour.dew_point_c(vapour.vapour_bar(12.5)) == pytest.approx(12.5)


@pytest.mark.parametrize(
    "form", ['"12345678901234567890"', "FOO", "3.", '"open', "1.1 " * 50, "#12", "U"]
)
def test_what_is_no_format_is_refused_and_the_old_one_stays(form: str) -> None:
    talk = Talk(smode="STOP")
    assert talk.ask(f"FORM {form}") == "Invalid format\r\n"
    assert talk.ask("SEND").startswith("Tdf= ")


def test_a_format_may_have_any_of_the_modifiers_of_the_manual() -> None:
    talk = Talk(smode="STOP", address=7, errors="1000", status="H")
    form = r'#002 5.2 Tdf U3 #t TDFA u3 H20 " " U4 ADDR " " SN " " STAT ERR #t TIME CSX #003 \n'
    assert talk.ask(f"form {form}") == "OK\r\n"
    talk.simulator.tick(talk.now)
    line = talk.ask("send")
    assert line.startswith("\x02   -9.80'C \t   -9.80'C  2617.50 ppm 7 W2340432 H1000\t")
    assert line.endswith("\x03\n")


def test_it_talks_into_the_port_from_the_beginning_and_hears_s_or_esc_only() -> None:
    talk = Talk()
    assert talk.wait(3.0).count(b"Tdf=") == 3
    assert "DMT143" not in talk.ask("VERS"), "in the mode RUN it is not answered"
    talk.wait(0.5)
    assert talk.ask("s") == ""
    assert talk.ask("VERS") == "DMT143 / 1.1.4\r\n"
    assert talk.ask("R").count("Tdf=") == 1
    talk.wait(0.5)
    assert talk.ask("\x1b") == ""
    assert talk.wait(3.0) == b""


def test_while_a_line_goes_out_it_hears_nothing() -> None:
    talk = Talk()
    assert talk.wait(0.02)
    assert talk.simulator.feed(b"S\r", talk.now + 0.01) == []
    assert talk.wait(3.0).count(b"Tdf=") == 3
    other = Talk(half_duplex=False)
    assert other.wait(0.02)
    other.simulator.feed(b"S\r", other.now + 0.01)
    assert other.wait(3.0) == b""


def test_the_newer_driver_of_pyexplabsys_gets_what_it_looks_for() -> None:
    talk = Talk(dew_point=16.71)
    talk.wait(1.5)
    talk.ask("\x1b")
    assert (
        talk.ask(r'FORM 3.6 Tdf ";" 3.6 Tdfa ";" 6.5 H2O ";" STAT ";" ADDR ";" TIME \n') == "OK\r\n"
    )
    first, second, third, status, address, _ = talk.ask("SEND").partition("\n")[0].split(";")
    assert [float(first), float(second)] == pytest.approx([16.71, 16.71])
    assert float(third) == pytest.approx(19130, rel=0.01)
    assert (status, address) == (" ", "0")
    info = talk.ask("?").strip().split("\n")
    assert info[0].strip().startswith("DMT143")
    assert info[1].split(" ")[-1].strip() == "W2340432"
    assert float(info[13].split(" ")[-2]) == 1.01325
    assert "No errors" in talk.ask("ERRS")
    assert "1.00000" in talk.ask("XPRES 1.00000")
    assert float(talk.ask("?").strip().split("\n")[13].split(" ")[-2]) == 1.0


def test_the_older_driver_of_pyexplabsys_finds_the_numbers_of_the_factorys_format() -> None:
    talk = Talk(smode="STOP", dew_point=16.71)
    words = talk.ask("SEND").split(" ")
    assert (float(words[2]), float(words[6])) == (16.71, 16.71)
    assert float(words[9]) == pytest.approx(19130, rel=0.01)


def test_the_dmt143_monitor_gets_numbers_from_its_format_without_lengths() -> None:
    talk = Talk(dew_point=19.8)
    talk.wait(1.5)
    talk.ask("S")
    assert "OK" in talk.ask("FORM TDF TDFA H2O")
    numbers = [float(one) for one in talk.ask("R").split()]
    assert numbers == [19.8, 19.8, pytest.approx(23500, rel=0.02)]
    talk.wait(0.5)
    talk.ask("S")
    settings = dict(line.split(":", 1) for line in talk.ask("?").split("\r\n") if ":" in line)
    found = {name.strip(): value.strip() for name, value in settings.items()}
    assert found["Sensor model"] == "DRYCAP180D"
    assert (found["Serial mode"], found["Output interval"]) == ("S", "1 S")


def test_after_power_is_back_it_says_who_it_is_and_begins_anew() -> None:
    talk = Talk(pressure=2.0, smode="RUN")
    talk.wait(1.5)
    talk.ask("S")
    assert "3.00000" in talk.ask("XPRES 3")
    said = joined(talk.simulator.power_cycled(talk.now) or [])
    assert said == b"DMT143 / 1.1.4\r\n"
    assert talk.wait(0.9) == b""
    assert talk.wait(1.5).startswith(b"Tdf=")
    talk.wait(0.3)
    talk.ask("S")
    assert "2.00000" in talk.ask("PRES")


def test_settings_are_set_and_told() -> None:
    talk = Talk(smode="STOP")
    assert talk.ask("INTV 2 H") == "Output interval: 2 H\r\n"
    assert talk.ask("INTV 0 S") == "Output interval: 0 S\r\n"
    assert talk.ask("INTV 256 S") == "Unknown command.\r\n"
    assert talk.ask("UNIT N") == "Output units   : non-metric\r\n"
    assert "'F" in talk.ask("SEND")
    assert talk.ask("PRES 0") == "Out of range\r\n"
    assert talk.ask("PRES x") == "Unknown command.\r\n"
    assert talk.ask("ADDR 300") == "Unknown command.\r\n"
    assert talk.ask("ADDR 9") == "Address        : 9\r\n"
    assert talk.ask("ECHO ON") == "Echo           : ON\r\n"
    assert talk.ask("ADDR") == "ADDR\rAddress        : 9\r\n"
    assert talk.ask("SMODE x").endswith("Unknown command.\r\n")
    assert talk.ask("SMODE RUN").startswith("SMODE RUN\rSerial mode    : RUN\r\n")
    talk.simulator.errors = "1001"
    talk.wait(0.5)
    talk.ask("S")
    assert talk.ask("ERRS") == "ERRS\rT MEAS error\r\nFlash csum error\r\n"
    with pytest.raises(SimulationError, match="smode"):
        talk.simulator.smode = "WALK"
