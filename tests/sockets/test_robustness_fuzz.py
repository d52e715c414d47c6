"""Whatever arrives is answered, unless it is itself an answer; and nothing is left behind."""

import contextlib
import gc
import json
import socket
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, Literal, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from udp import ask_bytes

from labframe.sockets import DATA, DataPullSocket, DataPushSocket, DateDataPullSocket, LiveSocket

Connect = Callable[..., socket.socket]

PULL = ("date", "data", "live")
PUSH = ("store_last", "enqueue", "callback_async")
RETURN_FORMATS = ("json", "raw", "string")
KINDS = (*PULL, *PUSH, *RETURN_FORMATS)

GOOD = [
    b"raw", b"json", b"raw_wn", b"json_wn", b"a#raw", b"b#json", b"codenames_raw",
    b"codenames_json", b"name", b"commands", b'json_wn#{"a": 1, "b": [1.5, NaN, "x"]}',
    b"raw_wn#a:int:1,2;b:str:x;c:float:nan;d:bool:True",
]  # fmt: skip

MOST = 9216 if sys.platform == "darwin" else 65507
"""The bytes of the longest datagram that a client can send without further ado."""


def nested(levels: int, closed: bool = True) -> bytes:
    return b'json_wn#{"a": ' + b"[" * levels + (b"]" * levels + b"}" if closed else b"")


AWKWARD = [
    b"", b"\0", b"\n", b"#", b"##", b"a#", b"#raw", b"a#b#c", b"raw\n", b"RAW", b"a#raw_wn",
    b"\xff\xfe#raw", b"json_wn#\xff", b"raw_wn#\xff:int:1", "Überdruck#raw".encode(),
    b"json_wn#", b"json_wn#{}", b"json_wn#[]", b"json_wn#null", b"json_wn#{", b"json_wn#NaN",
    b'json_wn#{"a": NaN, "b": -Infinity, "c": 1e999}', b'json_wn#{"a": "\\ud800"}',
    b'json_wn#{"a": "#"}', b'json_wn#{"a": ' + b"9" * 5000 + b"}", b'json_wn#{"": null, "": {}}',
    b"raw_wn#", b"raw_wn#a", b"raw_wn#a:int:", b"raw_wn#a:int:1;", b"raw_wn#a:date:1",
    b"raw_wn#a:int:" + b"9" * 5000, b"raw_wn#::", b"ERROR#x", b"RET#", b"ACK#{}", b"EXCEP#\xff",
    b"UNKNOWN_COMMMAND", b"UNKNOWN_COMMMAND ", nested(100), nested(900), nested(1000),
    nested(MOST // 2 - 20), nested(MOST - 20, closed=False),
]  # fmt: skip
LONGEST = [
    b"x" * MOST, b"\xff" * MOST, b"#" * MOST, b"raw_wn#" + b";" * (MOST - 7),
    b"raw_wn#a:str:" + b"," * (MOST - 13), b'json_wn#{"a": "' + b"x" * (MOST - 17) + b'"}',
    b'json_wn#{"a": "' + "\u00ad".encode() * (MOST // 2 - 20) + b'"}',
]  # fmt: skip


@contextlib.contextmanager
def serving(kind: str) -> Iterator[int]:
    """Run a socket of this kind; gives its port."""
    made: Any
    others = set(DATA)
    if kind in ("date", "data"):
        made = (DateDataPullSocket if kind == "date" else DataPullSocket)("bench", ["a", "b"], 0)
    elif kind == "live":
        made = LiveSocket("bench", ["a", "b"], ("127.0.0.1", 9), internal_data_pull_socket_port=0)
    elif kind in PUSH:
        action = cast("Literal['store_last', 'enqueue', 'callback_async']", kind)
        callback = dict if kind == "callback_async" else None
        limit = None if kind == "store_last" else 10
        made = DataPushSocket("bench", 0, action, callback=callback, max_queue=limit)
    else:
        form = cast("Literal['json', 'raw', 'string']", kind)
        made = DataPushSocket("bench", 0, "callback_direct", None, dict, form)
    with made:
        yield (set(DATA) - others).pop()


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    """The port of one running socket of each kind."""
    with contextlib.ExitStack() as running:
        yield {kind: running.enter_context(serving(kind)) for kind in KINDS}


def is_an_answer(datagram: bytes) -> bool:
    return datagram == b"UNKNOWN_COMMMAND" or datagram.startswith(
        (b"ERROR#", b"RET#", b"ACK#", b"EXCEP#")
    )


def expect_an_answer(kind: str, client: socket.socket, datagram: bytes) -> bytes | None:
    """Send a datagram and a good request; check that both are answered; return the first answer."""
    name = b"bench" if kind in PULL else b"RET#bench"
    client.send(datagram)
    client.send(b"name")
    answers = [client.recv(65535)]
    if not is_an_answer(datagram):
        answers.append(client.recv(65535))
    assert name in answers, "no answer, or an answer to an answer"
    answers.remove(name)  # mostly the last; what takes the callback long may come after it
    return answers[0] if answers else None


def mutated(good: bytes, at: int, junk: bytes) -> bytes:
    return good[: at % (len(good) + 1)] + junk + good[at % (len(good) + 1) :]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
DATAGRAMS = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=100).map(str.encode),
    st.builds(lambda good, end: good[:end], st.sampled_from(GOOD), st.integers(0, 40)),
    st.builds(mutated, st.sampled_from(GOOD), st.integers(0, 60), st.binary(max_size=4)),
    st.builds(
        bytes.__add__,
        st.sampled_from([b"json_wn#", b"raw_wn#", b"a#", b"#", b"RET#", b"ERROR#", b"EXCEP"]),
        st.binary(max_size=100),
    ),
    VALUES.map(lambda value: b"json_wn#" + json.dumps(value).encode()),
    st.dictionaries(st.sampled_from("abc"), VALUES).map(
        lambda values: b"json_wn#" + json.dumps(values).encode()
    ),
    st.builds(
        lambda start, filling, size: (start + filling * size)[:size],
        st.sampled_from([b"", b"raw_wn#a:int:", b'json_wn#{"a": "', b"a"]),
        st.binary(min_size=1, max_size=3),
        st.integers(MOST - 5000, MOST),
    ),
)


