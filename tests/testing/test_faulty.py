"""A filesystem with faults does exactly what they say, and a sync over one loses nothing."""

import itertools
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from syncfs import Syncer
from syncfs.errors import SyncAbortedError
from syncfs.testing import (
    BreakAfter,
    Delay,
    Fault,
    FaultyFileSystem,
    FlipBit,
    Mishap,
    RaiseAfter,
    RaiseBefore,
    Repeat,
    ShortRead,
    ShortWrite,
    Tree,
    read_tree,
    write_tree,
)

BROKEN = ConnectionResetError("the connection broke")
_numbers = itertools.count()


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    fs = MemoryFileSystem()
    fs.pipe_file("/f", b"0123456789")
    yield fs
    fs.store.clear()
    fs.pseudo_dirs[:] = [""]


def test_without_faults_nothing_is_different(memory: MemoryFileSystem) -> None:
    fs = FaultyFileSystem(memory)
    assert fs.cat_file("/f") == b"0123456789"
    assert fs.ls("/", detail=False) == memory.ls("/", detail=False)
    with fs.open("/g", "wb") as file:
        file.write(b"new")
    fs.rm_file("/f")
    assert memory.cat_file("/g") == b"new"
    assert (fs.protocol, fs.storage_options) == (memory.protocol, memory.storage_options)
    assert [call for call, _ in fs.calls] == ["cat_file", "ls", "open", "rm_file"]


def test_a_call_fails_before_it_is_made(memory: MemoryFileSystem) -> None:
    fault = Fault(RaiseBefore(PermissionError("no")), call="rm_file", path="*f")
    fs = FaultyFileSystem(memory, fault)
    with pytest.raises(PermissionError, match="no"):
        fs.rm_file("/f")
    assert memory.exists("/f")
    assert (fault.seen, fault.fired) == (1, 1)


def test_a_call_fails_after_it_was_made(memory: MemoryFileSystem) -> None:
    fs = FaultyFileSystem(memory, Fault(RaiseAfter(BROKEN), call="rm_file"))
    with pytest.raises(ConnectionResetError):
        fs.rm_file("/f")
    assert not memory.exists("/f")


def test_a_written_file_fails_as_it_is_closed_and_is_there(memory: MemoryFileSystem) -> None:
    fs = FaultyFileSystem(memory, Fault(RaiseAfter(BROKEN), call="open"))
    file = fs.open("/g", "wb")
    file.write(b"whole")
    with pytest.raises(ConnectionResetError):
        file.close()
    assert memory.cat_file("/g") == b"whole"


def test_the_nth_call_that_matches_is_meant_or_all_from_it_on(memory: MemoryFileSystem) -> None:
    once, always = (
        Fault(RaiseBefore(BROKEN), call="info", nth=2),
        Fault(RaiseBefore(KeyError), nth=4, every=True),
    )
    fs = FaultyFileSystem(memory, once, always)
    outcomes: list[object] = []
    for _ in range(5):
        try:
            outcomes.append(fs.info("/f")["size"])
        except (OSError, KeyError) as error:
            outcomes.append(type(error))
    assert outcomes == [10, ConnectionResetError, 10, KeyError, KeyError]
    assert (once.fired, always.fired) == (1, 2)


def test_a_file_ends_early_or_breaks_or_has_a_flipped_bit(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"0123456789")
    full = str(tmp_path / "f")
    cases: list[tuple[Mishap, object]] = [
        (ShortRead(4), b"0123"),
        (FlipBit(3), b"0122456789"),
        (BreakAfter(4, BROKEN), ConnectionResetError),
        (BreakAfter(99, BROKEN), ConnectionResetError),
    ]
    for mishap, expected in cases:
        fs = FaultyFileSystem(LocalFileSystem(), Fault(mishap, call="open"))
        outcome: object
        try:
            with fs.open(full, "rb") as file:
                outcome = b"".join(iter(lambda: file.read(3), b""))
        except OSError as error:
            outcome = type(error)
        assert outcome == expected, mishap
    assert FaultyFileSystem(LocalFileSystem(), Fault(ShortRead(2))).cat_file(full) == b"01"
    assert FaultyFileSystem(LocalFileSystem(), Fault(FlipBit(0))).cat_file(full) == b"1123456789"


