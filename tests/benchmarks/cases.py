"""What is measured: every case by its name."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.benchmarks import tools
from tests.benchmarks.lag import Lag
from tests.benchmarks.rounds import Case, Contender, Turn, run_command
from tests.benchmarks.trees import count_files, make_big, make_tree
from tests.servers.apache import Apache

GIB = 1 << 30
SMALL = (2_000, 100, 4096)
MANY = (100_000, 2_000, 128)
_SETTLED_S = 3.0
"""After so long no listing holds an entry that may change again unseen."""


class Lab:
    """Where the cases run: a directory, a server, and a distance; made when first needed.

    Args:
        scale: Every number of files and bytes is multiplied by this; 1 but for a trial of the benchmark.

    Attributes:
        environment: What all commands are started with.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._stack = ExitStack()
        self._home: Path | None = None
        self._server: Apache | None = None
        self._lag: Lag | None = None
        self._trees: dict[object, Path] = {}
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        home = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="syncfs-bench-"))
        self._home = Path(home)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RCLONE_")},
            "SYNCFS_STATE_DIR": str(self._home / "state"),
            "UNISON": str(self._home / "unison"),
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def fresh(self, name: str) -> Path:
        """A path that nothing holds."""
        assert self._home is not None
        return self._home / f"{name}-{next(self._numbers)}"

    @property
    def server(self) -> Apache:
        """Stock Apache."""
        if self._server is None:
            self._server = self._stack.enter_context(Apache())
        return self._server

    def url(self, *, lag: bool) -> str:
        """The server's root, near or 20 ms away."""
        near = self.server.url
        if not lag:
            return near
        port = near.split(":")[2].partition("/")[0]
        if self._lag is None:
            self._lag = self._stack.enter_context(Lag(int(port)))
        return near.replace(port, str(self._lag.port), 1)

    def tree(self, files: int, directories: int, size_bytes: int) -> Path:
        """A tree to copy from; made once."""
        files, directories = (max(1, round(each * self.scale)) for each in (files, directories))
        key = (files, directories, size_bytes)
        if key not in self._trees:
            self._trees[key] = make_tree(self.fresh("tree"), files, directories, size_bytes)
        return self._trees[key]

    def pair(self, files: int, directories: int, size_bytes: int) -> tuple[Path, Path]:
        """A tree and a copy of it, for those who find that there is nothing to do; made once."""
        tree = self.tree(files, directories, size_bytes)
        copy = tree.with_name(f"{tree.name}-copy")
        if not copy.exists():
            subprocess.run(["cp", "-a", str(tree), str(copy)], check=True)
        return tree, copy

    def big(self) -> Path:
        """A directory with one file of 1 GiB."""
        if "big" not in self._trees:
            self._trees["big"] = make_big(self.fresh("big"), round(GIB * self.scale))
        return self._trees["big"]

    def collection(self, name: str, like: Path | None = None) -> tuple[str, Path]:
        """A collection that is not there yet; with `like`, there and with that content.

        Returns:
            Its name below the server's root, and its directory on disk.
        """
        name = f"{name.replace(' ', '-').replace(',', '')}-{next(self._numbers)}"
        root = self.server.root / name
        if like is not None:
            shutil.copytree(like, root)
            self.server.adopt(root)
        return name, root

    def run(self, command: list[str]) -> None:
        """Run something that is not measured."""
        run_command(command, self.environment)


def _arrived(root: Path, source: Path) -> Callable[[], None]:
    expected = count_files(source)

    def check() -> None:
        found = count_files(root)
        if found != expected:
            raise RuntimeError(f"{found} of {expected} files arrived in {root}")

    return check


