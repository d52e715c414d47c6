"""The live page by keyboard, with a screen reader, and when hosts die."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from commandlab import carrier, recorded
from livelab import TOKEN, Live, running
from pagelab import furnace_host

from labframe import Host

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.xdist_group("browser")

FOCUSED = """() => {
  const one = document.activeElement;
  const label = one.labels?.[0]?.textContent ?? one.getAttribute("aria-label") ?? one.textContent;
  const style = getComputedStyle(one);
  const marked = style.outlineStyle !== "none" || style.boxShadow !== "none";
  return { label: label.trim(), marked, isBody: one === document.body };
}"""

IS_INSIDE = """() => {
  const one = document.activeElement;
  return one === document.body || one.closest("dialog[open]") !== null;
}"""


def tab_to(page: Page, label: str, most: int = 120) -> None:
    """Press Tab until something is focused that is called so; it must be seen to be focused."""
    passed = []
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        passed.append(focused["label"])
        if re.fullmatch(label, focused["label"]):
            assert focused["marked"], f"nobody sees that {focused['label']!r} is focused"
            return
    raise AssertionError(f"{label!r} is not reached by Tab: {passed}")


@pytest.fixture(scope="module")
def host(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with furnace_host(tmp_path_factory.mktemp("lab"), live.ports.udp) as running_host:
        yield running_host


def test_a_value_is_found_and_starred_by_keyboard(page: Page, live: Live, host: Host) -> None:
    live.points("other", glitter=[1, 2], gloom=[1, 3])
    page.goto(live.url)
    page.get_by_role("row").filter(has_text="glitter").wait_for()

    page.keyboard.press("/")
    page.keyboard.type("glit*")
    page.get_by_text("1 of ").wait_for()
    tab_to(page, "Star glitter")
    page.keyboard.press("Space")

    star = page.get_by_role("button", name="Star glitter")
    assert star.get_attribute("aria-pressed") == "true"
    assert page.evaluate(FOCUSED)["label"] == "Star glitter", "the focus stays where it was"


def test_a_command_is_executed_by_keyboard_alone(page: Page, live: Live, host: Host) -> None:
    page.goto(f"{live.url}/#token={TOKEN}")
    page.wait_for_url("**/#/overview")
    tab_to(page, "Control")
    page.keyboard.press("Enter")
    form = page.get_by_role("form", name="oven.setpoint")
    form.wait_for()

    tab_to(page, "Your name.*")
    page.keyboard.type("Grace")
    tab_to(page, "target.*")
    page.keyboard.type("310")
    tab_to(page, "Check")
    page.keyboard.press("Enter")
    form.locator(".result", has_text="310").wait_for()
    tab_to(page, "Execute")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()

    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert page.evaluate(FOCUSED)["label"] == "Execute", "the focus comes back from the dialog"

    page.keyboard.press("Enter")
    dialog.wait_for()
    for _ in range(6):  # the focus does not leave it
        page.keyboard.press("Tab")
        assert page.evaluate(IS_INSIDE)
    tab_to(page, "Execute")
    page.keyboard.press("Enter")
    form.locator(".result", has_text="Done").wait_for()
    (done,) = [one for one in recorded(host, "begin") if one["method"] == "oven.setpoint"]
    assert done["arguments"] == {"target": 310.0}
    assert "Grace" in done["id"]


def test_a_screen_reader_is_told_what_a_value_is_and_what_it_is_worth(
    page: Page, live: Live, host: Host
) -> None:
    page.goto(live.url)
    row = page.get_by_role("row").filter(has_text="oven_temperature")
    row.and_(page.locator("[data-quality=ok]")).wait_for()

    told = row.aria_snapshot()
    assert re.search(r"rowheader .*oven_temperature", told)
    assert re.search(r"cell \"[23]\d\d(\.\d)? ?K\"", told), told
    assert re.search(r"button \"Star oven_temperature\"", told)
    assert 'navigation "Views"' in page.locator("body").aria_snapshot()

    carrier(host).unplug()
    try:
        row.and_(page.locator("[data-quality=disconnected]")).wait_for()
        assert re.search(r"cell \".*disconnected\"", row.aria_snapshot()), row.aria_snapshot()
    finally:
        carrier(host).replug()
    row.and_(page.locator("[data-quality=ok]")).wait_for()


PROGRAM = """
    import pathlib, signal, sys
    from pagelab import furnace_host
    with furnace_host(pathlib.Path(sys.argv[1]), int(sys.argv[2])):
        signal.pause()
"""


@pytest.fixture
def own_live() -> Iterator[Live]:
    """A live server that hears no other host of this computer."""
    with running() as server:
        yield server


@pytest.fixture
def killable(own_live: Live, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Return a function that starts the host as a program of its own."""
    programs: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        tests = str(Path(__file__).parents[1])
        environment: Any = {**os.environ, "PYTHONPATH": tests}
        words = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(tmp_path)]
        programs.append(subprocess.Popen([*words, str(own_live.ports.udp)], env=environment))
        return programs[-1]

    yield start
    for program in programs:
        program.kill()
        program.wait()


def test_a_host_that_is_killed_is_missed_and_is_well_again_when_it_is_back(
    page: Page, own_live: Live, killable: Callable[[], subprocess.Popen[bytes]]
) -> None:
    first = killable()
    page.goto(own_live.url)
    row = page.get_by_role("row").filter(has_text="oven_temperature")
    well = row.and_(page.locator("[data-quality=ok]"))
    well.wait_for(timeout=20_000)

    first.kill()  # it says no goodbye
    stale_after_s = 1.0
    row.and_(page.locator("[data-quality=old]")).wait_for(timeout=(stale_after_s + 1) * 1000)
    page.locator("h3 .tag", has_text="not heard").wait_for(timeout=20_000)
    assert page.get_by_text("live", exact=True).is_visible(), "the live server itself is well"

    killable()
    well.wait_for(timeout=20_000)
    assert page.locator("h3 .tag", has_text="not heard").count() == 0
