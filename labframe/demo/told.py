"""What the demonstration prints once it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from labframe.errors import NotFresh
from labframe.host import Host

__all__ = ["what_to_try"]

_PATIENCE_S: Final = 1.5
_SHOWN: Final = (
    "moon_laser_power", "chamber_pressure", "fore_pressure", "airlock_pressure",
    "turbo_speed", "turbo_power", "backing_speed", "argon_flow", "argon_setpoint", "pc_memory_used",
)  # fmt: skip


def what_to_try(host: Host) -> Iterator[str]:
    """Return what to print once the demonstration runs: its values, and commands to paste."""
    yield "A laboratory on the moon: a giant laser, a chamber that is being pumped, its gauges, two"
    yield "pumps on one bus, a flow of argon. Simulated, on real ports; the computer (pc) is real."
    yield ""
    for name, carrier in (host.simulated.carriers if host.simulated else {}).items():
        yield f"  {name:<12} {carrier.url}"
    yield ""
    width = max(map(len, _SHOWN))
    for codename in _SHOWN:
        yield f"  {codename:<{width}}  {_now(host, codename)}"
    count = sum(len(member.polled_feeds) for member in host.members)
    yield f"  and {count - len(_SHOWN)} more; now and then a cable falls out, and is put back."
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
    yield f"  labframe push {at} argon.set_flow target=0.05     # and no laser is fired into gas"
    yield f"  tail -n 2 {host.commanding.audit_file}"
    yield "  labframe drivers moon_laser"
    yield ""
    file = host.config.plugin_sections.get("recorder", {}).get("file")
    if file is not None:
        yield f"Everything is recorded in {file}"
        yield ""
        yield f"  labframe history --file {file} --plot chamber_pressure argon_flow"
        yield ""
    yield "Ctrl-C ends it."


def _now(host: Host, codename: str) -> str:
    with contextlib.suppress(NotFresh):
        reading = host.wait_fresh(codename, _PATIENCE_S)
        y = f"{reading.y:.4g}" if isinstance(reading.y, float) else reading.y
        unit = "" if reading.unit == "1" else reading.unit
        return f"{y} {unit}".rstrip()
    return "(no value yet)"
