"""The example of every hook is a whole plugin that does what it says."""

from __future__ import annotations

import ast
import inspect
import logging
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from syncfs import ConfigError, PluginError, Syncer, UnsafePlanError
from syncfs.core import Conflict, ConflictKind, Entry, Kind, Resolution, Verdict
from syncfs.endpoint.generic import GenericEndpoint
from syncfs.endpoint.local import LocalEndpoint
from syncfs.plugin import hookimpl, hookspecs, load
from syncfs.testing import read_tree, write_tree
from syncfs.testing.comparators import ComparatorSuite
from syncfs.testing.executors import ExecutorSuite
from syncfs.testing.filters import FilterSuite
from syncfs.testing.guards import GuardSuite
from syncfs.testing.observers import ObserverSuite
from syncfs.testing.policies import ConflictPolicySuite
from syncfs.testing.stores import StateStoreSuite

SPECS = {name: value for name, value in vars(hookspecs).items() if name.startswith("syncfs_")}


def example(hook: str) -> ModuleType:
    """The plugin in a hook's docstring, as a module that can be imported, so that what is in it pickles."""
    documentation = inspect.getdoc(SPECS[hook]) or ""
    block = documentation.split("::\n", 1)[1].partition("\n    given as")[0]
    code = textwrap.dedent(block).strip()
    assert ast.get_docstring(ast.parse(code))
    module = sys.modules.get(f"example_of_{hook}")
    if module is None:
        module = sys.modules[f"example_of_{hook}"] = ModuleType(f"example_of_{hook}")
        exec(compile(code, f"example of {hook}", "exec", dont_inherit=True), module.__dict__)
    return module


@pytest.mark.parametrize("hook", SPECS)
def test_every_example_loads_and_is_listed_by_its_kind(hook: str) -> None:
    kinds = {
        "syncfs_comparators": "comparator",
        "syncfs_conflict_policies": "policy",
        "syncfs_filters": "filter",
        "syncfs_executors": "executor",
        "syncfs_state_stores": "state store",
        "syncfs_endpoint": "endpoint",
        "syncfs_check_plan": "guard",
    }
    module = example(hook)
    plugin = module.CopyCounter() if hook == "syncfs_events" else module
    rows = [row for row in load([plugin]).listing() if not row.distribution]
    assert [row.kind for row in rows] == [kinds.get(hook, "observer")]
    assert hook == "syncfs_events" or rows[0].summary


class TestSizeParity(ComparatorSuite):
    comparator = example("syncfs_comparators").SizeParity()

    def test_it_judges_by_parity(self) -> None:
        one, three, four = (Entry(Kind.FILE, size) for size in (1, 3, 4))
        assert self.comparator.compare(one, three) is Verdict.SAME
        assert self.comparator.compare(one, four) is Verdict.DIFFERENT


class TestLogsFromServer(ConflictPolicySuite):
    policy = example("syncfs_conflict_policies").LogsFromServer()

    def test_it_takes_the_server_s_logs(self) -> None:
        file = Entry(Kind.FILE, 1)
        for path, resolution in (("a.log", Resolution.RIGHT), ("a.txt", Resolution.KEEP_BOTH)):
            conflict = Conflict(path=path, kind=ConflictKind.EDIT_EDIT, left=file, right=file)
            assert self.policy.resolve(conflict) is resolution


class TestYears(FilterSuite):
    filter = load([example("syncfs_filters")]).selectors(["filter:years:years=[2023, 2024]"])[0]
    paths = ("2024", "2024/a", "a/2023", "2022")

    def test_its_option_came_from_a_word(self) -> None:
        assert self.filter.matches("a/2023/b", False)
        assert not self.filter.matches("2022/b", False)


class TestFewThreads(ExecutorSuite):
    executor = example("syncfs_executors").FewThreads(2)


class TestOneDirectory(StateStoreSuite):
    def state_store(self, tmp_path: Path) -> Any:
        return example("syncfs_state_stores").OneDirectory(str(tmp_path))


class TestThousand(GuardSuite):
    guard = example("syncfs_check_plan")


class TestStarted(ObserverSuite):
    def observer(self) -> Any:
        return example("syncfs_run_started")


class TestCopyCounter(ObserverSuite):
    def observer(self) -> Any:
        return example("syncfs_events").CopyCounter()


class TestAlarm(ObserverSuite):
    def observer(self) -> Any:
        return example("syncfs_run_finished")


def test_the_guard_refuses_more_than_a_thousand_actions(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {f"f{number}": "" for number in range(1001)})
    (tmp_path / "b").mkdir()
    with pytest.raises(UnsafePlanError, match="1001 actions are too many for a day"):
        Syncer(tmp_path / "a", tmp_path / "b", state=None, plugins=[example("syncfs_check_plan")]).push()


