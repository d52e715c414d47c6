"""Plugins from files and from installed distributions: found, checked, required, left out."""

import importlib.metadata
import sys
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
from labframe.plugins import API_VERSION, Condition, Plugins, PluginStatus


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    return installer(tmp_path, monkeypatch)


# Where plugins are from.


def test_a_file_of_the_configuration_gives_its_driver(tmp_path: Path) -> None:
    plugins = load(tmp_path, THERMOMETER)

    assert list(plugins.drivers()) == ["thermometer"]
    assert status(plugins) == PluginStatus(
        name="lab",
        source=str(tmp_path / "lab.py"),
        condition=Condition.LOADED,
        hooks=("labframe_instruments",),
        drivers=("thermometer",),
    )


def test_an_installed_distribution_is_found_by_its_entry_point(install: Install) -> None:
    install("labframe-oven", {"oven": "oven_driver"}, {"oven_driver": THERMOMETER})

    plugins = installed("labframe-oven")

    assert list(plugins.drivers()) == ["thermometer"]
    assert status(plugins, "oven").source == "labframe-oven 1.2"
    assert status(plugins, "oven").drivers == ("thermometer",)


def test_without_a_word_all_installed_plugins_are_loaded(install: Install) -> None:
    install("labframe-oven", {"oven": "oven_driver"}, {"oven_driver": THERMOMETER})

    names = [one.name for one in Plugins().statuses]

    assert "oven" in names
    assert "xgs600" in names


def test_an_instance_of_a_class_may_be_a_plugin(install: Install) -> None:
    code = """
class Plugin:
    @hookimpl
    def labframe_sinks(self, context):
        return ["sink"]

plugin = Plugin()
"""
    install("labframe-oven", {"oven": "oven_object:plugin"}, {"oven_object": code})

    assert sinks(installed("labframe-oven")) == [("oven", ["sink"])]


def test_a_class_is_no_plugin(install: Install) -> None:
    install("labframe-oven", {"oven": "oven_class:Plugin"}, {"oven_class": "class Plugin: pass"})

    assert status(installed("labframe-oven"), "oven") == PluginStatus(
        name="oven",
        source="labframe-oven 1.2",
        condition=Condition.LEFT_OUT,
        reason="it is the class Plugin, not a module or an instance of a class",
    )


def test_a_distribution_without_a_description_is_loaded(install: Install, tmp_path: Path) -> None:
    install("labframe-bare", {"bare": "bare_driver"}, {"bare_driver": THERMOMETER})
    (tmp_path / "site-labframe-bare" / "labframe_bare-1.2.dist-info" / "METADATA").unlink()
    points = [o for o in importlib.metadata.entry_points(group="labframe") if o.name == "bare"]

    plugins = Plugins(entry_points=points)

    assert status(plugins, "bare").source == "installed"
    assert list(plugins.drivers()) == ["thermometer"]


def test_two_hosts_of_one_program_have_plugins_of_their_own(tmp_path: Path) -> None:
    first = load(tmp_path, THERMOMETER)
    second = files(tmp_path)

    assert list(first.drivers()) == ["thermometer"]
    assert second.statuses == ()


# Plugins that do not load.


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("raise SystemExit(3)", "SystemExit: 3 (lab.py, line 5)"),
        ("def labframe_sinks(:", "SyntaxError: invalid syntax (lab.py, line 5)"),
        ("def __getattr__(name): raise OSError(name)", "OSError: labframe_api (lab.py, line 5)"),
    ],
)
def test_a_plugin_whose_import_fails_breaks_nothing_else(
    tmp_path: Path, code: str, reason: str
) -> None:
    write(tmp_path / "lab.py", code)
    write(tmp_path / "well.py", SINK)

    plugins = files(tmp_path, "lab.py", "well.py")

    assert [name for name, _ in sinks(plugins)] == ["well"]
    assert status(plugins).condition is Condition.FAILED
    assert status(plugins).reason.startswith(f"it does not load: {reason}")
    assert "labframe_file_plugin_lab" not in sys.modules or "__getattr__" in code


def test_an_entry_point_whose_import_fails_breaks_nothing_else(install: Install) -> None:
    points = {"broken": "oven_broken", "gone": "oven_gone", "well": "oven_well"}
    install("labframe-oven", points, {"oven_broken": "raise SystemExit(1)", "oven_well": SINK})

    plugins = installed("labframe-oven")

    assert [name for name, _ in sinks(plugins)] == ["well"]
    assert "SystemExit: 1 (oven_broken.py, line 5)" in status(plugins, "broken").reason
    assert "No module named 'oven_gone'" in status(plugins, "gone").reason


def test_ctrl_c_while_a_plugin_is_imported_stops_the_program(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path, "raise KeyboardInterrupt")


