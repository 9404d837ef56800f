"""The suites pass for all that ships, and fail for what breaks a law.

A law that cannot fail proves nothing.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, given, settings
from hypothesis.errors import HypothesisException

from syncfs.builtins import (
    Auto,
    Content,
    Digest,
    Etag,
    GitIgnore,
    KeepBoth,
    Larger,
    Mtime,
    Newer,
    NewerOrSize,
    Size,
    Skip,
    Src,
    Threads,
)
from syncfs.builtins.guards import GUARDS
from syncfs.core import Conflict, Entry, Resolution, Verdict
from syncfs.core.conflict import ConflictKind
from syncfs.core.plan import Plan, stage_of
from syncfs.plugin import hookimpl
from syncfs.testing import read_tree, write_tree
from syncfs.testing.comparators import ComparatorSuite
from syncfs.testing.executors import ExecutorSuite
from syncfs.testing.filters import FilterSuite
from syncfs.testing.guards import GuardSuite
from syncfs.testing.laws import DRAWN
from syncfs.testing.observers import ObserverSuite
from syncfs.testing.policies import ConflictPolicySuite
from syncfs.testing.strategies import listings, plans, trees
from syncfs.testing.trees import Tree


class TestAuto(ComparatorSuite):
    comparator = Auto()


class TestSize(ComparatorSuite):
    comparator = Size()


class TestMtime(ComparatorSuite):
    comparator = Mtime()


class TestEtag(ComparatorSuite):
    comparator = Etag()


class TestDigest(ComparatorSuite):
    comparator = Digest()


class TestContent(ComparatorSuite):
    comparator = Content()


class TestNewerOrSize(ComparatorSuite):
    comparator = NewerOrSize()


class TestNewer(ConflictPolicySuite):
    policy = Newer()


class TestLarger(ConflictPolicySuite):
    policy = Larger()


class TestKeepBoth(ConflictPolicySuite):
    policy = KeepBoth()


class TestSkip(ConflictPolicySuite):
    policy = Skip()


class TestSrc(ConflictPolicySuite):
    policy = Src()


class TestGitIgnore(FilterSuite):
    filter = GitIgnore(("*.tmp", "build/", "!keep.tmp", "/a"))
    paths = ("x.tmp", "build", "a/keep.tmp", "build/keep.tmp", "a", "b/a", "*", "[x]")


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
class TestGuards(GuardSuite):
    @pytest.fixture(autouse=True)
    def _set(self, guard: Any) -> None:
        type(self).guard = guard


class TestThreads(ExecutorSuite):
    executor = Threads()


class TestNobody(ObserverSuite):
    def observer(self) -> Any:
        class Nobody:
            @hookimpl
            def syncfs_run_finished(self) -> None: ...

        return Nobody()


# -- what breaks a law is found ------------------------------------------------------------------------


@dataclass(frozen=True)
class Bad:
    """Breaks one law of comparators, or another."""

    name: ClassVar[str] = "bad"
    fault: str = ""

    def compare(self, left: Entry, right: Entry) -> Any:
        match self.fault:
            case "raises":
                return Verdict.SAME if left.size_bytes < right.size_bytes else Verdict.DIFFERENT  # type: ignore[operator]
            case "answers no verdict":
                return left == right
            case "is irreflexive":
                return Verdict.DIFFERENT
            case "is asymmetric":
                return (
                    Verdict.SAME if (left.size_bytes or 0) <= (right.size_bytes or 0) else Verdict.DIFFERENT
                )
        return Verdict.UNKNOWN


@dataclass
class Mutable:
    """Is no value."""

    name: ClassVar[str] = "has space in it"
    option: int = 0


@dataclass(frozen=True)
class Worse:
    """Breaks one law of policies, filters and executors, or another."""

    name: ClassVar[str] = "worse"
    fault: str = ""

    def resolve(self, conflict: Conflict) -> Any:
        if self.fault == "raises":
            assert conflict.left is not None
        if self.fault == "raises for a larger file" and conflict.left and conflict.right:
            assert (conflict.left.size_bytes or 0) <= (conflict.right.size_bytes or 0)
        return "src" if self.fault == "answers a word" else Resolution.SKIP

    def matches(self, path: str, is_directory: bool) -> Any:
        if self.fault == "forgets what is below":
            return path == "a"
        return None if self.fault == "answers nothing" else False

    @contextmanager
    def open(self, jobs: int) -> Iterator[Executor]:
        with ThreadPoolExecutor(jobs) as pool:
            yield _Once(pool, self.fault)


class _Once(Executor):
    """Takes equal calls for one, as Dask's executor does unless it is told otherwise; or runs each twice."""

    def __init__(self, pool: Executor, fault: str) -> None:
        self.pool, self.fault = pool, fault
        self.known: dict[Any, Future[Any]] = {}

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.fault == "runs twice":
            self.pool.submit(fn, *args)
            return self.pool.submit(fn, *args)
        if (fn, args) not in self.known:
            self.known[fn, args] = self.pool.submit(fn, *args)
        return self.known[fn, args]


