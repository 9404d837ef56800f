"""`run`: one sync as a task of a pipeline. JSON in, JSON out, nothing kept between calls.

Decisions:
    **An incomplete run raises**, as `subprocess.run(check=True)` does: a task that returns has done all. With
    `check=False` the report says what is left.
    **What is raised says whether to retry** (`.retryable`), and pickles: engines send it between processes.
    **A lease by default**, since nobody knows on which machine a retry runs. It lasts two minutes beyond
    its holder's last sign of life, and its `owner` may take it over at once.
    **48,000 bytes**, the least that engines keep of a result (XCom, task results in a database). Lists are
    cut from their end and what is missing is counted; the whole is written to `report_url` on request, in
    the form that `--jsonl` prints: an event a line, the report last.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from syncfs.core.event import Event, EventKind
from syncfs.core.report import Report
from syncfs.core.settings import Mode
from syncfs.errors import ConfigError, SyncfsError

if TYPE_CHECKING:
    from syncfs.endpoint.endpoint import Endpoint

__all__ = ["LARGEST_BYTES", "run"]

LARGEST_BYTES = 48_000
"""The most that `run` returns, as JSON in ASCII."""

_JOURNALLED = frozenset({EventKind.PLANNED, EventKind.DONE, EventKind.FAILED, EventKind.NOTICE})


def run(
    src_url: str,
    dst_url: str,
    *,
    mode: str = "push",
    src_options: Mapping[str, Any] | None = None,
    dst_options: Mapping[str, Any] | None = None,
    compare: str = "auto",
    on_conflict: str | Mapping[str, str] = "newer",
    keep_loser: bool = True,
    delete: str = "auto",
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    keep_filtered: bool = False,
    verify: bool = False,
    state: str | None = "auto",
    state_options: Mapping[str, Any] | None = None,
    trash: bool = True,
    max_delete: str | int = "50%",
    jobs: int = 32,
    bwlimit: int | None = None,
    lease_s: float | None = 120,
    owner: str = "",
    executor: str | None = None,
    disabled_plugins: Sequence[str] = (),
    dry_run: bool = False,
    check: bool = True,
    report_url: str | None = None,
    report_options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Push, pull or sync one pair: a task that takes JSON values and returns them.

    It opens both places itself and keeps nothing, so that it may run on any machine; doing it twice is doing
    it once. Killing it at any moment is safe: the next run goes on where it stopped.

    Args:
        src_url: The first directory: a URL or a path.
        dst_url: The second one. `push` copies from the first to the second, `pull` the other way.
        mode: `push`, `pull` or `sync`.
        src_options: fsspec storage options for `src_url`. Secrets by reference: a value `env:NAME` is taken
            from the worker's environment.
        dst_options: The same for `dst_url`.
        compare: This and what is not described here: as for `Syncer`; a plugin by its name, with its options
            (`NAME:KEY=VALUE`).
        on_conflict: As for `Syncer`.
        keep_loser: As for `Syncer`.
        delete: As for `Syncer`.
        include: gitignore patterns, or `filter:NAME`.
        exclude: The same.
        keep_filtered: As for `Syncer`.
        verify: As for `Syncer`.
        state: Where the base lives: for workers without a disk of their own a URL, such as
            `s3://bucket/states/docs.sqlite`.
        state_options: fsspec storage options for that URL.
        trash: As for `Syncer`.
        max_delete: As for `Syncer`.
        jobs: As for `Syncer`.
        bwlimit: As for `Syncer`.
        lease_s: As for `Syncer`; None for none.
        owner: What a retry of this task has in common with it (`DAG/TASK/RUN`, say): it then takes over the
            lease that its dead predecessor left.
        executor: An executor plugin's name.
        disabled_plugins: Names of plugins to leave out, as `-p no:NAME` does.
        dry_run: Only say what would be done.
        check: Raise where something was left undone; False: only report it.
        report_url: Where to write everything: each thing done, and the whole report; replaces what is there.
        report_options: fsspec storage options for that URL.

    Returns:
        What `Report.to_dict()` gives, and `retryable`: whether a further run may do what this one left. Its
        JSON is at most 48,000 bytes; what was cut off is counted in `truncated`. `report_url` is there where
        one was given.

    Raises:
        ConfigError: The arguments contradict each other or name something unknown.
        LockedError: Another run works on this pair, on this machine or elsewhere; retryable.
        SyncAbortedError: The run stopped; its `report` tells how far it came.
        IncompleteSyncError: Paths failed or conflicts are open; retryable if all of that may pass.
    """
    from syncfs.plugin import load
    from syncfs.syncer import Syncer

    for name, url in (("src_url", src_url), ("dst_url", dst_url)):
        if not isinstance(url, str):
            raise ConfigError(f"{name}: a URL or a path as text, not a {type(url).__name__}")
    verb = Mode.parse(mode).value
    plugins = load(disabled=disabled_plugins)
    with _journal(report_url, report_options, plugins.endpoint) as journal:
        syncer = Syncer(
            src_url,
            dst_url,
            src_options=src_options,
            dst_options=dst_options,
            compare=compare,
            on_conflict=on_conflict,
            keep_loser=keep_loser,
            delete=delete,
            include=include,
            exclude=exclude,
            keep_filtered=keep_filtered,
            verify=verify,
            state=state,
            state_options=state_options,
            trash=trash,
            max_delete=max_delete,
            jobs=jobs,
            bwlimit=bwlimit,
            lease_s=lease_s,
            owner=owner,
            executor=executor,
            plugins=plugins,
            progress=None if journal is None else journal.note,
        )
        try:
            report: Report = getattr(syncer, verb)(dry_run=dry_run)
        except SyncfsError as error:
            if journal is not None:
                journal.publish(getattr(error, "report", None), error)
            raise
        result = report.to_dict() | {"retryable": report.is_retryable}
        if journal is not None:
            result["notices"] = [*result["notices"], *journal.publish(report)]
            result["report_url"] = journal.url
    if check and not dry_run:
        report.raise_for_problems()
    return _cut(result)


