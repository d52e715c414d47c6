"""Quirks of the wire, by their numbers: what stays for the sake of clients, and what is mended."""

import ast
import json
import math

import pytest
from udp import Receiver, ask, ask_bytes

from labframe import sockets
from labframe.protocol.push import ReturnFormat
from labframe.sockets import DataPullSocket, DataPushSocket, DateDataPullSocket, LiveSocket


def pull(*codenames: str, name: str = "the laser") -> DateDataPullSocket:
    return DateDataPullSocket(name, codenames or ["power"], 0)


def push(name: str = "the laser", *, strict: bool = False) -> DataPushSocket:
    return DataPushSocket(name, 0, strict=strict)


def returning(value: object, form: ReturnFormat = "json") -> DataPushSocket:
    return DataPushSocket(
        "the laser", 0, "callback_direct", callback=lambda values: value, return_format=form
    )


def test_q01_an_unknown_command_is_told_with_three_m() -> None:
    assert sockets.UNKNOWN_COMMAND == "UNKNOWN_COMMMAND"
    with pull() as points, push() as commands:
        assert ask(points.port, "power") == "UNKNOWN_COMMMAND"
        assert ask(commands.port, "power") == "ERROR#UNKNOWN_COMMMAND"


def test_q02_an_acknowledgement_is_the_python_repr_of_what_was_taken() -> None:
    values = {"n": 47, "on": True, "off": None, "text": "it's", "list": [1.0, 1e22]}
    with push() as commands:
        answer = ask(commands.port, f"json_wn#{json.dumps(values)}")
        with_nan = ask(commands.port, 'json_wn#{"x": NaN}')

    assert answer == f"ACK#{values!r}"
    assert ast.literal_eval(answer.partition("#")[2]) == values
    assert with_nan == "ACK#{'x': nan}"


def test_q03_the_types_that_raw_knows_are_told_as_dict_keys() -> None:
    with push() as commands:
        answer = ask(commands.port, "raw_wn#z:complex:1j")

    assert answer == (
        "ERROR#The data type 'complex' is unknown. "
        "Only dict_keys(['int', 'float', 'str', 'bool']) are allowed"
    )
    assert f"Only {sockets.TYPE_FROM_STRING.keys()} are" in answer


def test_q04_only_the_name_of_a_push_socket_has_ret_in_front() -> None:
    with pull() as points, push() as commands:
        assert ask(points.port, "name") == "the laser"
        assert ask(commands.port, "name") == "RET#the laser"
        for port in (points.port, commands.port):
            assert "socket_server_status" in json.loads(ask(port, "status"))


def test_q05_a_hash_inside_json_is_data() -> None:
    with push() as commands:
        assert ask(commands.port, 'json_wn#{"colour": "#ff8800"}') == "ACK#{'colour': '#ff8800'}"
        assert ask(commands.port, "raw_wn#note:str:sample #4") == "ACK#{'note': 'sample #4'}"
        assert commands.last[1] == {"note": "sample #4"}
        assert commands.updated[1] == {"colour": "#ff8800", "note": "sample #4"}
        assert ask(commands.port, "json_wn#{}#").startswith("ERROR#The string '{}#' could not be")


def test_q05_a_hash_after_any_other_command_is_unknown_as_before() -> None:
    with push() as commands:
        for request in ("name#", "status#", "commands##", "json#{}", "#json_wn#{}"):
            assert ask(commands.port, request) == "ERROR#UNKNOWN_COMMMAND"


def test_q05_a_strict_socket_refuses_a_second_hash_as_the_original_did() -> None:
    with push(strict=True) as commands:
        assert ask(commands.port, 'json_wn#{"colour": "#ff8800"}') == "ERROR#UNKNOWN_COMMMAND"
        assert ask(commands.port, r'json_wn#{"colour": "\u0023"}') == "ACK#{'colour': '#'}"


@pytest.mark.parametrize("request_", ["nämé", "µm#raw", "温度"])
def test_q06_a_request_that_is_not_ascii_is_answered(request_: str) -> None:
    with pull() as points, push() as commands:
        assert ask(points.port, request_) == "UNKNOWN_COMMMAND"
        assert ask(commands.port, request_) == "ERROR#UNKNOWN_COMMMAND"


def test_q06_bytes_that_are_no_text_at_all_are_answered() -> None:
    with pull() as points, push() as commands:
        for request in (b"\xff\xfe", b"power\xff#raw", b"\xc3"):
            assert ask_bytes(points.port, request) == b"UNKNOWN_COMMMAND"
            assert ask_bytes(commands.port, request) == b"ERROR#UNKNOWN_COMMMAND"
        answer = ask_bytes(commands.port, b'json_wn#{"a": "\xff"}')

    assert answer.startswith(b"ERROR#The data are not UTF-8 text")


def test_q06_utf8_in_a_request_is_read() -> None:
    with pull("µm") as points, push() as commands:
        points.set_point("µm", (1.0, 2.0))

        assert ask(points.port, "µm#raw") == "1.0,2.0"
        assert ask(commands.port, 'json_wn#{"gas": "naïve"}') == "ACK#{'gas': 'naïve'}"
        assert ask(commands.port, "raw_wn#gas:str:naïve") == "ACK#{'gas': 'naïve'}"


