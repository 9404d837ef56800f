"""Open conflicts and removals: listed, settled, taken back."""

import json
import re
from pathlib import Path

import pytest

from syncfs.testing import Tree, read_tree, write_tree
from tests.cli.conftest import Done, Run
from tests.servers.server import Folder

CONTESTED = ("a.txt", "docs/b=c.txt")


def conflict_copies(tree: Tree) -> list[object]:
    return [node for name, node in tree.items() if ".conflict-" in name]


def visible(tree: Tree) -> Tree:
    """Without what syncfs keeps for itself."""
    return {name: node for name, node in tree.items() if not name.startswith(".syncfs")}


@pytest.fixture
def contested(syncfs: Run, tmp_path: Path) -> tuple[Path, Path]:
    """A pair with two open conflicts and one file that both sides agree on."""
    write_tree(tmp_path / "a", {**dict.fromkeys(CONTESTED, "old"), "same": "x"})
    assert syncfs("sync", "a", "b").code == 0
    write_tree(tmp_path / "a", dict.fromkeys(CONTESTED, "mine!"))
    write_tree(tmp_path / "b", dict.fromkeys(CONTESTED, "theirs"))
    assert syncfs("sync", "a", "b", "--on-conflict", "skip").code == 3
    return tmp_path / "a", tmp_path / "b"


@pytest.fixture
def emptied(syncfs: Run, tmp_path: Path) -> tuple[Path, Path]:
    """A pair one run of which removed two files from its second side."""
    write_tree(tmp_path / "a", {"a.txt": "one", "docs/b.txt": "two", "c.txt": "three"})
    assert syncfs("push", "a", "b").code == 0
    (tmp_path / "a" / "a.txt").unlink()
    (tmp_path / "a" / "docs" / "b.txt").unlink()
    (tmp_path / "a" / "docs").rmdir()
    assert syncfs("push", "--delete", "a", "b").code == 0
    return tmp_path / "a", tmp_path / "b"


def test_open_conflicts_are_listed_with_what_both_sides_hold(
    syncfs: Run, contested: tuple[Path, Path]
) -> None:
    done = syncfs("conflicts", "a", "b")
    assert done.code == 3
    assert done.lines[0].split() == ["path", "conflict", "src", "dst"]
    assert [line.split()[0] for line in done.lines[1:3]] == list(CONTESTED)
    assert all(re.search(r"edit against edit +5 B, 20.* +6 B, 20", line) for line in done.lines[1:3])
    assert "--resolve PATH=src|dst|keep-both" in done.lines[3]
    listed = json.loads(syncfs("conflicts", "a", "b", "--json").out)
    assert ([each["path"] for each in listed["conflicts"]], listed["settled"]) == (list(CONTESTED), [])
    events = [json.loads(line) for line in syncfs("conflicts", "a", "b", "--jsonl").lines]
    assert [(each["event"], each["path"]) for each in events] == [("conflict", path) for path in CONTESTED]


def test_a_pair_without_conflicts_lists_none(syncfs: Run, tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"a.txt": "one"})
    assert syncfs("conflicts", "a", "b") == Done(0, "no open conflicts\n", "")
    syncfs("sync", "a", "b")
    assert syncfs("conflicts", "a", "b", "-q") == Done(0, "", "")
    assert json.loads(syncfs("conflicts", "a", "b", "--json").out) == {"conflicts": [], "settled": []}


def test_a_conflict_is_settled_by_the_named_choice_and_the_others_stay_open(
    syncfs: Run, contested: tuple[Path, Path]
) -> None:
    done = syncfs("conflicts", "a", "b", "--resolve", "a.txt=src")
    assert done.code == 3, done.err
    assert "conflict  a.txt: edit against edit, settled: " in done.out
    assert "resolve: " in done.out
    left, right = (read_tree(side) for side in contested)
    assert (left["a.txt"], right["a.txt"]) == ("mine!", "mine!")
    assert (left[CONTESTED[1]], right[CONTESTED[1]]) == ("mine!", "theirs")
    assert (conflict_copies(left), conflict_copies(right)) == (["theirs"], ["theirs"])
    done = syncfs("conflicts", "a", "b", "--resolve", f"{CONTESTED[1]}=dst", "--json")
    settled = json.loads(done.out)
    assert (done.code, settled["conflicts"]) == (0, [])
    assert [conflict["path"] for report in settled["settled"] for conflict in report["conflicts"]] == [
        CONTESTED[1]
    ]
    assert read_tree(contested[0])[CONTESTED[1]] == "theirs"
    left, right = (read_tree(side) for side in contested)
    assert left == right
    assert sorted(map(str, conflict_copies(left))) == ["mine!", "theirs"]


def test_several_conflicts_are_settled_by_one_command(syncfs: Run, contested: tuple[Path, Path]) -> None:
    words = [word for path in CONTESTED for word in ("--resolve", f"{path}=keep-both")]
    done = syncfs("conflicts", "a", "b", *words)
    assert done.code == 0, done.err
    left, right = (read_tree(side) for side in contested)
    assert [left[path] for path in CONTESTED] == [right[path] for path in CONTESTED] == ["mine!", "mine!"]
    assert conflict_copies(right) == ["theirs", "theirs"]


