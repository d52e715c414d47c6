"""Checksums of instruments' telegrams, by name.

Every entry carries its value for ``b"123456789"``, the message that catalogues of checksums use,
and says where that value is published. Sources:

* StreamDevice: the table in ``src/ChecksumConverter.cc`` of the EPICS module StreamDevice;
* reveng: the CRC RevEng catalogue, https://reveng.sourceforge.io/crc-catalogue/16.htm;
* derived: another published value in another notation (``221`` is ``0xDD``).
"""

from __future__ import annotations

import binascii
import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from labframe.nearest import did_you_mean

__all__ = ["CHECKSUMS", "CHECK_MESSAGE", "Checksum", "checksum"]

CHECK_MESSAGE = b"123456789"
"""What the published check values are the checksums of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """One way to compute a checksum, and to write it on the wire.

    Attributes:
        name: What a driver asks for.
        value: Computes the number.
        wire: Writes the number as the bytes that go over the line, always ``size`` of them.
        size: How many bytes it takes on the wire.
        check: The number for ``b"123456789"``.
        source: Where that number is published.
        is_text: Whether it is written in digits, so that ``dd`` is as good as ``DD``.
    """

    name: str
    value: Callable[[bytes], int]
    wire: Callable[[int], bytes]
    size: int
    check: int
    source: str
    is_text: bool = False

    def of(self, data: bytes) -> bytes:
        """Return the checksum of ``data`` as it goes over the line."""
        return self.wire(self.value(data))

    def matches(self, data: bytes, received: bytes) -> bool:
        """Tell whether ``received`` is the checksum of ``data``."""
        expected = self.of(data)
        return received == expected or (self.is_text and received.upper() == expected)


def checksum(name: str) -> Checksum:
    """Return the checksum of that name.

    Raises:
        ValueError: If there is none; the message names the nearest.
    """
    try:
        return CHECKSUMS[name]
    except KeyError:
        raise ValueError(
            f"checksum {name!r}: not known{did_you_mean(name, CHECKSUMS)} "
            f"There are: {', '.join(sorted(CHECKSUMS))}"
        ) from None


def _sum8(data: bytes) -> int:
    return sum(data) & 0xFF


def _sum16(data: bytes) -> int:
    return sum(data) & 0xFFFF


def _sum_inverted(data: bytes) -> int:
    return ~sum(data) & 0xFF


def _lrc(data: bytes) -> int:
    return -sum(data) & 0xFF


def _xor8(data: bytes) -> int:
    return functools.reduce(operator.xor, data, 0)


@functools.cache
def _crc_table(polynomial: int) -> tuple[int, ...]:
    """Return the table of a reflected CRC; made when it is first needed."""
    table = []
    for index in range(256):
        value = index
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        table.append(value)
    return tuple(table)


def _reflected_crc(data: bytes, polynomial: int, start: int) -> int:
    table = _crc_table(polynomial)
    value = start
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value


def _crc16_modbus(data: bytes) -> int:
    return _reflected_crc(data, 0xA001, 0xFFFF)


def _crc14_sqm(data: bytes) -> int:
    return _reflected_crc(data, 0x2001, 0x3FFF)


def _crc16_xmodem(data: bytes) -> int:
    return binascii.crc_hqx(data, 0)


def _byte(value: int) -> bytes:
    return value.to_bytes(1, "big")


def _low_byte_first(value: int) -> bytes:
    return value.to_bytes(2, "little")


def _high_byte_first(value: int) -> bytes:
    return value.to_bytes(2, "big")


def _decimal3(value: int) -> bytes:
    return b"%03d" % value


def _hex2(value: int) -> bytes:
    return b"%02X" % value


def _hex4(value: int) -> bytes:
    return b"%04X" % value


def _two_printable(value: int) -> bytes:
    return bytes(((value & 0x7F) + 34, (value >> 7 & 0x7F) + 34))


def _registry(entries: Iterable[Checksum]) -> Mapping[str, Checksum]:
    return MappingProxyType({entry.name: entry for entry in entries})


CHECKSUMS = _registry(
    (
        Checksum(
            name="sum8",
            value=_sum8,
            wire=_byte,
            size=1,
            check=0xDD,
            source="StreamDevice, sum8",
        ),
        Checksum(  # Pfeiffer telegrams: TC 110/400 manual, 001 to 255
            name="sum8_dec3",
            value=_sum8,
            wire=_decimal3,
            size=3,
            check=221,
            source="derived from sum8",
            is_text=True,
        ),
        Checksum(  # MKS gauges, Vaisala's CS2
            name="sum8_hex",
            value=_sum8,
            wire=_hex2,
            size=2,
            check=0xDD,
            source="StreamDevice, sum8",
            is_text=True,
        ),
        Checksum(  # Vaisala's CS4
            name="sum16_hex",
            value=_sum16,
            wire=_hex4,
            size=4,
            check=0x01DD,
            source="StreamDevice, sum16",
            is_text=True,
        ),
        Checksum(  # SHDLC: Sensirion SPS30
            name="sum_inverted",
            value=_sum_inverted,
            wire=_byte,
            size=1,
            check=0x22,
            source="StreamDevice, notsum",
        ),
        Checksum(  # Modbus ASCII, over the bytes that the digits stand for
            name="lrc",
            value=_lrc,
            wire=_byte,
            size=1,
            check=0x23,
            source="StreamDevice, lrc",
        ),
        Checksum(
            name="xor8",
            value=_xor8,
            wire=_byte,
            size=1,
            check=0x31,
            source="StreamDevice, xor8",
        ),
        Checksum(  # NMEA 0183, Vaisala's CSX
            name="xor8_hex",
            value=_xor8,
            wire=_hex2,
            size=2,
            check=0x31,
            source="StreamDevice, xor8",
            is_text=True,
        ),
        Checksum(
            name="crc16_modbus",
            value=_crc16_modbus,
            wire=_low_byte_first,
            size=2,
            check=0x4B37,
            source="reveng, CRC-16/MODBUS",
        ),
        Checksum(
            name="crc16_xmodem",
            value=_crc16_xmodem,
            wire=_high_byte_first,
            size=2,
            check=0x31C3,
            source="reveng, CRC-16/XMODEM",
        ),
        Checksum(  # Inficon SQM-160, over the length character and the message
            name="crc14_sqm",
            value=_crc14_sqm,
            wire=_two_printable,
            size=2,
            check=0x20BE,
            source="computed; the manual's own examples '#@' -> 'O7', '$L1' -> 'f2' agree",
        ),
    )
)
"""Every checksum by its name."""
