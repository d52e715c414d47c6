"""``labframe run`` and what belongs to it, in processes of their own."""

import json
import logging
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from labframe_plugins.recorder import open_history

import labframe
from labframe.cli.running import _QuietFile

LABFRAME = [sys.executable, "-m", "labframe"]

PLUGIN = """
import threading, time
from labframe import Instrument, SerialLine, hookimpl, reading
from labframe.simulation import LineSimulator


class LakeShore(Instrument):
    driver = "lakeshore"
    line = SerialLine(baudrate=9600, terminator=b"\\r\\n")
    identify = ("*IDN?", "LSCI,MODEL331")

    @reading(unit="K", every=0.2)
    def temperature(self) -> float:
        return float(self.ask("KRDG? A"))

    @reading(unit="K", on_demand=True)
    def setpoint(self) -> float:
        return float(self.ask("SETP?"))


class Stubborn(Instrument):
    driver = "stubborn"

    @reading(unit="1", every=0.2)
    def sleeps(self) -> float:
        threading.Thread(target=time.sleep, args=(60,)).start()
        time.sleep(60)
        return 1.0


class Simulated(LineSimulator):
    driver = "lakeshore"

    def respond(self, line, now):
        return {b"*IDN?": b"LSCI,MODEL331,1", b"KRDG? A": b"+77.350", b"SETP?": b"80.5"}.get(line)


@hookimpl
def labframe_instruments():
    return [LakeShore, Stubborn]


@hookimpl
def labframe_simulators():
    return {"lakeshore": Simulated}
"""

CONFIG = """
plugins = ["./lakeshore.py"]
[host]
name = "cryostat, basement"
state_dir = "state"
[network]
date_port = 0
live_server = false
[instrument.cryo]
driver = "lakeshore"
port = "/dev/serial/by-id/usb-that-is-not-there"
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    (tmp_path / "lakeshore.py").write_text(PLUGIN)
    path = tmp_path / "lab.toml"
    path.write_text(CONFIG)
    return path


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LABFRAME, *map(str, arguments)], capture_output=True, text=True, timeout=30, cwd=cwd
    )


@contextmanager
def running(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A host in a process of its own, and the port of its first pull socket."""
    process = subprocess.Popen(
        [*LABFRAME, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        port, line = 0, " "
        while line and not port:
            line = process.stdout.readline()
            found = re.search(r"UDP (\d+) on", line) or re.search(r"watch 127.0.0.1:(\d+)", line)
            port = int(found[1]) if found else 0
        assert port, process.communicate()[1]
        yield process, port
    finally:
        process.kill()
        process.communicate()


def fresh(port: int, codename: str) -> object:
    with labframe.PullClient("127.0.0.1", port, old="mark") as client:
        until = time.monotonic() + 10
        while isinstance(point := client.point(codename), str):
            assert time.monotonic() < until
            time.sleep(0.02)
        return point.y


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_simulated_laboratory_serves_and_stops_in_order(lab: Path, number: int) -> None:
    with running("run", "--simulate", lab) as (process, port):
        assert fresh(port, "cryo_temperature") == 77.35
        began = time.monotonic()
        process.send_signal(number)
        _, said = process.communicate(timeout=10)

    assert process.returncode == 0
    assert time.monotonic() - began < 2.0
    assert said.count("cryo: connected: LSCI,MODEL331,1") == 1
    assert "Stopped after" in said
    assert "cryo: connected" in (lab.parent / "state" / "labframe.log").read_text()
    assert not (lab.parent / "state" / "control.sock").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_said_once_and_the_host_goes_on_serving(lab: Path) -> None:
    lab.write_text(CONFIG.replace("[network]", 'log_file = "/dev/full"\n[network]'))
    with running("run", "--simulate", "--verbose", lab) as (process, port):
        assert fresh(port, "cryo_temperature") == 77.35
        assert run("stop", lab).returncode == 0
        _, said = process.communicate(timeout=10)

    assert process.returncode == 0, said
    assert said.count("cryo: connected: LSCI,MODEL331,1") == 1
    assert said.count("cannot be written") == 1
    assert "Attention: the log cannot be written: [Errno 28] No space left on device" in said
    assert "Stopped after" in said
    assert "Traceback" not in said


def test_a_state_directory_that_cannot_be_made_keeps_no_value_from_anybody(lab: Path) -> None:
    (lab.parent / "state").write_text("in the way")
    with running("run", "--simulate", "--seconds", "5", lab) as (process, port):
        assert fresh(port, "cryo_temperature") == 77.35
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=10)

    assert process.returncode == 0, said
    assert "no local control of this host" in said
    assert "no log file" in said
    assert "Traceback" not in said


def test_a_log_that_cannot_rotate_begins_anew_in_the_same_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "labframe.log.1" / "in the way").mkdir(parents=True)
    log = logging.getLogger("a log of its own")
    log.propagate = False
    file = _QuietFile(tmp_path / "labframe.log", maxBytes=100, backupCount=1, encoding="utf-8")
    log.addHandler(file)
    for number in range(50):
        log.warning("record %d", number)
    log.removeHandler(file)
    file.close()

    written = (tmp_path / "labframe.log").read_text()
    assert written.endswith("record 48\nrecord 49\n")
    assert len(written) <= 100
    assert capsys.readouterr().err.count("the log cannot rotate") == 1


