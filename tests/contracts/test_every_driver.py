"""No bundled driver is left out: each has a contract here, and is in the list of drivers."""

import importlib.util
from pathlib import Path

from labframe.plugins import Plugins
from labframe.scorecard import scorecard
from labframe.testing import DriverContract


def contracts() -> set[str]:
    """Return the drivers of the contracts beside this file."""
    found = set()
    for name in ("test_bundled_contracts", "test_configured_contracts"):
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        kinds = [one for one in vars(module).values() if isinstance(one, type)]
        found |= {
            one.driver.driver
            for one in kinds
            if issubclass(one, DriverContract) and one is not DriverContract
        }
    return found


def test_every_bundled_driver_keeps_the_contract() -> None:
    bundled = {
        name: driver
        for name, driver in Plugins().drivers().items()
        if driver.__module__.startswith("labframe_drivers.")
    }

    assert contracts() == {name for name, driver in bundled.items() if not driver.always_there}
    assert all(driver.protocol for driver in bundled.values())


def test_what_lacks_a_mark_says_in_its_readme_why() -> None:
    for name in [*contracts(), "computer"]:
        lacking = [one for one in scorecard(name, suites=False) if not one.ok]
        readme = Path("drivers/labframe_drivers", name, "README.md")
        folder = Path(__file__).parents[2] / readme
        assert not lacking or f"`labframe lint {name}`" in folder.read_text("utf-8"), lacking
