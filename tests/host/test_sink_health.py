"""What sinks are told first, and what the status tells of them."""

from collections.abc import Sequence
from pathlib import Path

from labhost import Plugin, lab, until

from labframe import Event, Instrument, PluginContext, Reading, Sweep, reading
from labframe.hookspecs import SinkHealth
from labframe.host.sinks import SinkRunner


class Thermometer(Instrument):
    driver = "thermometer"

    @reading(unit="K", every=0.1, stale_after=0.7)
    def temperature(self) -> float:
        return 77.0


INSTRUMENTS = {"cryo": {"driver": "thermometer"}}


class Keeps:
    """A sink that says how it is."""

    name = "keeps"

    def __init__(self, health: SinkHealth | Exception) -> None:
        self.events: list[Event] = []
        self._health = health

    def write(self, readings: Sequence[Reading | Sweep]) -> None:
        pass

    def event(self, event: Event) -> None:
        self.events.append(event)

    def health(self) -> SinkHealth:
        if isinstance(self._health, Exception):
            raise self._health
        return self._health

    def close(self) -> None:
        pass


def test_the_first_event_tells_of_every_codename_and_the_last_of_the_end() -> None:
    sink = Keeps(SinkHealth())
    with lab(Plugin([Thermometer], sinks=[sink]), INSTRUMENTS, simulate=False):
        until(lambda: sink.events)

    first, last = sink.events[0], sink.events[-1]
    assert first.fields == {
        "what": "start",
        "name": "test lab",
        "codenames": {
            "cryo_temperature": {
                "unit": "K", "source": "cryo", "label": "temperature", "kind": "date",
                "stale_after": 0.7,
            }
        },
    }  # fmt: skip
    assert last.fields["what"] == "stop"


def test_the_status_adds_what_a_sink_says_of_itself() -> None:
    runner = SinkRunner(Keeps(SinkHealth(queued=3, dropped=2, error="the disk is full")))
    runner.put(Event("host", "host", 0.0, "", {}))

    status = runner.status()

    assert (status.queued, status.dropped, status.error) == (4, 2, "the disk is full")


def test_a_sink_that_cannot_say_how_it_is_is_not_well() -> None:
    status = SinkRunner(Keeps(ValueError("no idea"))).status()

    assert status.error == "health() failed: ValueError: no idea"


def test_a_path_of_a_plugin_is_relative_to_the_configuration() -> None:
    context = PluginContext(name="recorder", base=Path("/lab"))

    assert context.path("lab.db") == Path("/lab/lab.db")
    assert context.path("/var/lab.db") == Path("/var/lab.db")
    assert context.path("~/lab.db") == Path.home() / "lab.db"


def test_a_sink_says_how_long_readings_are_collected_for_it() -> None:
    counts: list[int] = []

    class Gathers(Keeps):
        gather_s = 0.4

        def write(self, readings: Sequence[Reading | Sweep]) -> None:
            counts.append(len(readings))

    with lab(Plugin([Thermometer], sinks=[Gathers(SinkHealth())]), INSTRUMENTS, simulate=False):
        until(lambda: len(counts) > 2)

    assert max(counts) > 2, "several readings of 10 Hz come together"
