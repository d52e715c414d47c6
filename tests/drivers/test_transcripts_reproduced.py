"""Every bundled simulator answers as the transcripts beside it say."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import labframe_drivers
import pytest

from labframe.plugins import Plugins
from labframe.simulation import reproduces
from labframe.transcripts import Chunk, Transcript

PACKAGES = [
    f"labframe_drivers.{module.name}" for module in pkgutil.iter_modules(labframe_drivers.__path__)
]


def transcripts(package: str) -> list[Path]:
    (directory,) = importlib.import_module(package).__path__
    return sorted(Path(directory, "transcripts").glob("*.jsonl"))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_with_a_simulator_has_a_transcript(package: str) -> None:
    module = importlib.import_module(package)

    assert transcripts(package) or not hasattr(module, "labframe_simulators")


@pytest.mark.parametrize(
    "path",
    [path for package in PACKAGES for path in transcripts(package)],
    ids=lambda path: f"{path.parent.parent.name}-{path.stem}",
)
def test_every_simulator_reproduces_every_transcript_beside_it(path: Path) -> None:
    transcript = Transcript.load(path)

    assert transcript.header.note, "where is it from?"
    assert any(not chunk.sent for chunk in transcript.chunks)
    simulator = Plugins().simulator(transcript.header.instrument)
    assert reproduces(simulator, transcript) == []


def test_a_simulator_that_answers_otherwise_is_found_out() -> None:
    from labframe_drivers.moon_laser import MoonLaserSimulator

    (path,) = transcripts("labframe_drivers.moon_laser")
    good = Transcript.load(path)
    bad = Transcript.of(
        good.header,
        [Chunk(one.time_s, one.sent, one.data.replace(b"IDLE", b"IDOL")) for one in good.chunks],
    )

    assert reproduces(MoonLaserSimulator, bad) == [
        'request 2 of 22, at 0.050 s: to "STATE?\\r\\n" the recorded answer is "IDOL\\r\\n", the '
        'simulator\'s "IDLE\\r\\n"',
        'request 22 of 22, at 1.050 s: to "STATE?\\r\\n" the recorded answer is "IDOL\\r\\n", the '
        'simulator\'s "IDLE\\r\\n"',
    ]
