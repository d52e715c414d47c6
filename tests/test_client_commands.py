"""Commands that clients send to a host: again until an answer comes, and executed once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from clients import PATIENCE_S, Blocking, Hand
from commandhost import FurnaceSimulator, command_host, lossy

from labframe import Host
from labframe.client import AsyncPushClient, PushClient
from labframe.client.commands import waits_s
from labframe.errors import CommandFailed, CommandRefused, NoAnswer, OutcomeUnknown
from labframe.sockets import DataPushSocket


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with command_host(tmp_path) as running:
        yield running


@pytest.fixture(params=["threads", "asyncio"])
def client(request: pytest.FixtureRequest) -> Callable[[int | None], Any]:
    """Return what makes a client of either kind; its methods block."""

    def made(port: int | None) -> Any:
        assert port is not None
        if request.param == "threads":
            return PushClient("127.0.0.1", port)
        return Blocking(AsyncPushClient("127.0.0.1", port))

    return made


def test_a_command_returns_what_the_instrument_says(host: Host, client: Any) -> None:
    furnace = client(host.commanding.port)

    assert furnace.command("cryo.setpoint", target=77) == 77.0
    assert furnace.command("oven.target") == 300.0
    assert furnace.command("setpoint", target=78.5) == 78.5  # of the default instrument


def test_where_a_tenth_of_the_datagrams_is_lost_each_command_is_executed_once(host: Host) -> None:
    port = host.commanding.port
    assert port is not None
    with lossy(port, 0.1) as proxy, ThreadPoolExecutor(8) as threads:
        sender = PushClient("127.0.0.1", proxy)
        counted = list(threads.map(lambda _: sender.command("cryo.count", _deadline=5), range(200)))

    assert sorted(counted) == list(range(1, 201))
    assert FurnaceSimulator.counted == 200


def test_coroutines_send_again_too(host: Host) -> None:
    port = host.commanding.port
    assert port is not None

    async def count(proxy: int) -> list[int]:
        sender = AsyncPushClient("127.0.0.1", proxy)
        return list(await asyncio.gather(*(sender.command("oven.count") for _ in range(50))))

    with lossy(port, 0.1) as proxy:
        counted = asyncio.run(count(proxy))
    assert sorted(counted) == list(range(1, 51))
    assert FurnaceSimulator.counted == 50


def test_a_repetition_has_the_same_id_and_what_is_left_of_the_deadline(client: Any) -> None:
    with Hand() as hand:
        result, first, address = hand.asked(
            partial(client(hand.port).command, "cryo.setpoint", target=77)
        )
        again = [hand.request() for _ in range(2)]
        hand.answer(b"RET#77.0", address)
        assert result.result(PATIENCE_S) == 77.0

    sent = [json.loads(request.partition(b"#")[2]) for request in (first, again[0][0], again[1][0])]
    deadlines = [one.pop("_deadline") for one in sent]
    assert sent[0] == sent[1] == sent[2]
    assert sent[0] == {"method": "cryo.setpoint", "target": 77, "_id": sent[0]["_id"]}
    assert len(sent[0]["_id"]) == 32
    assert deadlines[0] == 2.0
    assert 1.5 < deadlines[2] < deadlines[1] <= 1.8
    assert {one[1] for one in again} == {address}


def test_two_commands_have_two_ids() -> None:
    taken: list[dict[str, Any]] = []
    with DataPushSocket(
        "s", 0, "callback_direct", callback=taken.append, host="127.0.0.1"
    ) as server:
        sender = PushClient("127.0.0.1", server.port)
        sender.command("a.b")
        sender.command("a.b", _id="")  # which a host would take for none

    assert len({one["_id"] for one in taken} - {""}) == 2


def test_no_answer_says_what_is_unknown_and_how_to_ask(client: Any) -> None:
    with Hand() as hand:
        with pytest.raises(NoAnswer) as raised:
            client(hand.port).command("cryo.vent", _id="a1", _deadline=0.05)
        requests = [json.loads(one.partition(b"#")[2]) for one, _ in hand.waiting()]

    assert raised.value.id == "a1"
    assert "within 1.05 s, asked " in str(raised.value)
    assert str(raised.value).endswith(
        "; it is unknown whether the command was executed. Ask again with _id='a1'"
    )
    assert len(requests) > 3
    assert {one["_id"] for one in requests} == {"a1"}
    assert all(0.001 <= one["_deadline"] <= 0.05 for one in requests)


def test_where_nobody_listens_the_command_surely_was_not_executed(client: Any) -> None:
    with Hand() as hand:
        port = hand.port
    with pytest.raises(NoAnswer, match=r"is the server running\?$") as raised:
        client(port).command("cryo.vent")
    assert raised.value.id == ""


def test_a_host_that_goes_away_meanwhile_leaves_it_unknown(client: Any) -> None:
    with ThreadPoolExecutor(1) as thread:
        with Hand() as hand:
            result = thread.submit(partial(client(hand.port).command, "cryo.vent", _id="a1"))
            hand.request()
            hand.request()
        with pytest.raises(
            NoAnswer, match=r"running\?; it is unknown whether .* _id='a1'$"
        ) as error:
            result.result(PATIENCE_S)
    assert error.value.id == "a1"


def test_refused_failed_and_unknown_are_told_apart(host: Host, client: Any) -> None:
    furnace = client(host.commanding.port)

    with pytest.raises(CommandRefused, match="target = 900: the limits are 0 to 470 K") as refused:
        furnace.command("cryo.setpoint", target=900)
    with pytest.raises(CommandFailed, match="the display is broken") as failed:
        furnace.command("cryo.label", text="broken")
    with pytest.raises(CommandRefused, match="there is no '_idd'; did you mean '_id'"):
        furnace.command("cryo.count", _idd="a")
    assert (refused.value.code, failed.value.code) == ("OUT_OF_RANGE", "FAILED")
    assert not isinstance(failed.value, OutcomeUnknown)


def test_the_outcome_of_a_slow_command_is_fetched_by_its_id(host: Host, client: Any) -> None:
    furnace = client(host.commanding.port)

    with pytest.raises(OutcomeUnknown) as unknown:
        furnace.command("cryo.anneal", _deadline=0.1)
    FurnaceSimulator.released.set()
    assert unknown.value.code == "OUTCOME_UNKNOWN"
    assert len(unknown.value.id) == 32
    assert furnace.command("cryo.anneal", _id=unknown.value.id) == "annealed"
    with pytest.raises(CommandRefused, match="ID_REUSED: "):
        furnace.command("oven.anneal", _id=unknown.value.id)


def test_a_program_with_the_host_is_told_of_an_unknown_outcome_too(host: Host) -> None:
    with pytest.raises(OutcomeUnknown):
        host.command("cryo.anneal", _deadline=0.1)
    FurnaceSimulator.released.set()


def test_a_dry_run_executes_nothing(host: Host, client: Any) -> None:
    furnace = client(host.commanding.port)

    found = furnace.command("cryo.setpoint", target=77, _dry_run=True)

    assert found["would_send"] == "cryo.setpoint(target = 77.0 K)"
    assert furnace.command("cryo.target") == 300.0


@pytest.mark.parametrize("deadline_s", [0, -1.0, 601, float("nan")])
def test_what_is_no_deadline_is_not_sent(client: Any, deadline_s: float) -> None:
    with Hand() as hand:
        with pytest.raises(ValueError, match=r"_deadline = .*: not a number of seconds, 0\.001 to"):
            client(hand.port).command("cryo.count", _deadline=deadline_s)
        assert hand.waiting() == []


@pytest.mark.parametrize("deadline_s", [0.001, 0.05, 0.5, 2.0, 30.0, 600.0])
def test_repetitions_become_rarer_and_none_comes_after_the_deadline(deadline_s: float) -> None:
    waits = waits_s(deadline_s)

    assert waits[0] == min(0.2, deadline_s / 8)
    assert list(waits[:-1]) == sorted(waits[:-1])
    assert sum(waits[:-1]) < deadline_s
    assert sum(waits) == pytest.approx(deadline_s + 1.0)
    assert 7 <= len(waits) <= 150


def test_send_and_call_still_send_once_without_an_id() -> None:
    with Hand() as hand:
        sender = PushClient("127.0.0.1", hand.port, timeout=0.5)
        for ask in (partial(sender.call, "cryo.vent"), partial(sender.send, {"method": "x"})):
            with pytest.raises(NoAnswer, match="asked once; it is unknown"):
                ask()
        assert [one for one, _ in hand.waiting()] == [
            b'json_wn#{"method": "cryo.vent"}', b'json_wn#{"method": "x"}',
        ]  # fmt: skip
