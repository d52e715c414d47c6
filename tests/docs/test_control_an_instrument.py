"""The tutorial "Control an instrument", followed to the letter beside a real demonstration."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from console import sessions

from labframe import PushClient
from labframe.simulation import available

pytestmark = pytest.mark.skipif(not available(), reason="the simulation needs pseudo-terminals")

LABFRAME = [sys.executable, "-m", "labframe"]
_WAIT_S = 30.0


class Demonstration(NamedTuple):
    """The running program: where it takes commands, and the folders that it has named."""

    push: str
    cables: Path
    audit: Path


@pytest.fixture
def demonstration() -> Iterator[Demonstration]:
    ports = ["--pull-port", "0", "--data-port", "0", "--push-port", "0", "--no-live"]
    program = subprocess.Popen(
        [*LABFRAME, "demo", *ports], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert program.stdout is not None
        said = ""
        for line in program.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        push = re.search(r"labframe push (\S+) ", said)
        cable = re.search(r"  vacuum +(\S+)", said)
        audit = re.search(r"tail -n 2 (\S+)", said)
        assert push is not None, said
        assert cable is not None, said
        assert audit is not None, said
        yield Demonstration(push[1], Path(cable[1]).parent, Path(audit[1]))
    finally:
        program.terminate()
        program.communicate(timeout=_WAIT_S)


def even(text: str) -> str:
    """Return a line without what differs from run to run: numbers, folders, spaces."""
    text = re.sub(r"/\S+-if00-port0", "PORT", text)
    return re.sub(r"\s+", " ", re.sub(r"\d+(\.\d+)?(e-?\d+)?", "N", text)).strip()


def is_shown(line: str, printed: list[str]) -> bool:
    pattern = re.escape(even(line)).replace(re.escape("..."), ".*")
    return any(re.fullmatch(pattern, even(one)) for one in printed)


def test_each_command_of_the_tutorial_does_what_it_shows(
    docs: Path, demonstration: Demonstration
) -> None:
    shown = list(sessions(docs / "tutorial" / "control-an-instrument.md", "tutorial"))
    pushed = 0

    assert len(shown) >= 18
    for words, answer in shown:
        lines = [one for one in answer.decode().splitlines() if one not in ("", "...")]
        if words[0] == "labframe":
            words = [demonstration.push if one == "127.0.0.1" else one for one in words[1:]]
            printed = labframe(words, lines)
            lines = [one for one in lines if "Send it? [y/N]" not in one]
            assert [one for one in lines if not is_shown(one, printed)] == [], printed
            pushed += 1
        elif words[0] == "mv":
            shutil.move(demonstration.cables / words[1], demonstration.cables / words[2])
        elif words[0] == "tail":
            last = demonstration.audit.read_text("utf-8").splitlines()[-2:]
            assert [list(json.loads(one)) for one in lines] == [list(json.loads(o)) for o in last]
            assert [json.loads(o)["method"] for o in last] == ["moon_laser.fire"] * 2
        else:
            assert words[0] in ("cd", "sleep"), words
    assert pushed >= 12


def labframe(words: list[str], expected: list[str]) -> list[str]:
    """Return what a command prints; patient where a cable was pulled or put back just now."""
    until = time.monotonic() + 10.0
    while True:
        done = subprocess.run(
            [*LABFRAME, *words], capture_output=True, text=True, timeout=_WAIT_S, check=False
        )
        printed = (done.stdout + done.stderr).splitlines()
        waits = "INTERLOCKED" in done.stdout + done.stderr and expected == ["done"]
        early = done.stdout == "done\n" and "INTERLOCKED" in str(expected)
        if not (waits or early) or time.monotonic() > until:
            return printed
        if early:
            subprocess.run([*LABFRAME, "push", words[1], "moon_laser.stop"], check=True)
        time.sleep(0.1)


def test_the_program_of_the_tutorial_sets_the_power(
    docs: Path, demonstration: Demonstration, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (docs / "tutorial" / "control-an-instrument.md").read_text("utf-8")
    code = re.search(r"<!-- not run: it needs `labframe demo` -->\n```python\n(.*?)```", page, re.S)
    assert code is not None
    host, _, port = demonstration.push.partition(":")
    exec(code[1].replace(f'"{host}"', f'"{host}", {port}'), {"__name__": "tutorial"})

    assert capsys.readouterr().out == "800.0\n"
    with PushClient(host, int(port)) as client:
        assert client.command("moon_laser.pulse_power") == 800.0


def test_the_interlock_of_the_page_is_that_of_the_demonstration(docs: Path) -> None:
    import tomllib

    from labframe.demo import CONFIGURATION

    page = (docs / "tutorial" / "control-an-instrument.md").read_text("utf-8")
    toml = re.search(r"```toml\n(.*?)```", page, re.S)
    assert toml is not None
    assert tomllib.loads(toml[1])["plugin"] == CONFIGURATION["plugin"]
