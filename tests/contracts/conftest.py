"""The contracts are run on a pty and on ``sim``; ``--labframe-carrier`` takes one carrier."""

import pytest

from labframe.simulation import available


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each contract its carriers."""
    if "labframe_carrier" not in metafunc.fixturenames:
        return
    asked = metafunc.config.getoption("--labframe-carrier")
    there = ["pty", "sim"] if available() else ["sim"]
    metafunc.parametrize("labframe_carrier", [asked] if asked else there)