def _cut(result: dict[str, Any]) -> dict[str, Any]:
    """Shorten the lists of a report until its JSON is small enough; what is missing is counted."""
    lists = ("conflicts", "problems", "notices")
    missing = dict(result.get("truncated", {}))
    whole = {name: [len(json.dumps(each)) + 2 for each in result[name]] for name in lists}
    bare = {**result, **dict.fromkeys(lists, ()), "truncated": dict.fromkeys(lists, 10**9)}
    left = LARGEST_BYTES - len(json.dumps(bare))
    for index, name in enumerate(lists):
        room = left // (len(lists) - index)  # what one list does not need is for the next
        kept = 0
        while kept < len(whole[name]) and whole[name][kept] <= room:
            room -= whole[name][kept]
            left -= whole[name][kept]
            kept += 1
        if lost := len(whole[name]) - kept:
            result[name] = result[name][:kept]
            missing[name] = missing.get(name, 0) + lost
    return {**result, "truncated": missing} if missing else result


class _Journal:
    """Everything that a run tells, in a file that goes to a URL at its end."""

    def __init__(self, url: str, directory: Endpoint, name: str, file: IO[bytes]) -> None:
        self.url = url
        self._directory, self._name, self._file = directory, name, file

    def note(self, events: Sequence[Event]) -> None:
        """Take events; those that only show progress are left out."""
        for event in events:
            if event.kind in _JOURNALLED:
                self._write(event.to_dict())

    def publish(self, report: Report | None, error: SyncfsError | None = None) -> list[str]:
        """Write the report, and all to its place.

        Returns:
            What went wrong with that, in words: what was synced stays synced.
        """
        from syncfs.endpoint.endpoint import CHUNK_BYTES, Content

        said = {} if error is None else {"ok": False, "error": str(error), "retryable": error.retryable}
        self._write({"event": "report", **({} if report is None else report.to_dict(most=None)), **said})
        try:
            size = self._file.tell()
            self._file.seek(0)
            content = Content(size_bytes=size, chunks=iter(lambda: self._file.read(CHUNK_BYTES), b""))
            expect = self._directory.stat(self._name)
            token = f"{os.getpid():x}x{random.getrandbits(32):x}-0"
            self._directory.write(self._name, content, expect=expect, token=token)
        except (OSError, SyncfsError) as failure:
            return [f"the report could not be written to {self.url}: {failure}"]
        return []

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line).encode() + b"\n")


@contextmanager
def _journal(url: str | None, options: Mapping[str, Any] | None, adapt: Any) -> Iterator[_Journal | None]:
    """A journal for this URL, whose directory must be there before anything is done; None for none."""
    if url is None:
        yield None
        return
    from syncfs.endpoint.redact import redact
    from syncfs.endpoint.resolve import resolve

    place, _, name = url.rpartition("/")
    if not place or not name:
        raise ConfigError(f"report_url: {redact(url)} names no file in a directory")
    directory = resolve(place, options=options, side="report_url", adapt=adapt)
    directory.check_root()
    with tempfile.TemporaryFile(prefix="syncfs-report-") as file:
        yield _Journal(redact(url), directory, name, file)
