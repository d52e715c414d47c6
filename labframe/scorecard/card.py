"""The whole scorecard of a driver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from labframe.plugins.tried import tried
from labframe.scorecard.beside import readme_mark, transcripts_mark
from labframe.scorecard.declared import declared_marks
from labframe.scorecard.mark import Mark
from labframe.scorecard.suites import suite_mark

__all__ = ["scorecard"]


def scorecard(
    asked: str, values: Mapping[str, str] = MappingProxyType({}), *, suites: bool = True
) -> Iterator[Mark]:
    """Return what a driver has and lacks, each when it is known.

    Args:
        asked: The name of an installed driver, the path of a file with one, or an instrument of a
            configuration: ``lab.toml:cryo``.
        values: Start values of the simulator for contract and chaos.
        suites: Whether contract and chaos are run, which takes some seconds.

    Raises:
        LabframeError: If there is no such driver, or its simulator refuses a value.
    """
    found = tried(asked)
    driver, simulator = found.driver, found.simulator
    if simulator is not None:
        simulator(**{**found.state, **values})
    yield from declared_marks(driver)
    if driver.always_there:
        pass  # the real one is what its tests read
    elif simulator is None:
        why = f"none: {found.why_no_simulator}"
        yield Mark("simulator", False, True, why, "write one: docs/how-to/simulate.md")
        for check in ("transcripts", "contract", "chaos"):
            essential = check != "transcripts"
            yield Mark(check, False, essential, "needs a simulator", "write the simulator first")
    else:
        yield Mark("simulator", True, True, simulator.__name__)
        yield transcripts_mark(simulator)
        if suites:
            yield suite_mark("contract", asked, values)
            yield suite_mark("chaos", asked, values)
    yield readme_mark(driver)
