"""What plugins give: drivers, simulators, and the results of their hooks, each kept apart."""

import logging
from pathlib import Path

import pytest
from plugin_files import (
    SINK,
    THERMOMETER,
    Install,
    files,
    installed,
    installer,
    load,
    sinks,
    status,
    write,
)

from labframe.config import ConfigurationError
from labframe.hookspecs import PluginContext
from labframe.plugins import Condition


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    return installer(tmp_path, monkeypatch)


# Drivers and simulators.


def test_the_driver_of_a_file_takes_the_place_of_an_installed_one(
    install: Install, tmp_path: Path
) -> None:
    simulator = "@hookimpl\ndef labframe_simulators(): return {'thermometer': LineSimulator}"
    code = THERMOMETER + simulator
    install("labframe-oven", {"aaa": "oven_replaced"}, {"oven_replaced": code})
    name = write(tmp_path / "mine.py", THERMOMETER)

    plugins = installed("labframe-oven", files=[name], directory=tmp_path)

    assert plugins.drivers()["thermometer"].__module__ == "labframe_file_plugin_mine"
    assert list(plugins.simulators()) == ["thermometer"]
    replaced = status(plugins, "aaa")
    assert (replaced.condition, replaced.reason) == (Condition.LOADED, "")
    assert replaced.note == (
        f"driver 'thermometer': that of {tmp_path / 'mine.py'} takes its place"
    )


def test_of_two_installed_drivers_with_one_name_the_first_plugin_provides_it(
    install: Install,
) -> None:
    points = {"zzz": "oven_last", "aaa": "oven_first"}
    install("labframe-oven", points, {"oven_last": THERMOMETER, "oven_first": THERMOMETER})

    plugins = installed("labframe-oven")

    assert plugins.drivers()["thermometer"].__module__ == "oven_first"
    assert status(plugins, "zzz").condition is Condition.FAILED
    assert status(plugins, "zzz").reason == (
        "driver 'thermometer' is provided by plugin 'aaa' already"
    )


@pytest.mark.parametrize("order", ["3, Good", "Good, 3"])
def test_one_wrong_thing_in_a_list_leaves_the_others(tmp_path: Path, order: str) -> None:
    good = f"""
class Good(Instrument): pass

@hookimpl
def labframe_instruments(): return [{order}]
"""
    plugins = load(tmp_path, good, SINK)

    assert list(plugins.drivers()) == ["good"]
    assert sinks(plugins) != []
    assert status(plugins).condition is Condition.LOADED
    assert status(plugins).reason == "labframe_instruments gave 3, not a driver class"


def test_the_class_instrument_itself_is_no_driver(tmp_path: Path) -> None:
    plugins = load(tmp_path, "@hookimpl\ndef labframe_instruments(): return [Instrument]")

    assert plugins.drivers() == {}
    assert "not a driver class" in status(plugins).reason


def test_simulators_are_found_by_their_driver(tmp_path: Path) -> None:
    code = "@hookimpl\ndef labframe_simulators(): return {'oven': LineSimulator, 'bad': 3}"

    plugins = load(tmp_path, code)

    assert list(plugins.simulators()) == ["oven"]
    assert status(plugins).reason == "labframe_simulators gave 3 for 'bad'"


def test_a_missing_driver_names_the_nearest(tmp_path: Path) -> None:
    plugins = load(tmp_path, THERMOMETER)

    assert plugins.why_no_driver("termometer") == (
        "there is no such driver; did you mean 'thermometer'? There are: thermometer."
    )


def test_a_missing_driver_names_the_plugins_that_may_have_had_it(tmp_path: Path) -> None:
    write(tmp_path / "lab.py", THERMOMETER)
    write(tmp_path / "thermometre.py", "import no_such_library")
    plugins = files(tmp_path, "lab.py", "thermometre.py")

    far = plugins.why_no_driver("lakeshore")
    near = plugins.why_no_driver("thermometre")

    assert "no_such_library" in far
    assert "did you mean 'thermometer'?" in near
    assert "plugin thermometre (" in near
    assert "no_such_library" not in plugins.why_no_driver("termometer")


def test_a_missing_driver_asks_for_its_file_where_all_is_well(tmp_path: Path) -> None:
    plugins = load(tmp_path, THERMOMETER)

    assert plugins.why_no_driver("xyz").endswith('missing in plugins = ["./driver.py"]?')


