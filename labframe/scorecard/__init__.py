"""What a driver has, and what it lacks: the lines of ``labframe lint``."""

from labframe.scorecard.card import scorecard
from labframe.scorecard.mark import Mark

__all__ = ["Mark", "scorecard"]
