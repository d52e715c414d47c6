"""Photograph the live page of the demonstration, as PNG files.

It runs the real demonstration and looks at it with a real browser, at a desk and on a phone:
`pip install playwright && python docs/pictures/page.py` writes docs/_static/page-*.png. It takes
two minutes: the plots want something to show.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

LABFRAME = [sys.executable, "-m", "labframe"]
STATIC = Path(__file__).parents[1] / "_static"
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ROUNDS = 4
DESK = {"width": 1440, "height": 860}
PHONE = {"width": 390, "height": 844}
PLOTS = (
    "#/plots?span=120&p={host}:chamber_pressure,{host}:airlock_pressure,{host}:fore_pressure;log"
    "&p={host}:moon_laser_power,{host}:moon_laser_temperature"
    "&p={host}:moon_laser_spectrum&p={host}:pc_cpu"
)
# A picture names no computer.
ANONYMOUS = """computer => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (walker.currentNode.data === computer) walker.currentNode.data = 'moon-pc';
  }
}"""


@contextmanager
def demonstration(state: str) -> Iterator[tuple[str, str, str]]:
    """Run the demonstration; give its page's address, the access token and its push address."""
    ports = ["--pull-port=0", "--data-port=0", "--push-port=0", "--live-port=0"]
    environment = {"XDG_STATE_HOME": state, "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        [*LABFRAME, "demo", *ports], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, env=environment,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said = ""
        try:
            while "Ctrl-C" not in said:
                said += process.stdout.readline()
            page = re.search(r"(http://\S+/)#token=(\S+)", said)
            push = re.search(r"labframe push (\S+)", said)
            assert page
            assert push
            yield page[1], page[2], push[1]
        finally:
            process.terminate()


def fire(push: str) -> None:
    """Have the laser fire a few times, with a little less power each time."""
    for turn in range(ROUNDS):
        for words in (["moon_laser.set_power", f"power={1200 - 200 * turn}"], ["moon_laser.fire"]):
            subprocess.run(
                [*LABFRAME, "push", "--yes", push, *words], check=False, capture_output=True
            )
        time.sleep(18)


def photograph(browser: Browser, address: str, host: str, token: str, **look: Any) -> None:
    """Write one picture."""
    name, what, size, scheme = look["name"], look["what"], look["size"], look["scheme"]
    context = browser.new_context(viewport=size, color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    page.add_init_script(f"sessionStorage.setItem('labframe.token', '{token}')")
    page.goto(address + what.format(host=host))
    page.wait_for_timeout(3000)
    if name == "page-control":
        form = page.get_by_role("form", name="moon_laser.set_power")
        form.get_by_label("power").fill("9000")
        form.get_by_role("button", name="Check").click()
        form.locator(".result .tag").wait_for()
        form = page.get_by_role("form", name="moon_laser.set_focus")
        form.get_by_label("focus").fill("80")
        form.get_by_role("button", name="Check").click()
        form.locator(".result .tag").wait_for()
    page.evaluate(ANONYMOUS, host)
    page.screenshot(path=STATIC / f"{name}.png")
    context.close()


def main() -> None:
    """Take all pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    views = [
        {"name": "page-overview", "what": "#/overview", "size": DESK, "scheme": "light"},
        {"name": "page-plots", "what": PLOTS, "size": DESK, "scheme": "light"},
        {"name": "page-control", "what": "#/control", "size": DESK, "scheme": "light"},
        {"name": "page-phone", "what": "#/overview", "size": PHONE, "scheme": "light"},
        {"name": "page-phone-plots", "what": PLOTS, "size": PHONE, "scheme": "dark"},
    ]
    with tempfile.TemporaryDirectory() as state, demonstration(state) as (address, token, push):
        fire(push)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=OPTIONS)
            page = browser.new_page()
            page.goto(address + "api/v1/state")
            host = page.evaluate("Object.keys(JSON.parse(document.body.textContent).hosts)[0]")
            for look in views:
                photograph(browser, address, host, token, **look)
            browser.close()


if __name__ == "__main__":
    main()
