# lakeshore.py
from labframe import Instrument, SerialLine, command, hookimpl, reading

class LakeShore(Instrument):
    """Lake Shore 331 temperature controller."""
    driver = "lakeshore"
    line = SerialLine(baudrate=9600, bytesize=7, parity="O", terminator=b"\r\n")
    identify = ("*IDN?", "LSCI,MODEL331")

    @reading(unit="K", every=1.0)
    def temperature(self) -> float:
        return float(self.ask("KRDG? A"))

    @command(unit="K", limits=(0, 470), safe_value=0)
    def setpoint(self, target: float) -> None:
        self.tell(f"SETP 1,{target}")

@hookimpl
def labframe_instruments():
    return [LakeShore]
