"""Clients for the tests of the sockets."""

import contextlib
import socket
from collections.abc import Callable, Iterator

import pytest
from udp import ANSWER_WAIT_S


@pytest.fixture
def connect() -> Iterator[Callable[..., socket.socket]]:
    """Return ``connect(port, host="127.0.0.1")``: a client that hears from that address only."""
    with contextlib.ExitStack() as opened:

        def connect_to(port: int, host: str = "127.0.0.1") -> socket.socket:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            client = opened.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            client.settimeout(ANSWER_WAIT_S)
            client.connect((host, port))
            return client

        yield connect_to