@pytest.mark.parametrize("kind", KINDS)
@settings(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(datagram=DATAGRAMS)
def test_every_datagram_that_is_no_answer_is_answered_once(
    kind: str, ports: dict[str, int], connect: Connect, datagram: bytes
) -> None:
    with connect(ports[kind]) as client:
        expect_an_answer(kind, client, datagram)


@pytest.mark.parametrize("kind", KINDS)
def test_the_awkward_the_deep_and_the_longest_are_answered_too(
    kind: str, ports: dict[str, int], connect: Connect
) -> None:
    client = connect(ports[kind])
    for datagram in AWKWARD + LONGEST + GOOD:
        answer = expect_an_answer(kind, client, datagram)
        if answer is not None and kind in PULL and datagram not in GOOD:
            assert answer == b"UNKNOWN_COMMMAND"


def test_what_is_not_utf8_or_not_json_is_refused_in_words(ports: dict[str, int]) -> None:
    port = ports["store_last"]

    assert ask_bytes(port, b"json_wn#\xff").startswith(b"ERROR#The data are not UTF-8 text: ")
    assert ask_bytes(port, b"raw_wn#\xff").startswith(b"ERROR#The data are not UTF-8 text: ")
    assert b"nested too deeply" in ask_bytes(port, nested(MOST // 2 - 20))
    assert b"nested too deeply" in ask_bytes(port, nested(1000))


def called_deep_down(levels: int, call: Callable[[], object]) -> None:
    """Call from the depth of a large program."""
    if levels:
        called_deep_down(levels - 1, call)
    else:
        call()


@pytest.mark.parametrize("levels", [100, 190, 210, 500, 900, 980, 1000, 1500])
def test_deeply_nested_data_never_trip_the_program_that_reads_them(levels: int) -> None:
    with DataPushSocket("bench", 0) as push:
        answer = ask_bytes(push.port, nested(levels))

        assert answer.startswith((b"ACK#", b"ERROR#"))
        called_deep_down(sys.getrecursionlimit() // 2, lambda: push.last)
        called_deep_down(sys.getrecursionlimit() // 2, lambda: push.updated)
        called_deep_down(sys.getrecursionlimit() // 2, lambda: dict(DATA))


def held() -> int:
    """Return how many bytes are allocated, without the receive buffers that come and go."""
    gc.collect()
    sizes = (trace.size for trace in tracemalloc.take_snapshot().traces)
    return sum(size for size in sizes if not 65_000 < size < 66_000)


@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_requests_leave_no_memory_behind(
    kind: str, ports: dict[str, int], connect: Connect
) -> None:
    client = connect(ports[kind])
    requests = [datagram for datagram in AWKWARD + GOOD if len(datagram) < 1000]
    rounds = 3000 // len(requests)

    def ask_all(times: int) -> None:
        for _ in range(times):
            for request in requests:
                expect_an_answer(kind, client, request)

    ask_all(3)
    tracemalloc.start()
    try:
        ask_all(2)
        before = held()
        ask_all(rounds)
        after = held()
    finally:
        tracemalloc.stop()

    assert after - before < 10 * rounds * len(requests), "10 bytes for each request, or more"
