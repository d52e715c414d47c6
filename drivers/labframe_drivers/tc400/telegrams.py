"""What the driver writes into telegrams, and reads from them; the line adds checksum and CR. Pure.

A telegram is address (3 digits), action, 0, parameter (3 digits), length (2 digits), data. Manual
of the TC 400, page 25.
"""

from __future__ import annotations

from labframe.errors import BadReply

__all__ = ["EVERYBODY", "answered", "command", "question"]

EVERYBODY = 0
"""The address that every unit on the bus obeys, and none answers."""


def question(address: int, parameter: int) -> bytes:
    """Return the request for a parameter's data."""
    return b"%03d00%03d02=?" % (address, parameter)


def command(address: int, parameter: int, data: str) -> bytes:
    """Return the request to set a parameter."""
    return b"%03d10%03d%02d%b" % (address, parameter, len(data), data.encode("ascii"))


def answered(reply: bytes, address: int, parameter: int) -> str:
    """Return the data of an answer: a value, or one of the three errors.

    Raises:
        BadReply: If it is not the answer of this unit about this parameter.
    """
    head, data = reply[:10], reply[10:]
    if head != b"%03d10%03d%02d" % (address, parameter, len(data)):
        raise BadReply(
            f"{reply!r}: not an answer of unit {address:03d} about parameter {parameter:03d}. "
            "Do two units have one address?",
            received=reply,
        )
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as error:
        raise BadReply(f"{reply!r}: no ASCII text", received=reply) from error
