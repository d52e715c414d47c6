"""The client of PyExpLabSys: its interface, with labframe's sockets behind it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from labframe.client import DateDataPullClient
from labframe.errors import NoAnswer
from labframe.sockets import DataPullSocket, DateDataPullSocket

CODENAMES = ["fresh", "stale"]


@pytest.fixture
def server() -> Iterator[DateDataPullSocket]:
    """Serve a point that stays fresh, and one from 1970."""
    with DateDataPullSocket(
        "testsocket", CODENAMES, port=0, timeouts=[None, 1.0], host="127.0.0.1"
    ) as served:
        served.set_point("fresh", (1.5, 2.5))
        served.set_point("stale", (1.0, 3.5))
        yield served


def test_a_client_knows_name_and_codenames(server: DateDataPullSocket) -> None:
    client = DateDataPullClient("127.0.0.1", "testsocket", server.port)
    assert client.name == "testsocket"
    assert client.codenames == CODENAMES
    assert client.codenames_set == set(CODENAMES)
    assert client.host_port == ("127.0.0.1", server.port)
    assert client.exception_on_old_data is True


def test_the_arguments_may_be_given_by_position(server: DateDataPullSocket) -> None:
    client = DateDataPullClient("127.0.0.1", "testsocket", server.port, False, 5.0)
    assert client.get_field("stale") == "OLD_DATA"


def test_another_name_than_expected_is_an_error(server: DateDataPullSocket) -> None:
    with pytest.raises(ValueError) as raised:
        DateDataPullClient("127.0.0.1", "other", server.port)
    assert str(raised.value) == (
        f"The name of the socket at ('127.0.0.1', {server.port}) was not \"other\" as expected, "
        'but "testsocket"'
    )


def test_a_field_is_a_list_of_x_and_y(server: DateDataPullSocket) -> None:
    client = DateDataPullClient("127.0.0.1", "testsocket", server.port)
    assert client.get_field("fresh") == [1.5, 2.5]
    assert type(client.get_field("fresh")) is list
    assert client.fresh == [1.5, 2.5]


def test_old_data_raises_or_is_marked(server: DateDataPullSocket) -> None:
    client = DateDataPullClient("127.0.0.1", "testsocket", server.port)
    with pytest.raises(ValueError, match=r"^Old data$"):
        client.get_field("stale")
    with pytest.raises(ValueError, match=r"^Old data$"):
        _ = client.stale
    with pytest.raises(ValueError, match=r'^Old data, for field "stale"$'):
        client.get_all_fields()
    client.exception_on_old_data = False
    assert client.stale == "OLD_DATA"
    assert client.get_all_fields() == {"fresh": [1.5, 2.5], "stale": "OLD_DATA"}


def test_an_unknown_field_is_an_error_of_its_kind(server: DateDataPullSocket) -> None:
    client = DateDataPullClient("127.0.0.1", "testsocket", server.port)
    with pytest.raises(ValueError) as raised:
        client.get_field("unknown")
    assert str(raised.value) == f"Unknown fieldnames, valid fields are: {CODENAMES}"
    with pytest.raises(AttributeError) as missing:
        _ = client.unknown
    assert str(missing.value) == "DateDataPullClient object has no attribute 'unknown'"


def test_a_half_made_client_has_no_fields() -> None:
    client = DateDataPullClient.__new__(DateDataPullClient)
    with pytest.raises(AttributeError, match="no attribute 'codenames_set'"):
        _ = client.codenames_set


def test_the_status_tells_of_the_socket(server: DateDataPullSocket) -> None:
    status = DateDataPullClient("127.0.0.1", "testsocket", server.port).get_status()
    assert status["socket_server_status"][str(server.port)]["type"] == "date"


@pytest.mark.parametrize("length", [1023, 1024, 1025, 2048, 30000])
def test_answers_of_any_length_arrive_at_once(length: int) -> None:
    name = "a" * (length - len('{"": [1, 2]}'))
    with DataPullSocket("long", [name], port=0, host="127.0.0.1") as server:
        server.set_point(name, (1, 2))
        client = DateDataPullClient("127.0.0.1", "long", server.port)
        assert client.get_all_fields() == {name: [1, 2]}
        assert client.codenames == [name]


def test_a_data_pull_socket_will_do_too() -> None:
    with DataPullSocket("xy", ["laser"], port=0, timeouts=60.0, host="127.0.0.1") as server:
        server.set_point("laser", (9.7, 100), timestamp=time.time() + 1e6)
        assert DateDataPullClient("127.0.0.1", "xy", server.port).laser == [9.7, 100]


def test_a_silent_server_is_a_timeout() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        with pytest.raises(NoAnswer) as raised:
            DateDataPullClient("127.0.0.1", "cryostat", port, timeout=0.05)
    assert isinstance(raised.value, TimeoutError)
    assert str(raised.value).endswith("did not answer 'name' within 0.05 s, asked once")
