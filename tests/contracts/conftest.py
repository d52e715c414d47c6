"""The contracts are run on each carrier; ``--labframe-carrier`` takes one for all of them.

Over a socket no line settings can be wrong: there the three that differ most are enough.
"""

import pytest

from labframe.simulation import available

_ON_A_SOCKET = ("TestXgs600", "TestSps30", "TestDmt143")  # lines, frames, a stream


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each contract its carriers."""
    if "labframe_carrier" not in metafunc.fixturenames:
        return
    asked = metafunc.config.getoption("--labframe-carrier")
    there = ["pty", "sim"] if available() else ["sim"]
    if metafunc.cls is not None and metafunc.cls.__name__ in _ON_A_SOCKET:
        there.append("socket")
    metafunc.parametrize("labframe_carrier", [asked] if asked else there)
