"""labframe: plug an instrument in; its values are on the network.

What is published is exported lazily: ``import labframe`` alone loads none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labframe.client import AsyncPullClient as AsyncPullClient
    from labframe.client import AsyncPushClient as AsyncPushClient
    from labframe.client import DateDataPullClient as DateDataPullClient
    from labframe.client import PullClient as PullClient
    from labframe.client import PushClient as PushClient
    from labframe.config import Config as Config
    from labframe.config import ConfigurationError as ConfigurationError
    from labframe.errors import ArgumentError as ArgumentError
    from labframe.errors import IdentityError as IdentityError
    from labframe.errors import LabframeError as LabframeError
    from labframe.errors import LineError as LineError
    from labframe.errors import NoValue as NoValue
    from labframe.hookspecs import CommandConsumer as CommandConsumer
    from labframe.hookspecs import PluginContext as PluginContext
    from labframe.hookspecs import hookimpl as hookimpl
    from labframe.host import Host as Host
    from labframe.instrument import Arg as Arg
    from labframe.instrument import Instrument as Instrument
    from labframe.instrument import OwnKeys as OwnKeys
    from labframe.instrument import Section as Section
    from labframe.instrument import command as command
    from labframe.instrument import query as query
    from labframe.instrument import reading as reading
    from labframe.line import SerialLine as SerialLine
    from labframe.line import UsbPort as UsbPort
    from labframe.points import Command as Command
    from labframe.points import Event as Event
    from labframe.points import Point as Point
    from labframe.points import Quality as Quality
    from labframe.points import Reading as Reading
    from labframe.points import Sweep as Sweep

_HOME = {
    "Arg": "labframe.instrument",
    "ArgumentError": "labframe.errors",
    "AsyncPullClient": "labframe.client",
    "AsyncPushClient": "labframe.client",
    "Command": "labframe.points",
    "CommandConsumer": "labframe.hookspecs",
    "Config": "labframe.config",
    "ConfigurationError": "labframe.config",
    "DateDataPullClient": "labframe.client",
    "Event": "labframe.points",
    "Host": "labframe.host",
    "IdentityError": "labframe.errors",
    "Instrument": "labframe.instrument",
    "LabframeError": "labframe.errors",
    "LineError": "labframe.errors",
    "NoValue": "labframe.errors",
    "OwnKeys": "labframe.instrument",
    "PluginContext": "labframe.hookspecs",
    "Point": "labframe.points",
    "PullClient": "labframe.client",
    "PushClient": "labframe.client",
    "Quality": "labframe.points",
    "Reading": "labframe.points",
    "Section": "labframe.instrument",
    "SerialLine": "labframe.line",
    "Sweep": "labframe.points",
    "UsbPort": "labframe.line",
    "command": "labframe.instrument",
    "hookimpl": "labframe.hookspecs",
    "query": "labframe.instrument",
    "reading": "labframe.instrument",
}

__all__ = [
    "Arg",
    "ArgumentError",
    "AsyncPullClient",
    "AsyncPushClient",
    "Command",
    "CommandConsumer",
    "Config",
    "ConfigurationError",
    "DateDataPullClient",
    "Event",
    "Host",
    "IdentityError",
    "Instrument",
    "LabframeError",
    "LineError",
    "NoValue",
    "OwnKeys",
    "PluginContext",
    "Point",
    "PullClient",
    "PushClient",
    "Quality",
    "Reading",
    "Section",
    "SerialLine",
    "Sweep",
    "UsbPort",
    "command",
    "hookimpl",
    "query",
    "reading",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'labframe' has no attribute {name!r}")
    value: object = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
