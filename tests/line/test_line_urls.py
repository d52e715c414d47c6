"""Lines over the network, and through pyserial where there is no file descriptor."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import serial.rfc2217

from labframe.errors import (
    BadReply,
    IncompleteReply,
    LineError,
    NoReply,
    PortGone,
    PortNotFound,
)
from labframe.line import FixedLength, Line, SerialLine, channel, tapped

QUICK = SerialLine(baudrate=115200, terminator=b"\r", first_byte_s=0.4, gap_s=0.2, total_s=0.8)
PATIENT = SerialLine(baudrate=115200, terminator=b"\r", first_byte_s=30, gap_s=0.5, total_s=30)
STOPS = SerialLine(baudrate=115200, terminator=b"\r", first_byte_s=2, gap_s=0.2, total_s=2)


class Server:
    """A serial device server: one connection at a time, answers line by line.

    Attributes:
        port: The TCP port.
        requests: What was asked so far.
        remote: The settings that an RFC 2217 client asked for; None without one.
    """

    def __init__(self, answers: dict[bytes, bytes], *, is_rfc2217: bool) -> None:
        self.requests: list[bytes] = []
        self.remote: Any = None
        self.asked = threading.Event()
        self.connection: socket.socket | None = None
        self._answers = answers
        self._is_rfc2217 = is_rfc2217
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                self.connection, _ = self._listener.accept()
            except OSError:
                return
            with self.connection, contextlib.suppress(OSError):
                self._serve(self.connection)

    def _serve(self, connection: socket.socket) -> None:
        manager = None
        if self._is_rfc2217:
            self.remote = _Remote()
            answers: Any = _Writer(connection)
            manager = serial.rfc2217.PortManager(self.remote, answers)
        pending = b""
        while received := connection.recv(4096):
            if manager is not None:
                received = b"".join(manager.filter(received))
            *requests, pending = (pending + received).split(b"\r")
            for request in requests:
                self.requests.append(request)
                self.asked.set()
                connection.sendall(self._answers.get(request, b""))

    def hang_up(self) -> None:
        assert self.connection is not None
        self.connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with contextlib.suppress(OSError):
            self.hang_up()
        self._thread.join()


class _Writer:
    def __init__(self, connection: socket.socket) -> None:
        self.write = connection.sendall


class _Remote:
    """What PortManager sets on the serial port of the server."""

    def __init__(self) -> None:
        self.baudrate, self.bytesize, self.parity, self.stopbits = 9600, 8, "N", 1
        self.dtr = self.rts = self.cts = self.dsr = self.ri = self.cd = True
        self.rtscts = self.xonxoff = self.break_condition = False

    def reset_input_buffer(self) -> None: ...

    def reset_output_buffer(self) -> None: ...


@pytest.fixture(params=["socket", "rfc2217"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[Server, str]]:
    server = Server({b"?": b"1.5\r", b"half": b"1."}, is_rfc2217=request.param == "rfc2217")
    yield server, f"{request.param}://127.0.0.1:{server.port}"
    server.close()


# pyserial 3.5 calls setDaemon and setName of its thread, which Python 3.10 deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")


def test_a_line_over_the_network(server: tuple[Server, str]) -> None:
    far, url = server
    with Line(url, PATIENT) as line:
        assert line.transact(b"?") == b"1.5"
        assert line.present()
        with pytest.raises(NoReply, match=rf"{url}: no answer to b'silent\\r' within 0\.4 s"):
            line.transact(b"silent", settings=QUICK)
        with pytest.raises(IncompleteReply) as caught:
            line.transact(b"half", settings=STOPS)
        assert caught.value.received == b"1."
        assert line.transact(b"?") == b"1.5"
    assert far.requests == [b"?", b"silent", b"half", b"?"]
    if far.remote is not None:
        assert far.remote.baudrate == 115200


def test_a_connection_that_ends_is_a_port_that_is_gone(server: tuple[Server, str]) -> None:
    far, url = server
    line = Line(url, PATIENT)
    line.open()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(line.transact, b"silent")
        assert far.asked.wait(5)
        far.hang_up()
        with pytest.raises(PortGone):
            answer.result()
    assert not line.is_open
    line.open()
    assert line.transact(b"?") == b"1.5"
    line.close()


def test_a_server_that_is_not_there_is_a_port_that_is_not_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    for scheme in ("socket", "rfc2217"):
        url = f"{scheme}://127.0.0.1:{port}"
        with pytest.raises(PortNotFound, match=f"{url}: not reachable"):
            Line(url, QUICK).open()


@pytest.mark.parametrize("url", ["nonsense://x", "socket://no-port"])
def test_a_url_that_means_nothing_is_an_error(url: str) -> None:
    with pytest.raises(LineError, match=url):
        Line(url, QUICK).open()


def test_a_connection_reset_by_the_other_end_leaves_no_socket_behind() -> None:
    server = Server({}, is_rfc2217=False)
    line = Line(f"socket://127.0.0.1:{server.port}", QUICK)
    line.open()
    line.send(b"?")
    assert server.asked.wait(5)
    assert server.connection is not None
    linger_for_0_s = b"\1\0\0\0\0\0\0\0"
    server.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_0_s)
    server.hang_up()
    server.close()
    line.close()


# What pyserial reads: loop:// returns what is written to it, byte by byte.

LOOP = SerialLine(framing=FixedLength(12), first_byte_s=0.1, gap_s=0.1, total_s=0.4)


def test_pyserial_reads_where_there_is_no_descriptor() -> None:
    with Line("loop://", LOOP) as line:
        assert isinstance(line._channel, tapped.TappedChannel)
        assert isinstance(line._channel.channel, channel._PyserialChannel)
        assert line.present()
        for _ in range(3):
            assert line.transact(b"hello, world") == b"hello, world"


def test_pyserial_reads_what_has_no_poll(
    far_end: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS, and as far as can be shown here on Windows."""
    monkeypatch.setattr(channel, "_polls_ports", lambda: False)
    pieces = [(0.0, b"1"), (0.05, b".5"), (0.06, b"\r")]
    end = far_end({b"?": pieces, b"half": b"1.", b"late": [(0.6, b"9\r")]}.get)
    with Line(end.url, PATIENT) as line:
        assert line.transact(b"?") == b"1.5"
        start = time.monotonic()
        with pytest.raises(NoReply):
            line.transact(b"late", settings=QUICK)
        assert 0.4 <= time.monotonic() - start < 0.4 + 1.0
        assert line.transact(b"?") == b"1.5"
        with pytest.raises(IncompleteReply):
            line.transact(b"half", settings=STOPS)
        end.say(b"unasked\r")
        assert line.transact(b"?") == b"1.5"
        end.unplug()
        with pytest.raises(PortGone):
            line.transact(b"?")
        assert not line.is_open
        end.replug()
        line.open()
        assert line.transact(b"?") == b"1.5"


