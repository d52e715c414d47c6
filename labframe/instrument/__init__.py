"""Instruments: what a driver class declares, and how it talks to its line.

A driver may be used without the host::

    with LakeShore("/dev/ttyUSB0") as cryo:
        print(cryo.temperature())
"""

from labframe.instrument.arguments import Arg, Argument, checked_arguments, object_schema
from labframe.instrument.commands import AfterReconnect, CommandDeclaration, command
from labframe.instrument.instrument import Instrument
from labframe.instrument.readings import Part, ReadingDeclaration, query, reading
from labframe.instrument.sections import OwnKeys, Section

__all__ = [
    "AfterReconnect",
    "Arg",
    "Argument",
    "CommandDeclaration",
    "Instrument",
    "OwnKeys",
    "Part",
    "ReadingDeclaration",
    "Section",
    "checked_arguments",
    "command",
    "object_schema",
    "query",
    "reading",
]
