from __future__ import annotations

import os
import pickle
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncfs.errors import LockedError, StoreError
from syncfs.store import PairLock

HOLDER = """
    import sys
    from syncfs.store import PairLock

    with PairLock(sys.argv[1], mode="push"):
        print("held", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "pair.lock")


@contextmanager
def other_process(path: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until its stdin closes."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_fails_at_once_naming_the_holder(path: str) -> None:
    with other_process(path) as holder:
        with pytest.raises(LockedError) as caught, PairLock(path, mode="pull"):
            pass
        message = str(caught.value)
        assert f"a push by process {holder.pid} on " in message
        assert caught.value.holder in message
        assert caught.value.retryable
        since = datetime.fromisoformat(message.partition("since ")[2].partition(";")[0])
        assert abs(datetime.now(UTC) - since) < timedelta(minutes=1)
        assert isinstance(caught.value, BlockingIOError)
        assert pickle.loads(pickle.dumps(caught.value)).holder == caught.value.holder


def test_the_holder_is_unharmed_by_those_who_try(path: str) -> None:
    with other_process(path) as holder:
        for _ in range(3):
            with pytest.raises(LockedError, match=f"process {holder.pid} "), PairLock(path):
                pass


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_holder_that_was_killed_blocks_nobody(path: str) -> None:
    with other_process(path) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert os.path.exists(f"{path}.holder")
        with PairLock(path, mode="pull") as lock:
            now = lock.holder()
            assert now is not None
            assert (now.pid, now.mode) == (os.getpid(), "pull")


def test_a_holder_that_ends_leaves_the_lock_free_and_no_note(path: str) -> None:
    with PairLock(path) as lock:
        assert lock.holder() is not None
    assert lock.holder() is None
    with PairLock(path), other_process(path + "-of another pair"):
        pass


def test_an_error_frees_the_lock(path: str) -> None:
    with pytest.raises(RuntimeError), PairLock(path):
        raise RuntimeError
    with PairLock(path):
        pass


def test_two_runs_in_one_thread_exclude_each_other(path: str) -> None:
    with PairLock(path, mode="push"):
        with pytest.raises(LockedError, match=f"process {os.getpid()} "), PairLock(path):
            pass
        with pytest.raises(LockedError), PairLock(path):
            pass


def test_of_many_threads_one_gets_the_lock(path: str) -> None:
    threads = 8
    start, over = threading.Barrier(threads), threading.Barrier(threads)
    got: list[bool] = []

    def run() -> None:
        start.wait()
        try:
            with PairLock(path):
                over.wait()  # held until everybody has tried
            got.append(True)
        except LockedError:
            got.append(False)
            over.wait()

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sorted(got) == [False] * (threads - 1) + [True]


def test_a_lock_may_be_freed_by_another_thread(path: str) -> None:
    lock = PairLock(path)
    lock.__enter__()
    worker = threading.Thread(target=lock.__exit__, args=(None, None, None))
    worker.start()
    worker.join()
    with PairLock(path):
        pass


@pytest.mark.parametrize("note", ["", "{", "[]", '{"pid": 1}', "\0\0"])
def test_a_note_that_cannot_be_read_is_not_needed(path: str, note: str) -> None:
    with PairLock(path):
        Path(f"{path}.holder").write_text(note)
        with pytest.raises(LockedError, match="another run, whose name cannot be read"), PairLock(path):
            pass


def test_a_lock_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StoreError, match=r"cannot lock .*SYNCFS_STATE_DIR"),
        PairLock(str(tmp_path / "file" / "l")),
    ):
        pass


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_nobody_else_can_read_who_holds_a_lock(path: str) -> None:
    umask = os.umask(0)
    try:
        with PairLock(path):
            assert {stat.S_IMODE(each.stat().st_mode) for each in Path(path).parent.iterdir()} == {0o600}
    finally:
        os.umask(umask)
