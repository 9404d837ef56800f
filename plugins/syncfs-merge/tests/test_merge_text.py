from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syncfs_merge.text import merge_text

BASE = b"one\ntwo\nthree\nfour\nfive\n"


def merged(base: bytes, left: bytes, right: bytes) -> bytes | None:
    made = merge_text(base, left, right, markers=False)
    assert made is None or made[1]
    return None if made is None else made[0]


def test_edits_of_unlike_lines_come_together() -> None:
    left, right = BASE.replace(b"one", b"ONE"), BASE.replace(b"five", b"FIVE\nsix")
    assert merged(BASE, left, right) == b"ONE\ntwo\nthree\nfour\nFIVE\nsix\n"


@pytest.mark.parametrize("right", [b"uno\ntwo\nthree\nfour\nfive\n", b"one\nTWO\nthree\nfour\nfive\n"])
def test_edits_of_one_line_and_of_neighbours_are_no_clean_merge(right: bytes) -> None:
    assert merged(BASE, BASE.replace(b"one", b"ONE"), right) is None


def test_the_same_edit_on_both_sides_is_one_edit() -> None:
    both = BASE.replace(b"one", b"ONE")
    assert merged(BASE, both, both + b"six\n") == both + b"six\n"


@pytest.mark.parametrize("content", [b"a\0b\n", b"\xff\xfea"])
def test_what_is_no_text_is_not_merged(content: bytes) -> None:
    assert merged(content, content + b"x", b"x" + content) is None
    assert merge_text(BASE, BASE, content, markers=True) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_encoding_mark_and_line_breaks_stay_what_they_were(encoding: str, line_break: str) -> None:
    def spelled(*lines: str) -> bytes:
        return "".join(line + line_break for line in lines).encode(encoding)

    base, left = spelled("é", "b", "c", "d"), spelled("è", "b", "c", "d")
    assert merged(base, left, spelled("é", "b", "c", "ü")) == spelled("è", "b", "c", "ü")


def test_a_side_that_converted_all_line_breaks_has_edited_no_line() -> None:
    left = BASE.replace(b"\n", b"\r\n")
    assert merged(BASE, left, BASE.replace(b"two", b"TWO")) == left.replace(b"two", b"TWO")
    assert merged(BASE, BASE.replace(b"two", b"TWO"), left) == left.replace(b"two", b"TWO")


def test_a_side_that_added_a_byte_order_mark_has_added_just_that() -> None:
    mark = b"\xef\xbb\xbf"
    assert merged(BASE, mark + BASE, BASE + b"six\n") == mark + BASE + b"six\n"


def test_two_encodings_in_one_file_are_no_merge() -> None:
    left, right = "é\n".encode() + BASE, BASE + "è\n".encode("latin-1")
    assert merged(BASE, left, right) is None


def test_a_last_line_without_a_break_is_never_glued_to_another() -> None:
    assert merged(b"a\nb", b"A\nb", b"a\nb\nc") in (None, b"A\nb\nc")
    assert merged(b"a\n", b"a\nleft", b"a\nright") is None


def test_markers_are_written_only_when_they_are_asked_for() -> None:
    left, right = BASE.replace(b"two", b"left"), BASE.replace(b"two", b"right")
    assert merge_text(BASE, left, right, markers=False) is None
    made = merge_text(BASE, left, right, markers=True)
    assert made is not None
    content, is_clean = made
    assert not is_clean
    assert content == (
        b"one\n<<<<<<< src\nleft\n||||||| base\ntwo\n=======\nright\n>>>>>>> dst\nthree\nfour\nfive\n"
    )


LINES = st.lists(st.sampled_from(["a", "b", "c", "d", ""]), max_size=8).map("\n".join).map(str.encode)


@settings(max_examples=150, deadline=None)
@given(LINES, LINES, LINES)
def test_a_merge_holds_every_line_that_only_one_side_added_and_none_that_nobody_had(
    base: bytes, left: bytes, right: bytes
) -> None:
    made = merged(base, left, right)
    assert merged(base, left, base) in (left, None)
    assert merged(base, base, right) in (right, None)
    if made is not None:
        lines = set(made.split(b"\n"))
        old, ours, theirs = (set(each.split(b"\n")) for each in (base, left, right))
        assert (ours - old) | (theirs - old) <= lines | {b""}
        assert lines <= old | ours | theirs | {b""}
