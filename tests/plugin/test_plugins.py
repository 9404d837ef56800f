from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from syncfs.builtins import Auto, GitIgnore, Newer, Src
from syncfs.core.capabilities import Capabilities
from syncfs.core.compare import Verdict
from syncfs.core.conflict import Conflict, ConflictKind, Resolution
from syncfs.core.entry import DIRECTORY, Entry, Kind
from syncfs.core.event import Event, EventKind
from syncfs.core.plan import Plan
from syncfs.core.report import Report
from syncfs.core.selection import Selection
from syncfs.core.settings import Delete, Mode, Settings
from syncfs.errors import ConfigError, PluginError
from syncfs.plugin import Plugins, hookimpl, load

PLAN = Plan(mode=Mode.PUSH)
CAPABILITIES = Capabilities(keeps_mtime=True, mtime_grain_ns=1)
SETTINGS = Settings(
    mode=Mode.PUSH,
    delete=Delete.NONE,
    compare=Auto(),
    policy=Newer(),
    selection=Selection(),
    capabilities=(CAPABILITIES, CAPABILITIES),
)
FILE = Entry(Kind.FILE, 1, 5)


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load()


def offering(hook: str, *given: object) -> SimpleNamespace:
    def offer() -> Iterator[object]:
        yield from given

    offer.__name__ = hook
    return SimpleNamespace(name="mine", **{hook: hookimpl(offer)})


def met(
    path: str, kind: ConflictKind = ConflictKind.EDIT_EDIT, left: Entry = FILE, right: Entry = FILE
) -> Conflict:
    return Conflict(path=path, kind=kind, left=left, right=right)


# -- choosing by name --------------------------------------------------------------------------------


def test_a_name_gives_an_object_with_default_options(plugins: Plugins) -> None:
    assert plugins.comparator("auto") == Auto()
    assert plugins.policy("newer") == Newer()


def test_an_object_is_taken_as_it_is(plugins: Plugins) -> None:
    chosen = Auto(grain_ns=5)
    assert plugins.comparator(chosen) is chosen


def test_an_unknown_name_lists_the_known_ones_and_guesses(plugins: Plugins) -> None:
    with pytest.raises(ConfigError) as caught:
        plugins.comparator("digets")
    message = str(caught.value)
    assert message.startswith("no comparator is named 'digets'. Did you mean 'digest'? Known comparators: ")
    assert all(name in message for name in plugins.comparators())
    with pytest.raises(ConfigError, match=r"no conflict|no policy is named 'zzz'\. Known policies: .*newer"):
        plugins.policy("zzz")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (Auto, r"Auto is a class: give an object, Auto\(\.\.\.\), or a name"),
        (object(), "is no comparator: it has no method compare"),
        (None, "None is no comparator"),
    ],
)
def test_what_is_no_comparator_is_refused(plugins: Plugins, spec: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        plugins.comparator(spec)


def test_a_strategy_that_needs_arguments_is_named_with_its_plugin() -> None:
    @dataclass(frozen=True)
    class Needy:
        limit: int
        name: ClassVar[str] = "needy"

        def compare(self, left: Entry, right: Entry) -> Verdict:
            return Verdict.UNKNOWN

    plugins = load([offering("syncfs_comparators", Needy)])
    with pytest.raises(
        PluginError, match="plugin 'mine': the comparator 'needy' cannot be made without arguments"
    ):
        plugins.comparator("needy")
    assert plugins.comparator(Needy(3)) == Needy(3)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (Auto(), "a class with a name"),
        (type("Nameless", (), {"compare": None}), "a class with a name"),
        (type("Numbered", (), {"name": 5}), "a class with a name"),
        (type("Idle", (), {"name": "idle"}), "a class with a method compare"),
    ],
)
def test_what_a_hook_must_not_yield_is_refused_naming_the_plugin(given: object, wanted: str) -> None:
    with pytest.raises(
        PluginError, match=rf"plugin 'mine': syncfs_comparators must yield {wanted}.*-p no:mine"
    ):
        load([offering("syncfs_comparators", given)]).comparators()


def test_a_registration_that_raises_is_named() -> None:
    def broken() -> None:
        raise RuntimeError("out of order")

    broken.__name__ = "syncfs_filters"
    plugins = load([SimpleNamespace(name="mine", syncfs_filters=hookimpl(broken))])
    with pytest.raises(
        PluginError, match=r"plugin 'mine' failed in syncfs_filters \(RuntimeError: out of order\)"
    ):
        plugins.filters()


# -- policies and filters in the user's words --------------------------------------------------------


def test_a_mapping_of_patterns_is_a_policy_and_the_first_match_decides(plugins: Plugins) -> None:
    policy = plugins.policy({"*.md": "keep-both", "docs/": Src(), "*": lambda conflict: "dst"})
    assert policy.resolve(met("docs/a.md")) is Resolution.KEEP_BOTH
    assert policy.resolve(met("docs/a.txt")) is Resolution.LEFT
    assert policy.resolve(met("b.txt")) is Resolution.RIGHT
    assert policy.resolve(met("docs", ConflictKind.TYPE, right=DIRECTORY)) is Resolution.LEFT


