"""Faults as people write them: ``truncate:3,times=1`` or ``truncate 3 times=1``."""

from __future__ import annotations

import re

from labframe.simulation.errors import SimulationError
from labframe.simulation.fault import Fault
from labframe.simulation.fault_kind import FaultKind
from labframe.simulation.fault_parameter import Parameter
from labframe.simulation.fault_schedule import SCHEDULE
from labframe.simulation.faults import FAULTS
from labframe.simulation.faulty import FaultySimulator

__all__ = ["completions", "inject_text", "obey_about_faults", "parameters_text", "parsed_fault"]


def parsed_fault(text: str) -> tuple[str, list[str], dict[str, str]]:
    r"""Return name, values and named values of a fault.

    Blanks and commas separate; inside a value they are written ``\x20`` and ``\x2c``.

    Raises:
        SimulationError: If there is no name, or something is named twice.
    """
    name, *parts = re.split(r"[\s,]+|(?<=\w):", text.strip(" ,\t"), maxsplit=1)
    words = [word for part in parts for word in re.split(r"[\s,]+", part) if word]
    if not re.fullmatch(r"\w+", name):
        raise SimulationError(
            f"{text!r}: write a fault as NAME:VALUE,KEY=VALUE, for example truncate:3,times=2"
        )
    values: list[str] = []
    named: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            values.append(word)
        elif key in named:
            raise SimulationError(f"{name}: {key} is given twice: {named[key]!r} and {value!r}")
        else:
            named[key] = value
    return name, values, named


def inject_text(faulty: FaultySimulator, text: str) -> Fault:
    """Inject a fault that is written as text.

    Raises:
        SimulationError: If the text is none, or ``inject`` refuses it.
    """
    name, values, named = parsed_fault(text)
    options: dict[str, object] = dict(named)
    return faulty.inject(name, *values, **options)  # type: ignore[arg-type]  # text is converted


def obey_about_faults(faulty: FaultySimulator, line: str) -> str | None:
    """Do what a typed line says about faults, and return what to answer; None: it says nothing.

    Raises:
        SimulationError: If it cannot be done.
    """
    word, _, rest = line.partition(" ")
    if word == "fault":
        return f"From now on: {inject_text(faulty, rest)}."
    if word == "unfault":
        count = faulty.remove(rest.strip())
        return f"Removed: {rest.strip()}." if count == 1 else f"Removed: {count} {rest.strip()}."
    if line == "clear":
        return f"Faults removed: {faulty.clear()}."
    if line == "faults":
        active = [f"{fault}: fired {fault.fired}" for fault in faulty.faults]
        return "\n".join(active) or "No fault is active."
    return None


def completions(begun: str) -> list[tuple[str, str]]:
    """Return what a fault that is being written could become, each with what it means."""
    name, colon, rest = begun.partition(":")
    if not colon:
        return [
            (f"{kind.name}:" if kind.parameters else kind.name, kind.doc)
            for kind in FAULTS.values()
            if kind.name.startswith(name)
        ]
    if name not in FAULTS:
        return []
    done, comma, last = rest.rpartition(",")
    begins = f"{name}:{done}{comma}"
    taken = {word.partition("=")[0] for word in done.split(",")}
    return [
        (f"{begins}{parameter.name}=", parameter.doc)
        for parameter in (*FAULTS[name].parameters, *SCHEDULE)
        if parameter.name.startswith(last) and parameter.name not in taken
    ]


def parameters_text(kind: FaultKind) -> str:
    """Return the parameters of a fault with their defaults and units, on one line."""
    return ", ".join(map(_with_default, kind.parameters))


def _with_default(parameter: Parameter) -> str:
    unit = f" {parameter.unit}" if parameter.unit and parameter.default is not None else ""
    return f"{parameter.name}={parameter.shown_default}{unit}"
