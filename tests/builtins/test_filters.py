from __future__ import annotations

import pickle

import pytest

from syncfs.builtins import GitIgnore
from syncfs.core.selection import Filter, Selection, Tracking
from syncfs.errors import ConfigError


@pytest.mark.parametrize(
    ("patterns", "path", "is_directory", "matches"),
    [
        (("*.log",), "a/b.log", False, True),
        (("*.log",), "a/b.txt", False, False),
        (("build/",), "build", True, True),
        (("build/",), "build", False, False),
        (("build/",), "x/build/y/z", False, True),
        (("/build",), "x/build", True, False),
        (("docs/*.md",), "docs/a.md", False, True),
        (("docs/*.md",), "docs/x/a.md", False, False),
        (("docs/**/*.md",), "docs/x/y/a.md", False, True),
        (("*.log", "!keep.log"), "keep.log", False, False),
        (("!keep.log", "*.log"), "keep.log", False, True),
        (("# a comment", ""), "# a comment", False, False),
        (("\\#a",), "#a", False, True),
        (("*",), "café \udcff", False, True),
        ((), "a", False, False),
    ],
)
def test_patterns_match_as_git_does(
    patterns: tuple[str, ...], path: str, is_directory: bool, matches: bool
) -> None:
    assert GitIgnore(patterns).matches(path, is_directory) is matches


def test_a_filter_pickles_and_compares_by_its_patterns() -> None:
    one = GitIgnore(("*.log",))
    assert isinstance(one, Filter)
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert hash(again) == hash(one)
    assert again.matches("a.log", False)
    assert "GitIgnoreSpec" not in repr(one)


@pytest.mark.parametrize("pattern", ["!", "\\"])
def test_what_is_no_pattern_is_refused_at_once(pattern: str) -> None:
    with pytest.raises(ConfigError, match="is not a pattern in gitignore syntax"):
        GitIgnore(("*.log", pattern))


def test_one_string_is_not_a_list_of_patterns() -> None:
    with pytest.raises(ConfigError, match="give a list"):
        GitIgnore("*.log")  # type: ignore[arg-type]


def test_patterns_select_what_is_synced() -> None:
    selection = Selection([GitIgnore(("docs/*.md",))], [GitIgnore(("draft*",))])
    assert selection.of("docs/a.md", False) is Tracking.TRACKED
    assert selection.of("docs/draft.md", False) is Tracking.EXCLUDED
    assert selection.of("docs", True) is Tracking.PASSAGE
    assert selection.of("drafts", True) is Tracking.EXCLUDED
    assert selection.of("docs/a.txt", False) is Tracking.EXCLUDED
