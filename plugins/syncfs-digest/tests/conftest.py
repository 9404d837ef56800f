"""Run from a checkout too: the plugin need not be installed for its tests."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

collect_ignore_glob: list[str] = []
if find_spec("xxhash") is None:
    if os.environ.get("SYNCFS_CI"):
        pytest.fail("CI must install xxhash")
    collect_ignore_glob = ["test_*.py"]
