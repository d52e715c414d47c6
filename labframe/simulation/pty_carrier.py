"""A simulated instrument on a real pseudo-terminal: any program can open it as a serial port."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from functools import partial
from pathlib import Path

from labframe.simulation.carrier import ThreadCarrier
from labframe.simulation.core import SimulatedInstrument
from labframe.simulation.errors import SimulationError
from labframe.simulation.pseudo_terminal import PseudoTerminal
from labframe.simulation.selector_thread import SelectorThread
from labframe.simulation.uart import garbled

__all__ = ["PtyCarrier"]

_CHUNK = 65536
_UNSENT = 65536
"""What waits for a client that does not read; more is lost, as on a wire."""


class PtyCarrier(ThreadCarrier):
    """Carries bytes between a simulated instrument and a pseudo-terminal behind a link.

    The link is named as udev names serial adapters in ``/dev/serial/by-id``:
    ``usb-NAME-if00-port0``. The instrument lives on while its cable is out; answers of that time
    are lost. Every method may be called from any thread; each returns when it is done.

    Args:
        simulator: The instrument.
        directory: Where the link is made; None: a new directory, removed by ``close``.
        name: The NAME in the link, changed as udev would where it has odd characters; None: the
            simulator's ``usb_name``, with a number behind it where that link is there already.
        keep_seen: How many chunks ``seen`` holds; the oldest go first.
        thread: Whose callbacks carry the bytes; None: a thread of its own.
        paced: Whether bytes leave at the instrument's baud rate.

    Attributes:
        simulator: The instrument.
        url: The link's path, the same for ever.
        lost: How many bytes were thrown away because nobody read them.

    Raises:
        NoPseudoTerminal: If the computer has none, or none left.
        SimulationError: If ``name`` was given and its link exists.
    """

    def __init__(
        self,
        simulator: SimulatedInstrument,
        directory: Path | None = None,
        name: str | None = None,
        *,
        keep_seen: int = 1000,
        thread: SelectorThread | None = None,
        paced: bool = True,
    ) -> None:
        super().__init__(simulator, paced)
        self.url = ""
        self.lost = 0
        self._unsent = b""
        self._waits_for_room = False
        with contextlib.ExitStack() as undo:
            if directory is None:
                directory = Path(tempfile.mkdtemp(prefix="labframe-sim-"))
                undo.callback(_remove_empty, directory)
            if thread is None:
                thread = SelectorThread("labframe simulation")
                undo.callback(thread.close)
            self._thread = thread
            self._pty: PseudoTerminal | None = PseudoTerminal.open(simulator.baudrate)
            self._device = self._pty.device
            undo.callback(thread.call, self._pull)
            self.url = str(self._new_link(directory.absolute(), name))
            self._carry(keep_seen)
            thread.call(self._start)
            self._undo = undo.pop_all()

    @property
    def device(self) -> str:
        """The device behind the link: now, or before it was unplugged."""
        return self._device

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._pty is not None

    def unplug(self) -> None:
        """Pull the cable: the link disappears, whoever has the port open finds it hung up."""
        self._thread.call(self._pull)

    def replug(self, new_node: bool = True) -> None:
        """Plug the cable in again: a device with another number behind the same link.

        With the cable in, this is the glitch after which a device comes back under a new number
        at once: the link never disappears.

        Args:
            new_node: False: under the number that it had, if that is free: nobody may have the old
                device open any more.
        """
        self._thread.call(partial(self._plug, new_node))

    def hold_output(self, is_held: bool = True) -> None:
        """Have the client's writes block, as XOFF does, until the next cable; or no longer."""
        self._thread.call(partial(self._hold, is_held))

    def close(self) -> None:
        """Unplug for good; give back the descriptors, the thread, the link. May be called again."""
        self._closed = True
        self._undo.close()

    # The link.

    def _new_link(self, directory: Path, name: str | None) -> Path:
        asked = re.sub(r"[^A-Za-z0-9#+.:=@_-]", "_", name or self.simulator.usb_name)
        number = 1
        while True:
            link = directory / f"usb-{asked if number == 1 else f'{asked}_{number}'}-if00-port0"
            try:
                link.symlink_to(self._device)
            except FileExistsError:
                if not link.exists():  # left behind by a process that was killed
                    link.unlink(missing_ok=True)
                elif name is not None:
                    raise SimulationError(
                        f"{link} exists already: stop the simulation that runs under this name "
                        "(if none does, remove the link), or take another name"
                    ) from None
                else:
                    number += 1
            else:
                return link

    # All that follows runs on the thread.

    def _start(self) -> None:
        assert self._pty is not None
        self._thread.watch(self._pty.instrument_fd, self._readable)
        self._begin_ticks()

    def _pull(self) -> None:
        pty, self._pty = self._pty, None
        if pty is None:
            return
        if self.url:
            # First: the number is free from now on, and the link would lead to a stranger.
            Path(self.url).unlink(missing_ok=True)
        self._hang_up(pty)

    def _hold(self, is_held: bool) -> None:
        if self._pty is not None:
            self._pty.hold(is_held)

    def _plug(self, new_node: bool) -> None:
        if self._closed:
            raise SimulationError(f"{self.url} was closed; make a new carrier")
        if not new_node:
            self._pull()
        new = PseudoTerminal.open(self.simulator.baudrate)
        if new_node and new.device == self._device:  # the number was free again: take the next one
            same = new
            try:
                new = PseudoTerminal.open(self.simulator.baudrate)
            finally:
                same.close()
        aside = f"{self.url}.{os.getpid()}"
        Path(aside).symlink_to(new.device)
        Path(aside).replace(self.url)
        old, self._pty, self._device = self._pty, new, new.device
        self._thread.watch(new.instrument_fd, self._readable)
        if old is None:
            self._new_cable()
        else:
            self._hang_up(old)

    def _hang_up(self, pty: PseudoTerminal) -> None:
        self._unsent = b""
        self._waits_for_room = False
        self._new_cable()
        with contextlib.suppress(KeyError):  # closed before it was started
            self._thread.unwatch(pty.instrument_fd)
        pty.close()

    def _readable(self) -> None:
        pty = self._pty
        if pty is None:
            return  # unplugged by another callback of the same round
        try:
            data = os.read(pty.instrument_fd, _CHUNK)
        except BlockingIOError:
            return
        pty.let_be_set_again()
        self._heard(data, data if pty.same_speed() else garbled(data))

    def _send(self, data: bytes) -> None:
        if self._pty is None:
            return
        if not self._pty.same_speed():
            data = garbled(data)
        self._unsent += data
        self.lost += max(len(self._unsent) - _UNSENT, 0)
        self._unsent = self._unsent[:_UNSENT]
        if not self._waits_for_room:
            self._write()

    def _write(self) -> None:
        pty = self._pty
        if pty is None:
            return
        with contextlib.suppress(BlockingIOError):
            self._unsent = self._unsent[os.write(pty.instrument_fd, self._unsent) :]
        if self._waits_for_room != bool(self._unsent):
            self._waits_for_room = bool(self._unsent)
            writable = self._write if self._unsent else None
            self._thread.watch_room(pty.instrument_fd, self._readable, writable)


def _remove_empty(directory: Path) -> None:
    with contextlib.suppress(OSError):  # what others put there stays
        directory.rmdir()
