"""``read_status``: what a host says of its instruments, on as many pages as it takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from labframe.client.status import (
    CodenameStatus,
    HostStatus,
    InstrumentStatus,
    SinkStatus,
    SocketStatus,
    read_status,
)
from labframe.errors import NoAnswer, UnexpectedAnswer
from labframe.sockets import CommonDataPullSocket

Serve = Callable[..., CommonDataPullSocket]


def test_a_host_says_how_it_is(serve: Serve, cryostat: Any) -> None:
    port = serve({}, cryostat).port

    assert read_status("127.0.0.1", port) == HostStatus(
        host="cryostat, basement",
        version="0.1.0",
        sockets=(SocketStatus("date", port, "cryostat sockets"),),
        instruments=(
            InstrumentStatus(
                name="cryo",
                driver="lakeshore",
                state="ok",
                reconnects=2,
                late_p99_ms=0.34,
                since=1700000000.0,
                codenames={"cryo_temperature": CodenameStatus("K", "ok", 0.4, 9000)},
            ),
        ),
        sinks=(SinkStatus("live", queued=3),),
    )


def test_pages_become_one_answer(serve: Serve, cryostat: Any) -> None:
    cryo = cryostat["instruments"][0]
    more = {"cryo_power": {"unit": "W", "quality": "ok", "age": None, "socket": 9000}}
    pump = {"name": "pump", "driver": "pump", "state": "starting", "codenames": {}}
    first = {**cryostat, "pages": 2}
    second = {**first, "page": 2, "instruments": [{**cryo, "codenames": more}, pump]}

    status = read_status("127.0.0.1", serve({}, first, second).port)

    assert [one.name for one in status.instruments] == ["cryo", "pump"]
    assert list(status.codenames) == ["cryo_temperature", "cryo_power"]
    assert len(status.sockets) == len(status.sinks) == 1


def test_another_version_may_say_less_or_more(serve: Serve) -> None:
    page = {
        "host": "h", "future": {"a": 1},
        "instruments": [{"name": "a", "state": "ok", "codenames": {"a_b": {"shape": [3]}}}],
    }  # fmt: skip

    status = read_status("127.0.0.1", serve({}, page).port)

    assert status.instruments[0].codenames["a_b"] == CodenameStatus("", "", None, 0)
    assert (status.version, status.sinks) == ("", ())


def test_an_original_server_is_said_to_be_none_of_labframe(serve: Serve) -> None:
    port = serve({"cryo_temperature": None}).port

    with pytest.raises(UnexpectedAnswer, match=f"UDP port {port} of 127.0.0.1 is not a labframe"):
        read_status("127.0.0.1", port)


def test_nobody_there_is_no_answer(serve: Serve) -> None:
    socket = serve({})
    socket.stop()

    with pytest.raises(NoAnswer, match="nobody listens"):
        read_status("127.0.0.1", socket.port)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (b"rubbish", "no JSON: 'rubbish'"),
        (b"[1]", "no JSON object: \\[1\\]"),
        (b'{"instruments": {}}', "instruments = {} is no list"),
        (b'{"instruments": [3]}', "one of 'instruments' is no JSON object: 3"),
        (b'{"instruments": [{"name": 3}]}', "name = 3 is no text"),
        (b'{"instruments": [{"reconnects": true}]}', "reconnects = True is no whole number"),
        (b'{"instruments": [{"since": "now"}]}', "since = 'now' is no number"),
        (b'{"instruments": [{"codenames": {"a": 3}}]}', "the status of 'a' is no JSON object"),
        (b'{"pages": 1000000}', "pages = 1000000"),
        (b'{"pages": -1}', "pages = -1"),
    ],
)
def test_what_is_no_status_is_named(serve: Serve, page: bytes, message: str) -> None:
    with pytest.raises(UnexpectedAnswer, match=message):
        read_status("127.0.0.1", serve({}, page).port)


def test_a_page_that_is_another_one_is_refused(serve: Serve, cryostat: Any) -> None:
    page = {**cryostat, "pages": 2}

    with pytest.raises(UnexpectedAnswer, match="page 2 of 'instruments' says"):
        read_status("127.0.0.1", serve({}, page, page).port)


def instrument(state: str = "ok", quality: str = "ok") -> InstrumentStatus:
    return InstrumentStatus(
        "cryo", "lakeshore", state, codenames={"a": CodenameStatus("K", quality, 0.1, 9000)}
    )


WELL = HostStatus("h", "0.1.0", instruments=(instrument(),), sinks=(SinkStatus("live"),))


@pytest.mark.parametrize(
    ("changed", "is_well"),
    [
        ({}, True),
        ({"instruments": ()}, True),
        ({"instruments": (instrument("disabled", "never"),)}, True),
        ({"instruments": (instrument("ok", "never"),)}, True),
        ({"instruments": (instrument("ok", "old"),)}, False),
        ({"instruments": (instrument("ok", "error"),)}, False),
        ({"instruments": (instrument("starting", "never"),)}, False),
        ({"instruments": (instrument(), instrument("disconnected"))}, False),
        ({"sinks": (SinkStatus("live", error="full"),)}, False),
        ({"sinks": (SinkStatus("live", dropped=3),)}, True),
        ({"plugins": ("lakeshore.py: no such file",)}, False),
    ],
)
def test_a_host_is_well_when_nothing_is_wrong_with_any_part(
    changed: dict[str, Any], is_well: bool
) -> None:
    assert dataclasses.replace(WELL, **changed).is_well is is_well