def test_a_file_that_is_not_there_is_shown_with_those_that_are(tmp_path: Path) -> None:
    write(tmp_path / "lakeshore.py", SINK)

    plugins = files(tmp_path, "lakesore.py")

    assert status(plugins, "lakesore").condition is Condition.FAILED
    assert status(plugins, "lakesore").reason == (
        f"there is no such file. In {tmp_path} there are: lakeshore.py."
    )


def test_a_file_that_is_no_python_is_said_to_be_none(tmp_path: Path) -> None:
    plugins = files(tmp_path, write(tmp_path / "lab.toml"))

    assert "its name must end with .py" in status(plugins).reason


def test_what_is_left_out_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    load(tmp_path, "raise OSError('no library')").drivers()

    assert [record.getMessage() for record in caplog.records] == [
        f"plugin lab ({tmp_path / 'lab.py'}) is left out: "
        "it does not load: OSError: no library (lab.py, line 5)"
    ]


# Misspelt, unmarked, from another time.


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "@hookimpl\ndef labframe_sink(context): return []",
            "there is no hook labframe_sink; did you mean labframe_sinks?",
        ),
        (
            "@hookimpl\ndef labfram_instruments(): return []",
            "there is no hook labfram_instruments; did you mean labframe_instruments?",
        ),
        (
            "@hookimpl(specname='labframe_sinkz')\ndef mine(context): return []",
            "there is no hook labframe_sinkz; did you mean labframe_sinks?",
        ),
        ("@hookimpl\ndef pressure(): return []", "there is no hook pressure; there are: labframe_"),
        ("def labframe_instruments(): return []", "labframe_instruments is not marked with"),
        (
            "def labframe_instrument(): return []",
            "there is no hook labframe_instrument; did you mean labframe_instruments, with",
        ),
        (
            "@hookimpl\ndef labframe_services(contxt): return []",
            "Plugin 'lab' for hook 'labframe_services' hookimpl definition: ",
        ),
        ("labframe_api = 99", "it is written for labframe_api = 99; this labframe has 1: install"),
        ("labframe_api = '1'", "labframe_api = '1': write a whole number: 1"),
    ],
)
def test_a_plugin_that_is_written_wrongly_is_left_out_whole(
    tmp_path: Path, code: str, reason: str
) -> None:
    plugins = load(tmp_path, code, SINK)

    assert status(plugins).condition is Condition.LEFT_OUT
    assert status(plugins).reason.startswith(reason)
    assert sinks(plugins) == []


@pytest.mark.parametrize(
    "code",
    [
        f"labframe_api = {API_VERSION}",
        "@hookimpl(optionalhook=True)\ndef labframe_sinkz(context): return []",
        "def labframe_temperature(): return 20",
        "import labframe_drivers",
    ],
)
def test_what_only_looks_like_a_mistake_is_none(tmp_path: Path, code: str) -> None:
    plugins = load(tmp_path, code, SINK)

    assert status(plugins).reason == ""
    assert status(plugins).hooks == ("labframe_sinks",)


def test_a_plugin_without_any_hook_is_told_so(tmp_path: Path) -> None:
    plugins = load(tmp_path, "x = 1")

    assert status(plugins).condition is Condition.FAILED
    assert status(plugins).reason == "it implements no hook; is @hookimpl missing?"


# Blocked, required, twice.


def test_a_blocked_plugin_is_not_imported(tmp_path: Path) -> None:
    write(tmp_path / "lab.py", "raise OSError('imported')")

    plugins = files(tmp_path, "lab.py", blocked=("lab",))

    assert status(plugins).condition is Condition.BLOCKED
    assert status(plugins).reason == "the configuration blocks it"


SIMULATOR = """
class Simulated(LineSimulator):
    driver = "thermometer"

@hookimpl
def labframe_simulators():
    return {"thermometer": Simulated}
"""


def simulating(directory: Path, *names: str, blocked: tuple[str, ...] = ()) -> Plugins:
    return Plugins(names, directory, blocked, entry_points=[], simulate=True)


def test_the_simulator_beside_a_driver_is_loaded_when_simulating_only(tmp_path: Path) -> None:
    driver = write(tmp_path / "oven.py", THERMOMETER)
    write(tmp_path / "oven_simulator.py", SIMULATOR)
    write(tmp_path / "other_simulator.py", SIMULATOR)

    plugins = simulating(tmp_path, driver)

    assert plugins.names == ("oven", "oven_simulator")
    assert list(plugins.simulators()) == ["thermometer"]
    assert status(plugins, "oven_simulator").source == str(tmp_path / "oven_simulator.py")
    assert files(tmp_path, driver).names == ("oven",)


def test_a_simulator_that_is_listed_is_the_only_one_of_its_name(tmp_path: Path) -> None:
    driver = write(tmp_path / "oven.py", THERMOMETER)
    write(tmp_path / "oven_simulator.py", "raise OSError('this one is not wanted')")
    (tmp_path / "mine").mkdir()
    write(tmp_path / "mine" / "oven_simulator.py", SIMULATOR)

    plugins = simulating(tmp_path, driver, "mine/oven_simulator.py")

    assert [one.condition for one in plugins.statuses] == [Condition.LOADED] * 2
    assert list(plugins.simulators()) == ["thermometer"]


