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
    from labframe.errors import LabframeError as LabframeError
    from labframe.points import Point as Point

_HOME = {
    "AsyncPullClient": "labframe.client",
    "AsyncPushClient": "labframe.client",
    "DateDataPullClient": "labframe.client",
    "LabframeError": "labframe.errors",
    "Point": "labframe.points",
    "PullClient": "labframe.client",
    "PushClient": "labframe.client",
}

__all__ = [
    "AsyncPullClient",
    "AsyncPushClient",
    "DateDataPullClient",
    "LabframeError",
    "Point",
    "PullClient",
    "PushClient",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'labframe' has no attribute {name!r}")
    value: object = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
