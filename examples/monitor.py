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
    """Appends one line a run: when, how it ended, and its report."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._failed = 0

    @hookimpl
    def syncfs_events(self, events: Sequence[Event]) -> None:
        self._failed += sum(event.kind.value == "failed" for event in events)

    @hookimpl
    def syncfs_run_finished(self, report: Report) -> None:
        self.write(report.to_dict() | {"failed": self._failed})

    def write(self, line: dict[str, object]) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **line}) + "\n")


def sync(log: Path, folder: str, url: str) -> int:
    monitor = Monitor(log)
    try:
        report = Syncer(folder, url, plugins=[monitor]).sync()
    except SyncAbortedError as error:
        monitor.write({"mode": "sync", "ok": False, "error": str(error)})
        return 1
    return 0 if report.ok else 1


def summary(log: Path) -> None:
    runs = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    good = sum(run["ok"] for run in runs)
    print(f"{len(runs)} runs, {good} without trouble")
    for name in ("copied", "removed", "bytes_transferred"):
        print(f"{name}: {sum(run.get(name, 0) for run in runs)}")
    for run in runs:
        for trouble in [run.get("error"), *(each["message"] for each in run.get("problems", ()))]:
            if trouble:
                print(f"{run['at']}: {trouble}")


def main(log: str, *pair: str) -> int:
    if pair:
        return sync(Path(log), *pair)
    summary(Path(log))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