def test_the_observers_see_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    write_tree(tmp_path / "a", {"f": "f", "g": "g"})
    counter = example("syncfs_events").CopyCounter()
    observers = [example("syncfs_run_started"), example("syncfs_plan_ready"), counter]
    with caplog.at_level(logging.INFO, "sync-audit"):
        Syncer(tmp_path / "a", tmp_path / "b", state=None, plugins=observers).push()
    assert counter.copies == 2
    assert "push: " in caplog.text
    assert (
        '"copy"' in (tmp_path / "last-plan.json").read_text()
        or "CopyFile" in (tmp_path / "last-plan.json").read_text()
    )


# -- endpoints ---------------------------------------------------------------------------------------


class ShelfFileSystem(MemoryFileSystem):
    protocol = "shelf"
    store: dict[str, Any] = {}  # noqa: RUF012 - as its parent's
    pseudo_dirs = [""]  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        stripped: str = super()._strip_protocol(path.removeprefix("shelf://"))
        return stripped


@pytest.fixture
def shelf() -> Iterator[str]:
    fsspec.register_implementation("shelf", ShelfFileSystem, clobber=True)
    ShelfFileSystem().mkdirs("/docs", exist_ok=True)
    yield "shelf://docs"
    ShelfFileSystem().rm("/docs", recursive=True)


def test_a_plugin_gives_the_endpoint_of_a_protocol_that_syncfs_does_not_know(
    shelf: str, tmp_path: Path
) -> None:
    write_tree(tmp_path / "a", {"f": "f"})
    plugin = example("syncfs_endpoint")
    endpoint = load([plugin]).endpoint(ShelfFileSystem(), "/docs")
    assert isinstance(endpoint, plugin.ShelfEndpoint)
    assert endpoint.capabilities.mtime_grain_ns == 1_000
    assert Syncer(tmp_path / "a", shelf, state=None, plugins=[plugin]).push().copied == 1
    assert ShelfFileSystem().cat_file("/docs/f") == b"f"
    # Without it the filesystem works too, with the safe assumptions.
    assert Syncer(tmp_path / "a", shelf, state=None).push().copied == 0


class Greedy:
    """Wants every filesystem, and counts those that it is asked about."""

    def __init__(self, answer: Any = None) -> None:
        self.asked: list[Any] = []
        self.answer = answer

    @hookimpl
    def syncfs_endpoint(self, fs: Any) -> Any:
        self.asked.append(fs)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_no_plugin_is_asked_about_a_filesystem_that_syncfs_knows(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"f": "f"})
    greedy = Greedy(5)
    for dst in (str(tmp_path / "b"), "memory://greedy", "webdav://127.0.0.1:9/x"):
        Syncer(tmp_path / "a", dst, state=None, plugins=[greedy])
    assert greedy.asked == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            RuntimeError("odd"),
            r"plugin 'Greedy' failed in syncfs_endpoint \(RuntimeError: odd\); .*-p no:Greedy",
        ),
        (5, "plugin 'Greedy': syncfs_endpoint gave 5, which is no endpoint"),
    ],
)
def test_a_broken_endpoint_plugin_is_named(shelf: str, tmp_path: Path, answer: Any, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        Syncer(tmp_path, shelf, plugins=[Greedy(answer)])


def test_an_endpoint_object_is_a_place(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"f": "f"})
    (tmp_path / "b").mkdir()
    src, dst = LocalEndpoint(str(tmp_path / "a")), LocalEndpoint(str(tmp_path / "b"))
    assert Syncer(src, dst, state=None).push().copied == 1
    assert read_tree(tmp_path / "b") == {"f": "f"}
    with pytest.raises(ConfigError, match="dst: an endpoint has its root and its options already"):
        Syncer(src, dst, dst_path="below")
    with pytest.raises(ConfigError, match="src: cannot sync a type"):
        Syncer(GenericEndpoint, dst)


# -- options -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("filter:years:months=3", "the filter 'years' has no option months; its options are years"),
        ("filter:years:years", "write NAME:KEY=VALUE"),
        ("filter:years:", "write NAME:KEY=VALUE"),
        ("filter:years:years=[1],years=[2]", "gives years twice"),
    ],
)
def test_options_that_cannot_be_are_refused_in_one_line(word: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load([example("syncfs_filters")]).selectors([word])


def test_an_option_has_the_type_that_its_field_declares(tmp_path: Path) -> None:
    plugins = load([example("syncfs_state_stores"), example("syncfs_executors")])
    assert plugins.state("store:one-directory:directory=12").directory == "12"
    assert plugins.state(str(tmp_path)) == str(tmp_path)
    assert plugins.state(tmp_path) is tmp_path
    executor: Any = plugins.executor("few-threads:most=7")
    assert executor.most == 7
    for word in ("few-threads:most=seven", "few-threads:most=true", "few-threads:most=1.5"):
        with pytest.raises(ConfigError, match=r"most: .* is no int"):
            plugins.executor(word)
    with pytest.raises(ConfigError, match="the comparator 'auto' has no option grain_ns; it has none"):
        plugins.comparator("auto:grain_ns=5")


def test_the_listing_shows_the_options() -> None:
    rows = {row.name: row.options for row in load([example("syncfs_executors")]).listing()}
    assert rows["few-threads"] == "most=4"
    assert rows["auto"] == ""
