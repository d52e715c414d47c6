"""What a configuration holds: frozen structs, one for each kind of section."""

from __future__ import annotations

import platform
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Literal

import msgspec

from labframe.config.environment import Secrets
from labframe.line.ports import UsbPort

__all__ = [
    "AuditConfig",
    "CommandConfig",
    "Config",
    "HostConfig",
    "InstrumentConfig",
    "NetworkConfig",
    "ReadingConfig",
    "SocketConfig",
]


class HostConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The section ``[host]``.

    Attributes:
        name: What the host calls itself to clients.
        state_dir: Where it keeps its log and its control socket; None: in the user's state
            directory, under the configuration's name.
        required_plugins: Plugins without which it does not start.
        blocked_plugins: Plugins that it does not load.
        log_file: Path of the rotating log; None: ``labframe.log`` in ``state_dir``.
        log_level: ``debug``, ``info``, ``warning`` or ``error``.
    """

    name: str = msgspec.field(default_factory=platform.node)
    state_dir: str | None = None
    required_plugins: tuple[str, ...] = ()
    blocked_plugins: tuple[str, ...] = ()
    log_file: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class NetworkConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The section ``[network]``.

    Attributes:
        listen: The address that the sockets listen on; ``"0.0.0.0"`` is every one.
        date_port: UDP port of the first DateDataPullSocket; 0 takes a free one.
        data_port: UDP port of the first DataPullSocket; 0 takes a free one.
        push_port: UDP port of the push socket, which takes commands; 0 takes a free one, false
            takes no commands.
        live_server: ``"host:port"`` of the live server; false sends nothing.
        default_instrument: The instrument whose commands may be called without its name; None:
            none.
        unsigned_commands: ``allow`` takes commands from other computers too; ``refuse`` only from
            this one.
        return_format: How the push socket writes what a command returns.
    """

    listen: str = "127.0.0.1"
    date_port: int = 9000
    data_port: int = 9010
    push_port: int | Literal[False] = 8500
    live_server: str | Literal[False] = "127.0.0.1:9767"
    default_instrument: str | None = None
    unsigned_commands: Literal["refuse", "allow"] = "refuse"
    return_format: Literal["json", "raw", "string"] = "json"


class AuditConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The section ``[audit]``: the file that tells of every command.

    Attributes:
        file: Its path; None: ``commands.jsonl`` in the host's state directory.
        on_failure: When it cannot be written: ``warn`` executes commands all the same, ``refuse``
            executes none.
        max_bytes: How long it becomes before a new one is begun.
        keep: How many older ones are kept.
    """

    file: str | None = None
    on_failure: Literal["warn", "refuse"] = "warn"
    max_bytes: int = 10_000_000
    keep: int = 10


class SocketConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A section ``[socket.NAME]``: one more pull socket.

    Attributes:
        kind: ``date`` or ``data``.
        port: Its UDP port; None is the next one of its kind.
        name: What it answers to ``name``; None is the section's name.
    """

    kind: Literal["date", "data"] = "date"
    port: int | None = None
    name: str | None = None


class ReadingConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A section ``[instrument.NAME.reading.READING]``, or the table of a channel.

    Attributes:
        codename: The name in the whole laboratory; None is the default one.
        every: Seconds from poll to poll.
        stale_after: Seconds after which a value is old.
        scale: What the value is multiplied by.
        offset: What is added to it after that.
        label: What people call it.
        enabled: Whether it is read.
    """

    codename: str | None = None
    every: float | None = None
    stale_after: float | None = None
    scale: float | None = None
    offset: float | None = None
    label: str | None = None
    enabled: bool | None = None


class CommandConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A section ``[instrument.NAME.command.COMMAND]``.

    Attributes:
        enabled: Whether it may be called.
        limits: The lowest and the highest number of its one argument, within the driver's.
        after_reconnect: What becomes of the setting when the instrument comes back.
        label: What people call it.
    """

    enabled: bool = True
    limits: tuple[float, float] | None = None
    after_reconnect: Literal["keep", "reapply", "forget"] | None = None
    label: str | None = None


class InstrumentConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A section ``[instrument.NAME]``.

    Attributes:
        name: The section's name.
        driver: The driver's name.
        port: Where it is: a path, a URL, or a USB identity.
        address: Its address, where several share a line.
        enabled: Whether it is used.
        label: What people call it.
        identity: How its identification answers, in place of the driver's text.
        socket: The pull socket of its codenames; None is the first of its kind.
        channels: What is read of each channel.
        options: The driver's own options.
        simulate: Start values of its simulator, with ``--simulate``.
        line: Settings of the serial line that differ from the driver's.
        readings: What differs from the driver's readings, by reading or part.
        commands: What differs from the driver's commands.
        table: The whole section as it stands there, with the keys that only its driver knows.
    """

    name: str
    driver: str
    port: str | UsbPort | None = None
    address: int | str | None = None
    enabled: bool = True
    label: str | None = None
    identity: str | None = None
    socket: str | None = None
    channels: dict[str, ReadingConfig] = {}
    options: dict[str, Any] = {}
    simulate: dict[str, Any] = {}
    line: dict[str, Any] = {}
    readings: dict[str, ReadingConfig] = {}
    commands: dict[str, CommandConfig] = {}
    table: dict[str, Any] = {}


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """A whole configuration.

    Attributes:
        name: The file's name, for messages.
        directory: Where paths in it are relative to.
        plugins: Paths of single-file plugins, or names of modules.
        host: ``[host]``.
        network: ``[network]``.
        audit: ``[audit]``.
        sockets: ``[socket.NAME]``, in the file's order.
        instruments: ``[instrument.NAME]``, in the file's order.
        plugin_sections: ``[plugin.NAME]``, as they are, in the file's order.
        secrets: What came from the environment, and is not shown in messages.
    """

    name: str = "lab.toml"
    directory: Path = Path()
    plugins: tuple[str, ...] = ()
    host: HostConfig = msgspec.field(default_factory=HostConfig)
    network: NetworkConfig = msgspec.field(default_factory=NetworkConfig)
    audit: AuditConfig = msgspec.field(default_factory=AuditConfig)
    sockets: dict[str, SocketConfig] = {}
    instruments: dict[str, InstrumentConfig] = {}
    plugin_sections: dict[str, dict[str, Any]] = {}
    secrets: Secrets = msgspec.field(default_factory=Secrets)

    @classmethod
    def from_dict(
        cls,
        table: dict[str, Any],
        name: str = "lab.toml",
        directory: Path = Path(),
        fixed_drivers: Callable[[Config], Collection[str]] | None = None,
    ) -> Config:
        """Return the configuration that a dictionary holds, as TOML would give it.

        Args:
            table: The dictionary.
            name: The name of the file, for messages.
            directory: Where paths in it are relative to.
            fixed_drivers: Returns which drivers take no keys of their own; None: all.

        Raises:
            ConfigurationError: If anything is wrong with it; it holds all problems.
        """
        from labframe.config.reading import from_dict  # which needs this module

        return from_dict(table, name, directory, fixed_drivers=fixed_drivers)
