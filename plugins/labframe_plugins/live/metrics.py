"""The live server's numbers in the text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from labframe_plugins.live.health import Health
from labframe_plugins.live.laboratory import Laboratory

__all__ = ["exposition"]

_PREFIX: Final = "labframe_live_"
_STATES: Final = ("starting", "ok", "error", "disconnected", "hung", "disabled")


def exposition(health: Health, laboratory: Laboratory, now: float) -> str:
    """Return the numbers, in version 0.0.4 of the text format."""
    return "".join(f"{line}\n" for line in (*_own(health), *_hosts(laboratory, now)))


def _own(health: Health) -> Iterator[str]:
    for name, value in health.told().items():
        if isinstance(value, str):
            continue
        is_gauge = health.is_gauge(name)
        full = f"{_PREFIX}{name}" if is_gauge else f"{_PREFIX}{name}_total"
        yield f"# TYPE {full} {'gauge' if is_gauge else 'counter'}"
        yield f"{full} {value}"


def _hosts(laboratory: Laboratory, now: float) -> Iterator[str]:
    hosts = list(laboratory.hosts.values())
    yield f"# TYPE {_PREFIX}host_alive gauge"
    for host in hosts:
        yield f"{_PREFIX}host_alive{_labels(host=host.key)} {int(host.is_alive(now))}"
    yield f"# TYPE {_PREFIX}host_age_seconds gauge"
    for host in hosts:
        yield f"{_PREFIX}host_age_seconds{_labels(host=host.key)} {max(0.0, now - host.heard):.3f}"
    yield f"# TYPE {_PREFIX}instrument_state gauge"
    for host in hosts:
        for name, instrument in host.instruments.items():
            for state in _STATES:
                labels = _labels(host=host.key, instrument=name, state=state)
                yield (
                    f"{_PREFIX}instrument_state{labels} {int(instrument.facts['state'] == state)}"
                )


def _labels(**labels: str) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
