"""The two memories of the simulated controller: hexadecimal data by index.

The indices, their lengths and the values from the factory: a public driver's table [CNi], which
agrees with the part of the manual's that was found [man 18].
"""

from __future__ import annotations

__all__ = ["Memory"]

_FACTORY = {
    "01": "200000", "02": "200000", "03": "200000", "04": "400000", "05": "0000", "07": "04",
    "08": "4A", "09": "00", "0A": "00", "0B": "003B", "0C": "00", "0D": "60", "0E": "0000",
    "0F": "9186A0", "10": "0D", "11": "09", "12": "A003E8", "13": "200FA0", "14": "100001",
    "15": "A003E8", "16": "200FA0", "17": "00C8", "18": "00B4", "19": "0000", "1A": "07",
    "1C": "00C8", "1D": "07", "1E": "0000", "1F": "14", "20": "02", "21": "01", "22": "0010",
    "24": "00", "25": "200000", "26": "2A", "27": "00", "28": "63", "29": "00",
}  # fmt: skip
_AT_ONCE = ("01", "02")
"""What takes effect without a restart: the setpoints [temp, mem]."""


class Memory:
    """EEPROM and working memory.

    Attributes:
        stored: What R reads and W writes: kept without power.
        working: What G reads and P writes: what the controller works with.
    """

    def __init__(self, **first: str) -> None:
        self.stored = _FACTORY | {index[1:]: data for index, data in first.items()}
        self.restart()

    def restart(self) -> None:
        """Work with what is stored."""
        self.working = dict(self.stored)

    def knows(self, index: str) -> bool:
        """Tell whether there is such an index."""
        return index in self.stored

    def fits(self, index: str, data: str) -> bool:
        """Tell whether data has the length of an index, and hexadecimal digits."""
        return len(data) == len(self.stored[index]) and not set(data) - set("0123456789ABCDEF")

    def read(self, letter: str, index: str) -> str:
        """Return what R or G reads."""
        return (self.stored if letter == "R" else self.working)[index]

    def write(self, letter: str, index: str, data: str) -> None:
        """Write as W or P does."""
        if letter == "W":
            self.stored[index] = data
        if letter == "P" or index in _AT_ONCE:
            self.working[index] = data
