"""Oracle 7: a run may be killed anywhere, and the next one comes to the end that the first would have come
to.

A few moments of every scenario on local directories; every moment of every server is the next issue's sweep.
"""

import pytest

from syncfs.testing import Tree
from tests.scenarios import oracles
from tests.scenarios.conftest import Stage
from tests.scenarios.oracles import SIDES, Ran, World
from tests.scenarios.places import visible
from tests.scenarios.play import Play
from tests.scenarios.scenario import LOCAL, Scenario, Step
from tests.scenarios.staged import Death
from tests.scenarios.tables import SCENARIOS

MOMENTS = (1, 3, 5, 9)
"""Kills at these calls of endpoints, listings and looks not counted; a run that is over by then is not "
"killed."""

KILLED = -9


def _is_plain(step: Step) -> bool:
    return (
        step.command in ("push", "pull", "sync") and not step.faults and step.stale is None and not step.state
    )


CRASHABLE = [
    scenario
    for scenario in SCENARIOS
    if LOCAL in scenario.pairs
    and not scenario.kind
    and _is_plain(scenario.steps[0])
    and scenario.steps[0].exit in (0, 1)
    and scenario.steps[0].settles
]


@pytest.mark.parametrize("scenario", CRASHABLE, ids=str)
def test_a_killed_run_is_finished_by_the_next_one(scenario: Scenario, stage: Stage) -> None:
    step = scenario.steps[0]
    whole = stage(scenario, LOCAL)
    whole.begin()
    whole.do(step)
    expected = _trees(whole)
    for nth in MOMENTS:
        play = stage(scenario, LOCAL)
        play.begin()
        play.edit(step)
        before = play.world()
        ended = play.die(step, Death(nth=nth)).exit
        after = play.world()
        ran = _ran(play, step, before, after)
        oracles.no_content_is_lost(ran)
        oracles.no_file_is_partial(ran)
        oracles.deletions_have_evidence(ran)
        play.settle(step.command, step.options)
        assert _trees(play) == expected, f"killed at call {nth}"
        oracles.no_content_is_lost(_ran(play, step, before, play.world()))
        if ended != KILLED:
            break


def _trees(play: Play) -> list[Tree]:
    world = play.world()
    return [visible(world.trees[side]) for side in SIDES]


def _ran(play: Play, step: Step, before: World, after: World) -> Ran:
    return Ran(
        before=before,
        after=after,
        agreed=play.agreed,
        strangers={"src": (), "dst": ()},
        selection=play.syncer(step.options).selection,
        options={**play.scenario.options, **step.options},
        conflicts=dict(step.conflicts),
        ok=False,
    )
