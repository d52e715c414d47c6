"""Completion of ``labframe push``: methods, arguments and choices, asked of the host."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

from click.shell_completion import ShellComplete

from labframe.cli.main import main


def completed(*words: str) -> list[str]:
    found = ShellComplete(main, {}, "labframe", "_LABFRAME_COMPLETE")
    return [item.value for item in found.get_completions([*words[:-1]], words[-1])]


def test_methods_arguments_and_choices_are_completed(where: str) -> None:
    assert completed("push", where, "oven.set") == ["oven.setpoint"]
    assert completed("push", where, "cryo.ramp", "") == ["rate=", "gas=", "steps=", "soak="]
    assert completed("push", where, "cryo.ramp", "rate=3", "s") == ["steps=", "soak="]
    assert completed("push", where, "cryo.ramp", "gas=a") == ["gas=argon"]
    assert completed("push", where, "cryo.ramp", "soak=") == ["soak=true", "soak=false"]
    assert completed("push", where, "cryo.ramp", "rate=") == []
    assert completed("push", where, "cryo.nothing", "") == []


def test_where_the_shell_ends_words_at_an_equals_sign_the_value_is_completed(where: str) -> None:
    assert completed("push", where, "cryo.ramp", "gas", "=", "a") == ["argon"]
    assert completed("push", where, "cryo.ramp", "gas", "=") == ["none", "argon"]
    assert completed("push", where, "cryo.ramp", "gas", "=", "argon", "so") == ["soak="]


def test_completion_gives_up_silently_and_soon() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        began = time.monotonic()
        assert completed("push", f"127.0.0.1:{silent.getsockname()[1]}", "cryo") == []
        assert time.monotonic() - began < 0.75
    assert completed("push", "127.0.0.1:1", "cryo") == []
    assert completed("push", "127.0.0.1:1", "cryo.ramp", "g") == []


def test_completion_in_bash_asks_the_host(where: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", "from labframe.cli import main; main(prog_name='labframe')"],
        capture_output=True, text=True, timeout=30,
        env={
            **os.environ, "_LABFRAME_COMPLETE": "bash_complete", "COMP_CWORD": "5",
            "COMP_WORDS": f"labframe push 127.0.0.1 --port {where.partition(':')[2]} cryo.set",
        },
    )  # fmt: skip

    assert (shown.stdout, shown.stderr) == ("plain,cryo.setpoint\n", "")
