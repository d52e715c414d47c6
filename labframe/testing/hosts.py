"""Hosts for tests: free ports, a directory of their own, and no plugin that was not asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from labframe.client import PullClient, PushClient
from labframe.config import Config, load, no_driver
from labframe.host import Host
from labframe.plugins import Plugins

__all__ = ["Clients", "explicit_plugins", "host_for_a_test"]

_FREE: Final[dict[str, Any]] = {
    "date_port": 0, "data_port": 0, "push_port": 0, "live_server": False,
}  # fmt: skip


class _Given:
    """A plugin that is an object, not an entry point."""

    def __init__(self, plugin: object) -> None:
        self.name = getattr(plugin, "__name__", type(plugin).__name__).rpartition(".")[2]
        self.dist: Any = None
        self._plugin = plugin

    def load(self) -> object:
        """Return the plugin."""
        return self._plugin


def explicit_plugins(*plugins: object, simulate: bool = False) -> Plugins:
    """Return these plugins and no others: modules, or instances of classes with hooks."""
    entries: list[Any] = [_Given(plugin) for plugin in plugins]
    return Plugins(entry_points=entries, simulate=simulate)


def host_for_a_test(
    config: Mapping[str, Any] | Path | str,
    plugins: tuple[object, ...],
    state_dir: Path,
    *,
    simulate: bool,
) -> Host:
    """Return a host, not started.

    Args:
        config: What ``lab.toml`` would say, or its path; without its ports.
        plugins: Its plugins. Without any, those that the configuration and the installation have.
        state_dir: Where it keeps what it keeps.
        simulate: Whether simulators stand in for its instruments.
    """
    if isinstance(config, Mapping):
        table = dict(config)
        table["network"] = {**_FREE, **table.get("network", {})}
        table.setdefault("host", {"name": "a test"})
        made: Config | Mapping[str, Any] = table
    else:
        loaded = load(Path(config), fixed_drivers=no_driver)
        import msgspec

        network = msgspec.structs.replace(loaded.network, **_FREE)
        made = msgspec.structs.replace(loaded, network=network)
    given = explicit_plugins(*plugins, simulate=simulate) if plugins else None
    return Host(made, simulate=simulate, plugins=given, state_dir=state_dir)


class Clients:
    """The clients of one host.

    Args:
        host: The host, started.

    Attributes:
        pull: Reads its first pull socket; old points are marked, not raised.
        push: Sends it commands; None if it takes none.
    """

    def __init__(self, host: Host) -> None:
        self.pull = PullClient("127.0.0.1", host.port, old="mark")
        port = host.commanding.port
        self.push = None if port is None else PushClient("127.0.0.1", port)

    def close(self) -> None:
        """Send no more."""
        self.pull.close()
        if self.push is not None:
            self.push.close()
