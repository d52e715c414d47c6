"""Reading ``lab.toml``: every problem is found, and named with its file, key, value and fix."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from labframe.config.environment import Secrets, substituted
from labframe.config.instruments import instrument
from labframe.config.keys import TOP_KEYS, meant
from labframe.config.problems import ConfigurationError, Place, Problems
from labframe.config.rules import NAME, NAME_RULE
from labframe.config.schema import AuditConfig, Config, HostConfig, NetworkConfig, SocketConfig
from labframe.config.sections import Sections
from labframe.config.together import check_together
from labframe.nearest import did_you_mean

__all__ = ["from_dict", "load", "no_driver", "parse"]


def no_driver(config: Config) -> Collection[str]:
    """Return that no driver is known: keys that one may take are judged by the plan."""
    del config
    return ()


def load(
    path: Path,
    environment: Mapping[str, str] = os.environ,
    fixed_drivers: Callable[[Config], Collection[str]] | None = None,
) -> Config:
    """Read a configuration file.

    Args:
        path: The file.
        environment: The variables that it may use.
        fixed_drivers: Returns which drivers take no keys of their own, of a configuration that is
            not judged yet. It is asked when a key of an instrument is known to nobody but perhaps
            its driver; None stands for all drivers.

    Raises:
        ConfigurationError: If it cannot be read, or anything is wrong with it.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")  # some editors begin a file with a mark
    except FileNotFoundError:
        raise ConfigurationError(
            [f"{path}: there is no such file. {_files_in(path.parent)}"]
        ) from None
    except IsADirectoryError:
        raise ConfigurationError([f"{path}: is a directory. {_files_in(path)}"]) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            [f"{path}: not UTF-8 text at byte {error.start}: save it as UTF-8"]
        ) from None
    except OSError as error:
        raise ConfigurationError(
            [f"{path}: cannot be read: {error.strerror}; who may read it, `ls -l {path}` shows"]
        ) from error
    return parse(text, path.name, path.parent.absolute(), environment, fixed_drivers)


