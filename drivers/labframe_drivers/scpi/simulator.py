"""Any SCPI instrument, played from the section that describes it to its driver."""

from __future__ import annotations

from typing import Final

from labframe_drivers.ascii.simulator import AsciiSimulator

__all__ = ["ScpiSimulator"]

_MOST: Final = 10
_QUEUES: Final = frozenset(
    begin + end
    for begin in ("SYST:ERR", "SYSTEM:ERROR", "STAT:QUE", "STATUS:QUEUE")
    for end in ("?", ":NEXT?")
)


class ScpiSimulator(AsciiSimulator):
    """A SCPI instrument that understands what a section of ``lab.toml`` says, and nothing else.

    Capital letters make no difference, nor does a colon at the beginning. What it does not know it
    answers with silence, and an entry in its error queue.
    """

    driver = "scpi"
    terminator = b"\n"
    identifies = "*IDN?"
    ignores_case = True
    identity = "LABFRAME,SIMULATED,0,1.0"

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self._queue: list[str] = []

    @classmethod
    def plain(cls, request: str) -> str:
        """Return a request without what makes no difference."""
        return request.strip().removeprefix(":")

    def answer(self, request: str) -> str | None:
        """Return the answer to a request; None: silence."""
        key = self.key(request)
        if key in _QUEUES:
            return self._queue.pop(0) if self._queue else '0,"No error"'
        if key == "*CLS":
            self._queue.clear()
            return None
        return super().answer(request)

    def unknown(self, request: str) -> str | None:
        """Say nothing, and note it."""
        del request
        self._note('-113,"Undefined header"')
        return None

    def out_of_range(self) -> str | None:
        """Say nothing, and note it."""
        self._note('-222,"Data out of range"')
        return None

    def _note(self, error: str) -> None:
        if len(self._queue) < _MOST:
            self._queue.append(error)
        else:
            self._queue[-1] = '-350,"Queue overflow"'
