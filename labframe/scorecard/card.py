"""The whole scorecard of a driver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from labframe.errors import LabframeError
from labframe.plugins import Plugins
from labframe.scorecard.beside import readme_mark, transcripts_mark
from labframe.scorecard.declared import declared_marks
from labframe.scorecard.mark import Mark
from labframe.scorecard.suites import suite_mark

__all__ = ["scorecard"]


def scorecard(asked: str, values: Mapping[str, str] = MappingProxyType({})) -> Iterator[Mark]:
    """Return what a driver has and lacks, each when it is known.

    Args:
        asked: The name of an installed driver, or the path of a file with one.
        values: Start values of the simulator for contract and chaos.

    Raises:
        LabframeError: If there is no such driver, or its simulator refuses a value.
    """
    files = [asked] if asked.endswith(".py") else []
    plugins = Plugins(files, Path.cwd(), simulate=True)
    name = _driver_in(asked, plugins) if files else asked
    if name not in plugins.drivers():
        raise LabframeError(f"{asked}: {plugins.why_no_driver(name)}")
    driver = plugins.drivers()[name]
    simulator = plugins.simulators().get(name)
    if simulator is not None:
        simulator(**values)
    yield from declared_marks(driver)
    if simulator is None:
        why = f"none: {plugins.why_no_simulator(name)}"
        yield Mark("simulator", False, True, why, "write one: docs/how-to/simulate.md")
        for check in ("transcripts", "contract", "chaos"):
            essential = check != "transcripts"
            yield Mark(check, False, essential, "needs a simulator", "write the simulator first")
    else:
        yield Mark("simulator", True, True, simulator.__name__)
        yield transcripts_mark(simulator)
        yield suite_mark("contract", asked, values)
        yield suite_mark("chaos", asked, values)
    yield readme_mark(driver)


def _driver_in(file: str, plugins: Plugins) -> str:
    plugins.drivers()  # only then a status says which they are
    status = next(one for one in plugins.statuses if one.name == Path(file).stem)
    if len(status.drivers) != 1:
        found = (
            f"has the drivers {', '.join(status.drivers)}" if status.drivers else "has no driver"
        )
        reason = f" ({status.reason})" if status.reason else ""
        raise LabframeError(f"{file}: {found}{reason}; give a file with one driver")
    return status.drivers[0]
