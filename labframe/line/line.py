"""One serial port, shared by every instrument on it."""

from __future__ import annotations

import os
import re
import threading
import time
from time import monotonic
from typing import Final, Self

from labframe.closing import Closing
from labframe.errors import BadReply, Expired, LabframeError, LineError, NoReply, PortGone
from labframe.line.alarm import Alarm
from labframe.line.channel import Channel, Interrupted, port_errors
from labframe.line.conversation import Conversation, shown
from labframe.line.flight import FLIGHT_BYTES, FlightRecorder
from labframe.line.opening import can_be_found, open_channel
from labframe.line.ports import PortSpec, resolve
from labframe.line.recording import Recorder, port_and_file
from labframe.line.settings import SerialLine
from labframe.line.silence import Silence
from labframe.line.tapped import ChunkTap, TappedChannel
from labframe.line.unasked import Frame, Sieve, Unasked

__all__ = ["Line"]

_CLOSING_S: Final = 2.0
"""How long closing waits for a running transaction to notice; then the port is closed under it."""

_MOST_MEMBERS: Final = 256


class Line(Closing):
    """One serial port: opens it, frames, keeps deadlines, and never mixes up answers.

    Any number of threads may call it: a lock is held for each whole transaction. A late answer is
    never taken for the next request's: what has come is dropped before each request, and after an
    error the next request waits until the answer that is still due has come, or cannot come any
    more (``total_s`` after its request), and the line has been silent for ``gap_s``.

    When the port is gone the line closes itself; ``open`` finds the port again, under whatever
    number it has by then. What was due before a ``close`` may still come after the next ``open``,
    and is waited for then.

    Args:
        port: Path, URL or USB identity; ``record://FILE?url=PORT`` records what goes over it.
        settings: How the line is set, and how requests are made that bring no settings of their
            own.
        flight_bytes: The memory for its flight recorder.

    Attributes:
        port_url: What was asked for, but for ``record://``; messages name it.
        settings: The settings.
        flight: The last bytes that went over it, with their times.
        last_transaction: Wall time at the start and at the end of the last transaction.
        requests: How many requests were begun; a request that failed may be among them.
        begin_by: Monotonic time after which no request is begun; None is never. The first request
            that is begun in time takes it away, so that what it belongs to is not cut in half.
    """

    def __init__(
        self, port: PortSpec, settings: SerialLine, *, flight_bytes: int = FLIGHT_BYTES
    ) -> None:
        port, file = port_and_file(port)
        self.port_url = str(port)
        self.settings = settings
        self.flight = FlightRecorder(flight_bytes)
        self._recorder = None if file is None else Recorder(file, settings)
        self.last_transaction: tuple[float, float] = (0.0, 0.0)
        self.requests = 0
        self.begin_by: float | None = None
        self._port = port
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._channel: Channel | None = None
        self._device = ""
        self._members: dict[int, Conversation] = {}
        self._own = Conversation(self.port_url, settings)
        self._silence = Silence(self._own)
        self._alarm = Alarm()

    # Opening and closing.

    def open(self) -> None:
        """Find the port and open it for this program alone; harmless when it is open.

        Raises:
            PortNotFound: If it is not there, or not reachable.
            PortAmbiguous: If several ports fit.
            PortBusy: If another program holds it.
            LineError: If it may not be opened, or cannot be set so.
        """
        with self._lock:
            if self._channel is not None:
                if self.present():
                    return
                self._shut()
                self._silence.late_until = 0.0
            self._stop.clear()
            device = resolve(self._port)
            channel = open_channel(self.port_url, device, self.settings, self._stop)
            if self._stop.is_set():
                channel.close()
                raise PortGone(f"{self.port_url}: closed by another thread while it was opened")
            self._device = device
            self._channel = TappedChannel(channel, self._tap(), self._note)
            if self._silence.unasked is not None:
                self._silence.unasked.begin(channel.monotonic())
            self._note("open", device)

    def close(self) -> None:
        """Close the port; a transaction that is running on another thread fails. Never raises."""
        self.interrupt()
        has_lock = self._lock.acquire(timeout=_CLOSING_S)
        try:
            self._shut()
            self._alarm.close()
        finally:
            if has_lock:
                self._lock.release()

    def interrupt(self) -> None:
        """Have a transaction that is running on another thread fail; whoever runs it closes.

        The line is as good as closed from here on: requests fail until ``open`` is called.
        """
        self._stop.set()
        self._alarm.ring()

    @property
    def is_open(self) -> bool:
        """Whether the port is open, as far as was noticed."""
        return self._channel is not None

    def present(self) -> bool:
        """Tell whether the port is there, without any traffic on it.

        Of an open line: whether the device is still the one that was opened. Of a closed one:
        whether there is something to open. Of URLs, and on Windows, nothing is known: True.
        """
        channel = self._channel
        if channel is None:
            return can_be_found(self._port)
        if channel.hung_up():
            return False
        try:
            opened = channel.node()
            if opened is None or "://" in self._device:
                return True
            there = os.stat(self._port if isinstance(self._port, str) else self._device)
        except OSError:
            return False
        return (there.st_rdev, there.st_ino) == (opened.st_rdev, opened.st_ino)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __repr__(self) -> str:
        return f"<Line {self.port_url!r}, {'open' if self.is_open else 'closed'}>"

    # Transactions.

    def transact(self, payload: bytes, *, settings: SerialLine | None = None) -> bytes:
        """Send a request and return the payload of its answer.

        Args:
            payload: The request, without terminator or checksum.
            settings: Those of the instrument, when several share the line: framing, deadlines and
                echo may differ; what the port is set to may not.

        Raises:
            NoReply, IncompleteReply, BadReply, EchoError: If no good answer comes in time.
            Expired: If ``begin_by`` had passed before its first byte.
            PortGone: If the port is not there any more, or the line is closed.
            ValueError: If the framing cannot carry the request, or the settings do not fit.
        """
        if self._silence.unasked is not None and self._silence.unasked.like is None:
            raise LineError(
                f"{self.port_url}: {shown(payload)} was not sent: frames come here without being "
                "asked for, and nothing tells them from its answer. Say how they begin: "
                '@reading(pushed="...")'
            )
        return self._transaction(payload, settings, answer=True)

    def send(self, payload: bytes, *, settings: SerialLine | None = None) -> None:
        """Send a request that has no answer.

        What an echo or a handshake brings is read and verified all the same.

        Raises:
            EchoError, NoReply, IncompleteReply, BadReply: If echo or handshake fail.
            PortGone: If the port is not there any more, or the line is closed.
            ValueError: If the framing cannot carry the request, or the settings do not fit.
        """
        self._transaction(payload, settings, answer=False)

    # What comes unasked.

    def expect(self, settings: SerialLine, like: re.Pattern[bytes] | None) -> None:
        """Have frames that nobody asked for found and kept, for one instrument of the line.

        Args:
            settings: Those of the instrument.
            like: What such a frame looks like from its beginning on, so that it is never taken for
                an answer; None where nothing is ever asked.

        Raises:
            ValueError: If they are found for another instrument already.
        """
        if self._silence.unasked is not None:
            raise ValueError(f"{self.port_url}: two instruments that talk without being asked")
        self._silence.unasked = Unasked(settings, like)

    def listen(self, timeout_s: float) -> Frame | None:
        """Wait for the next frame that nobody asked for.

        Returns:
            The frame, also one that is broken; None when none came whole in time, or ``wake`` was
            called.

        Raises:
            PortGone: If the port is not there any more, or the line is closed.
            ValueError: Without ``expect``.
        """
        with self._lock:
            channel = self._open_channel(b"")
            if self._silence.unasked is None:
                raise ValueError(f"{self.port_url}: nothing is expected to come unasked")
            try:
                return self._silence.unasked.next(channel, timeout_s, self._alarm)
            except port_errors() as error:
                raise self._gone(error, b"") from error

    def wake(self) -> None:
        """Have ``listen`` return at once, or the next time; any thread may call it."""
        self._alarm.ring()

    def hush(self, payload: bytes, *, settings: SerialLine | None = None) -> bool:
        """Send a request after which nothing comes unasked, and wait until nothing comes.

        Frames that come meanwhile are kept for ``listen``, anything else is dropped.

        Returns:
            Whether anything came after it.

        Raises:
            BadReply: If the line is not silent ``total_s`` later.
            PortGone: If the port is not there any more, or the line is closed.
        """
        self._transaction(payload, settings, answer=False)
        with self._lock:
            channel, member = self._open_channel(payload), self._silence.last
            unasked = self._silence.unasked or Unasked(member.settings, None)
            try:
                has_come = unasked.hush(channel, member.gap_s, member.total_s)
            except port_errors() as error:
                raise self._gone(error, payload) from error
            self._silence.ended = channel.monotonic()
            if has_come is None:
                raise BadReply(f"{self.port_url}: it talks on after {shown(payload)}")
            return has_come

    def pause(self, seconds: float) -> None:
        """Let so much time pass on the line's clock; the line is free meanwhile.

        Raises:
            PortGone: If the line is closed, also while it waits.
        """
        channel = self._open_channel(b"")
        try:
            channel.pause(seconds)
        except Interrupted as error:
            raise PortGone(f"{self.port_url}: closed by another thread during a pause") from error

    def monotonic(self) -> float:
        """Return seconds on the clock that the line's waits go by, which never goes back.

        Raises:
            PortGone: If the line is closed.
        """
        return self._open_channel(b"").monotonic()

    def doubt(self) -> None:
        """Have the next request wait for silence: what came last made no sense after all."""
        with self._lock:
            self._silence.is_doubtful = True

    def resync(self) -> bool:
        """Wait now for what the next request would have to wait for; tell whether it is silent.

        Without it the wait after one instrument's failure is at the cost of the next on the line.

        Raises:
            PortGone: If the port is not there any more, or the line is closed.
        """
        silence = self._silence
        with self._lock:
            channel = self._open_channel(b"")
            try:
                if silence.is_doubtful and not silence.reached(
                    channel, silence.last, self.begin_by
                ):
                    return False
            except port_errors() as error:
                raise self._gone(error, b"") from error
            self._silence.is_doubtful = False
            return True

    def _transaction(self, payload: bytes, settings: SerialLine | None, *, answer: bool) -> bytes:
        member = (
            self._own if settings is None or settings is self.settings else self._member(settings)
        )
        frame = member.encode(payload)
        with self._lock:
            channel = self._open_channel(payload)
            started, asked = time.time(), 0.0
            try:
                self._take_turn(channel, member, payload, answer=answer)
                if self.begin_by is not None:
                    self._refuse_late(payload)
                    self.begin_by = None
                self.requests += 1
                started = time.time()
                self._silence.last = member
                self._silence.is_doubtful = True
                asked = channel.monotonic() + len(frame) * member.byte_s
                self._silence.late_until = asked + member.total_s
                reply = self._held(channel, member, payload, frame, answer=answer)
                self._silence.is_doubtful = False
                return reply  # noqa: TRY300  # an else block would be further away than this
            except BadReply:
                if asked:  # an answer came; if that was noise, the real one would begin by then
                    self._silence.late_until = max(asked, member.asked) + member.first_byte_s
                raise
            except LabframeError:
                if asked:  # a handshake asks more than once, and its last answer is the one due
                    self._silence.late_until = max(asked, member.asked) + member.total_s
                raise
            except port_errors() as error:
                raise self._gone(error, payload) from error
            finally:
                self._silence.ended = max(channel.monotonic(), asked)
                self.last_transaction = (started, time.time())

    def _held(
        self, channel: Channel, member: Conversation, payload: bytes, frame: bytes, *, answer: bool
    ) -> bytes:
        """Hold a conversation; what comes unasked meanwhile is kept, and never its answer."""
        unasked = self._silence.unasked
        if unasked is None:
            return member.hold(channel, payload, frame, answer=answer)
        reply = member.hold(Sieve(channel, unasked), payload, frame, answer=answer)
        if answer and unasked.is_like(reply):
            raise NoReply(
                f"{self.port_url}: no answer to {shown(payload)}, but {shown(reply)}, which comes "
                "without being asked for"
            )
        return reply

    def _refuse_late(self, payload: bytes) -> None:
        late_s = 0.0 if self.begin_by is None else monotonic() - self.begin_by
        if late_s > 0:
            raise Expired(
                f"{self.port_url}: {shown(payload)} was not sent: its deadline had passed "
                f"{late_s:.3g} s before its turn came"
            )

    def _member(self, settings: SerialLine) -> Conversation:
        """Return what is prepared for ``settings``; the dictionary keeps their id from reuse."""
        member = self._members.get(id(settings))
        if member is None:
            if settings.electrical != self.settings.electrical:
                raise ValueError(
                    f"{self.port_url}: all instruments on one line need the same baudrate, "
                    f"bytesize, parity, stopbits, flow control, dtr and rts; the line has "
                    f"{self.settings.electrical}, this instrument {settings.electrical}"
                )
            if len(self._members) >= _MOST_MEMBERS:
                self._members = {}
            member = self._members[id(settings)] = Conversation(self.port_url, settings)
        return member

    def _open_channel(self, payload: bytes) -> Channel:
        if self._channel is None:
            during = f" for {shown(payload)}" if payload else ""
            raise PortGone(f"{self.port_url}: the line is closed{during}; call open() first")
        return self._channel

    def _take_turn(
        self, channel: Channel, member: Conversation, payload: bytes, *, answer: bool
    ) -> None:
        """Wait until the line is free for a request, and drop what has come meanwhile."""
        silence = self._silence
        if silence.is_doubtful and not silence.reached(channel, member, self.begin_by):
            self._refuse_late(payload)
            if answer:
                raise BadReply(
                    f"{self.port_url}: {shown(payload)} was not sent: something on the line talks "
                    "without being asked, and does not stop. Is the instrument in a streaming mode?"
                )
        silence.before_a_request(channel, member, self.begin_by)

    # When the port goes away.

    def _gone(self, error: BaseException, payload: bytes) -> PortGone:
        """Close the line and return the error to raise."""
        if not isinstance(error, Interrupted):
            self._note("unplug", str(error))
        self._shut()
        during = f" during {shown(payload)}" if payload else ""
        if isinstance(error, Interrupted):
            return PortGone(f"{self.port_url}: closed by another thread{during}")
        self._silence.late_until = 0.0  # the answer is lost with the port
        return PortGone(
            f"{self.port_url}: the port is gone{during} ({error}). Was the cable pulled, or the "
            "adapter switched off? The line is closed; open() finds the port again."
        )

    def _shut(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()
            self._note("close")
        if self._recorder is not None:
            self._recorder.close()

    # What is noted of it.

    def _tap(self) -> ChunkTap:
        recorder, flight = self._recorder, self.flight.chunk
        if recorder is None:
            return flight

        def both(at: float, sent: bool, data: bytes) -> None:
            flight(at, sent, data)
            recorder.chunk(at, sent, data)

        return both

    def _note(self, event: str, text: str = "") -> None:
        now = monotonic()
        self.flight.incident(now, event, text)
        if self._recorder is not None:
            self._recorder.incident(now, event, text)
