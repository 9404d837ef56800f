"""Copies that another process is sent to do: what it is given, and how it does them."""

from __future__ import annotations

import pickle
import random
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from syncfs.core.entry import Side
from syncfs.endpoint.endpoint import Endpoint, Learning
from syncfs.endpoint.reference import Reference
from syncfs.engine.outcome import Outcome
from syncfs.engine.perform import failed, perform_all
from syncfs.engine.spelled import SpelledEndpoint
from syncfs.engine.throttle import Throttle
from syncfs.engine.workbench import Task, Workbench
from syncfs.errors import ConfigError, SyncfsError

__all__ = ["Errand", "Seat", "Way", "do"]

MOST_OPEN = 4
"""The places of so many runs stay open in one process, so that a run's second errand finds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How to come to one side, and how to know that one is there.

    Attributes:
        reference: What to open.
        kind: The class of its endpoint.
        identity: The endpoint's name.
        root: What `check_root` tells of it; None where nothing is told.
        facts: What was learnt of it: see `Learning`.
        spells: It is asked under its own spellings.
    """

    reference: Reference
    kind: str
    identity: str
    root: str | None
    facts: Mapping[str, Any] | None
    spells: bool

    def taken(self) -> Endpoint:
        """Open the side.

        Raises:
            ConfigError: What is found there is another one.
            EndpointUnavailableError: It is missing, unreachable, or refuses the credentials.
        """
        from syncfs.plugin import load  # asked about a plugin's own protocols only

        side = self.reference.open(lambda fs, path: load().endpoint(fs, path))
        label = self.reference.side
        if (type(side).__qualname__, side.identity) != (self.kind, self.identity):
            raise ConfigError(
                f"{label}: a worker takes it for {side.url}; it must find the same plugins there"
            )
        if isinstance(side, Learning):
            side.recall(self.facts)
        root = side.check_root()
        # By its inode alone: each machine has its own number for a filesystem that they share.
        if self.root is not None and (root or "").rpartition(":")[2] != self.root.rpartition(":")[2]:
            raise ConfigError(f"{label}: a worker finds another directory under {side.url}")
        return SpelledEndpoint(side) if self.spells else side


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What a process needs to work for one run.

    Attributes:
        run: The run's id.
        ways: To the left and to the right side.
    """

    run: str
    ways: tuple[Way, Way]

    def bench(self) -> Workbench:
        """Open both sides."""
        left, right = (way.taken() for way in self.ways)
        return Workbench(
            sides=(left, right),
            run=self.run,
            trash=False,  # nothing is removed here
            cancel=threading.Event(),
            process=f"{random.SystemRandom().randrange(10**6):06}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A batch of copies, and where.

    Attributes:
        run: The run's id.
        seat: The `Seat`, pickled once for all errands of a run; unpickled once a process.
        tasks: The copies.
        spellings: What each side calls a path otherwise than the run does.
        bytes_per_s: The most that this process may move; None for no limit.
    """

    run: str
    seat: bytes = field(repr=False)
    tasks: Sequence[Task]
    spellings: tuple[Mapping[str, str], Mapping[str, str]]
    bytes_per_s: int | None


def do(errand: Errand) -> list[Outcome]:
    """Do an errand; what is written is durable when this returns.

    Returns:
        See `perform_all`. Never raises but for bugs.
    """
    tasks = errand.tasks
    try:
        bench = _open(errand)
    except (OSError, SyncfsError) as error:
        return [failed(tasks[0].action, error, is_fatal=True)]
    outcomes = perform_all(bench, tasks)
    try:
        for side in {outcome.action.side for outcome in outcomes}:
            bench.sides[side].flush()
    except (OSError, SyncfsError) as error:
        return [failed(task.action, error) for task in tasks]
    return outcomes


_opening = threading.Lock()
_benches: OrderedDict[str, Workbench] = OrderedDict()


def _open(errand: Errand) -> Workbench:
    """The workbench of a run in this process."""
    with _opening:
        bench = _benches.pop(errand.run, None)
        if bench is None:
            seat: Seat = pickle.loads(errand.seat)
            bench = seat.bench()
        _benches[errand.run] = bench
        while len(_benches) > MOST_OPEN:
            _benches.popitem(last=False)
        rate = errand.bytes_per_s
        if rate != (bench.throttle and bench.throttle.bytes_per_s):
            bench.throttle = None if rate is None else Throttle(rate, bench.cancel)
    for side in Side:
        if isinstance(endpoint := bench.sides[side], SpelledEndpoint):
            for path, actual in errand.spellings[side].items():
                endpoint.spellings.note(path, actual)
    return bench