def test_q07_an_answer_that_is_not_ascii_is_utf8() -> None:
    with pull("µm", name="the µ-scale") as points, push("the µ-scale") as commands:
        points.set_point("µm", (1.0, "5 °C"))

        assert ask(points.port, "name") == "the µ-scale"
        assert ask(points.port, "codenames_raw") == "µm"
        assert ask(points.port, "raw") == "1.0,5 °C"
        assert ask(points.port, "raw_wn") == "µm:1.0,5 °C"
        assert ask(points.port, "json_wn") == r'{"\u00b5m": [1.0, "5 \u00b0C"]}'
        assert ask(commands.port, "name") == "RET#the µ-scale"
        assert ask(commands.port, r'json_wn#{"a": "\u00b0C"}') == "ACK#{'a': '°C'}"
    with returning("5 °C", "string") as commands:
        assert ask(commands.port, "json_wn#{}") == "RET#5 °C"


def test_q07_half_a_surrogate_pair_is_escaped_rather_than_silent() -> None:
    with push() as commands:
        assert ask(commands.port, r'json_wn#{"a": "\ud800"}') == "ACK#{'a': '\\ud800'}"
    with pull() as points:
        points.set_point("power", (1.0, "\ud800"))

        assert ask(points.port, "raw") == "1.0,\\ud800"


@pytest.mark.parametrize("length", [8193, 65000])
def test_q08_a_long_request_is_read_whole(length: int) -> None:
    text = "x" * length
    with push() as commands:
        assert ask(commands.port, f'json_wn#{{"a": "{text}"}}') == f"ACK#{{'a': '{text}'}}"
        assert commands.last[1] == {"a": text}


def test_q08_the_longest_answer_that_a_datagram_carries_is_sent() -> None:
    with pull() as points:
        points.set_point("power", (1, "y" * (65507 - 2)))
        answer = ask(points.port, "raw")

    assert len(answer) == 65507
    assert answer.endswith("yyy")


def test_q11_nan_and_infinity_go_out_and_come_in_as_python_writes_them() -> None:
    with pull("a", "b") as points:
        points.set_point("a", (1.0, math.nan))
        points.set_point("b", (1.0, -math.inf))

        assert ask(points.port, "json") == "[[1.0, NaN], [1.0, -Infinity]]"
        assert ask(points.port, "raw") == "1.0,nan;1.0,-inf"
    with push() as commands:
        assert ask(commands.port, 'json_wn#{"a": [NaN, -Infinity]}') == "ACK#{'a': [nan, -inf]}"


def test_q11_live_points_have_null_instead_because_browsers_cannot_read_nan() -> None:
    with Receiver() as server, LiveSocket("bench", ["a", "b"], server.address, True) as live:
        live.set_batch({"a": (1.0, math.nan), "b": (math.inf, [1.0, -math.inf])})
        (message,) = server.received()

    assert json.loads(message)["data"] == {"a": [1.0, None], "b": [None, [1.0, None]]}


def test_q13_texts_in_raw_answers_are_not_escaped() -> None:
    with pull("a", "b") as points:
        points.set_point("a", (1.0, "a,b;c:d#e&f"))

        assert ask(points.port, "raw") == "1.0,a,b;c:d#e&f;0.0,0.0"
        assert ask(points.port, "a#raw") == "1.0,a,b;c:d#e&f"
    with returning({"a": "x;y:z"}, "raw") as commands:
        assert ask(commands.port, "json_wn#{}") == "RET#a:str:x;y:z"


def test_q23_a_point_that_was_never_set_reads_as_zeros_without_a_timeout() -> None:
    for make in (DateDataPullSocket, DataPullSocket):
        with make("the laser", ["power"], 0) as points:
            assert ask(points.port, "raw") == "0.0,0.0"
            assert ask(points.port, "json_wn") == '{"power": [0.0, 0.0]}'
        with make("the laser", ["power"], 0, timeouts=1e9) as points:
            assert ask(points.port, "raw") == "OLD_DATA"


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ([1], "With return format raw on a list, the elements themselves be lists"),
        (
            [[1], [2.0]],
            "With return format raw on a list of lists, all values  in list must have same type. "
            "Types are: [<class 'int'>, <class 'float'>]",
        ),
        ({"a": [1, "b"]}, "With return format raw, value in list must have same type"),
        ([[]], "list index out of range"),
    ],
)
def test_q36_complaints_about_returned_values_keep_their_slips_of_the_pen(
    value: object, complaint: str
) -> None:
    with returning(value, "raw") as commands:
        answer = ask(commands.port, "json_wn#{}")

    assert answer == f"EXCEP#Raw conversion failed with message:{complaint}"


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (math.nan, "RET#NaN"),
        ({1: 2, None: True}, 'RET#{"1": 2, "null": true}'),
        ((1, 2), "RET#[1, 2]"),
    ],
)
def test_q38_a_value_is_returned_as_python_writes_json(value: object, answer: str) -> None:
    with returning(value) as commands:
        assert ask(commands.port, "json_wn#{}") == answer
