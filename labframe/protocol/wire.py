"""What pull, push and live have in common: texts, sizes, and what counts as an answer."""

from __future__ import annotations

__all__ = [
    "ANSWER_PREFIXES",
    "MAX_DATAGRAM",
    "PUSH_ACK",
    "PUSH_ERROR",
    "PUSH_EXCEP",
    "PUSH_RET",
    "UNKNOWN_COMMAND",
    "encode",
    "is_answer",
    "shortened",
]

UNKNOWN_COMMAND = "UNKNOWN_COMMMAND"
"""The answer to what no socket understands. The three M are the protocol: clients compare."""

PUSH_ERROR = "ERROR"
"""The first word of a push answer: the request was not understood or taken; nothing was done."""
PUSH_ACK = "ACK"
"""The first word of a push answer: the data were taken; the Python repr of the dict follows."""
PUSH_EXCEP = "EXCEP"
"""The first word of a push answer: the callback raised; the text of the exception follows."""
PUSH_RET = "RET"
"""The first word of a push answer: a returned value follows."""

MAX_DATAGRAM = 65507
"""The most bytes that one UDP datagram carries over IPv4 (65535 less the IP and UDP headers)."""

ANSWER_PREFIXES = (b"ERROR#", b"RET#", b"ACK#", b"EXCEP#")
_UNKNOWN = UNKNOWN_COMMAND.encode()


def encode(text: str) -> bytes:
    """Return ``text`` as UTF-8; what UTF-8 cannot carry (half a surrogate pair) is escaped."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def is_answer(datagram: bytes) -> bool:
    """Tell whether a datagram is itself an answer of a pull or push socket.

    Such a datagram gets no answer: two sockets that a forged sender address points at each other
    would otherwise talk for ever.
    """
    return datagram == _UNKNOWN or datagram.startswith(ANSWER_PREFIXES)


def shortened(text: str, limit: int = 80) -> str:
    """Return ``text``, cut to ``limit`` characters: for messages that name what somebody sent."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
