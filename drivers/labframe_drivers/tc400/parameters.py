"""The parameters of the simulated units: number, name, type, access, limits, value at first.

What stands in ``_DRIVE`` is what a TC 110 said of itself [rec], but for 324, which is [turbo], and
the values, which are [pumps]. See ``README.md`` for the marks.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["UNITS", "Parameter", "Unit"]

_DRIVE = """
001 Heating       |0 3 000000 111111 000000
002 Standby       |0 3 000000 111111 000000
004 RUTimeCtrl    |0 3 000000 111111 111111
009 ErrorAckn     |0 2 111111 111111 -
010 PumpgStatn    |0 3 000000 111111 -
012 EnableVent    |0 3 000000 111111 000000
017 CfgSpdSwPt    |7 3 000000 000001 000
019 Cfg DO2       |7 3 000000 000022 001
023 MotorPump     |0 3 000000 111111 111111
024 Cfg DO1       |7 3 000000 000022 000
025 OpModeBKP     |7 3 000000 000003 000
026 SpdSetMode    |7 3 000000 000001 000
027 GasMode       |7 3 000000 000002 000
030 VentMode      |7 3 000000 000002 000
035 Cfg Acc A1    |7 3 000000 000014 000
036 Cfg Acc B1    |7 3 000000 000014 001
037 Cfg Acc A2    |7 3 000000 000014 003
038 Cfg Acc B2    |7 3 000000 000014 002
041 Press HVen    |7 3 000000 000003 002
050 SealingGas    |0 3 000000 111111 000000
055 Cfg AO1       |7 3 000000 000008 000
060 CtrlViaInt    |7 3 000001 000255 002
061 IntSelLckd    |0 3 000000 111111 000000
062 Cfg DI1       |7 3 000000 000007 001
063 Cfg DI2       |7 3 000000 000007 002
300 RemotePrio    |0 1 000000 111111 -
302 SpdSwPtAtt    |0 1 000000 111111 -
303 ErrorCode     |4 1 - - -
304 OvTempElec    |0 1 000000 111111 000000
305 OvTempPump    |0 1 000000 111111 000000
306 SetSpdAtt     |0 1 000000 111111 -
307 PumpAccel     |0 1 000000 111111 -
308 SetRotSpd Hz  |1 1 000000 999999 -
309 ActualSpd Hz  |1 1 000000 999999 -
310 DrvCurrentA   |2 1 000000 999999 -
311 OpHrsPump h   |1 1 000000 065535 -
312 FW Version    |4 1 - - -
313 DrvVoltageV   |2 1 000000 999999 -
314 OpHrsElec h   |1 1 000000 065535 -
315 NominalSpdHz  |1 1 000000 999999 -
316 DrvPower  W   |1 1 000000 999999 -
319 PumpCycles    |1 1 000000 065535 000042
324 TempPwrStgoC  |1 1 000000 999999 -
326 TempElec  oC  |1 1 000000 999999 -
330 TempPmpBotoC  |1 1 000000 999999 -
336 AccelDecelrm/s|1 1 000000 999999 -
342 TempBearngoC  |1 1 000000 999999 -
346 TempMotor oC  |1 1 000000 999999 -
349 ElecName      |4 1 - - -
354 HW Version    |4 1 - - 010000
360 ErrHist1      |4 1 - - 000000
361 ErrHist2      |4 1 - - 000000
362 ErrHist3      |4 1 - - 000000
363 ErrHist4      |4 1 - - 000000
364 ErrHist5      |4 1 - - 000000
365 ErrHist6      |4 1 - - 000000
366 ErrHist7      |4 1 - - 000000
367 ErrHist8      |4 1 - - 000000
368 ErrHist9      |4 1 - - 000000
369 ErrHist10     |4 1 - - 000000
397 SetRotSpd rpm |1 1 000000 999999 -
398 ActualSpd rpm |1 1 000000 999999 -
399 NominalSpdrpm |1 1 000000 999999 -
700 RUTimeSValmin |1 3 000001 000120 000008
701 SpdSwPt1  %   |1 3 000035 000097 000080
707 SpdSVal   %   |2 3 002000 010000 006500
708 PwrSVal   %   |7 3 000010 000100 100
710 SwOff BKP W   |1 3 000000 001000 000000
711 SwOn BKP  W   |1 3 000000 001000 000000
717 StdbySVal %   |2 3 002000 010000 006670
719 SpdSwPt2  %   |1 3 000005 000097 000020
720 VentSpd   %   |7 3 000040 000098 050
721 VentTime  s   |1 3 000006 003600 003600
730 Press1SwPthPa |: 3 000000 999999 100017
732 Press2SwPthPa |: 3 000000 999999 100018
739 PrsSn1Name    |4 1 - - none
740 Pressure 1hPa |: 3 000000 999999 -
742 PrsCorrPi 1   |2 3 000010 000800 000100
749 PrsSn2Name    |4 1 - - none
750 Pressure 2hPa |: 3 000000 999999 -
752 PrsCorrPi 2   |2 3 000010 000800 000100
777 NomSpdConf Hz |1 3 000000 001500 000000
797 RS485Adr      |1 3 000001 000255 -
"""

_PRESSURE_MODE = "020 PressMode     |0 3 000000 111111 000000\n"
_SETPOINT = "741 PrsSetpoint   |7 3 000000 000001 000\n"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Attributes:
        name: 14 characters, unit included, as the unit itself says.
        kind: The digit of its data type; a colon is 10.
        access: 1 read, 2 write, 3 both.
        low: The lowest value, 6 characters.
        high: The highest value, 6 characters.
        first: The data at first; empty if it is worked out.
    """

    name: str
    kind: str
    access: int
    low: str
    high: str
    first: str

    @property
    def description(self) -> str:
        """What a unit says of it, 28 characters."""
        return f"{self.name}{self.kind}{self.access}{self.low}{self.high}"

    @property
    def length(self) -> int:
        """Characters of its data."""
        return 3 if self.kind == "7" else 6

    def allows(self, data: str) -> bool:
        """Tell whether it may be set to this."""
        if len(data) != self.length or not (data.isascii() and data.isdigit()):
            return False
        if self.kind == "0":
            return data in (self.low, self.high)
        return int(self.low) <= int(data) <= int(self.high)