@pytest.mark.parametrize("blocked", ["oven", "oven_simulator"])
def test_a_simulator_that_is_blocked_or_whose_driver_is_is_not_imported(
    tmp_path: Path, blocked: str
) -> None:
    driver = write(tmp_path / "oven.py", THERMOMETER)
    write(tmp_path / "oven_simulator.py", "raise OSError('it was imported')")

    plugins = simulating(tmp_path, driver, blocked=(blocked,))

    assert status(plugins, blocked).condition is Condition.BLOCKED
    assert not plugins.simulators()
    assert not any("imported" in one.reason for one in plugins.statuses)


def test_a_missing_simulator_is_told_with_the_file_that_it_is_looked_for_in(
    tmp_path: Path,
) -> None:
    driver = write(tmp_path / "oven.py", THERMOMETER)

    def why() -> str:
        plugins = simulating(tmp_path, driver)
        plugins.drivers()
        return plugins.why_no_simulator("thermometer")

    missing = why()
    write(tmp_path / "oven_simulator.py", "import no_such_library")

    assert missing == (
        "it has no simulator. There are: none. Put it into oven_simulator.py, beside oven.py."
    )
    assert "plugin oven_simulator" in why()
    assert "No module named 'no_such_library'" in why()


def test_the_absence_of_required_plugins_is_fatal_and_all_are_named(tmp_path: Path) -> None:
    write(tmp_path / "recorder.py", SINK)
    write(tmp_path / "empty.py", "x = 1")
    names = ["recorder.py", "empty.py", "gone.py"]
    required = ["recorder", "gone", "recoder", "empty"]

    with pytest.raises(ConfigurationError) as error:
        Plugins(names, tmp_path, required=required, entry_points=[])

    empty, gone, misspelt = error.value.problems
    assert empty.startswith("[host] required_plugins: 'empty': it implements no hook")
    assert gone.startswith("[host] required_plugins: 'gone': there is no such file.")
    assert misspelt == (
        "[host] required_plugins: 'recoder': it is not installed; did you mean 'recorder'?"
    )


def test_a_plugin_that_is_required_and_blocked_is_fatal(tmp_path: Path) -> None:
    write(tmp_path / "lab.py", SINK)

    with pytest.raises(ConfigurationError, match="'lab': the configuration blocks it"):
        Plugins(["lab.py"], tmp_path, ["lab"], ["lab"], entry_points=[])


def test_a_second_file_of_the_same_name_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    write(tmp_path / "lab.py", SINK)
    write(tmp_path / "old" / "lab.py", SINK)

    plugins = files(tmp_path, "lab.py", "old/lab.py")

    assert len(sinks(plugins)) == 1
    assert [one.condition for one in plugins.statuses] == [Condition.LOADED, Condition.LEFT_OUT]
    assert plugins.statuses[1].reason == (
        f"{tmp_path / 'lab.py'} has a plugin of this name already"
    )


def test_a_distribution_that_is_found_twice_is_shown_once(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install("labframe-oven", {"oven": "oven_twice"}, {"oven_twice": SINK})
    monkeypatch.syspath_prepend(str(tmp_path / "site-labframe-oven"))

    assert [one.name for one in installed("labframe-oven").statuses] == ["oven"]


def test_of_two_distributions_with_one_name_the_second_is_left_out(install: Install) -> None:
    install("labframe-two", {"oven": "oven_two"}, {"oven_two": SINK})
    install("labframe-one", {"oven": "oven_one"}, {"oven_one": SINK})

    plugins = installed("labframe-one", "labframe-two")

    assert [(one.source, one.condition) for one in plugins.statuses] == [
        ("labframe-one 1.2", Condition.LOADED),
        ("labframe-two 1.2", Condition.LEFT_OUT),
    ]


def test_one_module_under_two_names_is_loaded_once(install: Install) -> None:
    install("labframe-oven", {"first": "oven_same", "second": "oven_same"}, {"oven_same": SINK})

    plugins = installed("labframe-oven")

    assert [name for name, _ in sinks(plugins)] == ["first"]
    assert status(plugins, "second").reason == "it is the same as plugin 'first'"


def test_a_file_takes_the_place_of_an_installed_plugin_of_its_name(
    install: Install, tmp_path: Path
) -> None:
    install("labframe-oven", {"oven": "oven_installed"}, {"oven_installed": THERMOMETER})
    name = write(tmp_path / "oven.py", THERMOMETER)

    plugins = installed("labframe-oven", files=[name], directory=tmp_path)

    assert plugins.drivers()["thermometer"].__module__ == "labframe_file_plugin_oven"
    assert plugins.statuses[1] == PluginStatus(
        name="oven",
        source="labframe-oven 1.2",
        condition=Condition.LEFT_OUT,
        note=f"{tmp_path / 'oven.py'} takes its place",
    )
