"""What goes wrong with a simulated instrument.

::

    LabframeError
    └── SimulationError (ValueError)      a value, a name or a line that a simulation cannot have
        ├── NoPseudoTerminal (OSError)    this computer has none, or none is left
        └── FaultNeverFired (AssertionError)    a fault was asked for and nothing came of it
"""

from __future__ import annotations

from labframe.errors import LabframeError

__all__ = ["FaultNeverFired", "NoPseudoTerminal", "SimulationError"]


class SimulationError(LabframeError, ValueError):
    """A simulated instrument was asked for something that it cannot be."""


class NoPseudoTerminal(SimulationError, OSError):
    """The operating system has no pseudo-terminals, or no more of them."""


class FaultNeverFired(SimulationError, AssertionError):
    """A fault was injected and never happened: what was to be tested was not."""
