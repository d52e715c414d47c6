"""The simulated iSeries controller at times that a test makes up, request by request."""

from __future__ import annotations

from pathlib import Path

import labframe_drivers
import pytest
from labframe_drivers.omega_cni import OmegaCniSimulator

from labframe.errors import BadReply, IncompleteReply, NoReply
from labframe.line import Line, SerialLine
from labframe.simulation import SimCarrier, SimulatedBus, SimulatedInstrument, SimulationError
from labframe.wires import ManualClock

README = Path(labframe_drivers.__file__).parent / "omega_cni" / "README.md"


class Dialogue:
    """Asks at times that the test sets."""

    def __init__(self, *members: SimulatedInstrument) -> None:
        self.wire = members[0] if len(members) == 1 else SimulatedBus(*members)
        self.now = 0.0

    def __call__(self, request: str, at: float | None = None) -> str | None:
        """Return the answer without CR; None for silence."""
        self.now = self.now if at is None else at
        answers = self.wire.feed(f"{request}\r".encode(), self.now)
        if not answers:
            return None
        answer = b"".join(one.data for one in answers)
        assert answer.endswith(b"\r")
        assert answer.count(b"\r") == 1
        return answer[:-1].decode()


def controller(**state: object) -> OmegaCniSimulator:
    return OmegaCniSimulator(**state)


def test_the_temperature_is_shown_as_it_is_set() -> None:
    assert Dialogue(controller())("*X01") == "X01023.5"
    assert Dialogue(controller(decimals=0))("*X01") == "X010024"
    assert Dialogue(controller(decimals=2))("*X01") == "X0123.50"
    assert Dialogue(controller(fahrenheit=True))("*X01") == "X01074.3"
    assert Dialogue(controller(temperature=-12.34))("*X01") == "X01-012.3"
    assert Dialogue(controller(temperature=-0.01))("*X01") == "X01000.0"
    assert Dialogue(controller(temperature=1234.5))("*X01") == "X011234.5"
    assert Dialogue(controller(broken_sensor=True))("*X01") == "X01?+999999"


def test_the_oven_follows_its_setpoint_and_peak_and_valley_are_kept() -> None:
    ask = Dialogue(controller(temperature=20, setpoint=100, time_constant_s=100))
    assert ask("*X01", at=0) == "X01020.0"
    assert ask("*X01", at=100) == "X01070.6"  # 1/e of 80 K are left
    assert ask("*X01", at=1e4) == "X01100.0"
    assert ask("*W01200000") == "W01"
    assert ask("*X01", at=1.01e4) == "X01050.1"  # towards 21 °C
    assert (ask("*X02"), ask("*X03")) == ("X02100.0", "X03020.0")
    assert ask("*Z02", at=2e4) == "Z02"
    assert (ask("*X02", at=20001), ask("*X03")) == ("X02021.0", "X03021.0")


def test_in_standby_it_does_not_heat() -> None:
    ask = Dialogue(controller(setpoint=100, time_constant_s=10))
    assert (ask("*E03", at=0), ask("*X01", at=1000)) == ("E03", "X01023.5")
    assert (ask("*D03"), ask("*X01", at=2000)) == ("D03", "X01100.0")


def test_without_echo_only_values_are_answered() -> None:
    ask = Dialogue(controller(echo=False))
    assert (ask("*X01"), ask("*R01"), ask("*U01")) == ("023.5", "200000", "@")
    for request in ("*W012003E8", "*P012003E8", "*E02", "*D02", "*Z01"):
        assert ask(request) is None
    assert ask("*Q01", at=1) == "?43"


def test_two_on_one_bus_answer_to_their_own_address() -> None:
    ask = Dialogue(controller(address="01"), controller(address=2, temperature=75.4))
    assert (ask("*01X01"), ask("*02X01")) == ("01X01023.5", "02X01075.4")
    for request in ("*X01", "*03X01", "*1X01", "*02"):
        assert ask(request) in (None, "?43")
    assert ask("*03X01") is None


def test_another_recognition_character_is_not_answered() -> None:
    ask = Dialogue(controller(recognition="#"))
    assert (ask("*X01"), ask("X01"), ask("")) == (None, None, None)
    assert ask("#X01") == "X01023.5"
    assert ask("^AE") == "2300140D"


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ("*", "?43"), ("*Q01", "?43"), ("*X04", "?43"), ("*R06", "?43"), ("*W0620", "?43"),
        ("*Z05", "?43"), ("*x01", "?43"), ("*W01", "?46"), ("*W012003E", "?46"),
        ("*W012003E80", "?46"), ("*W012003e8", "?46"), ("*R012003E8", "?46"), ("*X011", "?46"),
        ("*E021", "?46"), ("*W21C8", "?56"),
    ],
)  # fmt: skip
def test_what_it_does_not_do_is_answered_with_an_error(request_: str, error: str) -> None:
    assert Dialogue(controller())(request_) == error


