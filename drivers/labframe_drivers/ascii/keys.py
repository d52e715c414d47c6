"""What may stand in the section of an instrument with text requests."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

__all__ = [
    "ArgumentKeys",
    "AsciiKeys",
    "CommandKeys",
    "IdentifyKeys",
    "Kind",
    "PartKeys",
    "ReadingKeys",
]

Kind: TypeAlias = Literal["float", "int", "str", "bool"]


class IdentifyKeys(msgspec.Struct, frozen=True, kw_only=True):
    """How the instrument says who it is: ``identify = { request = "*IDN?", pattern = "ACME,.*" }``.

    Attributes:
        request: What is asked.
        pattern: What the whole answer must look like.
        example: What the simulated instrument answers.
    """

    request: str
    pattern: str | None = None
    example: str | None = None


class AsciiKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of ``[instrument.NAME]``.

    Attributes:
        identify: What is asked after connecting, alone or with the pattern of the answer.
        setup: What is sent after that, before the first reading.
        acknowledge: What the instrument answers to each command; without it, it answers nothing.
        errors: Patterns of answers by which it refuses a request; the first group is its reason.
        no_value: Answers, in any reading, that mean that there is no value.
    """

    identify: str | IdentifyKeys | None = None
    setup: tuple[str, ...] = ()
    acknowledge: str | None = None
    errors: tuple[str, ...] = ()
    no_value: tuple[str, ...] = ()


class PartKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of ``parts.NAME`` of a reading with several values; they mean what they mean there."""

    type: Kind = "float"
    unit: str | None = None
    plausible: tuple[float, float] | None = None
    true: tuple[str, ...] = ("1", "ON", "TRUE")
    false: tuple[str, ...] = ("0", "OFF", "FALSE")


class ReadingKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of ``[instrument.NAME.reading.READING]``.

    Attributes:
        request: What is asked.
        pattern: What the whole answer must look like; its group, or its groups, are the value.
        type: What the value is.
        unit: Its unit; ``"1"`` without dimension. Needed for numbers.
        parts: The values of an answer with several, in the order of the pattern's groups.
        plausible: The lowest and the highest value, as it is answered, that can be true.
        no_value: Answers that mean that there is no value.
        true: Answers that mean true, the first one is what the simulated instrument says.
        false: Answers that mean false.
        example: An answer, for the simulated instrument.
        doc: What it is, in a line.
    """

    request: str
    pattern: str | None = None
    type: Kind = "float"
    unit: str | None = None
    parts: dict[str, PartKeys] = {}
    plausible: tuple[float, float] | None = None
    no_value: tuple[str, ...] = ()
    true: tuple[str, ...] = ("1", "ON", "TRUE")
    false: tuple[str, ...] = ("0", "OFF", "FALSE")
    example: str | None = None
    doc: str = ""


class ArgumentKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of ``arguments.NAME`` of a command with several; they mean what they mean there."""

    type: Kind = "float"
    unit: str | None = None
    limits: tuple[float, float] | None = None
    choices: tuple[str | int | float, ...] = ()
    format: str = ""
    pattern: str = r"[A-Za-z0-9_.+-]*"
    true: tuple[str, ...] = ("1",)
    false: tuple[str, ...] = ("0",)


class CommandKeys(ArgumentKeys, frozen=True, kw_only=True):
    """Keys of ``[instrument.NAME.command.COMMAND]``.

    Attributes:
        request: What is sent, with the arguments in braces: ``VOLT {volts}``.
        arguments: What the arguments may be, where there are several.
        type: What the one argument is.
        unit: Its unit.
        limits: The lowest and the highest number that it may be.
        choices: The only values that it may have.
        format: How a number is written: ``.2f``, ``04d``, ``.3e``.
        pattern: What a text may be.
        true: What is sent for true.
        false: What is sent for false.
        acknowledge: What the answer must look like; ``""``: none comes.
        read_back: The reading that tells what was set.
        tolerance: How far it may be off, in its unit.
        safe_value: What it would be set to when it must be safe.
        dangerous: Whether a person should confirm it first.
        doc: What it does, in a line.
    """

    request: str
    arguments: dict[str, ArgumentKeys] = {}
    acknowledge: str | None = None
    read_back: str | None = None
    tolerance: float | None = None
    safe_value: float | str | bool | None = None
    dangerous: bool = False
    doc: str = ""
