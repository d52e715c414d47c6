"""The demonstration laboratory: instruments on the moon, simulated on real pseudo-terminals."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from labframe.errors import NotFresh
from labframe.host import Host, PortTaken

__all__ = ["CONFIGURATION", "demo_host", "what_to_try"]

_PATIENCE_S: Final = 1.5

CONFIGURATION: Final[dict[str, Any]] = {
    "host": {"name": "the moon"},
    "network": {"default_instrument": "moon_laser"},
    "plugin": {
        "interlock": {
            "vacuum": {
                "refuse": ["moon_laser.fire", "moon_laser.state"],
                "unless": {"codename": "chamber_pressure", "below": 1e-3},
            }
        }
    },
    "instrument": {
        "moon_laser": {"driver": "moon_laser", "port": "simulated laser"},
        "vacuum": {
            "driver": "xgs600",
            "port": "simulated gauges",
            "channels": {
                "HFIG1": "chamber_pressure",
                "CNV1": "fore_pressure",
                "IMG1": "airlock_pressure",
            },
        },
        "pc": {"driver": "computer"},
    },
}
"""What runs, as ``lab.toml`` would say it."""


def demo_host(
    state_dir: Path,
    pull_port: int,
    data_port: int,
    push_port: int,
    live_port: int | None = None,
    history: Path | None = None,
) -> Host:
    """Return the demonstration laboratory, not started.

    Args:
        state_dir: Where it keeps its control socket.
        pull_port: UDP port of the values over time; 0 takes a free one.
        data_port: UDP port of the spectra; 0 takes a free one.
        push_port: UDP port of the commands; 0 takes a free one.
        live_port: TCP port of the live server that is started beside it; 0 takes a free one, and a
            free UDP port for what it is sent; None starts none, and sends nothing.
        history: The file that everything is recorded in; None records nothing.

    Raises:
        PortTaken: If a port is in use.
    """
    network: dict[str, Any] = {
        **CONFIGURATION["network"],
        "date_port": pull_port,
        "data_port": data_port,
        "push_port": push_port,
    }
    plugins = dict(CONFIGURATION["plugin"])
    if live_port is None:
        network["live_server"] = False
    else:
        plugins["live"] = {
            "enabled": True,
            "port": live_port,
            "token": secrets.token_urlsafe(),
        }
        if live_port == 0:
            network["live_server"] = f"127.0.0.1:{_free_udp_port()}"
    if history is not None:
        plugins["recorder"] = {"file": str(history)}
    made = {**CONFIGURATION, "network": network, "plugin": plugins}
    try:
        return Host(made, simulate=True, state_dir=state_dir)
    except PortTaken as error:
        error.add_note(
            "The demonstration takes free ports with --pull-port 0 --data-port 0 --push-port 0."
        )
        raise


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def what_to_try(host: Host) -> Iterator[str]:
    """Return what to print once the demonstration runs: its values, and commands to paste."""
    yield "The giant laser on the moon and the gauges of its vacuum: simulated, on real ports."
    yield "This computer is an instrument too, and real."
    yield ""
    for name, carrier in (host.simulated.carriers if host.simulated else {}).items():
        yield f"  {name:<12} {carrier.url}"
    yield ""
    shown = [feed.codename for member in host.members for feed in member.polled_feeds]
    width = max(map(len, shown))
    for codename in shown:
        yield f"  {codename:<{width}}  {_now(host, codename)}"
    pull = host.port
    target = "127.0.0.1" if pull == 9000 else f"127.0.0.1:{pull}"
    yield ""
    yield "Try in a second terminal:"
    yield ""
    yield f"  labframe watch {target}"
    yield f"  labframe status {target}"
    yield f"  labframe get {target} moon_laser_power chamber_pressure"
    yield f"  echo -n json_wn | nc -u -w1 127.0.0.1 {pull}"
    push = host.commanding.port
    at = "127.0.0.1" if push == 8500 else f"127.0.0.1:{push}"
    yield f"  labframe push {at} moon_laser.set_power power=900"
    yield f"  labframe push {at} moon_laser.fire"
    yield f"  tail -n 2 {host.commanding.audit_file}"
    yield "  labframe drivers moon_laser"
    yield ""
    file = host.config.plugin_sections.get("recorder", {}).get("file")
    if file is not None:
        yield f"Everything is recorded in {file}"
        yield ""
    yield "Ctrl-C ends it."


def _now(host: Host, codename: str) -> str:
    with contextlib.suppress(NotFresh):
        reading = host.wait_fresh(codename, _PATIENCE_S)
        y = f"{reading.y:.4g}" if isinstance(reading.y, float) else reading.y
        unit = "" if reading.unit == "1" else reading.unit
        return f"{y} {unit}".rstrip()
    return "(no value yet)"
