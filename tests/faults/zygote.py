"""A warmed interpreter that forks one real syncfs process after the other.

As a program (`python -m tests.faults.zygote`) it reads one JSON object a line: `words`, `env`, `cwd`, `out`
and `err` (paths); it answers with the child's pid at once, and with its exit code (negative: the signal) and
its peak memory in KiB when it has ended.
"""

import atexit
import gc
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.acceptance.support import REPOSITORY


class Ran(NamedTuple):
    """How a run ended.

    Attributes:
        code: Its exit code; negative: the signal that ended it.
        out: What it wrote to stdout.
        err: What it wrote to stderr.
        memory_kib: The most memory that it held, the interpreter and all that it has imported included.
    """

    code: int
    out: str
    err: str
    memory_kib: int


class Zygote:
    """The parent of syncfs processes; one at a time.

    Args:
        home: Where what they write goes, and their working directory.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._out, self._err = home / "out", home / "err"
        environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.faults.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            cwd=REPOSITORY,
            env=environment,
            start_new_session=True,
        )

    def start(self, *words: object, env: Mapping[str, str]) -> int:
        """Begin a run; its pid. `wait` must follow."""
        assert self._process.stdin is not None
        job = {
            "words": [str(word) for word in words],
            "env": {**os.environ, "HOME": str(self.home), "PYTHONIOENCODING": "utf-8", **env},
            "cwd": str(self.home),
            "out": str(self._out),
            "err": str(self._err),
        }
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        (pid,) = self._answer()
        return pid

    def wait(self) -> Ran:
        """The end of the run that was begun."""
        code, memory_kib = self._answer()
        out, err = (path.read_text(errors="replace") for path in (self._out, self._err))
        return Ran(code, out, err, memory_kib)

    def run(self, *words: object, env: Mapping[str, str], timeout_s: float = 120) -> Ran:
        """One run from start to end; it is killed after `timeout_s`."""
        pid = self.start(*words, env=env)
        guard = threading.Timer(timeout_s, os.kill, (pid, signal.SIGKILL))
        guard.start()
        try:
            return self.wait()
        finally:
            guard.cancel()

    def close(self) -> None:
        """Let the interpreter end."""
        self._process.communicate()

    def _answer(self) -> list[int]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the warmed interpreter has died"
        return [int(word) for word in line.split()]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def main() -> int:
    """Serve until stdin ends; a child is syncfs."""
    _warm()
    gc.freeze()  # what is here stays: no child need look at it, nor copy its pages
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            code = _become(job)
            # All that ends a process but the taking apart of what was imported, which takes longest.
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        print(pid, flush=True)
        _, status, used = os.wait4(pid, 0)
        print(os.waitstatus_to_exitcode(status), used.ru_maxrss, flush=True)
    return 0


def _warm() -> None:
    """Import whatever a run imports: by a run over two empty directories, and by making a client."""
    import httpx
    import webdav4.fsspec

    import syncfs.endpoint.webdav.endpoint
    from syncfs.cli import main as syncfs_main

    del webdav4, syncfs  # only imported
    httpx.Client().close()
    with tempfile.TemporaryDirectory() as name, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        left, right = Path(name, "left"), Path(name, "right")
        left.mkdir()
        right.mkdir()
        code = syncfs_main(["sync", str(left), str(right), "--state", str(Path(name, "state.db"))])
    assert code == 0, code


def _become(job: Mapping[str, object]) -> int:
    """Be the process that was asked for."""
    from syncfs.cli import main as syncfs

    descriptors = [os.open(os.devnull, os.O_RDONLY)]
    descriptors += [os.open(str(job[name]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for name in ("out", "err")]
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    environment, words = job["env"], job["words"]
    assert isinstance(environment, dict) and isinstance(words, list)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(str(job["cwd"]))
    random.seed()
    return syncfs(words)


if __name__ == "__main__":
    sys.exit(main())
