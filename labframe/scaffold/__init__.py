"""What ``labframe new`` writes: whole distributions to begin with."""

from labframe.scaffold.driver_files import Scaffold, driver_scaffold

__all__ = ["Scaffold", "driver_scaffold"]
