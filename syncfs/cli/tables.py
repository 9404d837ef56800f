"""Tables of runs and plugins, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from syncfs.cli.words import amount, count, duration, printable

if TYPE_CHECKING:
    from syncfs.plugin import PluginRow
    from syncfs.store.store import Run

__all__ = ["history_lines", "history_object", "plugin_lines"]


def history_object(run: Run) -> dict[str, Any]:
    """One run as JSON values: `id, mode, started, finished, report`; times in ISO 8601, UTC.

    `finished` and `report` are None for a run that died, or still goes on.
    """
    return {
        "id": run.id,
        "mode": run.mode,
        "started": _time(run.started_ns).isoformat(),
        "finished": None if run.finished_ns is None else _time(run.finished_ns).isoformat(),
        "report": run.report,
    }


def history_lines(runs: Sequence[Run]) -> Iterator[str]:
    """One line a run, in the given order, in local time."""
    if not runs:
        yield "no runs of this pair yet"
        return
    rows = [("started", "mode", "took", "what happened")]
    for run in runs:
        took = "" if run.finished_ns is None else duration((run.finished_ns - run.started_ns) / 1e9)
        started = _time(run.started_ns).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        rows.append((started, run.mode, took, _happened(run)))
    yield from _aligned(rows)


def plugin_lines(plugins: Sequence[PluginRow]) -> Iterator[str]:
    """One line for each thing that can be chosen by name."""
    rows = [("kind", "name", "distribution", "version", "what it does")]
    for each in plugins:
        rows.append((each.kind, each.name, each.distribution, each.version, each.summary))
    yield from _aligned(rows)


def _happened(run: Run) -> str:
    """A run's report in a few words."""
    if run.finished_ns is None:
        return "died, or still goes on"
    report = run.report or {}
    words = [
        f"{report[name]:,} {word}"
        for name, word in (("copied", "copied"), ("removed", "removed"), ("renamed", "renamed"))
        if report.get(name)
    ]
    if report.get("bytes_transferred"):
        words.append(amount(report["bytes_transferred"]))
    missing = report.get("truncated", {})
    for name, noun in (("conflicts", "conflict"), ("problems", "problem")):
        if number := len(report.get(name, ())) + missing.get(name, 0):
            words.append(count(number, noun))
    if "error" in report:
        words.append(printable(str(report["error"])))
    return ", ".join(words) or "nothing to do"


def _time(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
