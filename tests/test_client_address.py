"""Where a client asks: names, addresses, ports, and those where nobody is."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import pytest

from labframe.client import AsyncPullClient, DateDataPullClient, PullClient, PushClient
from labframe.errors import LabframeError, NoAnswer, UnknownHost
from labframe.points import Point
from labframe.sockets import DataPullSocket, DataPushSocket


@pytest.fixture
def deserted() -> int:
    """Return a port on which nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def test_where_nobody_listens_the_error_says_so_at_once(deserted: int) -> None:
    message = f"nobody listens on UDP port {deserted} of 127.0.0.1"
    with pytest.raises(NoAnswer, match=message):
        PullClient("127.0.0.1", deserted, timeout=60.0).points()
    with pytest.raises(NoAnswer, match=message):
        PushClient("127.0.0.1", deserted, timeout=60.0).send({"a": 1})
    with pytest.raises(NoAnswer, match=message):
        asyncio.run(AsyncPullClient("127.0.0.1", deserted, timeout=60.0).points())
    with pytest.raises(NoAnswer, match=message):
        DateDataPullClient("127.0.0.1", "cryostat", deserted)


def test_where_nobody_listens_a_command_surely_was_not_executed(deserted: int) -> None:
    with pytest.raises(NoAnswer) as raised:
        PushClient("127.0.0.1", deserted, timeout=60.0).send({"a": 1})
    assert "unknown" not in str(raised.value)


def test_a_name_that_nobody_knows_is_named() -> None:
    for name in ("no-such-computer.invalid", "x" * 64 + ".invalid"):
        with pytest.raises(UnknownHost, match=f"the computer '{name}' has no known address") as e:
            PullClient(name)
        assert isinstance(e.value, OSError)
        assert isinstance(e.value, LabframeError)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 0}, "port = 0: a UDP port is 1 to 65535"),
        ({"port": 65536}, "port = 65536"),
        ({"timeout": 0}, "timeout = 0: must be more than 0 s"),
        ({"timeout": float("nan")}, "timeout = nan"),
        ({"retries": -1}, "retries = -1: must be 0 or more"),
    ],
)
def test_arguments_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PullClient("127.0.0.1", **options)


def test_clients_speak_ipv6() -> None:
    if not _has_ipv6():
        pytest.skip("this computer has no IPv6")
    with (
        DataPullSocket("six", ["a"], port=0, host="::1") as pull,
        DataPushSocket("push", 0, host="::1") as push,
    ):
        pull.set_point("a", (1, 2))
        assert PullClient("::1", pull.port).point("a") == Point(1, 2)
        assert asyncio.run(AsyncPullClient("::1", pull.port).point("a")) == Point(1, 2)
        assert PushClient("::1", push.port).send({"b": 3}) == {"b": 3}
        assert DateDataPullClient("::1", "six", pull.port).get_field("a") == [1, 2]


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


class Lookups:
    """Notes every look-up of a name, and every address sent to, of this process."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.addresses: list[str] = []
        self.noting = True
        sys.addaudithook(self._note)  # for the rest of the process: it cannot be taken out

    def _note(self, event: str, args: tuple[Any, ...]) -> None:
        if self.noting and event == "socket.getaddrinfo":
            self.names.append(args[0])
        elif self.noting and event in ("socket.connect", "socket.sendto"):
            self.addresses.append(args[1][0])


def test_a_name_is_looked_up_once() -> None:
    with DataPullSocket("lab", ["a"], port=0) as server:
        lookups = Lookups()
        try:
            client = PullClient("localhost", server.port)
            for _ in range(3):
                assert client.name() == "lab"
        finally:
            lookups.noting = False
    assert lookups.names == ["localhost"]
    assert set(lookups.addresses) == {"127.0.0.1"}


def test_a_name_with_both_kinds_of_addresses_means_the_ipv4_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def both(host: str, port: int, **options: Any) -> list[Any]:
        assert host == "dual"
        kind = socket.SOCK_DGRAM
        return [
            (socket.AF_INET6, kind, 17, "", ("::1", port, 0, 0)),
            (socket.AF_INET, kind, 17, "", ("127.0.0.1", port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)  # few computers have such a name
    with DataPullSocket("lab", ["a"], port=0) as server:
        assert PullClient("dual", server.port).name() == "lab"
