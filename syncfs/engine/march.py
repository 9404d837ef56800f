"""Walk both sides and the base in step, and let the core decide each directory.

Decisions:
    Listings of a side that costs requests run ahead in threads, bounded; a local side is listed in the
    walking thread, because handing 20 µs of work to another thread costs 20 µs.

    Directories that the base knows are asked for ahead of need: their parents' listings need not be there.
    Whether they are of use is decided when the parent is; what is not is dropped unread.

    A directory whose sides both bear the marks that the base keeps makes no `Scope`: 100,000 unchanged files
    then cost little more than their `lstat`. Seals are written while the walk goes on, so that memory stays
    flat; they say nothing about what the plan will hold. In a large tree a process for each local side
    tells ahead of need which directories still bear them (`foresight`): two trees at once, on two cores.

    Questions that need reading are put off until everything is listed, so that the run can say how much
    it will read before it does, and reads of all directories share the threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from syncfs.core.align import Aligned
from syncfs.core.base import Record
from syncfs.core.entry import Side
from syncfs.core.event import Event, EventKind
from syncfs.core.listing import ABSENT, AS_MARKED, Listing, ListingStatus
from syncfs.core.paths import join
from syncfs.core.question import Answer, Ask, Question
from syncfs.core.reconcile import ROOT, close_directory, close_sealed, open_directory, open_sealed
from syncfs.core.scope import Child, Closed, Counts, Descent, Directory, Scope
from syncfs.core.seal import Seal, doubts_of, is_sealable, new_seal, recorded_listing
from syncfs.core.settings import Settings
from syncfs.endpoint.endpoint import Endpoint, Marking
from syncfs.engine.foresight import Foresight
from syncfs.engine.probe import answer, bytes_to_read
from syncfs.engine.spelled import SpelledEndpoint, SpelledRecords
from syncfs.errors import CancelledSyncError
from syncfs.store.store import Records, Seals

__all__ = ["Marched", "march"]

Emit = Callable[[Event], None]

AHEAD = 8
"""So many times `jobs` directories may be asked for whose parents are still open."""
SEALS = 1_000
"""So many new seals are written at once."""


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
    """A directory on its way from being found to being closed.

    Attributes:
        path: Relative to both roots.
        parent: The visit in which it was found; None for the root's.
        child: What its parent's decision said of it; None while that is open.
        is_asked_for: Whether the base was loaded and remote sides were asked.
        is_dropped: Its parent's decision had no use for it.
        seal: What the base keeps to recognise it; None when it keeps nothing.
        base: Its records; None where the seal spared loading them.
        ahead: What the base knows below it, by path, until its own decision claims them.
        open_children: How many of its children are not closed.
        closed: What closed children want done, if anything.
    """

    path: str
    parent: _Visit | None
    child: Child | None = None
    is_asked_for: bool = False
    is_dropped: bool = False
    seal: Seal | None = None
    base: Mapping[str, Record] | None = None
    listings: list[Listing | Future[Listing] | None] = field(default_factory=lambda: [None, None])
    ahead: dict[str, _Visit] = field(default_factory=dict)
    directory: Directory | None = None
    answers: dict[tuple[str, Ask], Answer] = field(default_factory=dict)
    scope: Scope | None = None
    open_children: int = 0
    closed: list[Closed] = field(default_factory=list)

    def mark(self, side: Side) -> bytes | None:
        """The mark that a side bore when the directory was sealed."""
        return None if self.seal is None else self.seal.of(side)

    def known_directories(self) -> Sequence[str]:
        """The directories that the base knows in it, in order."""
        if self.base is None:
            return () if self.seal is None else self.seal.directories
        return sorted(name for name, record in self.base.items() if record.is_directory)


def march(
    sides: Sequence[Endpoint],
    store: Records,
    settings: Settings,
    *,
    seals: Seals | None = None,
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
        seals: What recognises unchanged directories; None to look at every name.
        missing: Per side: its root does not exist yet.
        jobs: The most listings and reads at once.
        emit: Takes what happens, from this thread.
        cancel: Stops the walk when set.

    Raises:
        CancelledSyncError: `cancel` was set.
        EndpointUnavailableError: A whole side is gone.
        StoreError: The base cannot be read.
    """
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="syncfs-list"))
        foresight = None
        if seals is not None and is_sealable(settings):
            foresight = stack.enter_context(Foresight(seals, sides))
        try:
            return _March(sides, store, settings, seals, foresight, missing, pool, jobs, emit, cancel).run()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _March:
    def __init__(
        self,
        sides: Sequence[Endpoint],
        store: Records,
        settings: Settings,
        seals: Seals | None,
        foresight: Foresight | None,
        missing: Sequence[bool],
        pool: ThreadPoolExecutor,
        jobs: int,
        emit: Emit,
        cancel: threading.Event,
    ) -> None:
        self.sides, self.store, self.settings, self.missing = sides, store, settings, missing
        self.seals, self.foresight = seals, foresight
        self.doubts = doubts_of(settings)
        self.listers = [_lister(side) for side in sides]
        self.remote = [side for side in Side if not sides[side].capabilities.lists_inline]
        self.pool, self.jobs, self.emit, self.cancel = pool, jobs, emit, cancel
        self.found: list[Iterator[tuple[_Visit, Child]]] = []
        self.ahead: list[_Visit] = []
        self.unclaimed = 0
        self.listing: dict[Future[Listing], tuple[_Visit, Side]] = {}
        self.listed: SimpleQueue[Future[Listing]] = SimpleQueue()
        self.asking: list[_Visit] = []
        self.new_seals: list[tuple[str, Seal]] = []
        self.marched = Marched(Closed())
        self.root: Closed | None = None
        self.seen = 0

    def run(self) -> Marched:
        """Walk until the root is closed."""
        self.found.append(iter([(_Visit("", None), ROOT)]))
        while self.root is None:
            if self.cancel.is_set():
                raise CancelledSyncError("interrupted while listing; nothing was written")
            has_room = len(self.listing) < 2 * self.jobs
            if has_room and (found := self._next_found()) is not None:
                self._look_at(*found)
            elif self.ahead and has_room and self.unclaimed < AHEAD * self.jobs:
                self._look_ahead(self.ahead.pop())
            elif self.listing:
                self._take_listings()
            else:
                self._ask()
        self._keep_seals()
        self.marched.root = self.root
        return self.marched

    def _next_found(self) -> tuple[_Visit, Child] | None:
        """The next directory, depth first, so that the frontier stays small."""
        while self.found:
            for found in self.found[-1]:
                return found
            self.found.pop()
        return None

    def _look_ahead(self, visit: _Visit) -> None:
        """Ask remote sides for a directory that the base knows, unless that is settled by now."""
        if not visit.is_asked_for and not visit.is_dropped:
            self.unclaimed += 1
            self._ask_for(visit, self.remote)

    def _look_at(self, visit: _Visit, child: Child) -> None:
        """Get both listings of a directory that was found, as far as they are not on their way."""
        visit.child = child
        absent = [side for side in Side if not child.is_on(side) or (not child.path and self.missing[side])]
        if visit.is_asked_for:
            self.unclaimed -= 1
        else:
            self._ask_for(visit, [side for side in self.remote if side not in absent])
        for side in Side:
            arrived = visit.listings[side]
            if side in absent:
                visit.listings[side] = ABSENT
            elif isinstance(arrived, Future):
                visit.listings[side] = arrived.result()
            elif side not in self.remote:
                visit.listings[side] = self._list(side, visit)
        self._proceed(visit)

    def _list(self, side: Side, visit: _Visit) -> Listing:
        """List a directory of a side that costs no requests, or know that it need not be listed."""
        mark = visit.mark(side)
        if mark is not None and self.foresight is not None and self.foresight.bears_mark(side, visit.path):
            return AS_MARKED
        return self.listers[side](visit.path, mark)

    def _ask_for(self, visit: _Visit, remote: Sequence[Side]) -> None:
        """Load what the base says of a directory; ask for its listings, and later for those below it."""
        visit.is_asked_for = True
        path = visit.path
        if self.foresight is not None:
            visit.seal = self.foresight.seal(path)
        if visit.seal is None:
            visit.base = self.store.load(path)
        for side in remote:
            future = self.pool.submit(self.listers[side], path, visit.mark(side))
            self.listing[future] = (visit, side)
            future.add_done_callback(self.listed.put)
        if remote:
            for name in visit.known_directories():
                below = join(path, name)
                visit.ahead[below] = _Visit(below, visit)
            self.ahead.extend(reversed(visit.ahead.values()))

    def _take_listings(self) -> None:
        """Wait for a listing, and take all that have come."""
        try:
            future = self.listed.get(timeout=0.2)
            while True:
                visit, side = self.listing.pop(future)
                if visit.child is None:
                    visit.listings[side] = future  # what became of it is of interest only when it is claimed
                elif visit.listings and visit.listings[side] is None:
                    visit.listings[side] = future.result()
                    self._proceed(visit)
                future = self.listed.get_nowait()
        except Empty:
            return

    def _proceed(self, visit: _Visit) -> None:
        """Reconcile a directory as soon as both its listings are there."""
        left, right = visit.listings
        assert not isinstance(left, Future) and not isinstance(right, Future)
        if left is None or right is None:
            return
        visit.listings = []
        path, seal = visit.path, visit.seal
        if seal is not None:
            if left is AS_MARKED and right is AS_MARKED:
                self._pass_by(visit, seal)
                return
            base = visit.base = self.store.load(path)
            left = recorded_listing(Side.LEFT, base, seal) if left is AS_MARKED else left
            right = recorded_listing(Side.RIGHT, base, seal) if right is AS_MARKED else right
        for side, listing in zip(Side, (left, right), strict=True):
            self.marched.unreliable[side] |= listing.status is ListingStatus.FAILED
            self.marched.leftovers.extend((side, join(path, name)) for name in listing.leftovers)
            if path == "":
                self.marched.is_empty[side] = listing.is_evidence and not listing.entries
        self._tell(len(left.entries) + len(right.entries))
        assert visit.child is not None and visit.base is not None
        visit.directory = Directory(child=visit.child, left=left, right=right, base=visit.base)
        if self.foresight is not None and visit.child.descent is Descent.BOTH:
            renewed = new_seal(left, right, visit.base, self.doubts, seal)
            if renewed is not None:
                self.new_seals.append((path, renewed))
                if len(self.new_seals) >= SEALS:
                    self._keep_seals()
        self._open(visit)

    def _pass_by(self, visit: _Visit, seal: Seal) -> None:
        """Go on below a directory of which both sides bear their marks."""
        names = seal.files + len(seal.directories)
        if not visit.path:
            self.marched.is_empty = [not names, not names]
        self.marched.counts.add_sealed(seal)
        self._tell(2 * names)
        self._descend(visit, open_sealed(visit.path, seal), len(seal.directories))

    def _tell(self, names: int) -> None:
        self.seen += names
        self.emit(Event(kind=EventKind.LISTED, count=self.seen))

    def _keep_seals(self) -> None:
        if self.seals is not None:
            self.seals.set_seals(self.new_seals)
        self.new_seals = []

    def _open(self, visit: _Visit) -> None:
        assert visit.directory is not None
        scope = open_directory(visit.directory, self.settings, visit.answers)
        visit.scope = scope
        if scope.aligned is not None:
            self._spell(visit.path, scope.aligned)
        if scope.questions:
            self.asking.append(visit)
            return
        self.marched.counts.add(scope.counts)
        self._descend(visit, scope.children, len(scope.children))

    def _descend(self, visit: _Visit, children: Iterable[Child], count: int) -> None:
        """Go on with a directory's children; drop what was asked for ahead and is none of them."""
        visit.open_children = count
        if visit.ahead:
            children = list(children)
            known = {child.path: visit.ahead.pop(child.path, None) for child in children}
            self.found.append((known[child.path] or _Visit(child.path, visit), child) for child in children)
            self._drop(visit)
        else:  # one after the other: a directory may hold a million
            self.found.append((_Visit(child.path, visit), child) for child in children)
        # What is claimed by now is at the end: both lists are in the same order. Kept, it would keep its
        # listings: 1.3 kB a file.
        while self.ahead and (self.ahead[-1].is_asked_for or self.ahead[-1].is_dropped):
            self.ahead.pop()
        if not count:
            self._close(visit)

    def _drop(self, visit: _Visit) -> None:
        """Forget what was asked for ahead below a directory."""
        for below in visit.ahead.values():
            below.is_dropped = True
            self.unclaimed -= below.is_asked_for
            self._drop(below)
        visit.ahead = {}

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
            closed: Closed | None = None
            if visit.scope is not None:
                closed = close_directory(visit.scope, visit.closed)
            elif visit.closed or visit.parent is None:
                closed = close_sealed(visit.closed)
            visit.scope = visit.directory = visit.base = None
            parent = visit.parent
            if parent is None:
                assert closed is not None
                self.root = closed
                return
            if closed is not None:
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


def _lister(endpoint: Endpoint) -> Callable[[str, bytes | None], Listing]:
    """How a side is asked for a directory: with a mark, where it knows about marks."""
    return endpoint.list_unless if isinstance(endpoint, Marking) else lambda path, _: endpoint.list(path)


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
