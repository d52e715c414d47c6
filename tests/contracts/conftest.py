"""The contracts are run on every carrier; ``--labframe-carrier`` takes one."""

import pytest

from labframe.simulation import available


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each contract its carriers."""
    if "labframe_carrier" not in metafunc.fixturenames:
        return
    asked = metafunc.config.getoption("--labframe-carrier")
    there = ["pty", "sim", "socket"] if available() else ["sim", "socket"]
    metafunc.parametrize("labframe_carrier", [asked] if asked else there)
