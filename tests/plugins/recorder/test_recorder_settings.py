"""What a configuration may say of the recorder, and what it is told when it is wrong."""

from pathlib import Path
from typing import Any

import pytest
from labframe_plugins.recorder import labframe_sinks
from labframe_plugins.recorder.settings import KeepRule, RetainRule, rule_for, settings_of

from labframe import ConfigurationError, PluginContext


def context(section: dict[str, Any], base: Path = Path()) -> PluginContext:
    return PluginContext(name="recorder", section=section, base=base, state_dir=Path("/state"))


def test_a_host_in_a_program_records_nothing_until_it_is_told_to() -> None:
    assert labframe_sinks(context({})) == []
    assert labframe_sinks(context({"enabled": False, "file": "lab.db"})) == []
    (sink,) = labframe_sinks(context({"file": "lab.db"}))
    assert sink.name == "recorder"


def test_the_file_is_relative_to_the_configuration_and_in_the_state_directory_otherwise() -> None:
    assert settings_of(context({"file": "lab.db"}, Path("/lab"))).file == Path("/lab/lab.db")
    assert settings_of(context({"enabled": True})).file == Path("/state/history.db")


def test_the_own_rule_of_a_codename_goes_before_patterns() -> None:
    found = settings_of(
        context(
            {
                "keep": {
                    "*_pressure": {"log": 0.02},
                    "*": {"every": "1 min"},
                    "fore_pressure": {"lin": 0.5, "silence": "1 h"},
                },
                "retain": {"*": {"thin_after": "90 d", "every": 10, "drop_after": "5 y"}},
            }
        )
    )

    assert rule_for(found.keep, "fore_pressure") == KeepRule(lin=0.5, silence=3600.0)
    assert rule_for(found.keep, "chamber_pressure") == KeepRule(log=0.02)
    assert rule_for(found.keep, "oven") == KeepRule(every=60.0)
    assert rule_for(found.retain, "oven") == RetainRule(
        thin_after=90 * 86400.0, every=10.0, drop_after=5 * 365.25 * 86400
    )
    assert rule_for({"a*": 1}, "b") is None


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"flie": "lab.db"}, "flie"),
        ({"file": 3}, "file = 3"),
        ({"enabled": "yes"}, "true or false"),
        ({"spool": 10}, "1000 or more"),
        ({"keep": []}, r'write \[plugin.recorder.keep."\*"\]'),
        ({"keep": {"oven": 3}}, r'\[plugin.recorder.keep."oven"\]'),
        ({"keep": {"oven": {"lin": 1, "log": 0.1}}}, "only one"),
        ({"keep": {"oven": {"every": 1, "silence": 3}}}, "goes with lin and log"),
        ({"keep": {"oven": {"log": 2}}}, "0.02 is 2 %"),
        ({"keep": {"oven": {"lin": -1}}}, "above 0"),
        ({"keep": {"oven": {"every": "3 weeks"}}}, '"90 d"'),
        ({"keep": {"oven": {"evry": 1}}}, "keep.oven.evry"),
        ({"retain": {"oven": {}}}, "neither thin_after nor drop_after"),
        (
            {"retain": {"oven": {"thin_after": "2 d", "drop_after": "1 d"}}},
            "longer than thin_after",
        ),
    ],
)
def test_a_wrong_key_is_named(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        settings_of(context(section))
