"""The host: instruments in, sockets out.

The composition root: the only package that knows all the others.
"""

from labframe.host.host import Host
from labframe.host.sockets import PortTaken

__all__ = ["Host", "PortTaken"]
