"""One browser for the tests of a module, and a tab for each.

It is closed with the module, so that tests which count threads and files are beside no browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from livelab import TOKEN, Live, running
from pagelab import PATIENCE_MS, a_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as found:
        yield found


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with running(token=TOKEN) as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab that fails the test when the page's program does, or breaks its content policy."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if "Policy" in said.text else None)
    yield opened
    context.close()
    assert not wrong
