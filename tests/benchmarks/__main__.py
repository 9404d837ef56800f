"""Measure syncfs beside its peers.

    python -m tests.benchmarks CASE... [--rounds 5] [--only NAME...] [--json FILE] [--plot DIR]
    python -m tests.benchmarks --list

A case is one piece of work that several tools do in turn, round by round (A B C, A B C, ...), each into a
fresh tree where one is needed, which is prepared outside the timing. Whole processes are timed. Printed are
medians, the ratio of syncfs's median to each other's, the CPU time and the peak memory of the process, and
the requests that the server's log shows. `all` stands for every case: that takes about an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.cases import CASES, Lab
from tests.benchmarks.rounds import play, rows, table


def main() -> int:
    """Run the cases that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"all, or any of: {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="beside syncfs, only these contenders"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="a fraction of every tree, for a trial")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--plot", type=Path, metavar="DIR", help="draw the growth curves there, as SVG")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    arguments = parser.parse_args()
    if arguments.list or not arguments.cases:
        sys.stdout.write("\n".join(CASES) + "\n")
        return 0
    names = list(CASES) if arguments.cases == ["all"] else arguments.cases
    if unknown := [name for name in names if name not in CASES]:
        parser.error(f"no such case: {', '.join(unknown)}; there are: {', '.join(CASES)}")
    if arguments.plot:
        try:
            import matplotlib  # noqa: F401 - before the long work, not after it
        except ImportError:
            parser.error("--plot needs matplotlib: pip install 'syncfs[bench]'")
    figures: dict[str, object] = {
        "machine": {
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
            "system": platform.platform(),
        },
        "scale": arguments.scale,
    }
    cases: dict[str, object] = {}
    figures["cases"] = cases
    for name in names:
        with Lab(arguments.scale) as lab:
            case = CASES[name](lab)
            if arguments.only:
                wanted = [each for each in case.contenders[1:] if each.name in arguments.only]
                case = replace(case, contenders=[case.contenders[0], *wanted])
            results = play(case, arguments.rounds, lab.environment, sys.stderr.write)
        if arguments.scale != 1:
            case = replace(case, title=f"{case.title} (all of it times {arguments.scale:g}: a trial)")
        summary = list(rows(case, results))
        sys.stdout.write(table(case, summary) + "\n")
        sys.stdout.flush()
        cases[name] = {"title": case.title, "rows": summary, "left_out": case.left_out}
        if arguments.json:
            arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    if arguments.plot:
        from tests.benchmarks.plot import draw

        draw(figures, arguments.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
