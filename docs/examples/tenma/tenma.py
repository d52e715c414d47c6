"""Tenma 72-2540: a laboratory power supply."""

from labframe import Instrument, SerialLine, command, hookimpl, query
from labframe.line import Silence


def number(text: str) -> float:
    """Return the number in an answer: five characters, or some were lost."""
    if len(text) != 5:
        raise ValueError(f"{text!r} is not 5 characters long")
    return float(text)


class Tenma(Instrument):
    """Tenma 72-2540: nothing ends its requests and answers but silence."""

    driver = "tenma"
    line = SerialLine(baudrate=9600, framing=Silence(), gap_s=0.03, min_gap_s=0.05)
    identify = ("*IDN?", "TENMA")

    voltage = query("VOUT1?", number, unit="V")
    current = query("IOUT1?", number, unit="A")
    voltage_set = query("VSET1?", number, unit="V", on_demand=True)

    @command(unit="V", limits=(0, 30), safe_value=0, read_back="voltage_set", tolerance=0.005)
    def set_voltage(self, volts: float) -> None:
        """Set the voltage of the output."""
        self.tell(f"VSET1:{volts:05.2f}")


@hookimpl
def labframe_instruments() -> list[type[Instrument]]:
    return [Tenma]
