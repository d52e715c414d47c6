"""How a serial line is set: what a driver class declares, and a configuration may override."""

from __future__ import annotations

import codecs
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from labframe.line.framing import Framing, Handshake, Terminated

__all__ = ["SerialLine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialLine:
    r"""The settings of a serial line; all times are in seconds.

    A configuration overrides single ones with ``dataclasses.replace``.

    Attributes:
        baudrate: Bits per second.
        bytesize: Data bits: 5 to 8.
        parity: ``N`` none, ``E`` even, ``O`` odd, ``M`` mark, ``S`` space.
        stopbits: 1, 1.5 or 2.
        rtscts: Whether RTS and CTS control the flow.
        xonxoff: Whether the bytes XON and XOFF control the flow.
        dtr: State of the DTR output; None leaves it as the system sets it.
        rts: State of the RTS output; None leaves it as the system sets it.
        terminator: Ends requests and answers; ``b""`` for answers means that silence ends them.
        write_terminator: Ends requests, in place of ``terminator``.
        read_terminator: Ends answers, in place of ``terminator``.
        framing: Replaces the terminators.
        encoding: Of text requests and answers.
        first_byte_s: Until the first byte of an answer.
        gap_s: Between two bytes of an answer.
        total_s: For the whole answer, from the end of the request; at least ``first_byte_s``. When
            an answer did not come whole, the next request waits until so long after its own request
            has passed, so that a late answer is never taken for the next one's.
        min_gap_s: From the end of one transaction to the next request.
        echo: ``none``; ``local``: the adapter returns every byte that is sent; ``command``: the
            instrument repeats the request, as a frame of its own, before its answer.

    Raises:
        ValueError: If a field has a value that cannot be; the message names field, value and the
            allowed values.
    """

    baudrate: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1
    rtscts: bool = False
    xonxoff: bool = False
    dtr: bool | None = None
    rts: bool | None = None
    terminator: bytes = b"\r\n"
    write_terminator: bytes | None = None
    read_terminator: bytes | None = None
    framing: Framing | None = None
    encoding: str = "ascii"
    first_byte_s: float = 1.0
    gap_s: float = 0.3
    total_s: float = 3.0
    min_gap_s: float = 0.0
    echo: Literal["none", "local", "command"] = "none"

    def __post_init__(self) -> None:
        for field, is_allowed, allowed in _RULES:
            value = getattr(self, field)
            if not is_allowed(value):
                raise ValueError(f"{field} = {value!r}: not {allowed}")
        if self.first_byte_s > self.total_s:
            raise ValueError(
                f"first_byte_s = {self.first_byte_s:g}: longer than total_s = {self.total_s:g}, "
                "the time for the whole answer; raise total_s too"
            )
        if self.echo == "command" and isinstance(self.framing, Handshake):
            raise ValueError(
                "echo = 'command': not with a handshake, whose own answers say that the request "
                "came through ('none' or 'local')"
            )

    @property
    def effective_framing(self) -> Framing:
        """The framing, or that of the terminators."""
        if self.framing is not None:
            return self.framing
        write, read = self.write_terminator, self.read_terminator
        return Terminated(
            write=self.terminator if write is None else write,
            read=self.terminator if read is None else read,
        )

    @property
    def byte_s(self) -> float:
        """How long one byte takes on the wire."""
        parity_bits = 0 if self.parity == "N" else 1
        return (1 + self.bytesize + parity_bits + self.stopbits) / self.baudrate

    @property
    def electrical(self) -> tuple[object, ...]:
        """What all instruments on one line must agree on."""
        return (
            self.baudrate,
            self.bytesize,
            self.parity,
            self.stopbits,
            self.rtscts,
            self.xonxoff,
            self.dtr,
            self.rts,
        )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _whole_number_between(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _positive(value: Any) -> bool:
    return _is_number(value) and value > 0


def _bytes_or_none(value: Any) -> bool:
    return value is None or isinstance(value, bytes)


def _is_codec(value: Any) -> bool:
    try:
        codecs.lookup(value)
    except (LookupError, TypeError):
        return False
    return True


def _one_of(*allowed: object) -> Callable[[Any], bool]:
    return lambda value: any(type(value) is type(one) and value == one for one in allowed)


_SECONDS = "a number of seconds above 0"
_YES_OR_NO = "True or False"
_HIGH_OR_LOW = "True, False or None (as the system sets it)"
_BYTES = "bytes such as b'\\r\\n'"

_RULES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("baudrate", _whole_number_between(50, 12_000_000), "a whole number, 50 to 12000000"),
    ("bytesize", _whole_number_between(5, 8), "5, 6, 7 or 8"),
    ("parity", _one_of(*"NEOMS"), "'N', 'E', 'O', 'M' or 'S'"),
    ("stopbits", lambda value: _is_number(value) and value in (1, 1.5, 2), "1, 1.5 or 2"),
    ("rtscts", _one_of(True, False), _YES_OR_NO),
    ("xonxoff", _one_of(True, False), _YES_OR_NO),
    ("dtr", _one_of(True, False, None), _HIGH_OR_LOW),
    ("rts", _one_of(True, False, None), _HIGH_OR_LOW),
    ("terminator", lambda value: isinstance(value, bytes), _BYTES),
    ("write_terminator", _bytes_or_none, f"{_BYTES} or None"),
    ("read_terminator", _bytes_or_none, f"{_BYTES} or None"),
    (
        "framing",
        lambda value: value is None or (hasattr(value, "encode") and hasattr(value, "decoder")),
        "a framing such as FixedLength(8), or None",
    ),
    ("encoding", _is_codec, "a text encoding such as 'ascii' or 'latin-1'"),
    ("first_byte_s", _positive, _SECONDS),
    ("gap_s", _positive, _SECONDS),
    ("total_s", _positive, _SECONDS),
    ("min_gap_s", lambda value: _is_number(value) and value >= 0, "a number of seconds, 0 or more"),
    ("echo", _one_of("none", "local", "command"), "'none', 'local' or 'command'"),
)
