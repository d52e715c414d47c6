"""Quirks of what asks the sockets, by their numbers: the client and the terminal."""

import re
import subprocess
import sys

from udp import ask

from labframe.client import DateDataPullClient, PullClient
from labframe.sockets import DateDataPullSocket


def test_q33_a_client_takes_answers_of_any_length() -> None:
    names = [f"a_rather_long_codename_{number:04}" for number in range(1000)]
    with DateDataPullSocket("many", names, 0) as points:
        points.set_batch({name: (1.0, float(number)) for number, name in enumerate(names)})
        assert len(ask(points.port, "json_wn")) > 30000
        with PullClient("127.0.0.1", points.port) as client:
            assert client.points()[names[-1]] == (1.0, 999.0)
        client_of_old = DateDataPullClient("127.0.0.1", "many", points.port, timeout=5.0)
        assert len(client_of_old.get_all_fields()) == 1000


def test_q34_points_can_be_looked_at_from_a_terminal() -> None:
    with DateDataPullSocket("cryostat", ["cryo_temperature"], 0) as points:
        points.set_point("cryo_temperature", (1.0, 77.25))
        command = ["-m", "labframe", "get", "127.0.0.1", "--port", str(points.port)]
        done = subprocess.run(
            [sys.executable, "-W", "error", *command],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^cryo_temperature .*77\.25", done.stdout, re.MULTILINE)
