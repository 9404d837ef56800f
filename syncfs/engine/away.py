"""Have copies done by other processes, while everything else is done here.

Decisions:
    **Only copies are sent.** They are what moves bytes; all other actions are one request each, and our own
    threads wait for that as well as anyone's. And who sends work to other processes must expect that it is
    done twice, where one dies half-way or is taken for dead: then one kind of action only has to know its
    own traces. A copy does, whatever became of its first try, by its content (`repeat`). A removal or a
    rename would have to guess whose work it finds.

    **Places travel as they were named**, not as opened endpoints, once a run and process: sockets and locks
    do not pickle, and a secret that was named stays at home.

    **What is written is durable before it is told**: the disk may be another machine's, which no call here
    flushes.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from functools import partial

from syncfs.core.action import CopyFile
from syncfs.core.entry import Side
from syncfs.endpoint.endpoint import Endpoint, Learning
from syncfs.endpoint.local import LocalEndpoint
from syncfs.endpoint.reference import Reference
from syncfs.engine.errand import Errand, Seat, Way, do
from syncfs.engine.outcome import Outcome
from syncfs.engine.perform import failed
from syncfs.engine.spelled import SpelledEndpoint
from syncfs.engine.workbench import Task, Workbench
from syncfs.errors import ConfigError, PathError, SyncAbortedError
from syncfs.plugin import Elsewhere, ElsewhereExecutor

__all__ = ["Away", "demand_reachable"]


def demand_reachable(
    places: Sequence[Reference], given: Sequence[Endpoint], sides: Sequence[Endpoint], executor: Elsewhere
) -> None:
    """Make sure that other processes can come to both sides.

    Args:
        places: What the user named.
        given: Their endpoints.
        sides: The endpoints of the run.
        executor: What will run there.

    Raises:
        ConfigError: They cannot.
    """
    for reference, named, side in zip(places, given, sides, strict=True):
        label, url = reference.side, side.url
        if side is not named:
            raise ConfigError(
                f"{label}: this comparator must see what is written, so copies cannot be sent away"
            )
        if side.identity is None:
            raise ConfigError(f"{label}: {url} cannot be found from another process")
        if isinstance(side, LocalEndpoint) and not executor.shares_files:
            raise ConfigError(
                f"{label}: {url} is a directory of this machine; the executor has an option for workers that "
                "have the same one there"
            )
        try:
            pickle.dumps(reference)
        except Exception:  # objects raise what they like
            kind = type(reference.place).__name__
            raise ConfigError(f"{label}: this {kind} cannot be sent to another process; a URL can") from None


class Away:
    """Other processes that do a run's copies.

    Args:
        executor: Runs them.
        places: What the user named.
        roots: What `check_root` told of each side; None where it told nothing.
        bytes_per_s: The most that all of them together may move; None for no limit.
    """

    def __init__(
        self,
        executor: ElsewhereExecutor,
        places: tuple[Reference, Reference],
        roots: tuple[str | None, str | None],
        bytes_per_s: int | None,
    ) -> None:
        self._executor, self._places, self._roots = executor, places, roots
        self._bytes_per_s = bytes_per_s
        self._seat: bytes | None = None

    def takes(self, bench: Workbench, tasks: Sequence[Task]) -> bool:
        """Whether these can be sent away: copies, of which no policy wants the content."""
        return all(
            isinstance(action, CopyFile)
            and not (
                bench.policy is not None
                and bench.policy.keeps(action.path, action.source.size_bytes or 0, None)
            )
            for action in (task.action for task in tasks)
        )

    def send(self, bench: Workbench, tasks: Sequence[Task]) -> Future[list[Outcome]]:
        """Have tasks done; the future holds what `perform_all` would return.

        Work that is lost for good is a problem of its paths: they may or may not be written, which the next
        run sees. Where nothing can be sent any more, the run ends.
        """
        if self._seat is None:
            left, right = (self._way(bench, side) for side in Side)
            self._seat = pickle.dumps(Seat(run=bench.run, ways=(left, right)))
        left_spelled, right_spelled = (
            side.spellings.known if isinstance(side, SpelledEndpoint) else {} for side in bench.sides
        )
        rate = self._bytes_per_s
        errand = Errand(
            run=bench.run,
            seat=self._seat,
            tasks=tasks,
            spellings=(left_spelled, right_spelled),
            bytes_per_s=None if rate is None else max(1, rate // self._executor.processes),
        )
        told: Future[list[Outcome]] = Future()
        try:
            sent = self._executor.submit(do, errand)
        except BrokenExecutor as error:
            lost = SyncAbortedError(f"no more work can be sent to the executor's processes: {error}")
            lost.retryable = True
            told.set_result([failed(tasks[0].action, lost, is_fatal=True)])
        else:
            sent.add_done_callback(partial(_tell, told, bench, tasks))
        return told

    def _way(self, bench: Workbench, which: Side) -> Way:
        side = bench.sides[which]
        spells = isinstance(side, SpelledEndpoint)
        inner = side.inner if isinstance(side, SpelledEndpoint) else side
        reference = self._places[which]
        assert inner.identity is not None
        return Way(
            reference=reference.at(inner.url) if isinstance(inner, LocalEndpoint) else reference,
            kind=type(inner).__qualname__,
            identity=inner.identity,
            root=self._roots[which],
            facts=inner.facts if isinstance(inner, Learning) else None,
            spells=spells,
        )


def _tell(
    told: Future[list[Outcome]], bench: Workbench, tasks: Sequence[Task], sent: Future[list[Outcome]]
) -> None:
    try:
        outcomes = sent.result()
    except (BrokenExecutor, CancelledError):
        lost = PathError(
            "the process that was to do it is lost, and what it did is not known", retryable=True
        )
        outcomes = [failed(task.action, lost) for task in tasks]
    except BaseException as error:
        told.set_exception(error)
        return
    bench.count(sum(outcome.size_bytes for outcome in outcomes))
    told.set_result(outcomes)
