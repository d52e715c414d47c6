"""The page about commands has the codes, keys and limits of the code, and nothing else."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from udp import ask

from labframe import Event, Host, Instrument, NoValue, command, hookimpl, reading
from labframe.commands import answers, interlocks, memory, records, request, router
from labframe.host import status
from labframe.plugins import Plugins
from labframe.protocol import commands as limits
from labframe.worker import worker


class Furnace(Instrument):
    """A furnace with two zones."""

    driver = "furnace"
    channels = ("left", "right")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._target = 20.0

    @reading(unit="°C", every=0.05)
    def target(self) -> float:
        return self._target

    @reading(unit="°C", every=0.05, channels=True)
    def zones(self) -> dict[str, float | NoValue]:
        return {"left": self._target, "right": NoValue("the sensor is off")}

    @command(
        unit="°C", limits=(0, 1200), safe_value=20, dangerous=True, read_back="target",
        after_reconnect="reapply",
    )  # fmt: skip
    def set_target(self, target: float) -> None:
        """Set the temperature of both zones."""
        self._target = target

    @command()
    def vent(self) -> None:
        """Open the valve, which is stuck."""
        raise OSError("stuck")


class Absent(Furnace):
    driver = "absent"

    def connect(self) -> None:
        raise OSError("switched off")


class Sink:
    name = "kept"

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, readings: object) -> None: ...

    def event(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None: ...


class Given:
    name, dist = "given", None

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    @hookimpl
    def labframe_instruments(self) -> list[type[Instrument]]:
        return [Furnace, Absent]

    @hookimpl
    def labframe_sinks(self, context: object) -> list[Sink]:
        del context
        return [self._sink]

    def load(self) -> object:
        return self


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def host(tmp_path: Path, sink: Sink) -> Iterator[Host]:
    configuration = {
        "network": {"date_port": 0, "data_port": 0, "push_port": 0, "live_server": False},
        "instrument": {"furnace": {"driver": "furnace"}, "absent": {"driver": "absent"}},
    }
    plugins = Plugins(entry_points=[Given(sink)])  # type: ignore[list-item]  # has what is used
    with Host(configuration, plugins=plugins, state_dir=tmp_path) as made:
        made.wait_fresh("furnace_target")
        yield made


@pytest.fixture
def page(docs: Path) -> str:
    return (docs / "reference" / "commands.md").read_text("utf-8")


def push(host: Host, method: str, **values: object) -> str:
    port = host.commanding.port
    assert port is not None
    method = method if "." in method else f"furnace.{method}"
    return ask(port, "json_wn#" + json.dumps({"method": method, **values}))


def table(page: str, after: str) -> list[list[str]]:
    """Return the cells of the table after a text."""
    text = page.partition(after)[2]
    assert text, after
    rows = re.search(r"^\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert rows is not None
    return [[c.strip() for c in row.strip("|").split(" | ")] for row in rows[1].splitlines()]


def keys(page: str, after: str) -> set[str]:
    return {name for row in table(page, after) for name in re.findall("`(.+?)`", row[0])}


def test_the_codes_are_those_of_the_code(page: str) -> None:
    shown = {code.strip("`"): meaning for code, _, meaning in table(page, "### Codes")}

    assert list(shown.items()) == list(answers.CODES.items())


def test_the_codes_after_excep_are_of_commands_that_were_begun(page: str) -> None:
    after = {code.strip("`"): before.strip("`") for code, before, _ in table(page, "### Codes")}
    excep = {code for code, before in after.items() if before == "EXCEP#"}

    assert set(after.values()) == {"ERROR#", "EXCEP#"}
    assert excep == {answers.FAILED, "READ_BACK", answers.UNKNOWN}


def test_the_names_of_a_request_are_those_of_the_code(page: str) -> None:
    assert keys(page, "## Request") == {"method", *request._OWN}


def test_the_limits_are_those_of_the_code(page: str) -> None:
    shown = dict(table(page, "## Limits"))

    assert list(shown.values()) == [
        f"{limits.DEADLINE_S:g} s",
        f"{limits.SHORTEST_DEADLINE_S:g} to {limits.LONGEST_DEADLINE_S:g} s",
        f"{request._LONGEST_ID} characters",
        f"{memory.KEPT_S:g} s",
        f"{memory._MOST:,}",
        f"{memory._MOST_BYTES:,} bytes",
        f"{router._MOST_WAITING:,}",
        f"{interlocks._PATIENCE_S:g} s",
        f"{worker._PATIENCE:g} of its interval",
        f"{records._LONGEST_ANSWER:,} bytes",
        f"{status.MOST_BYTES:,} bytes",
    ]
    assert f"at most {request._LONGEST_ID} printable" in page
    assert f"cut after {answers._LONGEST:,} characters" in page
    assert page.count(f"cut after {records._SHOWN} characters") == 2


def test_the_keys_of_describe_are_those_of_an_answer(host: Host, page: str) -> None:
    answer = json.loads(ask(host.port, "describe"))
    furnace = answer["instruments"][0]
    methods = {one["method"]: one for one in furnace["methods"]}

    assert keys(page, "On the answer itself:") == answer.keys()
    assert keys(page, "Of each instrument:") == furnace.keys()
    assert keys(page, "Of each codename:") == furnace["codenames"]["furnace_target"].keys()
    assert keys(page, "Of each method:") == methods["furnace.set_target"].keys()
    assert methods["furnace.set_target"]["safe_value"] == 20
    assert methods["furnace.target"].keys() == {"method", "kind", "label", "arguments"}
    for request_, _ in table(page, "it changes nothing. The answer is JSON."):
        for one in re.findall("`(.+?)`", request_):
            asked = one.replace("cryo", "furnace").replace("setpoint", "set_target")
            answered = ask(host.port, asked.replace("_temperature", "_target"))
            assert answered.startswith("ERROR#" if "/2" in one else "{"), answered


def test_the_keys_of_a_dry_run_are_those_of_an_answer(host: Host, page: str) -> None:
    answer = json.loads(push(host, "set_target", target=30, _dry_run=True).removeprefix("RET#"))

    assert keys(page, "### Dry run") == answer.keys()
    assert host.command("furnace.target") == 20.0


def test_a_reading_that_is_called_leaves_out_what_has_no_value(host: Host) -> None:
    assert push(host, "zones") == 'RET#{"left": 20.0, "right": null}'


def test_the_keys_of_the_audit_are_those_of_its_records(host: Host, page: str) -> None:
    push(host, "set_target", target=30, _id="a1")
    push(host, "vent")
    push(host, "set_target", target=3000, _id="a2")
    assert push(host, "absent.vent").startswith("ERROR#NOT_CONNECTED: absent.vent: not executed")
    lines = host.commanding.audit_file.read_text("utf-8").splitlines()
    found: dict[str, set[str]] = {}
    for record in map(json.loads, lines):
        found.setdefault(record["event"], set()).update(record)
    shown: dict[str, set[str]] = {event: set() for event in ("begin", "end", "refused")}
    for name, events, _ in table(page, "a line `refused` alone."):
        for event in shown:
            if events in ("all", "if it has an id") or f"`{event}`" in events:
                shown[event].update(re.findall("`(.+?)`", name))

    assert shown == found
    assert {json.loads(line).get("outcome") for line in lines} == {
        None,
        "done",
        "refused",
        "failed",
    }


def test_the_keys_of_an_event_are_those_of_the_page(host: Host, sink: Sink, page: str) -> None:
    push(host, "set_target", target=30)
    push(host, "set_target", target=3000)
    until = time.monotonic() + 5.0
    while len(events := [e for e in sink.events if e.kind == "command"]) < 2:
        assert time.monotonic() < until
        time.sleep(0.01)

    executed, refused = sorted(events, key=lambda event: event.source)  # told by two threads
    assert (executed.source, refused.source) == ("furnace", "host")
    assert keys(page, "and `fields` has") == executed.fields.keys()
    assert set(refused.fields) == {"method", "arguments", "sender", "outcome", "answer"}


def test_a_single_value_is_wrapped_in_the_raw_format(page: str) -> None:
    answer = answers.returned("cryo.temperature", 77.5, "raw").decode()

    assert f"`{answer}`" in page
