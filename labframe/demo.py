"""The demonstration laboratory: a simulated laser on the moon, on real sockets."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

from labframe.client import PullClient, PushClient
from labframe.sockets import DataPushSocket, DateDataPullSocket

__all__ = ["MoonLaser", "run"]

CODENAMES = ["moon_laser_power", "moon_laser_temperature"]


class MoonLaser:
    """A laser that heats up with its power and cools down by radiation.

    Attributes:
        power: Power in kW, 0 to 100.
    """

    def __init__(self) -> None:
        self.power = 20.0
        self._temperature = 120.0
        self._moment = time.monotonic()

    def temperature(self) -> float:
        """Return the temperature in kelvin; it follows the power within some ten seconds."""
        now = time.monotonic()
        target = 100.0 + 2.0 * self.power
        share = 1.0 - math.exp(-(now - self._moment) / 10.0)
        self._temperature += (target - self._temperature) * share
        self._moment = now
        return self._temperature + 0.2 * math.sin(now)

    def command(self, request: dict[str, Any]) -> str:
        """Do what a client asks for: ``{"method": "set_power", "power": 50}``.

        Raises:
            ValueError: For an unknown method or a power out of range.
        """
        match request:
            case {"method": "set_power", "power": int() | float() as power}:
                if not 0 <= power <= 100:
                    raise ValueError(f"power = {power}: the laser does 0 to 100 kW")
                self.power = float(power)
                return f"power is {self.power:g} kW"
            case {"method": "state"}:
                return "firing" if self.power else "idle"
        raise ValueError(
            f'{request}: known are {{"method": "set_power", "power": 50}} and {{"method": "state"}}'
        )


def run(
    say: Callable[[str], object], seconds: float | None, pull_port: int, push_port: int
) -> None:
    """Serve the laser on 127.0.0.1 and read it back once a second, until Ctrl-C.

    Args:
        say: Called with each line for the screen.
        seconds: How long to run; None is until interrupted.
        pull_port: UDP port of the points; 0 takes a free one.
        push_port: UDP port of the commands; 0 takes a free one.

    Raises:
        PortStillReserved: If another program has one of the ports.
    """
    laser = MoonLaser()
    ended = threading.Event()
    with (
        DateDataPullSocket(
            "moon laser", CODENAMES, pull_port, timeouts=3.0, host="127.0.0.1"
        ) as pull,
        DataPushSocket(
            "moon laser commands", push_port, "callback_direct", callback=laser.command,
            host="127.0.0.1",
        ) as push,
        PullClient("127.0.0.1", pull.port) as client,
        PushClient("127.0.0.1", push.port) as commands,
    ):  # fmt: skip
        _measure(pull, laser)
        feeder = threading.Thread(target=_feed, args=(pull, laser, ended), daemon=True)
        feeder.start()
        say(f"The giant laser on the moon: points on UDP {pull.port}, commands on UDP {push.port}.")
        say(f"It says that it is {commands.call('state')}. Try in a second terminal:")
        say("")
        say(f"  labframe get 127.0.0.1 --port {pull.port}")
        say(f"  echo -n json_wn | nc -u -w1 127.0.0.1 {pull.port}")
        method = '{"method": "set_power", "power": 80}'
        say(f"  echo -n 'json_wn#{method}' | nc -u -w1 127.0.0.1 {push.port}")
        say("")
        say("Read back over the network, once a second (Ctrl-C ends it):")
        until = math.inf if seconds is None else time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                time.sleep(min(1.0, max(0.0, until - time.monotonic())))
                power, temperature = (point.y for point in map(client.point, CODENAMES))
                say(
                    f"{time.strftime('%H:%M:%S')}  moon_laser_power {power:.1f} kW"
                    f"  moon_laser_temperature {temperature:.2f} K"
                )
        except KeyboardInterrupt:
            say("")
        finally:
            ended.set()
            feeder.join()
    say("Stopped; both ports are free again.")


def _feed(pull: DateDataPullSocket, laser: MoonLaser, ended: threading.Event) -> None:
    while not ended.wait(0.1):
        _measure(pull, laser)


def _measure(pull: DateDataPullSocket, laser: MoonLaser) -> None:
    now = time.time()
    pull.set_batch(
        {
            "moon_laser_power": (now, laser.power),
            "moon_laser_temperature": (now, laser.temperature()),
        }
    )
