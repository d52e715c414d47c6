"""What a driver's class declares: units, limits, identity, safe values, read-back, docstrings."""

from __future__ import annotations

import typing
from collections.abc import Iterator

from labframe.instrument import Argument, CommandDeclaration, Instrument
from labframe.scorecard.mark import Mark, mark

__all__ = ["declared_marks"]


def declared_marks(driver: type[Instrument]) -> list[Mark]:
    """Return what can be seen without opening anything.

    A reading that is a number has a unit: without one there is no such class.
    """
    numeric = [
        (command, argument)
        for command in driver.commands().values()
        for argument in command.arguments
        if _is_number(argument.kind) and not argument.choices
    ]
    settings = [one for one in driver.commands().values() if _sets_a_number(one)]
    has_identity = driver.check_identity is not Instrument.check_identity
    return [
        mark(
            "units",
            [_named(*one) for one in numeric if one[1].unit is None],
            'say it: @command(unit="K"); "1" is a number without dimension',
            well="every number has one",
            essential=True,
        ),
        mark(
            "limits",
            [_named(*one) for one in numeric if one[1].limits is None],
            "say what the manual allows: @command(limits=(0, 470)), or choices",
            well="every number that is sent has them" if numeric else "no number is sent",
            essential=True,
        ),
        mark(
            "identity",
            [] if has_identity or driver.identify or driver.line is None else [driver.driver],
            'ask who it is: identify = ("*IDN?", "ACME,"), or write check_identity',
            well="it is asked who it is" if driver.line else "it has no line to ask on",
            essential=True,
        ),
        mark(
            "safe values",
            [one.name for one in settings if one.safe_value is None],
            "say what is safe: @command(safe_value=0)",
            well="every setting has one" if settings else "nothing is set",
        ),
        mark(
            "read-back",
            [one.name for one in settings if one.read_back is None],
            'name the reading that tells what was set: @command(read_back="setpoint")',
            well="every setting is read back" if settings else "nothing is set",
        ),
        mark(
            "docs",
            _without_doc(driver),
            "write one line of docstring: people see it in `labframe drivers`",
            well="the class, each reading and each command say what they are",
        ),
    ]


def _named(command: CommandDeclaration, argument: Argument) -> str:
    return f"{command.name}({argument.name})"


def _members(kind: object) -> tuple[object, ...]:
    return typing.get_args(kind) or (kind,)


def _is_number(kind: object) -> bool:
    return any(one in (int, float) for one in _members(kind))


def _sets_a_number(command: CommandDeclaration) -> bool:
    return len(command.arguments) == 1 and _is_number(command.arguments[0].kind)


def _without_doc(driver: type[Instrument]) -> Iterator[str]:
    if not driver.__dict__.get("__doc__"):
        yield driver.__name__
    docs = {name: one.doc for name, one in driver.readings().items()}
    docs |= {name: one.doc for name, one in driver.commands().items()}
    yield from (name for name, doc in docs.items() if not doc)
