"""Interlocks: asked before each command, and fail closed."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from commandlab import (
    ONE,
    CommandPlugin,
    Latch,
    code,
    furnaces,
    held_up,
    host_of,
    recorded,
    said,
    simulated,
)
from labhost import Entry, until

from labframe import ConfigurationError, Host, hookimpl
from labframe.plugins import Plugins


class Interlock:
    """An interlock that does what its test wants."""

    def __init__(
        self,
        check: Callable[..., Any] = lambda command, look: None,
        guards: tuple[str, ...] = ("oven.*",),
        needs: tuple[str, ...] = (),
        name: str = "door",
    ) -> None:
        self.check = check
        self.guards = guards
        self.needs = needs
        self.name = name


def _raising(error: BaseException) -> Callable[..., Any]:
    def check(command: Any, look: Any) -> None:
        raise error

    return check


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even its text")


@pytest.fixture
def latch() -> Iterator[Latch]:
    made = Latch()
    yield made
    made.release()


def _host(state_dir: Path, *interlocks: Any, names: tuple[str, ...] = ("oven",)) -> Host:
    return host_of(state_dir, CommandPlugin(interlocks=interlocks), furnaces(*names))


def _ready(host: Host) -> Host:
    for name in ("oven", "kiln"):
        if f"{name}_temperature" in host.codenames:
            host.wait_fresh(f"{name}_temperature")
    return host


def test_an_interlock_sees_the_command_and_the_readings_and_allows_it(tmp_path: Path) -> None:
    seen: list[Any] = []

    def check(command: Any, look: Any) -> None:
        seen.append((command, look("oven_temperature").y, look("oven_setpoint_now")))

    with _host(tmp_path, Interlock(check, needs=("oven_temperature",))) as host:
        _ready(host)
        assert said(host, "oven.ramp", target=50, _id="a1").startswith("RET#")
        ((command, temperature, setpoint),) = seen
        assert (command.method, command.instrument, command.name) == ("oven.ramp", "oven", "ramp")
        assert command.arguments == {"target": 50.0, "rate": 10.0}
        assert (command.sender, command.id) == ("127.0.0.1", "a1")
        assert (temperature, setpoint) == (295.5, None)
        assert said(host, "oven.temperature") == "RET#295.5"
        assert len(seen) == 1, "a reading changes nothing, and is not asked about"


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (_raising(RuntimeError("the door is open")), "interlock door refuses: the door is open"),
        (_raising(ValueError()), "interlock door refuses: ValueError"),
        (_raising(TimeoutError("the valve is slow")), "interlock door refuses: the valve is slow"),
        (_raising(TimeoutError()), "interlock door refuses: TimeoutError"),
        (_raising(SystemExit(3)), "interlock door refuses: 3"),
        (_raising(KeyboardInterrupt()), "interlock door refuses: KeyboardInterrupt"),
        (_raising(Unspeakable()), "interlock door refuses: Unspeakable"),
        (lambda command, look: True, "its check returned True; it must return None to allow"),
        (lambda command, look: False, "its check returned False"),
        (lambda command: None, "interlock door refuses: "),
        (lambda command, look: look("nothing"), "the host has no codename 'nothing'"),
    ],
)
def test_whatever_is_not_a_plain_return_refuses(
    tmp_path: Path, check: Callable[..., Any], text: str
) -> None:
    with _host(tmp_path, Interlock(check), names=("oven", "kiln")) as host:
        _ready(host)
        answer = said(host, "oven.add", number=1, _id="a")
        assert code(answer) == "ERROR#INTERLOCKED"
        assert text in answer
        assert said(host, "oven.add", number=1, _id="a") == answer
        assert code(said(host, "oven.add", number=1, _dry_run=True)) == "ERROR#INTERLOCKED"
        assert simulated(host).count == 0
        assert [one["outcome"] for one in recorded(host, "end")] == ["refused"]
        assert said(host, "kiln.add", number=1) == "RET#1001", "it is not asked about that one"


def test_an_interlock_that_hangs_refuses_within_half_a_second_and_then_at_once(
    tmp_path: Path, latch: Latch
) -> None:
    door = Interlock(lambda command, look: latch.hold())
    with _host(tmp_path, door, names=("oven", "kiln")) as host:
        _ready(host)
        began = time.monotonic()
        answer = said(host, "oven.add", number=1, _id="a")
        assert 0.4 < time.monotonic() - began < 0.8
        assert answer == (
            "ERROR#INTERLOCKED: oven.add: interlock door (plugin test) does not answer within 0.5 s"
        )
        for _ in range(5):
            began = time.monotonic()
            assert said(host, "oven.add", number=2) == answer
            assert time.monotonic() - began < 0.3
        assert any("interlock door has not answered for" in text for text in host.problems)
        latch.release()
        until(lambda: latch.passed == 1)
        assert said(host, "oven.add", number=3) == "RET#1003"
        assert simulated(host).numbers == [3]
        assert host.problems == []
        assert said(host, "oven.add", number=1, _id="a") == answer


def test_an_interlock_that_hangs_disturbs_no_other_line(tmp_path: Path, latch: Latch) -> None:
    door = Interlock(lambda command, look: latch.hold())
    with (
        _host(tmp_path, door, names=("oven", "kiln")) as host,
        ThreadPoolExecutor(1) as pool,
    ):
        _ready(host)
        refused = pool.submit(said, host, "oven.add", number=1)
        latch.entered()
        began = time.monotonic()
        for number in range(20):
            assert said(host, "kiln.add", number=number) == f"RET#{number + 1000}"
        assert time.monotonic() - began < 0.4
        assert code(refused.result()) == "ERROR#INTERLOCKED"
        kiln = next(member for member in host.members if member.name == "kiln")
        assert max(kiln.latenesses()) < 0.1


def test_a_deadline_that_passes_while_an_interlock_is_asked_is_a_refusal(
    tmp_path: Path, latch: Latch
) -> None:
    slow = Latch()
    latches = {1: latch, 2: slow}
    door = Interlock(lambda command, look: latches[command.arguments["number"]].hold())
    with _host(tmp_path, door) as host, ThreadPoolExecutor(1) as pool:
        _ready(host)
        assert code(said(host, "oven.add", number=1, _deadline=0.1)) == "ERROR#INTERLOCKED"
        latch.release()
        until(lambda: latch.passed)
        began = time.monotonic()
        answer = pool.submit(said, host, "oven.add", number=2, _deadline=0.1)
        slow.entered()
        until(lambda: time.monotonic() - began > 0.15)
        slow.release()
        assert code(answer.result()) == "ERROR#EXPIRED"
        assert simulated(host).count == 0


def test_a_driver_without_a_line_is_not_called_when_the_deadline_passed_meanwhile(
    tmp_path: Path, latch: Latch
) -> None:
    driver = Latch()
    driver.release()
    plugin = CommandPlugin(
        [held_up(driver)], interlocks=[Interlock(lambda c, look: latch.hold(), ("x.*",))]
    )
    with (
        host_of(tmp_path, plugin, {"x": {"driver": "held_up"}}, simulate=False) as host,
        ThreadPoolExecutor(1) as pool,
    ):
        until(lambda: host.members[0].connected)
        began = time.monotonic()
        answer = pool.submit(said, host, "x.wait", _deadline=0.1)
        latch.entered()
        until(lambda: time.monotonic() - began > 0.15)
        latch.release()
        assert code(answer.result()) == "ERROR#EXPIRED"
        assert driver.passed == 0
        assert said(host, "x.wait") == 'RET#"done"'


def test_every_interlock_that_is_for_a_command_is_asked(tmp_path: Path) -> None:
    asked: list[str] = []
    doors = [
        Interlock(lambda c, look, n=name: asked.append(n), guards, name=name)
        for name, guards in (
            ("all", ("*",)),
            ("one", ("oven.add",)),
            ("two", ("oven.stop", "oven.a*")),
            ("none", ("kiln.*",)),
        )
    ]
    with _host(tmp_path, *doors, names=("oven", "kiln")) as host:
        _ready(host)
        dry = json.loads(said(host, "oven.add", number=1, _dry_run=True).removeprefix("RET#"))
        assert dry["interlocks"] == ["all", "one", "two"]
        assert asked == ["all", "one", "two"]
        assert simulated(host).count == 0
        assert said(host, "oven.add", number=1) == "RET#1001"
        assert asked == ["all", "one", "two"] * 2


def test_a_dry_run_says_what_would_be_sent_and_where(tmp_path: Path) -> None:
    with _host(tmp_path) as host:
        _ready(host)
        dry = json.loads(said(host, "oven.ramp", target=50, _dry_run=True).removeprefix("RET#"))
        assert dry == {
            "dry_run": True,
            "method": "oven.ramp",
            "arguments": {"target": 50.0, "rate": 10.0},
            "would_send": "oven.ramp(target = 50.0 K, rate = 10.0 K/min)",
            "to": host.instruments[0].port,
            "interlocks": [],
        }
        assert code(said(host, "oven.ramp", target=999, _dry_run=True)) == "ERROR#OUT_OF_RANGE"
        assert simulated(host).asked_for == []
        assert not (host.state_dir / "commands.jsonl").exists() or len(recorded(host)) == 1


# What is missing.


def test_an_interlock_that_speaks_of_what_there_is_not_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _host(tmp_path, Interlock(guards=("oven.sotp", "kiln.*"), needs=("oven_temprature",)))
    text = str(caught.value)
    assert "interlock door: there is no codename 'oven_temprature'; did you mean" in text
    assert "interlock door: no command is called 'oven.sotp'; did you mean 'oven.stop'?" in text
    assert "interlock door: no command is called 'kiln.*'" in text
    with pytest.raises(ConfigurationError, match=r"no command is called 'oven\.temperature'"):
        _host(tmp_path, Interlock(guards=("oven.temperature",)))


class Raises:
    @hookimpl
    def labframe_interlocks(self) -> Any:
        raise RuntimeError("no interlocks today")


class Forgets:
    @hookimpl
    def labframe_interlocks(self) -> Any:
        return None


class Alone:
    @hookimpl
    def labframe_interlocks(self) -> Any:
        return Interlock()


class Nonsense:
    @hookimpl
    def labframe_interlocks(self) -> Any:
        return [object()]


@pytest.mark.parametrize(
    "plugin", [Raises(), Forgets(), Alone(), Nonsense()], ids=lambda p: type(p).__name__
)
def test_a_plugin_whose_interlocks_cannot_be_had_refuses_every_command(
    tmp_path: Path, plugin: object
) -> None:
    with host_of(tmp_path, more=[Entry(plugin, "guard")]) as host:
        _ready(host)
        answer = said(host, "oven.add", number=1)
        assert answer.startswith(
            "ERROR#INTERLOCKED: oven.add: an interlock is missing (plugin guard"
        )
        assert "leave it out with [host] blocked_plugins" in answer
        assert code(said(host, "oven.add", number=1, _dry_run=True)) == "ERROR#INTERLOCKED"
        assert said(host, "oven.temperature") == "RET#295.5"
        assert any("so every command is refused" in text for text in host.problems)
        assert simulated(host).count == 0


FILES = {
    "it does not import": "import nothing_of_that_name\n",
    "it is no Python": "def (:\n",
    "the marker is missing": "def labframe_interlocks():\n    return []\n",
    "the hook is misspelt": (
        "from labframe import hookimpl\n@hookimpl\ndef labframe_interlock():\n    return []\n"
    ),
    "it is for a later labframe": (
        "from labframe import hookimpl\nlabframe_api = 99\n"
        "@hookimpl\ndef labframe_interlocks():\n    return []\n"
    ),
    "it is empty": "",
    "it is absent": None,
}


@pytest.mark.parametrize("what", FILES)
def test_a_configured_file_that_gives_no_plugin_refuses_every_command(
    tmp_path: Path, what: str
) -> None:
    text = FILES[what]
    if text is not None:
        (tmp_path / "guard.py").write_text(text)
    (tmp_path / "furnaces.py").write_text(
        "from commandlab import Furnace, SimulatedFurnace\n"
        "from labframe import hookimpl\n"
        "@hookimpl\ndef labframe_instruments():\n    return [Furnace]\n"
        "@hookimpl\ndef labframe_simulators():\n    return {'furnace': SimulatedFurnace}\n"
    )
    files = ("furnaces.py", "guard.py")
    config = {
        "host": {"name": "test lab", "state_dir": str(tmp_path / "state")},
        "network": {"date_port": 0, "data_port": 0, "push_port": 0, "live_server": False},
        "plugins": list(files),
        "instrument": ONE,
    }
    plugins = Plugins(files, tmp_path, entry_points=[])
    with Host(config, simulate=True, plugins=plugins) as host:
        _ready(host)
        answer = said(host, "oven.add", number=1)
        assert answer.startswith("ERROR#INTERLOCKED: oven.add: an interlock is missing (plugin gu")
        assert simulated(host).count == 0


def test_a_plugin_that_is_installed_and_not_configured_may_be_broken(tmp_path: Path) -> None:
    with host_of(tmp_path, more=[Entry(ImportError("no such module"), "stranger")]) as host:
        _ready(host)
        assert said(host, "oven.add", number=1) == "RET#1001"
