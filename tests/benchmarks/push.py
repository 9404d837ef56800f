"""Push one tree to stock Apache with syncfs and rclone, in turn, and print what each costs.

    python -m tests.benchmarks.push [ROUNDS]

The tree: 2,000 files of 4 KiB in 100 directories. Each round pushes it to a fresh collection, then again
with nothing changed. Whole processes are timed, interpreter start included; requests are counted in the
server's log. The figures are medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from tests.servers.apache import Apache
from tests.servers.rclone_server import find_rclone

DIRECTORIES, FILES, SIZE_BYTES = 100, 20, 4096
TUNED = ["--webdav-pacer-min-sleep", "0", "--transfers", "32", "--checkers", "32"]


def main(rounds: int = 3) -> None:
    """Run and print the table."""
    with tempfile.TemporaryDirectory() as home, Apache() as server:
        tree = Path(home, "tree")
        for directory in range(DIRECTORIES):
            Path(tree, f"d{directory}").mkdir(parents=True)
            for file in range(FILES):
                Path(tree, f"d{directory}", f"f{file}").write_bytes(os.urandom(SIZE_BYTES))
        seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
        requests: dict[tuple[str, str], int] = {}
        environment = {**os.environ, "SYNCFS_STATE_DIR": os.path.join(home, "state")}
        for turn in range(rounds):
            for name, command in commands(tree, server.url, turn).items():
                for run in ("first push", "nothing changed"):
                    server.clear_requests()
                    started_s = time.perf_counter()
                    subprocess.run(command, env=environment, check=True, capture_output=True)
                    seconds[name, run].append(time.perf_counter() - started_s)
                    requests[name, run] = len(server.requests())
        print("| | run | requests | seconds | of rclone tuned |")
        print("|---|---|---|---|---|")
        for (name, run), measured in seconds.items():
            median = statistics.median(measured)
            ratio = median / statistics.median(seconds["rclone tuned", run])
            print(f"| {name} | {run} | {requests[name, run]:,} | {median:.2f} | {ratio:.2f} |")


def commands(tree: Path, url: str, turn: int) -> dict[str, list[str]]:
    """One command for each peer, each to a collection of its own."""
    rclone = [str(find_rclone()), "sync", str(tree), "--config", os.devnull, "--webdav-url", url]
    syncfs = [sys.executable, "-m", "syncfs", "push", str(tree)]
    return {
        "syncfs": [*syncfs, f"{url.replace('http', 'webdav', 1)}syncfs{turn}"],
        "rclone tuned": [*rclone, f":webdav:tuned{turn}", *TUNED],
        "rclone as installed": [*rclone, f":webdav:plain{turn}"],
    }


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
