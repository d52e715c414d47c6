"""Making the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from labframe.config import Config, ConfigurationError
from labframe.instrument import Instrument
from labframe.line import SerialLine
from labframe.plan.binding import Binding
from labframe.plan.codenames import repeated
from labframe.plan.declaring import declared_driver
from labframe.plan.planned import Plan, PlannedInstrument, PlannedLine

__all__ = ["make_plan"]


def make_plan(
    config: Config,
    drivers: Mapping[str, type[Instrument]],
    why_no_driver: Callable[[str], str],
) -> Plan:
    """Return what a configuration means with these drivers.

    Args:
        config: The configuration.
        drivers: The driver classes by name.
        why_no_driver: Says why there is no driver of a name, and which there are.

    Raises:
        ConfigurationError: If anything does not fit; it holds all problems.
    """
    problems: list[str] = []
    planned: list[PlannedInstrument] = []
    for instrument in config.instruments.values():
        section = f"{config.name}: [instrument.{instrument.name}]"
        driver = drivers.get(instrument.driver)
        if driver is None:
            problems.append(
                f'{section} driver = "{instrument.driver}": {why_no_driver(instrument.driver)}'
            )
            continue
        try:
            driver = declared_driver(instrument, driver, config.name, config.secrets)
        except ConfigurationError as error:
            problems += error.problems
            continue
        try:
            driver = driver.with_options(instrument.options)
        except ValueError as error:
            problems.append(f"{section} options: {error}")
        binding = Binding(section, instrument, driver)
        if instrument.enabled:
            planned.append(binding.planned())
        problems += binding.problems
    problems += repeated((one.section, one.outputs) for one in planned)
    lines = _lines(planned, problems)
    if problems:
        raise ConfigurationError(problems)
    disabled = tuple(one.name for one in config.instruments.values() if not one.enabled)
    return Plan(config, lines, disabled)


def _lines(planned: Sequence[PlannedInstrument], problems: list[str]) -> tuple[PlannedLine, ...]:
    by_port: dict[str, list[PlannedInstrument]] = {}
    for instrument in planned:
        shared = instrument.settings is not None
        key = str(instrument.config.port) if shared else f"\0{instrument.name}"
        by_port.setdefault(key, []).append(instrument)
    for members in by_port.values():
        first = members[0]
        for member in members[1:]:
            assert member.settings is not None
            assert first.settings is not None
            if member.settings.electrical != first.settings.electrical:
                problems.append(
                    f"{member.section} line: {_different(first.settings, member.settings)}; both "
                    f"are on {first.config.port}, where {first.name!r} sets it otherwise. All "
                    "instruments on one line need the same: set it in [instrument.NAME.line]"
                )
        talking = [one for one in members if one.driver.pushed_reading() is not None]
        problems += [
            f"{one.section} port: {one.config.name!r} and {talking[0].config.name!r} both send "
            f"without being asked, so they cannot share {one.config.port}: give each a port"
            for one in talking[1:]
        ]
    return tuple(
        PlannedLine(members[0].config.port, members[0].settings, tuple(members))
        for members in by_port.values()
    )


def _different(one: SerialLine, other: SerialLine) -> str:
    fields = ("baudrate", "bytesize", "parity", "stopbits", "rtscts", "xonxoff", "dtr", "rts")
    return ", ".join(
        f"{field} = {getattr(other, field)!r}, not {getattr(one, field)!r}"
        for field in fields
        if getattr(one, field) != getattr(other, field)
    )
