"""Kill push, pull and sync with -9 at random moments, most while bytes move: `python -m tests.faults.kills`.

Each round the users edit, the run is killed, both sides are looked at, and the same command runs again.
Prints what it counted; exits 1 if anything was lost or half-done, or if the next run did not just go on.
"""

import argparse
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.case import MODES, Stage, done
from tests.faults.oracle import SIDES
from tests.faults.servers import SERVERS, USUAL, stages
from tests.faults.trees import Files, Seen, content, put, see, unstamped
from tests.servers.server import ServerFailedError, wait_until

RATE = 12 << 20
"""Bytes a second while a run is to be killed, so that its large files take long enough to be met."""
BIG, BIG_BYTES = 2, 3 << 20
SMALL = 8
MOVING = 0.75
"""How many of the kills wait for bytes to move."""


@dataclass
class Count:
    """What became of the kills."""

    kills: int = 0
    moving: int = 0
    losses: int = 0
    partial: int = 0
    rituals: int = 0
    runs: int = 0
    by_mode: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills ({', '.join(f'{mode} {n}' for mode, n in sorted(self.by_mode.items()))}), "
            f"{self.moving} of them while bytes were moving, {self.runs} runs, {self.losses} losses, "
            f"{self.partial} partial files, {self.rituals} rituals"
        )


class Users:
    """Who edits at both sides, and remembers every version of every file that was ever whole.

    A file belongs to one of them and only that one changes it, so what both sides end with is known: in a
    sync both have everything, in a push or a pull the receiver's user does nothing.
    """

    def __init__(self, roots: Sequence[Path], draw: random.Random) -> None:
        self.roots, self.draw = roots, draw
        self.round = 0
        self.now: Files = {}
        self.before: Files = {}
        self.gone: set[str] = set()

    def edit(self, mode: str) -> None:
        """Make, change, rename and remove files where the mode takes them from."""
        self.round += 1
        self.before, self.gone = dict(self.now), set()
        # To a server of whole seconds two edits of one size in one second are one.
        number_of = f"{self.round}{'.' * (self.round % 5)}"
        for side, root in enumerate(self.roots):
            if mode != "sync" and side != MODES.index(mode) - 1:
                continue  # push reads the first side, pull the second
            wanted = {}
            for number in range(BIG):
                size_bytes = BIG_BYTES + self.round % 4 * 4096
                wanted[f"{SIDES[side]}/big {number}.bin"] = content(
                    f"{side} {number} of {self.round}", size_bytes
                )
            for number in range(SMALL):
                if number % 3:
                    wanted[f"{SIDES[side]}/{number}.txt"] = content(f"{side} {number} in round {number_of}")
            wanted[f"{SIDES[side]}/once/{self.round}.txt"] = content(f"{side} once in round {self.round}")
            put(root, wanted)
            self.now |= wanted
            for name in self.draw.sample(
                sorted(n for n in self.now if n.startswith(f"{SIDES[side]}/once/")), 1
            ):
                if name not in wanted:
                    (root / name).unlink()
                    del self.now[name]
                    self.gone.add(name)


def play(stage: Stage, mode: str, draw: random.Random, users: Users, count: Count) -> None:
    """One round: edit, kill, look, run again, look."""
    users.edit(mode)
    stage.server.adopt(stage.folder.root)
    receivers = [
        root for side, root in enumerate(stage.roots) if mode == "sync" or side != MODES.index(mode) - 1
    ]
    wants_moving = draw.random() < MOVING
    deadline_s = time.monotonic() + draw.uniform(0.0, 0.8)
    threshold_bytes = draw.randrange(1, BIG_BYTES)
    pid = stage.start(mode, f"--bwlimit={RATE}", jobs=8)

    def has_come() -> bool:
        if has_ended(pid):
            return True
        if not wants_moving:
            return time.monotonic() >= deadline_s
        return max(map(making_bytes, receivers)) >= threshold_bytes

    try:
        wait_until(has_come, "the moment to kill", 60)
        moving_bytes = max(map(making_bytes, receivers))
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        killed = stage.zygote.wait()
    count.runs += 3
    if killed.code == -signal.SIGKILL:
        count.kills += 1
        count.by_mode[mode] += 1
        count.moving += moving_bytes > 0
    said: list[str] = []
    settle(stage.roots, users)
    said += wrong(stage.look(), users, count)

    again = stage.run(mode, jobs=8)
    after = stage.look()
    said += wrong(after, users, count)
    is_ritual = again.code != 0 or len(again.err.splitlines()) != 1
    for side, seen in zip(SIDES, after, strict=True):
        if unstamped(seen.files) != users.now:
            missing = sorted(users.now.keys() ^ seen.files.keys())
            said.append(f"unsettled: {side} differs, also in its names: {missing}")
            is_ritual = True
    if is_ritual:
        said.append(f"ritual: {again.code} {again.err}")
    count.rituals += is_ritual
    quiet = stage.run(mode, jobs=8)
    last = stage.look()
    if (quiet.code, done(quiet)) != (0, 0) or last != after or any(seen.temporary for seen in last):
        said.append(f"restless: {quiet.code} {quiet.out} {[seen.temporary for seen in last]}")
        count.rituals += not is_ritual
    if said:
        what = f"{stage.server.name} {mode}, {moving_bytes} bytes in the making, killed {killed.code}"
        count.failures.append("\n    ".join([what, *said]))


