"""The driver that takes the place of humidity_glue.py, with the configuration beside it."""

from ast import literal_eval

from labframe import Instrument, SerialLine, hookimpl, query


class HumiditySensor(Instrument):
    """Humidity and temperature of the air, with one query."""

    driver = "humidity"
    line = SerialLine(baudrate=9600, terminator=b"\r")
    identify = ("*IDN?", "HUMISENSE,HT-2")
    air = query("READ?", literal_eval, unit={"humidity": "%RH", "temperature": "°C"})


@hookimpl
def labframe_instruments() -> list[type[Instrument]]:
    """Give the driver to the host."""
    return [HumiditySensor]
