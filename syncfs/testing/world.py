"""Two trees in memory, their base, and what a run makes of them.

Decisions:
    Planning walks as `syncfs.engine.march` does, in one thread. Execution is the engine's own `execute` with
    its ledger, over an executor that runs each action at once: a second executor written for the tests would
    have to be kept in step with the first, and would prove itself.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from typing import Any, cast

from syncfs.builtins.comparators import Auto
from syncfs.builtins.policies import Newer
from syncfs.core.action import Action
from syncfs.core.base import Record
from syncfs.core.compare import Comparator
from syncfs.core.entry import Side
from syncfs.core.listing import ABSENT, ListingStatus
from syncfs.core.paths import split
from syncfs.core.plan import Plan
from syncfs.core.question import Answer, Ask
from syncfs.core.reconcile import ROOT, close_directory, in_order, open_directory
from syncfs.core.scope import Child, Closed, Counts, Descent, Directory
from syncfs.core.seal import doubts_of, is_sealable, new_seal
from syncfs.core.selection import Selection
from syncfs.core.settings import Delete, Mode, Settings
from syncfs.endpoint.endpoint import Endpoint
from syncfs.engine.execute import Tally, execute
from syncfs.engine.job import Job
from syncfs.engine.march import Marched
from syncfs.engine.probe import answer
from syncfs.engine.workbench import Workbench
from syncfs.errors import SyncAbortedError
from syncfs.store.memory import MemoryStore
from syncfs.testing.side import Clock, File, MemorySide, Node, Traits, Tree, walk

STAMP = "20261122T143005"


class BaseStore(MemoryStore):
    """A base that a killed run leaves with only its first records."""

    def __init__(self) -> None:
        super().__init__()
        self.most: int | None = None

    def record(self, changes: Iterable[tuple[str, Record | None]]) -> None:
        super().record(list(dict(changes).items())[: self.most])

    def all(self) -> dict[str, Record]:
        """Every record by path."""
        return dict(self.load_tree(""))


class Inline(Executor):
    """Runs what is submitted at once; after `most` of it sets `cancel`."""

    def __init__(self, cancel: threading.Event, most: int | None) -> None:
        self.cancel, self.left = cancel, most

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.cancel.set()
        return future


@dataclass(slots=True)
class Ran:
    """What a run did, beside what it left in the world.

    `before` holds a copy of the world as it was; `problems` only those of the execution.
    """

    before: World
    plan: Plan
    tally: Tally = field(default_factory=Tally)

    @property
    def is_clean(self) -> bool:
        """Nothing is left open."""
        open_conflicts = any(conflict.is_open for conflict in self.plan.conflicts)
        return not (open_conflicts or self.plan.problems or self.tally.problems)


class World:
    """Two sides and their base.

    Attributes:
        sides: Left and right.
        store: The base.
        truth: What both sides held under each recorded path when it was recorded: path to content, None
            for a directory. Only the laws know it.
        clock: The time of both sides.
    """

    def __init__(self, left: Traits = Traits(), right: Traits = Traits()) -> None:  # noqa: B008 - frozen
        self.clock = Clock()
        self.sides = (MemorySide(Side.LEFT, left, self.clock), MemorySide(Side.RIGHT, right, self.clock))
        self.store = BaseStore()
        self.truth: dict[str, bytes | None] = {}
        self.runs = 0

    def copy(self) -> World:
        """The same once more; numbers of new files go on from where they are."""
        numbers, self.clock.numbers = self.clock.numbers, iter(())
        try:
            other = copy.deepcopy(self)
        finally:
            self.clock.numbers = numbers
        other.clock.numbers = copy.copy(numbers)
        return other

    @property
    def endpoints(self) -> tuple[Endpoint, Endpoint]:
        """The sides as the engine wants them."""
        return cast("tuple[Endpoint, Endpoint]", self.sides)

    @property
    def base(self) -> dict[str, Record]:
        """Every record by path."""
        return self.store.all()

    def settings(self, mode: Mode = Mode.SYNC, delete: Delete | None = None, **more: Any) -> Settings:
        """A run's settings, the defaults of a user's run where nothing is said."""
        capabilities = (self.sides[0].capabilities, self.sides[1].capabilities)
        compare: Comparator = cast("Comparator", Auto().bind(*capabilities))
        return replace(
            Settings(
                mode=mode,
                delete=Delete.parse("auto", mode) if delete is None else delete,
                compare=compare,
                policy=Newer(),
                selection=Selection(),
                capabilities=capabilities,
                stamp=STAMP,
            ),
            **more,
        )

    def march(self, settings: Settings) -> Marched:
        """List and reconcile everything, one directory after the other; seals are kept, and not asked."""
        marched = Marched(Closed(), Counts())
        store = self.store if settings.has_base else MemoryStore()

        def visit(child: Child) -> Closed:
            listings = [
                self.sides[s].list_unless(child.path, None) if child.is_on(s) else ABSENT for s in Side
            ]
            for side in Side:
                marched.unreliable[side] |= listings[side].status is ListingStatus.FAILED
            left, right = listings
            directory = Directory(child=child, left=left, right=right, base=store.load(child.path))
            if is_sealable(settings) and child.descent is Descent.BOTH:
                seal = new_seal(left, right, directory.base, doubts_of(settings), store.seal(child.path))
                store.set_seals([] if seal is None else [(child.path, seal)])
            answers: dict[tuple[str, Ask], Answer] = {}
            while True:
                scope = open_directory(directory, settings, answers)
                if not scope.questions:
                    break
                for question in scope.questions:
                    assert (question.path, question.ask) not in answers, f"asked twice: {question}"
                    answers[question.path, question.ask] = answer(
                        question, self.endpoints, settings.compare, policy=settings.policy
                    )
            marched.counts.add(scope.counts)
            return close_directory(scope, [visit(child) for child in scope.children])

        marched.root = visit(ROOT)
        return marched

    def plan(self, settings: Settings) -> Plan:
        """What a run would do."""
        marched = self.march(settings)
        actions, deferred = in_order(marched.root, marched.unreliable)
        return Plan(
            mode=settings.mode,
            actions=tuple(actions),
            conflicts=tuple(marched.root.conflicts),
            problems=(*marched.root.problems, *deferred),
            skipped=marched.counts.skipped,
            extra=marched.counts.extra,
            untracked=marched.counts.untracked,
        )

    def execute(
        self,
        actions: Sequence[Action],
        *,
        trash: bool = True,
        stop_after: int | None = None,
        records: int | None = None,
    ) -> Tally:
        """Carry out a plan's actions.

        Args:
            actions: In their order.
            trash: As in the settings.
            stop_after: Interrupt the run after so many.
            records: Kill it at its end: only so many of its records became durable.
        """
        cancel = threading.Event()
        self.runs += 1
        bench = Workbench(sides=self.endpoints, run=f"run{self.runs}", trash=trash, cancel=cancel)
        tally = Tally()
        before = self.base
        self.store.most = records
        try:
            executor = Inline(cancel, stop_after)
            job = Job(
                sides=self.endpoints,
                store=self.store,
                records=self.store,
                jobs=1,
                emit=lambda event: None,
                cancel=cancel,
            )
            execute(actions, bench, job, executor, tally)
        except SyncAbortedError:
            assert stop_after is not None
        finally:
            self.store.most = None
        self._learn(before)
        return tally

    def _learn(self, before: dict[str, Record]) -> None:
        """Keep what the records of this run are true of."""
        base = self.base
        for path in before.keys() - base.keys():
            del self.truth[path]
        for path, record in base.items():
            old = before.get(path)
            if old is None or old[:3] != record[:3]:  # flags alone say nothing of what was agreed
                node = self.sides[0].node(path)
                self.truth[path] = node.content if isinstance(node, File) else None

    def run(self, settings: Settings, **partial: int | None) -> Ran:
        """Plan and carry out."""
        ran = Ran(self.copy(), self.plan(settings))
        if not settings.has_base:
            kept, self.store = self.store, BaseStore()
            truth, self.truth = self.truth, {}
            ran.tally = self.execute(ran.plan.actions, trash=settings.trash, **partial)
            self.store, self.truth = kept, truth
        else:
            ran.tally = self.execute(ran.plan.actions, trash=settings.trash, **partial)
        return ran

    def nodes(self, side: Side) -> dict[str, Node]:
        """Every node of one side by path, without the trash."""
        return {path: node for path, node in walk(self.sides[side].tree) if not path.startswith(".syncfs")}

    def contents(self) -> set[bytes]:
        """Every content that is anywhere, the trash included."""
        trees = (walk(side.tree) for side in self.sides)
        return {node.content for tree in trees for _, node in tree if isinstance(node, File)}


def shape(node: Node | None) -> Any:
    """A node without its times and numbers: content, directory, or kind."""
    if isinstance(node, File):
        return node.content
    if isinstance(node, dict):
        return {name: shape(below) for name, below in sorted(node.items()) if not name.startswith(".syncfs")}
    return node


def put(side: MemorySide, path: str, node: Node | bytes | None) -> None:
    """Set a path as a user would, making directories as needed; None removes it."""
    directory: Tree = side.tree
    *parents, name = path.split("/")
    for parent in parents:
        below = directory.setdefault(parent, {})
        if not isinstance(below, dict):
            below = directory[parent] = {}
        directory = below
    if node is None:
        directory.pop(name, None)
    else:
        directory[name] = side.new_file(node) if isinstance(node, bytes) else node


__all__ = ["STAMP", "BaseStore", "Inline", "Ran", "World", "put", "shape", "split"]
