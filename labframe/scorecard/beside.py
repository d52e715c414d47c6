"""What lies beside a driver and its simulator: transcripts, a README."""

from __future__ import annotations

import importlib.metadata
import inspect
from collections.abc import Iterator
from pathlib import Path

from labframe.instrument import Instrument
from labframe.scorecard.mark import Mark, mark
from labframe.simulation import SimulatedInstrument

__all__ = ["readme_mark", "transcripts_mark"]


def transcripts_mark(simulator: type[SimulatedInstrument]) -> Mark:
    """Tell whether there are transcripts that the simulator has to reproduce."""
    folder = Path(inspect.getfile(simulator)).with_name("transcripts")
    count = len(list(folder.glob("*.jsonl")))
    return mark(
        "transcripts",
        [] if count else [simulator.driver],
        f"record the instrument, or write down the examples of its manual: {folder}/*.jsonl",
        well=f"{count} beside the simulator",
    )


def readme_mark(driver: type[Instrument]) -> Mark:
    """Tell whether there is a README: beside the driver, or in its distribution."""
    path = Path(inspect.getfile(driver))
    has_one = any(list(folder.glob("README*")) for folder in _folders(path))
    return mark(
        "README",
        [] if has_one or _has_description(driver) else [driver.driver],
        f"say what the instrument understands, and where that stands: {path.parent / 'README.md'}",
        well="there",
    )


def _folders(path: Path) -> Iterator[Path]:
    """Yield the folders of the package, and that of the checkout around it if there is one."""
    for folder in path.parents:
        yield folder
        if (folder / "pyproject.toml").exists() or not (folder / "__init__.py").exists():
            break
    source = next((one for one in path.parents if one.name == "src"), None)
    if source is not None and (source.parent / "pyproject.toml").exists():
        yield source.parent


def _has_description(driver: type[Instrument]) -> bool:
    package = driver.__module__.partition(".")[0]
    for name in importlib.metadata.packages_distributions().get(package, []):
        if name != "labframe":  # its own README says nothing of one driver
            metadata = importlib.metadata.metadata(name)
            return bool(metadata.get("Description") or metadata.get_payload())  # type: ignore[attr-defined]  # an email.Message
    return False