# Calling hooks.


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise OSError('no database')", "raised OSError: no database (lab.py, line 7)"),
        ("raise SystemExit(2)", "raised SystemExit: 2 (lab.py, line 7)"),
        ("['forgotten']", "returned None: is `return` missing?"),
    ],
)
def test_a_hook_that_fails_leaves_the_others_results(
    tmp_path: Path, body: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "lab.py", f"@hookimpl\ndef labframe_sinks(context):\n    {body}")
    write(tmp_path / "well.py", "@hookimpl\ndef labframe_sinks(): return ['sink']")
    plugins = files(tmp_path, "lab.py", "well.py")

    first, second = sinks(plugins), sinks(plugins)

    assert first == second == [("well", ["sink"])]
    assert status(plugins).condition is Condition.FAILED
    assert status(plugins).reason == f"labframe_sinks {reason}"
    assert len(caplog.records) == 1
    assert status(plugins, "well").condition is Condition.LOADED


@pytest.mark.parametrize("value", ["'sink'", "3", "{'a': 1}", "(n for n in [])"])
def test_a_hook_that_returns_no_list_is_noted(tmp_path: Path, value: str) -> None:
    plugins = load(tmp_path, f"@hookimpl\ndef labframe_sinks(context): return {value}")

    assert plugins.listed("labframe_sinks", "lab", context=PluginContext("lab")) == []
    assert status(plugins).reason.startswith("labframe_sinks returned ")
    assert status(plugins).reason.endswith(", not a list")


def test_simulators_that_are_no_mapping_are_noted(tmp_path: Path) -> None:
    plugins = load(tmp_path, "@hookimpl\ndef labframe_simulators(): return [LineSimulator]")

    assert plugins.simulators() == {}
    assert "not a mapping by driver" in status(plugins).reason


def test_a_list_that_raises_when_it_is_read_is_noted(tmp_path: Path) -> None:
    code = """
class Lazy(list):
    def __iter__(self): raise OSError("no bus")

@hookimpl
def labframe_instruments(): return Lazy()
"""
    plugins = load(tmp_path, code)

    assert plugins.drivers() == {}
    assert status(plugins).reason == "labframe_instruments raised OSError: no bus (lab.py, line 7)"


def test_a_failing_hook_leaves_the_other_hooks_of_its_plugin(tmp_path: Path) -> None:
    code = "@hookimpl\ndef labframe_instruments(): raise OSError('no list')"

    plugins = load(tmp_path, code, SINK)

    assert plugins.drivers() == {}
    assert sinks(plugins) == [("lab", ["sink of any"])]


def test_a_wrong_section_of_a_plugin_stops_the_start(tmp_path: Path) -> None:
    code = "@hookimpl\ndef labframe_sinks(context): raise context.error('path = 3', 'not a path')"
    plugins = load(tmp_path, code)

    with pytest.raises(ConfigurationError) as error:
        sinks(plugins)

    assert error.value.problems == ("lab.toml: [plugin.any] path = 3: not a path",)


def test_without_a_section_a_configuration_error_is_like_any_other(tmp_path: Path) -> None:
    plugins = load(
        tmp_path, "@hookimpl\ndef labframe_instruments(): raise ConfigurationError(['no'])"
    )

    assert plugins.drivers() == {}
    assert "raised ConfigurationError: no" in status(plugins).reason


def test_ctrl_c_in_a_hook_stops_the_program(tmp_path: Path) -> None:
    plugins = load(tmp_path, "@hookimpl\ndef labframe_sinks(): raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        sinks(plugins)


def test_a_hook_of_the_command_line_returns_nothing(tmp_path: Path) -> None:
    plugins = load(tmp_path, "@hookimpl\ndef labframe_cli(cli): cli.append('export')")
    added: list[str] = []

    plugins.call("labframe_cli", cli=added)

    assert added == ["export"]
    assert status(plugins).reason == ""


def test_only_the_plugin_that_is_asked_is_called(tmp_path: Path) -> None:
    write(tmp_path / "one.py", SINK)
    write(tmp_path / "two.py", SINK)
    plugins = files(tmp_path, "one.py", "two.py")

    given = plugins.listed("labframe_sinks", "two", context=PluginContext("two"))

    assert given == ["sink of two"]
    assert plugins.names == ("one", "two")


def test_what_the_host_notes_is_shown_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plugins = load(tmp_path, SINK)

    plugins.note("lab", "its sink is full")
    plugins.note("lab", "its sink is full")

    assert status(plugins).reason == "its sink is full"
    assert [(r.levelno, r.getMessage()) for r in caplog.records] == [
        (logging.WARNING, "plugin lab: its sink is full")
    ]
