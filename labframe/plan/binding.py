"""One instrument's section of the configuration against its driver's declarations."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from labframe.config import CommandConfig, InstrumentConfig, ReadingConfig
from labframe.instrument import Argument, CommandDeclaration, Instrument, ReadingDeclaration
from labframe.line import SerialLine
from labframe.nearest import did_you_mean
from labframe.plan.planned import Output, PlannedInstrument, PlannedReading

__all__ = ["Binding"]

_AS_DECLARED: Final = ReadingConfig()


class Binding:
    """One instrument's section against what its driver declares.

    Args:
        section: The section's name in messages.
        config: The section.
        driver: The driver class.

    Attributes:
        problems: What does not fit, after :meth:`planned`.
    """

    def __init__(self, section: str, config: InstrumentConfig, driver: type[Instrument]) -> None:
        self.section = section
        self.config = config
        self.driver = driver
        self.problems: list[str] = []
        self._overrides = dict(config.readings)

    def planned(self) -> PlannedInstrument:
        """Return what is read from the instrument, and note all that does not fit."""
        settings = self._settings()
        self._check_options()
        channels = self._channels()
        readings: list[PlannedReading] = []
        for declaration in self.driver.readings().values():
            readings += self._reading(declaration, channels)
        declared = self.driver.readings()
        known = [*declared, *(part.name for one in declared.values() for part in one.parts)]
        for name in self._overrides:
            self._problem(
                f"reading.{name}",
                f"driver {self.driver.driver!r} has no reading {name!r}"
                f"{did_you_mean(name, known)} It has: {', '.join(known) or 'none'}",
            )
        return PlannedInstrument(
            self.config, self.driver, settings, tuple(readings), self._commands(), self.section
        )

    def _problem(self, key: str, text: str) -> None:
        self.problems.append(f"{self.section} {key}: {text}")

    def _settings(self) -> SerialLine | None:
        declared, own = self.driver.line, self.config.line
        if declared is None:
            if own:
                self._problem("line", f"driver {self.driver.driver!r} has no serial line to set")
            return None
        if self.config.port is None:
            self._problem(
                "port", 'is missing: port = "/dev/ttyUSB0" (`labframe ports` shows what there is)'
            )
        try:
            return dataclasses.replace(declared, **own)
        except ValueError as error:
            self._problem("line", str(error))
            return declared

    def _commands(self) -> tuple[CommandDeclaration, ...]:
        known = self.driver.commands()
        for name in self.config.commands:
            if name not in known:
                self._problem(
                    f"command.{name}",
                    f"driver {self.driver.driver!r} has no command {name!r}"
                    f"{did_you_mean(name, known)} It has: {', '.join(known) or 'none'}",
                )
        made = [(self.config.commands.get(name), one) for name, one in known.items()]
        return tuple(
            one if own is None else self._command(one, own)
            for own, one in made
            if own is None or own.enabled
        )

    def _command(self, declared: CommandDeclaration, own: CommandConfig) -> CommandDeclaration:
        """Return a command with what the configuration sets of it."""
        arguments = declared.arguments
        if own.limits is not None:
            arguments = self._limited(declared, own.limits)
        after = own.after_reconnect or declared.after_reconnect
        if after != "keep" and not arguments:
            self._problem(
                f"command.{declared.name}.after_reconnect",
                "is for settings, which have an argument; this is an action",
            )
        return dataclasses.replace(
            declared,
            arguments=arguments,
            after_reconnect=after,
            label=own.label or declared.label,
        )

    def _limited(
        self, declared: CommandDeclaration, limits: tuple[float, float]
    ) -> tuple[Argument, ...]:
        key = f"command.{declared.name}.limits = {list(limits)}"
        if len(declared.arguments) != 1 or declared.arguments[0].kind not in (int, float):
            self._problem(key, "is for commands with one number; this is none")
            return declared.arguments
        (argument,) = declared.arguments
        widest = argument.limits
        if widest is not None and not widest[0] <= limits[0] <= limits[1] <= widest[1]:
            self._problem(key, f"wider than the driver's {list(widest)}; they may only be narrower")
        default = argument.default
        if default is not None and not limits[0] <= default <= limits[1]:
            argument = dataclasses.replace(argument, required=True, default=None)
        return (dataclasses.replace(argument, limits=limits),)

    def _check_options(self) -> None:
        known: Mapping[str, Any] = self.driver.options
        for key, value in self.config.options.items():
            if key not in known:
                self._problem(
                    f"options.{key}",
                    f"driver {self.driver.driver!r} has no such option"
                    f"{did_you_mean(key, known)} It has: {', '.join(known) or 'none'}",
                )
            elif known[key] is not None and not _is_like(value, known[key]):
                self._problem(
                    f"options.{key} = {value!r}",
                    f"not like the driver's default {known[key]!r}",
                )

    def _channels(self) -> Mapping[str, ReadingConfig]:
        wanted, known = self.config.channels, self.driver.channels
        has_channels = any(one.channels for one in self.driver.readings().values())
        if not has_channels:
            if wanted:
                self._problem("channels", f"driver {self.driver.driver!r} has no channels")
            return {}
        if not wanted and not known:
            self._problem(
                "channels",
                "is missing: which channels depends on the instrument; name them with their "
                f'codenames: channels = {{ A = "{self.config.name}_a" }}',
            )
        for name in wanted:
            if known and name not in known:
                self._problem(
                    f"channels.{name}",
                    f"driver {self.driver.driver!r} has no such channel"
                    f"{did_you_mean(name, known)} It has: {', '.join(known)}",
                )
        return wanted or dict.fromkeys(known, _AS_DECLARED)

    def _reading(
        self, declaration: ReadingDeclaration, channels: Mapping[str, ReadingConfig]
    ) -> list[PlannedReading]:
        own = self._overrides.pop(declaration.name, _AS_DECLARED)
        if declaration.parts:
            return self._in_parts(declaration, own)
        if not declaration.channels:
            if own.enabled is False:
                return []
            every = declaration.every if own.every is None else own.every
            output = self._output(declaration, own, _AS_DECLARED, every, declaration.name)
            return [PlannedReading(declaration, every, (output,))]
        if own.enabled is False:
            return []
        return self._in_channels(declaration, own, channels)

    def _in_parts(
        self, declaration: ReadingDeclaration, own: ReadingConfig
    ) -> list[PlannedReading]:
        every = declaration.every if own.every is None else own.every
        outputs = []
        for part in declaration.parts:
            mine = self._overrides.pop(part.name, _AS_DECLARED)
            if mine.every is not None:
                self._problem(
                    f"reading.{part.name}.every",
                    f"it comes with one query; set reading.{declaration.name}.every",
                )
            if mine.enabled is False or own.enabled is False:
                continue
            output = self._output(declaration, mine, own, every, part.name, source=part.name)
            outputs.append(dataclasses.replace(output, unit=part.unit))
        return [PlannedReading(declaration, every, tuple(outputs))] if outputs else []

    def _in_channels(
        self,
        declaration: ReadingDeclaration,
        own: ReadingConfig,
        channels: Mapping[str, ReadingConfig],
    ) -> list[PlannedReading]:
        several = sum(one.channels for one in self.driver.readings().values()) > 1
        every = declaration.every if own.every is None else own.every
        planned: list[PlannedReading] = []
        outputs = []
        for channel, mine in channels.items():
            if mine.enabled is False:
                continue
            pace = every if mine.every is None else mine.every
            name = re.sub(r"\W", "_", channel.lower(), flags=re.ASCII)
            if mine.codename is None:
                name = f"{name}_{declaration.name}" if several else name
            elif several:
                mine = _renamed(mine, f"{mine.codename}_{declaration.name}")
            output = self._output(declaration, mine, own, pace, name, source=channel)
            if declaration.per_channel:
                planned.append(PlannedReading(declaration, pace, (output,), channel))
            else:
                outputs.append(output)
                if mine.every is not None:
                    self._problem(
                        f"channels.{channel}.every",
                        f"all channels come with one query; set reading.{declaration.name}.every",
                    )
        if outputs:
            planned.append(PlannedReading(declaration, every, tuple(outputs)))
        return planned

    def _output(
        self,
        declaration: ReadingDeclaration,
        own: ReadingConfig,
        above: ReadingConfig,
        every: float | None,
        name: str,
        source: str | None = None,
    ) -> Output:
        def set_to(key: str) -> Any:
            value = getattr(own, key)
            return getattr(above, key) if value is None else value

        stale_after = set_to("stale_after")
        if own.codename is None and source is None and above.codename is not None:
            self._problem(f"reading.{declaration.name}.codename", "it has several codenames")
        scale, offset = set_to("scale"), set_to("offset")
        if declaration.unit is None and not declaration.parts and (scale or offset):
            self._problem(f"reading.{name}", "scale and offset are for numbers; this is none")
        return Output(
            codename=own.codename or f"{self.config.name}_{name}",
            unit=declaration.unit,
            stale_after=declaration.stale_after_with(every) if stale_after is None else stale_after,
            kind="data" if declaration.is_xy else "date",
            label=set_to("label") or (declaration.label if source is None else source),
            source=source,
            scale=1.0 if scale is None else scale,
            offset=0.0 if offset is None else offset,
            x_unit=declaration.x_unit,
        )


def _renamed(config: ReadingConfig, codename: str) -> ReadingConfig:
    return msgspec.structs.replace(config, codename=codename)


def _is_like(value: object, default: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return type(value) is type(default)
    if isinstance(default, float):
        return isinstance(value, (int, float))
    return isinstance(value, type(default))
