"""What the live server costs, and how soon it hands on what it hears; each beside its bar.

Two loads: 100 websocket clients with 50 codenames in 20 datagrams a second, and one client with
10,000 codenames of 100 hosts, each once a second. The server is a process of its own, and its
processor time is taken. Delivery is from sending a datagram to the arrival of the frame, for each
client; the clients look into what they have received only when all is over, so as not to measure
themselves, nor to take from the server what half of a processor's core they run on.

    python benchmarks/live.py [--quick]
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import select
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

import psutil

CLIENTS: Final = 100
CODENAMES: Final = 50
RATE_HZ: Final = 20
HOSTS: Final = 100
MANY: Final = 100
_BUFFER: Final = bytearray(1 << 18)
_LONGEST: Final = 1 << 15
_BAR_SHARE: Final = 0.05
_BAR_P99_MS: Final = 5.0
_BAR_MANY_SHARE: Final = 0.30


class Server(NamedTuple):
    """A live server that runs.

    Attributes:
        process: Its process.
        http: Its TCP port.
        udp: Its UDP port.
    """

    process: psutil.Process
    http: int
    udp: int

    def cpu_s(self) -> float:
        """Return the processor time that it took until now."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextlib.contextmanager
def served() -> Iterator[Server]:
    """Give a live server on free ports."""
    process = subprocess.Popen(
        [sys.executable, "-m", "labframe", "live", "--service"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(b'{"port": 0, "udp_port": 0}\n')
        process.stdin.flush()
        ports = json.loads(process.stdout.readline())
        yield Server(psutil.Process(process.pid), ports["http"], ports["udp"])
    finally:
        process.terminate()
        process.wait()


def client(port: int) -> socket.socket:
    """Return a websocket client's socket after its handshake."""
    opened = socket.create_connection(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    opened.sendall(
        f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while b'"type":"snapshot"' not in answer:
        answer += opened.recv(65536)
    opened.setblocking(False)
    return opened


def delivered(server: Server, clients: list[socket.socket], seconds: float) -> list[float]:
    """Send at a fixed rate; return how long each datagram took to each client, in seconds."""
    arrived: list[tuple[float, bytes]] = []
    by_number = {one.fileno(): one for one in clients}
    with select.epoll() as poll, _sender() as sender:
        for number in by_number:
            poll.register(number, select.EPOLLIN)
        began = time.monotonic()
        for number in range(int(seconds * RATE_HZ)):
            points = {f"c{index}": [time.time(), index + number / 7] for index in range(CODENAMES)}
            message = json.dumps({"host": "bench", "data": points}).encode().removesuffix(b"}}")
            _read(poll, by_number, arrived, began + number / RATE_HZ)
            stamp = b', "stamp": [%r, %r]}}' % (time.time(), time.monotonic())
            sender.sendto(message + stamp, ("127.0.0.1", server.udp))
        _read(poll, by_number, arrived, time.monotonic() + 0.2)
    return [at - sent for at, frame in arrived if (sent := _stamp(frame)) is not None]


def _read(
    poll: select.epoll,
    by_number: dict[int, socket.socket],
    arrived: list[tuple[float, bytes]],
    until: float,
) -> None:
    while (left_s := until - time.monotonic()) > 0:
        ready = poll.poll(left_s)
        now = time.monotonic()
        for number, _ in ready:
            arrived.append((now, by_number[number].recv(_LONGEST)))


def _stamp(frame: bytes) -> float | None:
    at = frame.rfind(b'"stamp":[')
    return None if at < 0 else float(frame[at : frame.index(b"]", at)].rpartition(b",")[2])


def bare(seconds: float) -> float:
    """Return the share of a core that nothing but sending costs: the same bytes, to as many."""
    frame = json.dumps({f"c{index}": [time.time(), index / 7] for index in range(CODENAMES)})
    ours, theirs = zip(*(_pair() for _ in range(CLIENTS)), strict=True)
    reader = subprocess.Popen(
        [sys.executable, __file__, "--read", *(str(one.fileno()) for one in theirs)],
        pass_fds=[one.fileno() for one in theirs],
    )
    try:
        cpu_s, began = time.process_time(), time.monotonic()
        for number in range(int(seconds * RATE_HZ)):
            time.sleep(max(0.0, began + number / RATE_HZ - time.monotonic()))
            for one in ours:
                one.send(frame.encode())
        return (time.process_time() - cpu_s) / (time.monotonic() - began)
    finally:
        reader.kill()
        reader.wait()
        for one in (*ours, *theirs):
            one.close()


def _pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        near = socket.create_connection(listening.getsockname())
        far, _ = listening.accept()
    far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return far, near


def _read_for_ever(numbers: list[int]) -> None:
    with selectors.DefaultSelector() as selector:
        for number in numbers:
            selector.register(socket.socket(fileno=number), selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.recv_into(_BUFFER)


def _sender() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def many(server: Server, seconds: float) -> tuple[float, int]:
    """Have 10,000 codenames sent once a second; return the share of a core, and bytes received."""
    opened = client(server.http)
    received = 0
    with selectors.DefaultSelector() as selector, _sender() as sender, opened:
        selector.register(opened, selectors.EVENT_READ)
        first = 1
        began, cpu_s = time.monotonic(), 0.0
        for second in range(first + int(seconds)):
            if second == first:
                began, cpu_s = time.monotonic(), server.cpu_s()
            for host in range(HOSTS):
                now = time.time()
                points = {f"codename_{index}": [now, index + second / 7] for index in range(MANY)}
                message = json.dumps({"host": f"host{host}", "data": points}).encode()
                sender.sendto(message, ("127.0.0.1", server.udp))
                until = began + (second - first if second >= first else 0) + (host + 1) / HOSTS
                while (left_s := until - time.monotonic()) > 0:
                    for _ in selector.select(left_s):
                        received += opened.recv_into(_BUFFER)
        passed_s = time.monotonic() - began
        return (server.cpu_s() - cpu_s) / passed_s, received


def _line(what: str, value: float, bar: float, unit: str) -> None:
    verdict = "holds" if value <= bar else "MISSED"
    print(f"{what:<66} {value:8.2f} {unit:<3} (bar {bar:g})  {verdict}")


def main() -> None:
    """Measure everything, and print it beside its bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter rounds")
    seconds = 4.0 if parser.parse_args().quick else 20.0
    with served() as server:
        clients = [client(server.http) for _ in range(CLIENTS)]
        delivered(server, clients, 1.0)  # warms up
        cpu_s, began = server.cpu_s(), time.monotonic()
        taken = sorted(delivered(server, clients, seconds))
        share = (server.cpu_s() - cpu_s) / (time.monotonic() - began)
        for one in clients:
            one.close()
    expected = CLIENTS * int(seconds * RATE_HZ)
    least = bare(seconds)
    print(f"{CLIENTS} clients, {CODENAMES} codenames, {RATE_HZ} datagrams a second:")
    _line("  share of a core", share * 100, _BAR_SHARE * 100, "%")
    print(f"  a bare loop that sends as much: {least * 100:.2f} %; {share / least:.1f} times that")
    _line("  delivery, 99 %", taken[int(len(taken) * 0.99)] * 1000, _BAR_P99_MS, "ms")
    print(f"  delivery, median {taken[len(taken) // 2] * 1000:.2f} ms; "
          f"{len(taken) / expected * 100:.1f} % came")  # fmt: skip
    with served() as server:
        share, received = many(server, seconds)
    print(f"{HOSTS * MANY:,} codenames of {HOSTS} hosts, once a second, 1 client:")
    _line("  share of a core", share * 100, _BAR_MANY_SHARE * 100, "%")
    print(f"  {received / 1e6 / seconds:.2f} MB/s to the client")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        _read_for_ever([int(number) for number in sys.argv[2:]])
    else:
        main()
