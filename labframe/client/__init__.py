"""Ask the sockets of a laboratory from Python: for newest points, and to do something.

* :class:`PullClient` and :class:`AsyncPullClient` read points; asking again does no harm;
* :class:`PushClient` and :class:`AsyncPushClient` hand over values and commands: each is executed
  once, whether a host of labframe takes it or another push socket;
* :class:`DateDataPullClient` is the client that scripts for PyExpLabSys use.

A client may be used by many threads, or many coroutines, at the same time. It talks to PyExpLabSys'
own sockets as well as to those of labframe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labframe.client.fields import DateDataPullClient
from labframe.client.pull import AsyncPullClient, PullClient
from labframe.client.push import AsyncPushClient, PushClient

if TYPE_CHECKING:
    from labframe.client.description import (
        ArgumentDescription,
        CodenameDescription,
        HostDescription,
        InstrumentDescription,
        MethodDescription,
    )

__all__ = [
    "ArgumentDescription",
    "AsyncPullClient",
    "AsyncPushClient",
    "CodenameDescription",
    "DateDataPullClient",
    "HostDescription",
    "InstrumentDescription",
    "MethodDescription",
    "PullClient",
    "PushClient",
]


def __getattr__(name: str) -> object:
    """Load the descriptions of hosts when they are asked for: 20 ms that few programs need."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from labframe.client import description

    value: object = getattr(description, name)
    globals()[name] = value
    return value