def _push(lab: Lab, *, lag: bool) -> Case:
    tree, url = lab.tree(*SMALL), lab.url(lag=lag)

    def to(name: str, command: Callable[[str], list[str]], most_rounds: int = 1 << 30) -> Contender:
        def prepare(turn: int) -> Turn:
            collection, root = lab.collection(name)
            return Turn(command(collection), [root], _arrived(root, tree))

        return Contender(name, prepare, most_rounds)

    def curl(turn: int) -> Turn:
        collection, root = lab.collection("curl")
        files = [Path(here, name) for here, _, names in os.walk(tree) for name in names]
        for directory in {file.parent for file in files}:
            (root / directory.relative_to(tree)).mkdir(parents=True, exist_ok=True)
        lab.server.adopt(root)
        pairs = [(str(file), f"{url}{collection}/{file.relative_to(tree)}") for file in files]
        return Turn(tools.curl(pairs, lab.fresh("curl"), upload=True), [root], _arrived(root, tree))

    contenders = [
        to("syncfs", lambda name: tools.syncfs("push", tree, tools.dav(url) + name)),
        to("rclone tuned", lambda name: tools.rclone(tree, f":webdav:{name}", url)),
        *([Contender("curl, bare PUTs", curl)] if shutil.which("curl") else []),
        to("rclone as installed", lambda name: tools.rclone(tree, f":webdav:{name}", url, tuned=False), 1),
    ]
    left_out = {"fsspec.generic.rsync": "webdav4 cannot make directories on stock Apache (it answers 301)"}
    left_out |= tools.missing("curl")
    if importlib.util.find_spec("webdav3") is None:
        left_out["webdavclient3"] = "not installed here"
    else:
        contenders.append(_webdavclient3(lab, tree, url))
    times = "with a round trip of 20 ms" if lag else "without lag"
    return Case(
        f"push{'-lag' * lag}",
        f"first push to stock Apache, 2,000 files of 4 KiB in 100 directories, {times}",
        contenders,
        lab.server,
        left_out,
        {"rclone tuned": 0.5, "rclone as installed": 0.05, "curl, bare PUTs": 1.2}
        if lag
        else {"rclone tuned": 0.8, "curl, bare PUTs": 1.3},
        keeps_all=True,
    )


def _webdavclient3(lab: Lab, tree: Path, url: str) -> Contender:
    def prepare(turn: int) -> Turn:
        collection, root = lab.collection("webdavclient3")
        root.mkdir()
        lab.server.adopt(root)
        # It looks at collections with HEAD, which this Apache answers only where an index may be made.
        return Turn(tools.webdavclient3("push", url, collection, tree), [root], _arrived(root, tree))

    return Contender("webdavclient3", prepare, 1)


def _pull(lab: Lab, *, lag: bool) -> Case:
    tree, url = lab.tree(*SMALL), lab.url(lag=lag)
    collection, remote = lab.collection("pull", tree)

    def into(name: str, command: Callable[[Path], list[str]]) -> Contender:
        def prepare(turn: int) -> Turn:
            target = lab.fresh("pulled")
            return Turn(command(target), [target], _arrived(target, tree))

        return Contender(name, prepare)

    def curl(turn: int) -> Turn:
        target = lab.fresh("pulled")
        files = [Path(here, name).relative_to(remote) for here, _, names in os.walk(remote) for name in names]
        for directory in {file.parent for file in files}:
            (target / directory).mkdir(parents=True)
        pairs = [(str(target / file), f"{url}{collection}/{file}") for file in files]
        return Turn(tools.curl(pairs, lab.fresh("curl"), upload=False), [target], _arrived(target, tree))

    def rclone(target: Path) -> list[str]:
        return tools.rclone(f":webdav:{collection}", target, url)

    return Case(
        f"pull{'-lag' * lag}",
        "first copy from stock Apache, 2,000 files of 4 KiB in 100 directories, "
        f"{'with a round trip of 20 ms' if lag else 'without lag'}; syncfs leaves everything on the disk, "
        "rclone in memory: so it is given `sync -f` in one row",
        [
            into("syncfs", lambda target: tools.syncfs("push", tools.dav(url) + collection, target)),
            into("rclone tuned, then sync -f", lambda target: tools.then_sync(rclone(target), target)),
            into("rclone tuned", rclone),
            *([Contender("curl, bare GETs", curl)] if shutil.which("curl") else []),
        ],
        lab.server,
        {"webdavclient3": "the same 4 requests a file as in its push", "fsspec.generic.rsync": "see push"},
        {"rclone tuned, then sync -f": 0.9},
        keeps_all=True,
    )


def _unchanged(lab: Lab, shape: tuple[int, int, int], name: str, *, lag: bool) -> Case:
    tree, url = lab.tree(*shape), lab.url(lag=lag)
    files, directories, _ = shape

    def settled(label: str, command: Callable[[str], list[str]], most_rounds: int = 1 << 30) -> Contender:
        made: list[list[str]] = []

        def prepare(turn: int) -> Turn:
            if not made:
                collection, _ = lab.collection(label, tree)
                made.append(command(collection))
                lab.run(made[0])
                time.sleep(_SETTLED_S)
                lab.run(made[0])
            return Turn(made[0])

        return Contender(label, prepare, most_rounds)

    contenders = [
        settled("syncfs", lambda name: tools.syncfs("push", tree, tools.dav(url) + name)),
        settled("rclone tuned", lambda name: tools.rclone(tree, f":webdav:{name}", url)),
    ]
    if shape == SMALL:
        contenders.append(
            settled(
                "rclone as installed",
                lambda name: tools.rclone(tree, f":webdav:{name}", url, tuned=False),
                3,
            )
        )
    return Case(
        name,
        f"nothing changed, {files:,} files in {directories:,} directories on stock Apache, "
        f"{'with a round trip of 20 ms' if lag else 'without lag'}",
        contenders,
        lab.server,
        {"webdavclient3": "it never finds nothing to do: every run transfers files again"},
        {"rclone tuned": 0.4 if shape != SMALL else 0.8 if lag else 1.2},
    )