def test_a_file_keeps_only_the_start_of_what_is_written(tmp_path: Path) -> None:
    full = str(tmp_path / "f")
    with FaultyFileSystem(LocalFileSystem(), Fault(ShortWrite(4), call="open")).open(full, "wb") as file:
        assert [file.write(b"012"), file.write(b"345"), file.write(b"678")] == [3, 3, 3]
    assert (tmp_path / "f").read_bytes() == b"0123"
    FaultyFileSystem(LocalFileSystem(), Fault(ShortWrite(1))).pipe_file(full, b"xyz")
    assert (tmp_path / "f").read_bytes() == b"x"
    file = FaultyFileSystem(LocalFileSystem(), Fault(BreakAfter(2, BROKEN))).open(full, "wb")
    with pytest.raises(ConnectionResetError):
        file.write(b"xyz")
    file.close()
    assert (tmp_path / "f").read_bytes() == b"xy"


def test_a_call_waits_and_a_call_is_made_twice(memory: MemoryFileSystem) -> None:
    started_s = time.monotonic()
    FaultyFileSystem(memory, Fault(Delay(0.05))).info("/f")
    assert time.monotonic() - started_s >= 0.05
    with pytest.raises(FileNotFoundError):
        FaultyFileSystem(memory, Fault(Repeat(), call="rm_file")).rm_file("/f")
    assert not memory.exists("/f")


def test_what_the_inner_filesystem_cannot_do_does_not_seem_to_be_there() -> None:
    """Users look at the class: fsspec's own `mv` is a copy and a removal."""
    from fsspec import AbstractFileSystem

    assert type(FaultyFileSystem(AbstractFileSystem())).mv is AbstractFileSystem.mv
    assert type(FaultyFileSystem(LocalFileSystem())).mv is not AbstractFileSystem.mv


MISHAPS: tuple[Mishap, ...] = (
    RaiseBefore(BROKEN),
    RaiseBefore(PermissionError("no")),
    RaiseBefore(FileNotFoundError("not there")),
    RaiseAfter(BROKEN),
    ShortRead(1),
    ShortWrite(1),
    BreakAfter(1, BROKEN),
    Repeat(),
)
LEFT: Tree = {"edited": "edited at the left", "d/new": "new at the left", "same": "same", "gone right": "old"}
RIGHT: Tree = {"edited": "as it was", "e/new": "new at the right", "same": "same", "gone left": "old too"}


@pytest.mark.parametrize("mishap", MISHAPS, ids=repr)
def test_a_sync_whose_every_call_meets_a_mishap_loses_nothing_and_the_next_one_settles_it(
    tmp_path: Path, mishap: Mishap
) -> None:
    fired = 0
    for nth in itertools.count(1, 3):
        home = tmp_path / str(nth)
        left, right = home / "left", home / "right"
        for root in (left, right):
            write_tree(
                root, {"edited": "as it was", "same": "same", "gone left": "old too", "gone right": "old"}
            )
        state = str(home / "state.db")
        fault = Fault(mishap, nth=10**9)
        fs = FaultyFileSystem(LocalFileSystem(), fault)
        Syncer(left, fs, dst_path=str(right), state=state).sync().raise_for_problems()
        write_tree(left, LEFT)
        write_tree(right, RIGHT)
        (left / "gone left").unlink()
        (right / "gone right").unlink()

        fault.nth, fault.seen = nth, 0
        with suppress(SyncAbortedError):
            Syncer(left, fs, dst_path=str(right), state=state, jobs=1).sync()
        contents = {*read_tree(left).values(), *read_tree(right).values()}
        assert {"edited at the left", "new at the left", "new at the right", "same"} <= contents, nth
        allowed = {*LEFT.values(), *RIGHT.values()}
        for root in (left, right):
            shown = {name: node for name, node in read_tree(root).items() if ".syncfs" not in name}
            assert set(shown.values()) - {None} <= allowed, (nth, shown)

        fault.nth = 10**9
        Syncer(left, fs, dst_path=str(right), state=state).sync().raise_for_problems()
        assert seen(left) == seen(right) == {"d/new", "e/new", "edited", "same"}, nth
        fired += fault.fired
        if not fault.fired:
            break
    assert fired > 8


def seen(root: Path) -> set[str]:
    return {name for name in read_tree(root) if not name.startswith(".syncfs")}
