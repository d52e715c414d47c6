"""What may be set as a point, what is refused, and that a refusal changes nothing."""

import contextlib
import datetime
import decimal
import fractions
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from udp import ask_bytes

from labframe.errors import PointError, UnknownCodename
from labframe.sockets import DataPullSocket, DateDataPullSocket, LiveSocket

PullSocket = DateDataPullSocket | DataPullSocket


@pytest.fixture(params=[DateDataPullSocket, DataPullSocket])
def pull(request: pytest.FixtureRequest) -> Iterator[PullSocket]:
    with request.param("bench", ["cryo", "other"], 0) as socket:
        yield socket


@pytest.fixture
def date() -> Iterator[DateDataPullSocket]:
    with DateDataPullSocket("bench", ["cryo", "other"], 0) as socket:
        yield socket


@pytest.mark.parametrize(
    ("value", "raw", "json"),
    [
        (np.float64(1.5), b"1.5", b"1.5"),
        (np.float32(0.5), b"0.5", b"0.5"),
        (np.int64(-3), b"-3", b"-3"),
        (np.uint8(255), b"255", b"255"),
        (np.bool_(True), b"True", b"true"),
        (np.str_("ok"), b"ok", b'"ok"'),
        (np.float64("nan"), b"nan", b"NaN"),
        (np.array(2.5), b"2.5", b"2.5"),
    ],
)
def test_numpy_scalars_are_served_as_numbers(
    pull: PullSocket, value: Any, raw: bytes, json: bytes
) -> None:
    pull.set_point("cryo", (value, value))

    assert ask_bytes(pull.port, b"cryo#raw") == raw + b"," + raw
    assert ask_bytes(pull.port, b"cryo#json") == b"[" + json + b", " + json + b"]"


class Unwritable:
    """Something that nobody can write down."""

    def __repr__(self) -> str:
        raise RuntimeError("no words for it")


def endless() -> list[Any]:
    inner: list[Any] = []
    inner.append(inner)
    return inner


