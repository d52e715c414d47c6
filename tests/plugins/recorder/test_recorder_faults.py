"""Disks that are full, files that are locked or damaged: the recorder waits, and catches up."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from labframe_plugins.recorder import HistoryWriter, Recorder
from labframe_plugins.recorder.lock import FileTaken
from labhost import until
from recording import opened, readings, recorded, recorder, recording, started, until_written

from labframe import Event


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lab.db"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 600 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be made here: {mounted.stderr.decode()}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def catches_up(sink: Recorder, file: Path, count: int) -> None:
    until_written(file, count)
    until(lambda: not sink.health().error)
    sink.close()
    assert [second for second, _ in recorded(file)] == list(range(count))


def test_a_full_disk_is_waited_for(small_disk: Path) -> None:
    file, ballast = small_disk / "lab.db", small_disk / "ballast"
    sink = recorder(file)
    sink.write(readings(10))
    until_written(file, 10)
    with ballast.open("wb", buffering=0) as full, contextlib.suppress(OSError):
        while True:
            full.write(b"\0" * 4096)

    sink.write(readings(20_000, first=10))
    until(lambda: "full" in sink.health().error or "I/O" in sink.health().error)
    assert sink.health().queued >= 20_000
    os.truncate(ballast, 0)
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)

    catches_up(sink, file, 20_010)


def test_a_disk_that_is_read_only_for_a_while_is_waited_for(small_disk: Path) -> None:
    file = small_disk / "lab.db"
    with recording(file) as sink:
        sink.write(readings(10))
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    sink = recorder(file)
    sink.write(readings(20, first=10))
    until(lambda: sink.health().error)
    assert str(file) in sink.health().error
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)

    catches_up(sink, file, 30)


def test_a_limit_on_the_file_s_size_is_waited_for(file: Path) -> None:
    program = textwrap.dedent(f"""
        import resource, sys
        from pathlib import Path
        from labhost import until
        from recording import readings, recorder, until_written
        file = Path({str(file)!r})
        sink = recorder(file)
        sink.write(readings(10))
        until_written(file, 10)
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, most))
        sink.write(readings(20_000, first=10))
        until(lambda: sink.health().error, 20)
        print(sink.health().error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        sink.write(readings(10, first=20_010))
        until_written(file, 20_020)
        until(lambda: not sink.health().error)
        sink.close()
    """)

    done = run(program)

    assert "lab.db" in done.stdout
    assert [second for second, _ in recorded(file)] == list(range(20_020))


def run(program: str) -> subprocess.CompletedProcess[str]:
    tests = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(tests)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment,
        timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def test_a_database_that_somebody_has_locked_is_waited_for(file: Path) -> None:
    sink = recorder(file)
    sink.write(readings(10))
    until_written(file, 10)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    sink.write(readings(10, first=10))
    until(lambda: "locked" in sink.health().error)
    sink.write(readings(10, first=20))
    other.execute("ROLLBACK")
    other.close()

    catches_up(sink, file, 30)


def test_an_event_that_makes_no_sense_ends_no_recording(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with recording(file) as sink:
        sink.write(readings(1))
        sink.event(Event("host", "a plugin", 0.0, "", {"what": "start", "codenames": {"oven": 3}}))
        sink.write(readings(2, first=1))
        until(lambda: sink.health().dropped == 1)

    assert [second for second, _ in recorded(file)] == [0, 1, 2], "what stood beside it is there"
    assert "a plugin" in caplog.text


def test_a_file_that_another_host_writes_is_left_alone_until_that_has_ended(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = recorder(file), recorder(file)
    first.write(readings(10))
    until_written(file, 10)

    second.write(readings(5, codename="kiln"))
    until(lambda: "is written by another program" in second.health().error)
    assert f"process {os.getpid()}" in second.health().error
    with pytest.raises(FileTaken):
        HistoryWriter(file)
    first.close()
    until_written(file, 5, "kiln")
    second.close()

    assert len(recorded(file)) == 10
    assert [second for second, _ in recorded(file, "kiln")] == list(range(5))
    assert "written again" in caplog.text


def test_a_damaged_file_is_put_aside_and_nothing_new_is_lost(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with recording(file) as sink:
        sink.event(started("oven"))
        sink.write(readings(20_000))
    with HistoryWriter(file):
        pass
    sink = recorder(file)
    sink.write(readings(10, first=20_000))
    until_written(file, 20_010)
    with file.open("r+b") as damaged:
        damaged.seek(4096)
        damaged.write(b"\xff" * (file.stat().st_size - 4096))

    sink.write(readings(10, first=20_010))
    until(lambda: list(file.parent.glob("lab.db.damaged-????????-??????")), 20)
    (aside,) = file.parent.glob("lab.db.damaged-????????-??????")
    sink.write(readings(10, first=20_020))
    until_written(file, 10)
    until(lambda: not sink.health().error)
    sink.close()

    seconds = [second for second, _ in recorded(file)]  # the first ten may be in the damaged one
    assert seconds in (list(range(20_010, 20_030)), list(range(20_020, 20_030)))
    with opened(file) as history:
        assert aside.name in history.events(kind="history")[0].text
        assert history.codenames()["oven"].unit == "K"
    assert "was damaged" in caplog.text


def test_a_file_that_is_something_else_is_never_touched(tmp_path: Path) -> None:
    photo, database = tmp_path / "photo.jpg", tmp_path / "other.db"
    photo.write_bytes(b"a photograph" * 1000)
    with sqlite3.connect(database) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    before = database.read_bytes()

    for one in (photo, database):
        sink = recorder(one)
        sink.write(readings(10))
        until(lambda: sink.health().error)  # noqa: B023  # called at once
        sink.close()

    assert photo.read_bytes() == b"a photograph" * 1000
    assert database.read_bytes() == before


def test_a_file_that_is_moved_away_is_begun_anew(file: Path) -> None:
    sink = recorder(file)
    sink.write(readings(10))
    until_written(file, 10)
    for suffix in ("", "-wal", "-shm"):
        shutil.move(f"{file}{suffix}", f"{file.with_name('old.db')}{suffix}")

    sink.write(readings(10, first=10))
    until_written(file, 10)
    sink.close()

    assert [second for second, _ in recorded(file)] == list(range(10, 20))
    assert len(recorded(file.with_name("old.db"))) == 10


def test_when_the_spool_is_full_the_oldest_points_go_and_the_history_says_so(file: Path) -> None:
    sink = recorder(file, spool=1000)
    sink.write(readings(10))
    until_written(file, 10)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    sink.write(readings(10, first=10))
    until(lambda: sink.health().error)
    for first in range(20, 4020, 500):
        sink.write(readings(500, first=first))
        until(lambda: not sink._arrived)
    dropped = sink.health().dropped
    assert dropped > 2000
    other.execute("ROLLBACK")
    other.close()
    until(lambda: not sink.health().error)
    sink.close()

    seconds = [second for second, _ in recorded(file)]
    assert seconds[:20] == list(range(20))
    assert seconds[-500:] == list(range(3520, 4020))
    assert len(seconds) + dropped == 4020
    with opened(file) as history:
        lost = [gap for gap in history.gaps("oven") if gap.cause == "lost"]
    assert lost
    assert "spool was full" in lost[0].why


def test_a_batch_whose_commit_failed_after_it_took_effect_is_not_written_twice(file: Path) -> None:
    sink = recorder(file)
    sink.write(readings(10))
    until_written(file, 10)
    store = sink._store
    assert store is not None
    write = store.write

    def fails_at_the_end(batch: object) -> None:
        write(batch)  # type: ignore[arg-type]  # passed on
        raise sqlite3.OperationalError("disk I/O error")

    store.write = fails_at_the_end  # type: ignore[method-assign]  # as a failing fsync would
    sink.write(readings(10, first=10))

    catches_up(sink, file, 20)
