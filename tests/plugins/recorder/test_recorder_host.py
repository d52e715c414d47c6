"""A real host that records, and is killed."""

import os
import time
from pathlib import Path

from counting import Run, stopped
from labframe_plugins.recorder import open_history
from labhost import until
from recording import until_written

from labframe import PullClient
from labframe.client.status import read_status
from labframe.testing.hosts import host_for_a_test


def test_killed_at_any_moment_a_host_loses_half_a_second_at_most(
    run: Run, history_file: Path
) -> None:
    for _ in range(3):
        before = len(points(history_file, "a_value")) if history_file.exists() else 0
        program = run()
        until_written(history_file, before + 60, "a_value")
        killed_at = time.time()
        program.kill()
        program.communicate()

        with open_history(history_file) as history:
            assert history.verify() == []
            times = history.points("a_value").times
        assert killed_at - times[-1] < 0.5 + lateness()

    with open_history(history_file) as history:
        gaps = [gap for gap in history.gaps("a_value") if gap.until is not None]
        counts = list(history.points("a_value").values)
    assert [gap.cause for gap in gaps] == ["host stopped"] * 2
    runs = [index for index, count in enumerate(counts) if count == 1.0]
    assert len(runs) == 3
    for begin, end in zip(runs, [*runs[1:], len(counts)], strict=True):
        assert counts[begin:end] == [float(number + 1) for number in range(end - begin)]


def points(history_file: Path, codename: str) -> list[float]:
    with open_history(history_file) as history:
        return list(history.points(codename).values)


def lateness() -> float:
    """Return how late this machine is now, which the recorder cannot help."""
    began = time.monotonic()
    time.sleep(0.01)
    return max(0.3, 5 * (time.monotonic() - began))


def test_a_host_that_is_stopped_writes_all_of_it(run: Run, history_file: Path) -> None:
    program = run()
    until_written(history_file, 30, "b_value")

    said = stopped(program)

    assert "Traceback" not in said
    with open_history(history_file) as history:
        assert history.verify() == []
        assert [event.fields["what"] for event in history.events(kind="host")] == ["start", "stop"]
        counts = list(history.points("b_value").values)
        assert history.codenames()["b_value"].instrument == "b"
    assert counts == [float(number + 1) for number in range(len(counts))]


def test_the_recorder_is_switched_off_by_one_line(
    run: Run, tmp_path: Path, history_file: Path
) -> None:
    program = run("[plugin.recorder]\nenabled = false\n")
    assert program.stdout is not None
    while "second terminal" not in program.stdout.readline():
        pass
    stopped(program)

    assert not history_file.exists()


def test_the_status_of_a_host_says_what_is_wrong_with_its_history(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"a photograph" * 100)
    config = {
        "instrument": {"moon_laser": {"driver": "moon_laser", "port": "simulated"}},
        "plugin": {"recorder": {"file": str(tmp_path / "photo.jpg")}},
    }
    with host_for_a_test(config, (), tmp_path / "state", simulate=True) as host:
        until(lambda: host.sinks[0].error)
        with PullClient("127.0.0.1", host.port):
            found = read_status("127.0.0.1", host.port)
        host.wait_fresh("moon_laser_power")  # the host goes on

    (sink,) = found.sinks
    assert not found.is_well
    assert sink.name == "recorder"
    assert "photo.jpg: file is not a database" in (sink.error or "")
    assert os.path.getsize(tmp_path / "photo.jpg") == 1200
