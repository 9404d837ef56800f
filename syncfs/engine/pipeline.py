"""The phases of a run, in order, and nothing else: every decision is the core's, every byte another's."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from syncfs.core.action import (
    Action,
    CopyFile,
    Expect,
    MakeDirectory,
    RecordAgreement,
    RemoveDirectory,
    RemoveFile,
    Rename,
)
from syncfs.core.base import Change, change_of
from syncfs.core.conflict import ConflictPolicy, MergingPolicy
from syncfs.core.entry import Side
from syncfs.core.event import Event, EventKind
from syncfs.core.paths import split, temp_run
from syncfs.core.plan import Plan, SideFacts, conflict_to_dict
from syncfs.core.problem import Problem
from syncfs.core.reconcile import in_order
from syncfs.core.report import Report
from syncfs.core.settings import Settings
from syncfs.endpoint.endpoint import Endpoint
from syncfs.engine.execute import Tally, execute
from syncfs.engine.job import Job, Roots, roots_now, run_id, spellings_of, workers
from syncfs.engine.march import march
from syncfs.engine.throttle import Throttle
from syncfs.engine.trash import empty, restore
from syncfs.engine.workbench import Workbench
from syncfs.errors import (
    CancelledSyncError,
    ConfigError,
    EndpointUnavailableError,
    SyncAbortedError,
    SyncfsError,
)
from syncfs.store.store import Records, Run, Seals, Store

__all__ = ["carry_out", "make_plan", "put_back", "still_valid"]

logger = logging.getLogger("syncfs")

LISTINGS = 32
"""Listings at once: more do not help at 20 ms round trips, and servers answer them slowly."""


def make_plan(job: Job, settings: Settings, roots: Roots) -> tuple[Plan, list[tuple[Side, str]]]:
    """List, reconcile, and put into order what is to be done.

    Returns:
        The plan, and (side, path) of the temporary files that dead runs of this pair left.
    """
    marched = march(
        job.sides,
        job.records,
        settings,
        seals=job.store if isinstance(job.store, Seals) else None,
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
            listed=counts.listed[side],
            is_empty=marched.is_empty[side],
            root_before=job.store.root_of(side),
            root_now=roots.identities[side],
            free_bytes=_free_bytes(job.sides[side], side, actions, missing=roots.missing[side]),
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
        spellings={where: known for where, each in spellings_of(job).items() if (known := each.known)},
    )
    job.emit(_planned(plan))
    return plan, _dead(marched.leftovers, job.store)


def _free_bytes(endpoint: Endpoint, side: Side, actions: Sequence[Action], *, missing: bool) -> int | None:
    """How much more a side can take; asked only when something is to be written there."""
    if missing or not any(isinstance(action, CopyFile) and action.side is side for action in actions):
        return None
    return endpoint.free_bytes()


def _planned(plan: Plan) -> Event:
    changes = plan.changes
    return Event(
        kind=EventKind.PLANNED,
        count=len(changes),
        files=sum(not isinstance(action, MakeDirectory | RemoveDirectory) for action in changes),
        size_bytes=plan.bytes_to_copy,
    )


def _writes(action: Action, side: Side) -> bool:
    return action.side is side and not isinstance(action, RecordAgreement)


def _dead(leftovers: Sequence[tuple[Side, str]], store: Store) -> list[tuple[Side, str]]:
    """The temporary files that runs of this pair left behind: it is locked, so those runs are dead."""
    if not leftovers:
        return []
    runs = {run.id for run in store.runs()}
    return [(side, path) for side, path in leftovers if temp_run(split(path)[1]) in runs]


def still_valid(plan: Plan, job: Job) -> Plan:
    """Drop what a plan may not do any more because another run moved the base since.

    Agreements are dropped, and removals and renames whose path is not recorded as unchanged any more.
    """
    if plan.generation == job.store.generation:
        return plan
    actions: list[Action] = []
    problems = list(plan.problems)
    for action in plan.actions:
        if isinstance(action, RecordAgreement):
            continue
        if isinstance(action, RemoveFile | RemoveDirectory | Rename) and not _is_recorded(
            action, job.records
        ):
            message = f"could not {action.verb}: another run has moved the base since the plan was made"
            problems.append(Problem(path=action.path, side=action.side, message=message, kind="stale"))
            continue
        actions.append(action)
    return replace(plan, actions=tuple(actions), problems=tuple(problems))


def _is_recorded(action: RemoveFile | RemoveDirectory | Rename, records: Records) -> bool:
    directory, name = split(action.path)
    record = records.load(directory).get(name)
    entry = action.expect.of(action.side)
    return record is not None and change_of(record, action.side, entry) is Change.UNCHANGED


def carry_out(
    job: Job,
    plan: Plan,
    *,
    trash: bool,
    roots: Roots,
    policy: ConflictPolicy | None = None,
    leftovers: Sequence[tuple[Side, str]] = (),
    open_conflicts: Sequence[dict[str, Any]] = (),
    notices: Sequence[str] = (),
) -> Report:
    """Do what a plan says, record it, and report.

    A plan that holds nothing to do leaves no trace anywhere, the history included. A policy that merges is
    offered what both sides come to agree on.

    Raises:
        SyncAbortedError: The run stopped; its `report` tells how far it came.
    """
    for where, spellings in spellings_of(job).items():
        for path, actual in plan.spellings.get(where, {}).items():
            spellings.note(path, actual)
    started_ns = time.time_ns()
    still_open = [
        *open_conflicts,
        *(conflict_to_dict(conflict) for conflict in plan.conflicts if conflict.is_open),
    ]
    if not plan.actions and not leftovers:
        if job.store.is_durable:
            job.store.set_open_conflicts(still_open)
        return report_of(plan, Tally(), job.started_s, run="", notices=notices)
    run = Run(id=run_id(started_ns), mode=plan.mode.value, started_ns=started_ns)
    job.store.start_run(run)
    tally = Tally()
    bench = Workbench(
        sides=job.sides,
        run=run.id,
        trash=trash,
        cancel=job.cancel,
        throttle=None if job.bytes_per_s is None else Throttle(job.bytes_per_s, job.cancel),
        policy=policy if isinstance(policy, MergingPolicy) else None,
    )
    aborted: SyncAbortedError | None = None
    try:
        _clear(job.sides, leftovers)
        empty(job.sides, job.store, started_ns)
        with workers(job, roots) as (executor, away):
            execute(plan.actions, bench, job, executor, tally, away)
        job.store.set_roots(*roots_now(job.sides, roots))
        job.store.set_open_conflicts(still_open)
    except SyncAbortedError as error:
        aborted = error
    report = report_of(plan, tally, job.started_s, run=run.id, notices=notices)
    finished = replace(run, finished_ns=time.time_ns(), report=report.to_dict())
    known = job.store.notice
    try:
        job.store.finish_run(finished)
    except SyncAbortedError as error:
        aborted = aborted or error
    if job.store.notice != known:  # something about the state came out at the end only
        logger.warning("%s", job.store.notice)
        report = replace(report, notices=(*report.notices, job.store.notice))
    if aborted is not None:
        aborted.report = report
        raise aborted
    return report


def put_back(job: Job, run: str | None) -> Report:
    """Restore what a run removed.

    Args:
        job: The pair.
        run: The run's id; None: the last one whose removals are in the trash.

    Raises:
        ConfigError: That run's removals are not in the trash.
    """
    items = job.store.trashed()
    if run is None and items:
        run = max(item.run for item in items)  # a run's id begins with its time
    items = [item for item in items if item.run == run]
    if not items:
        which = f"the run {run}" if run else "any run"
        raise ConfigError(f"nothing that {which} removed is in the trash; see the history")
    restored, problems = restore(job.sides, items, time.strftime("%Y%m%dT%H%M%S"), job.cancel)
    job.store.forget_trash(item for item, _ in restored)
    if job.cancel.is_set():
        raise CancelledSyncError("interrupted; what was restored stays, the rest is still in the trash")
    for item, path in restored:
        job.emit(Event(kind=EventKind.DONE, path=path, action="restore", side=item.side))
    return Report(
        mode="restore",
        renamed=len(restored),
        duration_s=time.monotonic() - job.started_s,
        problems=tuple(problems),
    )


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


def _clear(sides: Sequence[Endpoint], leftovers: Sequence[tuple[Side, str]]) -> None:
    """Remove what dead runs left; whatever cannot be removed stays for the next time."""
    for side, path in leftovers:
        try:
            sides[side].remove_leftover(path)
        except EndpointUnavailableError:
            raise
        except (OSError, SyncfsError):
            continue
