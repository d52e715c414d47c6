"""What goes wrong with a simulated instrument.

::

    LabframeError
    └── SimulationError (ValueError)      a value, a name or a line that a simulation cannot have
        └── NoPseudoTerminal (OSError)    this computer has none, or none is left
"""

from __future__ import annotations

from labframe.errors import LabframeError

__all__ = ["NoPseudoTerminal", "SimulationError"]


class SimulationError(LabframeError, ValueError):
    """A simulated instrument was asked for something that it cannot be."""


class NoPseudoTerminal(SimulationError, OSError):
    """The operating system has no pseudo-terminals, or no more of them."""
