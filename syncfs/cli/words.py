"""What the command line says, as plain strings: nothing here prints."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from syncfs.core.action import (
    Action,
    CopyFile,
    MakeDirectory,
    MergeFile,
    MoveAside,
    RecordAgreement,
    RemoveDirectory,
    RemoveFile,
    Rename,
)
from syncfs.core.conflict import Conflict
from syncfs.core.plan import Plan
from syncfs.core.problem import Problem
from syncfs.core.report import Report
from syncfs.core.settings import Mode
from syncfs.endpoint.redact import redact

__all__ = [
    "amount",
    "conflict_line",
    "count",
    "duration",
    "flow_line",
    "is_remote",
    "plan_lines",
    "plan_summary",
    "printable",
    "problem_line",
    "report_lines",
    "shown",
]

_SCHEME = re.compile(r"(?:^|::)([A-Za-z][A-Za-z0-9+.-]+)://")
_NOT_REMOTE = frozenset({"file", "local", "memory"})


def printable(text: str) -> str:
    r"""Escape what a terminal would obey instead of show: line breaks, escape codes, bidi controls.

    >>> printable("a\nb")
    'a\\nb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def is_remote(place: str) -> bool:
    """Whether a place is on another machine, as far as its spelling tells.

    >>> is_remote("webdavs://nas/docs"), is_remote("~/docs"), is_remote("file:///docs")
    (True, False, False)
    """
    return any(scheme.lower() not in _NOT_REMOTE for scheme in _SCHEME.findall(place))


def shown(place: str) -> str:
    """A place as users see it: without secrets, the home directory as `~`."""
    if "://" in place:
        return printable(redact(place))
    home = os.path.expanduser("~").rstrip(os.sep)
    if home and (place == home or place.startswith(home + os.sep)):
        place = f"~{place[len(home) :]}"
    return printable(place)


