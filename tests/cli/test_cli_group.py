"""The command ``labframe`` itself: what its help costs, how errors look."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner, Result
from labhost import Entry

from labframe import hookimpl
from labframe.cli.main import PLUGIN_HELPS, SHORT_HELPS, main
from labframe.sockets import CommonDataPullSocket, DataPushSocket

LABFRAME = [sys.executable, "-m", "labframe"]


def test_the_help_names_every_command_and_imports_none() -> None:
    script = (
        "import sys\n"
        "from labframe.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "heavy = {'rich', 'serial', 'pluggy', 'msgspec'} & sys.modules.keys()\n"
        f"heavy |= {{n for n in {list(SHORT_HELPS)} if f'labframe.cli.{{n}}' in sys.modules}}\n"
        "print('loaded:', sorted(heavy))\n"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert shown.stdout.endswith("loaded: []\n"), shown.stderr
    commands = shown.stdout.partition("Commands:\n")[2]
    assert re.findall(r"^  (\w+)", commands, re.MULTILINE) == [*SHORT_HELPS, *PLUGIN_HELPS]


def test_the_help_is_there_within_a_quarter_of_a_second() -> None:
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([*LABFRAME, "--help"], capture_output=True, check=True)
        taken.append(time.perf_counter() - began)

    assert min(taken) <= 0.25


@pytest.mark.parametrize("name", [*SHORT_HELPS, *PLUGIN_HELPS])
def test_the_short_help_is_the_first_sentence_of_the_command(name: str) -> None:
    with click.Context(main) as context:
        command = main.get_command(context, name)

    assert command is not None
    assert command.help is not None
    assert command.help.startswith({**SHORT_HELPS, **PLUGIN_HELPS}[name])


@pytest.mark.parametrize("name", SHORT_HELPS)
def test_the_help_of_a_command_loads_nothing_heavy(name: str) -> None:
    script = (
        "import sys\n"
        "from labframe.cli import main\n"
        f"main([{name!r}, '--help'], standalone_mode=False)\n"
        "print('loaded:', sorted({'rich', 'serial', 'pluggy', 'msgspec'} & sys.modules.keys()))\n"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert shown.stdout.endswith("loaded: []\n"), shown.stderr


def test_a_misspelt_command_gets_the_nearest_one(cli: Callable[..., Result]) -> None:
    shown = cli("wach")

    assert shown.exit_code == 2
    assert "Error: there is no command 'wach'; did you mean 'watch'?" in shown.stderr
    assert "known are demo, run, " in cli("qqq").stderr


def test_an_error_names_who_answered(cli: Callable[..., Result]) -> None:
    with DataPushSocket("laser", 0) as laser:
        shown = cli("get", f"127.0.0.1:{laser.port}")

    assert shown.exit_code == 1
    assert len(shown.stderr.splitlines()) == 1
    assert f"This is what UDP port {laser.port} of 127.0.0.1 answered." in shown.stderr


def test_an_unexpected_exception_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(main.commands, "broken", broken)

    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(main, ["broken"], catch_exceptions=False)
    assert "broken" in CliRunner().invoke(main, ["--help"]).stdout


def test_a_reader_that_goes_away_is_no_error(
    serve: Callable[..., CommonDataPullSocket], started: Callable[..., subprocess.Popen[str]]
) -> None:
    socket = serve({"cryo_temperature": (1.0, 77.0)})
    process = started("watch", f"127.0.0.1:{socket.port}", "--interval", 0.05)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()

    process.wait(10)
    assert process.stderr.read() == ""
    process.stdout = None


def test_a_plugin_adds_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loud:
        @hookimpl
        def labframe_cli(self, cli: click.Group) -> None:
            @cli.command()
            def shout() -> None:
                """Shout."""
                click.echo("LOUD")

    fresh = type(main)("labframe")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [Entry(Loud())])

    assert CliRunner().invoke(fresh, ["shout"]).stdout == "LOUD\n"
    assert "did you mean 'shout'?" in CliRunner().invoke(fresh, ["shot"]).stderr


def test_a_command_whose_plugin_is_broken_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Entry(ImportError("no module named sqlite3"), "recorder")
    fresh = type(main)("labframe")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [broken])

    said = CliRunner().invoke(fresh, ["history"])

    assert said.exit_code == 2
    assert "there is no command 'history'; plugin recorder: it does not load" in said.stderr
    assert "no module named sqlite3" in said.stderr