def deep(levels: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(levels):
        inner = [inner]
    return inner


NOT_JSON = r"is not JSON serializable|keys must be str"
REFUSED: list[Any] = [
    decimal.Decimal("1.5"),
    fractions.Fraction(1, 3),
    datetime.datetime(2024, 1, 1),
    {1, 2},
    b"bytes",
    1 + 2j,
    np.zeros(3),
    object(),
    {(1, 2): 3},
    [1.0, {2.0}],
    threading.Lock(),
]
UNWRITABLE: list[Any] = [10**5000, -(10**5000), [10**5000], endless(), deep(100_000)]


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("dirty", [False, True], ids=["first", "second"])
def test_a_value_that_json_does_not_know_is_refused_by_its_type_when_it_is_set(
    pull: PullSocket, value: Any, dirty: bool
) -> None:
    pull.set_point("cryo", (1.0, 2.0))
    if not dirty:
        ask_bytes(pull.port, b"raw")
    with pytest.raises(TypeError, match=NOT_JSON):
        pull.set_point("cryo", (2.0, value))
    with pytest.raises(TypeError, match=NOT_JSON):
        pull.set_batch({"other": (2.0, 2.0), "cryo": (value, 2.0)})
    with pytest.raises(TypeError, match=NOT_JSON):
        pull.set_point("cryo", (value, 3.0))

    assert ask_bytes(pull.port, b"raw") == b"1.0,2.0;0.0,0.0"


@pytest.mark.parametrize("value", UNWRITABLE, ids=["huge", "-huge", "[huge]", "endless", "deep"])
def test_a_value_that_cannot_be_written_down_is_refused_with_its_codename(
    pull: PullSocket, value: Any
) -> None:
    pull.set_point("cryo", (1.0, 2.0))
    with pytest.raises(PointError, match="codename 'cryo'"):
        pull.set_point("cryo", (1.0, value))
    with pytest.raises(PointError, match="codename 'cryo'"):
        pull.set_point("cryo", (value, 1.0))
    with pytest.raises(PointError, match="codename 'cryo'"):
        pull.set_batch({"other": (2.0, 2.0), "cryo": (1.0, value)})

    assert ask_bytes(pull.port, b"raw") == b"1.0,2.0;0.0,0.0"
    assert ask_bytes(pull.port, b"json") == b"[[1.0, 2.0], [0.0, 0.0]]"


@pytest.mark.parametrize("levels", [50, 200, 300, 400, 500, 900, 1000])
def test_a_deep_list_is_either_refused_or_served(pull: PullSocket, levels: int) -> None:
    served = b"0.0"
    with contextlib.suppress(PointError):
        pull.set_point("cryo", (0.0, deep(levels)))
        served = b"[" * (levels + 1) + b"]" * (levels + 1)

    assert ask_bytes(pull.port, b"raw") == b"0.0," + served + b";0.0,0.0"
    assert ask_bytes(pull.port, b"json") == b"[[0.0, " + served + b"], [0.0, 0.0]]"


@pytest.mark.parametrize("value", [10**4000, -(10**4000), 2**2001])
def test_a_large_integer_is_served_digit_by_digit(pull: PullSocket, value: int) -> None:
    pull.set_point("cryo", (value, value))

    assert ask_bytes(pull.port, b"cryo#raw") == b"%d,%d" % (value, value)


@pytest.mark.parametrize("value", [*REFUSED, 10**5000, endless()], ids=lambda v: type(v).__name__)
def test_a_live_socket_refuses_the_same_before_anything_is_sent(value: Any) -> None:
    with LiveSocket("bench", ["cryo"], internal_data_pull_socket_port=0) as live:
        with pytest.raises((TypeError, PointError)):
            live.set_point("cryo", (1.0, value))
        with pytest.raises((TypeError, PointError)):
            live.set_point_now("cryo", value)
        live.set_point_now("cryo", 5)


@pytest.mark.parametrize("make", [list, iter, lambda pair: map(float, pair), np.array])
def test_a_point_may_come_as_any_pair(pull: PullSocket, make: Callable[[Any], Any]) -> None:
    pull.set_point("cryo", make([1.5, 2.5]))
    pull.set_batch({"other": make([3.5, 4.5])})

    assert ask_bytes(pull.port, b"raw") == b"1.5,2.5;3.5,4.5"


@pytest.mark.parametrize("point", [None, 5, (), (1.0,), (1.0, 2.0, 3.0), "ab", {}, {1.0, 2.0}])
def test_what_is_no_pair_is_refused_and_the_point_before_stays(
    pull: PullSocket, point: Any
) -> None:
    pull.set_point("cryo", (1.0, 2.0))
    with pytest.raises((TypeError, PointError)):
        pull.set_point("cryo", point)

    assert ask_bytes(pull.port, b"cryo#raw") == b"1.0,2.0"


def test_a_list_that_is_changed_after_it_was_set_is_served_as_it_was(pull: PullSocket) -> None:
    spectrum: list[Any] = [1, {"peak": [2]}]
    pull.set_point("cryo", (0.0, spectrum))
    spectrum[1]["peak"].append(3)
    spectrum.append(4)

    assert ask_bytes(pull.port, b"cryo#json") == b'[0.0, [1, {"peak": [2]}]]'


def test_a_codename_with_a_timeout_needs_a_time_as_x() -> None:
    with DateDataPullSocket("bench", ["cryo"], 0, timeouts=3.0) as socket:
        socket.set_point("cryo", (1, 2.0))
        with pytest.raises(TypeError, match="codename 'cryo' has a timeout"):
            socket.set_point("cryo", ("now", 2.0))
        with pytest.raises(TypeError, match="codename 'cryo' has a timeout"):
            socket.set_batch({"cryo": (None, 2.0)})


@pytest.mark.parametrize("timeouts", ["3", ["3"], {}, [10**400], [1.0, 2.0]])
def test_a_timeout_that_is_no_number_of_seconds_is_refused_before_the_port_is_bound(
    timeouts: Any,
) -> None:
    with pytest.raises((TypeError, ValueError)):
        DateDataPullSocket("bench", ["cryo"], 0, timeouts=timeouts)


def test_an_unknown_codename_is_named_with_the_one_that_was_meant(pull: PullSocket) -> None:
    with pytest.raises(UnknownCodename, match=r"'cryp' is not registered.* mean 'cryo'\?"):
        pull.set_point("cryp", (1.0, 2.0))
    with pytest.raises(UnknownCodename, match="'cryp'"):
        pull.set_batch({"cryo": (1.0, 2.0), "cryp": (1.0, 2.0)})

    assert ask_bytes(pull.port, b"cryo#raw") == b"0.0,0.0"


class Trap:
    """Raises when anything is done with it."""

    shape = ()

    def item(self) -> float:
        raise RuntimeError("it snaps")

    def __iter__(self) -> Iterator[float]:
        raise RuntimeError("it snaps")

    def __getitem__(self, index: int) -> float:
        raise LookupError("it snaps")


GARBAGE: list[Any] = [
    None, 5, "", "ab", b"ab", (), (1.0,), (1.0, 2.0, 3.0), [], {}, {1: 2, 3: 4}, {1.0, 2.0},
    object(), (1.0, object()), (object(), 1.0), (1.0, {2.0}), (10**5000, 1.0), (1.0, 10**5000),
    (1.0, endless()), Trap(), (1.0, Trap()), (Trap(), 1.0), float, (1.0, decimal.Decimal(1)),
    Unwritable(), (1.0, Unwritable()), (Unwritable(), 1.0),
]  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda value: repr(type(value).__name__))
@pytest.mark.parametrize("settled", [True, False], ids=["first", "second"])
def test_a_handle_that_is_fed_garbage_logs_it_and_the_point_before_it_stays(
    date: DateDataPullSocket, garbage: Any, settled: bool, caplog: pytest.LogCaptureFixture
) -> None:
    feed = date.handle("cryo")
    feed((1.0, 2.0))
    date.set_point("other", (1.0, 1.0))
    ask_bytes(date.port, b"raw")
    if not settled:
        feed((1.0, 2.0))
    with caplog.at_level(logging.ERROR):
        feed(garbage)
        answers = [ask_bytes(date.port, request) for request in (b"raw", b"json", b"cryo#raw")]

    assert answers == [b"1.0,2.0;1.0,1.0", b"[[1.0, 2.0], [1.0, 1.0]]", b"1.0,2.0"]
    assert [record.name for record in caplog.records] == ["labframe.board"]
    assert "codename 'cryo'" in caplog.text
    feed((3.0, 4.0))
    assert ask_bytes(date.port, b"cryo#raw") == b"3.0,4.0"


def test_a_handle_serves_what_set_point_would_take(date: DateDataPullSocket) -> None:
    feed: Callable[[Any], None] = date.handle("cryo")
    for point in [(1, 2), [3.0, "on"], np.array([1.5, 2.5]), (np.int64(7), None)]:
        feed(point)
        x, y = point
        x, y = getattr(x, "item", lambda x=x: x)(), getattr(y, "item", lambda y=y: y)()
        assert ask_bytes(date.port, b"cryo#raw") == f"{x},{y}".encode()
