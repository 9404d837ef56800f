"""Run from a checkout too: the plugin need not be installed for its tests."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

collect_ignore_glob: list[str] = []
if missing := [name for name in ("merge3", "tomlkit", "ruamel") if find_spec(name) is None]:
    if os.environ.get("SYNCFS_CI"):
        pytest.fail(f"CI must install {', '.join(missing)}")
    collect_ignore_glob = ["test_*.py"]
