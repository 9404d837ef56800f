"""What the acceptance tests share."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.support import Program


@pytest.fixture
def syncfs(tmp_path: Path) -> Program:
    """The program, working in the test's own directory."""
    return Program(tmp_path)


@pytest.fixture
def src(tmp_path: Path) -> Path:
    """An empty local directory."""
    path = tmp_path / "src"
    path.mkdir()
    return path


@pytest.fixture
def open_home() -> Iterator[Path]:
    """A directory that another user can enter, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="syncfs-acceptance-") as name:
        Path(name).chmod(0o755)
        yield Path(name)
