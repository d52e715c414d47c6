"""A transcript that answers in the place of the instrument that it was recorded from."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final, Literal, TypeAlias, get_args

from labframe.simulation.core import Answer, SimulatedInstrument
from labframe.simulation.errors import SimulationError
from labframe.transcripts import Exchange, Transcript, escaped

__all__ = ["Mode", "TranscriptSimulator"]

Mode: TypeAlias = Literal["strict", "lookup", "timed"]
"""How a transcript is replayed; see ``TranscriptSimulator``."""

_SHOWN: Final = 60
_MOST_DIFFERENCES: Final = 100
_TICK_S: Final = 0.05


class TranscriptSimulator(SimulatedInstrument):
    """Answers as it was recorded. Incidents (a cable that was pulled) are not replayed.

    In the modes ``strict`` and ``timed`` the recorded bytes have to be sent, in their order, in
    whatever parts; from the first difference on there is no answer. ``strict`` answers at once,
    ``timed`` as late as it was recorded. In the mode ``lookup`` requests may come in any order and
    as often as one likes: the same request gets its next recorded answer, and when there is no
    other one, its last again; what was never recorded gets none.

    What came before the first request comes at the beginning.

    Args:
        transcript: The transcript, or the path of its file.
        mode: ``strict``, ``lookup`` or ``timed``.
        speed: In the mode ``timed``: how many times faster than it was recorded.

    Raises:
        SimulationError: For another mode, or a speed that is not above 0.
        TranscriptError: If the file is no transcript.
    """

    driver: ClassVar[str] = "transcript"
    usb_name: ClassVar[str] = "Recorded_instrument"

    def __init__(
        self, transcript: Transcript | str | Path, mode: Mode = "strict", *, speed: float = 1.0
    ) -> None:
        super().__init__()
        if mode not in get_args(Mode):
            raise SimulationError(f"mode = {mode!r}: must be strict, lookup or timed")
        if not speed > 0:
            raise SimulationError(f"speed = {speed!r}: must be above 0")
        if not isinstance(transcript, Transcript):
            transcript = Transcript.load(transcript)
        self.transcript = transcript
        self.mode: Mode = mode
        self._scale = 1 / speed if mode == "timed" else 0.0
        self._differences: list[str] = []
        port = transcript.header.port
        self.baudrate = None if port is None else port.baud  # type: ignore[misc]  # the recorded one
        grouped = transcript.exchanges
        self._unasked = grouped[0] if grouped and not grouped[0].sent else None
        self._exchanges = grouped[1:] if self._unasked else grouped
        self.tick_s = _TICK_S if self._unasked else None
        self._next = 0
        self._pending = b""
        self._is_off = False
        self._answers: dict[bytes, list[Exchange]] = {}
        if mode == "lookup":
            for exchange in reversed(self._exchanges):
                self._answers.setdefault(exchange.request, []).append(exchange)

    @property
    def differences(self) -> tuple[str, ...]:
        """What was asked otherwise than it was recorded, in words; a hundred at most."""
        return tuple(self._differences)

    @property
    def unused(self) -> tuple[bytes, ...]:
        """The recorded requests that did not come yet; in the mode ``lookup``: none."""
        if self.mode == "lookup":
            return ()
        return tuple(exchange.request for exchange in self._exchanges[self._next :])

    def check(self) -> None:
        """See that all went as it was recorded, and, but for ``lookup``, that all of it came.

        Raises:
            SimulationError: If not; it says what was different, and what did not come.
        """
        problems = list(self._differences)
        unused = self.unused
        if unused and not problems:
            problems.append(
                f"{len(unused)} of {len(self._exchanges)} recorded requests did not come, the "
                f'first "{escaped(unused[0], _SHOWN)}"'
            )
        if problems:
            raise SimulationError("; ".join(problems))

    def tick(self, now: float) -> list[Answer]:
        """Say what was said before the first request, once."""
        del now
        unasked, self._unasked = self._unasked, None
        return [] if unasked is None else self._timed(unasked)

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Answer as it was recorded."""
        del now
        if self.mode == "lookup":
            return self._look_up(data)
        return self._follow(data)

    def _follow(self, data: bytes) -> list[Answer]:
        self._pending += data
        answers: list[Answer] = []
        while self._pending and not self._is_off:
            if self._next == len(self._exchanges):
                self._differ(f'after the end of the transcript came "{self._shown()}"')
                break
            exchange = self._exchanges[self._next]
            request = exchange.request
            if not self._pending.startswith(request):
                if not request.startswith(self._pending):
                    self._differ(
                        f"request {self._next + 1} of {len(self._exchanges)}: recorded is "
                        f'"{escaped(request, _SHOWN)}", but "{self._shown()}" came'
                    )
                break
            self._pending = self._pending[len(request) :]
            self._next += 1
            answers += self._timed(exchange)
        return answers

    def _differ(self, text: str) -> None:
        self._differences.append(text)
        self._is_off = True
        self._pending = b""

    def _look_up(self, data: bytes) -> list[Answer]:
        self._pending += data
        answers: list[Answer] = []
        while self._pending:
            known = [one for one in self._answers if self._pending.startswith(one)]
            if known:
                request = max(known, key=len)
                self._pending = self._pending[len(request) :]
                left = self._answers[request]
                answers += self._timed(left.pop() if len(left) > 1 else left[0])
            elif any(one.startswith(self._pending) for one in self._answers):
                break  # the beginning of one that is known
            else:
                self._skip()
        return answers

    def _skip(self) -> None:
        """Leave out what was never recorded, up to where something known may begin."""
        pending = self._pending
        start = 1
        while start < len(pending) and not any(
            pending[start:].startswith(one) or one.startswith(pending[start:])
            for one in self._answers
        ):
            start += 1
        if len(self._differences) < _MOST_DIFFERENCES:
            unknown = escaped(pending[:start], _SHOWN)
            self._differences.append(f'no request "{unknown}" was recorded')
        self._pending = pending[start:]

    def _timed(self, exchange: Exchange) -> list[Answer]:
        return [Answer(data, delay_s * self._scale) for delay_s, data in exchange.replies]

    def _shown(self) -> str:
        return escaped(self._pending, _SHOWN)
