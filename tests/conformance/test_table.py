"""The README's tables are those that were made from the last run that was put on record."""

import re

import pytest

from syncfs.testing.conformance import FEATURES, Finding, ReadOnlySuite
from tests.conformance.table import README, gathered, load, render, shown
from tests.endpoint.conformance import test_filesystems, test_generic, test_local, test_read_only, test_webdav
from tests.endpoint.conformance.test_filesystems import by_command


@pytest.mark.parametrize("table", ["servers", "filesystems"])
def test_the_readme_shows_the_table_that_was_found(table: str) -> None:
    assert shown(table) == render(load()[table])


def test_every_server_is_in_it_with_every_feature() -> None:
    found = load()["servers"]
    titles = {suite.title for suite in vars(test_webdav).values() if getattr(suite, "server", None)}
    assert set(found) == titles
    for subject, features in found.items():
        assert set(features) == set(FEATURES), subject


SUITES = [
    suite
    for module in (test_filesystems, test_generic, test_local, test_read_only)
    for suite in vars(module).values()
    if getattr(suite, "table", None) == "filesystems" and suite.title
]


def test_every_filesystem_is_in_it() -> None:
    assert set(load()["filesystems"]) == {suite.title for suite in SUITES}


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.title)
def test_a_filesystem_is_in_it_with_every_feature_that_its_suite_finds(suite: type) -> None:
    found = load()["filesystems"]
    read_only = {"case", "dotfiles", "tells"}
    assert set(found[suite.title]) == (read_only if issubclass(suite, ReadOnlySuite) else set(FEATURES))  # type: ignore[attr-defined]


def test_the_readme_names_the_suites_that_do_not_run_by_default() -> None:
    text = README.read_text()
    named = set(re.findall(r"`(Test\w+)`", text))
    assert named == {
        suite.__name__ for suite in SUITES if by_command.mark in getattr(suite, "pytestmark", [])
    }


def test_what_is_found_twice_can_only_what_both_found() -> None:
    findings = [
        Finding("t", "s", "mtime", True),
        Finding("t", "s", "mtime", False, "large"),
        Finding("t", "s", "names", True),
    ]
    assert gathered(findings) == {
        "t": {"s": {"mtime": {"can": False, "detail": "large"}, "names": {"can": True, "detail": ""}}}
    }


def test_a_table_says_what_happens_instead_only_where_it_is_needed() -> None:
    subjects = {
        name: {key: {"can": key != "mtime" or name == "b", "detail": ""} for key in FEATURES} for name in "ab"
    }
    rows = {line.split(" | ")[0].strip("| "): line for line in render(subjects).splitlines()[2:]}
    assert rows[FEATURES["mtime"].title].endswith(f"| no | yes | {FEATURES['mtime'].instead} |")
    assert rows[FEATURES["names"].title].endswith("| yes | yes |  |")


@pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES)
def test_every_feature_is_in_plain_words(feature: object) -> None:
    assert isinstance(getattr(feature, "title", None), str)
    assert "|" not in str(feature)
