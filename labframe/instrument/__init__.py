"""Instruments: what a driver class declares, and how it talks to its line.

A driver may be used without the host::

    with LakeShore("/dev/ttyUSB0") as cryo:
        print(cryo.temperature())
"""

from labframe.instrument.commands import Arg, Argument, CommandDeclaration, command
from labframe.instrument.instrument import Instrument
from labframe.instrument.readings import Part, ReadingDeclaration, query, reading

__all__ = [
    "Arg",
    "Argument",
    "CommandDeclaration",
    "Instrument",
    "Part",
    "ReadingDeclaration",
    "command",
    "query",
    "reading",
]
