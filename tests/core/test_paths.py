"""Names that are ours, names of kept losers, and names that lead nowhere good."""

import pytest

from syncfs.core.entry import Side
from syncfs.core.paths import (
    conflict_name,
    is_conflict_copy,
    is_reserved,
    name_problem,
    split,
    temp_name,
    temp_run,
)

STAMP = "20261122T143005"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.docx", f"report.conflict-{STAMP}-dst.docx"),
        ("Makefile", f"Makefile.conflict-{STAMP}-dst"),
        (".bashrc", f".bashrc.conflict-{STAMP}-dst"),
        ("..rc", f"..rc.conflict-{STAMP}-dst"),
        ("a.tar.gz", f"a.tar.conflict-{STAMP}-dst.gz"),
        ("trailing.", f"trailing.conflict-{STAMP}-dst."),
    ],
)
def test_a_kept_loser_keeps_its_suffix(name: str, expected: str) -> None:
    assert conflict_name(name, Side.RIGHT, STAMP, ()) == expected
    assert is_conflict_copy(expected)


def test_a_conflict_copys_own_loser_is_named_after_the_original() -> None:
    once = conflict_name("a.txt", Side.LEFT, "20200101T000000", ())
    assert conflict_name(once, Side.RIGHT, STAMP, ()) == f"a.conflict-{STAMP}-dst.txt"


def test_a_taken_name_gets_a_number_however_many_are_taken() -> None:
    taken: set[str] = set()
    for _ in range(12):
        fresh = conflict_name("a.txt", Side.LEFT, STAMP, taken)
        assert fresh not in taken
        assert is_conflict_copy(fresh)
        taken.add(fresh)
    assert f"a.conflict-{STAMP}-src-11.txt" in taken


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127 + ".txt", "n" * 251 + ".txt", "\udcff" * 200 + ".c"])
def test_a_kept_losers_name_fits_where_a_long_name_fits(name: str) -> None:
    fresh = conflict_name(name, Side.LEFT, STAMP, ())
    assert len(fresh.encode("utf-8", "surrogateescape")) <= 255
    assert is_conflict_copy(fresh)


def test_a_very_long_suffix_is_cut_like_a_stem() -> None:
    fresh = conflict_name("x." + "s" * 253, Side.LEFT, STAMP, ())
    assert len(fresh.encode()) <= 255


@pytest.mark.parametrize("name", [".syncfs", ".syncfs-tmp-r-1", ".syncfsignore", "syncfs-tmp-r-1"])
def test_our_own_names_are_never_synced(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize("name", ["syncfs", "syncfs.txt", "a.syncfs", ".sync"])
def test_other_names_are_not_ours(name: str) -> None:
    assert not is_reserved(name)


@pytest.mark.parametrize("hidden", [True, False])
def test_a_temporary_name_tells_its_run(hidden: bool) -> None:
    assert temp_run(temp_name("20261122T143005Zab12-7", hidden=hidden)) == "20261122T143005Zab12"


@pytest.mark.parametrize("name", ["report.docx", ".syncfs-tmp-", ".syncfs-tmp-run", ".syncfs-tmp--7"])
def test_a_name_of_another_form_tells_no_run(name: str) -> None:
    assert temp_run(name) is None


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\0b"])
def test_a_listed_name_cannot_lead_out_of_its_directory(name: str) -> None:
    assert name_problem(name) is not None


@pytest.mark.parametrize("name", ["...", "a b", "C:", "\\", "con", "naïve", "\n"])
def test_a_difficult_name_is_still_a_name(name: str) -> None:
    assert name_problem(name) is None


def test_the_root_is_in_no_directory() -> None:
    assert split("") == ("", "")
