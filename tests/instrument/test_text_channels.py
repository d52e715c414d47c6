"""Channels that are text: what a driver must say of them, and what need not."""

from __future__ import annotations

import pytest

from labframe import Instrument, NoValue, reading
from labframe.errors import DeclarationError


def test_text_of_all_channels_with_one_query_needs_no_unit() -> None:
    class Gauges(Instrument):
        channels = ("A", "B")

        @reading(channels=True)
        def kind(self) -> dict[str, str]:
            return dict.fromkeys(self.channels, "Pirani")

    assert Gauges.readings()["kind"].unit is None


def test_numbers_of_all_channels_with_one_query_need_a_unit() -> None:
    with pytest.raises(DeclarationError, match=r"pressure: a number needs a unit"):

        class Gauges(Instrument):
            channels = ("A", "B")

            @reading(channels=True)
            def pressure(self) -> dict[str, float | NoValue]:
                return dict.fromkeys(self.channels, 1.0)
