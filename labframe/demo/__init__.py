"""The demonstration: a laboratory on the moon, simulated on real pseudo-terminals."""

from labframe.demo.laboratory import CONFIGURATION, demo_host
from labframe.demo.scenario import Chamber, Scenario
from labframe.demo.told import what_to_try

__all__ = ["CONFIGURATION", "Chamber", "Scenario", "demo_host", "what_to_try"]
