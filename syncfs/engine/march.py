"""Walk both sides and the base in step, and let the core decide each directory.

Decisions:
    Listings of a side that costs requests run ahead in threads, bounded; a local side is listed in the
    walking thread, because handing 20 µs of work to another thread costs 20 µs.

    Questions that need reading are put off until everything is listed, so that the run can say how much
    it will read before it does, and reads of all directories share the threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from syncfs.core.align import Aligned
from syncfs.core.entry import Side
from syncfs.core.event import Event, EventKind
from syncfs.core.listing import ABSENT, Listing, ListingStatus
from syncfs.core.paths import join
from syncfs.core.question import Answer, Ask, Question
from syncfs.core.reconcile import ROOT, close_directory, open_directory
from syncfs.core.scope import Child, Closed, Counts, Directory, Scope
from syncfs.core.settings import Settings
from syncfs.endpoint.endpoint import Endpoint
from syncfs.engine.probe import answer, bytes_to_read
from syncfs.engine.spelled import SpelledEndpoint, SpelledRecords
from syncfs.errors import CancelledSyncError
from syncfs.store.store import Records

__all__ = ["Marched", "march"]

Emit = Callable[[Event], None]


@dataclass(slots=True)
class Marched:
    """What was found and decided.

    Attributes:
        root: The closed root.
        counts: What guards and reports want counted.
        unreliable: Per side: some listing broke.
        is_empty: Per side: the root holds nothing.
        leftovers: (side, path) of every temporary file that was seen.
    """

    root: Closed
    counts: Counts = field(default_factory=Counts)
    unreliable: list[bool] = field(default_factory=lambda: [False, False])
    is_empty: list[bool] = field(default_factory=lambda: [False, False])
    leftovers: list[tuple[Side, str]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Visit:
    """A directory on its way from being found to being closed."""

    child: Child
    parent: _Visit | None
    listings: list[Listing | None] = field(default_factory=lambda: [None, None])
    directory: Directory | None = None
    answers: dict[tuple[str, Ask], Answer] = field(default_factory=dict)
    scope: Scope | None = None
    open_children: int = 0
    closed: list[Closed] = field(default_factory=list)


def march(
    sides: Sequence[Endpoint],
    store: Records,
    settings: Settings,
    *,
    missing: Sequence[bool] = (False, False),
    jobs: int,
    emit: Emit,
    cancel: threading.Event,
) -> Marched:
    """List, load and reconcile everything.

    Args:
        sides: The left and the right endpoint, their roots checked.
        store: The base.
        settings: What the run was asked to do.
        missing: Per side: its root does not exist yet.
        jobs: The most listings and reads at once.
        emit: Takes what happens, from this thread.
        cancel: Stops the walk when set.

    Raises:
        CancelledSyncError: `cancel` was set.
        EndpointUnavailableError: A whole side is gone.
        StoreError: The base cannot be read.
    """
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="syncfs-list") as pool:
        try:
            return _March(sides, store, settings, missing, pool, jobs, emit, cancel).run()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _March:
    def __init__(
        self,
        sides: Sequence[Endpoint],
        store: Records,
        settings: Settings,
        missing: Sequence[bool],
        pool: ThreadPoolExecutor,
        jobs: int,
        emit: Emit,
        cancel: threading.Event,
    ) -> None:
        self.sides, self.store, self.settings, self.missing = sides, store, settings, missing
        self.pool, self.jobs, self.emit, self.cancel = pool, jobs, emit, cancel
        self.found: list[_Visit] = []
        self.listing: dict[Future[Listing], tuple[_Visit, Side]] = {}
        self.asking: list[_Visit] = []
        self.marched = Marched(Closed())
        self.root: Closed | None = None
        self.seen = 0

    def run(self) -> Marched:
        """Walk until the root is closed."""
        self.found.append(_Visit(ROOT, None))
        while self.root is None:
            if self.cancel.is_set():
                raise CancelledSyncError("interrupted while listing; nothing was written")
            if self.found and len(self.listing) < 2 * self.jobs:
                self._look_at(self.found.pop())
            elif self.listing:
                self._take_listings()
            else:
                self._ask()
        self.marched.root = self.root
        return self.marched

    def _look_at(self, visit: _Visit) -> None:
        """Get both listings, at once or ahead of need."""
        path = visit.child.path
        for side in Side:
            if not visit.child.is_on(side) or (path == "" and self.missing[side]):
                visit.listings[side] = ABSENT
            elif self.sides[side].capabilities.lists_inline:
                visit.listings[side] = self.sides[side].list(path)
            else:
                self.listing[self.pool.submit(self.sides[side].list, path)] = (visit, side)
        self._proceed(visit)

    def _take_listings(self) -> None:
        done, _ = wait(self.listing, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in done:
            visit, side = self.listing.pop(future)
            visit.listings[side] = future.result()
            self._proceed(visit)

    def _proceed(self, visit: _Visit) -> None:
        """Reconcile a directory as soon as both its listings are there."""
        left, right = visit.listings
        if left is None or right is None:
            return
        visit.listings = []
        path = visit.child.path
        for side, listing in zip(Side, (left, right), strict=True):
            self.marched.unreliable[side] |= listing.status is ListingStatus.FAILED
            self.marched.leftovers.extend((side, join(path, name)) for name in listing.leftovers)
            if path == "":
                self.marched.is_empty[side] = listing.is_evidence and not listing.entries
        self.seen += len(left.entries) + len(right.entries)
        self.emit(Event(kind=EventKind.LISTED, count=self.seen))
        visit.directory = Directory(child=visit.child, left=left, right=right, base=self.store.load(path))
        self._open(visit)

    def _open(self, visit: _Visit) -> None:
        assert visit.directory is not None
        scope = open_directory(visit.directory, self.settings, visit.answers)
        visit.scope = scope
        if scope.aligned is not None:
            self._spell(visit.child.path, scope.aligned)
        if scope.questions:
            self.asking.append(visit)
            return
        self.marched.counts.add(scope.counts)
        visit.open_children = len(scope.children)
        # Last in, first out: depth first, so that the frontier stays small.
        self.found.extend(_Visit(child, visit) for child in reversed(scope.children))
        if not visit.open_children:
            self._close(visit)

    def _spell(self, directory: str, aligned: Aligned) -> None:
        """Remember what the sides and the base call those names that they spell otherwise."""
        for side in Side:
            endpoint = self.sides[side]
            if isinstance(endpoint, SpelledEndpoint):
                for name, actual in aligned.spelled[side].items():
                    endpoint.spellings.note(join(directory, name), actual)
        if isinstance(self.store, SpelledRecords):
            for name, actual in aligned.recorded.items():
                self.store.spellings.note(join(directory, name), actual)

    def _close(self, visit: _Visit) -> None:
        """Close a directory, and every parent that only waited for it."""
        while True:
            assert visit.scope is not None
            closed = close_directory(visit.scope, visit.closed)
            parent = visit.parent
            if parent is None:
                self.root = closed
                return
            parent.closed.append(_slim(closed))
            parent.open_children -= 1
            if parent.open_children:
                return
            visit = parent

    def _ask(self) -> None:
        """Answer every open question, all at once, and open those directories again."""
        asking, self.asking = self.asking, []
        questions: list[tuple[_Visit, Question]] = [
            (visit, question)
            for visit in asking
            for question in (visit.scope.questions if visit.scope is not None else ())
        ]
        size_bytes = sum(bytes_to_read(question) for _, question in questions)
        if size_bytes:
            self.emit(
                Event(
                    kind=EventKind.NOTICE,
                    size_bytes=size_bytes,
                    count=len(questions),
                    message=f"reading {_in_words(size_bytes)} in {len(questions)} files to compare them "
                    "(--compare size or mtime avoids it)",
                )
            )
        answers: dict[Future[Answer], tuple[_Visit, Question]] = {}
        waiting = iter(questions)
        while True:
            for visit, question in waiting:
                future = self.pool.submit(
                    answer,
                    question,
                    self.sides,
                    self.settings.compare,
                    backwards=self.settings.compares_backwards,
                    policy=self.settings.policy,
                )
                answers[future] = (visit, question)
                if len(answers) >= 2 * self.jobs:
                    break
            if not answers:
                break
            if self.cancel.is_set():
                raise CancelledSyncError("interrupted while comparing; nothing was written")
            done, _ = wait(answers, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                visit, question = answers.pop(future)
                visit.answers[question.path, question.ask] = future.result()
        for visit in asking:
            self._open(visit)


def _slim(closed: Closed) -> Closed:
    """What a parent needs of a closed child, without its listings."""
    return Closed(
        actions=closed.actions,
        conflicts=closed.conflicts,
        problems=closed.problems,
        remains=closed.remains,
        needed=closed.needed,
        holds_ignored=closed.holds_ignored,
    )


def _in_words(size_bytes: int) -> str:
    """A size for people."""
    size = float(size_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
