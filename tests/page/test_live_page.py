"""The live page, in a real browser, with a real live server and a real host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from commandlab import carrier, recorded
from livelab import TOKEN, Live
from pagelab import HERE, PATIENCE_MS, LiveProcess, axe, furnace_host

from labframe import Host

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def host(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with furnace_host(tmp_path_factory.mktemp("lab"), live.ports.udp) as running_host:
        yield running_host


def row(page: Page, codename: str) -> Any:
    """Return the row of a codename on the overview."""
    return page.get_by_role("row").filter(has_text=codename)


def has_quality(page: Page, codename: str, quality: str, within_ms: float = PATIENCE_MS) -> None:
    """Wait until a row shows a quality."""
    row(page, codename).and_(page.locator(f"[data-quality={quality}]")).wait_for(timeout=within_ms)


def test_values_move_and_little_is_transferred(page: Page, live: Live, host: Host) -> None:
    sizes: list[int] = []
    asked: list[str] = []
    page.on("requestfinished", lambda one: sizes.append(one.sizes()["responseBodySize"]))
    page.on("request", lambda one: asked.append(one.url))

    page.goto(live.url)

    value = row(page, "oven_temperature").locator(".number")
    first = float(value.inner_text())
    page.wait_for_function(
        "([shown, first]) => Number(shown.textContent) > first + 0.3",
        arg=[value.element_handle(), first],
    )
    assert "K" in row(page, "oven_temperature").inner_text()
    assert [url for url in asked if not url.startswith(live.url)] == []
    assert 20_000 < sum(sizes) <= 150_000


def test_an_unplugged_instrument_is_told_in_time_and_comes_back(
    page: Page, live: Live, host: Host
) -> None:
    page.goto(live.url)
    has_quality(page, "oven_temperature", "ok")

    carrier(host).unplug()
    stale_after_s = 1.0
    row(page, "oven_temperature").and_(page.locator(":not([data-quality=ok])")).wait_for(
        timeout=(stale_after_s + 1) * 1000
    )
    has_quality(page, "oven_temperature", "disconnected")
    assert "disconnected" in row(page, "oven_temperature").inner_text()
    page.get_by_role("link", name="Health").click()
    page.get_by_role("row", name=re.compile("oven")).filter(has_text="disconnected").wait_for()

    carrier(host).replug()
    page.get_by_role("link", name="Overview").click()
    has_quality(page, "oven_temperature", "ok")


def test_a_command_is_checked_refused_confirmed_executed_and_marked(
    page: Page, live: Live, host: Host
) -> None:
    page.goto(f"{live.url}/#token={TOKEN}")
    page.wait_for_url("**/#/overview")  # it is in no history, and in no address that is sent on
    page.get_by_role("link", name="Control").click()
    page.get_by_label("Your name").fill("Ada")
    form = page.get_by_role("form", name="oven.setpoint")

    form.get_by_label("target").fill("900")
    form.get_by_role("button", name="Check").click()
    refused = form.locator(".result", has_text="Refused")
    refused.wait_for()
    assert "OUT_OF_RANGE" in refused.inner_text()
    assert "470" in refused.inner_text()
    assert form.get_by_role("button", name="Execute").is_disabled()

    form.get_by_label("target").fill("350")
    form.get_by_role("button", name="Check").click()
    form.locator(".result", has_text="350").wait_for()
    form.get_by_role("button", name="Execute").click()
    confirmation = page.get_by_role("dialog")
    assert "safe value: 0 K" in confirmation.inner_text()
    confirmation.get_by_role("button", name="Do not").click()
    assert not [one for one in recorded(host, "end") if "setpoint" in one["method"]]

    form.get_by_role("button", name="Execute").click()
    confirmation.get_by_role("button", name="Execute").click()
    form.locator(".result", has_text="Done").wait_for()
    begun = [one for one in recorded(host, "begin") if one["method"] == "oven.setpoint"]
    assert [one["arguments"] for one in begun] == [{"target": 350.0}]
    assert "Ada" in begun[0]["id"]

    page.get_by_role("link", name="Plots").click()
    page.get_by_text("in this time").click()
    page.get_by_role("listitem").filter(has_text="oven.setpoint target=350").first.wait_for()


def test_without_a_token_there_is_no_form_and_a_wrong_one_opens_none(
    page: Page, live: Live, host: Host
) -> None:
    page.goto(f"{live.url}/#/control")

    page.get_by_label("Access token").fill("wrong-wrong-wrong-wrong")
    page.get_by_role("button", name="Use it").click()

    page.get_by_role("alert").filter(has_text="token").wait_for()
    assert page.get_by_role("form", name="oven.setpoint").count() == 0


def test_a_view_is_kept_in_the_address(page: Page, live: Live, host: Host) -> None:
    live.points("other", glitter=[1, 2], gloom=[1, 3])
    page.goto(live.url)
    row(page, "glitter").hover()
    page.get_by_role("button", name="Hide gloom").click()
    page.get_by_role("button", name="Star glitter").click()
    page.get_by_role("searchbox").fill("gl*")
    page.get_by_text("1 of ").wait_for()

    page.goto("about:blank")
    page.go_back()

    row(page, "glitter").wait_for()
    assert row(page, "gloom").count() == 0
    assert row(page, "oven_temperature").count() == 0
    starred = page.get_by_role("button", name="Star glitter")
    assert starred.get_attribute("aria-pressed") == "true"


def test_a_plot_is_saved_as_picture_and_as_table(page: Page, live: Live, host: Host) -> None:
    page.goto(f"{live.url}/#/plots?p={HERE}:oven_temperature&span=60")
    page.locator(".legend", has_text=re.compile(r"oven_temperature\s*[23]\d\d")).wait_for()
    page.wait_for_function("() => document.querySelector('.u-over')")

    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    table = Path(download.value.path()).read_text().splitlines()
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    picture = Path(download.value.path()).read_bytes()

    assert table[0] == "time,unix_time_s,oven_temperature [K]"
    values = [float(line.split(",")[2]) for line in table[1:]]
    assert values == sorted(values)
    assert values[0] >= 295
    assert picture.startswith(b"\x89PNG")


def test_the_page_survives_its_server_and_then_its_host_and_says_what_is_old(
    page: Page, tmp_path: Path
) -> None:
    server = LiveProcess(tmp_path)
    server.start()
    try:
        with furnace_host(tmp_path / "state", server.udp_port):
            page.goto(server.url)
            has_quality(page, "oven_temperature", "ok")

            server.kill()
            notice = page.locator(".notice", has_text="does not answer")
            notice.wait_for()
            assert re.search(r"as it was at \d\d:\d\d:\d\d", notice.inner_text())
            struck = "getComputedStyle(document.querySelector('.number')).textDecorationLine"
            assert page.evaluate(struck) == "line-through"

            server.start()
            page.get_by_text("live", exact=True).wait_for()
            has_quality(page, "oven_temperature", "ok")
            assert page.locator(".notice").inner_text() == ""

        # A host says that it stops, unless that datagram is lost: then it is missed after 15 s.
        page.locator("h3 .tag", has_text="not heard").wait_for(timeout=20_000)
        row(page, "oven_temperature").and_(page.locator(":not([data-quality=ok])")).wait_for()
    finally:
        server.kill()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_accessibility_check_finds_nothing_serious(
    browser: Browser, live: Live, host: Host, scheme: Any
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{live.url}/#token={TOKEN}")
    has_quality(page, "oven_temperature", "ok")
    source = axe()
    for view in ("Overview", "Plots", "Control", "Health"):
        page.get_by_role("link", name=view).click()
        page.wait_for_function(f"() => document.title.startsWith('{view}')")
        page.evaluate(source)
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        serious = [
            (one["id"], [node["html"][:150] for node in one["nodes"]])
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], f"{view}, {scheme}"
    context.close()
