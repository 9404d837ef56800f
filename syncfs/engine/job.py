"""What the phases of one run share, and what was found where its roots should be."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from syncfs.core.align import name_key
from syncfs.core.entry import Side
from syncfs.core.event import Event
from syncfs.core.settings import Mode
from syncfs.endpoint.endpoint import Endpoint
from syncfs.endpoint.reference import Reference
from syncfs.engine.spelled import SpelledEndpoint, SpelledRecords, Spellings
from syncfs.errors import EndpointUnavailableError
from syncfs.plugin import ElsewhereExecutor, ExecutorStrategy
from syncfs.store.store import Records, Store

if TYPE_CHECKING:
    from syncfs.engine.away import Away

__all__ = ["Job", "Roots", "checked_roots", "roots_now", "run_id", "spelling", "spellings_of", "workers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """All that the phases of one run share.

    Attributes:
        sides: The left and the right endpoint.
        store: The state of the pair.
        records: The base in it, under the run's spelling of names.
        jobs: The most transfers at once.
        emit: Takes what happens.
        cancel: Ends the run when set.
        executor: Where transfers run, or what makes that; None for threads of our own.
        places: What the user named as the two sides; None where nobody did.
        bytes_per_s: The most that all transfers together may move; None for no limit.
        started_s: When the run began, by this machine's monotonic clock.
    """

    sides: tuple[Endpoint, Endpoint]
    store: Store
    records: Records
    jobs: int
    emit: Callable[[Event], None]
    cancel: threading.Event
    executor: Executor | ExecutorStrategy | None = None
    places: tuple[Reference, Reference] | None = None
    bytes_per_s: int | None = None
    started_s: float = field(default_factory=time.monotonic)


def spelling(job: Job) -> Job:
    """The job with endpoints and records that know their own spellings, where a side folds names."""
    if name_key(side.capabilities for side in job.sides) is None:
        return job
    left, right = (SpelledEndpoint(side) for side in job.sides)
    return replace(job, sides=(left, right), records=SpelledRecords(job.store))


def spellings_of(job: Job) -> dict[str, Spellings]:
    """What the sides and the base call otherwise, by `src`, `dst` and `base`; empty where no side folds."""
    found: dict[str, Spellings] = {}
    for side, endpoint in zip(Side, job.sides, strict=True):
        if isinstance(endpoint, SpelledEndpoint):
            found[side.label] = endpoint.spellings
    if isinstance(job.records, SpelledRecords):
        found["base"] = job.records.spellings
    return found


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


def roots_now(sides: Sequence[Endpoint], roots: Roots) -> tuple[str | None, str | None]:
    """What tells the roots from others, looking again at one that this run has made."""
    left, right = (
        sides[side].check_root() if roots.missing[side] else roots.identities[side] for side in Side
    )
    return left, right


_runs = itertools.count()


def run_id(now_ns: int) -> str:
    """A run's id: its time, and what tells runs of the same second apart; without a dash."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_ns // 1_000_000_000))
    return f"{stamp}{os.getpid():x}x{next(_runs):x}{now_ns % 1_000_000_000 // 1000:x}"


@contextmanager
def workers(job: Job, roots: Roots) -> Iterator[tuple[Executor, Away | None]]:
    """Where a run's work is done.

    Yields:
        The executor that we were given, left open, or one of our own, closed at the end; and what does the
        copies in its place, if they are done elsewhere.
    """
    with ExitStack() as stack:
        executor = job.executor
        if isinstance(executor, ExecutorStrategy):
            executor = stack.enter_context(executor.open(job.jobs))
        away = None
        if isinstance(executor, ElsewhereExecutor):
            from syncfs.engine.away import Away

            assert job.places is not None
            away = Away(executor, job.places, roots.identities, job.bytes_per_s)
            executor = None
        if executor is None:
            executor = ThreadPoolExecutor(max_workers=job.jobs, thread_name_prefix="syncfs")
            stack.enter_context(executor)
        yield executor, away