def parse(
    text: str,
    name: str = "lab.toml",
    directory: Path = Path(),
    environment: Mapping[str, str] = os.environ,
    fixed_drivers: Callable[[Config], Collection[str]] | None = None,
) -> Config:
    """Return the configuration that a TOML text holds; raises as :func:`load`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{name}: {_syntax(text, str(error))}"]) from None
    return from_dict(table, name, directory, environment, fixed_drivers)


def from_dict(
    table: Mapping[str, Any],
    name: str = "lab.toml",
    directory: Path = Path(),
    environment: Mapping[str, str] = os.environ,
    fixed_drivers: Callable[[Config], Collection[str]] | None = None,
) -> Config:
    """Return the configuration that a table holds; raises as :func:`load`."""
    secrets = Secrets()
    unset: dict[Place, str] = {}
    substitute = substituted(table, environment, secrets, unset)

    def attempt(may_have_own: Callable[[Place], bool]) -> tuple[Config, Problems, bool]:
        problems = Problems(name, secrets)
        for place, text in unset.items():
            problems.unset(place, text)
        sections = Sections(problems, may_have_own)
        config = _config(sections, substitute, name, directory)
        network = substitute.get("network", {})
        check_together(config, problems, network if isinstance(network, dict) else {})
        return config, problems, sections.has_own

    config, problems, has_own = attempt(_anywhere)
    if has_own:  # only then it is worth asking the drivers
        fixed = None if fixed_drivers is None else _asked(fixed_drivers, config)
        named = {key: one.driver for key, one in config.instruments.items()}
        config, problems, _ = attempt(
            lambda place: fixed is not None and named.get(place[1]) not in fixed
        )
    problems.raise_any()
    return config


def _asked(fixed_drivers: Callable[[Config], Collection[str]], config: Config) -> Collection[str]:
    try:
        return fixed_drivers(config)
    except ConfigurationError:  # of the plugins: whoever needs them hears of it again
        return ()


def _anywhere(place: Place) -> bool:
    del place
    return True


def _files_in(directory: Path) -> str:
    try:
        files = sorted(one.name for one in directory.glob("*.toml"))
    except OSError:
        files = []
    there = f"In {directory.absolute()} there are: {', '.join(files)}. " if files else ""
    return f"{there}`labframe init` writes one to start with."


def _syntax(text: str, message: str) -> str:
    """Return what is wrong with a text that is no TOML: where, and what stands there."""
    lines = text.splitlines() or [""]
    found = re.search(r" \(at line (\d+), column (\d+)\)", message)
    line, column = (int(found[1]), int(found[2])) if found else (len(lines), len(lines[-1]) + 1)
    shown = lines[min(line, len(lines)) - 1]
    what = repr(shown[column - 1]) if column <= len(shown) else "the end of the line"
    why = re.sub(r" \(at [^()]*\)", "", message)
    why = re.sub(r"\('([^()]*)',?\)", lambda found: f"[{found[1]}]".replace("', '", "."), why)
    return (
        f"line {line}, column {column}: {why}; found {what} in: {shown.strip() or 'an empty line'} "
        "(a text needs quotes, a list ends with ], a section is [instrument.cryo] and is there "
        "once)"
    )


def _config(sections: Sections, table: dict[str, Any], name: str, directory: Path) -> Config:
    for key, value in table.items():
        if key not in TOP_KEYS:
            _unknown_at_the_top(sections.problems, key, value)
    return Config(
        name=name,
        secrets=sections.problems.secrets,
        directory=directory,
        plugins=_plugins(sections, table.get("plugins", [])),
        host=sections.struct(HostConfig, ("host",), _host(table.get("host", {}))),
        network=sections.struct(NetworkConfig, ("network",), table.get("network", {})),
        audit=sections.struct(AuditConfig, ("audit",), table.get("audit", {})),
        sockets={
            key: sections.struct(SocketConfig, ("socket", key), section)
            for key, section in _named(sections, table, "socket").items()
        },
        instruments={
            key: instrument(sections, key, section)
            for key, section in _named(sections, table, "instrument").items()
        },
        plugin_sections=_named(sections, table, "plugin"),
    )


def _unknown_at_the_top(problems: Problems, key: str, value: object) -> None:
    singular = key[:-1] if key.endswith("s") else key
    if isinstance(value, (dict, list)) and singular.lower() in ("instrument", "socket"):
        name = next(iter(value), "NAME") if isinstance(value, dict) else "NAME"
        hint = f"; did you mean [{singular.lower()}.{name}]?"
    elif isinstance(value, dict):
        hint = did_you_mean(key, TOP_KEYS)
    else:
        hint = meant((), key, value)
    there = "plugins, [host], [network], [audit], [socket.NAME], [instrument.NAME], [plugin.NAME]"
    shown = f"[{key}]" if isinstance(value, dict) else key
    problems.say(f"{shown}: not a section of a configuration{hint} There are: {there}")


def _plugins(sections: Sections, value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):
        name = next((key for key, one in value.items() if isinstance(one, dict)), "NAME")
        sections.problems.say(
            f"[plugins]: not a section; did you mean [plugin.{name}]? "
            'Files to load are a list at the top: plugins = ["./lakeshore.py"]'
        )
        return ()
    return sections.value(("plugins",), tuple[str, ...], value) or ()


def _host(table: Any) -> Any:
    """Return the section with ``log_file = true`` as what it is, the default."""
    if isinstance(table, dict) and table.get("log_file") is True:
        return {key: value for key, value in table.items() if key != "log_file"}
    return table


def _named(sections: Sections, table: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the sections ``[kind.NAME]`` by their names."""
    found: dict[str, dict[str, Any]] = {}
    members = table.get(kind, {})
    if not isinstance(members, dict):
        files = "; files to load are in `plugins`" if kind == "plugin" else ""
        sections.problems.add((kind,), f"must be sections [{kind}.NAME]{files}", members)
        return {}
    for name, section in members.items():
        if isinstance(section, list):
            sections.table((kind, name), section)
        elif not isinstance(section, dict):
            sections.problems.add(
                (kind, name), f"not a section; write [{kind}.NAME] above it", section
            )
        elif kind != "plugin" and not NAME.fullmatch(name):
            other = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")[:64] or "NAME"
            sections.problems.say(
                f'[{kind}."{name}"]: a name has {NAME_RULE}; write [{kind}.{other}]'
            )
        else:
            found[name] = section
    return found
