"""A transcript becomes a test: which calls of the driver say its bytes, and what they give.

The driver runs here against the transcript without a port and without waiting, again and again,
until each recorded request belongs to one of its readings or commands, or can be made by asking for
it in as many words.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final

from labframe.errors import LabframeError, TranscriptError
from labframe.instrument import Instrument
from labframe.line import Line, SerialLine
from labframe.line.tapped import TappedChannel
from labframe.simulation import TranscriptSimulator
from labframe.transcripts import Header, Transcript, escaped

__all__ = ["regression_test"]

_QUICK_S: Final = 0.001


@dataclass(frozen=True, slots=True)
class _Step:
    """A call, written as in the test, and what became of it."""

    call: str
    requests: int
    value: str = ""
    error: type[BaseException] | None = None


class _ReplayChannel:
    """A port at whose other end a transcript answers at once, or never."""

    def __init__(self, replay: TranscriptSimulator) -> None:
        self._replay = replay
        self._pending: list[bytes] = []

    def monotonic(self) -> float:
        return monotonic()

    def pause(self, seconds: float) -> None:
        del seconds

    def drop_input(self) -> bytes:
        pending, self._pending = self._pending, []
        return b"".join(pending)

    def write(self, data: bytes, timeout_s: float) -> bool:
        del timeout_s
        self._pending += [answer.data for answer in self._replay.feed(data, 0.0)]
        return True

    def receive(self, timeout_s: float) -> bytes:
        del timeout_s
        return self._pending.pop(0) if self._pending else b""

    def listen(self, timeout_s: float, alarm: object) -> bytes:
        del alarm
        return self.receive(timeout_s)

    def set_baudrate(self, baudrate: int) -> None:
        del baudrate

    def hung_up(self) -> bool:
        return False

    def node(self) -> None:
        return None

    def close(self) -> None:
        return None


class _ReplayLine(Line):
    def __init__(self, replay: TranscriptSimulator, settings: SerialLine) -> None:
        super().__init__("replay", settings)
        self._replay = replay

    def open(self) -> None:
        if self._channel is None:
            channel = _ReplayChannel(self._replay)
            self._channel = TappedChannel(channel, self.flight.chunk, lambda _: None)


def regression_test(
    transcript: Transcript, driver: type[Instrument], *, name: str, file: Path, found_by: str = ""
) -> str:
    """Return the text of a test file: the driver says the recorded bytes, and reads the same.

    Args:
        transcript: What was recorded.
        driver: The driver's class.
        name: The test's name, without ``test_``.
        file: The transcript's path as the test finds it, beside itself.
        found_by: An expression that gives the class; empty: it is imported from its module.

    Raises:
        TranscriptError: If a request is none that the driver can make; it says which.
    """
    if driver.line is None:
        raise TranscriptError(f"{driver.driver}: this driver has no serial line")
    steps = _steps(transcript, driver)
    again = _Session(transcript, driver, [step.call for step in steps]).steps
    steps = [
        step if step.value == other.value else dataclasses.replace(step, value="")
        for step, other in zip(steps, again, strict=True)
    ]
    return _written(steps, transcript.header, driver, name, file, found_by)


class _Session:
    """A new instrument whose calls go to the transcript.

    Attributes:
        steps: The calls so far.
    """

    def __init__(
        self, transcript: Transcript, driver: type[Instrument], calls: Sequence[str]
    ) -> None:
        assert driver.line is not None
        settings = dataclasses.replace(
            driver.line,
            min_gap_s=0.0,
            gap_s=_QUICK_S,
            first_byte_s=_QUICK_S,
            total_s=2 * _QUICK_S,
        )
        self.steps: list[_Step] = []
        self._replay = TranscriptSimulator(transcript)
        address = transcript.header.more.get("address")
        line = _ReplayLine(self._replay, settings)
        self._instrument = driver(line, line=settings, address=address)
        for call in calls:
            self.run(call)

    @property
    def unused(self) -> tuple[bytes, ...]:
        """The requests that no call has made yet."""
        return self._replay.unused

    def run(self, call: str) -> int:
        """Make a call; return how many requests it made, -1 if it said something else."""
        before = len(self.unused)
        value, error = "", None
        try:
            value = _value(_called(self._instrument, call))
        except Exception as raised:  # noqa: BLE001  # a driver is a plugin
            error = type(raised)
        requests = -1 if self._replay.differences else before - len(self.unused)
        self.steps.append(_Step(call, requests, value, error))
        return requests


def _steps(transcript: Transcript, driver: type[Instrument]) -> list[_Step]:
    session = _Session(transcript, driver, ["open()"])
    if session.steps[0].requests < 0 or session.steps[0].error is not None:
        session = _Session(transcript, driver, ["connect()"])
    candidates = list(_candidates(driver))
    known: dict[bytes, str] = {}
    while session.unused:
        calls = [step.call for step in session.steps]
        request = session.unused[0]
        if request in known and session.run(known[request]) > 0:
            continue
        tried = [_Session(transcript, driver, [*calls, call]) for call in candidates]
        session = max(tried, key=lambda one: one.steps[-1].requests, default=session)
        if session.steps[-1].requests < 1:
            session = _Session(transcript, driver, calls)
            call = _asked(transcript, driver, len(session.unused))
            if session.run(call) < 1:
                raise TranscriptError(f"{call} of {driver.driver} does not say what was recorded")
        known[request] = session.steps[-1].call
    return session.steps


def _candidates(driver: type[Instrument]) -> Iterator[str]:
    for name, reading in driver.readings().items():
        if reading.pushed:
            continue  # it makes no request
        if reading.per_channel:
            yield from (f"{name}({channel!r})" for channel in driver.channels)
        else:
            yield f"{name}()"
    yield from (f"{name}()" for name, one in driver.commands().items() if not one.arguments)


def _called(instrument: Instrument, call: str) -> Any:
    """Call ``name(literals)``."""
    tree = ast.parse(call, mode="eval").body
    assert isinstance(tree, ast.Call)
    assert isinstance(tree.func, ast.Name)
    arguments = [ast.literal_eval(argument) for argument in tree.args]
    return getattr(instrument, tree.func.id)(*arguments)


def _value(value: Any) -> str:
    """Return what stands behind ``==``, or a text in quotes that its repr has to be."""
    shown = repr(value)
    try:
        is_literal = ast.literal_eval(shown) == value
    except (ValueError, SyntaxError):
        is_literal = False
    return shown if is_literal else f"repr: {shown}"


def _asked(transcript: Transcript, driver: type[Instrument], left: int) -> str:
    """Return the call that says the first of the last requests in as many words."""
    assert driver.line is not None
    recorded = [one for one in transcript.exchanges if one.sent]
    asked = recorded[-left]
    request = asked.request
    for start in range(len(request)):
        for end in range(len(request), start, -1):
            payload = request[start:end]
            try:
                is_it = driver.line.effective_framing.encode(payload) == request
            except (LabframeError, ValueError):
                continue
            if is_it:
                return f"ask_bytes({payload!r})" if asked.answer else f"tell({payload!r})"
    raise TranscriptError(
        f'request {len(recorded) - left + 1} of {len(recorded)}: "{escaped(request, 60)}" is made '
        f"by no reading of {driver.driver}, nor can its framing make it; end the transcript before"
    )


def _written(
    steps: Sequence[_Step], header: Header, driver: type[Instrument], name: str, file: Path,
    found_by: str,
) -> str:  # fmt: skip
    errors = {step.error for step in steps if step.error is not None}
    names = {("labframe.simulation", "PtyCarrier"), ("labframe.simulation", "TranscriptSimulator")}
    names |= {(error.__module__, error.__name__) for error in errors}
    names.add(("labframe.plugins", "Plugins") if found_by else (driver.__module__, driver.__name__))
    modules = sorted({module for module, _ in names if module != "builtins"})
    imports = [
        f"from {module} import {', '.join(sorted(name for of, name in names if of == module))}"
        for module in modules
    ]
    if errors:
        imports[:0] = ["import pytest"]
    address = header.more.get("address")
    given = "carrier.url" if address is None else f"carrier.url, address={address!r}"
    lines = [
        f'"""Made from {file.name}: the driver says the same bytes, and reads the same."""',
        "",
        "from contextlib import closing",
        "from pathlib import Path",
        "",
        *imports,
        "",
        f"TRANSCRIPT = Path(__file__).parent / {file.as_posix()!r}",
        *([f"DRIVER = {found_by}"] if found_by else []),
        "",
        "",
        f"def test_{name}():",
        "    replay = TranscriptSimulator(TRANSCRIPT)",
        "    with PtyCarrier(replay) as carrier, "
        f"closing({'DRIVER' if found_by else driver.__name__}({given})) as instrument:",
        *(f"        {line}" for step in steps for line in _lines(step)),
        "    replay.check()",
    ]
    return "\n".join(lines) + "\n"


def _lines(step: _Step) -> Iterator[str]:
    call = f"instrument.{step.call}"
    if step.error is not None:
        yield f"with pytest.raises({step.error.__name__}):"
        yield f"    {call}"
    elif step.value in ("", "None"):
        yield call
    elif step.value.startswith("repr: "):
        yield f"assert repr({call}) == {step.value.removeprefix('repr: ')!r}"
    else:
        yield f"assert {call} == {step.value}"
