"""A tree read back is the literal that it was written from."""

import os
from pathlib import Path

import pytest

from syncfs.testing import Link, Tree, read_tree, write_tree


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"a.txt": "text"},
        {"empty": ""},
        {"a/b/c.txt": "café\r\n", "a/d/": None},
        {".hidden": "x", ".syncfs/y": "z"},
        {"bin": b"\xff\xfe"},
        {"link": Link("nowhere"), "to-directory": Link("."), "x": ""},
    ],
    ids=str,
)
def test_what_is_written_is_read(tmp_path: Path, tree: Tree) -> None:
    write_tree(tmp_path, tree)
    assert read_tree(tmp_path) == tree


def test_bytes_that_are_text_are_read_as_text(tmp_path: Path) -> None:
    write_tree(tmp_path, {"x": b"text"})
    assert read_tree(tmp_path) == {"x": "text"}


def test_writing_replaces_files_and_leaves_the_rest(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a": "1", "b": "2"})
    write_tree(tmp_path, {"b": "3", "c/": None})
    assert read_tree(tmp_path) == {"a": "1", "b": "3", "c/": None}


@pytest.mark.parametrize("tree", [{"c": None}, {"c/": "text"}, {"": "text"}])
def test_a_literal_that_says_two_things_is_refused(tmp_path: Path, tree: Tree) -> None:
    with pytest.raises(ValueError, match="directory"):
        write_tree(tmp_path, tree)


def test_a_missing_root_is_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_tree(tmp_path / "missing")


def test_what_has_no_literal_is_not_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="pipe"):
        read_tree(tmp_path)
