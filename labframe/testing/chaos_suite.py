"""What ``pytest --labframe-chaos=DRIVER`` runs: chaos against any driver that has a simulator."""

from __future__ import annotations

import pytest
from hypothesis.stateful import run_state_machine_as_test

from labframe.testing.asked import contract_asked
from labframe.testing.chaos import CHAOS, machine_of


def test_what_is_served_is_right_or_marked_old(request: pytest.FixtureRequest) -> None:
    """Whatever happens to the line."""
    contract = contract_asked(request.config, "--labframe-chaos")
    run_state_machine_as_test(machine_of(contract), settings=CHAOS)
