"""A module imports only from the layers below it; the contracts themselves are in pyproject.toml.

A contract that cannot fail proves nothing, so each is also tried on a skeleton of the package with one wrong
import in it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from syncfs.testing import Tree, write_tree

REPOSITORY = Path(__file__).parent.parent
LINT = "from importlinter.cli import lint_imports_command as lint; lint()"

SKELETON: Tree = {
    "syncfs/__init__.py": "from syncfs.syncer import Syncer as Syncer\n",
    "syncfs/errors.py": "import os\n",
    "syncfs/task.py": "import syncfs.syncer\n",
    "syncfs/syncer.py": "import syncfs.engine\n\n\nclass Syncer: ...\n",
    **{
        f"syncfs/{layer}/__init__.py": ""
        for layer in ("builtins", "cli", "compat", "core", "endpoint", "engine", "store", "testing")
    },
    "syncfs/core/paths.py": "import syncfs.errors\nimport dataclasses\nimport enum\n",
    "syncfs/plugin/__init__.py": "",
    "syncfs/plugin/manager.py": "import pluggy\n",
    "syncfs/builtins/compare.py": "from syncfs.plugin import manager\nimport pluggy\n",
}


def lint_imports(root: Path) -> tuple[int, str]:
    """Check the package below `root` against the project's contracts; the exit code and all it said."""
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--config", str(REPOSITORY / "pyproject.toml")],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def test_every_import_of_the_package_goes_down() -> None:
    code, said = lint_imports(REPOSITORY)
    assert code == 0, said


def test_a_package_that_follows_the_contracts_passes(tmp_path: Path) -> None:
    write_tree(tmp_path, SKELETON)
    code, said = lint_imports(tmp_path)
    assert code == 0, said


@pytest.mark.parametrize(
    ("file", "statement"),
    [
        ("syncfs/errors.py", "from syncfs.core import paths"),
        ("syncfs/core/paths.py", "import syncfs.endpoint"),
        ("syncfs/core/paths.py", "import syncfs.plugin"),
        ("syncfs/endpoint/__init__.py", "import syncfs.store"),
        ("syncfs/store/__init__.py", "import syncfs.endpoint"),
        ("syncfs/plugin/__init__.py", "import syncfs.builtins.compare"),
        ("syncfs/builtins/compare.py", "import syncfs.engine"),
        ("syncfs/engine/__init__.py", "from syncfs import syncer"),
        ("syncfs/syncer.py", "import syncfs.cli"),
        ("syncfs/cli/__init__.py", "import syncfs.testing"),
        ("syncfs/testing/__init__.py", "import syncfs.compat"),
        ("syncfs/cli/__init__.py", "import syncfs.task"),
        ("syncfs/engine/__init__.py", "def late() -> None:\n    import syncfs.cli"),
    ],
)
def test_an_import_that_goes_up_or_sideways_is_found(tmp_path: Path, file: str, statement: str) -> None:
    before = SKELETON[file]
    assert isinstance(before, str)
    write_tree(tmp_path, {**SKELETON, file: f"{before}{statement}\n"})
    code, said = lint_imports(tmp_path)
    assert code == 1, said
    assert "siblings do not know each other BROKEN" in said


@pytest.mark.parametrize(
    "module",
    [
        *("asyncio", "fsspec", "io", "logging", "os", "os.path", "pathlib", "pluggy"),
        *("random", "shutil", "sqlite3", "tempfile", "threading", "time"),
    ],
)
def test_the_core_cannot_reach_the_world(tmp_path: Path, module: str) -> None:
    write_tree(tmp_path, {**SKELETON, "syncfs/core/paths.py": f"import {module}\n"})
    code, said = lint_imports(tmp_path)
    assert code == 1, said
    assert "logger or thread BROKEN" in said


@pytest.mark.parametrize("layer", ["core", "endpoint", "store", "engine", "cli", "compat", "testing"])
def test_pluggy_is_known_to_the_plugin_surface_and_the_builtins_only(tmp_path: Path, layer: str) -> None:
    write_tree(tmp_path, {**SKELETON, f"syncfs/{layer}/__init__.py": "from pluggy import PluginManager\n"})
    code, said = lint_imports(tmp_path)
    assert code == 1, said
    assert "know pluggy BROKEN" in said


def test_a_new_package_must_be_given_a_layer(tmp_path: Path) -> None:
    write_tree(tmp_path, {**SKELETON, "syncfs/utils/__init__.py": ""})
    code, said = lint_imports(tmp_path)
    assert code == 1, said
    assert "syncfs.utils" in said
