"""A simulated Tenma 72-2540."""

from labframe import hookimpl
from labframe.simulation import Answer, Settable, SimulatedInstrument


class TenmaSimulator(SimulatedInstrument):
    """A supply with ten ohms at its output."""

    driver = "tenma"
    baudrate = 9600
    volts = Settable(5.0, "the voltage that is set, V", limits=(0, 30))

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Answer one request: each comes at once, and nothing ends it."""
        if data.startswith(b"VSET1:"):
            self.volts = float(data[6:])
        texts = {b"*IDN?": "TENMA 72-2540 V2.1", b"IOUT1?": f"{self.volts / 10:05.3f}"}
        texts |= dict.fromkeys((b"VOUT1?", b"VSET1?"), f"{self.volts:05.2f}")
        return [Answer(texts[data].encode(), 0.01)] if data in texts else []


@hookimpl
def labframe_simulators() -> dict[str, type[SimulatedInstrument]]:
    return {"tenma": TenmaSimulator}
