"""A lock beside the data, with an owner and an expiry: for two machines that share one remote.

The lock on this machine excludes runs of this machine only. A lease is a small file, `.syncfs/lease`, in
the roots that are not on this machine's disks. It costs a few requests a run, also where there is nothing
to do, so it is asked for (`lease_s=`).

Decisions:
    Whether a lease has expired is judged by the clock of the side that holds it: its file's mtime against
    that side's present time. The machines' own clocks may be wrong.

    The file is made only where nothing is (the protocol's own create-if-absent), and read back: of two
    that found no lease at the same moment, one sees the other's name and leaves.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from syncfs.core.entry import Entry, Side
from syncfs.endpoint.endpoint import Content, Endpoint
from syncfs.errors import LockedError, PathError, StaleEntryError, SyncfsError

__all__ = ["leased"]

DIRECTORY = ".syncfs"
PATH = f"{DIRECTORY}/lease"
_numbers = itertools.count()


@contextmanager
def leased(sides: Sequence[Endpoint], lease_s: float, run: str, cancel: threading.Event) -> Iterator[None]:
    """Hold a lease on every side that is not a disk of this machine, for as long as the block runs.

    Args:
        sides: The left and the right endpoint, their roots checked and there.
        lease_s: After so long without a sign of life the lease is anyone's.
        run: The run's id.
        cancel: Set when a lease is lost, so that the run stops.

    Raises:
        LockedError: Somebody holds one; the message says who and until when.
    """
    with ExitStack() as stack:
        for side in Side:
            if not sides[side].capabilities.reads_cheaply:
                stack.enter_context(_held(_Lease(sides[side], side, lease_s, run), cancel))
        yield


@contextmanager
def _held(lease: _Lease, cancel: threading.Event) -> Iterator[None]:
    lease.take()
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(lease.lease_s / 3):
            try:
                lease.renew()
            except (StaleEntryError, LockedError):
                cancel.set()  # somebody took it for dead: two runs must not go on at once
                return
            except (OSError, SyncfsError):
                continue  # the next try may get through before it expires

    thread = threading.Thread(target=renew, name="syncfs-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with suppress(OSError, SyncfsError):
            lease.give_back()


@dataclass(slots=True)
class _Lease:
    endpoint: Endpoint
    side: Side
    lease_s: float
    run: str
    entry: Entry | None = None

    def take(self) -> None:
        """Make the file where none is, or take over one that has expired."""
        self.endpoint.make_directory(DIRECTORY)
        for _ in range(2):
            found = self.endpoint.stat(PATH)
            if found is not None:
                if not self._is_expired(found):
                    raise self._locked()
                with suppress(StaleEntryError):
                    self.endpoint.remove_file(PATH, expect=found)
            try:
                self._write(None)
            except StaleEntryError:
                continue  # another one was faster
            return
        raise self._locked()

    def renew(self) -> None:
        """Write the file anew, which moves its mtime."""
        self._write(self.entry)

    def give_back(self) -> None:
        """Remove the file, if it is still ours."""
        if self.entry is not None and self._owner().get("run") == self.run:
            self.endpoint.remove_file(PATH, expect=self.entry)

    def _write(self, expect: Entry | None) -> None:
        owner = {"run": self.run, "host": socket.gethostname(), "pid": os.getpid(), "lease_s": self.lease_s}
        data = json.dumps({**owner, "written_ns": time.time_ns()}).encode()
        content = Content(size_bytes=len(data), chunks=iter((data,)))
        token = f"{self.run}-{next(_numbers)}"
        self.endpoint.write(PATH, content, expect=expect, token=token)
        if self._owner().get("run") != self.run:
            raise self._locked()
        self.entry = self.endpoint.stat(PATH)

    def _owner(self) -> dict[str, object]:
        try:
            with self.endpoint.open(PATH) as file:
                owner = json.loads(file.read(10_000))
        except (ValueError, FileNotFoundError, PathError):
            return {}
        return owner if isinstance(owner, dict) else {}

    def _is_expired(self, found: Entry) -> bool:
        """By the side's own clock; where that is not known, never."""
        skew_ns = self.endpoint.capabilities.clock_skew_ns
        if found.mtime_ns is None or skew_ns is None:
            return False
        lasts_s = self._owner().get("lease_s")
        if not isinstance(lasts_s, int | float):
            lasts_s = self.lease_s
        grain_ns = 2 * self.endpoint.capabilities.mtime_grain_ns
        return time.time_ns() + skew_ns > found.mtime_ns + int(lasts_s * 1e9) + grain_ns

    def _locked(self) -> LockedError:
        owner = self._owner()
        holder = f"run {owner.get('run', '?')} on {owner.get('host', '?')} (process {owner.get('pid', '?')})"
        return LockedError(
            f"{self.side.label} is leased by {holder}; the lease ends {owner.get('lease_s', '?')} s after "
            "its last sign of life",
            holder=holder,
        )
