"""The history of a real host, asked while it runs and after it."""

import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from recording import until_written

from labframe import PushClient

LABFRAME = [sys.executable, "-W", "error", "-m", "labframe"]

OVEN = """
    from labframe import Instrument, command, hookimpl, reading

    class Oven(Instrument):
        driver = "oven"
        target = 300.0

        @reading(unit="K", every=0.02)
        def temperature(self) -> float:
            return self.target

        @command(unit="K", limits=(0, 500), safe_value=0)
        def setpoint(self, target: float) -> None:
            self.target = target

    @hookimpl
    def labframe_instruments():
        return [Oven]
"""

CONFIGURATION = """
    plugins = ["./oven.py"]
    [host]
    name = "ovens"
    state_dir = "state"
    [network]
    date_port = 0
    push_port = 0
    live_server = false
    [instrument.oven]
    driver = "oven"
"""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A running host, and the port of its commands."""
    (tmp_path / "oven.py").write_text(textwrap.dedent(OVEN))
    (tmp_path / "lab.toml").write_text(textwrap.dedent(CONFIGURATION))
    with subprocess.Popen(
        [*LABFRAME, "run"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            push = next(line for line in process.stdout if "push socket" in line)
            yield process, int(push.split()[1])
        finally:
            process.kill()


def test_a_running_host_is_asked_for_its_history_where_its_configuration_is(
    host: tuple[subprocess.Popen[str], int], tmp_path: Path, shown: Callable[..., Result]
) -> None:
    process, port = host
    file = tmp_path / "state" / "recorder" / "history.db"
    until_written(file, 20, "oven_temperature")
    with PushClient("127.0.0.1", port) as client:
        client.command("oven.setpoint", target=400)
    until_written(file, file_count(shown) + 40, "oven_temperature")

    points = json.loads(shown("oven_temperature", "--json", "--since", "1h").stdout)
    assert [points[0]["value"], points[-1]["value"], points[-1]["unit"]] == [300.0, 400.0, "K"]
    (command,) = json.loads(
        shown("--commands", "--json", "--until", "oven_temperature > 350", "--since", "1min").stdout
    )
    assert (command["method"], command["arguments"]) == ("oven.setpoint", {"target": 400.0})
    assert "oven.setpoint(target = 400.0): done" in shown("oven*", "--plot").stdout
    assert "is written by another program" in shown("import", in_csv(tmp_path)).stderr
    assert shown("verify").exit_code == 0  # beside the one who writes

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    events = json.loads(shown("--events", "--json").stdout)
    assert [one["fields"]["what"] for one in events if one["kind"] == "host"] == ["start", "stop"]
    assert "is whole" in shown("verify").stdout
    assert "1 point added" in shown("import", in_csv(tmp_path)).stdout


def file_count(shown: Callable[..., Result]) -> int:
    return int(json.loads(shown("--json").stdout)["oven_temperature"]["points"])


def in_csv(directory: Path) -> Path:
    (directory / "in.csv").write_text("time,oven_temperature\n1795000000,290\n")
    return directory / "in.csv"
