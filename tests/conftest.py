"""What holds for all tests."""

import os
import signal
import socket
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

_ONCE = ("docs", "page")
"""The folders whose tests are about texts and the browser, not about an interpreter."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let pytest-rerunfailures tell each test's start at once: it waits 40 ms for it otherwise.

    It writes twice, then reads; without this the second part is held back until the first is
    acknowledged, which the other side puts off. 6,000 tests wait a minute for that.
    """
    connection = getattr(getattr(config, "failures_db", None), "sock", None)
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark what no interpreter changes: contracts that wait on a real line are among it."""
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        given = getattr(item, "callspec", None)
        carrier = given.params.get("labframe_carrier") if given else None
        if folder in _ONCE or carrier in ("pty", "socket"):
            item.add_marker("once")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a skip fail where everything is there: ``.ci/run`` sets ``LABFRAME_REQUIRE_ALL``."""
    report = yield
    report.sections = [(name, _sendable(text)) for name, text in report.sections]
    is_skip = report.skipped and not hasattr(report, "wasxfail")
    if is_skip and os.environ.get("LABFRAME_REQUIRE_ALL"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and LABFRAME_REQUIRE_ALL is set: {reason}"
    return report


def _sendable(text: str) -> str:
    """Return what was printed as pytest-xdist can send it: without lone surrogates."""
    return text.encode(errors="backslashreplace").decode()


@pytest.fixture(scope="session", autouse=True)
def _signals_end_programs() -> Iterator[None]:
    """Let signals end programs that tests start, also where the tests run in the background."""
    wanted: dict[signal.Signals, Any] = {signal.SIGINT: signal.default_int_handler}
    if hasattr(signal, "SIGHUP"):  # `nohup` has it ignored
        wanted[signal.SIGHUP] = signal.SIG_DFL
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hosts that are given no state directory write into none of the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
