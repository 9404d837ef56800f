"""A lock beside the data, with an owner and an expiry: for two machines that share one remote.

The lock on this machine excludes runs of this machine only. A lease is a small file, `.syncfs/lease`, in
the roots that a run writes to and that are not on this machine's disks. It costs a few requests a run, also
where there is nothing to do, so it is asked for (`lease_s=`).

Decisions:
    Whether a lease has expired is judged by the clock of the side that holds it: its file's mtime against
    that side's present time. The machines' own clocks may be wrong. Where a side's clock was not measured,
    the time is asked for by writing a file and looking at its mtime; only while somebody holds the lease.

    The file is made only where nothing is (the protocol's own create-if-absent), and read back: of two
    that found no lease at the same moment, one sees the other's name and leaves.

    A dead predecessor's lease need not have expired. Its file names the lock on the holder's own machine:
    who holds that very lock knows that its former holder has ended. And an owner who comes again (the retry
    of a task, on another machine) takes his own lease over at once; should the predecessor still live, it
    sees at its next renewal that the lease is another's, and stops.

    A side that is only read gets no lease: a push never writes to its source.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from syncfs.core.entry import Entry, Side
from syncfs.endpoint.endpoint import Content, Endpoint
from syncfs.errors import CancelledSyncError, LockedError, PathError, StaleEntryError, SyncfsError

__all__ = ["leased"]

DIRECTORY = ".syncfs"
PATH = f"{DIRECTORY}/lease"
_numbers = itertools.count()


@contextmanager
def leased(
    sides: Iterable[tuple[Side, Endpoint]],
    lease_s: float,
    run: str,
    cancel: threading.Event,
    *,
    owner: str = "",
    lock: str = "",
) -> Iterator[None]:
    """Hold a lease on every given side that is not a disk of this machine, for as long as the block runs.

    Args:
        sides: Those that the run writes to, their roots checked and there.
        lease_s: After so long without a sign of life the lease is anyone's.
        run: The run's id.
        cancel: Set when a lease is lost, so that the run stops, and cleared when it has.
        owner: On whose behalf: a lease that the same owner left is taken over at once. Empty for nobody's.
        lock: Names the lock of this machine that is held meanwhile; empty without one.

    Raises:
        LockedError: Somebody holds one (the message says who and until when), or took it while the block ran.
    """
    with ExitStack() as stack:
        for side, endpoint in sides:
            if not endpoint.capabilities.reads_cheaply:
                stack.enter_context(_held(_Lease(endpoint, side, lease_s, run, owner, lock), cancel))
        yield


@contextmanager
def _held(lease: _Lease, cancel: threading.Event) -> Iterator[None]:
    lease.take()
    ended, lost = threading.Event(), threading.Event()

    def renew() -> None:
        while not ended.wait(lease.lease_s / 3):
            try:
                lease.renew()
            except (StaleEntryError, LockedError):
                lost.set()  # somebody took it for dead: two runs must not go on at once
                cancel.set()
                return
            except (OSError, SyncfsError):
                continue  # the next try may get through before it expires

    thread = threading.Thread(target=renew, name="syncfs-lease", daemon=True)
    thread.start()
    try:
        yield
    except CancelledSyncError as error:
        if not lost.is_set():
            raise
        failure = lease.locked("the lease on {side} was lost to {holder}; what was done is recorded")
        failure.report = error.report
        raise failure from error
    finally:
        ended.set()
        thread.join()
        if lost.is_set():
            cancel.clear()  # it is the caller's, and the next run may have it
        with suppress(OSError, SyncfsError):
            lease.give_back()


@dataclass(slots=True)
class _Lease:
    endpoint: Endpoint
    side: Side
    lease_s: float
    run: str
    owner: str
    lock: str
    entry: Entry | None = None

    def take(self) -> None:
        """Make the file where none is, or take over one that has expired."""
        self.endpoint.make_directory(DIRECTORY)
        for _ in range(2):
            found = self.endpoint.stat(PATH)
            if found is not None:
                if not self._is_ours_to_take(found):
                    raise self.locked()
                with suppress(StaleEntryError):
                    self.endpoint.remove_file(PATH, expect=found)
            try:
                self._write(None)
            except StaleEntryError:
                continue  # another one was faster
            return
        raise self.locked()

    def renew(self) -> None:
        """Write the file anew, which moves its mtime."""
        self._write(self.entry)

    def give_back(self) -> None:
        """Remove the file, if it is still ours."""
        if self.entry is not None and self._holder().get("run") == self.run:
            self.endpoint.remove_file(PATH, expect=self.entry)

    def _write(self, expect: Entry | None) -> None:
        holder = {
            "run": self.run,
            "owner": self.owner,
            "lock": self.lock,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "lease_s": self.lease_s,
            "written_ns": time.time_ns(),
        }
        self._put(PATH, json.dumps(holder).encode(), expect)
        if self._holder().get("run") != self.run:
            raise self.locked()
        self.entry = self.endpoint.stat(PATH)

    def _put(self, path: str, data: bytes, expect: Entry | None) -> None:
        content = Content(size_bytes=len(data), chunks=iter((data,)))
        self.endpoint.write(path, content, expect=expect, token=f"{self.run}-{next(_numbers)}")

    def _holder(self) -> dict[str, Any]:
        try:
            with self.endpoint.open(PATH) as file:
                holder = json.loads(file.read(10_000))
        except (ValueError, FileNotFoundError, PathError):
            return {}
        return holder if isinstance(holder, dict) else {}

    def _is_ours_to_take(self, found: Entry) -> bool:
        """Whether the lease is our owner's own, its holder's lock is ours now, or its time is over."""
        holder = self._holder()
        if self.owner and holder.get("owner") == self.owner:
            return True
        if self.lock and holder.get("lock") == self.lock:
            return True
        lasts_s = holder.get("lease_s")
        if not isinstance(lasts_s, int | float):
            lasts_s = self.lease_s
        now_ns = self._now_ns()
        if found.mtime_ns is None or now_ns is None:
            return False
        grain_ns = 2 * self.endpoint.capabilities.mtime_grain_ns
        return now_ns > found.mtime_ns + int(lasts_s * 1e9) + grain_ns

    def _now_ns(self) -> int | None:
        """The side's present time by its own clock; None where it does not tell times at all."""
        skew_ns = self.endpoint.capabilities.clock_skew_ns
        if skew_ns is not None:
            return time.time_ns() + skew_ns
        path = f"{DIRECTORY}/clock-{self.run}"
        self._put(path, b"what time is it", None)
        entry = self.endpoint.stat(path)
        if entry is None:
            return None
        with suppress(OSError, SyncfsError):
            self.endpoint.remove_file(path, expect=entry)
        return entry.mtime_ns

    def locked(self, message: str = "{side} is leased by {holder}; the lease ends {ends}") -> LockedError:
        """Say who holds it."""
        found = self._holder()
        owner = f"{found['owner']}, " if found.get("owner") else ""
        where = f"{found.get('host', '?')} (process {found.get('pid', '?')})"
        holder = f"{owner}run {found.get('run', '?')} on {where}"
        ends = f"{found.get('lease_s', '?')} s after its last sign of life"
        return LockedError(message.format(side=self.side.label, holder=holder, ends=ends), holder=holder)
