"""The driver of the Agilent (Varian) XGS-600; what is sent, and who says so, is in ``README.md``.

No instrument was at hand: only a recorded transcript would prove that this agrees with one.
"""

from __future__ import annotations

import re
from typing import Final

from labframe import Instrument, LabframeError, LineError, NoValue, SerialLine, command, reading

__all__ = ["Xgs600", "Xgs600Refused"]

_BOARDS: Final = {"10": ("HFIG", "I", 1), "3A": ("IMG", "I", 1), "40": ("CNV", "T", 2),
                  "4C": ("ANALOG", "T", 1)}  # fmt: skip
"""Slot code: name, letter of its gauges, and how many it has. Manual, pages 68, 74 and 78."""

_MBAR: Final = {"00": 101325 / 76000, "01": 1.0, "02": 0.01}
"""How many mbar a Torr, a mbar and a Pa are, by the code of the unit. Manual, page 80."""

_NUMBER: Final = re.compile(r"\d\.\d{3}E[+-]\d\d")
"""Exactly so (manual, page 68): without its last digit, 1.234E-06 would be another pressure."""
_SLOTS: Final = re.compile("[0-9A-F]{12}")
_RELAYS: Final = re.compile("[0-9A-F]{4}")


class Xgs600Refused(LabframeError):
    """The controller answered ``?FF``: it does not know the command, or not this gauge."""


class Xgs600(Instrument):
    """Agilent (Varian) XGS-600 gauge controller.

    A channel is a gauge by its label: the user's, or by default the sensor's (HFIG1, CNV1, CNV2).
    """

    driver = "xgs600"
    protocol = "addressed text requests"
    # More than 10 queries a second "compromise system responsiveness" (manual, page 67).
    line = SerialLine(
        baudrate=9600, terminator=b"\r", first_byte_s=0.25, gap_s=0.2, total_s=1.0, min_gap_s=0.09
    )
    address: int | str | None = "00"

    _labels: tuple[str, ...] = ()
    _mbar = 1.0

    def check_identity(self) -> str:
        """Ask for the revisions, which have four digits each (manual, page 68)."""
        answer = self._ask("05")
        if not re.fullmatch("[0-9A-F]{4}(,[0-9A-F]{4})*", answer):
            raise LineError(f"{self.name}: {answer!r} are no revisions of an XGS-600")
        return f"XGS-600, revisions {answer}"

    def on_connect(self) -> None:
        """Read the unit that is shown, and which gauges there are."""
        self._ask_unit()
        self._labels = self._gauges()
        if not self.channels:
            self.channels = self._labels
        missing = [channel for channel in self.channels if channel not in self._labels]
        if missing:
            self.log.warning(
                "%s: no gauge is called %s; there are %s",
                self.name, ", ".join(missing), ", ".join(self._labels),
            )  # fmt: skip

    @reading(unit="mbar", every=1.0, channels=True)
    def pressures(self) -> dict[str, float | NoValue]:
        """Read all gauges with one query, in mbar whatever unit is shown.

        The unit is asked for each time: somebody may change it at the front panel.
        """
        answers, before = self._ask("0F").split(","), self._mbar
        if self._ask_unit() != before:
            answers = self._ask("0F").split(",")
        if len(answers) != len(self._labels):
            self.on_connect()  # a board was put in or out
            answers = self._ask("0F").split(",")
        return dict(zip(self._labels, map(self._pressure, answers), strict=True))

    @reading(every=2.0)
    def relays(self) -> str:
        """Read which relays are on: their numbers with blanks between them, ``-`` if none is."""
        answer = self._ask("03")
        if not _RELAYS.fullmatch(answer):
            raise LineError(f"{self.name}: {answer!r} are no four digits for the relays")
        bits = int(answer, 16)
        return " ".join(str(n + 1) for n in range(8) if bits >> n & 1) or "-"

    @command(choices=("Torr", "mBar", "Pa"))
    def show_in(self, unit: str) -> None:
        """Show pressures in this unit; what is published stays in mbar."""
        codes = {"Torr": "10", "mBar": "11", "Pa": "12"}
        self._ask(codes[unit])
        self._mbar = _MBAR[f"{list(codes).index(unit):02d}"]

    def _ask_unit(self) -> float:
        unit = self._ask("13")
        if unit not in _MBAR:
            raise LineError(f"{self.name}: it shows pressures in an unknown unit {unit!r}")
        self._mbar = _MBAR[unit]
        return self._mbar

    def _pressure(self, text: str) -> float | NoValue:
        text = text.strip()
        if _NUMBER.fullmatch(text):
            return float(text) * self._mbar
        if text == "OPEN":
            return NoValue("the controller shows OPEN: no sensor is connected")
        if text and not text.strip("-"):
            return NoValue("the gauge is off: it has no emission")
        return NoValue(f"the controller shows {text!r} in place of a pressure")

    def _gauges(self) -> tuple[str, ...]:
        slots = self._ask("01")
        if not _SLOTS.fullmatch(slots):
            raise LineError(f"{self.name}: {slots!r} are not the boards of six slots")
        labels: list[str] = []
        numbers = {"I": 0, "T": 0}
        boards: dict[str, int] = {}
        for code in (slots[index : index + 2] for index in range(0, len(slots), 2)):
            if code not in _BOARDS:
                continue
            board, letter, count = _BOARDS[code]
            for _ in range(count):
                numbers[letter] += 1
                boards[board] = boards.get(board, 0) + 1
                labels.append(self._label(f"{letter}{numbers[letter]}", f"{board}{boards[board]}"))
        return tuple(labels)

    def _label(self, gauge: str, otherwise: str) -> str:
        try:
            return self._ask(gauge).strip() or otherwise
        except Xgs600Refused:
            return otherwise

    def _ask(self, request: str) -> str:
        address = f"{self.address:02X}" if isinstance(self.address, int) else self.address
        answer = self.ask(f"#{address}{request}")
        if answer == "?FF":
            raise Xgs600Refused(f"{self.name}: the controller refuses {request!r} (?FF)")
        if not answer.startswith(">"):
            raise LineError(f"{self.name}: {answer!r} is no answer of an XGS-600")
        return answer[1:]
