"""Plant bugs in a copy of the package, and see whether the laws and the table catch them.

Run as `python -m tests.core.plant [NAME...]`; prints which test caught each first, and exits with 1 if one
survives.
A law that no bug can break proves nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent.parent
CATCHERS = ("tests/core/test_laws.py", "tests/core/test_one_name_table.py")


@dataclass(frozen=True)
class Bug:
    """One bug: in `file`, `right` becomes `wrong`."""

    name: str
    file: str
    right: str
    wrong: str

    def planted(self, root: Path) -> str:
        """The file's text with the bug in it.

        Raises:
            LookupError: The text to replace is not there exactly once.
        """
        text = (root / self.file).read_text(encoding="utf-8")
        if text.count(self.right) != 1:
            raise LookupError(f"{self.name}: {text.count(self.right)} times in {self.file}: {self.right!r}")
        return text.replace(self.right, self.wrong)


BUGS = (
    Bug(
        "a record is forgotten",
        "syncfs/core/scope.py",
        "if record != old and self.settings.has_base:",
        "if record != old and old is None and self.settings.has_base:",
    ),
    Bug(
        "a record is not dropped",
        "syncfs/core/decide.py",
        'scope.forget(name, "gone on both sides")',
        "pass",
    ),
    Bug(
        "a deletion beats an edit",
        "syncfs/core/alone.py",
        "if change is Change.UNCHANGED and is_certain(scope, name, side, entry, record, is_kept=True):",
        "if True:",
    ),
    Bug(
        "unknown is taken for same",
        "syncfs/core/content.py",
        "    return verdict is Verdict.SAME\n",
        "    return verdict is not Verdict.DIFFERENT\n",
    ),
    Bug(
        "an unanswered comparison is taken for same",
        "syncfs/core/content.py",
        "        return answer is Verdict.SAME\n",
        "        return True\n",
    ),
    Bug(
        "an unreadable directory is taken for an empty one",
        "syncfs/core/listing.py",
        "return self.status is ListingStatus.COMPLETE or self.status is ListingStatus.ABSENT",
        "return True",
    ),
    Bug(
        "an unreadable file is taken for nothing",
        "syncfs/core/decide.py",
        "    if _leave_untouchable(scope, name, left, right):\n        return\n",
        "    left, right = (None if e and e.kind is Kind.UNREADABLE else e for e in (left, right))\n"
        "    if _leave_untouchable(scope, name, left, right):\n        return\n",
    ),
    Bug(
        "a loser is clobbered",
        "syncfs/core/pair.py",
        "    if not beside and not scope.settings.trash:\n",
        "    if resolution is not Resolution.KEEP_BOTH:\n",
    ),
    Bug(
        "a directory goes over ignored content",
        "syncfs/core/decide.py",
        "        scope.stays_where(left, right)\n        scope.holds_ignored = True\n    if record",
        "        scope.holds_ignored = True\n    if record",
    ),
    Bug(
        "a push writes its source",
        "syncfs/core/pair.py",
        "sender in (None, changed[0]):",
        "sender in (None, *Side):",
    ),
    Bug(
        "removals come last before a change of type",
        "syncfs/core/plan.py",
        "        case RemoveFile(clears_way=True) | RemoveDirectory(clears_way=True):\n"
        "            return 1\n",
        "",
    ),
    Bug(
        "a broken listing defers nothing",
        "syncfs/core/reconcile.py",
        "    if any(unreliable):\n",
        "    if False:\n",
    ),
    Bug(
        "an interrupted run looks like a user's deletion",
        "syncfs/engine/ledger.py",
        "                    unshown = record.flags & ~Flag.shown(action.side)\n",
        "                    unshown = record.flags\n",
    ),
    Bug(
        "a conflict's times are lost in a plan's JSON",
        "syncfs/core/plan.py",
        '        tolerance_ns=data["tolerance_ns"],\n',
        "",
    ),
)


def caught(bug: Bug) -> str:
    """The first test that fails with the bug planted; empty when none does."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        skipped = shutil.ignore_patterns("__pycache__", ".*")
        for package in ("syncfs", "tests"):
            shutil.copytree(REPOSITORY / package, root / package, ignore=skipped)
        shutil.copy(REPOSITORY / "pyproject.toml", root)
        (root / bug.file).write_text(bug.planted(root), encoding="utf-8")
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                *CATCHERS,
                "-q",
                "--no-header",
                "-p",
                "no:cacheprovider",
                "-rfE",
            ],
            cwd=root,
            env={**os.environ, "PYTHONPATH": directory, "HYPOTHESIS_PROFILE": "plant"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(
                f"{bug.name}: pytest could not run\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        failed = (line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAILED"))
        return next(failed, "").partition("::")[2].partition("[")[0]


def main(names: Iterable[str]) -> int:
    """Plant every bug, or those named; 1 if one survives."""
    wanted = set(names)
    bugs = [bug for bug in BUGS if not wanted or bug.name in wanted]
    survivors = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for bug, test in zip(bugs, pool.map(caught, bugs), strict=True):
            survivors += not test
            print(f"{bug.name}: {test or 'SURVIVED'}", flush=True)
    print(f"{len(bugs) - survivors} of {len(bugs)} caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