def _local_unchanged(lab: Lab, mode: str) -> Case:
    tree = lab.tree(*MANY)

    def settled(label: str, command: Callable[[Path, Path], list[str]], *, both: bool = False) -> Contender:
        made: list[list[str]] = []

        def prepare(turn: int) -> Turn:
            if not made:
                target, source = lab.fresh("copy"), tree
                if both:  # it writes to both sides
                    source = lab.fresh("own")
                    subprocess.run(["cp", "-a", str(tree), str(source)], check=True)
                subprocess.run(["cp", "-a", str(tree), str(target)], check=True)
                made.append(command(source, target))
                lab.run(made[0])
                time.sleep(_SETTLED_S)
                lab.run(made[0])
            return Turn(made[0])

        return Contender(label, prepare)

    left_out = tools.missing("rsync", "unison")
    contenders = [settled("syncfs", lambda src, dst: tools.syncfs(mode, src, dst))]
    if mode == "push":
        contenders += [
            settled("rclone", lambda src, dst: tools.rclone(src, dst, tuned=False)),
            settled("rclone tuned", tools.rclone),
            settled("rsync", tools.rsync),
            settled("fsspec.generic.rsync", tools.fsspec_rsync),
        ]
        left_out["unison"] = "in local-unchanged-sync: it has no one-way mode"
    else:
        contenders += [settled("unison", tools.unison)]
        left_out["rsync, rclone sync"] = "in local-unchanged-push: they know one way only"
    return Case(
        f"local-unchanged-{mode}",
        f"nothing changed, {mode}, 100,000 files in 2,000 directories, local to local",
        [each for each in contenders if each.name not in left_out],
        None,
        left_out,
        {"rclone": 0.6, "rsync": 1.6, "unison": 0.6},
    )


def _local_copy(lab: Lab) -> Case:
    tree = lab.tree(*MANY)

    def into(name: str, command: Callable[[Path], list[str]], most_rounds: int = 1 << 30) -> Contender:
        def prepare(turn: int) -> Turn:
            target = lab.fresh("copied")
            return Turn(command(target), [target], _arrived(target, tree))

        return Contender(name, prepare, most_rounds)

    left_out = tools.missing("rsync", "unison")
    contenders = [
        into("syncfs", lambda target: tools.syncfs("push", tree, target)),
        into("rclone", lambda target: tools.rclone(tree, target, tuned=False)),
        into("rclone tuned", lambda target: tools.rclone(tree, target)),
        into("rsync", lambda target: tools.rsync(tree, target)),
        into("unison", lambda target: tools.unison(tree, target), 2),
        into("fsspec.generic.rsync", lambda target: tools.fsspec_rsync(tree, target), 2),
        into("cp -a", lambda target: ["cp", "-a", str(tree), str(target)]),
    ]
    return Case(
        "local-copy",
        "first copy, 100,000 files of 128 B in 2,000 directories, local to local",
        [each for each in contenders if each.name not in left_out],
        None,
        left_out,
        {"rclone": 0.8},
    )


