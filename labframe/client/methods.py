"""Instruments and their methods as Python objects, made from what a host says of itself."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Protocol

from labframe.client.description import (
    ArgumentDescription,
    HostDescription,
    InstrumentDescription,
    MethodDescription,
)
from labframe.client.schemas import annotation, in_words, shown
from labframe.nearest import did_you_mean

__all__ = [
    "Execute",
    "RemoteInstrument",
    "RemoteMethod",
    "UnreadInstrument",
    "UnreadMethod",
    "documentation",
    "instrument_of",
    "notes",
    "returned_in_words",
    "signature",
]

_OWN = ("_id", "_deadline", "_dry_run")


class Execute(Protocol):
    """Has a host execute a command: the method ``command`` of a client."""

    def __call__(self, method: str, **arguments: Any) -> Any:
        """Execute it; of an asyncio client the result is to be awaited."""


class RemoteMethod:
    """A command of an instrument of a host, or a reading that is taken when it is called.

    It takes what ``inspect.signature`` says, by position and by name, and the keywords ``_id``,
    ``_deadline`` and ``_dry_run`` of :meth:`PushClient.command`, whose errors it raises.

    Args:
        description: What the host says of it.
        unit: The unit of what it returns; empty if it has none.
        execute: Sends it.

    Raises:
        TypeError: From a call with other arguments; nothing was sent.
    """

    def __init__(self, description: MethodDescription, unit: str, execute: Execute) -> None:
        self.description = description
        self.__name__ = description.name
        self.__qualname__ = description.method
        self.__doc__ = documentation(description, unit)
        self.__signature__ = signature(description)
        self._execute = execute

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Have it executed; return what it returns, or what is to be awaited for that."""
        own = {key: keywords.pop(key) for key in _OWN if key in keywords}
        known = self.__signature__.parameters
        for name in keywords:
            if name not in known:
                raise TypeError(
                    f"{self._written}: there is no argument {name!r}{did_you_mean(name, known)}"
                )
        try:
            given = self.__signature__.bind(*args, **keywords).arguments
        except TypeError as error:
            raise TypeError(f"{self._written}: {error}") from None
        return self._execute(self.description.method, **given, **own)

    @property
    def _written(self) -> str:
        return f"{self.description.method}{self.__signature__}"

    def __repr__(self) -> str:
        doc = self.description.doc or self.description.label
        return f"<{self.description.kind or 'method'} {self._written}: {doc}>"


class RemoteInstrument:
    """An instrument of a host: each of its commands and readings is a method.

    Args:
        description: What the host says of it.
        execute: Sends a command.
        where: The host, for messages.

    Raises:
        AttributeError: For a method that there is not; it names the nearest one.
    """

    def __init__(self, description: InstrumentDescription, execute: Execute, where: str) -> None:
        self._description = description
        self._execute = execute
        self._where = where
        self.__doc__ = description.doc or description.label or None

    def __getattr__(self, name: str) -> RemoteMethod:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        found = self._description.methods.get(name)
        if found is None:
            raise AttributeError(_unknown("method", name, self._description.methods, repr(self)))
        return RemoteMethod(found, self._description.unit_of(found), self._execute)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._description.methods]

    def __repr__(self) -> str:
        return f"<instrument {self._description.name} ({self._description.driver}) {self._where}>"


