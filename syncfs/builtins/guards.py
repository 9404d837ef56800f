"""The core's guards as plugins, one each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from syncfs.core import guards
from syncfs.core.plan import Plan
from syncfs.core.settings import Settings
from syncfs.plugin import hookimpl

__all__ = ["GUARDS", "Guard"]


class Guard:
    """A guard function of the core as a plugin.

    Args:
        name: By which `-p no:NAME` leaves it out.
        judge: Why a plan is refused; None to let it pass.
    """

    def __init__(self, name: str, judge: Callable[[Plan, Settings], str | None]) -> None:
        self.name = name
        self.judge = judge
        self.__doc__ = judge.__doc__

    @hookimpl
    def syncfs_check_plan(self, plan: Plan, settings: Settings) -> Iterator[str]:
        """Yield the reason to refuse the plan, if there is one."""
        reason = self.judge(plan, settings)
        if reason is not None:
            yield reason


GUARDS = (
    Guard("emptied-root", guards.emptied_root),
    Guard("exchanged-root", guards.exchanged_root),
    Guard("max-delete", guards.too_many_deletions),
    Guard("shifted-times", guards.shifted_times),
    Guard("too-little-space", guards.too_little_space),
)
"""In the order in which they are asked."""
