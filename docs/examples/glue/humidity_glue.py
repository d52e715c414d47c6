"""Humidity and temperature of room B307: a glue script, as laboratories write them."""

import sys
import threading
import time

import serial

from labframe.sockets import DateDataPullSocket, LiveSocket

DEVICE = sys.argv[1] if len(sys.argv) > 1 else "/dev/ttyUSB0"
UDP_PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 9000
CODENAMES = ["b307_humidity", "b307_temperature"]
LIVE_SERVER = ("127.0.0.1", 9767)
WATCHDOG_TURNS = 60  # main loop turns without a new value before we give up


class HumiditySensor:
    """The commands of the sensor."""

    def __init__(self, device: str) -> None:
        self.port = serial.Serial(device, 9600, timeout=1.0)
        time.sleep(0.2)  # it needs a moment after the port was opened
        if not self.ask("*IDN?").startswith("HUMISENSE,HT-2"):
            raise RuntimeError(f"no humidity sensor on {device}")

    def ask(self, command: str) -> str:
        """Send a command, return the answer."""
        self.port.reset_input_buffer()
        self.port.write(command.encode("ascii") + b"\r")
        return self.port.read_until(b"\r").decode("ascii").strip()

    def read(self) -> list[float]:
        """Return humidity and temperature."""
        return [float(part) for part in self.ask("READ?").split(",")]


class Reader(threading.Thread):
    """Reads the sensor again and again, keeps the newest values."""

    def __init__(self, sensor: HumiditySensor) -> None:
        super().__init__(name="reader", daemon=True)
        self.sensor = sensor
        self.values: list[float] | None = None
        self.turns_left = WATCHDOG_TURNS
        self.quit = False

    def run(self) -> None:
        """Read until told to quit."""
        while not self.quit:
            try:
                self.values = self.sensor.read()
                self.turns_left = WATCHDOG_TURNS
            except Exception as error:  # noqa: BLE001  # the script must go on
                print("reading failed:", error)
            time.sleep(0.5)

    def newest(self) -> list[float] | None:
        """Return the newest values; called once in each turn of the main loop."""
        self.turns_left -= 1
        if self.turns_left < 0:
            self.quit = True
        return self.values


def main() -> None:
    """Hand the newest values to the sockets once a second."""
    reader = Reader(HumiditySensor(DEVICE))
    reader.start()
    time.sleep(1.5)  # the first values must be there

    pull = DateDataPullSocket("B307", CODENAMES, timeouts=3.0, port=UDP_PORT)
    pull.start()
    live = LiveSocket("B307", CODENAMES, LIVE_SERVER, no_internal_data_pull_socket=True)
    live.start()
    print(f"B307 on UDP port {pull.port}", flush=True)
    try:
        while not reader.quit:
            values = reader.newest()
            if values is not None:
                for codename, value in zip(CODENAMES, values, strict=True):
                    pull.set_point_now(codename, value)
                    live.set_point_now(codename, value)
            time.sleep(1.0)
    except KeyboardInterrupt:
        reader.quit = True
    pull.stop()
    live.stop()


if __name__ == "__main__":
    main()
