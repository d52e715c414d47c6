"""Commands: from a request to the instrument, executed exactly once or not at all."""

from labframe.commands.answers import CODES
from labframe.commands.audit import Audit
from labframe.commands.interlocks import Interlocks
from labframe.commands.methods import Method, Methods
from labframe.commands.push_socket import HostPushSocket
from labframe.commands.router import Router
from labframe.commands.senders import Gate

__all__ = [
    "CODES",
    "Audit",
    "Gate",
    "HostPushSocket",
    "Interlocks",
    "Method",
    "Methods",
    "Router",
]
