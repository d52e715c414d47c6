"""The pytest plugin, as a stranger's test suite uses it: each in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

DRIVER = """
from labframe import Instrument, SerialLine, command, hookimpl, query, reading
from labframe.simulation import LineSimulator, Settable


class Gauge(Instrument):
    driver = "gauge"
    line = SerialLine(baudrate=9600, first_byte_s=0.3, gap_s=0.05, total_s=0.5)
    pressure = query("P?", float, unit="mbar", every=0.05)
    limit = query("L?", float, unit="mbar", on_demand=True)

    @command(unit="mbar", limits=(0, 100), read_back="limit")
    def set_limit(self, limit: float) -> None:
        self.ask(f"L {limit:g}")


class GaugeSimulator(LineSimulator):
    driver = "gauge"
    baudrate = 9600
    pressure = Settable(1.5, "mbar")

    def __init__(self, **state):
        super().__init__(**state)
        self._limit = 10.0

    def respond(self, line, now):
        if line.startswith(b"L "):
            self._limit = float(line[2:])
        answers = {b"P?": self.pressure, b"L?": self._limit}
        return f"{answers[line]:g}".encode() if line in answers else b"OK"


class Plugin:
    @hookimpl
    def labframe_instruments(self):
        return [Gauge]

    @hookimpl
    def labframe_simulators(self):
        return {"gauge": GaugeSimulator}
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(gauge=DRIVER)
    left_out = "'-p', 'no:cacheprovider', '-p', 'no:rerunfailures'"  # the last has a thread
    pytester.makepyprojecttoml(
        f"[tool.pytest.ini_options]\naddopts = [{left_out}]\npythonpath = ['.']\n"
    )
    return pytester


