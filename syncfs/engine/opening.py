"""Open everything that one run needs, in order, and close it again at its end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, cast

from syncfs.core.compare import BindableComparator, Comparator
from syncfs.core.conflict import ConflictPolicy
from syncfs.core.entry import Side
from syncfs.core.event import Event, EventKind
from syncfs.core.selection import Selection
from syncfs.core.settings import Delete, MaxDelete, Mode, Settings
from syncfs.endpoint.endpoint import Endpoint
from syncfs.engine.job import Job, Roots, checked_roots, run_id, spelling
from syncfs.engine.tell import Listener, Teller, told
from syncfs.errors import ConfigError
from syncfs.plugin import Plugins
from syncfs.store.location import lock_path, open_store, swapped_exists
from syncfs.store.lock import PairLock
from syncfs.store.store import Store

if TYPE_CHECKING:
    from fsspec.callbacks import Callback

__all__ = ["Choices", "Opened", "bound", "opened", "stored"]

logger = logging.getLogger("syncfs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the user chose, checked: the arguments of `Syncer`, which says what each means."""

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
    state: str | PathLike[str] | None
    trash: bool
    jobs: int
    bytes_per_s: int | None
    lease_s: float | None
    executor: Executor | None
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
        job: What the phases share.
        settings: What the core needs to know.
        roots: What was found where the roots should be.
        notices: What the user should know before anything happens.
        failures: What observers raised, growing.
    """

    job: Job
    settings: Settings
    roots: Roots
    notices: tuple[str, ...]
    failures: list[str]


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
    sides, plugins = choices.sides, choices.plugins
    with ExitStack() as stack:
        path = lock_path(choices.state, *choices.identities)
        if path is not None and not read_only:
            stack.enter_context(PairLock(path, mode=name))
        store = stack.enter_context(stored(choices, read_only=read_only))
        failures = list(plugins.run_started(name, sides[0].url, sides[1].url))
        teller = Teller(_listeners(choices, failures))
        stack.callback(teller.flush)
        notices = _notices(choices, store)
        for message in notices:
            logger.warning("%s", message)
            teller(Event(kind=EventKind.NOTICE, message=message))
        job = Job(
            sides=sides,
            store=store,
            records=store,
            jobs=choices.jobs,
            emit=teller,
            cancel=choices.cancel,
            executor=choices.executor,
            bytes_per_s=choices.bytes_per_s,
        )
        roots = checked_roots(job, mode)
        for side in Side:
            if mode.sender is not side and not sides[side].capabilities.is_writable:
                raise ConfigError(f"{side.label}: {sides[side].url} can only be read")
        if choices.lease_s is not None and not read_only and not any(roots.missing):
            from syncfs.engine.lease import leased

            stack.enter_context(leased(sides, choices.lease_s, run_id(time.time_ns()), choices.cancel))
        yield Opened(
            job=spelling(job),
            settings=_settings(choices, mode, delete, store),
            roots=roots,
            notices=notices,
            failures=failures,
        )


@contextmanager
def stored(choices: Choices, *, read_only: bool) -> Iterator[Store]:
    """The state of the pair."""
    store = open_store(choices.state, *choices.identities, read_only=read_only)
    try:
        yield store
    finally:
        store.close()


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
