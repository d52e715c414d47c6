"""What ``labframe check`` says of commands: which there are, and what guards them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from labframe.cli.arguments import brief, declared, facts

if TYPE_CHECKING:
    from labframe.host.draft import Draft
    from labframe.instrument import CommandDeclaration
    from labframe.plan import PlannedInstrument

__all__ = ["commands_as_json", "notes", "show_commands"]


def show_commands(draft: Draft) -> None:
    """Print the commands as a table; nothing if there are none."""
    from labframe.cli.tables import show

    rows = [
        [
            f"{instrument.name}.{one.name}",
            ", ".join(map(brief, declared(one))),
            ", ".join(draft.interlocks.of(f"{instrument.name}.{one.name}")),
            _facts(instrument, one),
        ]
        for instrument in draft.plan.instruments
        for one in instrument.commands
    ]
    if rows:
        show(("command", "arguments", "interlocks", "what"), rows)
        click.echo()


def notes(draft: Draft) -> Iterator[str]:
    """Yield where commands go besides the push socket: consumers, audit; and what refuses them."""
    network, audit = draft.config.network, draft.config.audit
    for plugin, consumer in draft.consumers:
        where = "the next free number" if consumer.port is None else f"UDP {consumer.port}"
        yield f"{where} on {network.listen}: push socket {consumer.name!r} of plugin {plugin}"
    if not any(one.commands for one in draft.plan.instruments):
        return
    if network.push_port is False:
        yield "Commands are not taken from the network ([network] push_port = false)."
        return
    default = network.default_instrument
    if default is not None:
        yield f"Commands without an instrument are those of {default}."
    otherwise = "are executed all the same" if audit.on_failure == "warn" else "are refused"
    yield (
        f"Commands are written to {draft.audit_file}; when that fails, they {otherwise} "
        f'([audit] on_failure = "{audit.on_failure}").'
    )
    for problem in draft.interlocks.problems:
        yield f"Attention: {problem}"


def commands_as_json(draft: Draft) -> dict[str, Any]:
    """Return the same for programs."""
    network, audit = draft.config.network, draft.config.audit
    return {
        "push_port": network.push_port,
        "default_instrument": network.default_instrument,
        "unsigned_commands": network.unsigned_commands,
        "audit": {"file": str(draft.audit_file), "on_failure": audit.on_failure},
        "interlock_problems": list(draft.interlocks.problems),
        "commands": [
            {
                "method": f"{instrument.name}.{one.name}",
                "arguments": one.schema(),
                "interlocks": draft.interlocks.of(f"{instrument.name}.{one.name}"),
                "dangerous": one.dangerous,
                "safe_value": one.safe_value,
                "read_back": one.read_back and _codename(instrument, one.read_back),
                "after_reconnect": one.after_reconnect,
                "doc": one.doc,
            }
            for instrument in draft.plan.instruments
            for one in instrument.commands
        ],
    }


def _facts(instrument: PlannedInstrument, one: CommandDeclaration) -> str:
    return facts(
        doc=one.doc,
        unit=(one.arguments[0].unit or "") if len(one.arguments) == 1 else "",
        dangerous=one.dangerous,
        safe_value=one.safe_value,
        read_back=one.read_back and _codename(instrument, one.read_back),
        after_reconnect=one.after_reconnect,
    )


def _codename(instrument: PlannedInstrument, reading: str) -> str:
    """Return the codename of a reading; the reading itself if the configuration has it off."""
    for one in instrument.readings:
        if one.declaration.name == reading:
            return one.outputs[0].codename
    return reading
