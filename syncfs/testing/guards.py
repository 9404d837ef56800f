"""The laws of guards.

::

    class TestThousand(GuardSuite):
        guard = my_module
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from syncfs.builtins.comparators import Auto
from syncfs.builtins.policies import Newer
from syncfs.core.action import RecordAgreement
from syncfs.core.capabilities import Capabilities
from syncfs.core.plan import Plan
from syncfs.core.selection import Selection
from syncfs.core.settings import Delete, MaxDelete, Settings
from syncfs.plugin import Plugins, load
from syncfs.testing.laws import DRAWN
from syncfs.testing.strategies import plans

__all__ = ["GuardSuite"]

_LIMITS = st.sampled_from((MaxDelete(), MaxDelete(percent=0), MaxDelete(percent=None, count=0)))


@lru_cache
def _alone(guard: Any) -> Plugins:
    """A guard without all that ships or is installed."""
    others = {row.plugin for row in load().listing()}
    return load([guard], disabled=others)


class GuardSuite:
    """Subclass it as `Test...` and set `guard`.

    Attributes:
        guard: The plugin, a module or an object, whose `syncfs_check_plan` is to be tested.
    """

    guard: Any

    def reasons(self, plan: Plan, limit: MaxDelete = MaxDelete()) -> tuple[str, ...]:  # noqa: B008 - frozen
        """What this guard says of a plan, and no other one."""
        side = Capabilities(keeps_mtime=True, mtime_grain_ns=1)
        asked = Settings(
            mode=plan.mode,
            delete=Delete.SYNCED,
            compare=Auto(),
            policy=Newer(),
            selection=Selection(),
            capabilities=(side, side),
            max_delete=limit,
        )
        return _alone(self.guard).check_plan(plan, asked)

    @settings(DRAWN, max_examples=25)
    @given(plans(), _LIMITS)
    def test_it_judges_every_plan_and_leaves_it_as_it_is(self, plan: Plan, limit: MaxDelete) -> None:
        before = plan.to_json()
        reasons = self.reasons(plan, limit)
        for reason in reasons:
            assert isinstance(reason, str)
            assert reason.strip(), "a reason says something"
            assert not reason.startswith("the guard in plugin"), reason
        assert plan.to_json() == before
        assert self.reasons(plan, limit) == reasons, "it judges one plan always in the same way"

    @settings(DRAWN, max_examples=25)
    @given(plans())
    def test_a_plan_that_only_takes_notes_passes(self, plan: Plan) -> None:
        notes = tuple(action for action in plan if isinstance(action, RecordAgreement))
        assert self.reasons(replace(plan, actions=notes)) == ()