def test_deadlines_hold_where_pyserial_reads() -> None:
    with Line("loop://", LOOP) as line:
        start = time.monotonic()
        with pytest.raises(IncompleteReply) as caught:
            line.transact(b"hello")
        assert caught.value.received == b"hello"
        assert 0.1 <= time.monotonic() - start < 2
        start = time.monotonic()
        with pytest.raises(NoReply):
            line.transact(b"")
        assert 0.1 <= time.monotonic() - start < 2
        with pytest.raises(BadReply, match="after the answer"):
            line.transact(b"hello, world and more")


def test_waiting_through_pyserial_costs_little_processor_time() -> None:
    settings = SerialLine(framing=FixedLength(1), first_byte_s=0.5)
    with Line("loop://", settings) as line:
        before = time.thread_time()
        with pytest.raises(NoReply):
            line.transact(b"")
        assert time.thread_time() - before < 0.05


def test_closing_ends_a_wait_through_pyserial() -> None:
    line = Line("loop://", SerialLine(framing=FixedLength(1), first_byte_s=30, total_s=30))
    line.open()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(line.transact, b"")
        while not line._lock.locked():
            time.sleep(0)  # nothing else tells that it waits
        line.close()
        with pytest.raises(PortGone, match="closed by another thread"):
            answer.result()
