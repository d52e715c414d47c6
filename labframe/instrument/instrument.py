"""The class that drivers inherit from."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Self

from labframe.closing import Closing
from labframe.errors import BadReply, DeclarationError, IdentityError, LineError, NoReply
from labframe.instrument import commands, readings
from labframe.instrument.commands import CommandDeclaration
from labframe.instrument.readings import ReadingDeclaration
from labframe.instrument.sections import OwnKeys, Section
from labframe.line import Frame, Line, SerialLine
from labframe.line.ports import PortSpec
from labframe.points import Value

__all__ = ["Instrument"]


class Instrument(Closing):
    """A laboratory instrument: a driver class, bound to a port.

    A driver declares its line, how the instrument is recognised, and its readings. It runs on one
    thread at a time, that of its line, and needs no locks::

        class LakeShore(Instrument):
            driver = "lakeshore"
            line = SerialLine(baudrate=9600, bytesize=7, parity="O")
            identify = ("*IDN?", "LSCI,MODEL331")

            @reading(unit="K", every=1.0)
            def temperature(self) -> float:
                return float(self.ask("KRDG? A"))

    An instrument that is reached some other way (a vendor's library, VISA, HTTP) leaves ``line``
    None and writes ``connect`` and ``close``.

    Args:
        port: A path, a URL, a USB identity, or a line that it shares with others. For an instrument
            without a line: whatever ``connect`` makes of it.
        name: What the instrument is called in messages; by default the driver's name.
        address: Its address, where several share a line; by default the class's.
        channels: The channels that are read; by default the class's.
        options: The driver's own options; those that are not given have the class's values.
        line: Settings in place of the class's.
        identity: How its identification answers, in place of the class's text.

    Raises:
        LookupError: For an option that the driver does not have.
    """

    driver: ClassVar[str] = ""
    """The name that a configuration uses; by default the class's name in small letters."""
    protocol: ClassVar[str] = ""
    """What it speaks, in a few words, for the list of drivers: ``Modbus RTU``."""
    line: ClassVar[SerialLine | None] = None
    """The settings of its line; None if it has none."""
    identify: ClassVar[tuple[str, str | re.Pattern[str]] | None] = None
    """What to ask, and how the answer begins (or a pattern that it matches)."""
    address: int | str | None = None
    """Its address, where several share a line."""
    channels: Sequence[str] = ()
    """The channels; on the class: those that exist, empty if that depends on the instrument."""
    options: Mapping[str, Value] = MappingProxyType({})
    """The driver's own options; on the class: all there are, with their defaults."""
    always_there: ClassVar[bool] = False
    """Whether it is used as it is when instruments are simulated: everybody has it."""
    own_keys: ClassVar[OwnKeys[Any, Any, Any] | None] = None
    """Which keys it takes of its section, if its readings and commands stand there; see
    ``declare``."""

    _readings: ClassVar[Mapping[str, ReadingDeclaration]] = MappingProxyType({})
    _commands: ClassVar[Mapping[str, CommandDeclaration]] = MappingProxyType({})

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "driver" not in vars(cls):
            cls.driver = cls.__name__.lower()
        members = {
            name: getattr(cls, name) for owner in reversed(cls.__mro__) for name in vars(owner)
        }
        found = ((name, readings.declared(cls, name, value)) for name, value in members.items())
        cls._readings = MappingProxyType({name: one for name, one in found if one is not None})
        orders = ((name, commands.declared(cls, name, value)) for name, value in members.items())
        cls._commands = MappingProxyType({name: one for name, one in orders if one is not None})
        if cls.line is not None and not isinstance(cls.line, SerialLine):
            raise DeclarationError(f"{cls.__name__}: line = {cls.line!r}: not a SerialLine or None")
        _refuse_repeated(cls)
        _check_pushed(cls)
        commands.check_read_backs(cls, cls._commands, cls._readings)

    @classmethod
    def with_options(cls, options: Mapping[str, Value]) -> type[Instrument]:
        """Return the class that declares what an instrument with these options has.

        A driver overrides it where an option decides that: a multimeter measures volts, amperes or
        ohms. The host calls it once, when it reads the configuration.

        Raises:
            ValueError: For the value of an option that cannot be; the text says which can.
        """
        del options
        return cls

    @classmethod
    def readings(cls) -> Mapping[str, ReadingDeclaration]:
        """Return the declared readings by name, in the order of the class."""
        return cls._readings

    @classmethod
    def pushed_reading(cls) -> ReadingDeclaration | None:
        """Return the reading that comes without being asked for; None if there is none."""
        return next((one for one in cls._readings.values() if one.pushed), None)

    @classmethod
    def commands(cls) -> Mapping[str, CommandDeclaration]:
        """Return the declared commands by name, in the order of the class."""
        return cls._commands

    @classmethod
    def declare(cls, section: Section[Any, Any, Any]) -> Mapping[str, Callable[..., Any]]:
        """Return the readings and commands of one instrument; for a driver with ``own_keys``.

        Called once for each of its sections, before anything is opened. Return methods by name,
        marked with ``reading(...)`` and ``command(...)``; other names are attributes of the class.
        What is wrong with a key goes to ``section.problem``; then nothing of it is used.

        Args:
            section: What stands in the configuration.
        """
        raise NotImplementedError(f"{cls.__name__} has own_keys, but no declare()")

    @classmethod
    def example(cls) -> Mapping[str, Any]:
        """Return a section to try a driver with ``own_keys`` with, as TOML gives it."""
        return {}

    @classmethod
    def in_words(cls) -> Mapping[str, str]:
        """Return what readings and commands send and expect, by name, for ``labframe check``."""
        return {}

    def __init__(
        self,
        port: PortSpec | Line | None = None,
        *,
        name: str = "",
        address: int | str | None = None,
        channels: Sequence[str] = (),
        options: Mapping[str, Value] | None = None,
        line: SerialLine | None = None,
        identity: str | None = None,
    ) -> None:
        self.name = name or self.driver
        self.port = port.port_url if isinstance(port, Line) else port
        self.identity = identity
        self.log = logging.getLogger(f"labframe.instrument.{self.name}")
        if address is not None:
            self.address = address
        if channels:
            self.channels = tuple(channels)
        self.options = {**self.options, **self._known(options or {})}
        self.settings = line or type(self).line
        self._owns_line = not isinstance(port, Line)
        self._line: Line | None = port if isinstance(port, Line) else None
        if self._line is None and self.settings is not None and port is not None:
            assert not isinstance(port, Line)
            self._line = Line(port, self.settings)
        self._encoding = self.settings.encoding if self.settings else "ascii"
        pushed = self.pushed_reading()
        if pushed is not None and self._line is not None and self.settings is not None:
            self._line.expect(self.settings, pushed.like)

    # What a driver may override.

    def connect(self) -> None:
        """Open the line; an instrument without one opens what it has instead.

        Called before each identification, on the worker's thread. Harmless when it is open.

        Raises:
            LineError: If the port cannot be opened.
        """
        if type(self).line is not None:
            self._opened().open()

    def close(self) -> None:
        """Close what ``connect`` opened. A shared line stays open. Never raises in the host."""
        if self._line is not None and self._owns_line:
            self._line.close()

    def check_identity(self) -> str | None:
        """Ask the instrument who it is, as ``identify`` says.

        Override it where the question is more than one request.

        Returns:
            What it answered; None if the driver has no question.

        Raises:
            IdentityError: If it is another instrument.
        """
        if self.identify is None:
            return None
        request, expected = self.identify
        answer = self.ask(request)
        if self.identity is not None:
            expected = self.identity
        if isinstance(expected, str):
            is_right, shown = answer.startswith(expected), expected
        else:
            is_right, shown = expected.match(answer) is not None, expected.pattern
        if not is_right:
            raise IdentityError(self.name, shown, answer, request)
        return answer

    def on_connect(self) -> None:
        """Set up the instrument: called each time it was identified, before the first poll."""

    # What a driver calls.

    def ask(self, request: str) -> str:
        """Send a request and return the text of its answer.

        Raises:
            LineError: If no good answer comes, or the port is gone.
        """
        answer = self.ask_bytes(request.encode(self._encoding))
        try:
            return answer.decode(self._encoding)
        except UnicodeDecodeError as error:
            self._opened().doubt()
            raise BadReply(
                f"{self.name}: the answer {answer!r} to {request!r} is no {self._encoding} text. "
                "Are baud rate and parity right?",
                received=answer,
            ) from error

    def ask_bytes(self, request: bytes) -> bytes:
        """Send a request and return its answer; raises as ``ask``."""
        return (self._line or self._opened()).transact(request, settings=self.settings)

    def tell(self, request: str | bytes) -> None:
        """Send a request that has no answer.

        Raises:
            LineError: If it cannot be sent, or an echo or handshake fails.
        """
        data = request.encode(self._encoding) if isinstance(request, str) else request
        (self._line or self._opened()).send(data, settings=self.settings)

    def hush(self, request: str | bytes) -> bool:
        """Send a request that stops what comes unasked, and wait until the line is silent.

        Frames that come until then are not lost, anything else is.

        Returns:
            Whether anything came after the request, which may have been lost then, if the
            instrument hears nothing while it talks.

        Raises:
            LineError: If it cannot be sent, or the line does not fall silent within ``total_s``.
        """
        data = request.encode(self._encoding) if isinstance(request, str) else request
        return self._opened().hush(data, settings=self.settings)

    def heard(self, frame: Frame) -> Any:
        """Return what the pushed reading makes of a frame; None if it passes over it.

        Raises:
            LineError: If the frame is broken.
            Exception: Whatever the driver's method raises.
        """
        declaration = self.pushed_reading()
        assert declaration is not None
        if frame.error is not None:
            raise frame.error
        method = getattr(self, declaration.name)
        return method(frame.payload if declaration.takes_bytes else self._frame_text(frame.payload))

    def _frame_text(self, frame: bytes) -> str:
        try:
            return frame.decode(self._encoding)
        except UnicodeDecodeError as error:
            raise BadReply(
                f"{self.name}: {frame!r} is no {self._encoding} text. Are baud rate and parity "
                "right?",
                received=frame,
            ) from error

    def pause(self, seconds: float) -> None:
        """Let so much time pass, as after a reset; on a simulated line it costs none.

        Raises:
            PortGone: If the line is closed meanwhile.
        """
        if self.settings is None:
            time.sleep(seconds)
        else:
            (self._line or self._opened()).pause(seconds)

    def monotonic(self) -> float:
        """Return seconds on the clock that ``pause`` and deadlines go by, which never goes back."""
        return time.monotonic() if self._line is None else self._line.monotonic()

    # Without the host.

    def hear(self, timeout_s: float | None = None) -> Any:
        """Wait for the next value that comes unasked, and return it.

        Args:
            timeout_s: How long to wait; None: until the last one would be old.

        Raises:
            NoReply: If none comes in time.
            LineError: If what comes is broken, or the port is gone.
        """
        declaration = self.pushed_reading()
        if declaration is None:
            raise LineError(f"{self.name}: the driver declares no reading with pushed=True")
        wait_s = declaration.stale_after if timeout_s is None else timeout_s
        line = self._opened()
        deadline = line.monotonic() + wait_s
        while (frame := line.listen(deadline - line.monotonic())) is not None:
            value = self.heard(frame)
            if value is not None:
                return value
        raise NoReply(f"{self.name}: {declaration.name}: nothing came by itself for {wait_s:g} s")

    def open(self) -> None:
        """Connect, identify, set up: what the host does at start and after each reconnect.

        Raises:
            IdentityError: If another instrument answers.
            LineError: If none answers, or there is no port.
        """
        self.connect()
        try:
            self.check_identity()
            self.on_connect()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        self.open()
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} on {self.port}>"

    def _opened(self) -> Line:
        if self._line is None:
            raise LineError(
                f"{self.name}: it has no line to talk on: "
                + (
                    "give it a port, such as /dev/ttyUSB0"
                    if self.settings is not None
                    else f"{type(self).__name__}.line is None, so ask() and tell() are not for it"
                )
            )
        return self._line

    def _known(self, options: Mapping[str, Value]) -> Mapping[str, Value]:
        for key in options:
            if key not in self.options:
                known = ", ".join(self.options) or "none"
                raise LookupError(f"{self.name}: the driver has no option {key!r}; it has: {known}")
        return options


def _check_pushed(cls: type[Instrument]) -> None:
    """Refuse what cannot be pushed."""
    pushed = [one.name for one in cls.readings().values() if one.pushed]
    if len(pushed) > 1:
        raise DeclarationError(
            f"{cls.__name__}: {' and '.join(pushed)}: one reading may be pushed; it gets every "
            "frame, and may give several values: unit={...}"
        )
    if pushed and cls.line is None:
        raise DeclarationError(
            f"{cls.__name__}.{pushed[0]}: pushed needs a line that it comes over: line = "
            "SerialLine(...)"
        )


def _refuse_repeated(cls: type[Instrument]) -> None:
    """Refuse two readings that would have the same codename."""
    seen: dict[str, str] = {}
    for declaration in cls.readings().values():
        for name in [part.name for part in declaration.parts] or [declaration.name]:
            if name.lower() in seen:
                raise DeclarationError(
                    f"{cls.__name__}: two readings are called {name!r} ({seen[name.lower()]} and "
                    f"{declaration.name}): their codenames would be the same"
                )
            seen[name.lower()] = declaration.name
