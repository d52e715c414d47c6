"""Refuses commands by readings: ``laser.fire`` only while ``chamber_pressure`` is low, for example.

Configured without code; ``README.md`` beside this file is its manual.
"""

from __future__ import annotations

from labframe import PluginContext, hookimpl
from labframe_plugins.interlock.rules import Rule, rules

__all__ = ["Rule"]


@hookimpl
def labframe_interlocks(context: PluginContext) -> list[Rule]:
    """Give one interlock for each section ``[plugin.interlock.NAME]``."""
    return rules(context)
