"""Many small files to a server far away: one process of four threads beside four Dask workers of four.

    python -m tests.benchmarks.dask_push [--files 2000] [--rounds 3] [--delay-ms 25] [--json FILE]

Needs `plugins/syncfs-dask` installed, and Apache. Each round pushes the same tree twice, each time into an
empty folder of Apache's mod_dav behind a relay that adds `--delay-ms` each way (25 makes a round trip of
50 ms): once in threads with `jobs=4`, once on a Dask `LocalCluster` of 4 worker processes with 4 threads
each, which do 16 copies at once; who goes first changes from round to round. Timed is `Syncer.push()` and
nothing else. The cluster is started before the first round, outside the timing: that takes a few seconds,
which a run that makes a cluster of its own pays besides. Both push a hundred files before, untimed, so that
nobody imports anything in a round. Each push must copy everything, and end without a problem.

Prints the medians and their ratio, and the machine's load before and after, which belongs to them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from syncfs import Syncer
from tests.benchmarks.lag import Lag
from tests.benchmarks.trees import count_files, make_tree
from tests.servers.apache import Apache

THREADS, WORKERS = 4, 4
SIZE_BYTES = 4 << 10
PER_DIRECTORY = 20


def main() -> int:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.dask_push",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--files", type=int, default=2000, help="how many, of 4 KiB, 20 to a directory")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delay-ms", type=float, default=25.0, help="each way: half of the round trip")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    arguments = parser.parse_args()
    try:
        distributed: Any = importlib.import_module("distributed")
        dask: Any = importlib.import_module("syncfs_dask")
    except ImportError:
        parser.error("it needs pip install ./plugins/syncfs-dask")
    load_before = os.getloadavg()[0]
    seconds: dict[str, list[float]] = {"threads": [], "dask": []}
    with (
        tempfile.TemporaryDirectory() as home,
        Apache() as apache,
        Lag(int(apache.url.split(":")[2].partition("/")[0]), arguments.delay_ms) as lag,
        distributed.LocalCluster(
            n_workers=WORKERS,
            threads_per_worker=THREADS,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.ERROR,
        ) as cluster,
    ):
        tree = make_tree(
            Path(home) / "tree", arguments.files, -(-arguments.files // PER_DIRECTORY), SIZE_BYTES
        )
        contenders: dict[str, dict[str, Any]] = {
            "threads": {"jobs": THREADS},
            "dask": {"executor": dask.Dask(address=cluster.scheduler_address, shared=True)},
        }

        def push(name: str, tree: Path) -> float:
            folder = apache.folder()
            url = f"webdav://127.0.0.1:{lag.port}{folder.path}"
            syncer = Syncer(tree, url, state=Path(home) / f"{folder.root.name}.sqlite", **contenders[name])
            begun_s = time.perf_counter()
            report = syncer.push()
            took_s = time.perf_counter() - begun_s
            assert report.ok and report.copied == count_files(folder.root) == count_files(tree), report
            return took_s

        for name in contenders:
            push(name, make_tree(Path(home) / f"warm-{name}", 100, 5, SIZE_BYTES))
        for number in range(arguments.rounds):
            for name in list(contenders) if number % 2 == 0 else reversed(contenders):
                took_s = push(name, tree)
                seconds[name].append(round(took_s, 3))
                sys.stdout.write(f"round {number + 1}: {name:8} {took_s:7.2f} s\n")
                sys.stdout.flush()
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    ratio = medians["threads"] / medians["dask"]
    load = (round(load_before, 2), round(os.getloadavg()[0], 2))
    sys.stdout.write(
        f"{arguments.files} files, round trip {2 * arguments.delay_ms:g} ms, medians of {arguments.rounds}:\n"
        f"  1 process of {THREADS} threads       {medians['threads']:7.2f} s\n"
        f"  {WORKERS} Dask workers of {THREADS} threads {medians['dask']:7.2f} s, "
        f"which is {ratio:.2f} times as fast (the cluster's start not counted)\n"
        f"  load of the machine {load[0]} before, {load[1]} after, {os.cpu_count()} processors\n"
    )
    if arguments.json:
        figures = {
            "files": arguments.files,
            "size_bytes": SIZE_BYTES,
            "round_trip_ms": 2 * arguments.delay_ms,
            "seconds": seconds,
            "medians_s": medians,
            "ratio": round(ratio, 3),
            "load_before_after": load,
            "cpus": os.cpu_count(),
            "distributed": distributed.__version__,
        }
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
