"""Arguments of commands: each mistake has its word, and not one byte goes to the instrument."""

import inspect
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from commandlab import Furnace, SimulatedFurnace, code, host_of, recorded, said, simulated
from udp import ask

from labframe import Arg, Host, Instrument, command
from labframe.errors import ArgumentError, DeclarationError
from labframe.simulation import PtyCarrier


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with host_of(tmp_path_factory.mktemp("state")) as made:
        made.wait_fresh("oven_temperature")
        yield made


MISTAKES = [
    ("setpoint", {}, "MISSING_ARGUMENT", "target (a number, 0 to 470 K) is missing"),
    ("ramp", {"rate": 1}, "MISSING_ARGUMENT", "target (a number, 0 to 470 K) is missing"),
    (
        "setpoint",
        {"target": 77, "targte": 1},
        "UNKNOWN_ARGUMENT",
        "there is no argument 'targte'; did you mean 'target'? It takes: target",
    ),
    ("setpoint", {"targte": 77}, "UNKNOWN_ARGUMENT", "did you mean 'target'?"),
    ("stop", {"now": True}, "UNKNOWN_ARGUMENT", "there is no argument 'now'. It takes none"),
    ("setpoint", {"target": "77"}, "WRONG_TYPE", "target = '77': not a number, 0 to 470 K"),
    ("setpoint", {"target": True}, "WRONG_TYPE", "target = True: not a number"),
    ("setpoint", {"target": None}, "WRONG_TYPE", "target = None: not a number"),
    ("setpoint", {"target": [77]}, "WRONG_TYPE", "target = [77]: not a number"),
    ("setpoint", {"target": float("nan")}, "WRONG_TYPE", "target = nan: not finite"),
    ("setpoint", {"target": float("inf")}, "WRONG_TYPE", "target = inf: not finite"),
    ("setpoint", {"target": 10**400}, "WRONG_TYPE", "...: not a number, 0 to 470 K"),
    ("setpoint", {"target": 470.1}, "OUT_OF_RANGE", "target = 470.1: the limits are 0 to 470 K"),
    ("setpoint", {"target": -1}, "OUT_OF_RANGE", "target = -1: the limits are 0 to 470 K"),
    ("add", {"number": 1.5}, "WRONG_TYPE", "number = 1.5: not a whole number"),
    ("power", {"on": 1}, "WRONG_TYPE", "on = 1: not true or false"),
    ("profile", {"steps": [1, "x"]}, "WRONG_TYPE", "steps = [1, 'x']: not a list"),
    ("profile", {"steps": [1, float("nan")]}, "WRONG_TYPE", "steps = [1, nan]: not finite"),
    (
        "mode",
        {"name": "remot"},
        "OUT_OF_RANGE",
        "name = 'remot': not one of the choices; did you mean 'remote'? "
        "They are: 'local', 'remote'",
    ),
    ("ramp", {"target": 1, "rate": 51}, "OUT_OF_RANGE", "rate = 51: the limits are 0.1 to 50"),
]


@pytest.mark.parametrize(("name", "given", "word", "text"), MISTAKES)
def test_a_wrong_argument_is_refused_over_the_network_before_a_byte_is_written(
    host: Host, name: str, given: dict[str, Any], word: str, text: str
) -> None:
    before = list(simulated(host).requests)
    answer = said(host, f"oven.{name}", **given)
    assert answer.startswith(f"ERROR#{word}: oven.{name}: ")
    assert text in answer
    assert simulated(host).requests == before
    assert recorded(host)[-1]["outcome"] == "refused"


@pytest.mark.parametrize(("name", "given", "word", "text"), MISTAKES)
def test_a_wrong_argument_is_refused_in_a_script_before_a_byte_is_written(
    name: str, given: dict[str, Any], word: str, text: str
) -> None:
    simulator = SimulatedFurnace()
    with PtyCarrier(simulator) as carrier, Furnace(carrier.url, name="oven") as furnace:
        if word in ("MISSING_ARGUMENT", "UNKNOWN_ARGUMENT"):  # Python says so itself
            with pytest.raises(TypeError, match="argument"):
                getattr(furnace, name)(**given)
        else:
            with pytest.raises(ArgumentError) as caught:
                getattr(furnace, name)(**given)
            assert caught.value.code == word
            assert text in str(caught.value)
        assert simulator.requests == []
        assert furnace.mode("remote") == "MODE remote OK"


def test_arguments_that_fit_arrive_as_the_driver_wants_them(host: Host) -> None:
    assert said(host, "oven.ramp", target=77) == 'RET#"RAMP 77 10 OK"'
    assert said(host, "oven.ramp", target=77.5, rate=0.1) == 'RET#"RAMP 77.5 0.1 OK"'
    assert said(host, "oven.mode") == 'RET#"MODE local OK"'
    assert said(host, "oven.power", on=False) == 'RET#"POWER 0 OK"'
    assert said(host, "oven.profile", steps=[1, 2.5]) == 'RET#"PROFILE 1.0 2.5 OK"'
    assert said(host, "oven.add", number=10**30) == f"RET#{10**30 + 1000}"
    assert said(host, "oven.setpoint", target=470) == "RET#470.0"


def test_a_number_that_no_float_can_hold_is_refused_where_a_whole_number_is_wanted(
    host: Host,
) -> None:
    class Counter(Instrument):
        @command(limits=(0, 10))
        def count(self, number: int) -> int:
            return number

    counter = Counter()
    assert counter.count(10) == 10
    with pytest.raises(ArgumentError, match="the limits are 0 to 10") as caught:
        counter.count(10**400)
    assert caught.value.code == "OUT_OF_RANGE"
    assert said(host, "oven.add", number=10**400) == f"RET#{10**400 + 1000}"


