"""The pages about the host name everything that there is."""

from pathlib import Path

import msgspec
import pytest

from labframe.config import schema
from labframe.hookspecs import HookSpecs
from labframe.units import UNITS

HOOKS = [name for name in vars(HookSpecs) if name.startswith("labframe_")]


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_says_when_it_is_called_what_it_returns_and_what_an_exception_does(
    hook: str, docs: Path
) -> None:
    assert f"## `{hook}(" in (docs / "reference" / "hooks.md").read_text("utf-8")
    text = getattr(HookSpecs, hook).__doc__
    assert "alled" in text
    assert "Returns" in text
    assert "xception" in text


def test_every_unit_is_in_the_table(docs: Path) -> None:
    text = (docs / "reference" / "units.md").read_text("utf-8")
    assert [unit for unit in UNITS if f"| `{unit}` |" not in text] == []


@pytest.mark.parametrize(
    "struct",
    [
        schema.HostConfig, schema.NetworkConfig, schema.AuditConfig, schema.SocketConfig,
        schema.InstrumentConfig, schema.ReadingConfig, schema.CommandConfig,
    ],
)  # fmt: skip
def test_every_key_is_described(struct: type[msgspec.Struct], docs: Path) -> None:
    page = (docs / "reference" / "configuration.md").read_text("utf-8")
    missing = [key for key in struct.__struct_fields__ if f"| `{key}` |" not in page]
    sections = ["readings", "commands", "table"] if struct is schema.InstrumentConfig else []
    assert missing == sections
