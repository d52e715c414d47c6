"""A simulated chiller: only what its manual says. It shares nothing with the driver."""

from __future__ import annotations

from labframe.simulation import LineSimulator, Settable

__all__ = ["ChillerSimulator"]


class ChillerSimulator(LineSimulator):
    """An example: a temperature controller whose sensor follows at once."""

    driver = "chiller"
    baudrate = 9600
    terminator = b"\r\n"
    error_answers = {"unknown": b"?1", "range": b"?2"}

    celsius = Settable(20.0, "the temperature that is aimed at, °C", limits=(-20, 150))

    def respond(self, line: bytes, now: float) -> bytes | None:
        """Answer one request, as the manual says."""
        del now
        if line == b"*IDN?":
            return b"ACME,CHILLER,0042"
        if line == b"TEMP?":
            return b"%.2f" % (self.celsius + 0.25)
        if line == b"SETP?":
            return b"%.2f" % self.celsius
        if line.startswith(b"SETP "):
            return self._set(line.removeprefix(b"SETP "))
        return self.error_answers["unknown"]

    def _set(self, text: bytes) -> bytes | None:
        try:
            self.celsius = float(text)
        except ValueError:  # no number, or one that is out of range
            return self.error_answers["range"]
        return None