class UnreadMethod:
    """A method of an instrument of a host that was not yet asked what it has.

    Args:
        name: ``INSTRUMENT.NAME``.
        method: Asks the host, and returns the method.
    """

    def __init__(self, name: str, method: Callable[[], Awaitable[RemoteMethod]]) -> None:
        self.__name__ = name.rpartition(".")[2]
        self.__qualname__ = name
        self._method = method

    async def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Ask the host for it, have it executed, return what it returns."""
        return await (await self._method())(*args, **keywords)

    def __repr__(self) -> str:
        return f"<method {self.__qualname__}: the host is asked for it at its first call>"


class UnreadInstrument:
    """An instrument of a host that was not yet asked what it has.

    Args:
        name: Its name.
        instrument: Asks the host, and returns the instrument.
    """

    def __init__(self, name: str, instrument: Callable[[], Awaitable[RemoteInstrument]]) -> None:
        self._name = name
        self._instrument = instrument

    def __getattr__(self, name: str) -> UnreadMethod:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

        async def method() -> RemoteMethod:
            found: RemoteMethod = getattr(await self._instrument(), name)
            return found

        return UnreadMethod(f"{self._name}.{name}", method)

    def __repr__(self) -> str:
        return f"<instrument {self._name}: the host is asked for it at the first call>"


def instrument_of(
    description: HostDescription, name: str, execute: Execute, where: str
) -> RemoteInstrument:
    """Return an instrument of a host.

    Raises:
        AttributeError: If there is none of this name; it names the nearest one.
    """
    found = description.instruments.get(name)
    if found is None:
        there = f"{description.host!r} {where}"
        raise AttributeError(_unknown("instrument", name, description.instruments, there))
    return RemoteInstrument(found, execute, where)


def signature(description: MethodDescription) -> inspect.Signature:
    """Return the signature that a method has, by its schema."""
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters: list[inspect.Parameter] = []
    for one in description.arguments:
        if one.is_required and any(before.default is not before.empty for before in parameters):
            kind = inspect.Parameter.KEYWORD_ONLY  # Python takes no such order by position
        parameters.append(
            inspect.Parameter(
                one.name,
                kind,
                default=inspect.Parameter.empty if one.is_required else one.default,
                annotation=annotation(one.schema),
            )
        )
    is_known = description.returns and not description.read_back
    returns = annotation(description.returns) if is_known else inspect.Signature.empty
    return inspect.Signature(parameters, return_annotation=returns)


def documentation(description: MethodDescription, unit: str) -> str:
    """Return what a method does, takes and returns, as a docstring.

    Args:
        description: What the host says of it.
        unit: The unit of what it returns; empty if it has none.
    """
    parts = [f"{description.doc or description.label or description.name}"]
    if description.arguments:
        lines = [f"    {one.name}: {_argument(one)}" for one in description.arguments]
        parts.append("\n".join(["Args:", *lines]))
    returned = returned_in_words(description, unit)
    if returned:
        parts.append(f"Returns:\n    {returned}.")
    noted = "\n".join(notes(description))
    return "\n\n".join([*parts, noted] if noted else parts)


def _argument(one: ArgumentDescription) -> str:
    default = "" if one.is_required else f"; {shown(one.default)} if it is not given"
    return f"{in_words(one.schema)}{default}."


def returned_in_words(description: MethodDescription, unit: str) -> str:
    """Return what a method returns, in words; empty if it returns nothing."""
    behind = f", in {unit}" if unit else ""
    if description.read_back:
        return f"what is read back as {description.read_back}{behind}"
    schema = description.returns
    if not schema:
        return "" if description.is_command else f"the reading{behind}"
    return "" if schema.get("type") == "null" else in_words(schema)


def notes(description: MethodDescription) -> Iterator[str]:
    """Yield what else has to be known before a method is called."""
    if description.is_dangerous:
        yield "It is dangerous: a person should confirm it."
    if description.safe_value is not None:
        units = {one.unit for one in description.arguments}
        unit = units.pop() if len(units) == 1 else ""
        value = f"{shown(description.safe_value)} {unit}".rstrip()
        yield f"Its safe value is {value}; nothing sets it by itself."
    if description.after_reconnect == "reapply":
        yield "It is set again when the instrument comes back after it was disconnected."
    if description.after_reconnect == "forget":
        yield "What was set is not known any more after the instrument was disconnected."


def _unknown(what: str, name: str, known: Any, where: str) -> str:
    there = f" There are: {', '.join(known)}." if known else ""
    return (
        f"{where} has no {what} {name!r}{did_you_mean(name, known)}{there} If it is new, call "
        "refresh() of the client"
    )