def test_it_stops_within_two_seconds_beside_a_driver_that_sleeps(lab: Path) -> None:
    lab.write_text(f'{CONFIG}[instrument.mule]\ndriver = "stubborn"\n')
    with running("run", lab) as (process, port):
        until = time.monotonic() + 20
        while "mule" not in run("status", f"127.0.0.1:{port}").stdout:
            assert time.monotonic() < until
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=10)

    assert time.monotonic() - began < 2.5
    assert process.returncode == 0
    assert "Left behind: mule" in said


def test_the_owner_reads_on_demand_and_stops_a_running_host(lab: Path) -> None:
    with running("run", "--simulate", lab) as (process, port):
        fresh(port, "cryo_temperature")
        assert run("read", lab, "cryo_setpoint").stdout == "cryo_setpoint = 80.5 K\n"
        assert json.loads(run("read", lab, "cryo_setpoint", "--json").stdout)["y"] == 80.5
        wrong = run("read", lab, "cryo_setpiont")
        assert (wrong.returncode, "did you mean 'cryo_setpoint'" in wrong.stderr) == (1, True)
        again = run("run", "--simulate", lab)
        assert again.returncode == 1
        assert f"runs already (process {process.pid})" in again.stderr
        mode = (lab.parent / "state" / "control.sock").stat().st_mode
        assert mode & 0o077 == 0, "only its owner may control it"

        assert run("stop", lab).stdout == "It stops.\n"
        process.communicate(timeout=10)

    assert process.returncode == 0
    gone = run("stop", lab)
    assert (gone.returncode, "no host runs" in gone.stderr) == (1, True)


def test_a_port_in_use_is_named_with_its_holder_and_its_setting(lab: Path) -> None:
    with running("run", "--simulate", lab) as (process, port):
        other = lab.with_name("other.toml")
        other.write_text(CONFIG.replace("date_port = 0", f"date_port = {port}"))
        refused = run("run", "--simulate", other, "--state-dir", lab.parent / "elsewhere")

    assert refused.returncode == 1
    assert f"UDP port {port} on 127.0.0.1" in refused.stderr
    assert f"process {process.pid}" in refused.stderr
    assert "[network] date_port" in refused.stderr


def test_check_says_what_will_be_polled_served_and_where(lab: Path) -> None:
    checked = run("check", lab)

    assert checked.returncode == 0
    assert re.search(
        r"cryo +lakeshore .*9600 baud 8N1.* cryo_temperature +K +0.2 s", checked.stdout
    )
    assert "on demand" in checked.stdout
    assert "only programs on this computer can reach it" in checked.stdout
    assert "not there now (it is waited for)" in checked.stdout
    found = json.loads(run("check", lab, "--json").stdout)
    assert [one["codename"] for one in found["codenames"]] == ["cryo_temperature", "cryo_setpoint"]


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (
            "",
            "UDP (free) on 127.0.0.1: push socket with 9 commands; only programs on this computer",
        ),
        (
            'listen = "0.0.0.0"\nunsigned_commands = "allow"',
            'whoever reaches it can send them ([network] unsigned_commands = "allow")',
        ),
        ("push_port = false", ""),
    ],
)
def test_check_says_who_can_send_commands(tmp_path: Path, network: str, said: str) -> None:
    path = tmp_path / "lab.toml"
    port = "" if "push_port" in network else "push_port = 0\n"
    laser = '[instrument.laser]\ndriver = "moon_laser"\nport = "/dev/ttyS9"\n'
    path.write_text(f"[network]\n{port}{network}\n{laser}")
    checked = run("check", path)

    assert checked.returncode == 0
    assert ("push socket" in checked.stdout) == bool(said)
    assert said in checked.stdout


def test_run_says_where_commands_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    ports = "date_port = 0\ndata_port = 0\npush_port = 0\nlive_server = false"
    laser = '[instrument.laser]\ndriver = "moon_laser"\nport = "simulated"\n'
    path.write_text(f"[host]\nname = 'moon'\nstate_dir = 'state'\n[network]\n{ports}\n{laser}")
    said = run("run", "--simulate", path, "--seconds", "0.1").stdout

    assert re.search(r"  UDP \d+ on 127.0.0.1: push socket 'moon'\n", said)