def test_nothing_heavy_is_imported_before_a_fixture_is_used() -> None:
    code = (
        "import sys, labframe.testing.plugin\n"
        "heavy = ('serial', 'msgspec', 'hypothesis', 'labframe.line', 'labframe.host', 'click')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("carrier", ["pty", "sim", "socket"])
def test_a_driver_is_read_on_every_carrier(suite: pytest.Pytester, carrier: str) -> None:
    suite.makepyfile("""
        from gauge import Gauge, GaugeSimulator

        def test_it(sim_instrument, labframe_carrier):
            sim = sim_instrument(GaugeSimulator, pressure=7)
            assert sim.kind == labframe_carrier
            with Gauge(sim.url) as gauge:
                assert gauge.pressure() == 7.0
                sim.state.pressure = 8
                assert gauge.pressure() == 8.0
            assert b"".join(sim.seen) == b"P?\\r\\nP?\\r\\n"
    """)
    suite.runpytest_subprocess(f"--labframe-carrier={carrier}").assert_outcomes(passed=1)


def test_a_fault_that_never_fired_fails_the_test(suite: pytest.Pytester) -> None:
    suite.makepyfile("""
        from gauge import Gauge, GaugeSimulator

        def test_it(sim_instrument):
            sim_instrument(GaugeSimulator).inject("truncate")
    """)
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the fault*truncate*never fired*"])


def test_a_manual_clock_makes_a_timeout_free(suite: pytest.Pytester) -> None:
    suite.makepyfile("""
        import time
        import pytest
        from gauge import Gauge, GaugeSimulator
        from labframe.errors import NoReply

        def test_it(sim_instrument, labframe_clock):
            sim = sim_instrument(GaugeSimulator, clock=labframe_clock)
            began = time.monotonic()
            with Gauge(sim.url) as gauge, sim.fault("no_answer", times=None):
                for _ in range(100):
                    with pytest.raises(NoReply):
                        gauge.pressure()
            assert time.monotonic() - began < 5
            assert labframe_clock.monotonic() > 1030
    """)
    suite.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_host_serves_and_takes_commands_and_leaves_nothing(suite: pytest.Pytester) -> None:
    suite.makepyfile("""
        import threading
        from gauge import Plugin

        def test_it(labframe_host, labframe_client):
            sections = {"instrument": {"g": {"driver": "gauge", "port": "simulated"}}}
            host = labframe_host(sections, Plugin())
            assert host.wait_fresh("g_pressure").y == 1.5
            clients = labframe_client(host)
            assert clients.pull.point("g_pressure").y == 1.5
            assert clients.push.g.set_limit(20) == 20.0
            assert [status.name for status in host.plugins.statuses] == ["Plugin"]

        def test_nothing_is_left():
            assert threading.enumerate() == [threading.main_thread()]
    """)
    suite.runpytest_subprocess().assert_outcomes(passed=2)


@pytest.mark.parametrize("carrier", ["pty", "sim", "socket"])
def test_a_simulated_instrument_leaves_nothing_behind(
    suite: pytest.Pytester, carrier: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    links = tmp_path_factory.mktemp("links")
    suite.makepyfile("""
        import os
        import threading
        from gauge import Gauge, GaugeSimulator

        BEFORE = []

        def counted():
            return len(os.listdir("/proc/self/fd")), threading.active_count(), os.listdir(LINKS)

        LINKS = os.environ["TMPDIR"]

        def test_before(sim_instrument):
            sim_instrument(GaugeSimulator)  # what is imported and opened once is, from now on

        def test_meanwhile(sim_instrument):
            BEFORE.append(counted())

        def test_it(sim_instrument):
            for _ in range(5):
                with Gauge(sim_instrument(GaugeSimulator).url) as gauge:
                    gauge.pressure()

        def test_after():
            assert counted() == BEFORE[0]
    """)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(links))
        result = suite.runpytest_subprocess(f"--labframe-carrier={carrier}", "--capture=no")
    result.assert_outcomes(passed=4)


def test_several_members_share_a_bus(suite: pytest.Pytester) -> None:
    suite.makepyfile("""
        from gauge import Gauge, GaugeSimulator

        class Other(GaugeSimulator):
            driver = "other"

            def respond(self, line, now):
                return super().respond(b"P?", now) if line == b"Q?" else None

        class Mute(GaugeSimulator):
            def respond(self, line, now):
                return super().respond(line, now) if line == b"P?" else None

        def test_it(sim_bus):
            sim = sim_bus(Mute(pressure=1), Other(pressure=2))
            with Gauge(sim.url) as gauge:
                assert (gauge.ask("P?"), gauge.ask("Q?")) == ("1", "2")
    """)
    suite.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_real_instrument_is_skipped_without_its_port_and_found_with_it(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile("""
        import pytest

        @pytest.mark.instrument("gauge")
        def test_it(real_instrument):
            assert real_instrument("gauge") == "/dev/ttyUSB7"
    """)
    result = suite.runpytest_subprocess("-rs", "--strict-markers")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*needs a real gauge: --labframe-port gauge=*"])
    given = "--labframe-port=gauge=/dev/ttyUSB7"
    suite.runpytest_subprocess(given, "--strict-markers").assert_outcomes(passed=1)


def test_a_transcript_is_loaded_and_replayed_by_its_name(suite: pytest.Pytester) -> None:
    (suite.path / "transcripts").mkdir()
    (suite.path / "transcripts" / "one.jsonl").write_text(
        '{"v":1}\n{"t":0,"d":">","b":"P?\\r\\n"}\n{"t":0.01,"d":"<","b":"3.5\\r\\n"}\n'
    )
    suite.makepyfile("""
        from gauge import Gauge

        def test_it(transcript, sim_instrument, request):
            assert len(transcript("one").exchanges) == 1
            sim = sim_instrument(request.path.with_name("transcripts") / "one.jsonl")
            with Gauge(sim.url) as gauge:
                assert gauge.pressure() == 3.5

        def test_another(transcript):
            transcript("two")
    """)
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*there is no such transcript; there are: one.jsonl*"])


def test_a_plugin_manager_tells_which_hooks_were_called(suite: pytest.Pytester) -> None:
    suite.makepyfile("""
        from gauge import Plugin

        def test_it(plugin_manager):
            plugin_manager.register(Plugin())
            assert len(plugin_manager.hook.labframe_instruments()) == 1
            assert plugin_manager.calls == ["labframe_instruments"]
    """)
    suite.runpytest_subprocess().assert_outcomes(passed=1)


CONTRACT = """
    from gauge import Gauge, GaugeSimulator
    from labframe.testing import DriverContract

    class Variant(Gauge):
        driver = "variant"
{body}

    class TestGauge(DriverContract):
        driver = Variant
        simulator = GaugeSimulator
"""

BAD = {
    "an error value": """
        def pressure_or_minus_one(self):
            try:
                return float(self.ask("P?"))
            except Exception:
                return -1.0

        from labframe import reading
        pressure = reading(unit="mbar")(pressure_or_minus_one)
""",
    "whatever looks like a number": """
        import re
        from labframe import SerialLine, query
        line = SerialLine(baudrate=9600, first_byte_s=0.3, total_s=0.5, encoding="latin-1")
        pressure = query("P?", lambda text: float(re.search("[0-9.]+", text)[0]), unit="mbar")
""",
    "a setting that is not sent": """
        from labframe import command

        @command(unit="mbar", limits=(0, 100), read_back="limit")
        def set_limit(self, limit: float) -> None:
            pass
""",
}


def test_a_good_driver_keeps_the_contract(suite: pytest.Pytester) -> None:
    suite.makepyfile(CONTRACT.format(body="        pass"))
    result = suite.runpytest_subprocess("--labframe-carrier=sim", "-q")
    assert result.ret == 0, result.stdout.str()


@pytest.mark.once
@pytest.mark.parametrize("what", BAD)
def test_a_bad_driver_breaks_the_contract(suite: pytest.Pytester, what: str) -> None:
    suite.makepyfile(CONTRACT.format(body=BAD[what]))
    result = suite.runpytest_subprocess("--labframe-carrier=sim", "-q")
    assert result.parseoutcomes().get("failed", 0) >= 1, result.stdout.str()


FILE = (
    DRIVER.replace("class Plugin:\n", "")
    .replace("    @hookimpl\n    def", "@hookimpl\ndef")
    .replace("(self):\n        return [Gauge]", "():\n    return [Gauge]")
    .replace("(self):\n        return {", "():\n    return {")
)


@pytest.mark.once
def test_chaos_passes_a_driver_in_a_file(suite: pytest.Pytester) -> None:
    suite.makepyfile(good=FILE)
    result = suite.runpytest_subprocess("--labframe-chaos=good.py", "-q")
    assert result.ret == 0, result.stdout.str()


@pytest.mark.once
def test_chaos_finds_an_answer_that_is_taken_for_another(suite: pytest.Pytester) -> None:
    wrong = FILE.replace(
        'pressure = query("P?", float, unit="mbar", every=0.05)',
        "@reading(unit='mbar')\n    def pressure(self) -> float:\n"
        "        try:\n            return float(self.ask('P?'))\n"
        "        except Exception:\n            return -1.0",
    )
    suite.makepyfile(bad=wrong)
    result = suite.runpytest_subprocess("--labframe-chaos=bad.py", "-q")
    assert result.ret == 1, result.stdout.str()
    result.stdout.fnmatch_lines(["*pressure = -1.0; the instrument has 1.5*"])


def test_chaos_names_the_drivers_that_there_are(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess("--labframe-chaos=xgs60", "-q")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*did you mean 'xgs600'?*"])
