"""`Syncer`: two directories kept in step."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

from syncfs.core.compare import Comparator
from syncfs.core.entry import Side
from syncfs.core.event import Event
from syncfs.core.plan import Plan
from syncfs.core.report import Report
from syncfs.core.selection import Filter, Only, Selection
from syncfs.core.settings import Delete, MaxDelete, Mode
from syncfs.engine.opening import Choices, Opened, bound, ended, learnt, opened, stored
from syncfs.engine.pipeline import carry_out, make_plan, put_back, still_valid
from syncfs.errors import ConfigError, UnsafePlanError
from syncfs.plugin import ExecutorStrategy, StateStore
from syncfs.store.location import is_url
from syncfs.store.store import Run, Trashed

if TYPE_CHECKING:
    from fsspec.callbacks import Callback

__all__ = ["Syncer"]

logger = logging.getLogger("syncfs")

Place = Any
"""An fsspec filesystem, a `UPath`, a `pathlib.Path`, a URL or path string, or an `Endpoint`."""

Progress = Callable[[Sequence[Event]], object]


class Syncer:
    """Keeps two directories in step: pushes, pulls, or syncs both ways.

    A Syncer holds nothing open between calls, never closes a filesystem it was given, and may be used by
    several threads at once (of two runs of one pair the second fails at once with `LockedError`).

    Args:
        src_fs: The first directory: an fsspec filesystem (also a `DirFileSystem`), a `UPath`, a
            `pathlib.Path`, or a URL or path (`~/docs`, `webdavs://user@host/dav/docs`, `s3://bucket/x`).
        dst_fs: The second one. `push` copies from the first to the second, `pull` the other way.
        src_path: The directory inside `src_fs`.
        dst_path: The directory inside `dst_fs`.
        src_options: fsspec storage options where `src_fs` is a URL; a value `env:NAME` is taken from the
            environment.
        dst_options: The same for `dst_fs`.
        compare: How two files are compared where the base does not tell: `auto`, `size`, `mtime`, `etag`,
            `digest`, `content`, `newer-or-size`, a plugin's name, or a comparator object. Options may follow
            a name, here and wherever a plugin is named: `NAME:KEY=VALUE,KEY=VALUE`.
        on_conflict: Who wins when both sides hold different content: `newer`, `older`, `larger`,
            `smaller`, `src`, `dst`, `keep-both`, `skip`, `fail`, a plugin's name, a policy object, a
            callable taking a `Conflict` and returning a `Resolution` or its value, or a mapping of
            gitignore patterns to any of these.
        keep_loser: Keep a conflict's loser beside the winner under a fresh name; False moves it to the
            trash.
        delete: `none`, `synced` (what both sides once agreed on and is unchanged since), `extra` (exact
            mirror, one-way only), or `auto`: `none` for push and pull, `synced` for sync.
        include: gitignore patterns or `Filter` objects, or `filter:NAME` for a plugin's; where given, only
            what matches is synced.
        exclude: The same for what is left alone on both sides; exclude wins.
        keep_filtered: Keep the records of excluded paths, for one-off selective runs.
        verify: Read the contents of both sides instead of trusting the base.
        state: Where the base lives: `auto` (one file per pair under the user's state directory), the path
            of a file, the URL of one (for workers without a disk of their own: it is fetched, and published
            only over the version that was fetched), `store:NAME` for a plugin's, a state store object, or
            None: every run is then a first run.
        state_options: fsspec storage options where `state` is a URL, as `src_options`.
        trash: What a run removes goes to `.syncfs/trash` on its side instead of being deleted.
        max_delete: How much a run may remove before it is refused: `"50%"` of that side's recorded files,
            or a number of files.
        jobs: The most transfers at once.
        bwlimit: The most bytes a second, all transfers together; None for no limit.
        lease_s: Hold a lease beside the data of every side that a run writes to and that is not this
            machine's disk, for two machines that share a remote; it is anyone's after so many seconds
            without a sign of life. None: no lease, which saves a few requests a run.
        owner: Who holds that lease (a task and its run, say): a lease that the same owner left behind is
            taken over at once, so that a retry need not wait for its dead predecessor's to expire.
        executor: A `concurrent.futures.Executor` for the transfers, which is never shut down; a plugin's
            name or an executor strategy, which makes one for each run; None for threads.
        plugins: Plugin objects to use besides those that are installed, or a manager made by
            `syncfs.plugin.load`.
        progress: An fsspec `Callback`, or a callable that takes sequences of `Event`; called from one
            thread.
        cancel: Stops the run when set, as SIGINT does: running copies finish and are recorded.

    Raises:
        ConfigError: The arguments contradict each other or name something unknown. Nothing was read.
    """

    def __init__(
        self,
        src_fs: Place,
        dst_fs: Place,
        *,
        src_path: str = "",
        dst_path: str = "",
        src_options: Mapping[str, Any] | None = None,
        dst_options: Mapping[str, Any] | None = None,
        compare: str | Comparator = "auto",
        on_conflict: Any = "newer",
        keep_loser: bool = True,
        delete: str = "auto",
        include: Sequence[str | Filter] = (),
        exclude: Sequence[str | Filter] = (),
        keep_filtered: bool = False,
        verify: bool = False,
        state: str | PathLike[str] | StateStore | None = "auto",
        state_options: Mapping[str, Any] | None = None,
        trash: bool = True,
        max_delete: str | int = "50%",
        jobs: int = 32,
        bwlimit: int | None = None,
        lease_s: float | None = None,
        owner: str = "",
        executor: str | Executor | ExecutorStrategy | None = None,
        plugins: Any = None,
        progress: Callback | Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        from syncfs.endpoint.reference import Reference
        from syncfs.endpoint.resolve import overlap
        from syncfs.plugin import load

        loaded = load(plugins)
        Delete.parse(delete, Mode.PUSH)
        if type(jobs) is not int or jobs < 1:
            raise ConfigError(f"jobs: a whole number of at least 1, not {jobs!r}")
        if bwlimit is not None and bwlimit < 1:
            raise ConfigError(f"bwlimit: bytes per second, at least 1, not {bwlimit!r}")
        if lease_s is not None and lease_s < 3:
            raise ConfigError(f"lease_s: at least 3 seconds, not {lease_s!r}")
        if state_options and not is_url(state):
            raise ConfigError("state_options are for a state at a URL")
        src = Reference(place=src_fs, path=src_path, options=dict(src_options or {}), side="src")
        dst = Reference(place=dst_fs, path=dst_path, options=dict(dst_options or {}), side="dst")
        self._choices = Choices(
            places=(src, dst),
            sides=(src.open(loaded.endpoint), dst.open(loaded.endpoint)),
            plugins=loaded,
            compare=loaded.comparator(compare),
            policy=loaded.policy(on_conflict),
            selection=Selection(loaded.selectors(include), loaded.selectors(exclude)),
            delete=delete,
            max_delete=MaxDelete.parse(max_delete),
            keep_loser=keep_loser,
            keep_filtered=keep_filtered,
            verify=verify,
            state=loaded.state(state),
            state_options=dict(state_options or {}),
            trash=trash,
            jobs=jobs,
            bytes_per_s=bwlimit,
            lease_s=lease_s,
            owner=owner,
            executor=loaded.executor(executor),
            progress=progress,
            cancel=threading.Event() if cancel is None else cancel,
        )
        if reason := overlap(*self._choices.sides):
            raise ConfigError(reason)
        if delete == "synced" and state is None:
            raise ConfigError("delete='synced' needs a state: it removes what was synced before")

    def __repr__(self) -> str:
        return f"Syncer({self.src!r}, {self.dst!r})"

    @property
    def src(self) -> str:
        """The first root, for users; no secrets."""
        return self._choices.sides[0].url

    @property
    def dst(self) -> str:
        """The second root, for users; no secrets."""
        return self._choices.sides[1].url

    def plan(self, mode: str) -> Plan:
        """Say what a run would do; writes nothing anywhere.

        Args:
            mode: `push`, `pull` or `sync`.

        Raises:
            ConfigError: The mode does not go with the arguments.
            EndpointUnavailableError: A root is missing, unreachable, or refuses the credentials.
        """
        with opened(self._choices, Mode.parse(mode), read_only=True) as run:
            plan, _ = make_plan(run.job, run.settings, run.roots)
            self._ended(run, Report.forecast(plan, run.notices))
            return plan

    def apply(self, plan: Plan) -> Report:
        """Do what a plan says, path by path; what has gone stale since is refused and reported.

        Raises:
            UnsafePlanError: A guard refuses the plan; nothing was written.
            SyncAbortedError: The run stopped; its `report` tells how far it came.
        """
        with opened(self._choices, plan.mode, read_only=False) as run:
            plan = still_valid(plan, run.job)
            self._check(run, plan)
            learnt(self._choices, run, plan)
            return self._carry_out(run, plan, ())

    def push(self, *, dry_run: bool = False) -> Report:
        """Copy what is missing or changed from src to dst; src is never written.

        Args:
            dry_run: Only say what would be done.

        Returns:
            The report; `raise_for_problems()` turns what is in it into an exception.

        Raises:
            UnsafePlanError: A guard refuses the plan; nothing was written.
            SyncAbortedError: The run stopped; its `report` tells how far it came.
        """
        return self._run(Mode.PUSH, dry_run)

    def pull(self, *, dry_run: bool = False) -> Report:
        """Copy what is missing or changed from dst to src; dst is never written. See `push`."""
        return self._run(Mode.PULL, dry_run)

    def sync(self, *, dry_run: bool = False) -> Report:
        """Bring changes of both sides to the other. See `push`."""
        return self._run(Mode.SYNC, dry_run)

    def history(self) -> list[Run]:
        """The runs of this pair that did something, newest first; one without `finished_ns` died.

        What a run removed and `restore` can bring back is in its `trashed`.
        """
        with stored(self._choices, read_only=True) as store:
            trashed: dict[str, list[Trashed]] = {}
            for item in store.trashed():
                trashed.setdefault(item.run, []).append(item)
            return [replace(run, trashed=tuple(trashed.get(run.id, ()))) for run in store.runs()]

    def conflicts(self) -> list[dict[str, Any]]:
        """The conflicts that the last run left open, as a report lists them; reads only the state."""
        with stored(self._choices, read_only=True) as store:
            return store.open_conflicts()

    def resolve(self, path: str, choice: str) -> Report:
        """Settle one conflict for good, on both sides; nothing else is touched.

        Args:
            path: The contested path, relative to both roots.
            choice: `src`, `dst` or `keep-both`. Whoever wins, the loser is kept as in every run.

        Raises:
            ConfigError: No conflict is open under this path, or the choice is none of these.
        """
        if choice not in ("src", "dst", "keep-both"):
            raise ConfigError(f"resolve: src, dst or keep-both, not {choice!r}")
        if path not in (conflict["path"] for conflict in self.conflicts()):
            raise ConfigError(f"no conflict is open under {path!r}")
        with opened(self._choices, Mode.SYNC, read_only=False, name="resolve") as run:
            settings = replace(
                run.settings,
                compare=bound(self._choices, self._choices.plugins.comparator("auto")),
                policy=self._choices.plugins.policy(choice),
                selection=Only(path),
                delete=Delete.SYNCED if run.settings.has_base else Delete.NONE,
                keep_filtered=True,
            )
            plan, _ = make_plan(run.job, settings, run.roots)
            others = [conflict for conflict in run.job.store.open_conflicts() if conflict["path"] != path]
            return self._carry_out(run, plan, (), open_conflicts=others)

    def restore(self, run: str | None = None) -> Report:
        """Put back what a run removed, from the trash of both sides.

        What stands in a file's place meanwhile stays; the restored file then comes beside it.

        Args:
            run: The run's id, as `history` shows it; None: the last run that removed something.

        Returns:
            A report of mode `restore`; `renamed` counts what came back.

        Raises:
            ConfigError: That run's removals are not in the trash.
        """
        with opened(self._choices, Mode.SYNC, read_only=False, name="restore") as this:
            return self._ended(this, put_back(this.job, run))

    def _run(self, mode: Mode, dry_run: bool) -> Report:
        with opened(self._choices, mode, read_only=dry_run) as run:
            plan, leftovers = make_plan(run.job, run.settings, run.roots)
            self._check(run, plan)
            if dry_run:
                return self._ended(run, Report.forecast(plan, run.notices))
            if (anew := learnt(self._choices, run, plan)) is not None:
                run = anew
                plan, leftovers = make_plan(run.job, run.settings, run.roots)
                self._check(run, plan)
            return self._carry_out(run, plan, leftovers)

    def _check(self, run: Opened, plan: Plan) -> None:
        """Show the plan to observers, then to guards."""
        run.failures.extend(self._choices.plugins.plan_ready(plan))
        if reasons := self._choices.plugins.check_plan(plan, run.settings):
            raise UnsafePlanError(reasons)

    def _carry_out(
        self,
        run: Opened,
        plan: Plan,
        leftovers: Sequence[tuple[Side, str]],
        open_conflicts: Sequence[dict[str, Any]] = (),
    ) -> Report:
        report = carry_out(
            run.job,
            plan,
            trash=self._choices.trash,
            roots=run.roots,
            policy=self._choices.policy,
            leftovers=leftovers,
            open_conflicts=open_conflicts,
            notices=run.notices,
        )
        logger.info("%s %s %s: %s", plan.mode.value, plan.src, plan.dst, report.to_dict())
        return self._ended(run, report)

    def _ended(self, run: Opened, report: Report) -> Report:
        """Tell observers, after everything else, and the user of those that failed."""
        run.flush()
        return ended(self._choices.plugins, report, run.failures)
