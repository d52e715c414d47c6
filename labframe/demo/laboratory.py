"""What the demonstration laboratory is made of: its configuration, and the host that runs it."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path
from typing import Any, Final

from labframe.host import Host, PortTaken

__all__ = ["CONFIGURATION", "demo_host"]

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
            "simulate": {"pressures_mbar": "4e-4,0.3,OPEN,3e-6", "pumpdown_s": 0},
        },
        "turbo": {
            "driver": "tc400",
            "port": "simulated bus",
            "address": 1,
            "simulate": {"on": True, "speed_hz": 400, "run_up_s": 120},
        },
        "backing": {
            "driver": "tc400",
            "port": "simulated bus",
            "address": 2,
            "identity": "HiScrl",
            "reading": {  # which this pump does not know
                "is_accelerating": {"enabled": False},
                "is_at_speed": {"enabled": False},
                "temperatures": {"enabled": False},
            },
            "simulate": {"unit": "HiScroll", "on": True, "speed_hz": 48},
        },
        "argon": {
            "driver": "vogtlin",
            "port": "simulated gas",
            "simulate": {"range": 0.1, "setpoint": 0, "time_constant_s": 2, "gas": "Ar"},
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
