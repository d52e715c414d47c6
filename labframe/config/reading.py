"""Reading ``lab.toml``: every problem is found, and named with its file, key, value and fix."""

from __future__ import annotations

import math
import os
import re
import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, cast

import msgspec

from labframe.config.environment import Secrets, substituted
from labframe.config.problems import ConfigurationError, did_you_mean
from labframe.config.schema import (
    Config,
    HostConfig,
    InstrumentConfig,
    NetworkConfig,
    ReadingConfig,
    SocketConfig,
)
from labframe.line import SerialLine, UsbPort

__all__ = ["from_dict", "load", "parse"]

T = TypeVar("T", bound=msgspec.Struct)
Path_ = tuple[str, ...]

_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_SECTIONS: Final = ("plugins", "host", "network", "socket", "instrument", "plugin")
_MEANT_SECTIONS: Final = {"instruments": "instrument", "sockets": "socket"}
_LINE_KEYS: Final = (
    "baudrate", "bytesize", "parity", "stopbits", "rtscts", "xonxoff", "dtr", "rts", "terminator",
    "write_terminator", "read_terminator", "encoding", "first_byte_s", "gap_s", "total_s",
    "min_gap_s", "echo",
)  # fmt: skip
_MEANT_LINE_KEYS: Final = {"baud": "baudrate", "baud_rate": "baudrate", "timeout": "first_byte_s"}
_READING_KEYS: Final = ("codename", "every", "stale_after", "scale", "offset")
_PORTS: Final = ("date_port", "data_port", "push_port", "port")
_KINDS: Final[dict[Any, str]] = {
    str: 'a text in quotes, such as "cryo"',
    int: "a whole number, such as 9000",
    float: "a number, such as 1.5",
    bool: "true or false",
    tuple: 'a list of texts, such as ["a", "b"]',
    dict: "a table, such as { key = 1 }",
}


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read a configuration file.

    Raises:
        ConfigurationError: If it cannot be read, or anything is wrong with it.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        others = sorted(one.name for one in path.parent.glob("*.toml"))
        there = f"In {path.parent} there are: {', '.join(others)}." if others else ""
        raise ConfigurationError(
            [f"{path}: there is no such file. {there} `labframe init` writes one to start with."]
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            [f"{path}: not UTF-8 text at byte {error.start}: save it as UTF-8"]
        ) from None
    except OSError as error:
        raise ConfigurationError([f"{path}: cannot be read: {error.strerror}"]) from error
    return parse(text, path.name, path.parent.absolute(), environment)


