"""The program as a user runs it: a process of its own, a state directory of its own."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from syncfs.testing import Tree, read_tree
from tests.servers.server import Folder, Request

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def complaints(self) -> list[str]:
        """The lines on stderr without the first one, which names the flow."""
        return [line for line in self.err.splitlines() if not _is_flow(line)]


def _is_flow(line: str) -> bool:
    return line.startswith(("push: ", "pull: ", "sync: ")) and " → " in line


class Program:
    """`python -m syncfs`, away from the user's own state.

    Attributes:
        state: The directory of the state files.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.state = home / "state"

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What its processes are started with."""
        path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]))
        return {
            **os.environ,
            "PYTHONPATH": path,
            "PYTHONIOENCODING": "utf-8",
            "PYTHONWARNINGS": "error",
            "SYNCFS_STATE_DIR": str(self.state),
            "HOME": str(self.home),
            **(more or {}),
        }

    @staticmethod
    def command(*words: object) -> list[str]:
        """The words of a process."""
        return [sys.executable, "-m", "syncfs", *map(str, words)]

    def start(self, *words: object, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Begin; both its outputs are pipes."""
        return subprocess.Popen(
            self.command(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=self.environment(env),
            cwd=self.home,
        )

    def __call__(self, *words: object, env: Mapping[str, str] | None = None, timeout_s: float = 120) -> Ran:
        """Run to the end. No command, however wrong, may show a traceback."""
        with self.start(*words, env=env) as process:
            try:
                out, err = process.communicate(timeout=timeout_s)
            except BaseException:
                process.kill()
                raise
        assert "Traceback" not in out + err, err
        return Ran(process.returncode, out, err)


def dav(url: str) -> str:
    """An address as syncfs writes it."""
    return url.replace("http://", "webdav://", 1)


def counts(requests: Iterable[Request]) -> dict[str, int]:
    """How many of each method."""
    return dict(Counter(request.method for request in requests))


def visible(root: Path) -> Tree:
    """What users see below `root`: all but our own trash."""
    return {name: node for name, node in read_tree(root).items() if name.partition("/")[0] != ".syncfs"}


def on(folder: Folder) -> Tree:
    """What users see in a server's folder."""
    return visible(folder.root)
