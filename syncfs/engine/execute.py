"""Carry out a plan: many actions at once, and one coordinator that takes what becomes of each."""

from __future__ import annotations

import itertools
import queue
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

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
from syncfs.core.base import Record
from syncfs.core.entry import DIRECTORY, Entry, Side, Written
from syncfs.core.event import Event, EventKind
from syncfs.core.listing import Listing
from syncfs.core.plan import stage_of
from syncfs.core.problem import Problem
from syncfs.engine.job import Job
from syncfs.engine.ledger import Ledger, Place
from syncfs.engine.outcome import Outcome
from syncfs.engine.pace import Pace
from syncfs.engine.perform import perform_all
from syncfs.engine.schedule import Numbered, Schedule, is_large
from syncfs.engine.trash import slot_of
from syncfs.engine.turns import in_turn
from syncfs.engine.workbench import Task, Workbench
from syncfs.errors import CancelledSyncError, EndpointUnavailableError, SyncAbortedError, SyncfsError
from syncfs.store.store import Trashed

if TYPE_CHECKING:
    from syncfs.engine.away import Away

__all__ = ["Tally", "execute"]


@dataclass(slots=True)
class Tally:
    """What was done so far.

    Attributes:
        copied: Files that were written.
        removed: Files and directories that were removed.
        renamed: Files and directories that were renamed.
        made_directories: Directories that were made.
        bytes_transferred: Content bytes that were written.
        problems: What failed.
    """

    copied: int = 0
    removed: int = 0
    renamed: int = 0
    made_directories: int = 0
    bytes_transferred: int = 0
    problems: list[Problem] = field(default_factory=list)


def execute(
    actions: Sequence[Action],
    bench: Workbench,
    job: Job,
    executor: Executor,
    tally: Tally,
    away: Away | None = None,
) -> None:
    """Carry out actions in their order.

    Args:
        actions: In the order of execution (`syncfs.core.reconcile.in_order`).
        bench: What all of them share.
        job: The pair, whose records take the agreements.
        executor: Where they run; only `submit(fn, *args)` is used.
        tally: Takes the counts, also when the run stops early.
        away: Does the copies, where other processes are to do them.

    Raises:
        SyncAbortedError: Something concerns the whole run; what was under way is finished and recorded.
    """
    ledger = Ledger(actions, bench.sides, job.records)
    is_near = all(side.capabilities.lists_inline for side in bench.sides)
    pace = Pace(job.jobs, time.monotonic(), is_near=is_near and away is None, is_away=away is not None)
    execution = _Execution(bench, ledger, executor, pace, job.emit, tally, away)
    trashing = {
        (number, side): Trashed(run=bench.run, side=side, slot=slot_of(bench.run, number), path=action.path)
        for number, action in enumerate(actions)
        for side in _clears(action)
        if bench.keeps(side)
    }
    job.store.trash(trashing.values())
    ledger.vacate(actions)
    job.store.checkpoint()
    try:
        with in_turn(actions, bench.sides, bench.cancel):
            for _, stage in itertools.groupby(enumerate(actions), key=lambda each: _barrier(each[1])):
                execution.do(stage)
                if execution.fatal is not None:
                    break
            execution.read_back()
    finally:
        ledger.commit()
        job.store.forget_trash(item for place, item in trashing.items() if place not in execution.trashed)
    if execution.fatal is not None:
        raise _abort(execution.fatal, tally)


def _barrier(action: Action) -> tuple[int, int]:
    """What must be over before an action may begin; directories and what goes into them see to that."""
    stage = stage_of(action)
    return (MAKE_AND_COPY, 0) if stage[0] in (2, 3) else stage


MAKE_AND_COPY = 2


class _Batch(NamedTuple):
    """What an executor was given, and of what it was made."""

    numbered: list[Numbered]
    tasks: list[Task]
    handed_over_s: float
    is_large: bool


