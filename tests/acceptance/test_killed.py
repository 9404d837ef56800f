"""Killed with -9 sixty times, mostly while bytes are moving: nothing half-done shows, nothing needs repair.

Ten kills for each server and direction. Each round writes new content at the sender, starts the real
program, kills it at a moment that the seed chose, looks at the receiver, and runs the same command again.
"""

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from syncfs.core.paths import is_conflict_copy, is_temporary
from tests.acceptance.figures import Record, in_words
from tests.acceptance.support import Program, dav
from tests.conftest import run_server
from tests.servers.server import Folder, Server, ServerFailedError, wait_until
from tests.servers.wsgidav_server import WsgidavProcess

KILLS, OF_THEM_MOVING = 10, 7
BIG, SMALL = 2, 6
BIG_BYTES, SMALL_BYTES = 8 << 20, 3000
RATE = 24 << 20
"""Bytes a second while a run is to be killed, so that its big files take long enough to be met."""

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def wsgidav_process() -> Iterator[WsgidavProcess]:
    """A process of its own, so that it goes on when the test is busy."""
    yield from run_server(WsgidavProcess)


@pytest.fixture(params=["apache", "wsgidav_process", "rclone"])
def folder(request: pytest.FixtureRequest) -> Folder:
    """A fresh folder on each server."""
    server: Server = request.getfixturevalue(request.param)
    return server.folder()


@dataclass
class Count:
    """What became of the kills of one test."""

    kills: int = 0
    moving: int = 0
    partial: int = 0
    lost: int = 0
    rituals: int = 0
    moments: list[str] = field(default_factory=list)


def new_content(source: random.Random, round_number: int) -> Files:
    """What the sender holds in a round: big files, and small ones, a third of which is as before."""
    files = {f"big/{n}.bin": source.randbytes(BIG_BYTES + source.randrange(2) * 4096) for n in range(BIG)}
    for number in range(SMALL):
        age = round_number if number % 3 else 0
        files[f"small {number}.txt"] = f"{number} of round {age}".ljust(SMALL_BYTES).encode()
    return files | {f"once/{round_number}.bin": source.randbytes(SMALL_BYTES)}


def write(root: Path, files: Files, before: Files) -> None:
    """Bring `root` from one content to the next, as a user's programs do."""
    for name, content in files.items():
        if before.get(name) != content:
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes(content)


def files_of(root: Path) -> Iterator[Path]:
    """All files below `root`; what vanishes meanwhile is left out."""
    return (path for path in root.rglob("*") if path.is_file())


def is_final(path: Path, root: Path) -> bool:
    """Whether it is a user's file, not one in the making: ours, or the server's own (mod_dav_fs)."""
    parts = path.relative_to(root).parts
    return parts[0] != ".syncfs" and not is_temporary(path.name) and not path.name.startswith(".davfs.tmp")


def moved_bytes(root: Path) -> int:
    """How much of the files in the making is on disk."""
    total = 0
    for path in files_of(root):
        with suppress(OSError):
            total += 0 if is_final(path, root) else path.stat().st_size
    return total


def final_files(root: Path) -> Files:
    """What users see."""
    found: Files = {}
    for path in files_of(root):
        if is_final(path, root):
            with suppress(FileNotFoundError):  # a MOVE of the server's is going on
                found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


def kill_at(process: subprocess.Popen[str], source: random.Random, receiver: Path, moves: bool) -> int:
    """Kill a run at a moment that the seed chooses; one when bytes have begun to move, or any.

    Returns:
        How many bytes of the receiver's files in the making were on disk.
    """
    deadline = time.monotonic() + source.uniform(0.0, 1.2)
    threshold_bytes = source.randrange(1, BIG_BYTES)

    def has_come() -> bool:
        if process.poll() is not None:
            return True
        return moved_bytes(receiver) >= threshold_bytes if moves else time.monotonic() >= deadline

    try:
        wait_until(has_come, "the moment to kill", 60)
        return moved_bytes(receiver)
    finally:
        process.kill()
        process.communicate()


def half_done(receiver: Path, before: Files, after: Files) -> list[str]:
    """Which files under final names are neither what they were nor what they become."""
    found = final_files(receiver).items()
    return [name for name, content in found if content not in (before.get(name), after.get(name))]


def settle(receiver: Path, before: Files) -> Files:
    """What the receiver holds when the server has finished what it had begun as its client died."""
    with suppress(ServerFailedError):
        wait_until(lambda: final_files(receiver).keys() >= before.keys(), "the server", 5)
    return final_files(receiver)


@pytest.mark.parametrize("direction", ["push", "pull"])
def test_no_kill_leaves_half_a_file_and_the_next_run_just_goes_on(
    folder: Folder, direction: str, syncfs: Program, src: Path, record_property: Record
) -> None:
    source = random.Random(f"{folder.server.name} {direction}")
    sender, receiver = (src, folder.root) if direction == "push" else (folder.root, src)
    words = (direction, src, dav(folder.url))
    count = Count()
    held: Files = {}
    for round_number in range(5 * KILLS):
        if count.kills == KILLS:
            break
        wanted = held | new_content(source, round_number)
        if direction == "pull" and isinstance(folder.server, WsgidavProcess):
            # Its tags hold whole seconds: nothing tells two edits of one size in one second apart but reading
            # (README, *What metadata cannot show*).
            time.sleep(1 - time.time() % 1)
        write(sender, wanted, held)
        folder.server.adopt(folder.root)

        process = syncfs.start(*words, f"--bwlimit={RATE}")
        moving_bytes = kill_at(process, source, receiver, count.moving < OF_THEM_MOVING)
        count.partial += len(half_done(receiver, held, wanted))
        if process.returncode == -signal.SIGKILL:
            count.kills += 1
            is_moving = 0 < moving_bytes < BIG * BIG_BYTES
            count.moving += is_moving
            count.moments.append(f"{moving_bytes / 2**20:.1f}M" if is_moving else "idle")
        count.lost += len(held.keys() - settle(receiver, held).keys())
        count.partial += len(half_done(receiver, held, wanted))
        assert final_files(sender) == wanted

        again = syncfs(*words)
        count.rituals += again.code != 0 or again.complaints != []
        assert final_files(receiver) == wanted, again.err
        held = wanted
    quiet = syncfs(*words)
    counts = [count.kills, count.moving, count.partial, count.lost, count.rituals]
    record_property("kills", counts)
    moments = f"in the making when killed: {' '.join(count.moments)}"
    record_property("figures", f"{folder.server.name} {direction}: {in_words(counts)}; {moments}")
    assert (count.partial, count.lost, count.rituals) == (0, 0, 0)
    assert count.kills == KILLS
    assert count.moving >= OF_THEM_MOVING
    assert (quiet.code, quiet.complaints) == (0, [])
    assert "nothing to do" in quiet.out
    assert [path for root in (src, folder.root) for path in files_of(root) if is_temporary(path.name)] == []
    assert not any(is_conflict_copy(name) for name in held)
