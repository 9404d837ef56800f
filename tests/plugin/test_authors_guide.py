"""What plugins/README.md says is enough: a plugin made of it alone is installed, listed, chosen and tested.

Everything runs in an environment of its own, with real commands; what syncfs itself needs is lent to it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from syncfs.testing import read_tree, write_tree

GUIDE = Path(__file__).parents[2] / "plugins" / "README.md"
FILE = re.compile(r"<!-- file: (\S+) -->\n```\w*\n(.*?)```", re.DOTALL)


@dataclass
class Environment:
    """A Python environment in which distributions are installed."""

    root: Path
    python: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, *words: object, expect: int = 0, cwd: Path | None = None) -> str:
        done = subprocess.run(
            [str(self.python), *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env={**os.environ, **self.variables},
            cwd=cwd or self.root,
            timeout=300,
        )
        assert done.returncode == expect, done.stdout
        return done.stdout

    def syncfs(self, *words: object, expect: int = 0) -> str:
        return self.run("-m", "syncfs", *words, expect=expect)

    def json(self, *words: object) -> Any:
        return json.loads(self.syncfs(*words, "--json", "-q"))

    @property
    def site(self) -> Path:
        return Path(self.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    root = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(root / "venv")], check=True, timeout=300)
    python = root / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    made = Environment(
        root, python, {"SYNCFS_STATE_DIR": str(root / "state"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    )
    # Not --system-site-packages: this may be a virtual environment itself.
    lent = sysconfig.get_path("purelib")
    (made.site / "lent.pth").write_text(f"import site; site.addsitedir({lent!r})\n")
    write_tree(root, {"a/even.txt": "12", "b/even.txt": "1234"})
    return made


@pytest.fixture(scope="module")
def installed(environment: Environment) -> Environment:
    """The environment with the guide's plugin in it, and what was so before beside it."""
    source = environment.root / "source"
    write_tree(source, dict(FILE.findall(GUIDE.read_text(encoding="utf-8"))))
    (environment.root / "before.json").write_text(plan(environment))
    environment.run("-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps", "--no-index", source)
    return environment


def plan(environment: Environment, *words: object) -> str:
    return environment.syncfs("plan", "push", "a", "b", "--on-conflict", "src", "--json", "-q", *words)


def without_times(text: str) -> Any:
    """A plan without what differs from one second to the next."""
    read = json.loads(re.sub(r"\d{8}T\d{6}", "at that time", text))
    for facts in read["facts"]:
        facts["free_bytes"] = None
    return read


def test_the_guide_s_plugin_is_about_twenty_lines() -> None:
    files = dict(FILE.findall(GUIDE.read_text(encoding="utf-8")))
    assert set(files) == {"syncfs_size_parity.py", "pyproject.toml", "test_size_parity.py"}
    code = [line for line in files["syncfs_size_parity.py"].splitlines() if line.strip()]
    assert len(code) <= 22


def test_it_is_listed_with_everything_that_tells_it_from_others(installed: Environment) -> None:
    (row,) = [row for row in installed.json("plugins") if row["name"] == "size-parity"]
    assert row == {
        "kind": "comparator",
        "name": "size-parity",
        "distribution": "syncfs-size-parity",
        "version": "1.0",
        "enabled": True,
        "summary": "Same when both sizes leave the same remainder.",
        "plugin": "size-parity",
        "options": "modulus=2",
    }
    line = next(line for line in installed.syncfs("plugins").splitlines() if " size-parity " in line)
    assert line.split()[:4] == ["comparator", "size-parity", "syncfs-size-parity", "1.0"]
    assert line.endswith("(modulus=2)")


def test_installing_it_changes_nothing_until_it_is_chosen(installed: Environment) -> None:
    before = without_times((installed.root / "before.json").read_text())
    assert without_times(plan(installed)) == before
    assert before["conflicts"]


def test_it_is_chosen_by_name_on_the_command_line_and_in_the_api(installed: Environment) -> None:
    assert not json.loads(plan(installed, "--compare", "size-parity"))["conflicts"]
    assert json.loads(plan(installed, "--compare", "size-parity:modulus=3"))["conflicts"]
    code = "import syncfs; print(len(syncfs.Syncer('a', 'b', compare={!r}).plan('push').conflicts))"
    for name, conflicts in (("size-parity", "0"), ("size-parity:modulus=3", "1"), ("auto", "1")):
        assert installed.run("-c", code.format(name)).strip() == conflicts
    assert "has no option x; its options are modulus" in installed.syncfs(
        "push", "a", "b", "--compare", "size-parity:x=1", expect=2
    )
    assert read_tree(installed.root / "b") == {"even.txt": "1234"}