def test_there_are_two_memories() -> None:
    ask = Dialogue(controller())
    assert (ask("*W1700FF"), ask("*R17"), ask("*G17")) == ("W17", "R1700FF", "G1700C8")
    assert (ask("*P170001"), ask("*G17")) == ("P17", "G170001")
    assert ask("*Z02", at=0) == "Z02"
    assert ask("*G17", at=0.1) is None  # it restarts
    assert ask("*G17", at=1) == "G1700FF"
    assert (ask("*W012003E8"), ask("*G01")) == ("W01", "G012003E8")  # setpoints at once


def test_what_was_written_takes_effect_after_a_reset() -> None:
    ask = Dialogue(controller(address="01"))
    for request in ("*01W1F10", "*01W2623", "*01W2105", "*01W0841"):
        assert ask(request) == request[1:6]
    assert ask("*01X01") == "01X01023.5"
    assert ask("*01Z02") == "01Z02"
    assert (ask("*01X01", at=1), ask("#05X01")) == (None, "0024")


def test_a_line_feed_behind_a_request_does_no_harm() -> None:
    simulator = controller()
    for _ in range(2):
        (answer,) = simulator.feed(b"*X01\r\n", 0.0)
        assert answer.data == b"X01023.5\r"


def test_it_forgets_standby_and_working_memory_without_power() -> None:
    simulator = controller()
    ask = Dialogue(simulator)
    ask("*E03")
    ask("*P170001")
    assert simulator.power_cycled(1.0) == []
    assert (ask("*G17", at=2), simulator.in_standby) == ("G1700C8", False)


def test_values_are_set_from_outside_while_it_runs() -> None:
    simulator = controller(time_constant_s=0)
    ask = Dialogue(simulator)
    simulator.temperature, simulator.setpoint, simulator.alarms = 100, 50, 3
    assert (ask("*X01"), ask("*X02"), ask("*R01"), ask("*U01")) == (
        "X01100.0", "X02100.0", "R012001F4", "U01C",
    )  # fmt: skip
    simulator.fahrenheit = True
    assert (ask("*X01"), ask("*R08")) == ("X01212.0", "R084A")


def over_a_wire(bytesize: int, parity: str) -> bytes:
    """Return what a port that is set so gets for an answer; nothing when none comes."""
    settings = SerialLine(bytesize=bytesize, parity=parity, terminator=b"\r")
    carrier = SimCarrier(controller(), clock=ManualClock())
    with carrier, Line(carrier.url, settings) as line:
        try:
            return line.transact(b"*X01")
        except NoReply:
            return b""
        except (BadReply, IncompleteReply) as error:
            return error.received


def test_over_a_wire_only_seven_bits_and_odd_parity_give_a_value() -> None:
    assert over_a_wire(7, "O") == b"X01023.5"
    for wrong in [(7, "E"), (7, "N"), (8, "N"), (8, "O"), (8, "E")]:
        assert not any(48 <= byte <= 57 for byte in over_a_wire(*wrong)), wrong


def test_a_byte_of_another_parity_is_answered_with_an_error() -> None:
    (answer,) = controller().feed(b"*X\xb01\r", 0.0)
    assert answer.data == b"?50\r"
    assert controller().feed(b"\xaaX01\r", 0.0) == []


@pytest.mark.parametrize(
    "state",
    [
        {"address": "C8"}, {"address": "1"}, {"address": 200}, {"recognition": "^"},
        {"recognition": "**"}, {"decimals": 4}, {"baud": 115200}, {"sensor": "NTC"},
    ],
)  # fmt: skip
def test_values_that_no_controller_has_are_refused(state: dict[str, object]) -> None:
    with pytest.raises(SimulationError, match=next(iter(state))):
        controller(**state)


def test_its_faults_keep_the_echo() -> None:
    simulator = controller(address="01")
    assert simulator.no_number(b"*01X01\r", b"01X01023.5\r", b"") == b"01X01?+999999\r"
    assert simulator.no_number(b"*01R01\r", b"01R01200000\r", b"") is None
    assert simulator.readdressed(b"01X01023.5\r") == b"02X01023.5\r"
    assert simulator.readdressed(b"?43\r") is None
    assert simulator.lacks("readdressed") is None
    assert simulator.device_error(b"", "?46") == b"?46\r"
    silent = controller(echo=False)
    assert silent.no_number(b"*X01\r", b"023.5\r", b"open") == b"open\r"
    assert silent.readdressed(b"023.5\r") is None
    assert "needs an address" in str(silent.lacks("readdressed"))


def test_the_readme_names_every_value_that_can_be_set() -> None:
    text = README.read_text(encoding="utf-8")
    assert [name for name in OmegaCniSimulator.settables() if f"`{name}`" not in text] == []
