"""Every hook of syncfs, each with a complete plugin as its example.

An implementation is a function of the same name, marked with `hookimpl`; it may leave out arguments that it
does not need. A misspelt hook is an error, not silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pluggy

from syncfs.core.compare import Comparator, ContentComparator
from syncfs.core.conflict import ConflictPolicy
from syncfs.core.event import Event
from syncfs.core.plan import Plan
from syncfs.core.report import Report
from syncfs.core.selection import Filter
from syncfs.core.settings import Settings

__all__ = ["PROJECT", "hookimpl"]

PROJECT = "syncfs"
"""The name of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function as the implementation of the hook of its name."""


@hookspec
def syncfs_comparators() -> Iterable[type[Comparator | ContentComparator]]:
    '''Give comparator classes: how two files are judged to be the same.

    Each has a `name` that no other comparator has, and works without arguments: its fields are options with
    defaults. See `syncfs.core.compare.Comparator` for what it must keep to.

    Example:
        ::

            """Same when both sizes are even or both odd."""
            from dataclasses import dataclass
            from typing import ClassVar

            from syncfs.core import Entry, Verdict
            from syncfs.plugin import hookimpl


            @dataclass(frozen=True)
            class SizeParity:
                """Same when both sizes are even or both odd."""

                name: ClassVar[str] = "size-parity"

                def compare(self, left: Entry, right: Entry) -> Verdict:
                    if left.size_bytes is None or right.size_bytes is None:
                        return Verdict.UNKNOWN
                    is_same = left.size_bytes % 2 == right.size_bytes % 2
                    return Verdict.SAME if is_same else Verdict.DIFFERENT


            @hookimpl
            def syncfs_comparators():
                yield SizeParity
    '''
    raise NotImplementedError


@hookspec
def syncfs_conflict_policies() -> Iterable[type[ConflictPolicy]]:
    '''Give policy classes: who takes the path when both sides changed it.

    Whoever wins, the loser is kept. A policy does no I/O and does not raise.

    Example:
        ::

            """Whoever's file name for the day sorts last wins."""
            from dataclasses import dataclass
            from typing import ClassVar

            from syncfs.core import Conflict, Resolution
            from syncfs.plugin import hookimpl


            @dataclass(frozen=True)
            class LogsFromServer:
                """The server's version of logs, both of everything else."""

                name: ClassVar[str] = "logs-from-server"

                def resolve(self, conflict: Conflict) -> Resolution:
                    return Resolution.RIGHT if conflict.path.endswith(".log") else Resolution.KEEP_BOTH


            @hookimpl
            def syncfs_conflict_policies():
                yield LogsFromServer
    '''
    raise NotImplementedError


@hookspec
def syncfs_filters() -> Iterable[type[Filter]]:
    '''Give filter classes: which paths a rule for including or excluding is about.

    Example:
        ::

            """Everything below a directory named as a year."""
            from dataclasses import dataclass
            from typing import ClassVar

            from syncfs.plugin import hookimpl


            @dataclass(frozen=True)
            class Years:
                """Directories named as one of these years, with all that is in them."""

                name: ClassVar[str] = "years"
                years: tuple[int, ...] = ()

                def matches(self, path: str, is_directory: bool) -> bool:
                    names = path.split("/")
                    directories = names if is_directory else names[:-1]
                    return any(str(year) in directories for year in self.years)


            @hookimpl
            def syncfs_filters():
                yield Years
    '''
    raise NotImplementedError


@hookspec
def syncfs_check_plan(plan: Plan, settings: Settings) -> Iterable[str]:
    '''Guard: look at a plan before its first write, and refuse it.

    Called once a run, also when `apply` runs a plan that was made elsewhere. `-p no:NAME` leaves a guard out.

    Args:
        plan: The whole plan.
        settings: What the run was asked to do.

    Returns:
        One sentence for each reason to refuse, each saying how to override it; nothing to let the plan pass.

    Example:
        ::

            """Never let a run touch more than a thousand files."""
            from syncfs.plugin import hookimpl


            @hookimpl
            def syncfs_check_plan(plan):
                if len(plan) > 1000:
                    yield f"{len(plan)} actions are too many for a day: add -p no:thousand if they are meant"
    '''
    raise NotImplementedError


@hookspec
def syncfs_run_started(mode: str, src: str, dst: str) -> None:
    '''Observer: a run began, and nothing was looked at yet.

    Args:
        mode: `push`, `pull` or `sync`.
        src: The left root as users see it, without secrets.
        dst: The right root.

    Example:
        ::

            """Log the beginning of every run."""
            import logging

            from syncfs.plugin import hookimpl


            @hookimpl
            def syncfs_run_started(mode, src, dst):
                logging.getLogger("sync-audit").info("%s: %s and %s", mode, src, dst)
    '''
    raise NotImplementedError


@hookspec
def syncfs_plan_ready(plan: Plan) -> None:
    '''Observer: the plan is made, and the guards have not judged it yet.

    Example:
        ::

            """Keep the last plan."""
            from pathlib import Path

            from syncfs.plugin import hookimpl


            @hookimpl
            def syncfs_plan_ready(plan):
                Path("last-plan.json").write_text(plan.to_json(), encoding="utf-8")
    '''
    raise NotImplementedError


@hookspec
def syncfs_events(events: Sequence[Event]) -> None:
    '''Observer: what happened since the last call, in order; batched, from one thread.

    Example:
        ::

            """Count the files that were copied."""
            from syncfs.core.event import EventKind
            from syncfs.plugin import hookimpl


            class CopyCounter:
                def __init__(self):
                    self.copies = 0

                @hookimpl
                def syncfs_events(self, events):
                    self.copies += sum(
                        event.kind is EventKind.DONE and event.action == "copy" for event in events
                    )

        given as `Syncer(src, dst, plugins=[CopyCounter()])`.
    '''
    raise NotImplementedError


@hookspec
def syncfs_run_finished(report: Report) -> None:
    '''Observer: a run ended, also one that was stopped; its report is complete but for observers' failures.

    Example:
        ::

            """Raise an alarm when something was left undone."""
            import sys

            from syncfs.plugin import hookimpl


            @hookimpl
            def syncfs_run_finished(report):
                if not report.ok:
                    print(f"sync-audit: {len(report.problems)} problems", file=sys.stderr)
    '''
    raise NotImplementedError
