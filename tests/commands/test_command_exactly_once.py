"""Exactly once: over a network that loses, doubles and disorders datagrams."""

import contextlib
import socket
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from commandlab import host_of, json_of, recorded, simulated
from lossy_proxy import LossyProxy

_COMMANDS = 2000
_CLIENTS = 8
_AGAIN_S = 0.06
_MOST_TRIES = 100
_KEPT = 32


def _send_all(port: int, client: int, numbers: range) -> tuple[list[str], int]:
    """Send a command for each number, each until it is answered; return answers and tries."""
    answers, tries = [], 0
    lines: deque[socket.socket] = deque()
    with contextlib.ExitStack() as until_the_end:
        for number in numbers:
            # A socket for each, kept for longer than an answer can be late: the next one to get its
            # port from the system would take that answer for its own.
            line = until_the_end.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            lines.append(line)
            if len(lines) > _KEPT:
                lines.popleft().close()
            line.connect(("127.0.0.1", port))
            line.settimeout(_AGAIN_S)
            request = json_of("oven.add", number=number, _id=f"{client}-{number}", _deadline=30)
            for _ in range(_MOST_TRIES):
                tries += 1
                line.send(request.encode())
                try:
                    answers.append(line.recv(65535).decode())
                    break
                except TimeoutError:
                    continue
            else:
                answers.append("no answer")
    return answers, tries


def test_each_of_2000_commands_is_executed_once_over_a_bad_network(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        host.wait_fresh("oven_temperature")
        assert host.commanding.port is not None
        shares = [range(client, _COMMANDS, _CLIENTS) for client in range(_CLIENTS)]
        with (
            LossyProxy(host.commanding.port, seed=4) as network,
            ThreadPoolExecutor(_CLIENTS) as clients,
        ):
            sent = [
                clients.submit(_send_all, network.port, client, numbers)
                for client, numbers in enumerate(shares)
            ]
            results = [one.result() for one in sent]
            for fate in ("lost", "doubled", "delayed"):
                assert network.fates[fate] > 300, "the network was bad enough"
        for (answers, tries), numbers in zip(results, shares, strict=True):
            assert answers == [f"RET#{number + 1000}" for number in numbers]
            assert tries > len(numbers), "some had to be repeated"
        assert simulated(host).count == _COMMANDS
        assert sorted(simulated(host).numbers) == list(range(_COMMANDS))
        ends = recorded(host, "end")
        assert len({one["id"] for one in ends}) == len(ends) == _COMMANDS
        assert {one["outcome"] for one in ends} == {"done"}
        assert host.problems == []
