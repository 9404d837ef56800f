"""The commands, run on real directories."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from syncfs.testing import read_tree, write_tree
from tests.cli.conftest import Done, Run
from tests.servers.server import Folder

TREE = {"a.txt": "one", "docs/b.txt": "two", "empty/": None}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A filled source and a place for the copy, named a and b in the directory where commands run."""
    write_tree(tmp_path / "a", TREE)
    return tmp_path / "a", tmp_path / "b"


def test_a_push_copies_and_the_next_one_finds_nothing_to_do(syncfs: Run, pair: tuple[Path, Path]) -> None:
    first, second = syncfs("push", "a", "b"), syncfs("push", "a", "b")
    assert (first.code, second.code) == (0, 0)
    assert first.out.startswith("push: 2 copied (6 B), 3 directories made, ")
    assert second.out.startswith("push: nothing to do, ")
    assert read_tree(pair[1]) == TREE


def test_the_first_line_on_stderr_names_the_flow(syncfs: Run, pair: tuple[Path, Path]) -> None:
    assert syncfs("push", "a", "b").err == "push: a → b\n"
    assert syncfs("pull", "a", "b").err == "pull: b → a\n"


def test_a_terminal_without_arrows_gets_plain_ones(syncfs: Run, pair: tuple[Path, Path]) -> None:
    write_tree(pair[0], {"é→.txt": "x"})
    done = syncfs("push", "-n", "a", "b", PYTHONIOENCODING="ascii:strict")
    assert done.code == 0
    assert done.err == "push: a -> b\n"
    assert "copy  \\xe9->.txt -> dst   " in done.out


def test_a_pull_copies_back(syncfs: Run, pair: tuple[Path, Path]) -> None:
    syncfs("push", "a", "b")
    write_tree(pair[1], {"a.txt": "changed"})
    assert syncfs("pull", "a", "b").code == 0
    assert read_tree(pair[0])["a.txt"] == "changed"


def test_a_dry_run_prints_each_action_with_its_reason_and_does_nothing(
    syncfs: Run, pair: tuple[Path, Path]
) -> None:
    done = syncfs("push", "--dry-run", "a", "b")
    assert done.code == 0
    assert [line.split("   ")[0] for line in done.lines[:-1]] == [
        "make directory  . → dst",
        "make directory  docs → dst",
        "make directory  empty → dst",
        "copy  a.txt → dst",
        "copy  docs/b.txt → dst",
    ]
    assert all(line.split("   ")[1] for line in done.lines[:-1])
    assert done.lines[-1] == "push would: copy 2 files (6 B), make 3 directories"
    assert not pair[1].exists()


def test_a_large_dry_run_is_not_cut_short(syncfs: Run, pair: tuple[Path, Path]) -> None:
    write_tree(pair[0], {f"many/{number}": "x" for number in range(3000)})
    assert len(syncfs("push", "-n", "a", "b").lines) == 3007


def test_a_name_that_forges_a_line_is_escaped(syncfs: Run, pair: tuple[Path, Path]) -> None:
    write_tree(pair[0], {"x\nremove  all\x1b[31m": "x"})
    done = syncfs("push", "-n", "a", "b")
    assert "\x1b" not in done.out
    assert "copy  x\\nremove  all\\x1b[31m → dst" in done.out


def test_json_is_one_report_and_nothing_else_on_stdout(syncfs: Run, pair: tuple[Path, Path]) -> None:
    for words in (["-n"], [], ["--delete"]):
        report = json.loads(syncfs("push", "a", "b", "--json", *words).out)
        assert report["mode"] == "push"
        assert report["ok"] is True
        assert report["dry_run"] is bool(words == ["-n"])


def test_jsonl_is_an_event_a_line_and_the_report_last(syncfs: Run, pair: tuple[Path, Path]) -> None:
    events = [json.loads(line) for line in syncfs("push", "a", "b", "--jsonl").lines]
    done = {event["path"] for event in events if event["event"] == "done" and event["action"] == "copy"}
    assert done == {"a.txt", "docs/b.txt"}
    assert events[-1]["event"] == "report"
    assert events[-1]["copied"] == 2
    write_tree(pair[0], {"new": "x"})
    foreseen = [json.loads(line) for line in syncfs("push", "a", "b", "--jsonl", "-n").lines]
    assert [event["path"] for event in foreseen if event["event"] == "action"] == ["new"]
    assert foreseen[-1]["dry_run"] is True


