"""Instruments of a host as Python objects, made from what the host says of itself."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clients import Hand
from commandhost import command_host

from labframe import Host
from labframe.client import (
    AsyncPullClient,
    AsyncPushClient,
    HostDescription,
    PullClient,
    PushClient,
)
from labframe.client.description import read_description
from labframe.client.schemas import annotation, in_words
from labframe.errors import CommandRefused, NoAnswer, UnexpectedAnswer
from labframe.host.status import pages
from labframe.sockets import DataPullSocket, DataPushSocket


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with command_host(Path(tmp_path_factory.mktemp("audit"))) as running:
        yield running


@pytest.fixture
def client(host: Host) -> PushClient:
    assert host.commanding.port is not None
    return PushClient("127.0.0.1", host.commanding.port)


def test_a_command_is_a_method_by_name_and_by_position(client: PushClient) -> None:
    assert client.cryo.setpoint(target=77) == 77.0
    assert client.cryo.setpoint(78) == 78.0
    assert client.oven.ramp(5, "argon", soak=True) == 10.0
    assert client.cryo.target() == 78.0
    assert client.cryo.setpoint(79, _dry_run=True)["dry_run"] is True


def test_a_method_says_what_it_takes(client: PushClient) -> None:
    ramp = client.cryo.ramp

    assert str(inspect.signature(ramp)) == (
        "(rate: float, gas: Literal['none', 'argon'] = 'none', "
        "steps: list[float] | None = None, soak: bool = False) -> float"
    )
    assert (ramp.__name__, ramp.__qualname__) == ("ramp", "cryo.ramp")
    assert ramp.__doc__ == (
        "Go to the target slowly.\n\n"
        "Args:\n"
        "    rate: number, 0.1 to 60 K/min.\n"
        "    gas: none or argon; none if it is not given.\n"
        "    steps: list (number each); null if it is not given.\n"
        "    soak: true or false; false if it is not given.\n\n"
        "Returns:\n"
        "    number in K."
    )
    assert repr(client.cryo.vent) == "<command cryo.vent() -> str: Open the valve to the air.>"


def test_a_method_says_what_has_to_be_known_before(client: PushClient) -> None:
    assert str(client.cryo.setpoint.__doc__).endswith(
        "Returns:\n    what is read back as cryo_target, in K.\n\n"
        "Its safe value is 0 K; nothing sets it by itself."
    )
    assert "It is dangerous: a person should confirm it." in str(client.cryo.vent.__doc__)
    assert "It is set again when" in str(client.cryo.label.__doc__)
    assert client.cryo.__doc__ == "A furnace with everything that a command may have."


def test_dir_lists_instruments_and_methods(client: PushClient) -> None:
    assert {"cryo", "oven", "command", "send"} <= {*dir(client)}
    assert {"setpoint", "ramp", "vent", "target"} <= {*dir(client.cryo)}
    assert [one for one in dir(client.cryo) if not one.startswith("_")] == sorted(
        ["setpoint", "ramp", "vent", "count", "anneal", "label", "target"]
    )


def test_a_name_that_there_is_not_gets_the_nearest_one(client: PushClient) -> None:
    with pytest.raises(AttributeError, match="has no instrument 'cyro'; did you mean 'cryo'"):
        client.cyro  # noqa: B018  # that is the point
    with pytest.raises(AttributeError, match="has no method 'setpont'; did you mean 'setpoint'"):
        client.cryo.setpont  # noqa: B018  # that is the point
    assert not hasattr(client, "furnace")


def test_arguments_that_do_not_fit_are_not_sent(client: PushClient) -> None:
    with pytest.raises(TypeError, match=r"cryo.setpoint\(target: float\): there is no argument "
                       "'tarjet'; did you mean 'target'"):  # fmt: skip
        client.cryo.setpoint(tarjet=77)
    with pytest.raises(TypeError, match="missing a required argument: 'target'"):
        client.cryo.setpoint()
    with pytest.raises(TypeError, match="too many positional arguments"):
        client.cryo.vent(1)
    with pytest.raises(CommandRefused, match="the limits are 0 to 470 K"):  # values: the host says
        client.cryo.setpoint(900)


def test_private_names_ask_nobody() -> None:
    with Hand() as hand:
        for client in (PushClient("127.0.0.1", hand.port), AsyncPushClient("127.0.0.1", hand.port)):
            for probe in ("_repr_html_", "__deepcopy__", "_ipython_display_", "__len__"):
                assert not hasattr(client, probe)
            assert repr(copy.copy(client)) == repr(client)
            assert repr(copy.deepcopy(client)) == repr(client)
            assert repr(pickle.loads(pickle.dumps(client))) == repr(client)
        assert hand.waiting() == []


def test_the_description_is_asked_for_once_until_refreshed(host: Host) -> None:
    description = json.dumps(host.description()).encode()
    with Hand() as hand:
        client = PushClient("127.0.0.1", hand.port)
        result, request, address = hand.asked(lambda: repr(client.cryo))
        hand.answer(description, address)
        assert "<instrument cryo (furnace)" in result.result(5)
        assert request == b"describe"
        assert repr(client.cryo.setpoint)
        assert hand.waiting() == []
        hand.socket.settimeout(5)
        result, request, address = hand.asked(client.refresh)
        hand.answer(b'{"host": "another", "instruments": []}', address)
        result.result(5)
        with pytest.raises(AttributeError, match="'another' of UDP port"):
            client.cryo  # noqa: B018  # that is the point


def test_where_nobody_answers_a_shell_still_completes_the_own_names() -> None:
    with Hand() as hand:
        client = PushClient("127.0.0.1", hand.port)
    assert "command" in dir(client)
    with pytest.raises(NoAnswer):
        client.cryo  # noqa: B018  # that is the point


def test_another_push_socket_is_said_to_be_no_host() -> None:
    with DataPushSocket("old friend", 0, host="127.0.0.1") as server:
        client = PushClient("127.0.0.1", server.port)
        with pytest.raises(UnexpectedAnswer, match="is not a labframe host: a push socket answ"):
            client.cryo  # noqa: B018  # that is the point
    with (
        DataPullSocket("old friend", ["a"], 0, host="127.0.0.1") as pull,
        pytest.raises(UnexpectedAnswer, match="is not a labframe host: another pull socket"),
    ):
        PullClient("127.0.0.1", pull.port).describe()


def test_coroutines_call_methods_too(host: Host) -> None:
    port = host.commanding.port
    assert port is not None

    async def work() -> tuple[Any, ...]:
        async with AsyncPushClient("127.0.0.1", port) as client:
            first: str = repr(client.cryo.setpoint)
            done = await client.cryo.setpoint(76), await client.oven.ramp(rate=1)
            with pytest.raises(AttributeError, match="did you mean 'setpoint'"):
                await client.cryo.setpont(3)
            with pytest.raises(AttributeError, match="did you mean 'cryo'"):
                client.cyro  # noqa: B018  # that is the point
            assert "cryo" in dir(client)
            return first, done, str(inspect.signature(client.cryo.setpoint))

    first, done, signature = asyncio.run(work())
    assert first == "<method cryo.setpoint: the host is asked for it at its first call>"
    assert done == (76.0, 2.0)
    assert signature == "(target: float)"


def test_an_unknown_instrument_is_named_at_the_first_call_of_a_coroutine(host: Host) -> None:
    async def call() -> None:
        client = AsyncPushClient("127.0.0.1", host.commanding.port or 0)
        await client.cyro.setpoint(3)

    with pytest.raises(AttributeError, match="has no instrument 'cyro'; did you mean 'cryo'"):
        asyncio.run(call())


# The description itself.


def test_every_socket_describes_the_host(host: Host, client: PushClient) -> None:
    found = client.describe()

    assert (found.host, found.push_port) == ("test lab", host.commanding.port)
    assert found.default_instrument == "cryo"
    assert [*found.instruments] == ["cryo", "oven"]
    assert found.instruments["cryo"].state == "ok"
    assert found.instruments["cryo"].codenames["cryo_target"].unit == "K"
    setpoint = found.methods["cryo.setpoint"]
    assert found.method("setpoint") is found.method("cryo.setpoint") is setpoint
    assert (setpoint.safe_value, setpoint.arguments[0].limits) == (0, (0, 470))
    assert found.instruments["cryo"].unit_of(setpoint) == "K"
    assert [found.method(name) for name in ("nothing", "no.thing")] == [None, None]
    for other in (
        PullClient("127.0.0.1", host.port).describe(),
        asyncio.run(AsyncPullClient("127.0.0.1", host.port).describe()),
        read_description("127.0.0.1", host.port),
    ):
        assert other.methods == found.methods


def test_pages_become_one_description(host: Host) -> None:
    whole = host.description()
    many = pages(whole, 1500)
    with Hand() as hand:
        result, _, address = hand.asked(PullClient("127.0.0.1", hand.port).describe)
        hand.answer(many[0], address)
        for number, page in enumerate(many[1:], 2):
            request, address = hand.request()
            assert request == b"describe/%d" % number
            hand.answer(page, address)
        found: HostDescription = result.result(5)

    assert len(many) > 2
    assert [*found.methods] == [
        one["method"] for table in whole["instruments"] for one in table["methods"]
    ]
    assert [*found.instruments["oven"].codenames] == ["oven_target"]


def test_an_instrument_may_be_continued_on_the_next_page() -> None:
    codename = {"unit": "K", "quality": "ok", "age": 0.1, "socket": 9000}
    with Hand() as hand:
        result, _, address = hand.asked(PullClient("127.0.0.1", hand.port).describe)
        for number in (1, 2):
            table = {
                "name": "a", "codenames": {f"a_{number}": codename},
                "methods": [{"method": f"a.m{number}", "kind": "command"}],
            }  # fmt: skip
            page = {"page": number, "pages": 2, "instruments": [table]}
            hand.answer(json.dumps(page).encode(), address)
            if number == 1:
                _, address = hand.request()
        found: HostDescription = result.result(5)

    assert [*found.instruments["a"].codenames] == ["a_1", "a_2"]
    assert [*found.methods] == ["a.m1", "a.m2"]


def test_a_name_that_no_argument_can_have_is_named() -> None:
    page = {
        "instruments": [
            {"name": "a", "methods": [{"method": "a.b", "arguments": {"properties": {"x y": {}}}}]}
        ]
    }
    with Hand() as hand:
        result, _, address = hand.asked(PullClient("127.0.0.1", hand.port).describe)
        hand.answer(json.dumps(page).encode(), address)
        with pytest.raises(UnexpectedAnswer, match="'x y' is no name of an argument"):
            result.result(5)


@pytest.mark.parametrize(
    ("schema", "words", "kind"),
    [
        ({"type": "number"}, "number", "float"),
        ({"type": "number", "unit": "1"}, "number", "float"),
        ({"type": "number", "unit": "K"}, "number in K", "float"),
        ({"type": "integer", "minimum": 1}, "whole number, at least 1", "int"),
        ({"type": "number", "maximum": 0.5, "unit": "s"}, "number, at most 0.5 s", "float"),
        ({"enum": [1, 2], "unit": "s"}, "1 or 2 s", "Literal[1, 2]"),
        ({"type": "number", "enum": [0.5, 2.0]}, "0.5 or 2", "float"),
        ({"anyOf": [{"enum": ["a"]}, {"type": "null"}]}, "a or null", "Literal['a', None]"),
        (
            {"anyOf": [{"enum": ["a"]}, {"type": "null"}], "default": None},
            "a",
            "Literal['a', None]",
        ),
        (
            {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None, "minimum": 2},
            "number, at least 2",
            "float | None",
        ),
        ({"type": ["integer", "string"]}, "whole number or text", "int | str"),
        ({"type": "array"}, "list", "list"),
        ({"type": "null"}, "null", "None"),
        ({"type": "quaternion"}, "anything", "Any"),
        ({}, "anything", "Any"),
    ],
)
def test_a_schema_is_told_in_words_and_as_a_type(
    schema: dict[str, Any], words: str, kind: str
) -> None:
    assert in_words(schema) == words
    assert inspect.formatannotation(annotation(schema)) == kind
