"""Every hook of syncfs, each with a complete plugin as its example.

An implementation is a function of the same name, marked with `hookimpl`; it may leave out arguments that it
does not need. A misspelt hook is an error, not silence. `syncfs.testing` has a suite of laws for every kind;
`plugins/README.md` of the repository is the guide for authors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pluggy

from syncfs.core.compare import Comparator, ContentComparator
from syncfs.core.conflict import ConflictPolicy
from syncfs.core.event import Event
from syncfs.core.plan import Plan
from syncfs.core.report import Report
from syncfs.core.selection import Filter
from syncfs.core.settings import Settings
from syncfs.endpoint.endpoint import Endpoint
from syncfs.plugin.strategies import ExecutorStrategy, StateStore

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
def syncfs_endpoint(fs: Any, path: str) -> Endpoint | None:
    '''Give the endpoint of a filesystem that syncfs does not know itself; the first answer counts.

    Asked once for each side whose filesystem speaks none of the protocols that syncfs knows (local, WebDAV,
    those of `syncfs.endpoint.family`): whoever writes such a URL, or passes such a filesystem, has chosen
    the plugin by it. Where no plugin answers, the filesystem is used with the safe assumptions only. URLs
    of a new protocol also need fsspec to know it (its own entry-point group, `fsspec.specs`).

    Args:
        fs: The fsspec filesystem, synchronous, and no wrapper around another one.
        path: The root in it.

    Returns:
        What `syncfs.endpoint.endpoint.Endpoint` describes, or None for a filesystem that is not yours.

    Example:
        ::

            """Endpoints for `shelf://`, a filesystem whose writes are all or nothing."""
            from dataclasses import replace

            from syncfs.endpoint.generic import GenericEndpoint
            from syncfs.plugin import hookimpl


            class ShelfEndpoint(GenericEndpoint):
                """As any fsspec filesystem, and its mtimes are exact to the microsecond."""

                def __init__(self, fs, path):
                    super().__init__(fs, path)
                    self.capabilities = replace(self.capabilities, mtime_grain_ns=1_000)


            @hookimpl
            def syncfs_endpoint(fs, path):
                protocols = (fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol
                return ShelfEndpoint(fs, path) if "shelf" in protocols else None
    '''
    raise NotImplementedError


@hookspec
def syncfs_executors() -> Iterable[type[ExecutorStrategy]]:
    '''Give classes that make the executor of a run: where its transfers run.

    Chosen by `executor="NAME"`, or `--executor NAME`. One whose work is done by other processes has what
    `syncfs.plugin.Elsewhere` and `ElsewhereExecutor` describe besides.

    Example:
        ::

            """Transfers in threads, never more than a few whatever is asked for."""
            from concurrent.futures import Executor, ThreadPoolExecutor
            from contextlib import AbstractContextManager
            from dataclasses import dataclass
            from typing import ClassVar

            from syncfs.plugin import hookimpl


            @dataclass(frozen=True)
            class FewThreads:
                """At most so many threads."""

                name: ClassVar[str] = "few-threads"
                most: int = 4

                def open(self, jobs: int) -> AbstractContextManager[Executor]:
                    return ThreadPoolExecutor(min(jobs, self.most))


            @hookimpl
            def syncfs_executors():
                yield FewThreads
    '''
    raise NotImplementedError


@hookspec
def syncfs_state_stores() -> Iterable[type[StateStore]]:
    '''Give classes that open the state of a pair: where what both sides agreed on is kept.

    Chosen by `state="store:NAME"`, or `--state store:NAME`, with options as in
    `store:one-directory:directory=/srv/states`.

    Example:
        ::

            """All states in one directory, named by a hash of the pair."""
            import hashlib
            import os
            from dataclasses import dataclass
            from typing import ClassVar

            from syncfs.plugin import hookimpl
            from syncfs.store import SqliteStore, Store


            @dataclass(frozen=True)
            class OneDirectory:
                """A SQLite file for each pair, in a directory of your choice."""

                name: ClassVar[str] = "one-directory"
                directory: str = "."

                def open(self, left: str, right: str, *, read_only: bool = False) -> Store:
                    pair = hashlib.sha256(f"{left} {right}".encode("utf-8", "surrogatepass")).hexdigest()
                    path = os.path.join(self.directory, f"{pair}.sqlite")
                    return SqliteStore.open(path, left=left, right=right, read_only=read_only)


            @hookimpl
            def syncfs_state_stores():
                yield OneDirectory
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
    '''Observer: a run ended; told exactly once for each `syncfs_run_started`.

    The report is complete but for observers' failures. That of a run that was stopped before it did
    anything (a guard refused, a root is missing) holds one problem, which says why.

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
