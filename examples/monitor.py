"""Sync, log every run as a line of JSON, and print a report of the log.

    python monitor.py runs.jsonl ~/docs webdavs://ann@nas.example/docs
    python monitor.py runs.jsonl

An observer hears of every run of the Syncer that it is given to; it changes nothing. A run that stops
early is raised, with the report as far as it got.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from syncfs import Event, Report, SyncAbortedError, Syncer
from syncfs.plugin import hookimpl


class Monitor:
    """Hears how a run ends; also one that stops, if only after it began."""

    def __init__(self) -> None:
        self.line: dict[str, object] = {"ok": False}
        self._failed = 0

    @hookimpl
    def syncfs_events(self, events: Sequence[Event]) -> None:
        self._failed += sum(event.kind.value == "failed" for event in events)

    @hookimpl
    def syncfs_run_finished(self, report: Report) -> None:
        self.line = report.to_dict() | {"failed": self._failed}


def sync(log: Path, folder: str, url: str) -> int:
    """Sync, and append one line: when, how it ended, and its report."""
    monitor = Monitor()
    try:
        ok = Syncer(folder, url, plugins=[monitor]).sync().ok
    except SyncAbortedError as error:
        ok = False
        monitor.line.setdefault("problems", [{"message": str(error)}])  # it did not even begin
    with log.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **monitor.line}) + "\n")
    return 0 if ok else 1


def summary(log: Path) -> None:
    runs = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    good = sum(run["ok"] for run in runs)
    print(f"{len(runs)} runs, {good} without trouble")
    for name in ("copied", "removed", "bytes_transferred"):
        print(f"{name}: {sum(run.get(name, 0) for run in runs)}")
    for run in runs:
        for problem in run["problems"]:
            print(f"{run['at']}: {problem['message']}")


def main(log: str, *pair: str) -> int:
    if pair:
        return sync(Path(log), *pair)
    summary(Path(log))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