def wrong(seen: Sequence[Seen], users: Users, count: Count) -> Iterator[str]:
    """What is lost, and what is half-done."""
    versions = {*users.before.values(), *users.now.values()}
    kept = {data for side in seen for data in (*side.files.values(), *side.trash)}
    for name, data in users.now.items():
        if data not in kept:
            count.losses += 1
            yield f"lost: {name}"
    for name in users.gone:
        if users.before[name] not in kept:
            yield f"gone for good: {name}"
            count.losses += 1
    for label, side in zip(SIDES, seen, strict=True):
        for name, data in side.files.items():
            if data not in versions:
                count.partial += 1
                yield f"partial: {name} at {label}, {len(data)} bytes"


def settle(roots: Sequence[Path], users: Users) -> None:
    """Wait until the server has finished what it had begun as its client died.

    A MOVE of Apache's shows neither the old nor the new file for a moment.
    """
    staying = users.before.keys() & users.now.keys()
    with suppress(ServerFailedError):
        wait_until(lambda: all(see(root).files.keys() >= staying for root in roots), "the server", 3)


def making_bytes(root: Path) -> int:
    """How much is on disk of files in the making: ours, or the server's own."""
    total = 0
    for directory, _below, names in os.walk(root):
        for name in names:
            if name.startswith((".syncfs-tmp-", "syncfs-tmp-", ".davfs.tmp")):
                with suppress(OSError):
                    total += os.stat(os.path.join(directory, name)).st_size
    return total


def has_ended(pid: int) -> bool:
    """Whether a process, somebody else's child, is over; it may be waited for still."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def kill(stage: Stage, kills: int, seed: int, tell: Callable[[str], None] = lambda _line: None) -> Count:
    """So many kills on one stage, the modes in turn."""
    draw = random.Random(f"{stage.server.name} {seed}")
    count = Count()
    stage.clear()
    users = Users(stage.roots, draw)
    # Everything that a mode receives is there from the start, so that push and pull find nothing to add.
    users.edit("sync")
    stage.server.adopt(stage.folder.root)
    stage.run("sync", jobs=8)
    told = 0
    for number in range(5 * kills):
        if count.kills == kills:
            break
        play(stage, MODES[number % 3], draw, users, count)
        for failure in count.failures[told:]:
            tell(failure)
        told = len(count.failures)
        if number % 10 == 9:
            tell(f"... {stage.server.name}: {count}")
    return count


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kills", description=__doc__)
    parser.add_argument("--server", choices=[*SERVERS, "all", "usual"], default="usual")
    parser.add_argument("--kills", type=int, default=200, help="in all, the servers' share each")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    names = list({"all": SERVERS, "usual": USUAL}.get(options.server, (options.server,)))
    is_clean = True
    for number, name in enumerate(names):
        share = options.kills // len(names) + (number < options.kills % len(names))
        with SERVERS[name]() as server, stages(server, 1) as (stage,):
            count = kill(stage, share, options.seed, lambda line: print(line, flush=True))
        print(f"{name}: {count}", flush=True)
        is_clean &= (count.kills, count.losses, count.partial, count.rituals) == (share, 0, 0, 0)
        is_clean &= not count.failures
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