def test_json_stays_json_where_a_name_or_a_terminal_is_not_unicode(
    syncfs: Run, pair: tuple[Path, Path]
) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux keeps names that are no Unicode")
    Path(os.fsdecode(os.fsencode(pair[0]) + b"/odd-\xff\xc3\xa9")).write_text("x")
    done = syncfs("plan", "push", "a", "b", "--json", PYTHONIOENCODING="ascii:strict")
    plan = json.loads(done.out)
    assert any(each["path"].startswith("odd-") for each in plan["actions"] + plan["problems"])


def test_quiet_says_nothing_about_what_went_well(syncfs: Run, pair: tuple[Path, Path]) -> None:
    assert syncfs("push", "a", "b", "-q") == Done(0, "", "")


def test_the_bare_delete_removes_what_was_synced_and_counts_what_it_leaves(
    syncfs: Run, pair: tuple[Path, Path]
) -> None:
    syncfs("push", "a", "b")
    (pair[0] / "a.txt").unlink()
    write_tree(pair[1], {"extra": "x"})
    done = syncfs("push", "--delete", "a", "b")
    assert done.code == 0
    assert done.lines[1:] == [
        "left at dst: 1 entry that never came from here; --delete=extra removes them too"
    ]
    assert set(read_tree(pair[1])) >= {"extra", "docs/b.txt"}
    assert "a.txt" not in read_tree(pair[1])
    assert syncfs("push", "--delete=extra", "a", "b").code == 0
    assert "extra" not in read_tree(pair[1])


def test_an_emptied_source_is_refused_by_a_guard_also_in_a_dry_run(
    syncfs: Run, pair: tuple[Path, Path]
) -> None:
    syncfs("push", "a", "b")
    for path in ("a.txt", "docs/b.txt"):
        (pair[0] / path).unlink()
    for path in ("docs", "empty"):
        (pair[0] / path).rmdir()
    for words in (["--delete"], ["--delete", "-n"]):
        done = syncfs("push", "a", "b", *words)
        assert done.code == 4
        assert "syncfs: refused, nothing was written: " in done.err
        assert ("remove  a.txt from dst" in done.out) is ("-n" in words)
    refusal = json.loads(syncfs("push", "a", "b", "--delete", "--json").out)
    assert (refusal["ok"], refusal["error"]["exit_code"]) == (False, 4)
    assert read_tree(pair[1]) == TREE


def test_an_open_conflict_has_its_code_and_a_problem_another(syncfs: Run, pair: tuple[Path, Path]) -> None:
    syncfs("push", "a", "b")
    write_tree(pair[0], {"a.txt": "mine!"})
    write_tree(pair[1], {"a.txt": "theirs"})
    done = syncfs("push", "a", "b", "--on-conflict", "skip")
    assert done.code == 3
    assert "conflict  a.txt: edit against edit, still open" in done.out
    settled = syncfs("push", "a", "b", "--on-conflict", "*.txt=src")
    assert settled.code == 0
    kept = [name for name in read_tree(pair[1]) if ".conflict-" in name]
    assert len(kept) == 1
    assert kept[0] in settled.out


def test_a_plan_can_be_written_and_applied_later(
    syncfs: Run, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    assert syncfs("plan", "push", "a", "b", "--exclude", "docs/", "--out", plan).code == 0
    assert not pair[1].exists()
    if os.name == "posix":
        assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "syncfs", "apply", "../plan.json"],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": os.environ.get("PYTHONPATH", "") + f":{Path(__file__).parents[2]}"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert read_tree(pair[1]) == {"a.txt": "one", "empty/": None}


def test_a_plan_holds_no_secret(syncfs: Run, pair: tuple[Path, Path], wsgidav_folder: Folder) -> None:
    url = wsgidav_folder.url.replace("http://", "webdav://ann:s3cret@")
    words = ("plan", "push", "a", url, "--json", "--dst-option", "timeout=30")
    done = syncfs(*words)
    assert done.code == 0, done.err
    assert "s3cret" not in done.out + done.err
    assert json.loads(done.out)["options"]["dst_options"] == {"timeout": 30}


def test_a_plan_tells_by_its_code_whether_something_is_to_be_done(
    syncfs: Run, pair: tuple[Path, Path]
) -> None:
    assert syncfs("plan", "push", "a", "b").code == 0
    assert syncfs("plan", "push", "a", "b", "--exit-code").code == 10
    syncfs("push", "a", "b")
    done = syncfs("plan", "push", "a", "b", "--exit-code")
    assert (done.code, done.lines) == (0, ["push would: nothing to do"])