def test_a_retry_of_what_was_wrong_never_hangs(host: Host) -> None:
    for _ in range(2):
        answer = said(host, "oven.add", number=-(10**400), _id="long")
        assert answer == f"RET#{1000 - 10**400}"


def test_an_optional_argument_may_be_null_and_keeps_its_limits() -> None:
    class Pump(Instrument):
        @command(limits=(0, 100))
        def speed(self, percent: float | None = None) -> float | None:
            return percent

    pump = Pump()
    assert pump.speed() is None
    assert pump.speed(None) is None
    assert pump.speed(100) == 100.0
    with pytest.raises(ArgumentError, match="the limits are 0 to 100"):
        pump.speed(101)


def test_a_driver_that_inherits_a_command_may_call_it_as_it_was_declared() -> None:
    class Wide(Instrument):
        @command(unit="K", limits=(0, 470))
        def setpoint(self, target: float) -> float:
            return target

    class Narrow(Wide):
        @command(unit="K", limits=(0, 100))
        def setpoint(self, kelvin: float) -> float:
            return super().setpoint(kelvin)

    class Hidden(Wide):
        def setpoint(self, target: float) -> float:
            return super().setpoint(target)

    assert Narrow().setpoint(100) == 100.0
    with pytest.raises(ArgumentError, match="0 to 100 K"):
        Narrow().setpoint(101)
    assert Hidden.commands() == {}
    assert Hidden().setpoint(77) == 77.0
    with pytest.raises(ArgumentError, match="0 to 470 K"):
        Hidden().setpoint(471)


def _declared(method: Any, **wish: Any) -> None:
    type("Made", (Instrument,), {method.__name__: command(**wish)(method)})


def test_a_declaration_that_cannot_be_is_refused_where_the_class_is_made() -> None:
    def untyped(self, target): ...  # type: ignore[no-untyped-def]  # it is the mistake
    def positional(self: Any, target: float, /) -> None: ...
    def several(self: Any, a: float, b: float) -> None: ...
    def starred(self: Any, *values: float) -> None: ...
    def reserved(self: Any, method: str) -> None: ...
    def hidden(self: Any, _id: str) -> None: ...
    def foreign(self: Any, pipe: inspect.Signature) -> None: ...
    def one(self: Any, target: float) -> None: ...
    def action(self: Any) -> None: ...
    def annotated(self: Any, a: Annotated[float, Arg(limits=(2, 1))]) -> None: ...

    mistakes: list[tuple[Any, dict[str, Any], str]] = [
        (untyped, {}, "without a type: say `target: float`"),
        (positional, {}, "target: float: it is called by name"),
        (several, {"unit": "K"}, "this command has 2. Annotate each"),
        (starred, {}, "arguments without names cannot be checked"),
        (reserved, {}, "the push socket takes this name for itself"),
        (hidden, {}, "the push socket takes this name for itself"),
        (foreign, {}, "cannot come over the network"),
        (one, {"unit": "Kelvins"}, "Kelvins"),
        (one, {"limits": (5, 1)}, "not \\(lowest, highest\\)"),
        (one, {"read_back": "nothing"}, "not a reading of one value; the readings are: none"),
        (action, {"read_back": "x"}, "read_back is for commands with one argument"),
        (action, {"after_reconnect": "reapply"}, "this is an action"),
        (one, {"after_reconnect": "always"}, "not one of 'keep', 'reapply', 'forget'"),
        (annotated, {}, "not \\(lowest, highest\\)"),
    ]
    for method, wish, text in mistakes:
        with pytest.raises(DeclarationError, match=text):
            _declared(method, **wish)


def test_a_choice_that_is_no_text_is_compared_by_value() -> None:
    class Filter(Instrument):
        @command(choices=(1, 2, 4))
        def width(self, nm: int) -> int:
            return nm

        @command()
        def slit(self, mm: Literal["wide", "narrow"]) -> str:
            return mm

    wheel = Filter(name="wheel")
    assert wheel.width(4) == 4
    for wrong, word in ((3, "OUT_OF_RANGE"), ("1", "OUT_OF_RANGE"), (True, "WRONG_TYPE")):
        with pytest.raises(ArgumentError) as caught:
            wheel.width(wrong)  # type: ignore[arg-type]  # it is the mistake
        assert caught.value.code == word
    with pytest.raises(ArgumentError, match=r"wheel\.slit: mm = 1: not one of the choices"):
        wheel.slit(1)  # type: ignore[arg-type]  # it is the mistake


def test_the_refusal_of_a_very_long_value_is_short(host: Host) -> None:
    answer = said(host, "oven.mode", name="x" * 50_000)
    assert code(answer) == "ERROR#OUT_OF_RANGE"
    assert len(answer) < 400
    answer = said(host, "oven.mode", **{"n" * 50_000: 1})
    assert code(answer) == "ERROR#UNKNOWN_ARGUMENT"
    assert len(answer) < 400


@pytest.mark.parametrize("depth", [250, 600, 900, 5000])
def test_a_value_that_is_too_deep_is_refused_and_not_executed(host: Host, depth: int) -> None:
    before = simulated(host).count
    deep = "[" * depth + "1" + "]" * depth
    for more in ("", ', "_id": "deep"'):
        answer = ask(
            host.commanding.port or 0,
            f'json_wn#{{"method": "oven.add", "number": {deep}{more}}}',
        )
        assert answer == "ERROR#Nothing was done: the data are nested too deeply"
    assert simulated(host).count == before
