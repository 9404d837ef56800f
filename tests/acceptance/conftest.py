"""What the acceptance tests share."""

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
