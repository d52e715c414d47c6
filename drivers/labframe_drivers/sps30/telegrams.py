"""What the driver writes into frames, and reads from them: bytes and values, no line.

A request is address, command, length, data; an answer is address, command, state, length, data.
"""

from __future__ import annotations

import struct

from labframe.errors import BadReply

__all__ = ["PARTS", "STATUS_BITS", "answered", "measured", "request", "status_text", "text"]

_ADDRESS = 0
_FLAG_BIT = 0x80

PARTS = {
    "mass_pm1": "µg/m³",
    "mass_pm2_5": "µg/m³",
    "mass_pm4": "µg/m³",
    "mass_pm10": "µg/m³",
    "number_pm0_5": "1/cm³",
    "number_pm1": "1/cm³",
    "number_pm2_5": "1/cm³",
    "number_pm4": "1/cm³",
    "number_pm10": "1/cm³",
    "typical_size": "µm",
}
"""The ten values of a measurement with their units, in the order of the wire."""

STATUS_BITS = {21: "fan speed out of range", 5: "laser failure", 4: "fan failure"}
"""What the bits of the status register mean."""


def request(command: int, data: bytes = b"") -> bytes:
    """Return the payload of a request."""
    return bytes((_ADDRESS, command, len(data))) + data


def answered(reply: bytes, command: int) -> tuple[int, bytes]:
    """Return the execution error, 0 if there is none, and the data of an answer.

    Args:
        reply: The payload of the frame.
        command: What was asked.

    Raises:
        BadReply: If it is not the answer to this command.
    """
    if len(reply) < 4:
        raise BadReply(
            f"{reply.hex(' ')}: shorter than an answer. If it is the request itself, RX and TX "
            "of the adapter are connected with each other",
            received=reply,
        )
    address, echoed, state, length = reply[:4]
    if (address, echoed) != (_ADDRESS, command):
        raise BadReply(
            f"{reply.hex(' ')}: the answer of device {address} to command {echoed:02X}, not of "
            f"device {_ADDRESS} to {command:02X}",
            received=reply,
        )
    if length != len(reply) - 4:
        raise BadReply(
            f"{reply.hex(' ')}: it announces {length} bytes of data, and has {len(reply) - 4}",
            received=reply,
        )
    return state & ~_FLAG_BIT, reply[4:]


def measured(data: bytes) -> dict[str, float]:
    """Return the values of a measurement in float format, by the names of ``PARTS``.

    Raises:
        BadReply: If these are not ten floats.
    """
    if len(data) != 4 * len(PARTS):
        raise BadReply(f"a measurement of {len(data)} bytes, not of 40", received=data)
    return dict(zip(PARTS, struct.unpack(">10f", data), strict=True))


def text(data: bytes) -> str:
    """Return a text that ends with a zero byte.

    Raises:
        BadReply: If it is no ASCII.
    """
    try:
        return data.split(b"\0")[0].decode("ascii")
    except UnicodeDecodeError as error:
        raise BadReply(f"{data!r}: no ASCII text", received=data) from error


def status_text(register: int) -> str:
    """Return what the status register says: ``ok``, or what is wrong."""
    wrong = [meaning for bit, meaning in STATUS_BITS.items() if register >> bit & 1]
    return ", ".join(wrong) or "ok"
