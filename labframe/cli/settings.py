"""``key=value``: the values of a simulated instrument, set by hand."""

from __future__ import annotations

from collections.abc import Mapping

from labframe.cli.values import printable
from labframe.nearest import did_you_mean
from labframe.simulation import Settable, SimulatedInstrument, SimulationError

__all__ = ["allowed", "change", "parted", "written"]


def parted(text: str) -> tuple[str, str]:
    """Return key and value of ``key=value``.

    Raises:
        SimulationError: If it is something else.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise SimulationError(f"{text!r}: write key=value, for example power_kw=900")
    return key.strip(), value.strip()


def change(instrument: SimulatedInstrument, text: str) -> str:
    """Set a value of ``instrument`` by ``key=value``; return what it is now.

    Raises:
        SimulationError: If there is no such value, or the instrument refuses it; then the old one
            stays.
    """
    key, value = parted(text)
    known = instrument.settables()
    if key not in known:
        raise SimulationError(_unknown(key, known))
    before = getattr(instrument, key)
    try:
        setattr(instrument, key, value)
    except SimulationError:
        known[key].put(instrument, before)
        raise
    return f"{key} = {written(getattr(instrument, key))}"


def written(value: object) -> str:
    """Return a value as it is written behind ``key=``."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(map(written, value))
    return printable(str(value))


def allowed(settable: Settable[object]) -> str:
    """Return which values are allowed: the limits, the choices, nothing for any."""
    if settable.limits is not None:
        low, high = settable.limits
        return f"{low:g} to {high:g}"
    choices = [written(choice) for choice in settable.choices]
    if len(choices) > 8:
        return f"{', '.join(choices[:3])} ... {choices[-1]}"
    return ", ".join(choices) or ("on, off" if isinstance(settable.default, bool) else "")


def _unknown(key: str, known: Mapping[str, object]) -> str:
    near = did_you_mean(key, known)
    return f"there is no value {key!r} to set{near} There are: {', '.join(known)}"
