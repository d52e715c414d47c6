"""Plugins: found, checked, and called so that a broken one breaks nothing else."""

from labframe.plugins.checks import API_VERSION
from labframe.plugins.found import Plugins
from labframe.plugins.plugin import Condition, PluginStatus

__all__ = ["API_VERSION", "Condition", "PluginStatus", "Plugins"]