def test_what_is_no_plan_is_not_applied(syncfs: Run, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff{}")
    for name in ("x", "missing"):
        done = syncfs("apply", name)
        assert done.code == 2
        assert len(done.err.splitlines()) == 1


def test_the_history_lists_runs_newest_first(syncfs: Run, pair: tuple[Path, Path]) -> None:
    assert syncfs("history", "a", "b").lines == ["no runs of this pair yet"]
    syncfs("push", "a", "b")
    write_tree(pair[1], {"a.txt": "changed"})
    syncfs("pull", "a", "b")
    lines = syncfs("history", "a", "b").lines
    assert lines[0].split() == ["run", "started", "mode", "took", "what", "happened"]
    assert ["pull" in lines[1], "push" in lines[2], "2 copied, 6 B" in lines[2]] == [True] * 3
    runs = json.loads(syncfs("history", "a", "b", "--json").out)
    assert [run["mode"] for run in runs] == ["pull", "push"]
    assert runs[0]["report"]["copied"] == 1


def test_a_state_of_a_newer_version_is_refused_like_what_a_guard_refuses(
    syncfs: Run, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    syncfs("push", "a", "b", "--state", "s.sqlite")
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as state, state:
        state.execute("UPDATE meta SET value = 99 WHERE key = 'format'")
    done = syncfs("push", "a", "b", "--state", "s.sqlite")
    assert done.code == 4
    assert "written by a newer syncfs (format 99" in done.err
    assert "upgrade syncfs" in done.err


def test_plugins_are_listed_with_what_they_do(syncfs: Run) -> None:
    lines = syncfs("plugins").lines
    assert lines[0].split() == ["kind", "name", "distribution", "version", "what", "it", "does"]
    rows = json.loads(syncfs("plugins", "--json").out)
    assert {"auto", "size", "newer", "skip", "gitignore"} <= {row["name"] for row in rows}
    left = json.loads(syncfs("plugins", "--json", "-p", "no:guards").out)
    assert not [row for row in left if row["kind"] == "guard" and row["plugin"] == "guards"]


def test_a_run_over_webdav_says_what_it_did(
    syncfs: Run, pair: tuple[Path, Path], webdav_server: Folder
) -> None:
    url = webdav_server.url.replace("http://", "webdav://")
    done = syncfs("push", "a", url)
    assert done.code == 0, done.err
    assert done.err.startswith("push: a → webdav://127.0.0.1:")
    assert "2 copied (6 B)" in done.out
    assert webdav_server.read() == TREE


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("", 2, "Missing command"),
        ("push a", 2, "DST"),
        ("push a b c", 2, "unexpected"),
        ("push --frobnicate a b", 2, "--frobnicate"),
        ("push a b --json --jsonl", 2, "--json"),
        ("push a b -p x", 2, "no:NAME"),
        ("push a b --compare no-such", 2, "size"),
        ("push a b --on-conflict no-such", 2, "newer"),
        ("push a nosuchscheme://x/y", 2, "nosuchscheme"),
        ("conflicts a b --resolve x", 2, "PATH=src"),
        ("conflicts a b --resolve x=src", 2, "no conflict is open"),
        ("restore a b", 2, "is in the trash"),
        ("push a a/inside", 2, "inside"),
        ("push a b --state nowhere/s.sqlite", 2, "nowhere"),
        ("push missing b", 6, "src: "),
        ("push a.file b", 6, "src: "),
        ("push a nowhere/b", 6, "dst: "),
        ("push a webdav://127.0.0.1:9/dav", 6, "dst: "),
        ("push a webdav://ann:s3cret@127.0.0.1:9/dav", 6, "dst: "),
        ("pull webdav://127.0.0.1:9/dav b", 2, "swap them, or use push"),
        ("plan pull webdav://127.0.0.1:9/dav b", 2, "swap them, or use push"),
        ("sync a b --delete=extra", 2, "one way"),
        ("pull a b", 6, "dst: "),
    ],
)
def test_bad_input_gets_one_clear_line_and_its_code(
    syncfs: Run, pair: tuple[Path, Path], tmp_path: Path, words: str, code: int, said: str
) -> None:
    (tmp_path / "a.file").write_text("x")
    done = syncfs(*words.split())
    complaints = [line for line in done.err.splitlines() if line.startswith("syncfs: ")]
    assert done.code == code, done.err
    assert said in complaints[-1]
    assert len([line for line in complaints if not line.startswith("syncfs: warning: ")]) == 1
    assert "s3cret" not in done.err
    assert done.out == ""


def test_a_reader_that_goes_away_does_not_stop_the_run(
    environment: dict[str, str], pair: tuple[Path, Path], tmp_path: Path
) -> None:
    write_tree(pair[0], {f"many/{number}": "x" for number in range(2000)})
    process = subprocess.Popen(
        [sys.executable, "-m", "syncfs", "push", "a", "b", "--jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read().decode() == "push: a → b\n"
    assert process.wait(60) == 0
    assert len(read_tree(pair[1])) == 2003
