"""``labframe live``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from labframe_plugins.live.settings import Settings, read_settings

__all__ = ["live"]

_STDIN: Final = 0
_STDOUT: Final = 1
_BEAT_S: Final = 1.0
_ORPHAN_S: Final = 60.0
_LOOK_S: Final = 1.0


@click.command()
@click.argument("config", required=False, type=click.Path(path_type=Path, exists=True))
@click.option("--listen", help="The address for browsers. [default: 127.0.0.1]")
@click.option("--port", type=int, help="The TCP port for browsers. [default: 8765]")
@click.option("--udp-listen", help="The address for live datagrams. [default: 127.0.0.1]")
@click.option("--udp-port", type=int, help="Their UDP port. [default: 9767]")
@click.option(
    "--accept", multiple=True, metavar="NETWORK",
    help="Whose datagrams are taken, such as 10.1.0.0/16; several times for several. "
    "[default: this computer's]",
)  # fmt: skip
@click.option(
    "--legacy-port", type=int,
    help="A TCP port for pages that speak the original live proxy's protocol. [default: none]",
)  # fmt: skip
@click.option("--seconds", type=float, help="Stop after so long. [default: run until Ctrl-C]")
@click.option("--service", is_flag=True, hidden=True)
def live(config: Path | None, seconds: float | None, service: bool, **given: Any) -> None:
    """Show the laboratory in browsers, from the live datagrams of its hosts.

    One live server serves many hosts, labframe's and others that send live datagrams. `labframe
    run` starts one by itself; this runs one alone, on a computer without instruments for example.
    What the options do not say is taken from [plugin.live] of CONFIG, if one is named: the access
    token, too, without which no commands are taken.
    """
    from labframe_plugins.live.server import LiveServer  # here, so that --help is quick
    from labframe_plugins.live.service import page_address

    if service:
        settings = msgspec.json.decode(_first_line(), type=Settings)
    else:
        settings = _settings(config, {key: value for key, value in given.items() if value})
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
    server = LiveServer(settings)

    async def run() -> None:
        loop, until = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C interrupts
                loop.add_signal_handler(number, until.set)
        if seconds is not None:
            loop.call_later(seconds, until.set)

        def ready(ports: Any) -> None:
            if service:
                _tell(ports._asdict())
                if hasattr(os, "set_blocking"):  # Windows: since Python 3.12
                    os.set_blocking(_STDOUT, False)  # a host that does not read holds up nobody
                _beat(loop)
                threading.Thread(target=_follow, args=(loop, until, server), daemon=True).start()
                return
            click.echo(f"In a browser: {page_address(settings, ports.http)}")
            click.echo(f"Live datagrams: UDP {ports.udp} on {settings.udp_listen}")
            if ports.legacy is not None:
                click.echo(f"The original's protocol: TCP {ports.legacy}")

        await server.run(until, ready)

    with (
        contextlib.suppress(KeyboardInterrupt),
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        runner.run(run())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the fastest loop that there is here; None if it is asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _settings(config: Path | None, given: dict[str, Any]) -> Settings:
    section: dict[str, Any] = {}
    base = Path()
    if config is not None:
        from labframe.config import load

        loaded = load(config)
        section, base = loaded.plugin_sections.get("live", {}), loaded.directory
    return read_settings({**section, **given}, path=lambda text: base / Path(text).expanduser())


def _first_line() -> bytes:
    with open(_STDIN, "rb", buffering=0, closefd=False) as given:
        return given.readline()


def _tell(ports: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()


def _beat(loop: asyncio.AbstractEventLoop) -> None:
    """Tell the host, by a line without words, that the loop runs, whether it reads or not."""
    with contextlib.suppress(OSError):
        os.write(_STDOUT, b"\n")
    loop.call_later(_BEAT_S, _beat, loop)


def _follow(loop: asyncio.AbstractEventLoop, until: asyncio.Event, server: Any) -> None:
    """End some time after the host that started this has died, unless others go on sending."""
    with contextlib.suppress(OSError):
        while os.read(_STDIN, 4096):  # a buffer would be locked when the program ends
            pass
    while time.monotonic() - server.heard < _ORPHAN_S:
        time.sleep(_LOOK_S)
    with contextlib.suppress(RuntimeError):  # it has ended already
        loop.call_soon_threadsafe(until.set)
