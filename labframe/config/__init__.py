"""The configuration, ``lab.toml``: read, checked, and told all that is wrong with it at once."""

from labframe.config.problems import ConfigurationError
from labframe.config.reading import load, no_driver, parse
from labframe.config.schema import (
    AuditConfig,
    CommandConfig,
    Config,
    HostConfig,
    InstrumentConfig,
    NetworkConfig,
    ReadingConfig,
    SocketConfig,
)

__all__ = [
    "AuditConfig",
    "CommandConfig",
    "Config",
    "ConfigurationError",
    "HostConfig",
    "InstrumentConfig",
    "NetworkConfig",
    "ReadingConfig",
    "SocketConfig",
    "load",
    "no_driver",
    "parse",
]
