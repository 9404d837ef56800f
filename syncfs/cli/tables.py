"""Tables of runs, open conflicts and plugins, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from syncfs.cli.words import amount, count, duration, printable
from syncfs.core.entry import Side

if TYPE_CHECKING:
    from syncfs.plugin import PluginRow
    from syncfs.store.store import Run, Trashed

__all__ = ["history_lines", "history_object", "open_conflict_lines", "plugin_lines"]

_NAMED = 5
"""How many removed files a run's lines name."""


def history_object(run: Run) -> dict[str, Any]:
    """One run as JSON values: `id, mode, started, finished, report, trash`; times in ISO 8601, UTC.

    `finished` and `report` are None for a run that died, or still goes on. `trash` lists what it removed
    and `restore` can bring back, as `{"side": "dst", "path": "a.txt"}`.
    """
    return {
        "id": run.id,
        "mode": run.mode,
        "started": _time(run.started_ns).isoformat(),
        "finished": None if run.finished_ns is None else _time(run.finished_ns).isoformat(),
        "report": run.report,
        "trash": [{"side": item.side.label, "path": item.path} for item in sorted(run.trashed, key=_by_path)],
    }


def history_lines(runs: Sequence[Run]) -> Iterator[str]:
    """One line a run, in the given order, in local time, and one for what `restore` can bring back."""
    if not runs:
        yield "no runs of this pair yet"
        return
    rows = [("run", "started", "mode", "took", "what happened")]
    for run in runs:
        took = "" if run.finished_ns is None else duration((run.finished_ns - run.started_ns) / 1e9)
        rows.append((run.id, _local(run.started_ns), run.mode, took, _happened(run)))
    heading, *lines = _aligned(rows)
    yield heading
    for run, line in zip(runs, lines, strict=True):
        yield line
        yield from _trash_lines(run)
    if any(run.trashed for run in runs):
        yield "`syncfs restore SRC DST RUN` puts back what a run removed"


def open_conflict_lines(conflicts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """One line a conflict, as `Syncer.conflicts` gives them, and how to settle one."""
    if not conflicts:
        yield "no open conflicts"
        return
    rows = [("path", "conflict", "src", "dst")]
    for each in conflicts:
        rows.append((printable(each["path"]), each["kind"], _held(each["src"]), _held(each["dst"])))
    yield from _aligned(rows)
    yield "--resolve PATH=src|dst|keep-both settles one; the other version is kept beside it"


def plugin_lines(plugins: Sequence[PluginRow]) -> Iterator[str]:
    """One line for each thing that can be chosen by name, and for each plugin that is left out."""
    rows = [("kind", "name", "distribution", "version", "what it does")]
    for each in plugins:
        summary = f"{each.summary} ({each.options})" if each.options else each.summary
        rows.append((each.kind, each.name, each.distribution, each.version, printable(summary)))
    yield from _aligned(rows)


def _trash_lines(run: Run) -> Iterator[str]:
    """What a run removed and can still be restored, a line for each side."""
    from syncfs.engine.trash import KEPT_NS

    until = _local(run.started_ns + KEPT_NS).partition(" ")[0]
    for side in Side:
        paths = sorted(item.path for item in run.trashed if item.side is side)
        if paths:
            named = ", ".join(map(printable, paths[:_NAMED]))
            more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
            yield f"  in the trash of {side.label} until {until}: {named}{more}"


def _by_path(item: Trashed) -> tuple[str, Side]:
    return item.path, item.side


def _held(seen: Mapping[str, Any] | None) -> str:
    """What one side of a conflict holds."""
    if seen is None:
        return "deleted"
    if seen["kind"] != "file":
        return str(seen["kind"])
    size, mtime_ns = seen["size_bytes"], seen["mtime_ns"]
    words = ["file" if size is None else amount(size), "" if mtime_ns is None else _local(mtime_ns)]
    return ", ".join(filter(None, words))


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


def _local(nanoseconds: int) -> str:
    """A moment in local time, to the second; a file's mtime may be one that no calendar has."""
    try:
        return _time(nanoseconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OSError, OverflowError, ValueError):
        return "no date"


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