def test_check_names_all_problems_at_once(lab: Path) -> None:
    lab.write_text(
        CONFIG.replace('"lakeshore"', '"lakeshor"')
        + 'baud = 9601\n[instrument.cryo.reading.temprature]\nevery = -1\n[hots]\nname = "x"\n'
    )

    checked = run("check", lab)

    assert checked.returncode == 1
    assert "did you mean 'baudrate'" in checked.stderr
    assert "every = -1" in checked.stderr
    assert "[hots]: not a section" in checked.stderr
    assert "3 problems; nothing was opened." in checked.stderr
    lab.write_text(CONFIG.replace('"lakeshore"', '"lakeshor"'))
    assert "did you mean 'lakeshore'?" in run("check", lab).stderr
    lab.write_text(f"{CONFIG}[instrument.cryo.reading.temprature]\n")
    assert "did you mean 'temperature'?" in run("check", lab).stderr


def test_plugins_and_drivers_are_shown(lab: Path) -> None:
    (lab.parent / "broken.py").write_text("import nothing_of_this_name\n")
    lab.write_text(CONFIG.replace('["./lakeshore.py"]', '["./lakeshore.py", "broken.py"]'))

    shown = {one["name"]: one for one in json.loads(run("plugins", lab, "--json").stdout)}
    assert shown["lakeshore"]["drivers"] == ["lakeshore", "stubborn"]
    assert "nothing_of_this_name" in shown["broken"]["reason"]
    assert "failed" in run("plugins", lab).stdout

    drivers = json.loads(run("drivers", "--config", lab, "--json").stdout)
    assert drivers["lakeshore"]["readings"]["temperature"]["unit"] == "K"
    text = run("drivers", "lakeshore", "--config", lab).stdout
    assert "9600 baud 8N1" in text
    assert re.search(r"NAME_temperature +K +0.2 s", text)
    unknown = run("drivers", "lakeshor", "--config", lab)
    assert (unknown.returncode, "did you mean 'lakeshore'" in unknown.stderr) == (1, True)


def test_init_writes_a_configuration_that_check_understands(tmp_path: Path) -> None:
    written = run("init", cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    text = (tmp_path / "lab.toml").read_text()
    assert text.startswith("# A laboratory for labframe.")
    assert run("check", cwd=tmp_path).returncode == 0
    refused = run("init", cwd=tmp_path)
    assert (refused.returncode, "--force" in refused.stderr) == (1, True)


def test_init_recognises_what_is_plugged_in_when_it_may_ask(tmp_path: Path) -> None:
    simulator = subprocess.Popen(
        [*LABFRAME, "simulate", "moon_laser", "--directory", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert simulator.stdout is not None
    try:
        port = simulator.stdout.readline().strip()
        written = run("init", "--probe", "--port", port, cwd=tmp_path)
        assert ", 1 instrument recognised." in written.stdout
        assert "MOONLASER,GL-1" in (tmp_path / "lab.toml").read_text()
        checked = run("check", cwd=tmp_path)
        assert checked.returncode == 0, checked.stderr
        assert "moon_laser" in checked.stdout
    finally:
        simulator.terminate()
        simulator.communicate()


PORTS = ("--pull-port", "0", "--data-port", "0", "--push-port", "0")


@pytest.fixture
def demonstration() -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The demonstration on free ports, and what it prints until it says how to end it."""
    environment = {**os.environ, "COLUMNS": "200"}
    process = subprocess.Popen(
        [*LABFRAME, "demo", *PORTS, "--no-live"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        lines: list[str] = []
        while "Ctrl-C" not in (lines or [""])[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], process.communicate()[1]
        yield process, lines
    finally:
        process.kill()
        process.communicate()


def test_each_line_that_the_demonstration_says_to_try_works(
    demonstration: tuple[subprocess.Popen[str], list[str]],
) -> None:
    process, lines = demonstration
    tries = [line.strip() for line in lines[lines.index("Try in a second terminal:\n") :]]
    commands = [shlex.split(line, comments=True) for line in tries if line.startswith("labframe ")]

    assert len(commands) >= 4
    for command in commands:
        extra = ["--count", "1"] if command[1] == "watch" else []
        for _ in range(20):
            done = run(*command[1:], *extra)
            if "not while" not in done.stderr:  # the laser also fires by itself
                break
        assert done.returncode in (0, 3), (command, done.stderr)
        assert done.stdout
    netcat = next(line for line in tries if " nc " in line)
    port = int(netcat.split()[-1])
    with labframe.PullClient("127.0.0.1", port) as client:
        assert "moon_laser_power" in client.codenames()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in said
    (recorded,) = [line.split()[-1] for line in lines if line.startswith("Everything is recorded")]
    with open_history(recorded) as history:
        assert history.verify() == []
        assert len(history.points("chamber_pressure").values) > 1