def _big(lab: Lab, way: str) -> Case:
    source = lab.big()
    targets = {"up": {"curl": 1.15}, "down": {"curl": 1.3}, "local": {"cp, then sync -f": 1.15}}[way]
    contenders: list[Contender] = []

    def add(name: str, command: Callable[[str, Path], list[str]]) -> None:
        def prepare(turn: int) -> Turn:
            if way == "up":
                collection, root = lab.collection(name)
                if name == "curl":
                    root.mkdir()
                    lab.server.adopt(root)
                return Turn(command(collection, root), [root], _arrived(root, source))
            target = lab.fresh("big")
            if name.startswith(("curl", "cp")):
                target.mkdir()
            return Turn(command(shared, target), [target], _arrived(target, source))

        contenders.append(Contender(name, prepare))

    if way == "local":
        add("syncfs", lambda _, target: tools.syncfs("push", source, target))
        copy = ["cp", str(source / "big")]
        add("cp, then sync -f", lambda _, target: tools.then_sync([*copy, f"{target}/big"], target))
        add("cp", lambda _, target: [*copy, f"{target}/big"])
        add("rclone", lambda _, target: tools.rclone(source, target, tuned=False))
        add("rsync", lambda _, target: tools.rsync(source, target))
        return Case("big-local", "one file of 1 GiB, local to local", contenders, None, {}, targets)
    url, shared = lab.url(lag=False), ""
    if way == "up":
        add("syncfs", lambda name, _: tools.syncfs("push", source, tools.dav(url) + name))
        add("curl", lambda name, _: ["curl", "-sS", "--fail", "-T", str(source / "big"), f"{url}{name}/big"])
        add("rclone tuned", lambda name, _: tools.rclone(source, f":webdav:{name}", url))
    else:
        shared, _ = lab.collection("big", source)

        def curl(_: str, target: Path) -> list[str]:
            return ["curl", "-sS", "--fail", "-o", f"{target}/big", f"{url}{shared}/big"]

        def rclone(_: str, target: Path) -> list[str]:
            return tools.rclone(f":webdav:{shared}", target, url)

        add("syncfs", lambda _, target: tools.syncfs("push", tools.dav(url) + shared, target))
        add("curl, then sync -f", lambda name, target: tools.then_sync(curl(name, target), target))
        add("curl", curl)
        add("rclone tuned, then sync -f", lambda name, target: tools.then_sync(rclone(name, target), target))
        targets = {"curl, then sync -f": 1.3}
    title = f"one file of 1 GiB {'to' if way == 'up' else 'from'} stock Apache"
    return Case(f"big-{way}", title, contenders, lab.server, {}, targets)


def _growth_local(lab: Lab) -> Case:
    contenders = []
    for files in (10_000, 100_000, 1_000_000):
        for name, command in (
            ("syncfs", lambda src, dst: tools.syncfs("sync", src, dst)),
            ("rsync", tools.rsync),
            ("rclone", lambda src, dst: tools.rclone(src, dst, tuned=False)),
        ):
            contenders.append(_grown(lab, name, command, files))
    return Case(
        "growth-local",
        "nothing changed, local to local, 50 files a directory: time and peak memory as the tree grows",
        contenders,
    )


def _grown(lab: Lab, name: str, command: Callable[[Path, Path], list[str]], files: int) -> Contender:
    made: list[list[str]] = []

    def prepare(turn: int) -> Turn:
        if not made:
            made.append(command(*lab.pair(files, files // 50, 16)))
            lab.run(made[0])
            time.sleep(_SETTLED_S)
            lab.run(made[0])
        return Turn(made[0])

    return Contender(f"{name} {files:,}", prepare, 3 if files > 100_000 else 1 << 30)


def _growth_push(lab: Lab) -> Case:
    url = lab.url(lag=False)

    def to(files: int) -> Contender:
        def prepare(turn: int) -> Turn:
            tree = lab.tree(files, files // 50, 128)
            collection, root = lab.collection("growth")
            command = tools.syncfs("push", tree, tools.dav(url) + collection)
            return Turn(command, [root], _arrived(root, tree))

        return Contender(f"syncfs {files:,}", prepare, 3 if files > 10_000 else 1 << 30)

    return Case(
        "growth-push",
        "first push to stock Apache, 50 files a directory: time and peak memory as the tree grows",
        [to(files) for files in (1_000, 10_000, 100_000)],
        lab.server,
    )


def _version(lab: Lab) -> Case:
    return Case(
        "version",
        "syncfs --version beside the interpreter alone",
        [
            Contender("syncfs --version", lambda _: Turn([sys.executable, "-m", "syncfs", "--version"])),
            Contender("python -c pass", lambda _: Turn([sys.executable, "-c", "pass"])),
        ],
        targets={"python -c pass": 4.0},
    )


CASES: dict[str, Callable[[Lab], Case]] = {
    "push": lambda lab: _push(lab, lag=False),
    "push-lag": lambda lab: _push(lab, lag=True),
    "pull": lambda lab: _pull(lab, lag=False),
    "pull-lag": lambda lab: _pull(lab, lag=True),
    "unchanged": lambda lab: _unchanged(lab, SMALL, "unchanged", lag=False),
    "unchanged-lag": lambda lab: _unchanged(lab, SMALL, "unchanged-lag", lag=True),
    "unchanged-100k": lambda lab: _unchanged(lab, (100_000, 2_000, 16), "unchanged-100k", lag=False),
    "local-unchanged-push": lambda lab: _local_unchanged(lab, "push"),
    "local-unchanged-sync": lambda lab: _local_unchanged(lab, "sync"),
    "local-copy": _local_copy,
    "big-up": lambda lab: _big(lab, "up"),
    "big-down": lambda lab: _big(lab, "down"),
    "big-local": lambda lab: _big(lab, "local"),
    "growth-local": _growth_local,
    "growth-push": _growth_push,
    "version": _version,
}
"""Each makes its case, in a lab; what needs long to be made is made by the first round."""
