"""The phases of a run, in order, and nothing else: every decision is the core's, every byte another's."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace

from syncfs.core.action import Action, Expect, MakeDirectory, RecordAgreement, RemoveDirectory, RemoveFile
from syncfs.core.base import Change, change_of
from syncfs.core.entry import Side
from syncfs.core.event import Event, EventKind
from syncfs.core.paths import split, temp_run
from syncfs.core.plan import Plan, SideFacts
from syncfs.core.problem import Problem
from syncfs.core.reconcile import in_order
from syncfs.core.report import Report
from syncfs.core.settings import Mode, Settings
from syncfs.endpoint.endpoint import Endpoint
from syncfs.engine.execute import Tally, execute
from syncfs.engine.march import march
from syncfs.engine.perform import Workbench
from syncfs.engine.throttle import Throttle
from syncfs.errors import EndpointUnavailableError, SyncAbortedError, SyncfsError
from syncfs.store.store import Run, Store

__all__ = ["Job", "carry_out", "checked_roots", "make_plan"]

LISTINGS = 16
"""Listings at once: more do not help at 20 ms round trips, and servers answer them slowly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """All that the phases of one run share.

    Attributes:
        sides: The left and the right endpoint.
        store: The base.
        jobs: The most transfers at once.
        emit: Takes what happens.
        cancel: Ends the run when set.
        executor: Where transfers run; None for threads of our own.
        bytes_per_s: The most that all transfers together may move; None for no limit.
    """

    sides: tuple[Endpoint, Endpoint]
    store: Store
    jobs: int
    emit: Callable[[Event], None]
    cancel: threading.Event
    executor: Executor | None = None
    bytes_per_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """What was found where the roots should be.

    Attributes:
        identities: Per side: what tells the root from others; None when nothing does.
        missing: Per side: it does not exist yet and will be made.
    """

    identities: tuple[str | None, str | None]
    missing: tuple[bool, bool]


def checked_roots(job: Job, mode: Mode) -> Roots:
    """Look at both roots.

    Raises:
        EndpointUnavailableError: One is missing (unless it is a receiver's, on a first run), unreachable,
            or refuses the credentials.
    """
    identities: list[str | None] = [None, None]
    missing = [False, False]
    absent: EndpointUnavailableError | None = None
    for side in Side:
        try:
            identities[side] = job.sides[side].check_root()
        except EndpointUnavailableError as error:
            error.side = error.side or side.label
            is_missing = isinstance(error.__cause__, FileNotFoundError)
            is_first = not job.store.count() and job.store.root_of(side) is None
            if not (is_missing and is_first and mode.sender is not side):
                raise
            missing[side] = True
            absent = error
    if absent is not None and all(missing):
        raise absent
    return Roots(identities=(identities[0], identities[1]), missing=(missing[0], missing[1]))


def make_plan(job: Job, settings: Settings, roots: Roots) -> tuple[Plan, list[tuple[Side, str]]]:
    """List, reconcile, and put into order what is to be done.

    Returns:
        The plan, and (side, path) of the temporary files that dead runs of this pair left.
    """
    marched = march(
        job.sides,
        job.store,
        settings,
        missing=roots.missing,
        jobs=min(LISTINGS, max(1, job.jobs)),
        emit=job.emit,
        cancel=job.cancel,
    )
    actions, deferred = in_order(marched.root, marched.unreliable)
    counts = marched.counts
    for side in Side:
        if roots.missing[side] and any(_writes(action, side) for action in actions):
            make_root = MakeDirectory(
                path="", side=side, expect=Expect(None, None), reason="the root is missing"
            )
            actions.insert(0, make_root)
    left, right = (
        SideFacts(
            recorded=counts.recorded,
            missing=counts.missing[side],
            altered=counts.altered[side],
            listed=counts.listed[side],
            is_empty=marched.is_empty[side],
            root_before=job.store.root_of(side),
            root_now=roots.identities[side],
        )
        for side in Side
    )
    plan = Plan(
        mode=settings.mode,
        actions=tuple(actions),
        conflicts=tuple(sorted(marched.root.conflicts, key=lambda conflict: conflict.path)),
        problems=tuple(sorted([*marched.root.problems, *deferred], key=lambda problem: problem.path)),
        skipped=counts.skipped,
        extra=counts.extra,
        untracked=counts.untracked,
        generation=job.store.generation,
        facts=(left, right),
        src=job.sides[0].url,
        dst=job.sides[1].url,
    )
    job.emit(Event(kind=EventKind.PLANNED, count=len(plan.changes), size_bytes=plan.bytes_to_copy))
    return plan, _dead(marched.leftovers, job.store)


def _writes(action: Action, side: Side) -> bool:
    return action.side is side and not isinstance(action, RecordAgreement)


def _dead(leftovers: Sequence[tuple[Side, str]], store: Store) -> list[tuple[Side, str]]:
    """The temporary files that runs of this pair left behind: it is locked, so those runs are dead."""
    if not leftovers:
        return []
    runs = {run.id for run in store.runs()}
    return [(side, path) for side, path in leftovers if temp_run(split(path)[1]) in runs]


