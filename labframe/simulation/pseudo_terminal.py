"""One pseudo-terminal, raw, with its client's end held open."""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from typing import Self

from labframe.simulation.errors import NoPseudoTerminal

__all__ = ["PseudoTerminal", "available"]


def available() -> bool:
    """Return whether this computer has pseudo-terminals: Linux and macOS have, Windows has not."""
    try:
        import termios  # not on Windows
    except ImportError:
        return False
    return hasattr(os, "openpty") and hasattr(termios, "tcgetattr")


@functools.cache
def _rates() -> dict[int, int]:
    """Return the baud rates by the terminal's codes for them."""
    import termios

    names = [name for name in dir(termios) if re.fullmatch(r"B[1-9]\d*", name)]
    return {getattr(termios, name): int(name[1:]) for name in names}


@dataclass(frozen=True, slots=True)
class PseudoTerminal:
    """Both ends of it.

    The client's end is held open as well: without it, reading fails until somebody opens the
    device, and its settings (raw, baud rate) are lost each time the last one closes it.

    Attributes:
        instrument_fd: The instrument's end, not blocking.
        client_fd: The end that a driver opens by its path.
        device: That path.
        speed: The terminal's code for the instrument's baud rate; None: any is right.
    """

    instrument_fd: int
    client_fd: int
    device: str
    speed: int | None

    @classmethod
    def open(cls, baudrate: int | None) -> Self:
        """Make one that is raw (no echo, no translation) and set to ``baudrate``.

        Raises:
            NoPseudoTerminal: If there is none to be had.
        """
        if not available():
            raise NoPseudoTerminal(
                "this computer has no pseudo-terminals to simulate an instrument on; use Linux or "
                "macOS, or call the simulator's feed()"
            )
        import termios  # not on Windows
        import tty

        try:
            instrument_fd, client_fd = os.openpty()
        except OSError as error:
            raise NoPseudoTerminal(
                f"no pseudo-terminal is left ({error.strerror}); close some, or raise "
                "/proc/sys/kernel/pty/max or `ulimit -n`"
            ) from error
        os.set_blocking(instrument_fd, False)
        tty.setraw(client_fd)
        speed: int | None = getattr(termios, f"B{baudrate}", None)
        if speed is not None:
            attributes = termios.tcgetattr(client_fd)
            attributes[4] = attributes[5] = speed
            termios.tcsetattr(client_fd, termios.TCSANOW, attributes)
        return cls(instrument_fd, client_fd, os.ttyname(client_fd), speed)

    def same_speed(self) -> bool:
        """Return whether the client has set the instrument's baud rate."""
        if self.speed is None:
            return True
        import termios

        return bool(termios.tcgetattr(self.instrument_fd)[5] == self.speed)

    def let_be_set_again(self) -> None:
        """Have the client's next settings change something, whatever they are.

        A pseudo-terminal has eight data bits and no parity; the C library refuses settings that
        are granted in nothing. So a client that wants 7O1 could open it once only: the second time
        all else is as it was. Called when something was heard, and whoever speaks has set it.
        """
        import termios

        attributes = termios.tcgetattr(self.client_fd)
        if attributes[2] & termios.CLOCAL:  # which every serial library sets, and no pty heeds
            attributes[2] &= ~termios.CLOCAL
            termios.tcsetattr(self.client_fd, termios.TCSANOW, attributes)

    def hold(self, is_held: bool) -> None:
        """Have the client's writes block, as flow control does, or let them through again."""
        import termios

        termios.tcflow(self.client_fd, termios.TCOOFF if is_held else termios.TCOON)

    def baudrate(self) -> int | None:
        """Return the baud rate that the client has set; None if it has no code of its own."""
        import termios

        return _rates().get(termios.tcgetattr(self.instrument_fd)[5])

    def close(self) -> None:
        """Close both ends: whoever has the device open finds it hung up."""
        os.close(self.instrument_fd)
        os.close(self.client_fd)
