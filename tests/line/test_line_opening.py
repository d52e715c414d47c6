"""Opening, unplugging, plugging in again, and being told who holds a port."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import serial

from labframe.errors import LineError, PortBusy, PortGone, PortNotFound
from labframe.line import Line, SerialLine, UsbPort, holders, opening

FarEnds = Callable[..., Any]

SETTINGS = SerialLine(terminator=b"\r", gap_s=0.1)


def ok(request: bytes) -> bytes:
    return b"OK\r"


# Opening.


def test_a_line_is_closed_until_it_is_opened(far_end: FarEnds) -> None:
    end = far_end(ok)
    line = Line(end.url, SETTINGS)
    assert repr(line) == f"<Line {end.url!r}, closed>"
    with pytest.raises(PortGone, match=r"the line is closed for b'\?'; call open\(\) first"):
        line.transact(b"?")
    line.open()
    assert repr(line) == f"<Line {end.url!r}, open>"
    line.open()  # harmless
    assert line.transact(b"?") == b"OK"
    line.close()
    line.close()  # harmless
    assert repr(line) == f"<Line {end.url!r}, closed>"
    with pytest.raises(PortGone):
        line.resync()


def test_the_port_is_set_as_declared(far_end: FarEnds) -> None:
    end = far_end(ok)
    settings = SerialLine(baudrate=19200, stopbits=2, rtscts=True, dtr=False, rts=True)
    with Line(end.url, settings):
        _, _, cflag, _, _, speed, _ = termios.tcgetattr(end._master)
    assert speed == termios.B19200
    assert cflag & termios.CSTOPB
    assert cflag & termios.CRTSCTS


def test_an_open_line_costs_one_descriptor(far_end: FarEnds) -> None:
    end = far_end(ok)

    def count() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = count()
    with Line(end.url, SETTINGS):
        assert count() == before + 1
    assert count() == before


def test_a_port_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    line = Line(str(tmp_path / "ttyUSB0"), SETTINGS)
    with pytest.raises(PortNotFound, match="ttyUSB0: there is no such port"):
        line.open()
    assert not line.present()
    with pytest.raises(PortNotFound, match="USB serial A1"):
        Line(UsbPort(serial="A1"), SETTINGS).open()


def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.touch()
    with pytest.raises(LineError, match="cannot be opened as a serial port with baudrate = 9600"):
        Line(str(file), SETTINGS).open()


def test_a_port_that_this_user_may_not_open_names_the_group_to_join(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port: Permission denied")

    node = tmp_path / "ttyUSB0"
    node.touch()
    if os.getuid() == 0:
        os.chown(node, -1, 1)
    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(LineError, match=r"this user may not open .* `sudo usermod -aG \w+ \$USER`"):
        Line(str(node), SETTINGS).open()
    monkeypatch.setattr(os, "name", "nt")
    with pytest.raises(PortBusy, match="in use by another program"):
        opening.open_channel("COM3", "COM3", SETTINGS, threading.Event())


# Who holds it.


def test_two_lines_of_one_program_cannot_have_one_port(far_end: FarEnds) -> None:
    end = far_end(ok)
    with Line(end.url, SETTINGS) as line:
        with pytest.raises(PortBusy) as caught:
            Line(end.url, SETTINGS).open()
        assert str(caught.value) == (
            f"{end.url} ({end.device}): the port is in use. This very program holds it: give each "
            "port to one line only."
        )
        assert line.transact(b"?") == b"OK"


def test_the_program_that_holds_a_port_is_named(far_end: FarEnds) -> None:
    end = far_end(ok)
    script = (
        "import serial, sys\n"
        "port = serial.serial_for_url(sys.argv[1], exclusive=True)\n"
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, end.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(PortBusy, match=rf"held by \S+ -c \(process {other.pid}\): stop that"):
            Line(end.url, SETTINGS).open()
        other.stdin.close()
        other.wait()
    with Line(end.url, SETTINGS) as line:
        assert line.transact(b"?") == b"OK"


def test_a_program_that_only_opened_the_port_is_named_too(far_end: FarEnds, tmp_path: Path) -> None:
    end = far_end(ok)
    process = tmp_path / "proc" / "4711"
    (process / "fd").mkdir(parents=True)
    (process / "fd" / "3").symlink_to(end.device)
    (process / "cmdline").write_bytes(b"minicom\0-D\0/dev/ttyUSB0\0")
    (tmp_path / "proc" / "locks").write_text("1: POSIX  ADVISORY  WRITE 12 00:1a:3 0 EOF\n")
    assert holders.holders(end.device, tmp_path / "proc") == [4711]
    assert holders.who_holds(end.device, tmp_path / "proc") == (
        "It is held by minicom -D (process 4711): stop that first."
    )


def test_without_proc_the_message_says_how_to_find_out(far_end: FarEnds, tmp_path: Path) -> None:
    end = far_end(ok)
    assert f"sudo fuser -v {end.device}" in holders.who_holds(end.device, tmp_path)
    assert holders.holders("/dev/no such device") == []


# Unplugging.


def test_an_unplugged_port_is_gone_and_comes_back_under_another_number(far_end: FarEnds) -> None:
    end, other = far_end(ok), far_end(ok)
    line = Line(end.url, SETTINGS)
    line.open()
    assert line.transact(b"?") == b"OK"
    assert line.present()
    first_device = end.device

    end.unplug()
    assert line._channel is not None
    assert line._channel.hung_up()  # a container may keep the device node
    assert not line.present()
    with pytest.raises(PortGone) as caught:
        line.transact(b"?")
    assert str(caught.value).startswith(f"{end.url}: the port is gone during b'?' (")
    assert "open() finds the port again" in str(caught.value)
    assert not line.is_open
    assert not line.present()
    with pytest.raises(PortNotFound):
        line.open()

    taken = os.openpty()  # takes the number of the old one
    end.replug()
    try:
        assert end.device != first_device
        assert line.present()
        line.open()
        assert line.transact(b"?") == b"OK"
        assert line.present()
    finally:
        line.close()
        for descriptor in taken:
            os.close(descriptor)
    with Line(other.url, SETTINGS) as line:
        assert line.transact(b"?") == b"OK"


def test_a_port_unplugged_during_a_transaction_is_gone_at_once(far_end: FarEnds) -> None:
    end = far_end(lambda request: None)
    settings = SerialLine(terminator=b"\r", first_byte_s=30, total_s=30)
    with Line(end.url, settings) as line, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(line.transact, b"?")
        end.wait_for_requests(1)
        start = time.monotonic()
        end.unplug()
        with pytest.raises(PortGone):
            answer.result()
        assert time.monotonic() - start < 2


def test_a_port_unplugged_while_an_answer_comes_is_gone(far_end: FarEnds) -> None:
    end = far_end(lambda request: b"12.")
    settings = SerialLine(terminator=b"\r", first_byte_s=30, gap_s=30, total_s=30)
    with Line(end.url, settings) as line, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(line.transact, b"?")
        end.wait_for_requests(1)
        end.unplug()
        with pytest.raises(PortGone):
            answer.result()


def test_an_open_line_finds_a_port_that_was_plugged_in_again(far_end: FarEnds) -> None:
    end = far_end(ok)
    with Line(end.url, SETTINGS) as line:
        end.unplug()
        end.replug()
        assert not line.present()
        line.open()
        assert line.transact(b"?") == b"OK"


def test_a_link_that_leads_elsewhere_by_now_is_not_the_port_that_was_opened(
    far_end: FarEnds, tmp_path: Path
) -> None:
    end, other = far_end(ok), far_end(ok)
    link = tmp_path / "link"
    link.symlink_to(end.device)
    with Line(str(link), SETTINGS) as line:
        assert line.present()
        link.unlink()
        link.symlink_to(other.device)
        assert not line.present()
        line.open()
        assert line.transact(b"?") == b"OK"
        assert (end.requests, other.requests) == ([], [b"?"])


def test_sending_to_an_unplugged_port_is_gone_too(far_end: FarEnds) -> None:
    end = far_end(ok)
    with Line(end.url, SETTINGS) as line:
        end.unplug()
        with pytest.raises(PortGone):
            line.send(b"!")


def test_waiting_for_silence_at_an_unplugged_port_is_gone_too(far_end: FarEnds) -> None:
    end = far_end(ok)
    with Line(end.url, SETTINGS) as line:
        line.transact(b"?")
        line.doubt()
        end.unplug()
        with pytest.raises(PortGone):
            line.resync()
        assert not line.is_open


@pytest.mark.parametrize(
    "raised",
    [
        serial.SerialException("device disconnected"),
        OSError(errno.EIO, "Input/output error"),
        termios.error(errno.EIO, "Input/output error"),
    ],
)
@pytest.mark.parametrize("method", ["drop_input", "write", "receive"])
def test_whatever_is_raised_the_port_is_gone(
    far_end: FarEnds, monkeypatch: pytest.MonkeyPatch, raised: Exception, method: str
) -> None:
    def fail(*_: object) -> None:
        raise raised

    end = far_end(ok)
    with Line(end.url, SETTINGS) as line:
        monkeypatch.setattr(line._channel, method, fail)
        with pytest.raises(PortGone) as caught:
            line.transact(b"?")
        assert caught.value.__cause__ is raised
        assert not line.is_open
        line.open()
        assert line.transact(b"?") == b"OK"


# Closing.


def test_closing_ends_a_transaction_of_another_thread(far_end: FarEnds) -> None:
    end = far_end(lambda request: None)
    settings = SerialLine(terminator=b"\r", first_byte_s=30, total_s=30)
    line = Line(end.url, settings)
    line.open()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(line.transact, b"?")
        end.wait_for_requests(1)
        start = time.monotonic()
        line.close()
        with pytest.raises(PortGone, match="closed by another thread during b'\\?'"):
            answer.result()
        assert time.monotonic() - start < 1.5


def test_closing_ends_the_wait_between_two_requests(far_end: FarEnds) -> None:
    end = far_end(ok)
    line = Line(end.url, SerialLine(terminator=b"\r", min_gap_s=30))
    line.open()
    line.transact(b"?")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(line.transact, b"?")
        while not line._lock.locked():
            time.sleep(0)  # nothing else tells that it waits
        line.close()
        with pytest.raises(PortGone, match="closed by another thread"):
            answer.result()


def test_threads_that_wait_for_a_closed_line_are_told(far_end: FarEnds) -> None:
    end = far_end(lambda request: None)
    settings = SerialLine(terminator=b"\r", first_byte_s=30, total_s=30)
    line = Line(end.url, settings)
    line.open()
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(line.transact, b"?") for _ in range(3)]
        end.wait_for_requests(1)
        line.close()
        for answer in answers:
            with pytest.raises(PortGone):
                answer.result()


def test_a_line_closed_while_it_opens_stays_closed(
    far_end: FarEnds, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = far_end(ok)
    line = Line(end.url, SETTINGS)
    original = serial.Serial.open

    def open_and_be_closed(port: serial.Serial) -> None:
        original(port)
        line._stop.set()  # what close() does before it waits for the lock

    monkeypatch.setattr(serial.Serial, "open", open_and_be_closed)
    with pytest.raises(PortGone, match="closed by another thread while it was opened"):
        line.open()
    assert not line.is_open
