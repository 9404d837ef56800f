"""Laws that hold whatever users did on either side, and wherever a run before was cut off."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from threading import Event
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from syncfs.core.action import Action, MoveAside, RecordAgreement, RemoveDirectory, RemoveFile
from syncfs.core.base import SHOWN_BOTH, Record
from syncfs.core.conflict import ConflictKind, Resolution
from syncfs.core.entry import Kind, Side, Written
from syncfs.core.paths import is_conflict_copy
from syncfs.core.plan import Plan, stage_of
from syncfs.core.reconcile import in_order
from syncfs.core.settings import Delete, Mode
from syncfs.engine.march import march
from syncfs.testing.side import File, Node
from syncfs.testing.world import Ran, World, shape
from tests.core.cases import Case, Op, Round, ancestors, cases, excluded


def truth_of(each: Round, ran: Ran) -> dict[str, bytes | None]:
    """What the run could know that both sides once held."""
    return ran.before.truth if each.has_base else {}


@given(cases(still=True))
def test_no_content_that_a_user_made_is_lost(case: Case) -> None:
    each, ran, world = case.last()
    # Without a trash, these are policies that destroy by name.
    assume(each.trash or (each.delete is not Delete.EXTRA and each.keep_loser and each.has_base))
    truth, after = truth_of(each, ran), world.contents()
    for side in Side:
        for path, node in ran.before.nodes(side).items():
            if isinstance(node, File) and truth.get(path) != node.content:
                assert node.content in after, (side, path, ran.plan.actions)


@given(cases())
def test_nothing_is_removed_without_evidence(case: Case) -> None:
    each, ran, _world = case.last()
    truth = truth_of(each, ran)
    settled = {conflict.path for conflict in ran.plan.conflicts if not conflict.is_open}
    for action in ran.plan.actions:
        if not isinstance(action, RemoveFile | RemoveDirectory):
            continue
        path, side = action.path, action.side
        here, there = (ran.before.sides[s].node(path) for s in (side, side.other))
        assert side is not each.mode.sender
        assert not excluded(path, each)
        for above in ancestors(path):
            assert ran.before.sides[side.other].faults.get(above) is None
        if each.delete is Delete.EXTRA:
            assert there is None or path in settled or isinstance(there, dict) != isinstance(here, dict)
            assert not is_conflict_copy(path) or path in truth
        elif isinstance(action, RemoveDirectory):
            assert path in truth and truth[path] is None
        elif path in settled:
            assert not each.keep_loser or not each.has_base
        else:
            assert isinstance(here, File)
            # An edit that no side shows may have been taken for agreed.
            assert truth[path] == here.content or not case.sees_every_edit
            assert not isinstance(there, File)
            assert isinstance(there, dict) or each.delete is Delete.SYNCED


@given(cases())
def test_ignored_special_and_unreadable_content_is_untouched(case: Case) -> None:
    each, ran, world = case.last()
    untouchable: set[str] = set()
    for side in Side:
        untouchable.update(path for path in ran.before.sides[side].faults if path)
        for path, node in ran.before.nodes(side).items():
            if excluded(path, each) or isinstance(node, Kind):
                untouchable.add(path)
    for side in Side:
        if "" in ran.before.sides[Side.LEFT].faults or "" in ran.before.sides[Side.RIGHT].faults:
            assert shape(world.sides[side].tree) == shape(ran.before.sides[side].tree)
        for path in untouchable:
            before, after = ran.before.sides[side].node(path), world.sides[side].node(path)
            assert shape(before) == shape(after), (side, path, ran.plan.actions)


@given(cases(whole=True))
def test_every_action_of_a_fresh_plan_succeeds(case: Case) -> None:
    _, ran, _ = case.last()
    assert not ran.tally.problems, ran.plan.actions


def tracked(world: World, side: Side, each: Round) -> dict[str, Node]:
    """What a run cares for on one side."""
    odd = {path for s in Side for path, node in world.nodes(s).items() if isinstance(node, Kind)}
    return {
        path: node
        for path, node in world.nodes(side).items()
        if not excluded(path, each) and not odd.intersection(ancestors(path))
    }


def is_agreed(world: World, path: str, record: Record | None, *, shown: bool = True) -> bool:
    """Whether a record tells what both sides hold."""
    if record is None or (shown and record.flags & SHOWN_BOTH != SHOWN_BOTH):
        return False
    return all(record.of(side) == world.sides[side].stat(path) for side in Side)


@given(cases(whole=True))
def test_a_run_that_leaves_nothing_open_converges(case: Case) -> None:
    assume(case.sees_every_edit)
    each, ran, world = case.last()
    assume(ran.is_clean)
    sender = each.mode.sender
    left, right = (tracked(world, side, each) for side in Side)
    if sender is None:
        assert set(left) == set(right)
    elif each.delete is Delete.EXTRA:
        received = tracked(world, sender.other, each)
        kept = {above for path in received if is_conflict_copy(path) for above in ancestors(path)}
        assert received.keys() - kept <= tracked(world, sender, each).keys()
    sent = tracked(world, sender or Side.LEFT, each)
    for path, node in sent.items():
        other = world.sides[(sender or Side.LEFT).other].node(path)
        assert shape_of(other) == shape_of(node), path
        if each.has_base:
            assert is_agreed(world, path, world.base.get(path)), (path, world.base.get(path))
    if each.has_base and sender is None:
        odd = {path for s in Side for path, node in world.nodes(s).items() if isinstance(node, Kind)}
        assert {path for path in world.base if not odd.intersection(ancestors(path))} == set(left)


def shape_of(node: Node | None) -> object:
    """A node's own content; a directory's names are nodes of their own."""
    return "directory" if isinstance(node, dict) else shape(node)


@given(cases(whole=True))
def test_a_second_run_has_nothing_to_do(case: Case) -> None:
    assume(not case.stands_still)
    each, _ran, world = case.last()
    again = world.plan(each.settings(world))
    assert again.actions == ()


@given(cases())
def test_every_new_record_is_an_observed_agreement(case: Case) -> None:
    assume(case.sees_every_edit)
    each, ran, world = case.last()
    assume(each.has_base)
    before, after = ran.before.base, world.base
    # What was about to be cleared is noted as not shown; a run that is cut short leaves it so.
    vacated = set() if each.is_whole else {action.path for action in ran.plan.actions if vacates(action)}
    for path, record in after.items():
        old = before.get(path)
        if record == old or (old is not None and path in vacated and record[:3] == old[:3]):
            continue
        nodes = [world.sides[side].node(path) for side in Side]
        assert shape_of(nodes[0]) == shape_of(nodes[1]), (path, record)
        for side in Side:
            entry, recorded = world.sides[side].stat(path), record.of(side)
            assert entry is not None
            assert recorded == entry or (isinstance(recorded, Written) and recorded.is_shown_by(entry))


@given(cases())
def test_no_record_goes_while_a_side_holds_the_path(case: Case) -> None:
    each, ran, world = case.last()
    assume(each.has_base)
    # A run that is cut short has vacated names itself: to keep their records would make the next run take
    # that for a user's deletion.
    vacated = set() if each.is_whole else {action.path for action in ran.plan.actions if vacates(action)}
    for path in ran.before.base.keys() - world.base.keys() - vacated:
        held = [side for side in Side if world.sides[side].node(path) is not None]
        assert not held or excluded(path, each), (path, held, ran.plan.actions)


def vacates(action: Action) -> bool:
    """Whether an action leaves nothing under its path."""
    return isinstance(action, RemoveFile | RemoveDirectory | MoveAside)


@given(cases())
def test_a_one_way_run_never_writes_its_source(case: Case) -> None:
    each, ran, world = case.last()
    sender = each.mode.sender
    assume(sender is not None)
    assert sender is not None
    assert world.sides[sender].writes == ran.before.sides[sender].writes
    assert world.sides[sender].tree == ran.before.sides[sender].tree


@given(cases(whole=True, breaks=True))
def test_a_broken_listing_defers_every_removal_on_the_other_side(case: Case) -> None:
    _, ran, world = case.last()
    for action in ran.plan.actions:
        if isinstance(action, RemoveFile | RemoveDirectory):
            assert not world.sides[action.side.other].broke


@given(cases())
def test_a_plan_survives_json(case: Case) -> None:
    world = case.until_last()
    plan = world.plan(case.rounds[-1].settings(world))
    assert Plan.from_json(plan.to_json()) == plan


def key(action: Action) -> tuple[Any, ...]:
    """What an action does, without its reason."""
    more = action.record if isinstance(action, RecordAgreement) else getattr(action, "to", None)
    return type(action).__name__, action.path, action.side, action.expect, more


@given(cases(whole=True, faults=False))
def test_where_sync_writes_only_the_destination_a_push_does_the_same(case: Case) -> None:
    world = case.until_last()
    each = replace(case.rounds[-1], mode=Mode.SYNC, delete=Delete.SYNCED)
    sync = world.plan(each.settings(world))
    writes = [action for action in sync.actions if not isinstance(action, RecordAgreement)]
    assume(all(action.side is Side.RIGHT for action in writes) and not sync.problems)
    # In a push, a destination that wins leaves everything as it is.
    assume(not any(each.is_open or each.resolution is Resolution.RIGHT for each in sync.conflicts))
    # Nor does it remove what was edited there, whoever wins: `delete="synced"` is of what is unchanged since.
    assume(not any(each.kind is ConflictKind.EDIT_DELETE and each.left is None for each in sync.conflicts))
    push = world.plan(replace(each, mode=Mode.PUSH).settings(world))
    assert [key(action) for action in push.actions] == [key(action) for action in sync.actions]


@given(cases(whole=True), st.integers(0, 10**6))
def test_actions_of_one_stage_may_run_in_any_order(case: Case, seed: int) -> None:
    world = case.until_last()
    each = case.rounds[-1]
    assume(each.has_base)
    other = world.copy()
    plan = world.plan(each.settings(world))
    shuffled = list(plan.actions)
    Random(seed).shuffle(shuffled)
    shuffled.sort(key=stage_of)
    assert not world.execute(plan.actions).problems
    assert not other.execute(shuffled).problems
    assert [shape(side.tree) for side in world.sides] == [shape(side.tree) for side in other.sides]
    assert world.truth == other.truth


@given(cases())
def test_the_engines_own_walk_decides_the_same(case: Case) -> None:
    world = case.until_last()
    each = case.rounds[-1]
    assume(each.has_base)
    settings = each.settings(world)
    marched = march(world.endpoints, world.store, settings, jobs=2, emit=lambda event: None, cancel=Event())
    actions, _ = in_order(marched.root, marched.unreliable)
    plan = world.plan(settings)
    assert tuple(actions) == plan.actions
    assert set(marched.root.conflicts) == set(plan.conflicts)


@given(cases())
def test_directories_that_are_recognised_and_passed_by_change_no_decision(case: Case) -> None:
    world = case.until_last()
    each = case.rounds[-1]
    assume(each.has_base)
    settings = each.settings(world)
    marched = march(
        world.endpoints,
        world.store,
        settings,
        seals=world.store,
        jobs=2,
        emit=lambda event: None,
        cancel=Event(),
    )
    actions, _ = in_order(marched.root, marched.unreliable)
    without = world.march(settings)
    assert tuple(actions) == world.plan(settings).actions
    assert set(marched.root.conflicts) == set(without.root.conflicts)
    assert {(problem.path, problem.kind) for problem in marched.root.problems} == {
        (problem.path, problem.kind) for problem in without.root.problems
    }
    assert marched.counts == without.counts


def mirrored(world: World) -> World:
    """The same world with its sides exchanged."""
    other = world.copy()
    left, right = other.sides
    other.sides = (right, left)
    left.label, right.label = Side.RIGHT, Side.LEFT
    changes = {path: mirrored_record(record) for path, record in other.base.items()}
    other.store.record(changes.items())
    return other


def mirrored_record(record: Record) -> Record:
    flags = (record.flags & 5) << 1 | (record.flags & 10) >> 1
    return Record(record.right, record.left, record.digest, flags)


def mirrored_names(tree: Any) -> Any:
    """A shape in which kept losers are named after the other side."""
    if not isinstance(tree, dict):
        return tree
    return {mirrored_name(name): mirrored_names(node) for name, node in tree.items()}


def mirrored_name(name: str) -> str:
    if not is_conflict_copy(name):
        return name
    return name.replace("-src", "-SRC").replace("-dst", "-src").replace("-SRC", "-dst")


CLEARED = Case(
    rounds=(
        Round(ops=(Op(Side.LEFT, "share", "a"),)),
        Round(ops=(Op(Side.RIGHT, "edit", "a"),), mode=Mode.PUSH, policy="src"),
    )
)
"""The destination's edit is moved aside for the source's file, which nobody has touched."""


@example(CLEARED, 1)
@given(cases(whole=True), st.integers(1, 6))
def test_what_an_interrupted_run_cleared_away_is_no_user_s_deletion(case: Case, stop_after: int) -> None:
    """Whoever goes on with a sync still has what the other side held where a name was cleared."""
    whole, each = case.until_last(), case.rounds[-1]
    assume(each.has_base)
    cut = whole.copy()
    goes_on = replace(each, mode=Mode.SYNC, delete=Delete.SYNCED)
    runs = [case.run(world, replace(each, stop_after=n)) for world, n in ((whole, None), (cut, stop_after))]
    for world in (whole, cut):
        case.run(world, goes_on)
    cleared = [
        runs[0].before.sides[action.side.other].node(action.path)
        for action in runs[0].plan.actions
        if isinstance(action, MoveAside) or (isinstance(action, RemoveFile) and action.clears_way)
    ]
    held = {node.content for node in cleared if isinstance(node, File)}
    assert held & visible(whole) <= visible(cut)


def visible(world: World) -> set[bytes]:
    """Every content under a name that a user sees."""
    nodes = [node for side in Side for node in world.nodes(side).values()]
    return {node.content for node in nodes if isinstance(node, File)}


@given(cases(whole=True))
def test_sync_mirrors_when_its_sides_are_exchanged(case: Case) -> None:
    world = case.until_last()
    each = replace(case.rounds[-1], mode=Mode.SYNC, delete=Delete.SYNCED)
    assume(each.policy in ("newer", "skip", "fail"))
    known = {*world.nodes(Side.LEFT), *world.nodes(Side.RIGHT), *world.truth}
    assume(not any(is_conflict_copy(path) for path in known))
    other = mirrored(world)
    ran, mirror = world.run(each.settings(world)), other.run(each.settings(other))
    # Where times cannot be ordered, src takes the name: that is not symmetric, and meant.
    assume(all(conflict.resolution is not Resolution.KEEP_BOTH for conflict in ran.plan.conflicts))
    assert not mirror.tally.problems
    shapes = [shape(side.tree) for side in world.sides]
    assert [mirrored_names(shape(side.tree)) for side in reversed(other.sides)] == shapes
    # Of a file that was renamed and edited without a trace in size and mtime, each world knows src's content.
    if case.sees_every_edit:
        assert {mirrored_name(path): content for path, content in other.truth.items()} == world.truth
