"""What ``pytest --labframe-contract=DRIVER`` runs: the contract, for a driver that has no test."""

from __future__ import annotations

import pytest

from labframe.testing.asked import contract_asked
from labframe.testing.contract import DriverContract

_ASKED = ("driver", "simulator", "channels", "address", "state")


class TestDriver(DriverContract):
    """The contract of the driver that was asked for."""

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _asked(cls, request: pytest.FixtureRequest) -> None:
        contract = contract_asked(request.config, "--labframe-contract")
        for name in _ASKED:
            setattr(cls, name, getattr(contract, name))
