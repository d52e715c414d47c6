"""An option may decide what an instrument has, and in which unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from labhost import Plugin, lab

from labframe import ConfigurationError, Instrument, reading
from labframe.points import Value


class Volts(Instrument):
    driver = "meter"
    options = {"function": "volts"}

    @classmethod
    def with_options(cls, options: Mapping[str, Value]) -> type[Instrument]:
        function = options.get("function", "volts")
        if function not in ("volts", "amperes"):
            raise ValueError(f"function = {function!r}: must be volts or amperes")
        return Volts if function == "volts" else Amperes

    @reading(unit="V", every=0.1)
    def voltage(self) -> float:
        return 1.5


class Amperes(Instrument):
    driver = "meter"
    options = {"function": "volts"}

    @reading(unit="A", every=0.1)
    def current(self) -> float:
        assert self.options["function"] == "amperes"
        return 0.25


def meter(**options: Any) -> dict[str, Any]:
    return {"m": {"driver": "meter", "options": options}}


def test_an_option_decides_what_is_read_and_in_which_unit() -> None:
    with lab(Plugin([Volts]), meter(function="amperes"), simulate=False) as host:
        found = host.wait_fresh("m_current")
        assert (found.y, found.unit) == (0.25, "A")
    with lab(Plugin([Volts]), meter(), simulate=False) as host:
        assert host.wait_fresh("m_voltage").unit == "V"


def test_a_value_of_an_option_that_cannot_be_is_a_problem_of_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match=r"options: function = 'watts': must be volts or"):
        lab(Plugin([Volts]), meter(function="watts"), simulate=False)
