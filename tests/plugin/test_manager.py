from __future__ import annotations

import importlib
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from syncfs import __version__
from syncfs.cli.exits import lines_of_error
from syncfs.errors import ConfigError, PluginError
from syncfs.plugin import PluginRow, Plugins, hookimpl, load
from syncfs.plugin.blame import blamed
from syncfs.plugin.manager import _may_have_plugins
from syncfs.plugin.offers import Origin

COMPARATOR = """
    from dataclasses import dataclass
    from typing import ClassVar
    from syncfs.core import Verdict
    from syncfs.plugin import hookimpl

    @dataclass(frozen=True)
    class Odd:
        '''Same when it is {name}.'''
        name: ClassVar[str] = "{name}"

        def compare(self, left, right):
            return Verdict.UNKNOWN

    @hookimpl
    def syncfs_comparators():
        yield Odd
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a distribution with one module and entry point on the import path, as an installer leaves it."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    modules: list[str] = []

    def make(distribution: str, code: str, *, entry_point: str, version: str = "1.2") -> None:
        module = distribution.replace("-", "_")
        modules.append(module)
        (site / f"{module}.py").write_text(textwrap.dedent(code))
        info = site / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[syncfs]\n{entry_point} = {module}\n")

    yield make
    for module in modules:
        sys.modules.pop(module, None)


def test_what_ships_is_loaded_through_the_same_hooks() -> None:
    plugins = load()
    assert list(plugins.comparators())[:7] == [
        "auto",
        "size",
        "mtime",
        "etag",
        "digest",
        "content",
        "newer-or-size",
    ]
    assert {"newer", "older", "larger", "smaller", "src", "dst", "keep-both", "skip", "fail"} <= set(
        plugins.policies()
    )
    assert "gitignore" in plugins.filters()


def test_nothing_is_shared_between_two_loads() -> None:
    def syncfs_check_plan(plan: object) -> list[str]:
        return ["no"]

    load([SimpleNamespace(name="mine", syncfs_check_plan=hookimpl(syncfs_check_plan))])
    assert "mine" not in {row.plugin for row in load().listing()}


def test_loaded_plugins_are_taken_as_they_are() -> None:
    plugins = load()
    assert load(plugins) is plugins


def test_an_installed_plugin_is_found_by_its_entry_point(install: Install) -> None:
    install("syncfs-odd", COMPARATOR.format(name="odd"), entry_point="odd-plugin")
    plugins = load()
    assert plugins.comparator("odd").name == "odd"
    row = next(row for row in plugins.listing() if row.name == "odd")
    assert row == PluginRow(
        "comparator", "odd", "syncfs-odd", "1.2", True, "Same when it is odd.", "odd-plugin", ""
    )


def test_autoload_can_be_switched_off(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("syncfs-odd", COMPARATOR.format(name="odd"), entry_point="odd-plugin")
    monkeypatch.setenv("SYNCFS_DISABLE_PLUGIN_AUTOLOAD", "1")
    assert "odd" not in load().comparators()
    monkeypatch.setenv("SYNCFS_DISABLE_PLUGIN_AUTOLOAD", "0")
    assert "odd" in load().comparators()


def test_a_plugin_that_does_not_import_is_named_with_the_flag_that_leaves_it_out(install: Install) -> None:
    install("syncfs-broken", "import nothing_of_this_name", entry_point="broken")
    with pytest.raises(PluginError) as caught:
        load()
    message = str(caught.value)
    assert (
        "plugin 'broken' of the distribution syncfs-broken 1.2 does not load (ModuleNotFoundError" in message
    )
    assert "-p no:broken" in message
    plugins = load(disabled=["broken"])
    assert plugins.listing()[-1] == PluginRow(
        "plugin", "broken", "syncfs-broken", "1.2", False, "left out", "broken"
    )


def test_a_plugin_that_raises_anything_while_it_loads_is_named(install: Install) -> None:
    install("syncfs-broken", "raise RuntimeError('two\\nlines')", entry_point="broken")
    with pytest.raises(PluginError, match=r"syncfs-broken 1\.2 does not load \(RuntimeError: two lines\)"):
        load()


def test_a_misspelt_hook_fails_naming_the_plugin(install: Install) -> None:
    install(
        "syncfs-typo",
        COMPARATOR.format(name="x").replace("syncfs_comparators", "syncfs_comparator"),
        entry_point="typo",
    )
    with pytest.raises(PluginError, match=r"syncfs-typo 1\.2: unknown hook 'syncfs_comparator'.*-p no:typo"):
        load()


def test_an_argument_that_the_hook_does_not_have_fails_naming_the_plugin() -> None:
    def syncfs_check_plan(plan: object, wishes: object) -> None: ...

    with pytest.raises(PluginError, match=r"plugin 'mine'.*wishes.*-p no:mine"):
        load([SimpleNamespace(name="mine", syncfs_check_plan=hookimpl(syncfs_check_plan))])


def test_two_distributions_with_one_entry_point_name_are_both_named(install: Install) -> None:
    install("syncfs-one", COMPARATOR.format(name="one"), entry_point="same")
    install("syncfs-two", COMPARATOR.format(name="two"), entry_point="same")
    with pytest.raises(PluginError, match="two plugins are named 'same'") as caught:
        load()
    assert "syncfs-one 1.2" in str(caught.value)
    assert "syncfs-two 1.2" in str(caught.value)
    assert "same" not in {row.plugin for row in load(disabled=["same"]).listing() if row.enabled}


def test_two_strategies_of_one_name_are_named_with_their_distributions(install: Install) -> None:
    install("syncfs-one", COMPARATOR.format(name="odd"), entry_point="one")
    install("syncfs-two", COMPARATOR.format(name="odd"), entry_point="two")
    with pytest.raises(PluginError, match="two comparators are named 'odd'") as caught:
        load().comparators()
    assert "syncfs-one 1.2" in str(caught.value)
    assert "syncfs-two 1.2" in str(caught.value)
    for name in ("one", "two"):
        assert "odd" in load(disabled=[name]).comparators()


def test_a_plugin_cannot_take_the_name_of_what_ships(install: Install) -> None:
    install("syncfs-auto", COMPARATOR.format(name="auto"), entry_point="mine")
    with pytest.raises(
        PluginError, match=rf"two comparators are named 'auto'.*syncfs {__version__}.*syncfs-auto"
    ):
        load().comparator("auto")


def test_who_raised_is_told_by_the_traceback(install: Install) -> None:
    """Also where a plugin only calls what raises, or is called back by us."""
    code = """
        import json

        def fails():
            json.loads("{")

        def calls(function):
            function()
    """
    install("syncfs-careless", code, entry_point="careless")
    module = importlib.import_module("syncfs_careless")

    def raised_by(function: Callable[..., object], *arguments: object) -> BaseException:
        with pytest.raises(Exception) as caught:
            function(*arguments)
        return caught.value

    careless = Origin("careless", "syncfs-careless", "1.2")
    assert blamed(raised_by(module.fails)) == careless
    assert blamed(raised_by(module.calls, module.fails)) == careless
    assert blamed(raised_by(module.calls, lambda: load(["a name"]))) is None
    assert blamed(raised_by(load, ["a name"])) is None
    assert blamed(ValueError("never raised")) is None
    [line] = lines_of_error(raised_by(module.fails))
    assert line.startswith(f"syncfs: bug in the {careless}: JSONDecodeError: ")
    assert "-p no:careless" in line


def test_names_to_leave_out_may_be_unknown() -> None:
    assert isinstance(load(disabled=["nobody"]), Plugins)


@pytest.mark.parametrize("plugin", ["syncfs_odd", SimpleNamespace])
def test_a_name_or_a_class_is_no_plugin(plugin: object) -> None:
    with pytest.raises(ConfigError, match="is no plugin; give a module or an object"):
        load([plugin])


def test_a_given_object_may_be_left_out_too() -> None:
    class Watch:
        @hookimpl
        def syncfs_run_finished(self, report: object) -> None: ...

    assert load([Watch()]).has_observers
    assert not load([Watch()], disabled=["Watch"]).has_observers


def test_plugins_are_loaded_without_what_they_do_not_need() -> None:
    code = "import sys, syncfs.plugin; p = syncfs.plugin.load(); p.comparator('auto'); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"fsspec", "webdav4", "httpx", "rich", "sqlite3", "pathspec"} & set(loaded)


def test_installed_plugins_are_looked_for_only_where_a_distribution_names_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without what pytest adds: nobody can know what other finders find.
    assert _may_have_plugins([])
    plain = [
        each for each in sys.meta_path if getattr(each, "__module__", "").startswith("_frozen_importlib")
    ]
    monkeypatch.setattr(sys, "meta_path", plain)
    place = str(tmp_path)
    assert not _may_have_plugins([place, str(tmp_path / "missing")])
    metadata = tmp_path / "other-1.dist-info"
    metadata.mkdir()
    assert not _may_have_plugins([place])
    (metadata / "entry_points.txt").write_text("[console_scripts]\nsyncfs = syncfs.cli:main\n")
    assert not _may_have_plugins([place])
    (metadata / "entry_points.txt").write_text("[console_scripts]\na = b:c\n[syncfs]\nx = y\n")
    assert _may_have_plugins([place])
    (tmp_path / "archive.zip").write_bytes(b"")
    assert _may_have_plugins([str(tmp_path / "archive.zip")])
