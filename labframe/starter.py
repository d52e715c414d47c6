"""A configuration to start with, from the ports and instruments that are there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from labframe.errors import LabframeError, NoReply, PortBusy, PortNotFound
from labframe.instrument import Instrument
from labframe.line import list_ports
from labframe.plugins import Plugins

__all__ = ["Found", "found_instruments", "starter"]

_FIRST_BYTE_S: Final = 0.4
_WHOLE_S: Final = 0.8


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A port, and what is on it as far as that is known.

    Attributes:
        setting: What to write after ``port =``.
        device: Its path now.
        what: What the system says of it.
        driver: The driver that knows the instrument; None if that is not known.
        identity: What the instrument answered.
        channels: The channels that it has, as it says.
    """

    setting: str
    device: str
    what: str = ""
    driver: str | None = None
    identity: str = ""
    channels: tuple[str, ...] = ()


def found_instruments(more: Sequence[str] = (), *, probe: bool = False) -> Iterator[Found]:
    """Return the ports of this computer, with the instruments on them.

    Args:
        more: Paths or URLs of further ports.
        probe: Whether to ask each port the identification of each driver.
    """
    there = [
        Found(port.setting, port.device, port.description or port.product or "")
        for port in list_ports()
    ]
    there += [Found(f'"{port}"', port) for port in more]
    drivers = list(Plugins().drivers().values()) if probe else []
    for found in there:
        yield next((one for one in _recognised(found, drivers)), found)


def _recognised(found: Found, drivers: Iterable[type[Instrument]]) -> Iterator[Found]:
    for driver in drivers:
        line = driver.line
        has_identity = (
            driver.identify is not None or driver.check_identity is not Instrument.check_identity
        )
        if line is None or not has_identity or driver.own_keys is not None:
            continue
        quick = dataclasses.replace(
            line,
            first_byte_s=min(line.first_byte_s, _FIRST_BYTE_S),
            total_s=min(line.total_s, _WHOLE_S),
        )
        instrument = driver(found.device, line=quick)
        identity = _identified(instrument)
        if identity is None:
            continue
        yield dataclasses.replace(
            found, driver=driver.driver, identity=identity, channels=tuple(instrument.channels)
        )


def _identified(instrument: Instrument) -> str | None:
    """Return what an instrument answers; None if it is not the driver's.

    It is asked again if it answers something else: what another driver has sent may stand before
    the first request, where the two do not end their requests in the same way.
    """
    for is_last in (False, True):
        try:
            instrument.connect()
            identity = instrument.check_identity() or ""
            instrument.on_connect()
        except (LabframeError, ValueError) as error:
            if is_last or isinstance(error, (NoReply, PortNotFound, PortBusy)):
                return None
        else:
            return identity
        finally:
            instrument.close()
    return None


def starter(found: Sequence[Found]) -> str:
    """Return the text of a configuration, with comments."""
    text = _HEAD
    for number, one in enumerate(found, 1):
        text += _section(number, one)
    return text + ("" if found else _NOTHING)


def _section(number: int, one: Found) -> str:
    known = f"{one.device}" + (f": {one.what}" if one.what else "")
    if one.driver is None:
        return (
            f"\n# {known}\n# [instrument.instrument{number}]\n"
            f'# driver = "..."          # `labframe drivers` shows them\n# port = {one.setting}\n'
        )
    text = (
        f"\n# {known}\n# It answered {one.identity!r}.\n[instrument.{one.driver}{number}]\n"
        f'driver = "{one.driver}"\nport = {one.setting}\n'
    )
    if one.channels:
        pairs = ", ".join(
            f'"{name}" = "{one.driver}{number}_{_plain(name)}"' for name in one.channels
        )
        text += f"channels = {{ {pairs} }}   # channel = codename\n"
    return text


def _plain(name: str) -> str:
    return "".join(
        letter if letter.isascii() and letter.isalnum() else "_" for letter in name.lower()
    )


_HEAD: Final = """\
# A laboratory for labframe. `labframe check` says what this file means, `labframe run` runs it.

# plugins = ["./my_driver.py"]     # files with drivers of your own, beside this one

[host]
# name = "cryostat, basement"      # what it calls itself; by default this computer's name

[network]
# listen = "127.0.0.1"             # "0.0.0.0" lets other computers read the values
# date_port = 9000                 # values over time
# data_port = 9010                 # xy data
"""

_NOTHING: Final = """
# No serial port is plugged in. Plug one in and run `labframe init --force`, or write:
# [instrument.cryo]
# driver = "..."                   # `labframe drivers` shows them
# port = "/dev/ttyUSB0"            # `labframe ports` shows them; also "socket://10.0.0.5:4001"
"""