def test_it_passes_its_suite(installed: Environment) -> None:
    said = installed.run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_size_parity.py", cwd=installed.root / "source"
    )
    assert re.search(r"\b20 passed", said), said


def test_it_is_left_out_when_that_is_asked_for(installed: Environment) -> None:
    rows = installed.json("plugins", "-p", "no:size-parity")
    assert [row["kind"] for row in rows if "parity" in row["name"]] == ["plugin"]
    assert not [row for row in rows if "parity" in row["name"] and row["enabled"]]
    assert "no comparator is named 'size-parity'" in installed.syncfs(
        "push", "-p", "no:size-parity", "a", "b", "--compare", "size-parity", expect=2
    )
    quiet = Environment(
        installed.root, installed.python, {**installed.variables, "SYNCFS_DISABLE_PLUGIN_AUTOLOAD": "1"}
    )
    assert not [row for row in quiet.json("plugins") if "parity" in row["name"]]


# -- broken ones ---------------------------------------------------------------------------------------

COMPARATOR = """
    from syncfs.plugin import hookimpl

    class Mine:
        name = "{name}"

        def compare(self, left, right): ...

    @hookimpl
    def {hook}():
        yield Mine
"""
OBSERVER = """
    from syncfs.plugin import hookimpl

    @hookimpl
    def syncfs_{hook}():
        {body}
"""


@pytest.fixture
def also(installed: Environment) -> Iterator[Any]:
    """Puts further distributions beside the guide's, as an installer leaves them."""
    made: list[Path] = []

    def install(distribution: str, code: str, *, entry_point: str) -> None:
        module = distribution.replace("-", "_")
        info = installed.site / f"{module}-3.1.dist-info"
        info.mkdir()
        for path, text in (
            (installed.site / f"{module}.py", textwrap.dedent(code)),
            (info / "METADATA", f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 3.1\n"),
            (info / "entry_points.txt", f"[syncfs]\n{entry_point} = {module}\n"),
        ):
            path.write_text(text)
            made.append(path)

    yield install
    for path in made:
        path.unlink()
        if path.parent.suffix == ".dist-info" and not list(path.parent.iterdir()):
            path.parent.rmdir()


@pytest.mark.parametrize(
    ("code", "entry_point", "said"),
    [
        ("import nothing_of_this_name", "mine", "does not load (ModuleNotFoundError: "),
        (
            COMPARATOR.format(name="mine", hook="syncfs_comparator"),
            "mine",
            "unknown hook 'syncfs_comparator'",
        ),
        (
            COMPARATOR.format(name="size-parity", hook="syncfs_comparators"),
            "mine",
            "two comparators are named 'size-parity'",
        ),
        (
            COMPARATOR.format(name="mine", hook="syncfs_comparators"),
            "size-parity",
            "two plugins are named 'size-parity'",
        ),
    ],
    ids=["raises on import", "misspelt hook", "duplicate name", "duplicate entry point"],
)
def test_a_broken_plugin_is_named_with_the_flag_that_leaves_it_out(
    installed: Environment, also: Any, code: str, entry_point: str, said: str
) -> None:
    also("syncfs-mine", code, entry_point=entry_point)
    (line,) = installed.syncfs("plan", "push", "a", "b", "-q", expect=2).splitlines()
    assert said in line
    assert "syncfs-mine 3.1" in line
    assert f"-p no:{entry_point}" in line
    plan(installed, "-p", f"no:{entry_point}")


def test_an_observer_that_raises_is_a_problem_and_the_others_are_told(
    installed: Environment, also: Any, tmp_path: Path
) -> None:
    also(
        "syncfs-tired", OBSERVER.format(hook="plan_ready", body="raise OSError('tired')"), entry_point="tired"
    )
    seen = tmp_path / "seen"
    body = f"open({str(seen)!r}, 'w').close()"
    also("syncfs-awake", OBSERVER.format(hook="plan_ready", body=body), entry_point="zz-awake")
    write_tree(tmp_path / "from", {"f": "f"})
    said = installed.syncfs("push", tmp_path / "from", tmp_path / "to", "--state", "none", expect=1)
    assert "the observer in plugin 'tired' of the distribution syncfs-tired 3.1 failed" in said
    assert "(OSError: tired); leave it out with -p no:tired" in said
    assert seen.exists()
    assert read_tree(tmp_path / "to") == {"f": "f"}