def parse(
    text: str,
    name: str = "lab.toml",
    directory: Path = Path(),
    environment: Mapping[str, str] = os.environ,
) -> Config:
    """Return the configuration that a TOML text holds; raises as :func:`load`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([_syntax(name, text, error)]) from None
    return from_dict(table, name, directory, environment)


def from_dict(
    table: dict[str, Any],
    name: str = "lab.toml",
    directory: Path = Path(),
    environment: Mapping[str, str] = os.environ,
) -> Config:
    """Return the configuration that a table holds; raises as :func:`load`."""
    return _Reader(name, environment).config(table, directory)


def _syntax(name: str, text: str, error: tomllib.TOMLDecodeError) -> str:
    message = str(error)
    found = re.search(r"line (\d+)", message)
    shown = ""
    if found:
        lines = text.splitlines()
        number = min(int(found[1]), len(lines))
        shown = f": {lines[number - 1].strip()!r}" if lines else ""
    return f"{name}: {message}{shown}. A text value needs quotes; a section is [a.b]."


class _Reader:
    """One configuration, and the problems found so far."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self.name = name
        self.problems: list[str] = []
        self.secrets = Secrets()
        self._environment = environment

    def config(self, table: dict[str, Any], directory: Path) -> Config:
        unset: dict[Path_, str] = {}
        table = substituted(table, self._environment, self.secrets, unset)
        for path, text in unset.items():
            self.problem(path, text)
        for key in table:
            if key not in _SECTIONS:
                self._unknown_section(key, table[key])
        config = Config(
            name=self.name,
            directory=directory,
            plugins=self._plugins(table.get("plugins", [])),
            host=self._struct(HostConfig, ("host",), table.get("host", {})),
            network=self._struct(NetworkConfig, ("network",), table.get("network", {})),
            sockets={
                name: self._struct(SocketConfig, ("socket", name), section)
                for name, section in self._sections(table, "socket")
            },
            instruments={
                name: self._instrument(name, section)
                for name, section in self._sections(table, "instrument")
            },
            plugin_sections=dict(self._sections(table, "plugin")),
        )
        if not self.problems:
            self._check_together(config)
        if self.problems:
            raise ConfigurationError(self.problems)
        return config

    def problem(self, path: Path_, text: str, value: object = None) -> None:
        """Note what is wrong with a key, or with its value."""
        *sections, key = path
        where = f"[{'.'.join(sections)}] " if sections else ""
        shown = "" if value is None else f" = {self.secrets.shown(path, value)}"
        self.problems.append(f"{self.name}: {where}{key}{shown}: {text}")

    def _unknown_section(self, key: str, value: object) -> None:
        if key == "plugins_":
            return
        meant = _MEANT_SECTIONS.get(key)
        hint = f"; did you mean [{meant}.NAME]?" if meant else did_you_mean(key, _SECTIONS)
        what = f"[{key}]" if isinstance(value, dict) else key
        self.problems.append(
            f"{self.name}: {what}: not a section of a configuration{hint} "
            "There are: plugins, [host], [network], [socket.NAME], [instrument.NAME], "
            "[plugin.NAME]."
        )

    def _sections(self, table: dict[str, Any], kind: str) -> list[tuple[str, dict[str, Any]]]:
        sections = table.get(kind, {})
        if not isinstance(sections, dict):
            self.problem((kind,), f"must be sections [{kind}.NAME]", sections)
            return []
        found = []
        for name, section in sections.items():
            if not isinstance(section, dict):
                self.problem((kind, name), f"not a section; write [{kind}.NAME] above it", section)
            elif kind != "plugin" and not _NAME.fullmatch(name):
                self.problem((kind, name), "a name has letters, digits and _ only, at most 64")
            else:
                found.append((name, section))
        return found

    def _plugins(self, plugins: Any) -> tuple[str, ...]:
        if isinstance(plugins, dict):
            self.problems.append(
                f"{self.name}: [plugins]: a plugin's own section is [plugin.NAME]; files to load "
                'are a list at the top: plugins = ["./lakeshore.py"]'
            )
            return ()
        return self._value(("plugins",), tuple[str, ...], plugins) or ()

    # Structs, field by field, so that every problem is found.

    def _struct(self, kind: type[T], path: Path_, table: Any, skip: tuple[str, ...] = ()) -> T:
        if not isinstance(table, dict):
            self.problem(path, "not a table", table)
            table = {}
        types_ = typing.get_type_hints(kind)
        known = [name for name in types_ if name not in skip]
        given: dict[str, Any] = {}
        for key, value in table.items():
            if key not in known:
                if key not in skip:
                    self._unknown_key(path, key, known, value)
                continue
            made = self._value((*path, key), types_[key], value)
            if made is not None:
                given[key] = made
        for required in (f.name for f in msgspec.structs.fields(kind) if f.required):
            if required not in given and required not in skip:
                given[required] = ""
                if required not in table:
                    self.problem((*path, required), f'is missing: {required} = "..."')
        return kind(**given, **dict.fromkeys((s for s in skip if s == "name"), path[-1]))

    def _unknown_key(self, path: Path_, key: str, known: list[str], value: object) -> None:
        hint = ""
        if path[-1] == "line" and key in _MEANT_LINE_KEYS:
            hint = f"; did you mean {_MEANT_LINE_KEYS[key]!r}?"
        if path[0] == "instrument" and len(path) == 2:
            line_key = _MEANT_LINE_KEYS.get(key, key)
            if line_key in _LINE_KEYS:
                hint = f"; did you mean {line_key!r} in [{'.'.join(path)}.line]?"
            elif key in _READING_KEYS:
                hint = f"; did you mean {key!r} in [{'.'.join(path)}.reading.READING]?"
            elif key == "readings":
                hint = f"; did you mean [{'.'.join(path)}.reading.READING]?"
        hint = hint or did_you_mean(key, known)
        self.problem((*path, key), f"not a key that is known here{hint} Known: {', '.join(known)}",
                     None if isinstance(value, dict) else value)  # fmt: skip

    def _value(self, path: Path_, kind: Any, value: Any) -> Any:
        """Return a value if it is of the kind, else note the problem and return None."""
        if self.secrets.holds(path) and isinstance(value, str):
            value = _from_text(value, kind)
        if isinstance(value, bool) and not _accepts(kind, bool):
            self.problem(path, f"not {_wanted(kind)}", value)
            return None
        try:
            made = msgspec.convert(value, kind)
        except (msgspec.ValidationError, ValueError):
            self.problem(path, f"not {_wanted(kind)}{_near_choice(kind, value)}", value)
            return None
        why = _RULES.get(path[-1], lambda _: None)(made) if made is not None else None
        if why:
            self.problem(path, why, value)
            return None
        return made

    # Instruments.

    def _instrument(self, name: str, table: dict[str, Any]) -> InstrumentConfig:
        path = ("instrument", name)
        own = {key: value for key, value in table.items() if key not in _OWN}
        config = self._struct(InstrumentConfig, path, own, skip=("name", *_OWN_FIELDS))
        return msgspec.structs.replace(
            config,
            port=self._port((*path, "port"), table.get("port")),
            channels=self._channels((*path, "channels"), table.get("channels", {})),
            line=self._line((*path, "line"), table.get("line", {})),
            readings=self._readings((*path, "reading"), table.get("reading", {})),
        )

    def _port(self, path: Path_, value: Any) -> str | UsbPort | None:
        if isinstance(value, dict):
            try:
                return UsbPort.from_table(value)
            except (ValueError, TypeError) as error:
                self.problem(path, str(error))
                return None
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self.problem(
            path, 'not a port: a path "/dev/ttyUSB0", a URL "socket://box:4001", or a USB identity '
            '{ vid = "0403", pid = "6001", serial = "A1" }', value,
        )  # fmt: skip
        return None

    def _channels(self, path: Path_, value: Any) -> dict[str, ReadingConfig]:
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            if len(set(value)) < len(value):
                self.problem(path, "a channel is there twice", value)
            return dict.fromkeys(value, ReadingConfig())
        if not isinstance(value, dict):
            self.problem(path, 'not a list of channels, nor a table { A = "codename" }', value)
            return {}
        return {
            channel: self._struct(
                ReadingConfig, (*path, channel), {"codename": one} if isinstance(one, str) else one
            )
            for channel, one in value.items()
        }

    def _readings(self, path: Path_, value: Any) -> dict[str, ReadingConfig]:
        if not isinstance(value, dict):
            self.problem(path, f"must be sections [{'.'.join(path)}.READING]", value)
            return {}
        return {
            name: self._struct(ReadingConfig, (*path, name), one) for name, one in value.items()
        }

    def _line(self, path: Path_, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.problem(path, f"must be a section [{'.'.join(path)}]", value)
            return {}
        given: dict[str, Any] = {}
        for key, one in value.items():
            if key not in _LINE_KEYS:
                self._unknown_key(path, key, list(_LINE_KEYS), one)
                continue
            if self.secrets.holds((*path, key)):
                one = _from_text(one, float)
                one = int(one) if isinstance(one, float) and one == int(one) else one
            if key.endswith("terminator") and isinstance(one, str):
                one = one.encode("latin-1", "replace")
            try:
                SerialLine(**_enough(key, one))
            except (ValueError, TypeError) as error:
                self.problem((*path, key), str(error).partition(": ")[2] or str(error), value[key])
            else:
                given[key] = one
        return given

    # What only shows when all of it is there.

    def _check_together(self, config: Config) -> None:
        self._check_names(config)
        self._check_ports(config)
        self._check_udp_ports(config)

    def _check_names(self, config: Config) -> None:
        seen: dict[str, str] = {}
        for name, instrument in config.instruments.items():
            before = seen.setdefault(name.lower(), name)
            if before != name:
                self.problem(("instrument", name), f"{before!r} differs from it in case only")
            socket = instrument.socket
            if socket is not None and socket not in config.sockets:
                known = ", ".join(config.sockets) or "none"
                self.problem(
                    ("instrument", name, "socket"),
                    f"there is no [socket.{socket}]{did_you_mean(socket, config.sockets)} "
                    f"There are: {known}",
                    socket,
                )

    def _check_ports(self, config: Config) -> None:
        seen: dict[tuple[str, str], str] = {}
        for name, instrument in config.instruments.items():
            if instrument.port is None or not instrument.enabled:
                continue
            key = (str(instrument.port), str(instrument.address))
            before = seen.setdefault(key, name)
            if before != name:
                self.problem(
                    ("instrument", name, "port"),
                    f"{before!r} has the same port"
                    + (" and no address" if instrument.address is None else " and address")
                    + "; instruments that share a line need an `address` each",
                    str(instrument.port),
                )

    def _check_udp_ports(self, config: Config) -> None:
        network = config.network
        ports: dict[Path_, int | None] = {
            ("network", key): getattr(network, key)
            for key in ("date_port", "data_port", "push_port")
        }
        ports |= {("socket", name, "port"): one.port for name, one in config.sockets.items()}
        seen: dict[int, Path_] = {}
        for path, port in ports.items():
            if not port:
                continue
            before = seen.setdefault(port, path)
            if before != path:
                self.problem(
                    path, f"[{'.'.join(before[:-1])}] {before[-1]} has the same port", port
                )


_OWN: Final = ("port", "channels", "line", "reading")
_OWN_FIELDS: Final = ("port", "channels", "line", "readings")


def _enough(key: str, value: Any) -> dict[str, Any]:
    """Return arguments of a SerialLine with this one in it, and what it needs beside it."""
    if key == "first_byte_s" and isinstance(value, (int, float)) and value > 0:
        return {key: value, "total_s": value}
    if key == "total_s" and isinstance(value, (int, float)) and value > 0:
        return {key: value, "first_byte_s": value}
    return {key: value}


def _positive(value: Any) -> str | None:
    is_good = math.isfinite(value) and value >= 0.001
    return None if is_good else "not a number of seconds, 0.001 or more"


def _finite(value: Any) -> str | None:
    return None if math.isfinite(value) else "not a finite number"


def _udp_port(value: Any) -> str | None:
    if isinstance(value, int) and not 0 <= value <= 65535:
        return "not a UDP port: 0 to 65535, 0 takes a free one"
    return None


def _codename(value: Any) -> str | None:
    if _NAME.fullmatch(value):
        return None
    return "not a codename: letters, digits and _ only, at most 64"


def _live_server(value: Any) -> str | None:
    if value is False:
        return None
    host, colon, port = value.rpartition(":")
    if colon and host and port.isdecimal() and 0 < int(port) < 65536:
        return None
    return 'not "host:port", such as "127.0.0.1:9767" (false sends nothing)'


def _listen(value: Any) -> str | None:
    if value and not re.search(r"[\s/]", value) and (value.count(":") != 1):
        return None
    return 'not an address: "127.0.0.1", "0.0.0.0" for every one; the port is another key'


_RULES: Final[dict[str, Callable[[Any], str | None]]] = {
    "every": _positive,
    "stale_after": _positive,
    "scale": lambda value: _finite(value) or (None if value else "it makes every value 0"),
    "offset": _finite,
    "codename": _codename,
    "live_server": _live_server,
    "listen": _listen,
    **dict.fromkeys(_PORTS, _udp_port),
}


def _members(kind: Any) -> tuple[Any, ...]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return tuple(one for part in typing.get_args(kind) for one in _members(part))
    return (kind,)


def _accepts(kind: Any, wanted: type) -> bool:
    return any(
        one is wanted
        or one is Any
        or (
            typing.get_origin(one) is Literal
            and any(type(c) is wanted for c in typing.get_args(one))
        )
        for one in _members(kind)
    )


def _wanted(kind: Any) -> str:
    words = []
    for one in _members(kind):
        if typing.get_origin(one) is Literal:
            words += [
                "false" if choice is False else repr(choice) for choice in typing.get_args(one)
            ]
        elif one is not type(None):
            words.append(_KINDS.get(typing.get_origin(one) or one, str(one)))
    return " or ".join(words)


def _near_choice(kind: Any, value: Any) -> str:
    choices = [
        choice
        for one in _members(kind)
        if typing.get_origin(one) is Literal
        for choice in typing.get_args(one)
        if isinstance(choice, str)
    ]
    return did_you_mean(value, choices) if choices and isinstance(value, str) else ""


def _from_text(value: str, kind: Any) -> Any:
    """Return what a variable's text means where something else than a text is wanted."""
    if _accepts(kind, str):
        return value
    for wanted, make in ((int, int), (float, float)):
        if _accepts(kind, wanted):
            try:
                return cast("Callable[[str], Any]", make)(value)
            except ValueError:
                continue
    if _accepts(kind, bool) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value
