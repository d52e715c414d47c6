"""Compare labframe's sockets with a plain ``socketserver`` implementation of the same answers.

``python benchmarks/sockets.py`` prints, for each promise that labframe makes about its speed, what
was promised and what was measured. See README.md for how.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

sys.path.append(str(Path(__file__).resolve().parent.parent))  # run as a file, of a checkout

from benchmarks import local, network, paced, report
from benchmarks.rounds import FULL, QUICK, Effort

BENCHMARKS: Final[dict[str, Callable[[Effort], Iterator[report.Row]]]] = {
    "pull": network.pull,
    "one": network.one,
    "portable": network.portable,
    "changed": network.changed,
    "changed-local": local.changed,
    "thousand": network.thousand,
    "push": network.push,
    "setters": local.setters,
    "construct": local.construct,
    "paced": paced.paced,
    "import": local.imports,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few short rounds: for a first look")
    parser.add_argument(
        "--only", action="append", choices=BENCHMARKS, metavar="NAME",
        help=f"measure only this, may be repeated: {', '.join(BENCHMARKS)}",
    )  # fmt: skip
    parser.add_argument(
        "--spread", action="store_true", help="let client and server use all processors, see README"
    )
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 if a bar is missed or not measured"
    )
    options = parser.parse_args(arguments)
    effort = replace(QUICK if options.quick else FULL, spread=options.spread)
    rows: list[report.Row] = []
    if not options.json:
        print(report.header(), end="\n\n", flush=True)
    failed = False
    for name in options.only or BENCHMARKS:
        print(f"measuring {name} ...", file=sys.stderr)
        try:
            for row in BENCHMARKS[name](effort):
                rows.append(row)  # noqa: PERF402  # those before a failure are shown
        except (OSError, EOFError, RuntimeError, subprocess.SubprocessError) as error:
            print(f"{name} could not be measured: {error!r}", file=sys.stderr)
            failed = True
    print(json.dumps(report.as_json(rows), indent=2) if options.json else report.table(rows))
    missed = any(row.verdict == "MISSED" for row in rows)
    return 1 if options.check and (missed or failed) else 0


if __name__ == "__main__":
    sys.exit(main())
