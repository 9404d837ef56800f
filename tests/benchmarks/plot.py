"""Draw how time and memory grow with the tree, from what `__main__` wrote as JSON.

python -m tests.benchmarks.plot FILE DIR
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

_AXES = (
    ("wall_s", "microseconds a file", 1e6, True),
    ("peak_mb", "peak memory, MB", 1.0, False),
)


def draw(figures: Any, directory: Path) -> list[Path]:
    """Draw one SVG for each growth case: time a file and peak memory against the number of files.

    Returns:
        What was written.
    """
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "syncfs"  # the same figures give the same file
    from matplotlib import pyplot

    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, case in figures["cases"].items():
        if not name.startswith("growth-"):
            continue
        curves: dict[str, list[tuple[int, dict[str, float]]]] = defaultdict(list)
        for row in case["rows"]:
            tool, _, files = row["contender"].rpartition(" ")
            curves[tool].append((int(files.replace(",", "")), row))
        figure, axes = pyplot.subplots(1, len(_AXES), figsize=(10, 4), layout="constrained")
        for axis, (key, label, unit, is_per_file) in zip(axes, _AXES, strict=True):
            for tool, points in curves.items():
                sizes = [files for files, _ in points]
                values = [row[key] * unit / (files if is_per_file else 1) for files, row in points]
                axis.plot(sizes, values, marker="o", label=tool)
            axis.set(xscale="log", xlabel="files", ylabel=label, ylim=(0, None))
            axis.grid(alpha=0.3)
            axis.legend()
        figure.suptitle(case["title"].partition(":")[0], fontsize=10)
        path = directory / f"{name}.svg"
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)
        written.append(path)
    return written


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