def test_what_no_pattern_matches_is_left_to_newer(plugins: Plugins) -> None:
    policy = plugins.policy({"*.md": "src"})
    newer = Entry(Kind.FILE, 1, 1_700_000_000 * 10**9)
    older = newer._replace(mtime_ns=1_600_000_000 * 10**9)
    assert policy.resolve(met("a.txt", left=older, right=newer)) is Resolution.RIGHT
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_a_callable_is_a_policy(plugins: Plugins) -> None:
    seen: list[Conflict] = []

    def skip(conflict: Conflict) -> Resolution:
        seen.append(conflict)
        return Resolution.SKIP

    conflict = met("a")
    assert plugins.policy(skip).resolve(conflict) is Resolution.SKIP
    assert seen == [conflict]
    with pytest.raises(ConfigError, match=r"the function gave 'mine' for a; give one of src, dst, keep-both"):
        plugins.policy(lambda each: "mine").resolve(conflict)


@pytest.mark.parametrize("spec", [{"*.md": "nwer"}, {"!": "newer"}, 5, Newer])
def test_a_policy_that_cannot_be_is_refused(plugins: Plugins, spec: object) -> None:
    with pytest.raises(ConfigError):
        plugins.policy(spec)


def test_patterns_together_are_one_filter_in_their_order(plugins: Plugins) -> None:
    mine = GitIgnore(("x",))
    assert plugins.selectors(["*.log", mine, "!keep.log"]) == (GitIgnore(("*.log", "!keep.log")), mine)
    assert plugins.selectors([]) == ()


def test_a_filter_is_chosen_by_its_name(plugins: Plugins) -> None:
    assert plugins.selectors(["filter:gitignore"]) == (GitIgnore(),)
    with pytest.raises(ConfigError, match=r"no filter is named 'gitignor'\. Did you mean 'gitignore'"):
        plugins.selectors(["filter:gitignor"])
    with pytest.raises(ConfigError, match="give a list of patterns"):
        plugins.selectors("*.log")
    with pytest.raises(ConfigError, match="is no filter"):
        plugins.selectors([5])  # type: ignore[list-item]


def test_patterns_without_their_plugin_are_refused() -> None:
    with pytest.raises(ConfigError, match="patterns need the filter 'gitignore', and its plugin is left out"):
        load(disabled=["builtin-filters"]).selectors(["*.log"])


# -- guards and observers ----------------------------------------------------------------------------


class Guard:
    def __init__(self, name: str, answer: Any) -> None:
        self.name = name
        self.answer = answer

    @hookimpl
    def syncfs_check_plan(self, plan: Plan) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "reasons"),
    [(None, ()), ([], ()), ("no", ("no",)), (["a", "b"], ("a", "b")), (iter("ab"), ("a", "b"))],
)
def test_a_guard_gives_its_reasons_in_any_form(answer: Any, reasons: tuple[str, ...]) -> None:
    assert load([Guard("mine", answer)]).check_plan(PLAN, SETTINGS) == reasons


def test_a_guard_that_raises_refuses_and_the_others_are_asked() -> None:
    plugins = load([Guard("bad", ValueError("odd")), Guard("good", "because")])
    failed, because = plugins.check_plan(PLAN, SETTINGS)
    assert because == "because"
    assert "the guard in plugin 'bad' failed (ValueError: odd)" in failed
    assert "-p no:bad" in failed


class Observer:
    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name = name
        self.error = error
        self.seen: list[object] = []

    def _note(self, *what: object) -> None:
        self.seen.append(what)
        if self.error:
            raise self.error

    @hookimpl
    def syncfs_run_started(self, mode: str, dst: str) -> None:
        self._note(mode, dst)

    @hookimpl
    def syncfs_plan_ready(self, plan: Plan) -> None:
        self._note(plan)

    @hookimpl
    def syncfs_events(self, events: list[Event]) -> None:
        self._note(events)

    @hookimpl
    def syncfs_run_finished(self, report: Report) -> None:
        self._note(report)


def test_observers_see_everything_also_beside_one_that_raises() -> None:
    good, bad = Observer("good"), Observer("bad", RuntimeError("tired"))
    plugins = load([good, bad, Observer("last")])
    assert plugins.has_observers
    events, report = [Event(kind=EventKind.DONE)], Report(mode="push")
    failures = [
        plugins.run_started("push", "a", "b"),
        plugins.plan_ready(PLAN),
        plugins.events(events),
        plugins.run_finished(report),
    ]
    assert good.seen == [("push", "b"), (PLAN,), (events,), (report,)]
    assert bad.seen == good.seen
    for (failure,) in failures:
        assert failure.startswith("the observer in plugin 'bad' failed in syncfs_")
        assert "(RuntimeError: tired); leave it out with -p no:bad" in failure


def test_nobody_watches_unless_asked(plugins: Plugins) -> None:
    assert load(disabled=["x"]).has_observers is any(row.kind == "observer" for row in plugins.listing())


def test_the_listing_names_each_observer_once_and_each_guard() -> None:
    rows = load([Observer("eye"), Guard("gate", None)]).listing()
    assert [(row.kind, row.name) for row in rows if row.plugin in ("eye", "gate")] == [
        ("guard", "gate"),
        ("observer", "eye"),
    ]


def test_an_interrupt_is_no_failure_of_an_observer() -> None:
    class Interrupted:
        @hookimpl
        def syncfs_events(self, events: object) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load([Interrupted()]).events([])