def still_valid(plan: Plan, store: Store) -> Plan:
    """Drop what a plan may not do any more because another run moved the base since.

    Agreements are dropped, and removals whose path is not recorded as unchanged any more.
    """
    if plan.generation == store.generation:
        return plan
    actions: list[Action] = []
    problems = list(plan.problems)
    for action in plan.actions:
        if isinstance(action, RecordAgreement):
            continue
        if isinstance(action, RemoveFile | RemoveDirectory) and not _is_recorded(action, store):
            message = "not removed: another run has moved the base since the plan was made"
            problems.append(Problem(path=action.path, side=action.side, message=message, kind="stale"))
            continue
        actions.append(action)
    return replace(plan, actions=tuple(actions), problems=tuple(problems))


def _is_recorded(action: RemoveFile | RemoveDirectory, store: Store) -> bool:
    directory, name = split(action.path)
    record = store.load(directory).get(name)
    entry = action.expect.of(action.side)
    return record is not None and change_of(record, action.side, entry) is Change.UNCHANGED


def carry_out(
    job: Job,
    plan: Plan,
    *,
    trash: bool,
    roots: Roots,
    leftovers: Sequence[tuple[Side, str]] = (),
    notices: Sequence[str] = (),
) -> Report:
    """Do what a plan says, record it, and report.

    A plan that holds nothing to do leaves no trace anywhere, the history included.

    Raises:
        SyncAbortedError: The run stopped; its `report` tells how far it came.
    """
    started_s, started_ns = time.monotonic(), time.time_ns()
    if not plan.actions and not leftovers:
        return report_of(plan, Tally(), started_s, run="", notices=notices)
    run = Run(id=run_id(started_ns), mode=plan.mode.value, started_ns=started_ns)
    job.store.start_run(run)
    tally = Tally()
    bench = Workbench(
        sides=job.sides,
        run=run.id,
        trash=trash,
        cancel=job.cancel,
        throttle=None if job.bytes_per_s is None else Throttle(job.bytes_per_s, job.cancel),
    )
    aborted: SyncAbortedError | None = None
    try:
        _clear(job.sides, leftovers)
        with _Executor(job) as executor:
            execute(plan.actions, bench, job.store, executor, jobs=job.jobs, emit=job.emit, tally=tally)
        job.store.set_roots(*_roots_now(job.sides, roots))
    except SyncAbortedError as error:
        aborted = error
    report = report_of(plan, tally, started_s, run=run.id, notices=notices)
    finished = replace(run, finished_ns=time.time_ns(), report=report.to_dict())
    job.store.finish_run(finished)
    if aborted is not None:
        aborted.report = report
        raise aborted
    return report


def report_of(plan: Plan, tally: Tally, started_s: float, *, run: str, notices: Sequence[str] = ()) -> Report:
    """Sum up a run."""
    return Report(
        mode=plan.mode.value,
        copied=tally.copied,
        removed=tally.removed,
        renamed=tally.renamed,
        made_directories=tally.made_directories,
        skipped=plan.skipped,
        bytes_transferred=tally.bytes_transferred,
        duration_s=time.monotonic() - started_s,
        conflicts=plan.conflicts,
        problems=(*plan.problems, *tally.problems),
        extra=plan.extra,
        untracked=plan.untracked,
        run=run,
        notices=tuple(notices),
    )


def forecast(plan: Plan, *, notices: Sequence[str] = ()) -> Report:
    """What a report would say if everything in the plan succeeds."""
    summary = plan.summary()
    return Report(
        mode=plan.mode.value,
        copied=summary["copy"],
        removed=summary["remove"],
        renamed=summary["rename"] + summary["keep_aside"],
        made_directories=summary["make_directories"],
        skipped=plan.skipped,
        bytes_transferred=summary["bytes"],
        conflicts=plan.conflicts,
        problems=plan.problems,
        extra=plan.extra,
        untracked=plan.untracked,
        dry_run=True,
        notices=tuple(notices),
    )


_runs = itertools.count()


def run_id(now_ns: int) -> str:
    """A run's id: its time, and what tells runs of the same second apart; without a dash."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_ns // 1_000_000_000))
    return f"{stamp}{os.getpid():x}x{next(_runs):x}{now_ns % 1_000_000_000 // 1000:x}"


def _clear(sides: Sequence[Endpoint], leftovers: Sequence[tuple[Side, str]]) -> None:
    """Remove what dead runs left; whatever cannot be removed stays for the next time."""
    for side, path in leftovers:
        try:
            sides[side].remove_leftover(path)
        except EndpointUnavailableError:
            raise
        except (OSError, SyncfsError):
            continue


def _roots_now(sides: Sequence[Endpoint], roots: Roots) -> tuple[str | None, str | None]:
    """What tells the roots from others, looking again at one that this run has made."""
    left, right = (
        sides[side].check_root() if roots.missing[side] else roots.identities[side] for side in Side
    )
    return left, right


class _Executor:
    """The executor that we were given, left open, or threads of our own, closed at the end."""

    def __init__(self, job: Job) -> None:
        self._given = job.executor
        self._own: ThreadPoolExecutor | None = None
        self._jobs = job.jobs

    def __enter__(self) -> Executor:
        if self._given is not None:
            return self._given
        self._own = ThreadPoolExecutor(max_workers=self._jobs, thread_name_prefix="syncfs")
        return self._own

    def __exit__(self, *exc: object) -> None:
        if self._own is not None:
            self._own.shutdown(wait=True)
