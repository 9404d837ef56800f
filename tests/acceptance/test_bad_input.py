"""Bad input gets one clear line and the right exit code, never a traceback, and nothing is changed."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncfs.testing import Tree, read_tree, write_tree
from tests.acceptance.support import Program, Ran, dav, on, visible
from tests.acceptance.unprivileged import run_as_nobody
from tests.conftest import missing, run_server
from tests.servers.apache import Apache
from tests.servers.server import Folder, free_port, wait_until

TREE: Tree = {"a.txt": "one", "docs/b.txt": "two"}


@pytest.fixture
def filled(src: Path) -> Path:
    """A local directory with something in it."""
    write_tree(src, TREE)
    return src


def only_line(ran: Ran, code: int) -> str:
    """The one thing that a command complains of."""
    assert ran.code == code, ran
    assert len(ran.complaints) == 1, ran.err
    (line,) = ran.complaints
    assert line.startswith("syncfs: ")
    return line


def test_an_unknown_scheme_is_named_with_the_known_ones(syncfs: Program, filled: Path) -> None:
    line = only_line(syncfs("push", filled, "gopher://example.org/x"), 2)
    assert "gopher://" in line and "webdavs" in line


def test_a_web_address_names_the_scheme_to_write(syncfs: Program, filled: Path) -> None:
    for scheme, instead in (("http", "webdav://"), ("https", "webdavs://")):
        assert instead in only_line(syncfs("push", filled, f"{scheme}://127.0.0.1:{free_port()}/x"), 2)


def test_an_unknown_comparator_is_named_with_the_known_ones(
    syncfs: Program, filled: Path, tmp_path: Path
) -> None:
    line = only_line(syncfs("push", "--compare", "astrology", filled, tmp_path / "b"), 2)
    assert "astrology" in line
    for name in ("auto", "size", "mtime", "etag", "digest", "content"):
        assert name in line
    assert not (tmp_path / "b").exists()


@pytest.fixture(scope="module")
def guarded() -> Iterator[Apache]:
    """Apache that asks for a password."""
    yield from run_server(lambda: Apache(auth="basic", user="ann", password="right"))


@pytest.mark.parametrize("who", ["ann:wr0ng-secret@", "eve:wr0ng-secret@", ""])
def test_a_wrong_password_is_refused_and_never_shown(
    guarded: Apache, syncfs: Program, filled: Path, who: str
) -> None:
    folder = guarded.folder()
    ran = syncfs("push", "-vv", filled, dav(folder.url).replace("://", f"://{who}"))
    assert ran.code == 6
    last = ran.err.splitlines()[-1]
    assert last.startswith("syncfs: ") and "password" in last
    assert "wr0ng-secret" not in ran.out + ran.err
    assert not any(b"wr0ng-secret" in path.read_bytes() for path in syncfs.state.rglob("*.*"))
    assert folder.read() == {}


def test_the_right_password_is_taken_and_kept_nowhere(guarded: Apache, syncfs: Program, filled: Path) -> None:
    folder = guarded.folder()
    ran = syncfs("push", "-vv", filled, dav(folder.url).replace("://", "://ann:right@"))
    assert ran.code == 0
    assert on(folder) == TREE
    assert ":right" not in ran.out + ran.err
    assert not any(b":right" in path.read_bytes() for path in syncfs.state.rglob("*.*"))


def test_a_host_that_is_down_is_told_soon(syncfs: Program, filled: Path) -> None:
    url = f"webdav://127.0.0.1:{free_port()}/dav"
    line = only_line(syncfs("push", filled, url, timeout_s=60), 6)
    assert url in line and "refused" in line.lower()


@pytest.mark.parametrize("side", ["src", "dst"])
def test_a_file_where_a_local_directory_should_be(
    syncfs: Program, filled: Path, tmp_path: Path, side: str
) -> None:
    file = tmp_path / "file"
    file.write_text("precious")
    words = (file, tmp_path / "b") if side == "src" else (filled, file)
    line = only_line(syncfs("push", "--delete=extra", *words), 6)
    assert str(file) in line and "not a directory" in line
    assert file.read_text() == "precious"


def test_a_file_where_a_directory_on_the_server_should_be(
    syncfs: Program, filled: Path, webdav_server: Folder
) -> None:
    webdav_server.write({"file": "precious"})
    line = only_line(syncfs("push", filled, dav(webdav_server.url_of("file"))), 6)
    assert "not a directory" in line
    assert webdav_server.read() == {"file": "precious"}


@pytest.mark.parametrize("direction", ["push", "pull"])
def test_one_directory_inside_the_other_is_refused(
    syncfs: Program, filled: Path, apache_folder: Folder, direction: str
) -> None:
    assert "inside" in only_line(syncfs(direction, filled, filled / "docs"), 2)
    assert "same" in only_line(syncfs(direction, filled, f"{filled}/docs/.."), 2)
    assert read_tree(filled) == TREE
    url = dav(apache_folder.url)
    assert "inside" in only_line(syncfs("push", url, f"{url}sub/"), 2)
    assert apache_folder.read() == {}


def test_a_read_only_directory_is_told_path_by_path(open_home: Path) -> None:
    syncfs, src, dst = Program(open_home), open_home / "src", open_home / "dst"
    write_tree(src, TREE)
    write_tree(dst, {"old.txt": "old"})
    dst.chmod(0o555)
    ran = run_as_nobody(syncfs, "push", src, dst)
    assert ran.code in (1, 6)
    assert "permission denied" in (ran.out + ran.err).lower()
    assert read_tree(dst) == {"old.txt": "old"}


def test_a_read_only_server_is_told_path_by_path(syncfs: Program, filled: Path) -> None:
    reader = "<LimitExcept GET HEAD OPTIONS PROPFIND>\nRequire all denied\n</LimitExcept>"
    reader = f"<Location /dav>\n{reader}\n</Location>"
    for server in run_server(lambda: Apache(extra=reader)):
        folder = server.folder()
        folder.write({"old.txt": "old"})
        ran = syncfs("push", "--delete=extra", filled, dav(folder.url))
        assert ran.code == 1
        assert "a.txt" in ran.out + ran.err
        assert "forbid" in (ran.out + ran.err).lower() or "403" in ran.out + ran.err
        assert folder.read() == {"old.txt": "old"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    path = tmp_path / "small"
    path.mkdir()
    if os.geteuid() != 0:
        missing("only root can mount a small disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        missing(f"cannot mount a tmpfs: {done.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_too_small_a_disk_is_seen_before_the_first_write(
    syncfs: Program, filled: Path, small_disk: Path
) -> None:
    (filled / "large.bin").write_bytes(os.urandom(3 << 20))
    line = only_line(syncfs("push", filled, small_disk), 4)
    assert "room" in line
    assert read_tree(small_disk) == {}


@pytest.mark.parametrize("words", [[], ["--delete=extra"]])
def test_a_disk_that_fills_up_stops_the_run_and_leaves_what_was_there_whole(
    syncfs: Program, filled: Path, small_disk: Path, words: list[str]
) -> None:
    write_tree(small_disk, {"docs/b.txt": "two", "extra.txt": "extra"})
    (filled / "large.bin").write_bytes(os.urandom(3 << 20))
    ran = syncfs("push", "-p", "no:too-little-space", *words, filled, small_disk)
    assert ran.code == 1
    assert "no space left" in (ran.out + ran.err).lower()
    there = visible(small_disk)
    assert "large.bin" not in there and not any("syncfs-tmp" in name for name in there)
    assert there["docs/b.txt"] == "two"
    assert there["extra.txt"] == "extra", "a run that failed removes nothing afterwards"

    (filled / "large.bin").write_bytes(os.urandom(1 << 20))
    assert syncfs("push", filled, small_disk).code == 0
    assert read_tree(filled).items() <= visible(small_disk).items()


@pytest.mark.parametrize("damage", ["garbage", "truncated", "flipped"])
def test_a_damaged_state_is_said_aloud_and_means_a_union(
    syncfs: Program, filled: Path, wsgidav_folder: Folder, damage: str
) -> None:
    url = dav(wsgidav_folder.url)
    assert syncfs("push", filled, url).code == 0
    (state,) = syncfs.state.glob("*.sqlite")
    content = bytearray(state.read_bytes())
    match damage:
        case "garbage":
            content = bytearray(os.urandom(len(content)))
        case "truncated":
            content = content[: len(content) // 2]
        case "flipped":
            content[100:200] = bytes(100)
    state.write_bytes(content)
    (filled / "a.txt").unlink()
    write_tree(filled, {"new.txt": "new"})
    ran = syncfs("push", "--delete", filled, url)
    assert ran.code == 0
    assert any("damaged" in line and str(state) in line for line in ran.complaints)
    assert on(wsgidav_folder) == TREE | {"new.txt": "new"}, "a union: nothing is removed, nothing doubled"
    assert "damaged" not in syncfs("push", filled, url).err


def test_delete_does_not_swallow_the_source(syncfs: Program, filled: Path, tmp_path: Path) -> None:
    assert syncfs("push", filled, tmp_path / "b").code == 0
    (filled / "a.txt").unlink()
    assert syncfs("push", "--delete", filled, tmp_path / "b").code == 0
    assert visible(tmp_path / "b") == {"docs/b.txt": "two"}


def test_a_pull_with_swapped_roles_is_refused_with_a_hint(
    syncfs: Program, filled: Path, wsgidav_folder: Folder
) -> None:
    wsgidav_folder.write({"a.txt": "the server's"})
    line = only_line(syncfs("pull", dav(wsgidav_folder.url), filled), 2)
    assert "swap" in line and "push" in line
    assert wsgidav_folder.read() == {"a.txt": "the server's"}
    assert read_tree(filled) == TREE


def test_a_second_run_names_who_holds_the_lock_and_a_dead_holder_never_blocks(
    syncfs: Program, filled: Path, wsgidav_folder: Folder
) -> None:
    url = dav(wsgidav_folder.url)
    (filled / "large.bin").write_bytes(os.urandom(4 << 20))
    first = syncfs.start("push", "--bwlimit=200K", filled, url)
    try:
        wait_until(lambda: any(syncfs.state.glob("*.holder")), "the lock")
        for words in (("push", filled, url), ("pull", filled, url), ("push", url, filled)):
            line = only_line(syncfs(*words), 5)
            assert f"process {first.pid}" in line
        # Who only looks needs no lock.
        assert syncfs("push", "--dry-run", filled, url).code == 0
        assert first.poll() is None
    finally:
        first.kill()
        first.communicate()
    assert syncfs("push", filled, url).code == 0
    assert on(wsgidav_folder) == read_tree(filled)


def test_errors_are_one_json_object_for_programs(syncfs: Program, filled: Path) -> None:
    ran = syncfs("push", "--json", filled, f"webdav://127.0.0.1:{free_port()}/dav")
    error = json.loads(ran.out)
    assert (ran.code, error["ok"], error["error"]["exit_code"]) == (6, False, 6)
    assert error["error"]["retryable"] is True


@pytest.mark.parametrize(
    "words",
    [
        ["psuh", "a", "b"],
        ["push", "a"],
        ["push", "--no-such-option", "a", "b"],
        ["push", "--max-delete", "many", "a", "b"],
        ["push", "--on-conflict", "coin", "a", "b"],
        ["push", "--state", "", "a", "b"],
        ["push", "", "b"],
        ["apply", "no-such-plan.json"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_is_told_in_one_line(syncfs: Program, words: list[str]) -> None:
    write_tree(syncfs.home / "a", TREE)
    only_line(syncfs(*words), 2)
    assert read_tree(syncfs.home) == {f"a/{name}": node for name, node in TREE.items()}
