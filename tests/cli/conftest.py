"""The command line as users run it: a process of its own, with a state directory of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines on stdout."""
        return self.out.splitlines()


Run = Callable[..., Done]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a process of the command line is started with: nothing of the user's is read or written."""
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "state"))
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"}


@pytest.fixture
def syncfs(environment: dict[str, str], tmp_path: Path) -> Run:
    """Run `syncfs WORDS...` in the test's directory to its end."""

    def run(*words: str | Path, **more: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "syncfs", *map(str, words)],
            capture_output=True,
            encoding="utf-8",
            env={**environment, **more},
            cwd=tmp_path,
            timeout=120,
        )
        assert "Traceback" not in done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run
