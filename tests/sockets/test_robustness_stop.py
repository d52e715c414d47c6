"""What a socket must not do after its end: answer again, or touch the socket that came after it."""

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from udp import ANSWER_WAIT_S

from labframe.sockets import CommonDataPullSocket, DataPushSocket, DateDataPullSocket
from labframe.sockets import PullUDPHandler as Handler

Connect = Callable[..., socket.socket]

both_paths = pytest.mark.parametrize("batched", [True, False], ids=["batched", "one by one"])


@both_paths
@pytest.mark.parametrize("action", ["pull", "store_last", "callback_direct"])
def test_stopping_sends_nothing_to_clients_of_before(
    action: Any, batched: bool, connect: Connect
) -> None:
    for _ in range(10):
        made: DateDataPullSocket | DataPushSocket
        if action == "pull":
            made = DateDataPullSocket("bench", ["a"], 0)
        else:
            callback = len if action == "callback_direct" else None
            made = DataPushSocket("bench", 0, action, callback=callback)
        made.server.batched = batched
        with made:
            client = connect(made.port)
            for _ in range(20):
                client.send(b"name")
            for _ in range(20):
                assert client.recv(65535).endswith(b"bench")
        made.join(ANSWER_WAIT_S)
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(65535)


class Gated:
    """A queue that does not tell how much it holds before it is allowed to."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.allowed = threading.Event()

    def put_nowait(self, item: Any) -> None:
        raise NotImplementedError

    def qsize(self) -> int:
        self.asked.set()
        assert self.allowed.wait(ANSWER_WAIT_S)
        return 0


@both_paths
@pytest.mark.parametrize("swapped", [False, True], ids=["first thread", "second thread"])
def test_the_port_is_given_back_when_nobody_answers_on_it_any_more(
    batched: bool, swapped: bool, connect: Connect
) -> None:
    pause, gate = threading.Event(), Gated()

    def slow(values: dict[str, Any]) -> None:
        pause.wait(0.12)

    push = DataPushSocket("bench", 0, "callback_direct", callback=slow)
    push.server.batched = batched
    with push, DataPushSocket("other", 0, "enqueue", gate):
        client = connect(push.port)
        if swapped:
            client.send(b"raw_wn#a:int:1")
            assert client.recv(65535) == b"RET#null"
        client.send(b"status")
        assert gate.asked.wait(ANSWER_WAIT_S)
        stopper = threading.Thread(target=push.stop)
        stopper.start()
        stopper.join(0.3)
        assert stopper.is_alive(), "it waits for the thread that is about to answer"
        gate.allowed.set()
        stopper.join(ANSWER_WAIT_S)
        assert not stopper.is_alive()
        assert client.recv(65535).startswith(b'{"system_status": {')


def heard_from(client: socket.socket) -> tuple[bytes, int]:
    answer, address = client.recvfrom(65535)
    return answer, address[1]


def unconnected() -> socket.socket:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(ANSWER_WAIT_S)
    return client


@both_paths
def test_a_callback_that_replaces_its_own_socket_leaves_the_new_one_alone(batched: bool) -> None:
    replaced = threading.Event()
    after: list[DataPushSocket] = []

    def replace(values: dict[str, Any]) -> str:
        before.stop()
        after.append(DataPushSocket("after", 0, "callback_direct", callback=lambda _: "new"))
        replaced.set()
        return "from before"

    before = DataPushSocket("before", 0, "callback_direct", callback=replace)
    before.server.batched = batched
    before.start()
    with unconnected() as client:
        client.sendto(b"raw_wn#a:int:1", ("127.0.0.1", before.port))
        assert replaced.wait(ANSWER_WAIT_S)
        before.join(ANSWER_WAIT_S)
        with after[0] as new:
            for _ in range(20):
                client.sendto(b"raw_wn#a:int:2", ("127.0.0.1", new.port))
                assert heard_from(client) == (b'RET#"new"', new.port)


@both_paths
def test_a_handler_that_replaces_its_own_socket_leaves_the_new_one_alone(batched: bool) -> None:
    with contextlib.ExitStack() as opened:

        class Replacing(Handler):
            def reply(self, request: bytes) -> bytes | None:
                if request == b"replace":
                    before.stop()
                    after.append(DateDataPullSocket("after", ["a"], 0))
                    opened.callback(after[0].stop)
                return super().reply(request)

        after: list[DateDataPullSocket] = []
        arguments = ("before", ["a"], 0, 0.0, 0.0, None, False, 900.0)
        before = CommonDataPullSocket(*arguments, handler_class=Replacing)
        before.server.batched = batched
        client = opened.enter_context(unconnected())
        for _ in range(18):  # so many that several are taken at once, the last one among them
            client.sendto(b"name", ("127.0.0.1", before.port))
        client.sendto(b"replace", ("127.0.0.1", before.port))
        before.start()
        before.join(ANSWER_WAIT_S)

        new = after[0]
        new.start()
        other = opened.enter_context(unconnected())
        for _ in range(40):
            other.sendto(b"name", ("127.0.0.1", new.port))
            assert heard_from(other) == (b"after", new.port)
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                assert heard_from(client)[1] == before.port


@both_paths
def test_a_socket_after_one_with_a_slow_callback_hears_all_that_is_for_it(
    batched: bool, connect: Connect
) -> None:
    pause = threading.Event()

    def slow(values: dict[str, Any]) -> str:
        pause.wait(values["ms"] / 1000)
        return "from before"

    for _ in range(5):
        with DataPushSocket("before", 0, "callback_direct", callback=slow) as before:
            before.server.batched = batched
            client = connect(before.port)
            client.send(b"raw_wn#ms:int:70")
            assert client.recv(65535) == b'RET#"from before"'
        with DataPushSocket("after", 0, "callback_direct", callback=lambda _: "new") as after:
            client = connect(after.port)
            for _ in range(20):
                client.send(b"raw_wn#ms:int:0")
                assert client.recv(65535) == b'RET#"new"'


HASTY = """
import sys
from labframe.sockets import DataPushSocket
sys.setswitchinterval(1e-6)
DataPushSocket("bench", 0, {action!r}, callback=print).start()
"""


@pytest.mark.parametrize("action", ["callback_direct", "callback_async"])
def test_a_script_that_ends_right_after_start_ends_without_a_word(action: str) -> None:
    run = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", HASTY.format(action=action)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
