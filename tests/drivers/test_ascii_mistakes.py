"""Mistakes in the section of an instrument that is described there: each has its own answer."""

from typing import Any

import pytest
from labframe_drivers.ascii import Ascii
from labframe_drivers.scpi import Scpi

from labframe.config import ConfigurationError
from labframe.instrument import Instrument
from labframe.plan import configured_driver

READING: dict[str, Any] = {"request": "T?", "unit": "K"}
COMMAND: dict[str, Any] = {"request": "T {k}", "unit": "K"}


def problems(table: dict[str, Any], driver: type[Instrument] = Ascii) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        configured_driver(driver, table, "x")
    return caught.value.problems


def of_reading(**keys: Any) -> dict[str, Any]:
    whole = {**READING, **keys}
    return {"reading": {"t": {key: one for key, one in whole.items() if one is not None}}}


def of_command(**keys: Any) -> dict[str, Any]:
    whole = {**COMMAND, **keys}
    return {"command": {"go": {key: one for key, one in whole.items() if one is not None}}}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "[instrument.x]: driver 'ascii' finds its readings and commands here, but there are"),
        (of_reading(request=None), "[instrument.x.reading.t] request: is missing: it takes a text"),
        (of_reading(request=" "), "reading.t] request = ' ': is empty"),
        (of_reading(request="T?\r"), "request = 'T?\\r': has a control character; the terminator"),
        (of_reading(request="T°"), "'°' is no ascii character; [instrument.x.line] encoding"),
        (of_reading(unit=None), "reading.t] unit: is missing: unit = \"V\"; \"1\" is a number"),
        (of_reading(unit="volt"), "[instrument.x.reading.t]: unit 'volt'"),
        (of_reading(type="double"), "type = 'double': not 'float' or 'int' or 'str' or 'bool'"),
        (of_reading(type="str"), 'unit = \'K\': is for numbers; this is type = "str"'),
        (of_reading(type="str", unit=None, plausible=[0, 1]), "plausible = [0, 1]: is for numbers"),
        (of_reading(plausible=[3, 1]), "plausible = [3, 1]: not [lowest, highest]"),
        (of_reading(plausible=3), "plausible = 3: not"),
        (of_reading(pattern="T=(.*"), "pattern = 'T=(.*': not a pattern: missing ), "),
        (of_reading(pattern="(a)(b)"), "has 2 groups in parentheses; say what each is: parts.NAME"),
        (of_reading(request="A?", unit=None, pattern="(a)(b)(c)", parts={"a": {"unit": "K"}, "b":
         {"unit": "K"}}), "has 3 groups in parentheses; but there are 2 parts"),
        (of_reading(parts={"a": {"unit": "K"}}), "unit = 'K': each of the parts has its own"),
        (of_reading(unit=None, parts={"a": {}}), "reading.t.parts.a] unit: is missing"),
        (of_reading(unit=None, parts={"a": {"unit": "K", "x": 1}}), "parts.a] x = 1: not a key"),
        (of_reading(example="hot"), "example = 'hot': gives no value: 'hot' is no number"),
        (of_reading(example="500", plausible=[0, 300]), "example = '500': gives no value"),
        (of_reading(type="bool", unit=None, true=["1"], false=["1"]), "need words of their own"),
        (of_reading(paterns="x"), "paterns = 'x': not a key that is known here; did you mean"),
        (of_reading(every=0), "[instrument.x.reading.t] every = 0: not a number of seconds"),
        (of_command(request="T {k"), "request = 'T {k': a brace is not closed"),
        (of_command(request="T {0}"), "{0} is no name: write {value}"),
        (of_command(request="T {}"), "{} is no name: write {value}"),
        (of_command(request="T {k.real}"), "{k.real} is no name"),
        (of_command(request="T {k!r}"), 'holds more than a name; write format = ".2f"'),
        (of_command(request="T {k:.2f}"), 'holds more than a name; write format = ".2f"'),
        (of_command(request="T {a} {b}"), "what {a} may be is missing: arguments.a = {"),
        (of_command(arguments={"j": {"unit": "K"}, "k": {"unit": "K"}}), "{j} is not in the req"),
        (of_command(format="%.2f"), "format = '%.2f': not how a number is written; such as"),
        (of_reading(unit=None, parts={"a": {"unit": "K"}}, plausible=[0, 1]), "has its own"),
        (of_command(request="T {k} {j}", arguments={"j": {"unit": "K"}, "k": {"unit": "K"}}),
         "unit = 'K': each of the arguments has its own"),
        (of_command(request="GO"), "unit = 'K': is for an argument, and there is none in the req"),
        (of_command(type="bool", unit=None, format=".2f"), "format = '.2f': is for numbers"),
        (of_command(choices=["A", 1], unit=None), "texts and numbers; write them all as texts"),
        (of_command(choices=[1], type="str", unit=None), "numbers, and the type is str"),
        (of_command(choices=[1.5], type="int"), "not whole numbers, and the type is int"),
        (of_command(choices=["A"], type="bool", unit=None), 'is not for type = "bool"'),
        (of_command(format="d"), "format = 'd': not for a float"),
        (of_command(limits=[9, 1]), "limits = [9, 1]: not [lowest, highest]"),
        (of_command(type="str", unit=None, limits=[0, 1]), "is for numbers"),
        (of_command(unit=None), "command.go] unit: is missing"),
        (of_command(pattern="["), "command.go] pattern = '[': not a pattern"),
        (of_command(choices=["A", "B\n"], unit=None), "'B\\n' cannot be sent"),
        (of_command(type="bool", unit=None, true=[]), "true = []: write one text at least"),
        (of_command(acknowledge="("), "command.go] acknowledge = '(': not a pattern"),
        (of_command(read_back="s"), "[instrument.x.command.go]: read_back = 's': not a reading"),
        (of_command(request="GO", unit=None, read_back="s"), "read_back is for commands with one"),
        ({**of_reading(), "errors": ["("]}, "[instrument.x] errors = ['(']: not a pattern"),
        ({**of_reading(), "setup": ["\x00"]}, "[instrument.x] setup = ['\\x00']: has a control"),
        ({**of_reading(), "identify": 3}, "[instrument.x] identify = 3: not"),
        ({**of_reading(), "identify": {"pattern": "A"}}, "x.identify] request: is missing"),
        ({**of_reading(), "identify": {"request": "A", "pattern": "B", "example": "C"}},
         "[instrument.x.identify] example = 'C': does not look like pattern = 'B'"),
        ({**of_reading(), "error_queue": "E?"}, "error_queue = 'E?': not a key that is known here"),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_its_line(table: dict[str, Any], said: str) -> None:
    found = problems(table)

    assert any(said in one for one in found), found
    assert all(one.startswith("lab.toml: [instrument.x") for one in found)
    assert len(found) <= 2, found


def test_all_mistakes_are_answered_at_once() -> None:
    table = {"reading": {"a": {**READING, "pattern": "("}, "b": {"request": "B?"}},
             "command": {"d": {**COMMAND, "format": "x"}}, "errors": ["["]}  # fmt: skip
    assert len(problems(table)) == 4


def test_a_queue_of_errors_is_a_request_too() -> None:
    assert "control character" in problems({**of_reading(), "error_queue": "E\n"}, Scpi)[0]
