"""What the live page costs in a browser, and how soon a value is on it; each beside its bar.

Needs Chromium and `pip install playwright`. Drawing is by the processor (`--disable-gpu`), as on a
computer without a graphics card.

    python -m benchmarks.live_page
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from benchmarks.live import served
from benchmarks.report import percentile
from labframe import Host, Instrument, hookimpl, reading

PLOTS: Final = 24
POINTS: Final = 6000
SECONDS: Final = 10
_OPTIONS: Final = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
_DESK: Final[ViewportSize] = {"width": 1440, "height": 900}

_DOUBLE: Final = """
window.WebSocket = class {
  constructor() { window.double = this; }
  close() {}
  give(message) { this.onmessage({ data: JSON.stringify(message) }); }
};
addEventListener('load', () => {
  const channel = { unit: 'K', stale_after: 1e9, quality: 'ok', x: 1.8e9, y: 1, age: 0 };
  const names = Array.from({ length: %d }, (_, one) => 'c' + one);
  const codenames = Object.fromEntries(names.map((name) => [name, channel]));
  double.give({ type: 'snapshot', time: 1.8e9, hosts: { h: { alive: true, codenames } } });
});
"""
_FILL: Final = """([plots, points]) => {
  for (let at = 0; at < points; at += 200) {
    const pairs = Array.from({ length: 400 }, (_, index) => {
      const t = 1.8e9 - points / 10 + (at + (index >> 1)) / 10;
      return index % 2 ? Math.sin(t / 20) + Math.random() / 10 : t;
    });
    const all = Object.fromEntries(Array.from({ length: plots }, (_, one) => ['c' + one, pairs]));
    double.give({ type: 'update', points: { h: all } });
  }
}"""
_FOLLOW: Final = """([plots, seconds]) => new Promise((done) => {
  const start = performance.now();
  let count = 0;
  const timer = setInterval(() => {
    const t = 1.8e9 + (performance.now() - start) / 1000 + 2;
    const pair = [t, Math.sin(t / 20)];
    const all = Object.fromEntries(Array.from({ length: plots }, (_, one) => ['c' + one, pair]));
    double.give({ type: 'update', points: { h: all } });
    if (++count < seconds * 10) return;
    clearInterval(timer);
    done();
  }, 100);
})"""
_STAMPS: Final = """
window.delays = [];
const Socket = window.WebSocket;
let waiting = [];
window.WebSocket = class extends Socket {
  constructor(...given) {
    super(...given);
    this.addEventListener('message', (event) => {
      const points = JSON.parse(event.data).points;
      for (const host of Object.values(points ?? {})) {
        for (const pairs of Object.values(host)) waiting.push(pairs.at(-2));
      }
    });
  }
};
const stroke = CanvasRenderingContext2D.prototype.stroke;
CanvasRenderingContext2D.prototype.stroke = function (...given) {
  stroke.apply(this, given);
  const now = performance.timeOrigin + performance.now();
  for (const measured of waiting) delays.push(now - measured * 1000);
  waiting = [];
};
"""


class Measured(NamedTuple):
    """A figure beside its bar."""

    name: str
    value: float
    bar: float
    unit: str


class Quick(Instrument):
    """An instrument that answers at once."""

    driver = "quick"
    line = None

    @reading(unit="K", every=0.05)
    def value(self) -> float:
        """Answer."""
        return 1.0


class _Plugin:
    @hookimpl
    def labframe_instruments(self) -> list[type[Instrument]]:
        return [Quick]


def plots(browser: Browser, url: str) -> Iterator[Measured]:
    """Measure what plots that are followed cost."""
    page = browser.new_page(viewport=_DESK)
    page.add_init_script(_DOUBLE % PLOTS)
    chosen = "&".join(f"p=h:c{number}" for number in range(PLOTS))
    page.goto(f"{url}#/plots?span=600&{chosen}")
    page.wait_for_function(f"() => document.querySelectorAll('.u-over').length === {PLOTS}")
    page.wait_for_timeout(1500)  # until the histories, of which there are none, were asked for
    page.evaluate(_FILL, [PLOTS, POINTS])
    page.wait_for_timeout(1000)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    before = _numbers(session)
    page.evaluate(_FOLLOW, [PLOTS, SECONDS])
    after = _numbers(session)
    share = (after["TaskDuration"] - before["TaskDuration"]) / (
        after["Timestamp"] - before["Timestamp"]
    )
    page.close()
    yield Measured(f"{PLOTS} plots of {POINTS} points at 10 Hz: main thread", share * 100, 30, "%")


def _numbers(session: Any) -> dict[str, float]:
    return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}


def first_page(browser: Browser, url: str) -> Iterator[Measured]:
    """Measure how soon the page is useful, and what it takes to load."""
    context = browser.new_context(viewport=_DESK)
    page = context.new_page()
    sizes: list[int] = []
    page.on("requestfinished", lambda one: sizes.append(one.sizes()["responseBodySize"]))
    page.goto(url)
    page.get_by_role("row").first.wait_for()
    useful = page.evaluate("performance.now()")
    yield Measured("first page useful", useful, 1000, "ms")
    yield Measured("transferred", sum(sizes) / 1000, 150, "kB")
    context.close()


def delay(browser: Browser, url: str) -> Iterator[Measured]:
    """Measure how long it is from an instrument's answer to the plot."""
    page: Page = browser.new_page(viewport=_DESK)
    page.add_init_script(_STAMPS)
    page.goto(f"{url}#/plots?span=60")
    page.wait_for_function("() => delays.length > 50")
    page.evaluate("delays.length = 0")
    page.wait_for_function("() => delays.length > 200")
    delays = sorted(page.evaluate("delays"))
    page.close()
    yield Measured("from the answer to the plot, median", percentile(delays, 0.5), 80, "ms")
    yield Measured("from the answer to the plot, p99", percentile(delays, 0.99), 1e9, "ms")


def main() -> int:
    """Measure all, print it, and tell whether every bar was kept."""
    found: list[Measured] = []
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with (
        served() as server,
        tempfile.TemporaryDirectory() as state,
        sync_playwright() as driver,
        Host(_configuration(server.udp), plugins=_plugins(), state_dir=Path(state)),
    ):
        url = f"http://127.0.0.1:{server.http}/"
        browser = driver.chromium.launch(executable_path=path, args=_OPTIONS)
        for measure in (first_page, delay, plots):
            found += measure(browser, url)
        browser.close()
    for name, value, bar, unit in found:
        beside = f"(bar {bar:g})" if bar < 1e9 else ""
        print(f"{name:<55} {value:8.1f} {unit:<3} {beside}")
    return int(any(one.value > one.bar for one in found))


def _configuration(udp_port: int) -> dict[str, Any]:
    network = {"date_port": 0, "data_port": 0, "live_server": f"127.0.0.1:{udp_port}"}
    return {"network": network, "instrument": {"it": {"driver": "quick"}}}


def _plugins() -> Any:
    from labframe.plugins import Plugins

    class Entry:
        name, dist = "quick", None

        def load(self) -> object:
            return _Plugin()

    entries: list[Any] = [Entry()]
    return Plugins(entry_points=entries)


if __name__ == "__main__":
    sys.exit(main())
