"""The trees that are copied."""

from __future__ import annotations

import os
import random
from pathlib import Path

_LAST_YEAR_NS = 1_750_000_000_000_000_000


def make_tree(root: Path, files: int, directories: int, size_bytes: int, *, seed: int = 1) -> Path:
    """Fill `root` with files of one size, spread evenly, with random content and old mtimes."""
    source = random.Random(seed)
    per_directory = -(-files // directories)
    made = 0
    for number in range(directories):
        here = root / f"d{number:05}"
        here.mkdir(parents=True)
        for each in range(min(per_directory, files - made)):
            path = os.path.join(here, f"f{each:05}")
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            os.write(fd, source.randbytes(size_bytes))
            os.utime(fd, ns=(_LAST_YEAR_NS, _LAST_YEAR_NS + made))
            os.close(fd)
            made += 1
    return root


def make_big(root: Path, size_bytes: int) -> Path:
    """Put one file of random content into `root`, named `big`."""
    root.mkdir(parents=True)
    source = random.Random(1)
    with (root / "big").open("wb") as file:
        left = size_bytes
        while left:
            left -= file.write(source.randbytes(min(left, 4 << 20)))
    os.utime(root / "big", ns=(_LAST_YEAR_NS, _LAST_YEAR_NS))
    return root


def count_files(root: Path) -> int:
    """How many files lie below `root`, reserved names left out."""
    return sum(len(files) for here, _, files in os.walk(root) if ".syncfs" not in here)
