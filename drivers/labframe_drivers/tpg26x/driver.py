"""The driver of the Pfeiffer TPG 261 and 262; what is sent, and who says so, is in ``README.md``.

No instrument was at hand: only a recorded transcript would prove that this agrees with one.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from labframe import IdentityError, Instrument, LabframeError, NoValue, SerialLine, command, reading
from labframe.errors import BadReply
from labframe.line import EnqAck, Terminated
from labframe.points import Value
from labframe_drivers.tpg26x import gauges
from labframe_drivers.tpg26x.gauges import GAUGES, MBAR, UNITS
from labframe_drivers.tpg26x.refusals import refusal

__all__ = ["GaugeNotSwitched", "Tpg26x"]

_NAK: Final = b"\x15"
_CLEAR: Final = b"\x03"  # ETX, "clears the input buffer" (manual, page 67)
_PROGRAM: Final = re.compile(r"\d{3}-\d{3}(-?\w+)?")
"""A program number: 302-510-A (manual of the TPG 262, page 2)."""
_SWITCHES: Final = re.compile("[0-2](,[0-2])?")
_SWITCHED: Final = ("cannot be switched", "off", "on")
_ERROR_WORD: Final = re.compile("[01]{4}")
_IDENTIFIER: Final = re.compile(r"[A-Z]{3}\d{0,3}|no[A-Za-z]{2,8}")


class GaugeNotSwitched(LabframeError):
    """The controller took the command, and the gauge is as it was."""


class Tpg26x(Instrument):
    """Pfeiffer TPG 261 or 262, a controller of one or two compact vacuum gauges."""

    driver = "tpg26x"
    protocol = "ACK/NAK/ENQ handshake"
    line = SerialLine(baudrate=9600, framing=EnqAck(), first_byte_s=0.25, gap_s=0.15, total_s=0.6)
    channels = GAUGES
    options: Mapping[str, Value] = MappingProxyType({"stream": False})

    _unit = -1

    @classmethod
    def with_options(cls, options: Mapping[str, Value]) -> type[Instrument]:
        """Return the class that is asked for pressures, or the one that they are sent to."""
        from labframe_drivers.tpg26x.streaming import Tpg26xStream  # which stands on this class

        stream = options.get("stream", False)
        if not isinstance(stream, bool):
            raise ValueError(f"stream = {stream!r}: true or false")  # noqa: TRY004  # as the host expects
        return Tpg26xStream if stream else cls

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        alone = Terminated(write=b"", read=b"\r\n")
        self._alone = self.settings and dataclasses.replace(self.settings, framing=alone)

    def check_identity(self) -> str:
        """Ask for the program number, which no other kind of instrument answers to PNR."""
        answer = self._program()
        if self.identity is not None:
            if not answer.startswith(self.identity):
                raise IdentityError(self.name, self.identity, answer, "PNR")
        elif _PROGRAM.fullmatch(answer) is None:
            raise IdentityError(self.name, "a program number such as 302-510-A", answer, "PNR")
        return f"TPG 26x, program {answer}"

    def on_connect(self) -> None:
        """Ask in which unit pressures are shown."""
        self._unit = self._asked_unit()

    @reading(unit="mbar", every=1.0, channels=True)
    def pressure(self) -> dict[str, float | NoValue]:
        """Read all gauges with one query, in mbar whatever unit is shown."""
        return self._by_gauge(self._measured())

    @reading(every=5.0, channels=True)
    def status(self) -> dict[str, str]:
        """Read how each gauge is: ok, or why it has no pressure."""
        measured = self._measured()
        return self._by_gauge([str(one) if isinstance(one, NoValue) else "ok" for one in measured])

    @reading(every=60.0, channels=True)
    def kind(self) -> dict[str, str]:
        """Read which gauge is connected: TPR, IKR9, IKR11, PKR, PBR, IMR, CMR, noSEn or noid."""
        kinds = [one.strip() for one in self._ask("TID").split(",")]
        if len(kinds) > len(GAUGES) or not all(map(_IDENTIFIER.fullmatch, kinds)):
            raise self._bad("TID", ",".join(kinds))
        return self._by_gauge(kinds)

    @reading(every=10.0, channels=True)
    def switched(self) -> dict[str, str]:
        """Read whether each gauge is on or off; many cannot be switched."""
        return self._by_gauge(self._switches("SEN"))

    @reading(every=10.0)
    def errors(self) -> str:
        """Read all errors of the controller: none, or what is wrong."""
        return self._understood("RES")

    @reading(every=10.0)
    def shown_unit(self) -> str:
        """Read which unit the display shows."""
        return UNITS[self._asked_unit()]

    @command(choices=UNITS, read_back="shown_unit")
    def show_in(self, unit: str) -> None:
        """Show pressures in this unit; what is published stays in mbar."""
        self._unit = self._asked_unit(f"UNI,{UNITS.index(unit)}")

    @command(choices=GAUGES, dangerous=True)
    def switch_on(self, gauge: str) -> None:
        """Switch a gauge on: only where the pressure is low enough for it."""
        self._switch(gauge, "on")

    @command(choices=GAUGES)
    def switch_off(self, gauge: str) -> None:
        """Switch a gauge off."""
        self._switch(gauge, "off")

    @command()
    def reset_errors(self) -> str:
        """Cancel the errors and measure again; return those that stay."""
        return self._understood("RES,1")

    # What they have in common.

    def _program(self) -> str:
        """Ask for the program number, after the end of a stream that another program began.

        Any byte ends a stream (``COM``); ETX clears half a request, too. What was on its way may
        still spoil the first answer.
        """
        self._opened().send(_CLEAR, settings=self._alone)
        try:
            return self._ask("PNR")
        except BadReply:
            return self._ask("PNR")

    def _measured(self) -> list[float | NoValue]:
        """Ask for pressures and unit, in this order.

        Whoever stands before the controller may change the unit at any time. If it is another one
        than last time it is not known in which of them the pressures were: they are asked again.
        """
        for _ in range(3):
            answer = self._ask("PRX")
            before, self._unit = self._unit, self._asked_unit()
            if self._unit == before:
                return self._pressures(answer)
        raise NoValue(f"{self.name}: the unit that is shown changes all the time")

    def _pressures(self, answer: str) -> list[float | NoValue]:
        try:
            return gauges.pressures(answer, MBAR[self._unit])
        except BadReply as error:
            raise self._bad("PRX", answer) from error

    def _asked_unit(self, request: str = "UNI") -> int:
        answer = self._ask(request)
        if answer not in ("0", "1", "2"):
            raise self._bad(request, answer)
        return int(answer)

    def _understood(self, request: str) -> str:
        answer = self._ask(request)
        try:
            return gauges.errors(answer)
        except BadReply as error:
            raise self._bad(request, answer) from error

    def _switches(self, request: str) -> list[str]:
        answer = self._ask(request)
        if _SWITCHES.fullmatch(answer) is None:
            raise self._bad(request, answer)
        return [_SWITCHED[int(digit)] for digit in answer.split(",")]

    def _switch(self, gauge: str, wanted: str) -> None:
        index = GAUGES.index(gauge)
        digits = ["0", "0"]  # 0 leaves the other gauge as it is
        digits[index] = str(_SWITCHED.index(wanted))
        found = self._by_gauge(self._switches(f"SEN,{','.join(digits)}")).get(gauge, "not there")
        if found != wanted:
            raise GaugeNotSwitched(
                f"{self.name}: {gauge} should be {wanted}, and the controller tells: {found}. "
                "TPR, CMR and others measure all the time and have no switch"
            )

    def _by_gauge(self, values: list[Any]) -> dict[str, Any]:
        return dict(zip(GAUGES, values, strict=False))  # a TPG 261 has one gauge

    def _ask(self, request: str) -> str:
        """Send a mnemonic and return the answer.

        Raises:
            Tpg26xRefused: If the controller says NAK; with its error word.
            LineError: If no good answer comes.
        """
        try:
            return self.ask(request)
        except BadReply as error:
            if error.received != _NAK:
                raise
        try:
            word = self.ask("ERR")
        except BadReply as error:
            if error.received != _NAK:
                raise
            word = ""
        if word and _ERROR_WORD.fullmatch(word) is None:
            raise self._bad("ERR", word)
        raise refusal(self.name, request, word)

    def _bad(self, request: str, answer: str) -> BadReply:
        self._opened().doubt()
        return BadReply(
            f"{self.name}: {answer!r} is no answer of a TPG 26x to {request!r}",
            received=answer.encode(),
        )