@dataclass(frozen=True, slots=True)
class Unit:
    """A kind of unit.

    Attributes:
        name: What it says that it is, 6 characters.
        nominal_hz: Its nominal speed.
        parameters: Its parameters by number.
    """

    name: str
    nominal_hz: float
    parameters: dict[int, Parameter]


def _read(table: str) -> dict[int, Parameter]:
    found = {}
    for line in table.strip().splitlines():
        number, name, (kind, access, low, high, first) = line[:3], line[4:18], line[19:].split()
        found[int(number)] = Parameter(
            name, kind, int(access),
            low.replace("-", " " * 6), high.replace("-", "\x7f" * 6),
            "" if first == "-" else first.rjust(6) if kind == "4" else first,
        )  # fmt: skip
    return found


def _of(everything: dict[int, Parameter], *numbers: int) -> dict[int, Parameter]:
    return {number: everything[number] for number in numbers}


_ALL = _read(_DRIVE)
_WITH_MORE = _ALL | _read(_PRESSURE_MODE + _SETPOINT)
_TC_110 = {number: one for number, one in _ALL.items() if number != 324}

UNITS = {
    "TC 400": Unit("TC_400", 1500.0, _ALL),
    "TC 110": Unit("TC 110", 1500.0, _TC_110),
    "HiScroll": Unit("HiScrl", 50.0, _of(
        _WITH_MORE, 2, 9, 10, 20, 23, 26, 60, 61, 300, 303, 308, 309, 310, 311, 312, 313, 314, 315,
        316, 324, 326, 346, 349, 354, 397, 398, 399, 707, 717, 730, 740, 741, 742, 797,
    )),
    "MVP 015": Unit("MVP015", 30.0, _of(
        _ALL, 2, 9, 10, 19, 24, 26, 30, 50, 60, 61, 303, 309, 310, 311, 312, 313, 314, 315, 316,
        330, 349, 354, 398, 399, 707, 717, 721, 797,
    )),
    "PPT 100": Unit("    A3", 0.0, _of(_WITH_MORE, 303, 312, 349, 740, 741, 742, 797)),
}  # fmt: skip
"""The kinds of units by their names."""
