"""The pytest plugin: fixtures and options. Nothing heavy is imported until a fixture is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import pluggy

    from labframe.host import Host
    from labframe.simulation import SimulatedInstrument
    from labframe.testing.handles import CarrierKind, SimHandle
    from labframe.testing.hosts import Clients
    from labframe.transcripts import Transcript
    from labframe.wires import ManualClock

_CARRIERS = ("pty", "sim", "socket")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options ``--labframe-...``."""
    group = parser.getgroup("labframe")
    group.addoption(
        "--labframe-carrier", choices=_CARRIERS,
        help="what carries the bytes of simulated instruments [default: pty, or sim without ptys]",
    )  # fmt: skip
    group.addoption(
        "--labframe-port", action="append", default=[], metavar="NAME=URL",
        help="where a real instrument is, for tests that use real_instrument(NAME)",
    )  # fmt: skip
    group.addoption(
        "--labframe-seed", type=int, default=0, help="where the chances of faults begin"
    )
    group.addoption(
        "--labframe-chaos", metavar="DRIVER",
        help="run the chaos suite against an installed driver, or one in a file, and nothing else",
    )  # fmt: skip
    group.addoption(
        "--labframe-contract", metavar="DRIVER",
        help="run the contract of an installed driver, or of one in a file, and nothing else",
    )  # fmt: skip
    group.addoption(
        "--labframe-set", action="append", default=[], metavar="KEY=VALUE",
        help="a start value of the simulator, for --labframe-chaos and --labframe-contract",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Put the suites of any driver in the place of the tests when they are asked for."""
    config.addinivalue_line(
        "markers", "instrument(name): needs a real instrument, given with --labframe-port NAME=URL"
    )
    suites = [
        str(Path(__file__).with_name(f"{suite}_suite.py"))
        for suite in ("contract", "chaos")
        if config.getoption(f"--labframe-{suite}")
    ]
    if suites:
        config.args[:] = suites


@pytest.fixture
def labframe_carrier(request: pytest.FixtureRequest) -> CarrierKind:
    """What carries the bytes of simulated instruments in this run: ``pty``, ``sim``, ``socket``."""
    from labframe.testing.handles import best_carrier

    asked: CarrierKind | None = request.config.getoption("--labframe-carrier")
    return asked or best_carrier()


@pytest.fixture
def labframe_clock() -> ManualClock:
    """A clock for ``sim``: waiting on it takes no time, ``advance(seconds)`` lets time pass."""
    from labframe.wires import ManualClock

    return ManualClock()


@pytest.fixture
def sim_instrument(
    request: pytest.FixtureRequest, labframe_carrier: CarrierKind
) -> Iterator[Callable[..., SimHandle]]:
    """Make simulated instruments: ``sim_instrument("xgs600", late_every=0).url``.

    The first argument is a driver's name, a simulator's class, a simulator, or the path of a
    transcript. ``carrier`` and ``clock`` may be given; with ``clock=labframe_clock`` it is ``sim``.
    At the end all are closed, and a fault that was injected and never fired fails the test.
    """
    from labframe.testing.handles import SimHandle, simulator_of

    handles: list[SimHandle] = []

    def make(
        wanted: Any, *, carrier: CarrierKind | None = None, clock: Any = None, **state: object
    ) -> SimHandle:
        kind = carrier or ("sim" if clock is not None else labframe_carrier)
        seed: int = request.config.getoption("--labframe-seed")
        handles.append(SimHandle(simulator_of(wanted, **state), kind, clock, seed))
        return handles[-1]

    yield make
    for handle in handles:
        handle.close()
    for handle in handles:
        handle.check()


@pytest.fixture
def sim_bus(sim_instrument: Callable[..., SimHandle]) -> Callable[..., SimHandle]:
    """Make a bus of simulated instruments: ``sim_bus(Pump(address=1), Pump(address=2)).url``."""
    from labframe.simulation import SimulatedBus

    def make(*members: SimulatedInstrument, **options: Any) -> SimHandle:
        return sim_instrument(SimulatedBus(*members), **options)

    return make


@pytest.fixture
def labframe_host(tmp_path: Path) -> Iterator[Callable[..., Host]]:
    """Make and start hosts: ``labframe_host({"instrument": {...}}, plugin)``.

    Ports are free ones, state is kept in a directory of the test, and plugins are those that were
    given, if any were. ``simulate=False`` opens the real ports.
    """
    from labframe.testing.hosts import host_for_a_test

    hosts: list[Host] = []

    def make(config: Any, *plugins: object, simulate: bool = True) -> Host:
        directory = tmp_path / f"labframe-{len(hosts)}"
        hosts.append(host_for_a_test(config, plugins, directory, simulate=simulate))
        hosts[-1].start()
        return hosts[-1]

    yield make
    left = [f"{host.config.name}: {name}" for host in hosts for name in host.stop()]
    assert not left, f"these did not end: {', '.join(left)}"


@pytest.fixture
def labframe_client() -> Iterator[Callable[[Host], Clients]]:
    """Make the clients of a host: ``labframe_client(host).pull.point("a_temperature")``."""
    from labframe.testing.hosts import Clients

    made: list[Clients] = []

    def make(host: Host) -> Clients:
        made.append(Clients(host))
        return made[-1]

    yield make
    for clients in made:
        clients.close()


@pytest.fixture
def transcript(request: pytest.FixtureRequest) -> Callable[[str], Transcript]:
    """Load a transcript from the folder ``transcripts`` beside the test, by its name."""
    from labframe.transcripts import Transcript

    folder = Path(str(request.path)).with_name("transcripts")

    def load(name: str) -> Transcript:
        path = folder / (name if name.endswith(".jsonl") else f"{name}.jsonl")
        if not path.exists():
            there = ", ".join(sorted(one.name for one in folder.glob("*.jsonl"))) or "none"
            pytest.fail(f"{path}: there is no such transcript; there are: {there}")
        return Transcript.load(path)

    return load


@pytest.fixture(scope="session")
def real_instrument(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Return where a real instrument is: ``real_instrument("xgs600")``; skips without it."""
    given: dict[str, str] = {}
    for one in request.config.getoption("--labframe-port"):
        name, equals, url = one.partition("=")
        if not equals or not url:
            raise pytest.UsageError(f"--labframe-port {one}: write NAME=URL")
        given[name] = url

    def where(name: str) -> str:
        if name not in given:
            pytest.skip(f"needs a real {name}: --labframe-port {name}=/dev/ttyUSB0")
        return given[name]

    return where


@pytest.fixture
def plugin_manager() -> pluggy.PluginManager:
    """A pluggy manager with labframe's hooks; ``manager.calls`` lists those that were called."""
    import pluggy

    from labframe.hookspecs import PROJECT, HookSpecs

    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpecs)
    calls: list[str] = []
    manager.add_hookcall_monitoring(
        lambda name, _implementations, _arguments: calls.append(name),
        lambda *_outcome: None,
    )
    manager.calls = calls  # type: ignore[attr-defined]  # what a test looks at
    return manager


@pytest.fixture
def labframe_bench(
    sim_instrument: Callable[..., SimHandle], labframe_carrier: CarrierKind
) -> Callable[..., Any]:
    """Make a driver opposite its simulator, for :class:`labframe.testing.DriverContract`."""
    from labframe.testing.bench import Bench

    def make(contract: Any, **options: Any) -> Bench:
        return Bench(contract, sim_instrument, labframe_carrier, **options)

    return make