class _Execution:
    def __init__(
        self,
        bench: Workbench,
        ledger: Ledger,
        executor: Executor,
        pace: Pace,
        emit: Callable[[Event], None],
        tally: Tally,
        away: Away | None,
    ) -> None:
        self.bench, self.ledger, self.executor, self.away = bench, ledger, executor, away
        self.pace, self.emit, self.tally = pace, emit, tally
        self.running: dict[Future[list[Outcome]], _Batch] = {}
        self.listing: dict[Future[Listing], Place] = {}
        # A future is put here when it is done: to wait for any of sixty looks at all of them.
        self.finished: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self.large = 0
        self.trashed: set[tuple[int, Side]] = set()
        self.moved: dict[tuple[Side, str], Entry | Written] = {}
        self.schedule = Schedule(())
        self.fatal: Exception | None = None
        self.reported_bytes = 0

    def do(self, stage: Iterable[Numbered]) -> None:
        """Do numbered actions that are independent of each other, but for the directories they need."""
        self.schedule = Schedule(stage)
        while True:
            while (is_going_on := self._may_go_on()) and self.schedule.ready and self._has_room():
                self._hand_over()
            if not self.running and not (is_going_on and self.schedule.ready):
                return
            self._wait()

    def _has_room(self) -> bool:
        return len(self.running) + len(self.listing) < self.pace.limit

    def _may_go_on(self) -> bool:
        if self.bench.cancel.is_set():
            self.fatal = self.fatal or CancelledSyncError("interrupted; what was done is recorded")
        return self.fatal is None

    def _hand_over(self) -> None:
        """Give the executor its next batch."""
        schedule, pace = self.schedule, self.pace
        batch = schedule.take(pace.batch(schedule.small), large=self.large < max(1, pace.limit // 4))
        tasks = []
        for number, action in batch:
            if isinstance(action, RecordAgreement) and not self.bench.wants(action):
                self._take(Outcome(action=action))
            else:
                moved = self.moved.get((action.side.other, action.path)) if self.moved else None
                tasks.append(Task(number, action, moved))
        if tasks:
            if self.away is not None and self.away.takes(self.bench, tasks):
                future = self.away.send(self.bench, tasks)
            else:
                future = self.executor.submit(perform_all, self.bench, tasks)
            is_heavy = is_large(tasks[0].action)
            self.large += is_heavy
            self.running[future] = _Batch(batch, tasks, time.monotonic(), is_heavy)
            future.add_done_callback(self.finished.put)
        else:
            schedule.done(batch)

    def read_back(self) -> None:
        """Read back what is left: nothing, unless the run stops early."""
        if self.fatal is None or isinstance(self.fatal, CancelledSyncError):
            self._list(self.ledger.unread())
        while self.listing:
            self._wait()

    def _list(self, places: Iterable[Place]) -> None:
        listed = set(self.listing.values())
        for place in places:
            if place not in listed:
                side, directory = place
                future = self.executor.submit(self.bench.sides[side].list, directory)
                self.listing[future] = place
                future.add_done_callback(self.finished.put)

    def _wait(self) -> None:
        """Take what is done, at least one if it does not take long; show how far the rest is."""
        try:
            self._take_future(self.finished.get(timeout=0.1))
            while True:
                self._take_future(self.finished.get_nowait())
        except queue.Empty:
            pass
        moved_bytes = self.bench.transferred_bytes
        if moved_bytes > self.reported_bytes:
            self.emit(Event(kind=EventKind.TRANSFERRED, size_bytes=moved_bytes - self.reported_bytes))
            self.reported_bytes = moved_bytes
        self.ledger.commit(if_due=True)

    def _take_future(self, future: Future[Any]) -> None:
        if future in self.listing:
            self.tally.problems.extend(self.ledger.confirm(self.listing.pop(future), future.result()))
            return
        numbered, tasks, handed_over_s, is_heavy = self.running.pop(future)
        self.schedule.done(numbered)
        outcomes: list[Outcome] = future.result()
        self.large -= is_heavy
        now_s = time.monotonic()
        self.pace.done(
            now_s,
            actions=len(outcomes),
            size_bytes=sum(outcome.size_bytes for outcome in outcomes),
            took_s=now_s - handed_over_s,
            is_strained=any(outcome.is_strained for outcome in outcomes),
            makes_directory=isinstance(tasks[0].action, MakeDirectory),
        )
        for task, outcome in zip(tasks, outcomes, strict=False):  # a batch ends early when the run does
            if outcome.trashed:
                self.trashed.update((task.number, side) for side in outcome.trashed)
            self._take(outcome)
        if len(outcomes) < len(tasks):
            self._may_go_on()

    def _take(self, outcome: Outcome) -> None:
        if outcome.problem is None:
            self._take_success(outcome)
        else:
            self._take_failure(outcome, outcome.problem)
        self._list(self.ledger.done(outcome.action))

    def _take_success(self, outcome: Outcome) -> None:
        action, tally, path = outcome.action, self.tally, outcome.action.path
        if isinstance(action, MakeDirectory):
            self.schedule.made(action)
        if outcome.content is not None and outcome.digest is not None and self.bench.policy is not None:
            # Before the record commits: a base without its content merges nothing, the reverse is no harm.
            self.bench.policy.keep(path, outcome.digest, outcome.content)
        match action:
            case CopyFile():
                tally.copied += outcome.size_bytes > 0 or action.source.size_bytes == 0
                tally.bytes_transferred += outcome.size_bytes
                assert outcome.left is not None and outcome.right is not None
                self.ledger.note(action, Record(outcome.left, outcome.right, outcome.digest, outcome.flags))
            case MergeFile():
                tally.copied += len(action.sides)
                tally.bytes_transferred += outcome.size_bytes
                if outcome.left is not None and outcome.right is not None:
                    merged = Record(outcome.left, outcome.right, outcome.digest, outcome.flags)
                    self.ledger.note(action, merged)
            case MakeDirectory():
                tally.made_directories += 1
                if path:
                    self.ledger.note(action, Record(DIRECTORY, DIRECTORY, None, outcome.flags))
            case RemoveFile() | RemoveDirectory():
                tally.removed += 1
                self.ledger.change(path, None)
            case MoveAside() | Rename():
                tally.renamed += 1
                if isinstance(action, MoveAside) and action.expect.of(action.side.other) is None:
                    self.ledger.change(path, None)  # nothing takes its place
                moved = outcome.left if action.side is Side.LEFT else outcome.right
                if isinstance(action, Rename):
                    self.ledger.renamed(action, moved)
                elif moved is not None:
                    self.moved[action.side, action.to] = moved
            case RecordAgreement(record=None):
                self.ledger.forget(path)
                return
            case RecordAgreement():
                record = action.record
                if record is not None and outcome.digest is not None:
                    record = record._replace(digest=outcome.digest)
                self.ledger.change(path, record)
                return
        self._tell(EventKind.DONE, action, size_bytes=outcome.size_bytes)

    def _take_failure(self, outcome: Outcome, problem: Problem) -> None:
        action = outcome.action
        self.tally.problems.append(problem)
        self._tell(EventKind.FAILED, action, message=problem.message)
        self.ledger.not_vacated(action)
        if isinstance(action, MakeDirectory):
            for _, blocked in self.schedule.not_made(action):
                self._take(_blocked(blocked, by=action.path or "."))
        if outcome.fatal is not None:
            self.fatal = self.fatal or outcome.fatal
        elif self.fatal is None and problem.kind == "failed":
            self.fatal = self._unavailable()

    def _unavailable(self) -> EndpointUnavailableError | None:
        """Look whether a whole side is gone, after a path failed for no reason of its own."""
        for side in Side:
            try:
                if self.bench.sides[side].stat("") is None:
                    return EndpointUnavailableError("the root is gone", side=side.label)
            except EndpointUnavailableError as error:
                error.side = error.side or side.label
                return error
            except (ConnectionError, TimeoutError) as error:
                return EndpointUnavailableError(f"unreachable: {error}", side=side.label, retryable=True)
            except (OSError, SyncfsError):
                continue  # it answers
        return None

    def _tell(self, kind: EventKind, action: Action, *, size_bytes: int = 0, message: str = "") -> None:
        self.emit(
            Event(
                kind=kind,
                path=action.path,
                action=action.verb,
                side=action.side,
                size_bytes=size_bytes,
                message=message,
            )
        )


def _clears(action: Action) -> tuple[Side, ...]:
    """The sides on which an action puts what is there into the trash."""
    match action:
        case RemoveFile():
            return (action.side,)
        case MergeFile():
            return action.sides
        case _:
            return ()


def _blocked(action: Action, *, by: str) -> Outcome:
    message = f"could not {action.verb}: its directory {by} could not be made"
    return Outcome(
        action=action,
        problem=Problem(path=action.path, side=action.side, message=message, kind="stale", retryable=True),
    )


def _abort(fatal: Exception, tally: Tally) -> Exception:
    """The exception that ends the run."""
    side = tally.problems[-1].side if tally.problems else None
    if isinstance(fatal, EndpointUnavailableError) and side is not None:
        fatal.side = fatal.side or side.label
    if isinstance(fatal, SyncAbortedError):
        return fatal
    reason = fatal.strerror if isinstance(fatal, OSError) and fatal.strerror else str(fatal)
    where = f"{side.label}: " if side is not None else ""
    error = SyncAbortedError(f"{where}{reason}; the run stopped, what was done is recorded")
    error.__cause__ = fatal
    return error
