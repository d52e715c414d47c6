"""Importing the sockets starts, reads and configures nothing."""

import json
import subprocess
import sys
from typing import Any

import pytest

REPORT = """
import sys
events = []
sys.addaudithook(lambda name, arguments: events.append((name, repr(arguments))))
import labframe.sockets
import json, logging, threading
print(json.dumps({
    "events": events,
    "modules": sorted(sys.modules),
    "threads": [thread.name for thread in threading.enumerate()],
    "root handlers": len(logging.getLogger().handlers),
    "root level": logging.getLogger().level,
    "shown handlers": [
        name for name, logger in logging.Logger.manager.loggerDict.items()
        for handler in getattr(logger, "handlers", [])
        if not isinstance(handler, logging.NullHandler)
    ],
}))
"""


@pytest.fixture(scope="module")
def after_import() -> dict[str, Any]:
    """What a fresh interpreter looks like after ``import labframe.sockets``."""
    run = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", REPORT],
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert run.stderr == ""
    report: dict[str, Any] = json.loads(run.stdout)
    return report


def test_importing_the_sockets_starts_no_thread(after_import: dict[str, Any]) -> None:
    assert after_import["threads"] == ["MainThread"]


def test_importing_the_sockets_opens_no_socket_and_asks_no_name_server(
    after_import: dict[str, Any],
) -> None:
    assert [event for event in after_import["events"] if event[0].startswith("socket.")] == []


def test_importing_the_sockets_starts_no_program(after_import: dict[str, Any]) -> None:
    starters = ("subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn")
    assert [event for event in after_import["events"] if event[0].startswith(starters)] == []


def test_importing_the_sockets_reads_no_file_but_the_code_itself(
    after_import: dict[str, Any],
) -> None:
    opened = [arguments for name, arguments in after_import["events"] if name == "open"]
    code = (".py'", ".pyc'", ".so'", ".pyd'", ".dll'")

    assert opened
    assert [a for a in opened if not any(f"{end}," in a for end in code) and ".pyc." not in a] == []


def test_importing_the_sockets_leaves_logging_alone(after_import: dict[str, Any]) -> None:
    assert after_import["root handlers"] == 0
    assert after_import["root level"] == 30
    assert after_import["shown handlers"] == []


@pytest.mark.parametrize(
    "module", ["serial", "pluggy", "click", "rich", "msgspec", "ctypes", "asyncio", "numpy"]
)
def test_the_sockets_need_none_of_these(module: str, after_import: dict[str, Any]) -> None:
    assert module not in after_import["modules"]


ELSEWHERE = """
import sys
sys.platform = {platform!r}
import json, socket
from labframe.sockets import DataPushSocket, DateDataPullSocket
from labframe.sockets import batch

def ask(port, request):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect(("127.0.0.1", port))
        client.send(request)
        return client.recv(65535)

assert not batch.available()
with DateDataPullSocket("elsewhere", ["a"], 0) as pull:
    pull.set_point("a", (1.0, 2.0))
    assert ask(pull.port, b"raw") == b"1.0,2.0"
    assert "number_of_python_threads" in json.loads(ask(pull.port, b"status"))["system_status"]
with DataPushSocket("elsewhere", 0, "callback_direct", callback=len) as push:
    assert ask(push.port, b"raw_wn#a:int:1;b:int:2") == b"RET#2"
DateDataPullSocket("again", ["a"], pull.port).stop()
print("answered")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it plays another system on Linux")
@pytest.mark.parametrize("platform", ["darwin", "freebsd14"])
def test_where_there_is_no_recvmmsg_the_sockets_answer_all_the_same(platform: str) -> None:
    run = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", ELSEWHERE.format(platform=platform)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip

    assert (run.stdout, run.stderr) == ("answered\n", "")
