"""The driver of a TPG 261 or 262 that sends its pressures by itself (``COM``)."""

from __future__ import annotations

from typing import Any

from labframe import NoValue, reading
from labframe_drivers.tpg26x import gauges
from labframe_drivers.tpg26x.driver import Tpg26x
from labframe_drivers.tpg26x.gauges import MBAR

__all__ = ["Tpg26xStream"]

_ONCE_A_SECOND = "COM,1"


class Tpg26xStream(Tpg26x):
    """Pfeiffer TPG 261 or 262 that sends its pressures by itself, once a second.

    Any byte ends the stream (mem), so it is started again after each request. A line of it does not
    tell its unit: that is asked for every 10 s, by ``shown_unit``.
    """

    driver = "tpg26x"
    protocol = "ACK/NAK/ENQ handshake"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_started = False

    def check_identity(self) -> str:
        """Ask for the program number, without starting the stream."""
        self._is_started = False
        return super().check_identity()

    def on_connect(self) -> None:
        """Ask in which unit pressures are shown, and have it send them."""
        super().on_connect()
        self._is_started = True
        self.tell(_ONCE_A_SECOND)

    @reading(unit="mbar", every=1.0, channels=True, pushed=r"\d,[+-]\d")
    def pressure(self, line: str) -> dict[str, float | NoValue]:  # type: ignore[override]  # it is given a line
        """Take a line that it sends by itself, in mbar whatever unit is shown."""
        return self._by_gauge(gauges.pressures(line, MBAR[self._unit]))

    status = None  # type: ignore[assignment]  # to ask for it would end the stream; errors tell why

    def _asked_unit(self, request: str = "UNI") -> int:
        self._unit = super()._asked_unit(request)
        return self._unit

    def _ask(self, request: str) -> str:
        try:
            return super()._ask(request)
        finally:
            if self._is_started:
                self.tell(_ONCE_A_SECOND)
