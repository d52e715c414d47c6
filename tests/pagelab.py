"""A browser, and a laboratory for the live page to show."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from commandlab import Furnace, SimulatedFurnace, host_of
from labframe_plugins.live.pages import STATIC
from labhost import Plugin
from livelab import TOKEN

from labframe import Host

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["HERE", "PATIENCE_MS", "LiveProcess", "a_browser", "axe", "furnace_host", "put_double"]

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
OPTIONS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
HERE: Final = socket.gethostname()
PATIENCE_MS: Final = 10_000
WEB: Final = Path(__file__).parents[1] / "plugins" / "labframe_plugins" / "live" / "web"


@contextlib.contextmanager
def a_browser() -> Iterator[Browser]:
    """Give a real browser with a profile of its own; skip where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"there is no browser to look at the live page with: {', '.join(NAMES)}")
    if not (STATIC / "index.html").exists():
        pytest.skip("the live page was not built: pip install builds it")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(OPTIONS))
        yield browser
        browser.close()


class WarmingFurnace(SimulatedFurnace):
    """A furnace that is a little warmer each time that it is asked."""

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        self.asked = 0

    def respond(self, line: bytes, now: float) -> bytes | None:
        if line == b"T?":
            self.asked += 1
            return f"{295 + self.asked / 10:g}".encode()
        return super().respond(line, now)


def furnace_host(state_dir: Path, udp_port: int) -> Host:
    """Return a host with a furnace, not started, that sends to a live server."""
    plugin = Plugin([Furnace], {"furnace": WarmingFurnace})
    return host_of(state_dir, plugin, network={"live_server": f"127.0.0.1:{udp_port}"})


class LiveProcess:
    """`labframe live` as a process that can be killed, and started again on its ports."""

    def __init__(self, folder: Path) -> None:
        self._config = folder / "live.toml"
        self._config.write_text(f'[plugin.live]\ntoken = "{TOKEN}"\n')
        self._process: subprocess.Popen[str] | None = None
        self.port = self.udp_port = 0

    def start(self) -> None:
        """Start it, and wait until it serves."""
        ports = [f"--port={self.port or _free(socket.SOCK_STREAM)}"]
        ports += [f"--udp-port={self.udp_port or _free(socket.SOCK_DGRAM)}"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "labframe", "live", str(self._config), *ports],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        said = self._process.stdout.readline() + self._process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)[\s\S]*UDP (\d+)", said)
        assert found, said
        self.port, self.udp_port = int(found[1]), int(found[2])

    def kill(self) -> None:
        """End it without a word."""
        assert self._process is not None
        with self._process as process:
            process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    @property
    def url(self) -> str:
        """Its address for browsers."""
        return f"http://127.0.0.1:{self.port}/"


def _free(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


DOUBLE: Final = """
window.WebSocket = class {
  constructor() { window.double = this; }
  close() {}
  give(message) { this.onmessage({ data: JSON.stringify(message) }); }
};
"""


def put_double(page: Page, snapshot: str) -> None:
    """Put a double in place of the websocket, and have it give a snapshot.

    What a laboratory would need days or ten thousand instruments for comes from it.

    Args:
        page: The tab, before it opens the page.
        snapshot: JavaScript for what the snapshot has.
    """
    page.add_init_script(DOUBLE)
    start = "type: 'snapshot', protocol: 1, number: 0, time: 1.8e9, marks: [], commands: true"
    given = f"double.give({{{start}, ...{snapshot}}})"
    page.add_init_script(f"addEventListener('load', () => {given});")


def axe() -> str:
    """Return the source of the accessibility check, from the page's own packages."""
    source = WEB / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("there is no npm to fetch the accessibility check with")
        words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(words, cwd=WEB, check=True, capture_output=True)
    return source.read_text("utf-8")
