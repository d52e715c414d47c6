"""One request and its answer: echo, frame, deadlines. The line calls it while it holds the lock."""

from __future__ import annotations

import functools
from typing import Final, Protocol

from labframe.errors import BadReply, EchoError, IncompleteReply, LineError, NoReply
from labframe.line.framing import Decoder, FixedLength, Handshake, Spaced
from labframe.line.settings import SerialLine

__all__ = ["BLANK", "Conversation", "Talk", "shown"]

BLANK: Final = b"\r\n\t \0"
"""What may follow an answer without meaning anything: half a terminator, padding."""


class Talk(Protocol):
    """What a request needs of an open port; see :class:`labframe.line.channel.Channel`."""

    def monotonic(self) -> float:
        """Return seconds on the clock that its waits go by."""

    def write(self, data: bytes, timeout_s: float, /) -> bool:
        """Send all of ``data``."""

    def receive(self, timeout_s: float) -> bytes:
        """Wait for bytes."""


def shown(data: bytes, limit: int = 40) -> str:
    """Return ``data`` as messages show it."""
    return repr(data) if len(data) <= limit else f"{data[:limit]!r}... ({len(data)} bytes)"


class Conversation:
    """How requests are made with one instrument's settings.

    Args:
        name: What the port is called in messages.
        settings: The instrument's settings.

    Attributes:
        asked: When the last exchange of a handshake was sent, on the channel's clock.
    """

    __slots__ = (
        "_echo",
        "_framing",
        "_handshake",
        "_name",
        "asked",
        "byte_s",
        "first_byte_s",
        "gap_s",
        "min_gap_s",
        "settings",
        "total_s",
    )

    def __init__(self, name: str, settings: SerialLine) -> None:
        self.settings = settings
        self.first_byte_s = settings.first_byte_s
        self.gap_s = settings.gap_s
        self.total_s = settings.total_s
        self.min_gap_s = settings.min_gap_s
        self.byte_s = settings.byte_s
        self.asked = 0.0
        self._name = name
        self._echo = settings.echo
        self._framing = framing = settings.effective_framing
        self._handshake = framing if isinstance(framing, Handshake) else None
        if isinstance(framing, Spaced):
            self.min_gap_s = max(self.min_gap_s, framing.least_gap_s(settings.byte_s))

    def encode(self, payload: bytes) -> bytes:
        """Return the bytes of a request; raises ValueError if the framing cannot carry it."""
        return self._framing.encode(payload)

    def hold(self, channel: Talk, payload: bytes, frame: bytes, *, answer: bool) -> bytes:
        """Send a request and return the payload of its answer.

        Args:
            channel: The open port.
            payload: The request.
            frame: The request as it goes over the line.
            answer: Whether there is an answer to wait for; if not, return ``b""``.

        Raises:
            NoReply, IncompleteReply, BadReply, EchoError: If no good answer comes.
            OSError: Or what else the port raises when it is gone.
        """
        try:
            if self._handshake is not None:
                exchange = functools.partial(self._exchange, channel)
                return self._handshake.converse(payload, exchange, answer=answer)
            before = self._send(channel, frame)
            if self._echo == "command":
                before = self._command_echo(channel, payload, frame, before)
            if not answer:
                return b""
            return self._answer(channel, self._framing.decoder(), frame, before)
        except BadReply as error:
            raise BadReply(
                f"{self._name}: bad answer to {shown(payload)}: {error}. {self._look_at()}",
                received=error.received,
            ) from error

    def _exchange(self, channel: Talk, data: bytes, decoder: Decoder) -> bytes:
        self.asked = channel.monotonic() + len(data) * self.byte_s
        return self._answer(channel, decoder, data, self._send(channel, data))

    def _send(self, channel: Talk, frame: bytes) -> bytes:
        """Write a frame and take its local echo; return what came after that."""
        if not channel.write(frame, len(frame) * self.byte_s + self.total_s):
            raise NoReply(
                f"{self._name}: {shown(frame)} could not be sent within {self.total_s:g} s: flow "
                "control holds it back. Are rtscts and xonxoff set as on the instrument?"
            )
        if self._echo != "local":
            return b""
        decoder = FixedLength(len(frame)).decoder()
        try:
            echo = self._read(channel, decoder, frame, b"")
        except NoReply as error:
            raise self._no_echo(frame, b"") from error
        except IncompleteReply as error:
            raise self._no_echo(frame, error.received) from error
        if echo != frame:
            raise self._no_echo(frame, echo + decoder.rest)
        return decoder.rest

    def _no_echo(self, frame: bytes, received: bytes) -> LineError:
        return EchoError(
            f"{self._name}: {shown(frame)} came back as {shown(received)}. Two senders at a time, "
            "or an adapter without echo (then echo = 'none')?",
            received=received,
        )

    def _command_echo(self, channel: Talk, payload: bytes, frame: bytes, before: bytes) -> bytes:
        """Take the request that the instrument repeats; return what came after that."""
        decoder = self._framing.decoder()
        echo = self._read(channel, decoder, frame, before)
        if echo != payload:
            raise EchoError(
                f"{self._name}: {shown(echo)} in place of the request {shown(payload)}, which the "
                "instrument should repeat first. Is its echo off (then echo = 'none')?",
                received=echo + decoder.rest,
            )
        return decoder.rest

    def _answer(self, channel: Talk, decoder: Decoder, request: bytes, before: bytes) -> bytes:
        reply = self._read(channel, decoder, request, before)
        rest = decoder.rest
        if rest and rest.strip(BLANK):
            raise BadReply(
                f"{shown(rest)} after the answer {shown(reply)} (a second answer, or a prompt that "
                "belongs to the terminator?)",
                received=reply + rest,
            )
        return reply

    def _read(self, channel: Talk, decoder: Decoder, request: bytes, before: bytes) -> bytes:
        """Read one frame, ``before`` being its first bytes."""
        sending_s = len(request) * self.byte_s
        deadline = channel.monotonic() + sending_s + self.total_s
        data = before or channel.receive(self.first_byte_s + sending_s)
        if not data:
            raise NoReply(
                f"{self._name}: no answer to {shown(request)} within {self.first_byte_s:g} s. "
                f"Is the instrument on, and the cable in? {self._look_at()}"
            )
        received = data
        while True:
            payload = decoder.feed(data)
            if payload is not None:
                return payload
            left = deadline - channel.monotonic()
            data = channel.receive(min(left, self.gap_s)) if left > 0 else b""
            if not data:
                payload = decoder.silence() if left > self.gap_s else None
                if payload is not None:
                    return payload
                raise self._incomplete(request, received, is_silent=left > self.gap_s)
            received += data

    def _incomplete(self, request: bytes, received: bytes, *, is_silent: bool) -> LineError:
        why = (
            f"nothing more for {self.gap_s:g} s"
            if is_silent
            else f"no end within {self.total_s:g} s"
        )
        return IncompleteReply(
            f"{self._name}: the answer to {shown(request)} is not whole: {shown(received)}, then "
            f"{why}. {self._look_at()}",
            received=received,
        )

    def _look_at(self) -> str:
        settings = self.settings
        mode = f"{settings.bytesize}{settings.parity}{settings.stopbits:g}"
        ends = "" if settings.framing else f" and the terminator {self._ends()!r}"
        return f"Are {settings.baudrate} baud {mode}{ends} right?"

    def _ends(self) -> bytes:
        read = self.settings.read_terminator
        return self.settings.terminator if read is None else read
