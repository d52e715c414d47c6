"""What may be called: the declared commands of the instruments, and their readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from labframe.errors import Refusal
from labframe.instrument import Argument, CommandDeclaration, checked_arguments, object_schema
from labframe.nearest import did_you_mean
from labframe.points import Value
from labframe.worker import Member, Poll, Worker

__all__ = ["Method", "Methods"]

_SHOWN: Final = 80


class Method:
    """A command, or a reading that is taken when it is called.

    Args:
        worker: Whose thread runs it.
        member: The instrument.
        declaration: The command; None if it is a reading only.
        polls: The polls of the reading of this name, one for each channel if it has some.

    Attributes:
        method: ``INSTRUMENT.NAME``.
        name: The name of the driver's method.
    """

    def __init__(
        self,
        worker: Worker,
        member: Member,
        name: str,
        declaration: CommandDeclaration | None,
        polls: Sequence[Poll],
    ) -> None:
        self.method = f"{member.name}.{name}"
        self.name = name
        self.worker = worker
        self.member = member
        self.declaration = declaration
        self._polls = {poll.channel: poll for poll in polls}
        self._channels = tuple(channel for channel in self._polls if channel is not None)

    @property
    def is_command(self) -> bool:
        """Whether it may change something; a reading only measures."""
        return self.declaration is not None

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """What it takes."""
        if self.declaration is not None:
            return self.declaration.arguments
        if not self._channels:
            return ()
        return (
            Argument(
                name="channel", kind=str, unit=None, limits=None, choices=self._channels,
                required=len(self._channels) > 1, default=self._channels[0],
            ),
        )  # fmt: skip

    def checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return all arguments as the driver takes them; raises ArgumentError."""
        return checked_arguments(self.method, self.arguments, given)

    def call(self, arguments: Mapping[str, Any]) -> Any:
        """Call the driver; on the worker's thread. Returns and raises what the driver does."""
        declaration = self.declaration
        if declaration is not None:
            return declaration.function(self.member.instrument, **arguments)
        return self._polls[arguments.get("channel")].run()

    def read_back(self, arguments: Mapping[str, Value]) -> tuple[bool, Any]:
        """Read what was set, where it can be read; tell whether it is right, and what it is."""
        declaration = self.declaration
        if declaration is None or declaration.read_back is None:
            return True, None
        poll = self.member.poll_of(declaration.read_back)
        if poll is None:  # the configuration switched the reading off
            found = getattr(self.member.instrument, declaration.read_back)()
        else:
            found = poll.run()
        if getattr(found, "shape", None) == () and hasattr(found, "item"):
            found = found.item()  # a numpy scalar
        (wanted,) = arguments.values()
        return declaration.is_set_to(wanted, found), found

    def old_value(self) -> Value:
        """Return what was last read of what this command sets; None if that is not known."""
        declaration = self.declaration
        name = None if declaration is None else declaration.read_back
        poll = None if name is None else self.member.poll_of(name)
        last = None if poll is None else poll.feeds[0].last
        return None if last is None else last.y

    def described(self) -> dict[str, Any]:
        """Return what programs have to know of it, as JSON knows it."""
        declaration = self.declaration
        if declaration is None:
            return {
                "method": self.method,
                "kind": "reading",
                "label": self.name.replace("_", " "),
                "arguments": object_schema(self.arguments),
            }
        found: dict[str, Any] = {
            "method": self.method,
            "kind": "command",
            "label": declaration.label,
            "doc": declaration.doc,
            "arguments": declaration.schema(),
            "returns": declaration.returned_schema(),
            "dangerous": declaration.dangerous or None,
            "safe_value": declaration.safe_value,
            "after_reconnect": declaration.after_reconnect,
            "read_back": self._read_back_codename(),
        }
        return {key: value for key, value in found.items() if value is not None and value != ""}

    def _read_back_codename(self) -> str | None:
        name = None if self.declaration is None else self.declaration.read_back
        poll = None if name is None else self.member.poll_of(name)
        return None if poll is None else poll.feeds[0].codename


class Methods:
    """All that may be called, by name.

    Args:
        workers: The workers, with the instruments' commands by instrument.
        default_instrument: Whose methods may be called without its name; None: nobody's.
    """

    def __init__(
        self,
        workers: Iterable[Worker],
        commands: Mapping[str, Sequence[CommandDeclaration]],
        default_instrument: str | None,
    ) -> None:
        self._default = default_instrument
        self._methods: dict[str, Method] = {}
        for worker in workers:
            for member in worker.members:
                self._add(worker, member, commands.get(member.name, ()))

    def _add(self, worker: Worker, member: Member, commands: Sequence[CommandDeclaration]) -> None:
        polls: dict[str, list[Poll]] = {}
        for poll in member.polls:
            polls.setdefault(poll.reading, []).append(poll)
        declared = {one.name: one for one in commands}
        for name in (*declared, *(name for name in polls if name not in declared)):
            method = Method(worker, member, name, declared.get(name), polls.get(name, ()))
            self._methods[method.method] = method

    def __iter__(self) -> Iterator[Method]:
        return iter(self._methods.values())

    @property
    def commands(self) -> tuple[str, ...]:
        """The names of all commands."""
        return tuple(name for name, one in self._methods.items() if one.is_command)

    def of(self, instrument: str) -> list[Method]:
        """Return the methods of an instrument."""
        return [one for one in self._methods.values() if one.member.name == instrument]

    def find(self, name: str) -> Method:
        """Return the method of a name.

        Raises:
            Refusal: If there is none; it names the nearest ones.
        """
        full = name if "." in name or self._default is None else f"{self._default}.{name}"
        found = self._methods.get(full)
        if found is not None:
            return found
        shown = name[:_SHOWN]
        same = [one for one in self._methods if one.partition(".")[2] == name]
        if same:
            say = " or ".join(map(repr, same))
            raise Refusal("UNKNOWN_METHOD", f"{shown!r}: of which instrument? Say {say}")
        instrument = full.partition(".")[0]
        near = [one.method for one in self.of(instrument)] or list(self._methods)
        there = f" There are: {', '.join(near)}" if near else " There are none"
        raise Refusal(
            "UNKNOWN_METHOD", f"there is no {shown!r}{did_you_mean(full[:_SHOWN], near)}{there}"
        )