def flow_line(mode: Mode, src: str, dst: str) -> str:
    """Name the flow: from where to where, in the order in which content moves."""
    src, dst = shown(src), shown(dst)
    flows = {Mode.PUSH: f"{src} → {dst}", Mode.PULL: f"{dst} → {src}", Mode.SYNC: f"{src} ↔ {dst}"}
    return f"{mode.value}: {flows[mode]}"


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun.

    >>> count(1, "file"), count(2000, "file"), count(2, "entry", "entries")
    ('1 file', '2,000 files', '2 entries')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def amount(size_bytes: int) -> str:
    """A size for people.

    >>> amount(900), amount(2048), amount(3 * 1024**3)
    ('900 B', '2.0 KiB', '3.0 GiB')
    """
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def duration(seconds: float) -> str:
    """A duration for people.

    >>> duration(0.314), duration(75), duration(3725)
    ('0.3 s', '1 min 15 s', '1 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def action_line(action: Action) -> str:
    """One action in one line: what, where, why."""
    return f"{_what(action)}   {printable(action.reason)}"


def _what(action: Action) -> str:
    path, side = printable(action.path) or ".", action.side.label
    match action:
        case CopyFile() | MakeDirectory():
            return f"{action.verb}  {path} → {side}"
        case MergeFile():
            return f"{action.verb}  {path} → {' and '.join(each.label for each in action.sides)}"
        case RemoveFile() | RemoveDirectory():
            return f"{action.verb}  {path} from {side}"
        case Rename():
            return f"{action.verb}  {path} as {printable(action.to)} on {side}"
        case MoveAside():
            return f"keep  {path} as {printable(action.to)} on {side}"
        case RecordAgreement():
            return f"{action.verb}  {path}"


def plan_lines(plan: Plan) -> Iterator[str]:
    """Every action that touches a file or a directory, one line each, streamed; then what is in the way."""
    for action in plan:
        if not isinstance(action, RecordAgreement):
            yield action_line(action)
    yield from map(conflict_line, plan.conflicts)
    yield from map(problem_line, plan.problems)


def conflict_line(conflict: Conflict) -> str:
    """One conflict: what it is, and what was done about it."""
    state = "still open" if conflict.is_open else "settled"
    outcome = conflict.outcome or "left as it is"
    line = f"conflict  {printable(conflict.path)}: {conflict.kind.value}, {state}: {printable(outcome)}"
    return f"{line} (--on-conflict says who wins)" if conflict.is_open else line


def problem_line(problem: Problem) -> str:
    """One problem: where, what, and what to do."""
    line = f"problem  {printable(redact(str(problem)))}"
    return f"{line} (the next run tries again)" if problem.retryable else line


def plan_summary(plan: Plan, *, hint_extra: bool) -> list[str]:
    """Say in a few lines what a plan would do."""
    sums = plan.summary()
    parts = [
        f"copy {count(sums['copy'], 'file')} ({amount(sums['bytes'])})" if sums["copy"] else "",
        f"merge {count(sums['merge'], 'file')}" if sums["merge"] else "",
        f"remove {sums['remove']:,}" if sums["remove"] else "",
        f"rename {sums['rename']:,}" if sums["rename"] else "",
        f"make {count(sums['make_directories'], 'directory', 'directories')}"
        if sums["make_directories"]
        else "",
        f"keep {count(sums['keep_aside'], 'loser')} aside" if sums["keep_aside"] else "",
    ]
    found = _found(sums["conflicts"], sum(each.is_open for each in plan.conflicts), sums["problems"])
    done = ", ".join(filter(None, parts)) or "nothing to do"
    lines = [f"{plan.mode.value} would: " + ", ".join([done, *found])]
    return lines + _notes(plan.mode.value, plan.skipped, plan.extra, plan.untracked, hint_extra=hint_extra)


def report_lines(report: Report, *, hint_extra: bool) -> list[str]:
    """Say in a few lines what a run did, what it found in the way, and what to do about it.

    Its notices are not repeated: they were logged when the run began.

    Args:
        report: The run.
        hint_extra: Deletions were asked for, and extras that stay deserve a word.
    """
    renamed = "restored" if report.mode == "restore" else "renamed"
    parts = [
        f"{report.copied:,} copied ({amount(report.bytes_transferred)})" if report.copied else "",
        f"{report.removed:,} removed" if report.removed else "",
        f"{report.renamed:,} {renamed}" if report.renamed else "",
        f"{count(report.made_directories, 'directory', 'directories')} made"
        if report.made_directories
        else "",
    ]
    nothing = "nothing to do" if report.ok else "nothing done"
    found = _found(len(report.conflicts), len(report.open_conflicts), len(report.problems))
    done = ", ".join(filter(None, parts)) or nothing
    total = ", ".join([done, *found, duration(report.duration_s)])
    return [
        *map(conflict_line, report.conflicts),
        *map(problem_line, report.problems),
        f"{report.mode}: {total}",
        *_notes(report.mode, report.skipped, report.extra, report.untracked, hint_extra=hint_extra),
    ]


def _found(conflicts: int, still_open: int, problems: int) -> list[str]:
    """What was in the way, in numbers."""
    found = []
    if conflicts:
        found.append(f"{count(conflicts, 'conflict')} ({still_open:,} open)")
    if problems:
        found.append(count(problems, "problem"))
    return found


def _notes(mode: str, skipped: int, extra: int, untracked: int, *, hint_extra: bool) -> list[str]:
    """What was left alone, and why."""
    lines = []
    if skipped:
        lines.append(f"{count(skipped, 'symlink or special file', 'symlinks or special files')} left alone")
    if untracked:
        lines.append(
            f"{count(untracked, 'path')} no longer tracked, because excluded now; nothing was removed"
        )
    if extra and hint_extra:
        receiver = "src" if mode == Mode.PULL.value else "dst"
        only = count(extra, "entry", "entries")
        lines.append(f"left at {receiver}: {only} that never came from here; --delete=extra removes them too")
    return lines
