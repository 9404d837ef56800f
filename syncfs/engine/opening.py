"""Open everything that one run needs, in order, and close it again at its end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any, cast

from syncfs.core.action import RecordAgreement
from syncfs.core.compare import BindableComparator, Comparator
from syncfs.core.conflict import ConflictPolicy
from syncfs.core.entry import Side
from syncfs.core.event import Event, EventKind
from syncfs.core.plan import Plan
from syncfs.core.problem import Problem
from syncfs.core.report import Report
from syncfs.core.selection import Selection
from syncfs.core.settings import Delete, MaxDelete, Mode, Settings
from syncfs.endpoint.endpoint import AttachingStrategy, Endpoint, Learning
from syncfs.endpoint.reference import Reference
from syncfs.endpoint.resolve import hint_of
from syncfs.engine.job import Job, Roots, checked_roots, run_id, spelling
from syncfs.engine.tell import Listener, Teller, told
from syncfs.errors import ConfigError, SyncfsError
from syncfs.plugin import Elsewhere, ExecutorStrategy, Plugins, StateStore
from syncfs.store.location import is_url, lock_path, open_store, swapped_exists
from syncfs.store.lock import PairLock
from syncfs.store.store import Store

if TYPE_CHECKING:
    from fsspec.callbacks import Callback

__all__ = ["Choices", "Opened", "bound", "ended", "learnt", "opened", "stored"]

logger = logging.getLogger("syncfs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the user chose, checked: the arguments of `Syncer`, which says what each means."""

    places: tuple[Reference, Reference]
    sides: tuple[Endpoint, Endpoint]
    plugins: Plugins
    compare: Comparator
    policy: ConflictPolicy
    selection: Selection
    delete: str
    max_delete: MaxDelete
    keep_loser: bool
    keep_filtered: bool
    verify: bool
    state: str | PathLike[str] | StateStore | None
    state_options: Mapping[str, Any]
    trash: bool
    jobs: int
    bytes_per_s: int | None
    lease_s: float | None
    owner: str
    executor: Executor | ExecutorStrategy | None
    progress: Callback | Listener | None
    cancel: threading.Event

    @property
    def identities(self) -> tuple[str | None, str | None]:
        """What names the two roots."""
        return self.sides[0].identity, self.sides[1].identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What is open during one run.

    Attributes:
        sides: The left and the right endpoint, as the comparator has them.
        job: What the phases share.
        settings: What the core needs to know.
        roots: What was found where the roots should be.
        notices: What the user should know before anything happens.
        failures: What observers raised, growing.
        flush: Hands on the events that are still held back.
    """

    sides: tuple[Endpoint, Endpoint]
    job: Job
    settings: Settings
    roots: Roots
    notices: tuple[str, ...]
    failures: list[str]
    flush: Callable[[], None]


@contextmanager
def opened(choices: Choices, mode: Mode, *, read_only: bool, name: str = "") -> Iterator[Opened]:
    """Everything that one run needs.

    Args:
        choices: What the user chose.
        mode: Which way changes flow.
        read_only: Nothing will be written: no lock is taken, and a missing state is an empty one.
        name: What the run calls itself, where it is no plain push, pull or sync.

    Raises:
        ConfigError: The mode does not go with what was chosen.
        LockedError: Another run works on this pair.
        EndpointUnavailableError: A root is missing, unreachable, or refuses the credentials.
        StoreError: The state cannot be used.
    """
    delete = Delete.parse("auto" if name else choices.delete, mode)
    if getattr(choices.compare, "directed", False) and mode is Mode.SYNC and not name:
        compare = choices.compare.name
        raise ConfigError(f"compare={compare!r} asks which side sends: it goes with push and pull only")
    name = name or mode.value
    plugins = choices.plugins
    with ExitStack() as stack:
        path = lock_path(choices.state, *choices.identities)
        lock = ""
        if path is not None and not read_only:
            lock = stack.enter_context(PairLock(path, mode=name)).identity
        store = stack.enter_context(stored(choices, read_only=read_only))
        failures = list(plugins.run_started(name, choices.sides[0].url, choices.sides[1].url))
        stack.enter_context(_watched(plugins, name, failures))
        teller = Teller(_listeners(choices, failures))
        stack.callback(teller.flush)
        notices = _notices(choices, store)
        for message in notices:
            logger.warning("%s", message)
            teller(Event(kind=EventKind.NOTICE, message=message))
        left, right = (
            stack.enter_context(_attached(choices, side, may_write=not read_only and mode.sender is not side))
            for side in Side
        )
        sides = (left, right)
        if isinstance(choices.executor, Elsewhere):
            from syncfs.engine.away import demand_reachable

            demand_reachable(choices.places, choices.sides, sides, choices.executor)
        job = Job(
            sides=sides,
            store=store,
            records=store,
            jobs=choices.jobs,
            emit=teller,
            cancel=choices.cancel,
            executor=choices.executor,
            places=choices.places,
            bytes_per_s=choices.bytes_per_s,
        )
        for side in Side:
            if isinstance(endpoint := sides[side], Learning):
                endpoint.recall(store.facts_of(side))
                if not read_only:
                    stack.callback(_remember, store, side, endpoint)
        for side in Side:
            if mode.sender is not side and not sides[side].capabilities.is_writable:
                url = sides[side].url
                hint = hint_of(url.partition("://")[0])
                raise ConfigError(f"{side.label}: {url} can only be read{hint}")
        roots = checked_roots(job, mode)
        if choices.lease_s is not None and not read_only:
            from syncfs.engine.lease import leased

            written = [(s, sides[s]) for s in Side if mode.sender is not s and not roots.missing[s]]
            run = run_id(time.time_ns())
            owner = choices.owner
            stack.enter_context(leased(written, choices.lease_s, run, choices.cancel, owner=owner, lock=lock))
        yield Opened(
            sides=sides,
            job=spelling(job),
            settings=_settings(choices, mode, delete, store),
            roots=roots,
            notices=notices,
            failures=failures,
            flush=teller.flush,
        )


def learnt(choices: Choices, run: Opened, plan: Plan) -> Opened | None:
    """Find out, before the first write to a side, what it can do, where that is not known.

    Returns:
        The run as it is now where what was found changes what plans rest on, so that one must be made
        anew; None where the plan holds.

    Raises:
        EndpointUnavailableError: The side is gone.
    """
    written = {action.side for action in plan.actions if not isinstance(action, RecordAgreement)}
    is_new = False
    for side in sorted(written):
        endpoint = run.sides[side]
        if isinstance(endpoint, Learning) and not run.roots.missing[side]:
            is_new |= endpoint.learn()
            _remember(run.job.store, side, endpoint)
    if not is_new:
        return None
    job = replace(run.job, sides=run.sides, records=run.job.store)
    settings = replace(
        run.settings,
        compare=bound(choices, choices.compare),
        capabilities=(choices.sides[0].capabilities, choices.sides[1].capabilities),
    )
    return replace(run, job=spelling(job), settings=settings)


def _attached(choices: Choices, side: Side, *, may_write: bool) -> AbstractContextManager[Endpoint]:
    """A side as the comparator wants it during the run."""
    endpoint, compare = choices.sides[side], choices.compare
    if isinstance(compare, AttachingStrategy):
        return compare.attach(endpoint, may_write=may_write)
    return nullcontext(endpoint)


def _remember(store: Store, side: Side, endpoint: Learning) -> None:
    """Keep what an endpoint has learnt for the next run."""
    if endpoint.facts is not None:
        store.set_facts(side, endpoint.facts)


@contextmanager
def stored(choices: Choices, *, read_only: bool) -> Iterator[Store]:
    """The state of the pair."""
    store = _open(choices, read_only=read_only)
    try:
        yield store
    finally:
        store.close()


def _open(choices: Choices, *, read_only: bool) -> Store:
    state, (left, right) = choices.state, choices.identities
    is_plain = state is None or (isinstance(state, str | PathLike) and not is_url(state))
    if is_plain or left is None or right is None:
        plain = cast("str | PathLike[str] | None", state) if is_plain else "auto"
        return open_store(plain, left, right, read_only=read_only)
    if not isinstance(state, str):
        return cast(StateStore, state).open(left, right, read_only=read_only)
    from syncfs.engine.remote_state import open_remote

    return open_remote(
        state,
        left=left,
        right=right,
        read_only=read_only,
        options=choices.state_options,
        adapt=choices.plugins.endpoint,
        sides=choices.sides,
    )


@contextmanager
def _watched(plugins: Plugins, name: str, failures: list[str]) -> Iterator[None]:
    """Tell observers of a run that is stopped; of one that is not, whoever has its report tells them."""
    try:
        yield
    except SyncfsError as error:
        report = getattr(error, "report", None)
        if report is not None:
            error.report = ended(plugins, report, failures)  # type: ignore[attr-defined]
        else:
            said = Problem(path="", side=None, message=str(error), retryable=error.retryable)
            ended(plugins, Report(mode=name, problems=(said,)), failures)
        raise


def ended(plugins: Plugins, report: Report, failures: list[str]) -> Report:
    """Tell observers how a run ended.

    Returns:
        The report, with a problem for each thing that observers raised meanwhile.
    """
    failures.extend(plugins.run_finished(report))
    once = dict.fromkeys(failures)  # an observer that fails often fails once for the user
    problems = (Problem(path="", side=None, message=each, kind="plugin") for each in once)
    return replace(report, problems=(*report.problems, *problems))


def bound(choices: Choices, compare: Comparator) -> Comparator:
    """A comparator as it is between these two sides."""
    if isinstance(compare, BindableComparator):
        return compare.bind(choices.sides[0].capabilities, choices.sides[1].capabilities)
    return compare


def _settings(choices: Choices, mode: Mode, delete: Delete, store: Store) -> Settings:
    return Settings(
        mode=mode,
        delete=delete,
        compare=bound(choices, choices.compare),
        policy=choices.policy,
        selection=choices.selection,
        capabilities=(choices.sides[0].capabilities, choices.sides[1].capabilities),
        keep_loser=choices.keep_loser,
        trash=choices.trash,
        has_base=store.is_durable,
        verify=choices.verify,
        keep_filtered=choices.keep_filtered,
        max_delete=choices.max_delete,
        stamp=time.strftime("%Y%m%dT%H%M%S"),
    )


def _notices(choices: Choices, store: Store) -> tuple[str, ...]:
    """What the user should know before anything happens."""
    notices = [store.notice] if store.notice else []
    left, right = choices.identities
    if choices.state == "auto" and left is not None and right is not None and swapped_exists(left, right):
        notices.append(
            "this pair was synced before with src and dst the other way round; that is another pair, "
            "so this is a first run"
        )
    return tuple(notices)


def _listeners(choices: Choices, failures: list[str]) -> list[Listener]:
    """Who hears what happens: the caller's progress, and observers, whose failures are collected."""
    listeners: list[Listener] = []
    if callable(getattr(choices.progress, "relative_update", None)):
        listeners.append(told(cast("Callback", choices.progress)))
    elif choices.progress is not None:
        listeners.append(cast("Listener", choices.progress))
    if choices.plugins.has_observers:
        listeners.append(lambda events: failures.extend(choices.plugins.events(events)))
    return listeners
