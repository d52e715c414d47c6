"""Plugins from files and from installed distributions: found, checked, called, kept apart."""

import importlib
import importlib.metadata
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labframe.config import ConfigurationError
from labframe.hookspecs import PluginContext
from labframe.plugins import API_VERSION, Condition, Plugins, PluginStatus

HEAD = """
from labframe import ConfigurationError, Instrument, hookimpl
from labframe.simulation import LineSimulator
"""

THERMOMETER = """
class Thermometer(Instrument):
    driver = "thermometer"

@hookimpl
def labframe_instruments():
    return [Thermometer]
"""

SINK = """
@hookimpl
def labframe_sinks(context):
    return [f"sink of {context.name}"]
"""

Install = Callable[..., None]


def write(path: Path, *code: str) -> str:
    """Write a plugin into a file; return its name."""
    path.write_text("\n".join([HEAD, *code]), "utf-8")
    return path.name


def files(directory: Path, *names: str, blocked: tuple[str, ...] = ()) -> Plugins:
    """Load the files of a directory, and nothing that is installed."""
    return Plugins(names, directory, blocked, entry_points=[])


def load(directory: Path, *code: str) -> Plugins:
    """Load one plugin, ``lab``, from a file."""
    return files(directory, write(directory / "lab.py", *code))


def status(plugins: Plugins, name: str = "lab") -> PluginStatus:
    """Return what became of the first plugin of a name."""
    return next(one for one in plugins.statuses if one.name == name)


def sinks(plugins: Plugins) -> list[tuple[str, object]]:
    return plugins.call("labframe_sinks", context=PluginContext("any"))


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution in a directory of its own, as pip lays it out."""

    def make(name: str, entry_points: dict[str, str], modules: dict[str, str]) -> None:
        site = tmp_path / f"site-{name}"
        about = site / f"{name.replace('-', '_')}-1.2.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        lines = [f"{key} = {value}" for key, value in entry_points.items()]
        (about / "entry_points.txt").write_text("\n".join(["[labframe]", *lines]) + "\n")
        for module, code in modules.items():
            write(site / f"{module}.py", code)
            monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.syspath_prepend(str(site))
        importlib.invalidate_caches()

    return make


def installed(*distributions: str, **options: object) -> Plugins:
    """Load the installed plugins, of these distributions only."""
    found = [
        one
        for one in importlib.metadata.entry_points(group="labframe")
        if one.dist is not None and one.dist.name in distributions
    ]
    return Plugins(entry_points=found, **options)  # type: ignore[arg-type]  # what a test wants


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
