"""The plan: which codename comes from which reading, on which line, and is served where.

It is made from a configuration and the driver classes, before anything is opened, so that all that
does not fit is found at once.
"""

from labframe.plan.declaring import configured_driver
from labframe.plan.making import make_plan
from labframe.plan.planned import (
    Channel,
    Kind,
    Output,
    Plan,
    PlannedInstrument,
    PlannedLine,
    PlannedReading,
    PlannedSocket,
)
from labframe.plan.sockets import plan_sockets

__all__ = [
    "Channel",
    "Kind",
    "Output",
    "Plan",
    "PlannedInstrument",
    "PlannedLine",
    "PlannedReading",
    "PlannedSocket",
    "configured_driver",
    "make_plan",
    "plan_sockets",
]