def test_a_path_without_a_conflict_settles_nothing(syncfs: Run, contested: tuple[Path, Path]) -> None:
    for word, said in (("same=src", "no conflict is open under 'same'"), ("a.txt=left", "a.txt=left")):
        done = syncfs("conflicts", "a", "b", "--resolve", "a.txt=src", "--resolve", word)
        assert done.code == 2
        assert said in done.err
    assert syncfs("conflicts", "a", "b", "--resolve", "a.txt=src", "--resolve", "a.txt=dst").code == 2
    assert read_tree(contested[1])["a.txt"] == "theirs"


def test_the_history_says_what_was_removed_and_can_be_brought_back(
    syncfs: Run, emptied: tuple[Path, Path]
) -> None:
    lines = syncfs("history", "a", "b").lines
    assert "3 removed" in lines[1]
    assert re.fullmatch(r"  in the trash of dst until 20\d\d-\d\d-\d\d: a\.txt, docs/b\.txt", lines[2])
    assert "push" in lines[3]
    assert "syncfs restore SRC DST RUN" in lines[4]
    newest, oldest = json.loads(syncfs("history", "a", "b", "--json").out)
    assert newest["trash"] == [{"side": "dst", "path": path} for path in ("a.txt", "docs/b.txt")]
    assert oldest["trash"] == []
    assert lines[1].split()[0] == newest["id"]


def test_a_run_that_removed_much_names_a_few(syncfs: Run, tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {f"{number}.txt": "x" for number in range(8)})
    syncfs("push", "a", "b")
    for number in range(7):
        (tmp_path / "a" / f"{number}.txt").unlink()
    syncfs("push", "--delete", "a", "b")
    assert syncfs("history", "a", "b").lines[2].endswith(": 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 2 more")


def test_a_restoration_puts_back_what_the_last_run_removed_and_says_where(
    syncfs: Run, emptied: tuple[Path, Path]
) -> None:
    write_tree(emptied[1], {"a.txt": "taken"})
    done = syncfs("restore", "a", "b")
    assert done.code == 0, done.err
    tree = read_tree(emptied[1])
    [beside] = [name for name in tree if ".conflict-" in name]
    assert (tree["a.txt"], tree[beside], tree["docs/b.txt"]) == ("taken", "one", "two")
    assert set(done.lines[:2]) == {f"restored  {beside} on dst", "restored  docs/b.txt on dst"}
    assert done.lines[2].startswith("restore: 2 restored, ")
    assert "in the trash" not in syncfs("history", "a", "b").out


def test_a_restoration_in_json_is_one_report_with_the_places(syncfs: Run, emptied: tuple[Path, Path]) -> None:
    [run, _] = json.loads(syncfs("history", "a", "b", "--json").out)
    report = json.loads(syncfs("restore", "a", "b", run["id"], "--json").out)
    assert (report["mode"], report["ok"], report["renamed"]) == ("restore", True, 2)
    places = sorted((each["side"], each["path"]) for each in report["restored"])
    assert places == [("dst", "a.txt"), ("dst", "docs/b.txt")]
    assert visible(read_tree(emptied[1])) == {"a.txt": "one", "docs/b.txt": "two", "c.txt": "three"}


def test_a_restoration_without_anything_in_the_trash_is_refused(
    syncfs: Run, emptied: tuple[Path, Path]
) -> None:
    for words in (("no-such-run",), ("--state", "none")):
        done = syncfs("restore", "a", "b", *words)
        assert (done.code, done.out) == (2, "")
        assert "is in the trash" in done.err.splitlines()[-1]
    assert syncfs("restore", "a", "b").code == 0
    assert syncfs("restore", "a", "b").code == 2


def test_what_cannot_be_restored_is_a_problem_and_the_rest_comes_back(
    syncfs: Run, emptied: tuple[Path, Path]
) -> None:
    [slot] = [
        path for path in (emptied[1] / ".syncfs").rglob("*") if path.is_file() and path.read_text() == "one"
    ]
    slot.unlink()
    done = syncfs("restore", "a", "b")
    assert done.code == 1
    assert "problem  dst: a.txt: could not restore" in done.out
    assert "restored  docs/b.txt on dst" in done.out


def test_conflicts_and_removals_on_a_server_are_settled_and_taken_back(
    syncfs: Run, tmp_path: Path, wsgidav_folder: Folder
) -> None:
    url = wsgidav_folder.url.replace("http://", "webdav://")
    write_tree(tmp_path / "a", {"a.txt": "old", "gone.txt": "x", "c.txt": "three"})
    assert syncfs("sync", "a", url).code == 0
    write_tree(tmp_path / "a", {"a.txt": "mine!"})
    (tmp_path / "a" / "gone.txt").unlink()
    wsgidav_folder.write({"a.txt": "theirs"})
    assert syncfs("sync", "a", url, "--on-conflict", "skip").code == 3
    assert syncfs("conflicts", "a", url).code == 3
    assert syncfs("conflicts", "a", url, "--resolve", "a.txt=dst").code == 0
    assert (tmp_path / "a" / "a.txt").read_text() == "theirs"
    assert "of dst until" in syncfs("history", "a", url).out
    done = syncfs("restore", "a", url)
    assert (done.code, done.lines[0]) == (0, "restored  gone.txt on dst"), done.err
    assert syncfs("sync", "a", url).code == 0
    tree = wsgidav_folder.read()
    assert sorted(str(node) for node in tree.values() if node is not None) == [
        "mine!",
        "theirs",
        "three",
        "x",
    ]
    assert conflict_copies(tree) == ["mine!"]
    assert visible(read_tree(tmp_path / "a")) == visible(tree)
