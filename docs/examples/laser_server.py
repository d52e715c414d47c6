"""Control a laser over the network: each command is a method, each answer its value.

A client sends ``{"method": "update_settings", "power": 300}`` and reads what the method returned,
or what was wrong. ``laser_client.py`` is such a client.

python laser_server.py [PORT]
"""

from __future__ import annotations

import argparse
import contextlib
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from labframe.sockets import DataPushSocket

STATES = ("idle", "active")


class MoonLaser:
    """The laser, and the methods that may be called over the network.

    Attributes:
        settings: Power (kW), focus (%) and target.
        stopped: Set when a command has ended the program.
    """

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {"power": 100, "focus": 100, "target": None}
        self.stopped = threading.Event()
        self._state = "idle"
        self._newest: float | None = None
        self._temperatures: deque[tuple[float, float]] = deque(maxlen=1000)
        # Only what stands here can be called: no name is looked up on the object.
        self._methods: dict[str, Callable[..., Any]] = {
            "update_settings": self.update_settings,
            "state": self.state,
            "temperature": self.temperature,
            "get_temperature": self.get_temperature,
            "stop": self.stop,
        }

    def command(self, values: dict[str, Any]) -> Any:
        """Call one method; the socket calls this for one command after the other.

        Raises:
            ValueError: For an unknown method. The sender reads the text.
            TypeError: If the arguments are not those of the method.
        """
        arguments = dict(values)
        name = arguments.pop("method", None)
        if name not in self._methods:
            raise ValueError(f"method {name!r} is unknown; there are {', '.join(self._methods)}")
        return self._methods[name](**arguments)

    def update_settings(self, **settings: Any) -> str:
        """Change some of the settings."""
        unknown = settings.keys() - self.settings.keys()
        if unknown:
            raise ValueError(
                f"no such setting: {', '.join(sorted(unknown))}; there are "
                f"{', '.join(self.settings)}"
            )
        self.settings.update(settings)
        return f"settings updated: {settings}"

    def state(self, state: str | None = None) -> str:
        """Change the state, if one is given; tell the state."""
        if state is not None:
            if state not in STATES:
                raise ValueError(f"state {state!r} is unknown; there are {', '.join(STATES)}")
            self._state = state
        return f"the state is {self._state}"

    def temperature(self) -> float | None:
        """Return the newest temperature (K), None before the first."""
        return self._newest

    def get_temperature(self) -> list[tuple[float, float]]:
        """Return the temperatures (unix time, K) that were measured since the last call."""
        return [self._temperatures.popleft() for _ in range(len(self._temperatures))]

    def stop(self) -> str:
        """End the program."""
        self._state = "idle"
        self.stopped.set()
        return "stopping"

    def watch(self) -> None:
        """Measure the temperature while the laser is active, until it is stopped."""
        while not self.stopped.wait(0.1):
            if self._state == "active":
                self._newest = random.uniform(30.0, 300.0)
                self._temperatures.append((time.time(), self._newest))


def main() -> None:
    """Serve the laser until the command stop, or Ctrl-C."""
    parser = argparse.ArgumentParser(description="Control a laser over the network.")
    parser.add_argument("port", nargs="?", type=int, default=8500, help="UDP port")
    port = parser.parse_args().port

    laser = MoonLaser()
    with (
        contextlib.suppress(KeyboardInterrupt),
        DataPushSocket(
            "moon laser, control", port, action="callback_direct", callback=laser.command
        ) as push,
    ):
        print(f"taking commands on UDP port {push.port}; Ctrl-C ends it", flush=True)
        laser.watch()
    print("stopped")


if __name__ == "__main__":
    main()