class BadGuard:
    name = "bad-guard"

    def __init__(self, fault: str) -> None:
        self.fault = fault

    @hookimpl
    def syncfs_check_plan(self, plan: Plan) -> list[str]:
        if self.fault == "raises":
            _ = [action.source for action in plan]  # type: ignore[union-attr]
        return ["no"] if self.fault == "refuses notes" else []


class Raising:
    @hookimpl
    def syncfs_plan_ready(self) -> None:
        raise RuntimeError("tired")


MISSING = "it_answers_whatever_facets_are_missing"
SETTLES = "it_settles_every_conflict_and_always_in_the_same_way"


@pytest.mark.parametrize(
    ("suite", "law", "subject"),
    [
        (ComparatorSuite, "it_answers_whatever_facets_are_missing", {"comparator": Bad("raises")}),
        (
            ComparatorSuite,
            "it_answers_whatever_facets_are_missing",
            {"comparator": Bad("answers no verdict")},
        ),
        (ComparatorSuite, "it_is_reflexive", {"comparator": Bad("is irreflexive")}),
        (ComparatorSuite, "it_is_symmetric_unless_it_is_directed", {"comparator": Bad("is asymmetric")}),
        (ComparatorSuite, "it_is_a_value", {"comparator": Mutable()}),
        (ComparatorSuite, "its_class_has_a_name_that_can_be_chosen_by", {"comparator": Mutable()}),
        (
            ConflictPolicySuite,
            SETTLES,
            {"policy": Worse("raises")},
        ),
        (
            ConflictPolicySuite,
            SETTLES,
            {"policy": Worse("answers a word")},
        ),
        (
            FilterSuite,
            "what_lies_below_a_matched_directory_is_matched_too",
            {"filter": Worse("forgets what is below"), "paths": ("a",)},
        ),
        (FilterSuite, "it_answers_yes_or_no_and_twice_the_same", {"filter": Worse("answers nothing")}),
        (GuardSuite, "it_judges_every_plan_and_leaves_it_as_it_is", {"guard": BadGuard("raises")}),
        (GuardSuite, "a_plan_that_only_takes_notes_passes", {"guard": BadGuard("refuses notes")}),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_law_that_is_broken_is_seen(
    suite: type[Any], law: str, subject: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # That it breaks is enough; to look for the smallest example would take most of the time.
    briefly = settings(DRAWN, phases=[Phase.generate])
    monkeypatch.setattr(
        getattr(suite, f"test_{law}"), "_hypothesis_internal_use_settings", briefly, raising=False
    )
    broken = type("Broken", (suite,), subject)()
    with pytest.raises((AssertionError, AttributeError, TypeError, ExceptionGroup, HypothesisException)):
        getattr(broken, f"test_{law}")()


@pytest.mark.parametrize("fault", ["", "runs twice"])
def test_an_executor_that_does_not_run_each_submit_once_is_seen(fault: str, tmp_path: Path) -> None:
    suite = type("Broken", (ExecutorSuite,), {"executor": Worse(fault)})()
    with pytest.raises(AssertionError):
        suite.test_each_submit_runs_exactly_once_also_an_identical_one(tmp_path)


def test_a_policy_that_raises_where_one_file_is_larger_is_seen_whatever_is_drawn() -> None:
    broken = type("Broken", (ConflictPolicySuite,), {"policy": Worse("raises for a larger file")})()
    with pytest.raises(AssertionError):
        broken.test_it_settles_the_conflicts_of_every_day(ConflictKind.EDIT_EDIT)
    broken.test_it_settles_the_conflicts_of_every_day(ConflictKind.EDIT_DELETE)


def test_an_observer_that_raises_is_seen(tmp_path: Path) -> None:
    suite = type("Broken", (ObserverSuite,), {"observer": lambda self: Raising()})()
    with pytest.raises(AssertionError):
        suite.test_it_sees_a_push_and_a_dry_run_without_raising(tmp_path)


# -- the strategies ------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(plans())
def test_a_drawn_plan_survives_json_and_is_in_order(plan: Plan) -> None:
    assert Plan.from_json(plan.to_json()) == replace(plan, options=plan.options)
    assert list(plan) == sorted(plan, key=stage_of)


@settings(max_examples=20, deadline=None)
@given(listings())
def test_a_drawn_listing_has_names_only_where_it_is_complete(listing: Any) -> None:
    assert not listing.entries or listing.is_evidence


@settings(max_examples=20, deadline=None)
@given(trees())
def test_a_drawn_tree_can_be_written_and_read(tmp_path_factory: pytest.TempPathFactory, tree: Tree) -> None:
    root = tmp_path_factory.mktemp("tree")
    write_tree(root, tree)
    assert read_tree(root) == tree


def test_neither_pytest_nor_hypothesis_is_needed_for_the_rest() -> None:
    code = "import sys, syncfs, syncfs.testing, syncfs.testing.side; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"pytest", "hypothesis"} & set(loaded)
