"""Run from a checkout too: the plugin need not be installed for its tests."""

import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

# Where its own packages are missing it is tested in an environment of its own only: see `.ci/plugins`.
is_here = all(find_spec(name) is not None for name in ("merge3", "tomlkit", "ruamel.yaml"))
collect_ignore_glob: list[str] = [] if is_here else ["test_*.py"]
