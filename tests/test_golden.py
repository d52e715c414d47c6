"""The recorded exchanges of the original: kept where it was right, bettered where it was not."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from golden_replay import Record, difference, load
from udp import default_ports

from labframe import sockets

RECORDS = load(Path(__file__).parent / "golden")

INSTEAD = {
    "api-stop-unstarted-DateDataPull": "outcome: 'value'",
    "api-stop-unstarted-DataPull": "outcome: 'value'",
    "api-stop-twice-DataPush": "outcome: 'value'",
    "api-join-push-stopped": "outcome: 'value'",
    "data_pull-stranger-stranger#raw": "set_point raised UnknownCodename",
    "data_pull-stranger-raw": "set_point raised UnknownCodename",
    "date_pull-stranger-raw": "set_point raised UnknownCodename",
    "date_pull-stranger-json": "set_point raised UnknownCodename",
    "date_pull-stranger-json_wn": "set_point raised UnknownCodename",
    "date_pull-stranger-stranger#json": "set_point raised UnknownCodename",
    "date_pull-stranger-codenames_raw": "set_point raised UnknownCodename",
    "date_pull-shape-three-v#json": "set_point raised PointError",
    "date_pull-shape-one-v#json": "set_point raised PointError",
    "date_pull-shape-text-v#raw": "set_point raised PointError",
    "date_pull-shape-empty-v#raw": "set_point raised PointError",
    "date_pull-type-unicode-v#raw": "response: '12.0,caf\xc3\xa9'",
    "date_pull-bad-nonascii-binary": "response: 'UNKNOWN_COMMMAND'",
    "date_pull-codename-string": "DateDataPullSocket raised TypeError",
    "date_pull-codename-unicode-codenames_raw": "response: '\xc2\xb5m'",
    "date_pull-name-unicode": "response: '\xc2\xb5-scale'",
    "date_pull-large-fail-json_wn": 'response: "ERROR#The answer to',
    "live-toolong": "raises: {'type': 'DatagramTooLong'",
    "live-internal-reset": "internal_response: '[1.0, 2.0]'",
    "push-json-escaped-unicode": "response: \"ACK#{'a': 'caf\xc3\xa9'}\"",
    "push-bad-18-json_wn#--#": "response: \"ERROR#The string '{}#' could not be decoded as JSON\"",
    "push-bad-nonascii": "response: 'ERROR#UNKNOWN_COMMMAND'",
    "push-async-raise": "state: {'last': {'time': 'unix-time', 'data': \"{'n': 3}\"}, "
    "'callback_log': [\"{'n': 1}\", \"{'bad': True}\", \"{'n': 3}\"]}",
    "push-cb-raise-systemexit": "response: 'EXCEP#1'",
    "push-cb-string-unicode": "response: 'RET#caf\xc3\xa9'",
}
"""By record of a fault: what labframe does instead (answers as latin-1 of their bytes)."""


def name_of(record: Record) -> str:
    return record.id


def seen_difference(record: Record) -> str | None:
    port = record.default_port
    with nullcontext() if port is None else default_ports(port):
        return difference(record, sockets)


def test_the_302_records_are_all_here() -> None:
    assert len(RECORDS) == len({record.id for record in RECORDS}) == 302
    assert {record.id for record in RECORDS if not record.keep} == set(INSTEAD)
    assert {record.default_port for record in RECORDS} == {None, 9000, 9010, 8500}


@pytest.mark.parametrize("record", [item for item in RECORDS if item.keep], ids=name_of)
def test_labframe_does_what_the_original_did(record: Record) -> None:
    assert seen_difference(record) is None


@pytest.mark.parametrize("record", [item for item in RECORDS if not item.keep], ids=name_of)
def test_labframe_does_better_where_the_original_was_wrong(record: Record) -> None:
    assert (seen_difference(record) or "the same").startswith(INSTEAD[record.id])


def test_a_default_port_that_another_program_holds_is_named() -> None:
    with (
        sockets.DateDataPullSocket("the other program", ["a"], 0) as other,
        pytest.raises(AssertionError, match=f"UDP port {other.port} is in use by another program"),
        default_ports(other.port, wait_s=0.0),
    ):
        pass
