"""A host in the foreground: what it says, where it logs, and how it is stopped."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

import click

from labframe.cli.stops import Stop, stops_posted
from labframe.cli.values import counted
from labframe.host import Host
from labframe.host.control import Control
from labframe.host.turns import quick_turns

__all__ = ["run_host", "said", "served"]

_LOG_BYTES: Final = 1_000_000
_LOG_FILES: Final = 5
_STOP_S: Final = 1.8


def run_host(
    host: Host,
    *,
    seconds: float | None = None,
    verbose: bool = False,
    keep_log: bool = True,
    say: Callable[[Host], Iterable[str]] | None = None,
) -> None:
    """Run a host until Ctrl-C, SIGTERM, the local request to stop, or for so many seconds.

    Args:
        host: The host, not started.
        seconds: How long to run; None is until it is stopped.
        verbose: Whether to show debug messages.
        keep_log: Whether to log to a file too.
        say: Returns the lines to print once it runs; None prints what is served.
    """
    mail: SimpleQueue[Stop] = SimpleQueue()
    with contextlib.ExitStack() as stack:
        stack.callback(host.stop, _STOP_S)
        control = Control(host, lambda: mail.put(Stop()))
        stack.callback(control.close)
        if control.problem:
            click.echo(f"Attention: {control.problem}", err=True)
        log = stack.enter_context(_logging(host, verbose=verbose, keep=keep_log))
        stack.enter_context(stops_posted(mail))
        stack.enter_context(quick_turns(len(host.plan.lines)))
        host.start()
        control.start()
        for line in (say or served)(host):
            click.echo(line)
        if log is not None:
            click.echo(f"Log: {log}")
        with contextlib.suppress(Empty):
            mail.get(timeout=seconds)
        click.echo("Stopping ...", err=True)
        began = time.monotonic()
        hanging = _stopped(host)
    click.echo(f"Stopped after {time.monotonic() - began:.1f} s.", err=True)
    _leave(hanging)


def _stopped(host: Host) -> list[str]:
    try:
        return host.stop(_STOP_S)
    except KeyboardInterrupt:
        click.echo("Stopped at once.", err=True)
        sys.stdout.flush()
        os._exit(130)


def _leave(hanging: list[str]) -> None:
    """End the program even if a driver does not."""
    others = [
        thread.name
        for thread in threading.enumerate()
        if thread is not threading.main_thread() and not thread.daemon
    ]
    if hanging or others:
        click.echo(f"Left behind: {', '.join([*hanging, *others])}", err=True)
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _how_simulated(host: Host) -> str:
    if host.simulated is None:
        return ""
    real = [one.name for one in host.plan.instruments if one.driver.always_there]
    return f", all simulated but {', '.join(real)}" if real else ", all simulated"


def said(host: Host) -> Iterator[str]:
    """Return what services say to who has started the host."""
    for service in host.services:
        lines: Callable[[], Iterable[str]] = getattr(service, "said", tuple)
        yield from lines()


def served(host: Host) -> Iterator[str]:
    """Return what a host serves, for people."""
    instruments = len(host.members)
    yield (
        f"{host.config.host.name}: {counted(instruments, 'instrument')}, "
        f"{counted(len(host.codenames), 'codename')}" + _how_simulated(host)
    )
    for socket in host.sockets:
        yield (
            f"  UDP {socket.port} on {host.config.network.listen}: {socket.kind} pull socket "
            f"{socket.name!r}, {counted(len(socket.codenames), 'codename')}"
        )
    for push in host.commanding.sockets:
        yield f"  UDP {push.port} on {host.config.network.listen}: push socket {push.name!r}"
    if host.sockets:
        target = "127.0.0.1" if host.port == 9000 else f"127.0.0.1:{host.port}"
        yield f"In a second terminal: labframe watch {target}"
    yield from said(host)
    for problem in host.problems:
        yield f"Attention: {problem}"


@contextlib.contextmanager
def _logging(host: Host, *, verbose: bool, keep: bool) -> Iterator[Path | None]:
    """Log to standard error, and to a file that rotates."""
    root = logging.getLogger("labframe")
    level = "DEBUG" if verbose else host.config.host.log_level.upper()
    screen = logging.StreamHandler()
    screen.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    handlers: list[logging.Handler] = [screen]
    file, path = _log_file(host) if keep else None, _log_path(host)
    if file is not None:
        handlers.append(file)
    before, root.propagate = root.propagate, False
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    try:
        yield None if file is None else path
    finally:
        root.propagate = before
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


def _log_file(host: Host) -> logging.Handler | None:
    path = _log_path(host)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _QuietFile(path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8")
    except OSError as error:
        click.echo(f"Attention: no log file: {error}", err=True)
        return None
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return file


def _log_path(host: Host) -> Path:
    own = host.config.host.log_file
    if own is None:
        return host.state_dir / "labframe.log"
    return host.config.directory / Path(own).expanduser()


class _QuietFile(logging.handlers.RotatingFileHandler):
    """Says once that it cannot write, a full disk for example, and goes on trying."""

    _is_failing = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  # logging's
        self._say(f"the log cannot be written: {sys.exc_info()[1]}")

    def doRollover(self) -> None:  # noqa: N802  # logging's
        """Begin a new file; where the full one cannot be renamed, begin the same one anew."""
        try:
            super().doRollover()
        except OSError as error:
            # Mounted by itself, or in a directory of somebody else's. Without room no record would
            # be written ever again, and without an end it would fill the disk.
            self._say(f"the log cannot rotate, so it begins anew in the same file: {error}")
            with open(self.baseFilename, "w", encoding=self.encoding):
                pass
            self.stream = self._open()

    def close(self) -> None:
        """Close it; what a full disk did not take is lost, and that was said."""
        with contextlib.suppress(OSError):
            super().close()

    def _say(self, text: str) -> None:
        if not self._is_failing:
            self._is_failing = True
            click.echo(f"Attention: {text}", err=True)
