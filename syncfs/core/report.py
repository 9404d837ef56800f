"""What a run did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from syncfs.core.conflict import Conflict
from syncfs.core.plan import Plan, conflict_to_dict
from syncfs.core.problem import Problem
from syncfs.errors import IncompleteSyncError

__all__ = ["LISTED_AT_MOST", "Report"]

LISTED_AT_MOST = 1_000
"""How many conflicts and problems `Report.to_dict` lists; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of one run.

    Attributes:
        mode: `"push"`, `"pull"` or `"sync"`.
        copied: Files whose content was moved to the other side.
        removed: Files and directories that were removed (or moved to the trash).
        renamed: Files and directories that were renamed instead of copied, kept losers included.
        made_directories: Directories that were made.
        skipped: Symlinks and special files that were left alone.
        bytes_transferred: Content bytes that were written.
        duration_s: Wall time, by this machine's monotonic clock.
        conflicts: Every conflict met, settled or open.
        problems: Every path that could not be synced.
        extra: Entries that only the receiver has and that stay there.
        untracked: Records that were dropped because their paths are now excluded.
        dry_run: Nothing was done; the counts tell what would be.
        run: The run's id, as in the history; empty in a dry run.
        notices: What the user should know of the whole run (a damaged state that was set aside, say).
    """

    mode: str
    copied: int = 0
    removed: int = 0
    renamed: int = 0
    made_directories: int = 0
    skipped: int = 0
    bytes_transferred: int = 0
    duration_s: float = 0.0
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[Problem, ...] = ()
    extra: int = 0
    untracked: int = 0
    dry_run: bool = False
    run: str = ""
    notices: tuple[str, ...] = field(default=())

    @staticmethod
    def forecast(plan: Plan, notices: Sequence[str] = ()) -> Report:
        """What a report would say if everything in a plan succeeded."""
        summary = plan.summary()
        return Report(
            mode=plan.mode.value,
            copied=summary["copy"],
            removed=summary["remove"],
            renamed=summary["rename"] + summary["keep_aside"],
            made_directories=summary["make_directories"],
            skipped=plan.skipped,
            bytes_transferred=summary["bytes"],
            conflicts=plan.conflicts,
            problems=plan.problems,
            extra=plan.extra,
            untracked=plan.untracked,
            dry_run=True,
            notices=tuple(notices),
        )

    @property
    def open_conflicts(self) -> tuple[Conflict, ...]:
        """The conflicts under which the two sides still differ."""
        return tuple(conflict for conflict in self.conflicts if conflict.is_open)

    @property
    def ok(self) -> bool:
        """No problems and no open conflicts."""
        return not self.problems and not self.open_conflicts

    @property
    def changed(self) -> int:
        """How many things were done to files and directories."""
        return self.copied + self.removed + self.renamed + self.made_directories

    @property
    def is_retryable(self) -> bool:
        """Something was left undone, and the next run may do it without anyone changing anything."""
        # An open conflict never goes away by itself.
        return not self.ok and not self.open_conflicts and all(each.retryable for each in self.problems)

    def to_dict(self, *, most: int | None = LISTED_AT_MOST) -> dict[str, Any]:
        """Give the report as JSON values.

        Args:
            most: After how many entries each list is cut; None for never.

        Returns:
            All counts, `ok`, and the lists `conflicts` and `problems`; where they were cut, `truncated`
            holds how many are missing from each.
        """
        conflicts = [conflict_to_dict(conflict) for conflict in self.conflicts[:most]]
        problems = [problem.to_dict() for problem in self.problems[:most]]
        truncated = {
            name: len(whole) - most
            for name, whole in (("conflicts", self.conflicts), ("problems", self.problems))
            if most is not None and len(whole) > most
        }
        return {
            "mode": self.mode,
            "ok": self.ok,
            "dry_run": self.dry_run,
            "run": self.run,
            "copied": self.copied,
            "removed": self.removed,
            "renamed": self.renamed,
            "made_directories": self.made_directories,
            "skipped": self.skipped,
            "extra": self.extra,
            "untracked": self.untracked,
            "bytes_transferred": self.bytes_transferred,
            "duration_s": round(self.duration_s, 3),
            "conflicts": conflicts,
            "problems": problems,
            "notices": list(self.notices),
            **({"truncated": truncated} if truncated else {}),
        }

    def raise_for_problems(self) -> Report:
        """Raise unless everything was synced.

        Returns:
            The report itself, so that the call can be chained.

        Raises:
            IncompleteSyncError: There are problems or open conflicts; `.report` is this report, `.retryable`
                whether the next run may do without anyone changing anything what this one left.
        """
        if self.ok:
            return self
        first = str(self.problems[0]) if self.problems else f"{self.open_conflicts[0].path}: conflict"
        counts = [
            f"{number:,} {noun}{'' if number == 1 else 's'}"
            for number, noun in ((len(self.problems), "problem"), (len(self.open_conflicts), "open conflict"))
            if number
        ]
        error = IncompleteSyncError(f"{', '.join(counts)}; first: {first}", self)
        error.retryable = self.is_retryable
        raise error
